//! Each kind of fault: the answers that a client gets, and when.

use super::*;
use crate::sandbox::{Fault, Reply};

pub(super) const FRESH: &str =
    r#"{"operation":"Merge","properties":{"tags":{"azlin_session":"fresh"}}}"#;
pub(super) const VM: &str = "rg-dev/dev-vm-2";

pub(super) fn with(faults: &[&str]) -> Box {
    let Box { folder, sandbox } = new();
    let faults = faults.iter().map(|text| Fault::parse(text).unwrap());
    let sandbox = sandbox.with_faults(faults.collect());
    Box { folder, sandbox }
}

pub(super) fn vms() -> String {
    format!("{}?{COMPUTE}", all("Microsoft.Compute/virtualMachines"))
}

fn nics() -> String {
    format!("{}?{NETWORK}", all("Microsoft.Network/networkInterfaces"))
}

impl Box {
    fn raw(&self, method: &str, target: &str, body: &str) -> Response {
        let reply = self.sandbox.answer(&request(method, target, body));
        reply.whole().unwrap()
    }

    /// The statuses of so many equal requests.
    pub(super) fn statuses(&self, target: &str, count: usize) -> Vec<u16> {
        (0..count)
            .map(|_| self.raw("GET", target, "").status)
            .collect()
    }

    fn write_refusal(&self) -> String {
        self.patch_tags(VM, FRESH).refusal()
    }
}

#[test]
fn throttle_is_the_429_of_arms_own_limits() {
    let sandbox = with(&["throttle:retry-after=7"]);
    let answer = sandbox.get(&vms());
    assert_eq!(answer.header("retry-after"), Some("7"));
    insta::assert_snapshot!(answer.refusal(), @"429 SubscriptionRequestsThrottled: Number of 'read' requests for subscription '5a4db0e5-0000-4000-8000-000000000000' actor '5a4db0e5-0000-4000-8000-0000000ac7a0' exceeded. Please try again after '7' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.");
    assert!(
        sandbox
            .write_refusal()
            .contains("Number of 'write' requests")
    );
    assert_eq!(sandbox.sandbox.fired("throttle"), 2);
}

#[test]
fn computes_429_has_no_wrapper() {
    let answer = with(&["throttle:body=compute"]).get(&vms());
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("2"))
    );
    assert_eq!(answer.body["code"], "OperationNotAllowed");
    assert_eq!(answer.body["details"][0]["code"], "TooManyRequests");
    assert_eq!(answer.body.get("error"), None);
}

#[test]
fn statuses_are_those_of_servers_and_gateways() {
    let refusals = ["408", "500", "502", "503", "504"].map(|status| {
        with(&[&format!("status:status={status}")])
            .get(&nics())
            .refusal()
    });
    insta::assert_snapshot!(refusals.join("\n"), @"
    408 RequestTimeout: The request timed out.
    500 InternalServerError: Encountered internal server error. Diagnostic information: timestamp '20260105T080000Z', subscription id '5a4db0e5-0000-4000-8000-000000000000', tracking id 'e21d97a5-11db-489c-904c-398378202779', request correlation id 'e21d97a5-11db-489c-904c-398378202779'.
    502 BadGatewayConnection: The network connectivity issue encountered for 'Microsoft.Network'; cannot fulfill the request.
    503 ServerTimeout: The request timed out. Diagnostic information: timestamp '20260105T080000Z', subscription id '5a4db0e5-0000-4000-8000-000000000000', tracking id 'e21d97a5-11db-489c-904c-398378202779', request correlation id 'e21d97a5-11db-489c-904c-398378202779'.
    504 GatewayTimeout: The gateway did not receive a response from 'Microsoft.Network' within the specified time period.
    ");
}

#[test]
fn when_decides_if_a_failed_write_was_carried_out() {
    for (fault, done) in [
        ("status:when=after", true),
        ("status:when=before", false),
        ("status", false),
    ] {
        let sandbox = with(&[&format!(
            "{fault}{}on=writes",
            if fault.contains(':') { "," } else { ":" }
        )]);
        assert_eq!(sandbox.patch_tags(VM, FRESH).status, 500);
        assert_eq!(sandbox.tags(VM).contains("fresh"), done, "{fault}");
    }
}

#[test]
fn drop_loses_the_request_or_the_answer() {
    for (fault, done) in [
        ("drop:on=writes", false),
        ("drop:on=writes,when=after", true),
    ] {
        let sandbox = with(&[fault]);
        let target = tags_of(VM);
        let reply = sandbox.sandbox.answer(&request("PATCH", &target, FRESH));
        assert!(matches!(reply, Reply::Lost), "{reply:?}");
        assert_eq!(sandbox.tags(VM).contains("fresh"), done, "{fault}");
    }
}

#[test]
fn cut_and_not_json_are_half_an_answer() {
    let whole = new().raw("GET", &vms(), "").body;
    let target = vms();
    let sandbox = with(&["cut"]);
    match sandbox.sandbox.answer(&request("GET", &target, "")) {
        Reply::Cut(response) => assert_eq!(response.body, whole[..whole.len() / 2]),
        other => panic!("{other:?}"),
    }
    let half = with(&["not-json"]).raw("GET", &target, "");
    assert_eq!(
        (half.status, half.body.as_slice()),
        (200, &whole[..whole.len() / 2])
    );
}

#[test]
fn a_proxys_page_has_nothing_of_arm() {
    for (status, title) in [
        (200, "Sign in"),
        (403, "403 Forbidden"),
        (502, "502 Bad Gateway"),
        (503, "503 Service Unavailable"),
    ] {
        let page = with(&[&format!("html:status={status}")]).raw("GET", &vms(), "");
        assert_eq!(page.status, status);
        assert_eq!(
            page.headers,
            [("content-type", "text/html; charset=utf-8".to_owned())]
        );
        let text = String::from_utf8(page.body).unwrap();
        assert!(
            text.starts_with("<!DOCTYPE html>") && text.contains(title),
            "{text}"
        );
    }
}

#[test]
fn challenges_say_why() {
    let challenged = ["expired-token", "claims", "wrong-tenant"].map(|fault| {
        let answer = with(&[fault]).get(&vms());
        let challenge = answer.header("www-authenticate").unwrap().to_owned();
        format!("{}\n  {challenge}", answer.refusal())
    });
    insta::assert_snapshot!(challenged.join("\n"), @r#"
    401 ExpiredAuthenticationToken: The access token expiry UTC time '1/5/2026 7:00:00 AM' is earlier than current UTC time '1/5/2026 8:00:00 AM'.
      Bearer authorization_uri="https://login.windows.net/5a4db0e5-0000-4000-8000-00000000aad0", error="invalid_token", error_description="The access token has expired."
    401 InvalidAuthenticationToken: Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp
      Bearer authorization_uri="https://login.windows.net/5a4db0e5-0000-4000-8000-00000000aad0", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzY3NjAwMDAwIn19fQ=="
    401 InvalidAuthenticationTokenTenant: The access token is from the wrong issuer 'https://sts.windows.net/5a4db0e5-0000-4000-8000-00000000bad0/'. It must match the tenant 'https://sts.windows.net/5a4db0e5-0000-4000-8000-00000000aad0/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/5a4db0e5-0000-4000-8000-00000000aad0' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.
      Bearer authorization_uri="https://login.windows.net/5a4db0e5-0000-4000-8000-00000000aad0", error="invalid_token", error_description="The access token is from the wrong issuer. It must match the tenant associated with this subscription. Please use correct authority to get the token."
    "#);
}

#[test]
fn forbidden_names_the_action_of_the_request() {
    let sandbox = with(&["forbidden"]);
    let start = format!("{}/start?{COMPUTE}", vm(VM));
    let one = format!("{}?{COMPUTE}", vm(VM));
    let group = format!(
        "{}?{COMPUTE}",
        in_group("rg-dev", "Microsoft.Compute/virtualMachines")
    );
    let refusals =
        [
            sandbox.get(&vms()),
            sandbox.get(&group),
            sandbox.get(&one),
            sandbox.get(&nics()),
            sandbox.get(&tags_of(VM)),
            sandbox.patch_tags(VM, FRESH),
            sandbox.send("POST", &start, ""),
        ]
        .map(|answer| {
            let text = answer.refusal();
            assert!(text.starts_with(
                "403 AuthorizationFailed: The client 'azlin-sandbox' with object id '"
            ));
            let (_, rest) = text.split_once("perform action ").unwrap();
            rest.replace(SUBSCRIPTION, "SUB")
        });
    insta::assert_snapshot!(refusals.join("\n"), @"
    'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/SUB' or the scope is invalid. If access was recently granted, please refresh your credentials.
    'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/SUB/resourceGroups/rg-dev' or the scope is invalid. If access was recently granted, please refresh your credentials.
    'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/SUB/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-2' or the scope is invalid. If access was recently granted, please refresh your credentials.
    'Microsoft.Network/networkInterfaces/read' over scope '/subscriptions/SUB' or the scope is invalid. If access was recently granted, please refresh your credentials.
    'Microsoft.Resources/tags/read' over scope '/subscriptions/SUB/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-2/providers/Microsoft.Resources/tags/default' or the scope is invalid. If access was recently granted, please refresh your credentials.
    'Microsoft.Resources/tags/write' over scope '/subscriptions/SUB/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-2/providers/Microsoft.Resources/tags/default' or the scope is invalid. If access was recently granted, please refresh your credentials.
    'Microsoft.Compute/virtualMachines/start/action' over scope '/subscriptions/SUB/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-2' or the scope is invalid. If access was recently granted, please refresh your credentials.
    ");
}

#[test]
fn refusals_of_writes_leave_reads_alone() {
    let refusals = [
        "conflict",
        "scope-locked",
        "scope-locked:at=group",
        "scope-locked:at=subscription",
        "policy-denied",
        "disabled-subscription",
        "tag-limit",
    ]
    .map(|fault| {
        let sandbox = with(&[fault]);
        sandbox.get(&vms()).ok();
        let refusal = sandbox.write_refusal().replace(SUBSCRIPTION, "SUB");
        assert!(!sandbox.tags(VM).contains("fresh"), "{fault}");
        refusal
    });
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    409 ConflictingConcurrentWriteNotAllowed: The operation was interrupted by a conflicting concurrent write on the same entity. Please retry later.
    409 ScopeLocked: The scope '/subscriptions/SUB/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-2' cannot perform write operation because following scope(s) are locked: '/subscriptions/SUB/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-2'. Please remove the lock and try again.
    409 ScopeLocked: The scope '/subscriptions/SUB/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-2' cannot perform write operation because following scope(s) are locked: '/subscriptions/SUB/resourceGroups/rg-dev'. Please remove the lock and try again.
    409 ScopeLocked: The scope '/subscriptions/SUB/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-2' cannot perform write operation because following scope(s) are locked: '/subscriptions/SUB'. Please remove the lock and try again.
    403 RequestDisallowedByPolicy: Resource 'dev-vm-2' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"id":"/subscriptions/SUB/providers/Microsoft.Authorization/policyAssignments/tags-by-platform-only","name":"Session tags"},"policyDefinition":{"id":"/subscriptions/SUB/providers/Microsoft.Authorization/policyDefinitions/tags-by-platform-only","name":"Only the platform team may tag"}}]'.
    409 ReadOnlyDisabledSubscription: The subscription 'SUB' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.
    400 TooManyTags: The resource would have '51' tags. Maximum allowed number of tags - '50'.
    "#);
}

#[test]
fn a_policy_is_named_in_additional_info() {
    let error = with(&["policy-denied"]).patch_tags(VM, FRESH).body["error"].clone();
    let info = &error["additionalInfo"][0];
    assert_eq!(
        (&error["target"], &info["type"]),
        (&"dev-vm-2".into(), &"PolicyViolation".into())
    );
    assert_eq!(
        info["info"]["policyDefinitionDisplayName"],
        "Only the platform team may tag"
    );
    assert_eq!(
        info["info"]["policyAssignmentName"],
        "tags-by-platform-only"
    );
}

#[test]
fn a_full_vm_takes_other_values_but_no_other_tag() {
    let sandbox = with(&["tag-limit"]);
    let target = "rg-dev/dev-vm-1";
    sandbox.patch_tags(target, FRESH).ok();
    let more = FRESH.replace("azlin_session", "more");
    assert_eq!(sandbox.patch_tags(target, &more).status, 400);
    let delete = FRESH.replace("Merge", "Delete");
    sandbox.patch_tags(target, &delete).ok();
}

#[test]
fn a_modify_policy_changes_or_drops_the_written_tag() {
    for (fault, expected) in [
        ("policy-modified", r#""azlin_session":"policy-name""#),
        (
            "policy-modified:value=theirs",
            r#""azlin_session":"theirs""#,
        ),
        (
            "policy-modified:tag=env,value=theirs",
            r#""azlin_session":"fresh""#,
        ),
    ] {
        let sandbox = with(&[fault]);
        let answer = sandbox.patch_tags(VM, FRESH).ok()["properties"]["tags"].to_string();
        assert!(answer.contains(expected), "{fault}: {answer}");
        assert_eq!(sandbox.tags(VM), answer);
    }
    let sandbox = with(&["policy-modified:drop=true"]);
    sandbox.patch_tags(VM, FRESH).ok();
    assert!(!sandbox.tags(VM).contains("azlin_session"));
}

#[test]
fn an_accepted_write_shows_after_some_reads_of_the_vm() {
    let sandbox = with(&["accepted:first=1"]);
    let answer = sandbox.patch_tags(VM, FRESH);
    assert_eq!((answer.status, &answer.body), (202, &Value::Null));
    assert_eq!(answer.header("retry-after"), Some("0"));
    let location = answer
        .header("location")
        .unwrap()
        .strip_prefix(ORIGIN)
        .unwrap()
        .to_owned();
    assert!(location.contains("/operationresults/"), "{location}");
    assert!(!sandbox.tags(VM).contains("fresh"));
    // The list and the tags of other VMs are up to date. Only this VM lags behind.
    assert!(!sandbox.get(&vms()).ok().to_string().contains("fresh"));
    assert!(sandbox.tags(VM).contains("fresh"));
    let done = sandbox.get(&location).ok();
    assert_eq!(
        (&done["name"], &done["tags"]["azlin_session"]),
        (&"dev-vm-2".into(), &"fresh".into())
    );
    assert_eq!(sandbox.patch_tags(VM, FRESH).status, 200, "only the first");
}

#[test]
fn a_poll_of_location_sees_the_end() {
    let sandbox = with(&["accepted"]);
    let answer = sandbox.patch_tags(VM, FRESH);
    let location = answer
        .header("location")
        .unwrap()
        .strip_prefix(ORIGIN)
        .unwrap()
        .to_owned();
    let again = sandbox.get(&location);
    assert_eq!(
        (again.status, again.header("location")),
        (202, answer.header("location"))
    );
    assert_eq!(sandbox.statuses(&location, 3), [202, 200, 200]);
    assert!(sandbox.tags(VM).contains("fresh"));
    let other = location.replace("operationresults/", "operationresults/0");
    assert_eq!(sandbox.get(&other).status, 404);
}

#[test]
fn a_stale_read_shows_what_was_before_the_write() {
    let sandbox = with(&["stale:reads=1"]);
    let answer = sandbox.patch_tags(VM, FRESH).ok();
    assert_eq!(answer["properties"]["tags"]["azlin_session"], "fresh");
    assert!(!sandbox.tags(VM).contains("fresh"));
    assert!(sandbox.tags(VM).contains("fresh"));
}

#[test]
fn a_vm_that_is_gone_stays_in_the_list() {
    let sandbox = with(&["vm=dev-vm-2:gone"]);
    insta::assert_snapshot!(sandbox.get(&tags_of(VM)).refusal(), @"404 ResourceNotFound: The Resource 'Microsoft.Compute/virtualMachines/dev-vm-2' under resource group 'rg-dev' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
    assert!(sandbox.get(&vms()).ok().to_string().contains("dev-vm-2"));
    sandbox.tags("rg-dev/dev-vm-1");
    let sandbox = with(&["group-gone"]);
    insta::assert_snapshot!(sandbox.get(&tags_of(VM)).refusal(), @"404 ResourceGroupNotFound: Resource group 'rg-dev' could not be found.");
    sandbox.get(&vms()).ok();
}

#[test]
fn one_vm_of_the_list_is_odd() {
    let list = |fault| with(&[fault]).get(&vms()).ok()["value"].clone();
    let odd = list("vm=RG-DEV/Dev-VM-2:odd-vm");
    let odd: Vec<&Value> = odd
        .as_array()
        .unwrap()
        .iter()
        .filter(|vm| vm.get("location").is_none())
        .collect();
    assert_eq!((odd.len(), &odd[0]["name"]), (1, &"dev-vm-2".into()));
    assert_eq!(
        odd[0]["properties"]["storageProfile"]["osDisk"]["osType"],
        "Plan9"
    );
    assert_eq!(list("odd-vm:how=id")[0]["id"], 7);
}
