//! azlin's messages and actions under each fault of Azure and the network.

mod support;

use std::sync::Arc;

use azlin::apply::{Place, apply};
use azlin::azure::fleet::Details;
use azlin::azure::sign_in::SignIn;
use azlin::azure::{Arm, Target, compute, fleet};
use azlin::model::{Desired, Live, Power, Scope, SubscriptionId, TagKey};
use azlin::plan::{Plan, Tried};
use azlin::sandbox::{self, Fault, Response, Sandbox};
use insta::assert_snapshot;
use serde_json::json;
use support::azure::{Azure, body, saying, with_body};
use support::plans::{id_in, line, planned};
use support::{Project, vms};

/// The output of `apply` of one line for `a` under `faults`: its report after the plan, its errors and its status.
fn told(faults: &[&str]) -> String {
    told_of(faults, &["apply", "--auto-approve"])
}

/// The reason why `apply` could not write to `a` under `faults`, and the help, without ids that are the same everywhere.
fn reason(faults: &[&str], more: &[&str]) -> String {
    let told = told_of(faults, &[&["apply", "--auto-approve"], more].concat());
    let (_, behind) = told.split_once("failed\n").unwrap();
    let (reason, _) = behind.split_once("\n\n").unwrap();
    let lines: Vec<&str> = reason.lines().map(str::trim).collect();
    lines.join("\n").replace(sandbox::SUBSCRIPTION, "SUB")
}

fn told_of(faults: &[&str], arguments: &[&str]) -> String {
    let fleet = Project::new("").with_fleet(&[("rg/a", None), ("rg/b", Some("other"))]);
    let azure = Azure::with_faults(fleet.state(), faults);
    let ran = azure
        .project("[sessions.rg]\na = 'atlas'\n")
        .run(&[arguments, &["--deadline", "30"]].concat());
    for fault in faults {
        let kind = fault.split(':').find(|part| !part.starts_with("vm="));
        assert_ne!(
            azure.fired(kind.unwrap()),
            0,
            "{fault} struck nothing: {ran}"
        );
    }
    let (_, report) = ran.stdout.split_once("unmanaged.\n").unwrap_or_default();
    let stdout = report.trim_matches('\n');
    let stderr = ran.stderr.trim_end();
    format!("{stdout}\n{stderr}\n-> {}", ran.code())
}

#[test]
fn what_passes_is_waited_for_and_done() {
    for faults in [
        &["throttle:first=2,retry-after=0"][..],
        &["throttle:first=1,retry-after=0,body=compute"],
        &["status:first=1,status=408"],
        &["status:first=1,status=500"],
        &["status:first=1,status=502"],
        &["status:first=1,status=503"],
        &["status:first=1,status=504,on=writes,when=after"],
        &["drop:first=1", "drop:on=writes,first=1,when=after"],
        &["cut:first=2"],
        &["not-json:first=2"],
        &["empty:first=2"],
        &["empty:on=writes,first=1"],
        &["not-json:on=writes,first=1"],
        &["throttle:first=1,retry-after=0,body=text"],
        &["throttle:first=1,retry-after=0,body=html,status=503"],
        &["conflict:first=2"],
        &["html:first=1,status=502"],
        &["accepted"],
        &["odd-vm:first=1"],
    ] {
        let told = told(faults);
        assert!(told.ends_with("-> 0"), "{faults:?}: {told}");
        assert!(told.contains("+ rg/a   atlas   done"), "{faults:?}: {told}");
        assert!(!told.contains("error"), "{faults:?}: {told}");
    }
}

#[test]
fn waiting_is_said() {
    assert_snapshot!(told(&["throttle:first=1,retry-after=1"]), @"
      + rg/a   atlas   done

    Applied: 1 step done. Azure now matches sessions.toml.
    retrying in 1 s (list the VMs): Azure is throttling requests: Number of 'read' requests for subscription '5a4db0e5-0000-4000-8000-000000000000' actor '5a4db0e5-0000-4000-8000-0000000ac7a0' exceeded (429 SubscriptionRequestsThrottled)
    -> 0
    ");
}

#[test]
fn the_limit_that_azure_names_is_told() {
    let told = |fault: &str| {
        let whole = told(&[fault]);
        let line = whole.lines().find(|line| line.starts_with("error"));
        line.unwrap().to_owned()
    };
    assert_snapshot!(told("throttle:retry-after=90"), @"error: cannot list the VMs: Azure is throttling requests: Number of 'read' requests for subscription '5a4db0e5-0000-4000-8000-000000000000' actor '5a4db0e5-0000-4000-8000-0000000ac7a0' exceeded (429 SubscriptionRequestsThrottled); retry after 90 s");
    assert_snapshot!(told("throttle:retry-after=90,body=compute"), @"error: cannot list the VMs: Azure is throttling requests: The server rejected the request because too many requests have been received for this subscription (TooManyRequests: HighCostGet) (429 OperationNotAllowed); retry after 90 s");
    assert_snapshot!(told("throttle:retry-after=90,body=text"), @"error: cannot list the VMs: Azure is throttling requests: Too many requests (429); retry after 90 s");
    assert_snapshot!(told("throttle:retry-after=90,body=html"), @"error: cannot list the VMs: Azure is throttling requests: 429 Too Many Requests (429); retry after 90 s");
    assert_snapshot!(told("throttle:retry-after=90,status=503"), @"error: cannot list the VMs: Azure returned 503 ServerBusy: The server is busy. Please try again later; retry after 90 s");
    assert_snapshot!(told("throttle:retry-after=90,status=503,body=html"), @"error: cannot list the VMs: the response (503) is not from Azure: a page titled `503 Service Unavailable`; retry after 90 s");
}

#[test]
fn a_wait_of_0_seconds_is_not_told_as_a_wait() {
    for shape in ["as=seconds", "as=date", "body=html,status=503"] {
        let fleet = Project::new("").with_fleet(&[]);
        let fault = format!("throttle:retry-after=0,{shape}");
        let azure = Azure::with_faults(fleet.state(), &[&fault]);
        let ran = azure.project("").run(&["plan", "--deadline", "2"]);
        assert!(!ran.stderr.contains(" 0 s"), "{ran}");
        assert!(!ran.stderr.contains("retry after"), "{ran}");
        let help = "help: run the same command again\n";
        assert!(ran.stderr.ends_with(help), "{ran}");
    }
}

#[test]
fn throttling_past_the_deadline_is_not_waited_for() {
    assert_snapshot!(told(&["throttle:retry-after=1200"]), @"

    error: cannot list the VMs: Azure is throttling requests: Number of 'read' requests for subscription '5a4db0e5-0000-4000-8000-000000000000' actor '5a4db0e5-0000-4000-8000-0000000ac7a0' exceeded (429 SubscriptionRequestsThrottled); retry after 20 min
    help: run the same command again in 20 min, or let azlin wait: --deadline 1260
    -> 1
    ");
    assert_snapshot!(told(&["throttle:on=writes,retry-after=90"]), @"
      + rg/a   atlas   failed
          cannot write the tags of rg/a: Azure is throttling requests: Number of 'write' requests for subscription '5a4db0e5-0000-4000-8000-000000000000' actor '5a4db0e5-0000-4000-8000-0000000ac7a0' exceeded (429 SubscriptionRequestsThrottled); retry after 90 s
          help: run the same command again in 90 s

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
}

#[test]
fn no_other_write_waits_for_what_comes_after_the_deadline() {
    let fleet = Project::new("").with_fleet(&[("rg/a", None), ("rg/b", None)]);
    let fault = "throttle:on=writes,first=1,retry-after=1200";
    let azure = Azure::with_faults(fleet.state(), &[fault]);
    let project = azure.project("[sessions.rg]\na = 'atlas'\nb = 'boreas'\n");
    let ran = project.run(&["apply", "--auto-approve", "--parallelism", "1"]);
    let (_, report) = ran.stdout.split_once("unmanaged.\n").unwrap();
    assert_snapshot!(report, @"

      + rg/a   atlas   failed
          cannot write the tags of rg/a: Azure is throttling requests: Number of 'write' requests for subscription '5a4db0e5-0000-4000-8000-000000000000' actor '5a4db0e5-0000-4000-8000-0000000ac7a0' exceeded (429 SubscriptionRequestsThrottled); retry after 20 min
          help: run the same command again in 20 min, or let azlin wait: --deadline 1260
      + rg/b   boreas   failed
          cannot write the tags of rg/b: Azure accepts no more writes for 20 min
          help: run the same command again after that to continue where this one stopped, or let azlin wait: --deadline 1260

    Nothing applied: 2 steps failed.
    Azure does not match sessions.toml yet: 2 lines differ. Run azlin plan for details.
    ");
}

#[test]
fn no_name_goes_back_while_a_write_may_yet_arrive() {
    let fleet = Project::new("").with_fleet(&[("rg/a", Some("web")), ("rg/b", Some("db"))]);
    let accepted = std::sync::atomic::AtomicBool::new(false);
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        use std::sync::atomic::Ordering::SeqCst;
        let is_taker = asked
            .target
            .contains("/b/providers/Microsoft.Resources/tags");
        if is_taker && asked.method == "PATCH" && !accepted.swap(true, SeqCst) {
            return saying(202, &json!({}));
        }
        if is_taker && accepted.load(SeqCst) {
            let refusal = json!({ "error": { "code": "AuthorizationFailed", "message": "no" } });
            return saying(403, &refusal);
        }
        answer()
    });
    let project = azure.project("[sessions.rg]\na = 'db'\nb = 'web'\n");
    let ran = project.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert!(!ran.stdout.contains("put back"), "{ran}");
    assert_eq!(fleet.sessions(), ["rg/a -", "rg/b db"]);
}

#[test]
fn a_page_that_repeats_the_token_is_quoted_without_it() {
    let fleet = Project::new("").with_fleet(&[]);
    let azure = Azure::serve(fleet.state(), None, |asked, _| {
        saying(200, &json!({ "value": format!("Bearer {}", asked.token) }))
    });
    let ran = azure.project("").run(&["plan"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(!ran.to_string().contains("secret-token"), "{ran}");
    assert!(ran.stderr.contains("[token]"), "{ran}");
}

#[test]
fn a_token_is_not_shown_from_a_body_that_is_not_text() {
    let fleet = Project::new("").with_fleet(&[]);
    let azure = Azure::serve(fleet.state(), None, |asked, _| Response {
        status: 403,
        headers: vec![("content-type", "text/plain".to_owned())],
        body: [&b"caf\xe9 Bearer "[..], asked.token.as_bytes()].concat(),
    });
    let ran = azure.project("").run(&["plan"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(!ran.to_string().contains("secret-token"), "{ran}");
}

#[test]
fn absurd_times_are_refused_or_cut() {
    let project = Project::sample();
    for deadline in ["0", "18446744073709551615"] {
        let ran = project.run(&["plan", "--deadline", deadline]);
        assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
    }
    let told = told(&["throttle:retry-after=99999999999"]);
    assert!(told.contains("retry after 1440 min"), "{told}");
}

#[test]
fn a_server_that_stays_broken_is_told() {
    assert_snapshot!(told(&["status:status=503"]), @"

    retrying in 2 s (list the VMs): Azure returned 503 ServerTimeout: The request timed out
    error: cannot list the VMs: Azure returned 503 ServerTimeout: The request timed out
    help: run the same command again later: this is a fault in Azure (see azure.status.microsoft)
    -> 1
    ");
    assert_snapshot!(told(&["status:status=500,on=writes"]), @"
      + rg/a   atlas   may have been written
          cannot write the tags of rg/a: Azure returned 500 InternalServerError: Encountered internal server error; Azure shows no session now, but it may still arrive
          help: run azlin plan in a minute to see whether it arrived

    In doubt: 1 step may have been written.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.
    retrying in 2 s (write the tags of rg/a): Azure returned 500 InternalServerError: Encountered internal server error
    -> 5
    ");
}

#[test]
fn connections_that_keep_breaking_are_told() {
    assert_snapshot!(told(&["drop"]), @"

    retrying in 2 s (list the VMs): no response: connection closed before message completed
    error: cannot list the VMs: no response: connection closed before message completed
    help: check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again
    -> 1
    ");
    assert_snapshot!(told(&["cut:on=writes"]), @"
      + rg/a   atlas   done

    Applied: 1 step done. Azure now matches sessions.toml.

    -> 0
    ");
}

#[test]
fn what_is_not_azure_is_told() {
    assert_snapshot!(told(&["html"]), @"

    error: cannot list the VMs: the response (200) is not from Azure: a page titled `Sign in` (not JSON)
    help: check the network: a proxy or a sign-in page may have answered instead of Azure
    -> 1
    ");
    assert_snapshot!(told(&["html:on=writes"]), @"
      + rg/a   atlas   may have been written
          cannot write the tags of rg/a: the response (200) is not from Azure: a page titled `Sign in` (not JSON); Azure shows no session now, but it may still arrive
          help: run azlin plan in a minute to see whether it arrived

    In doubt: 1 step may have been written.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 5
    ");
    assert_snapshot!(told(&["html:status=403"]), @"

    error: cannot list the VMs: the response (403) is not from Azure: a page titled `403 Forbidden`
    help: check the network: a proxy or a sign-in page may have answered instead of Azure
    -> 1
    ");
    assert_snapshot!(told(&["not-json"]), @r#"

    retrying in 2 s (list the VMs): the response (200) is incomplete: `{"value":[{"id":"/subscriptions/5a4db0e5-0000-4000-8000-0000…`
    error: cannot list the VMs: the response (200) is incomplete: `{"value":[{"id":"/subscriptions/5a4db0e5-0000-4000-8000-0000…`
    help: run the same command again; if the answer stays incomplete, check the network and its proxy
    -> 1
    "#);
}

#[test]
fn missing_rights_are_named_with_the_role_that_has_them() {
    assert_snapshot!(told(&["forbidden:list=vms"]), @"

    error: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    help: ask for the role Reader; a new role assignment takes a few minutes to take effect
    -> 1
    ");
    assert_snapshot!(told(&["forbidden:on=writes"]), @"
      + rg/a   atlas   failed
          cannot write the tags of rg/a: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Resources/tags/write` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/a/providers/Microsoft.Resources/tags/default (403 AuthorizationFailed)
          help: ask for the role Tag Contributor; a new role assignment takes a few minutes to take effect

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
}

#[test]
fn an_identity_that_may_not_read_the_network_sees_the_vms_all_the_same() {
    assert_snapshot!(told_of(&["forbidden:list=nics", "forbidden:list=ips"], &["list"]), @"

    ~ 1 VM differs from sessions.toml: azlin plan shows how
    warning: states or addresses may be missing: cannot list the network interfaces: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Network/networkInterfaces/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    warning: states or addresses may be missing: cannot list the public IP addresses: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Network/publicIPAddresses/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    -> 0
    ");
    assert_snapshot!(told_of(&["forbidden:list=nics"], &["connect", "b", "--print"]), @"

    warning: states or addresses may be missing: cannot list the network interfaces: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Network/networkInterfaces/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    error: no IP address found for rg/b, because azlin could not read all addresses
    help: fix the cause in the warning above
    -> 1
    ");
}

#[test]
fn a_list_of_details_that_fails_costs_only_what_it_shows() {
    for kind in [
        "html:status=403,",
        "not-json:",
        "throttle:retry-after=100,",
        "forbidden:",
    ] {
        for (list, name) in [
            ("list=states", "cannot list the VMs' power states: "),
            ("list=nics", "cannot list the network interfaces: "),
            ("list=ips", "cannot list the public IP addresses: "),
        ] {
            let told = |arguments: &[&str]| told_of(&[&format!("{kind}{list}")], arguments);
            let listed = told(&["list"]);
            assert!(listed.ends_with("-> 0"), "{kind}{list}: {listed}");
            let warning = format!("warning: states or addresses may be missing: {name}");
            assert!(listed.contains(&warning), "{kind}{list}: {listed}");
            let connected = told(&["connect", "other", "--print"]);
            let is_reached = connected.ends_with("-> 0");
            assert_eq!(is_reached, list != "list=nics", "{kind}{list}: {connected}");
            assert!(connected.contains(&warning), "{kind}{list}: {connected}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_details_that_stays_broken_leaves_the_vms() {
    for fault in ["status:status=503,", "drop:", "throttle:retry-after=1200,"] {
        for list in ["states", "nics", "ips"] {
            let project = Project::new("").with_fleet(&[("rg/a", None), ("rg/b", Some("other"))]);
            let fault = Fault::parse(&format!("{fault}list={list}")).unwrap();
            let sandbox = Sandbox::open(project.state(), 200).with_faults(vec![fault]);
            let arm = in_process(Arc::new(sandbox));
            let (scope, tag) = (Scope::Subscription, TagKey::default());
            let live = fleet::read(&arm, &scope, &tag, Details::All).await.unwrap();
            let gaps = &live.gaps[arm.subscription()];
            assert_eq!(
                (live.vms.len(), gaps.details_missing.len()),
                (2, 1),
                "{gaps:?}"
            );
            assert_eq!(live.incomplete().count(), 0);
            let vm = &live.vms[&id_in(arm.subscription(), "rg", "b")];
            let known = (
                vm.power == Power::Running,
                !vm.addresses.private.is_empty(),
                !vm.addresses.public.is_empty(),
            );
            let expected = (list != "states", list != "nics", list == "states");
            assert_eq!(known, expected, "{list}");
            // A command that writes addresses down needs them all.
            let strict = fleet::read(&arm, &scope, &tag, Details::Addresses).await;
            assert_eq!(strict.is_ok(), list == "states", "{list}");
        }
    }
}

/// An open connection to `sandbox`.
fn in_process(sandbox: Arc<Sandbox>) -> Arm {
    let subscription = SubscriptionId::new(sandbox::SUBSCRIPTION).unwrap();
    Arm::open(Target::Sandbox(sandbox), subscription, SignIn::sandbox()).unwrap()
}

#[test]
fn a_command_does_not_read_details_that_it_does_not_show() {
    let faults = ["list=states", "list=nics", "list=ips"];
    let faults = faults.map(|list| format!("forbidden:{list}"));
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    for arguments in [
        &["plan"][..],
        &["apply", "-y"],
        &["session", "b"],
        &["session", "b", "next"],
        &["tag", "list", "b"],
    ] {
        let fleet = Project::new("").with_fleet(&[("rg/a", None), ("rg/b", Some("other"))]);
        let azure = Azure::with_faults(fleet.state(), &faults);
        let ran = azure.project("[sessions.rg]\na = 'atlas'\n").run(arguments);
        assert_eq!((ran.code(), azure.fired("forbidden")), (0, 0), "{ran}");
    }
}

#[test]
fn an_identity_of_one_group_uses_the_groups_own_lists() {
    assert_snapshot!(told_of(&["one-group:group=rg"], &["connect", "b", "--rg", "rg", "--print"]), @"

    warning: states or addresses may be missing: cannot list the VMs' power states: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    -> 0
    ");
    let spelled = told_of(&["one-group:group=rg"], &["connect", "rg/b", "--print"]);
    assert!(spelled.ends_with("-> 0"), "{spelled}");
    assert_snapshot!(told_of(&["one-group:group=rg"], &["list", "--rg", "rg"]), @"

    ~ 1 VM differs from sessions.toml: azlin plan shows how
    warning: VMs may be missing from Azure's list: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    warning: states or addresses may be missing: cannot list the VMs' power states: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    -> 0
    ");
    assert_snapshot!(told_of(&["one-group:group=rg"], &["session", "rg/b"]), @"

    warning: VMs may be missing from Azure's list: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    -> 0
    ");
    assert_snapshot!(told_of(&["one-group:group=rg"], &["session", "rg/b", "next"]), @"

    warning: VMs may be missing from Azure's list: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    error: VMs may be missing from Azure's list, and one of them may hold this name; nothing was written
    help: fix the causes in the warnings above, then run this again
    -> 4
    ");
    assert_snapshot!(told_of(&["one-group:group=rg"], &["session", "rg/b", "--clear"]), @"

    warning: VMs may be missing from Azure's list: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    note: previous session: other
    -> 0
    ");
    let fleet =
        Project::new("").with_fleet(&[("rg/a", None), ("rg/b", Some("other")), ("x/c", None)]);
    let azure = Azure::with_faults(fleet.state(), &["one-group:group=rg"]);
    let project = azure.project("scope = 'groups'\n[sessions.rg]\na = 'atlas'\n");
    let addresses = |arguments: &[&str]| {
        let ran = project.run(arguments);
        assert_eq!(ran.code(), 0, "{ran}");
        ran.stdout
            .lines()
            .filter(|line| line.contains("203.0."))
            .count()
    };
    assert_eq!(addresses(&["list", "--format", "csv"]), 2);
    assert_eq!(addresses(&["connect", "a", "--print"]), 1);
    assert_eq!(addresses(&["ssh-config"]), 1);
    let applied = project.run(&["apply", "-y"]);
    assert_eq!(applied.code(), 0, "{applied}");
    // The interface of a VM may be in a group that the identity may not read.
    let azure = Azure::serve(fleet.state(), None, |asked, answer| {
        let is_outside = asked.target.contains("Microsoft.Network")
            && !asked.target.contains("resourceGroups/rg/");
        let mut response = answer();
        if is_outside {
            return saying(
                403,
                &json!({"error": {"code": "AuthorizationFailed", "message": "no"}}),
            );
        }
        if asked.target.contains("networkInterfaces") {
            let mut list = body(&response);
            list["value"].as_array_mut().unwrap().remove(0);
            response = with_body(response, &list);
        }
        response
    });
    assert_snapshot!(azure.project("").run(&["connect", "a", "--rg", "rg", "--print"]).stderr, @"
    warning: states or addresses may be missing: cannot list the network interfaces: Azure returned 403 AuthorizationFailed: no
    error: no IP address found for RG/a, because azlin could not read all addresses
    help: fix the cause in the warning above
    ");
}

#[test]
fn a_vm_without_a_state_is_not_taken_for_a_running_one() {
    let connect = &["connect", "b", "--print"][..];
    let start = &["connect", "b", "--print", "--start"][..];
    assert_snapshot!(told_of(&["vm-state:how=none"], connect), @"

    note: Azure reports no power state for rg/b, so it may not be running
    -> 0
    ");
    assert_snapshot!(told_of(&["vm-state:how=unlisted"], connect), @"


    -> 0
    ");
    assert_snapshot!(told_of(&["forbidden:list=states"], start), @"

    warning: states or addresses may be missing: cannot list the VMs' power states: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    -> 0
    ");
    let down = |faults: &[&str], arguments: &[&str]| {
        let fleet = Project::new("");
        let mut vms = vms(&[("rg/a", None), ("rg/b", None)]);
        vms[1]["power"] = json!("deallocated");
        fleet.set_fleet(vms);
        let azure = Azure::with_faults(fleet.state(), faults);
        let ran = azure.project("[sessions.rg]\na = 'atlas'\n").run(arguments);
        let runs = fleet.fleet()["vms"][1]["power"] != "deallocated";
        format!(
            "{}{}\n-> {}, started: {runs}",
            ran.stderr,
            ran.stdout,
            ran.code()
        )
    };
    assert_snapshot!(down(&["vm-state:how=unlisted"], connect), @"
    error: rg/b is deallocated
    help: start it: azlin connect rg/b --start

    -> 1, started: false
    ");
    assert_snapshot!(down(&["vm-state:how=unlisted"], start), @"
    starting rg/b…
    rg/b is running
    ssh -o 'HostKeyAlias=azlin-d7573aa2-ffa0-4dd9-9688-9bcf5a737cf4' -o 'CheckHostIP=no' -o 'ConnectTimeout=5' -o 'ConnectionAttempts=24' -- 203.0.0.5

    -> 0, started: true
    ");
    assert_snapshot!(down(&["vm-state:how=failed-extension"], start), @"
    starting rg/b…
    rg/b is running
    ssh -o 'HostKeyAlias=azlin-d7573aa2-ffa0-4dd9-9688-9bcf5a737cf4' -o 'CheckHostIP=no' -o 'ConnectTimeout=5' -o 'ConnectionAttempts=24' -- 203.0.0.5

    -> 0, started: true
    ");
    assert_snapshot!(down(&["vm-state:how=deleting"], start), @"
    error: rg/b cannot start: Azure is deleting it
    help: choose another VM: azlin list --all

    -> 1, started: false
    ");
    assert_snapshot!(down(&["vm-state:how=deleting"], connect), @"
    error: rg/b cannot start: Azure is deleting it
    help: choose another VM: azlin list --all

    -> 1, started: false
    ");
    assert_snapshot!(down(&["vm-state:how=generalized"], connect), @"
    error: rg/b cannot start: it is generalized, and Azure never starts a generalized VM again
    help: create a VM from an image of it, and connect to that

    -> 1, started: false
    ");
    assert_snapshot!(down(&["no-capacity"], start), @"
    starting rg/b…
    error: cannot start rg/b: Azure returned 409 AllocationFailed: Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance
    help: give the VM another size or zone; if it must keep them, try again later, because capacity in a region changes

    -> 1, started: false
    ");
    assert_snapshot!(down(&["no-capacity:code=SkuNotAvailable"], start), @"
    starting rg/b…
    error: cannot start rg/b: Azure returned 409 SkuNotAvailable: The requested size for resource is currently not available in location 'westus2' zones '' for subscription. Please try another size or deploy to a different location or zones
    help: give the VM another size or zone; if it must keep them, try again later, because capacity in a region changes

    -> 1, started: false
    ");
    for code in ["ZonalAllocationFailed", "OverconstrainedAllocationRequest"] {
        let told = down(&[&format!("no-capacity:code={code}")], start);
        assert!(
            told.contains("help: give the VM another size or zone"),
            "{told}"
        );
    }
}

#[test]
fn a_running_vm_with_a_failed_extension_is_not_started() {
    let fault = &["vm-state:how=failed-extension"][..];
    let told = told_of(fault, &["connect", "b", "--print", "--start"]);
    assert_eq!(told, "\n\n-> 0");
}

#[test]
fn power_states_come_from_the_list_of_the_subscription() {
    let fleet = Project::new("");
    let mut all = vms(&[("rg/a", None), ("rg/b", None)]);
    all[1]["power"] = json!("deallocated");
    fleet.set_fleet(all);
    let azure = Azure::faithful(fleet.state());
    let project = azure.project("scope = 'groups'\n[sessions.rg]\na = 'atlas'\n");
    for arguments in [&["connect", "b", "--rg", "rg"][..], &["connect", "b"]] {
        let ran = project.run(arguments);
        assert!(ran.stderr.contains("rg/b is deallocated"), "{ran}");
    }
    let listed = project.run(&["list", "--all", "--format", "csv"]);
    assert!(listed.stdout.contains(",deallocated,"), "{listed}");
    let asked = azure.asked().into_iter().map(|asked| asked.target);
    let (states, others): (Vec<String>, Vec<String>) =
        asked.partition(|target| target.contains("statusOnly"));
    assert_eq!(states.len(), 3);
    assert!(
        !states
            .iter()
            .any(|target| target.contains("resourceGroups"))
    );
    assert!(
        others
            .iter()
            .any(|target| target.contains("resourceGroups/rg/"))
    );
}

#[tokio::test(start_paused = true)]
async fn the_first_look_at_a_starting_vm_waits_as_long_as_azure_asks() {
    let project = Project::new("");
    let mut fleet = vms(&[("rg/a", None)]);
    fleet[0]["power"] = json!("deallocated");
    project.set_fleet(fleet);
    let fault = Fault::parse("slow-start:retry-after=45").unwrap();
    let sandbox = Sandbox::open(project.state(), 200).with_faults(vec![fault]);
    let arm = in_process(Arc::new(sandbox));
    let begun = tokio::time::Instant::now();
    let mut looks = Vec::new();
    let mut watch = |power| looks.push((begun.elapsed().as_secs(), power));
    let vm = id_in(arm.subscription(), "rg", "a");
    compute::start(&arm, &vm, &mut watch).await.unwrap();
    assert_eq!(looks, [(45, Power::Starting), (90, Power::Running)]);
}

#[test]
fn a_private_address_is_dialled_with_a_reason() {
    let connect = &["connect", "b", "--print"][..];
    assert_snapshot!(told_of(&["nat-rule"], connect), @"

    note: rg/b has no public IP address that azlin knows (the inbound NAT rule `ssh-b-nic` of the load balancer `front` leads to it); connecting to its private address 10.0.0.5
    -> 0
    ");
    assert_snapshot!(told_of(&["forbidden:list=ips"], connect), @"

    warning: states or addresses may be missing: cannot list the public IP addresses: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Network/publicIPAddresses/read` on /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (403 AuthorizationFailed)
    note: rg/b has no public IP address that azlin knows (the public IP `b-ip` could not be read); connecting to its private address 10.0.0.5
    -> 0
    ");
    let fleet = |vm: serde_json::Value, file: &str| {
        let project = Project::sandbox(file);
        project.set_fleet(vec![vm]);
        project.run(&["connect", "a", "--print"]).stderr
    };
    let private = json!({"group": "rg", "name": "a", "private_ip": "10.0.0.4"});
    assert_snapshot!(fleet(private.clone(), ""), @"note: RG/a has no public IP address; connecting to its private address 10.0.0.4");
    assert_snapshot!(fleet(private, "[ssh]\njump = 'bastion.example.com'\n"), @"");
    let state = Project::new("").with_fleet(&[("rg/a", None)]);
    let azure = Azure::serve(state.state(), None, |asked, answer| {
        let response = answer();
        let mut list = body(&response);
        if asked.target.contains("publicIPAddresses?") {
            let own = list["value"][0]["properties"].as_object_mut().unwrap();
            own.remove("ipAddress");
        }
        with_body(response, &list)
    });
    assert_snapshot!(azure.project("").run(&["connect", "a", "--print"]).stderr, @"note: RG/a has no public IP address that azlin knows (the public IP `a-ip` has no address); connecting to its private address 10.0.0.4");
}

#[test]
fn vms_that_cannot_be_read_block_a_write() {
    let odd = &["vm=b:odd-vm:how=id"][..];
    assert_snapshot!(told(odd), @"

    error: VMs may be missing from Azure's list: cannot read one of the VMs: item 2 (`b`): its id is not text
    help: fix the cause and run this again; use --allow-incomplete only if you know that no missing VM holds one of your names
    -> 4
    ");
    assert_snapshot!(told_of(odd, &["session", "a", "next"]), @"

    warning: VMs may be missing from Azure's list: cannot read one of the VMs: item 2 (`b`): its id is not text
    error: VMs may be missing from Azure's list, and one of them may hold this name; nothing was written
    help: fix the causes in the warnings above, then run this again
    -> 4
    ");
    assert_snapshot!(told_of(odd, &["apply", "-y", "--allow-incomplete"]), @"
    Options: --allow-incomplete

      + rg/a   atlas   done

    Applied: 1 step done. Azure now matches sessions.toml.

    -> 0
    ");
}

#[test]
fn a_double_that_a_policy_made_is_named() {
    let double = &["policy-modified:value=other"][..];
    assert_snapshot!(told(double), @"
      + rg/a   atlas   written, but not kept
          Azure stored other instead
          help: look for an Azure Policy with a `modify` effect on this tag

    Applied in part: 1 step failed.
    error: session `other` is on rg/a and rg/b: Azure stored it instead of the name that azlin wrote; clear one of them
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 5
    ");
    assert_snapshot!(told_of(double, &["session", "a", "next"]), @"

    error: session `other` is on rg/a and rg/b: Azure stored it instead of the name that azlin wrote
    help: clear one of them: azlin session VM --clear
    error: rg/a: written, but not kept: Azure stored other instead
    help: look for an Azure Policy with a `modify` effect on this tag
    -> 5
    ");
}

#[test]
fn locks_policies_and_limits_are_named() {
    assert_snapshot!(told(&["scope-locked"]), @"
      + rg/a   atlas   failed
          cannot write the tags of rg/a: blocked by a lock on `a`, scope /subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/a (409 ScopeLocked)
          help: remove the lock, or ask whoever set it to remove it

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
    assert_snapshot!(told(&["scope-locked:at=subscription"]), @"
      + rg/a   atlas   failed
          cannot write the tags of rg/a: blocked by a lock on the subscription, scope /subscriptions/5a4db0e5-0000-4000-8000-000000000000 (409 ScopeLocked)
          help: remove the lock, or ask whoever set it to remove it

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
    assert_snapshot!(told(&["policy-denied"]), @"
      + rg/a   atlas   failed
          cannot write the tags of rg/a: denied by the policy `Session tags`: Resource 'a' was disallowed by policy (403 RequestDisallowedByPolicy)
          help: ask the policy's owner for an exemption, or for a name that it allows

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
    assert_snapshot!(told(&["tag-limit"]), @"
      + rg/a   atlas   failed
          cannot write the tags of rg/a: the VM already has 50 tags, the most that Azure allows (400 TooManyTags)
          help: remove a tag: azlin tag list VM, then azlin tag remove VM KEY

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
    assert_snapshot!(told(&["disabled-subscription"]), @"
      + rg/a   atlas   failed
          cannot write the tags of rg/a: the subscription is disabled (409 ReadOnlyDisabledSubscription)
          help: check the subscription in the Azure portal: it stays read-only until someone enables it again

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
}

#[test]
fn every_policy_that_denies_is_named_with_its_reason() {
    assert_snapshot!(reason(&["policy-denied:reasons=message"], &[]), @"
    cannot write the tags of rg/a: denied by the policy `Session tags`: Resource 'a' was disallowed by policy. Reasons: 'Only the platform team may tag VMs' (403 RequestDisallowedByPolicy)
    help: ask the policy's owner for an exemption, or for a name that it allows
    ");
    assert_snapshot!(reason(&["policy-denied:policies=2"], &[]), @"
    cannot write the tags of rg/a: denied by the policies `Session tags` and `Session tags 2`: Resource 'a' was disallowed by policy (403 RequestDisallowedByPolicy)
    help: ask the policy's owner for an exemption, or for a name that it allows
    ");
    assert_snapshot!(reason(&["policy-denied:policies=2,reasons=conditions"], &[]), @"
    cannot write the tags of rg/a: denied by the policies `Session tags` and `Session tags 2`: Resource 'a' was disallowed by policy; `Session tags`: tags[azlin_session] is session-1 (NotLike prod-*); `Session tags 2`: tags[azlin_session] is session-2 (NotLike prod-*) (403 RequestDisallowedByPolicy)
    help: ask the policy's owner for an exemption, or for a name that it allows
    ");
}

#[test]
fn details_are_told() {
    assert_snapshot!(reason(&["details:on=writes"], &[]), @"cannot write the tags of rg/a: Azure returned 409 MultipleErrorsOccurred: Multiple error occurred: BadRequest,Conflict. Please see details (BadRequest: The tag value is reserved for the platform team; Conflict: Another operation on this resource is in progress)");
    assert_snapshot!(reason(&["details:of=not-allowed,on=writes"], &[]), @"cannot write the tags of rg/a: Azure returned 409 OperationNotAllowed: The operation is not allowed (VMBeingMoved: The VM is being moved to another resource group)");
}

#[test]
fn a_missing_registration_comes_with_the_command_that_registers() {
    assert_snapshot!(told_of(&["unregistered:list=vms"], &["plan"]), @"

    error: cannot list the VMs: the subscription is not registered for the resource provider `Microsoft.Compute` (409 MissingSubscriptionRegistration)
    help: register it: az provider register --namespace Microsoft.Compute --subscription 5a4db0e5-0000-4000-8000-000000000000
    -> 1
    ");
    assert_snapshot!(reason(&["unregistered:on=writes"], &[]), @"
    cannot write the tags of rg/a: the subscription is not registered for the resource provider `Microsoft.Compute` (409 MissingSubscriptionRegistration)
    help: register it: az provider register --namespace Microsoft.Compute --subscription SUB
    ");
}

#[test]
fn an_azure_of_other_versions_is_told_as_such() {
    assert_snapshot!(told_of(&["old-api:list=vms"], &["plan"]), @"

    error: cannot list the VMs: this Azure does not support the api-version `2024-03-01`; it supports 8 versions from 2016-03-30 to 2020-06-01 (400 InvalidResourceType)
    help: check `cloud` and --endpoint, or ask whoever runs this Azure to update it: azlin requires that api-version
    -> 1
    ");
    assert_snapshot!(reason(&["old-api:on=writes"], &[]), @"
    cannot write the tags of rg/a: this Azure does not support the api-version `2021-04-01`; it supports 8 versions from 2016-03-30 to 2020-06-01 (400 InvalidApiVersionParameter)
    help: check `cloud` and --endpoint, or ask whoever runs this Azure to update it: azlin requires that api-version
    ");
    assert_snapshot!(told_of(&["old-api:list=vms"], &["plan", "--verbose"]), @"

    error: cannot list the VMs: this Azure does not support the api-version `2024-03-01`; it supports 2016-03-30, 2017-03-30, 2017-12-01, 2018-04-01, 2018-06-01, 2019-03-01, 2019-07-01 and 2020-06-01 (400 InvalidResourceType) (request 4fcaf1f3-c674-4e75-92cb-cc2a24472546)
    help: check `cloud` and --endpoint, or ask whoever runs this Azure to update it: azlin requires that api-version
    -> 1
    ");
}

#[test]
fn an_error_is_azures_in_any_shape() {
    let shapes = [
        "flat", "capitals", "number", "null", "mark", "info", "nested", "text",
    ];
    let told = shapes.map(|how| {
        let whole = told_of(&[&format!("odd-error:list=vms,how={how}")], &["plan"]);
        let whole = whole.replace(sandbox::SUBSCRIPTION, "SUB");
        format!("{how}: {}", whole.lines().nth(1).unwrap())
    });
    assert_snapshot!(told.join("\n"), @"
    flat: error: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/SUB (403 AuthorizationFailed)
    capitals: error: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/SUB (403 AuthorizationFailed)
    number: error: cannot list the VMs: Azure returned 403: The client 'azlin-sandbox' with object id '5a4db0e5-0000-4000-8000-0000000ac7a0' does not have authorization to perform action 'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/SUB' or the scope is invalid. If access was recently granted, please refresh your credentials
    null: error: cannot list the VMs: Azure returned 403 AuthorizationFailed
    mark: error: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/SUB (403 AuthorizationFailed)
    info: error: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/SUB (403 AuthorizationFailed)
    nested: error: cannot list the VMs: the identity `azlin-sandbox` (object id 5a4db0e5-0000-4000-8000-0000000ac7a0) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/SUB (403 AuthorizationFailed)
    text: error: cannot list the VMs: Azure returned 403: The client 'azlin-sandbox' with object id '5a4db0e5-0000-4000-8000-0000000ac7a0' does not have authorization to perform action 'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/SUB' or the scope is invalid. If access was recently granted, please refresh your credentials
    ");
}

#[test]
fn verbose_keeps_azures_ids() {
    let told = reason(&["policy-denied"], &["--verbose"]);
    assert!(told.contains("Policy identifiers: "), "{told}");
    let told = told_of(&["status"], &["plan", "--verbose"]);
    assert!(told.contains("tracking id"), "{told}");
}

#[test]
fn what_is_gone_is_said_to_be() {
    assert_snapshot!(told(&["vm=a:gone"]), @"
      + rg/a   atlas   failed
          cannot read the tags of rg/a: the VM `a` was not found in the resource group `rg` (404 ResourceNotFound)
          help: run azlin plan again: someone may have deleted or moved it

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
    assert_snapshot!(told(&["vm=a:group-gone"]), @"
      + rg/a   atlas   failed
          cannot read the tags of rg/a: the resource group `rg` was not found (404 ResourceGroupNotFound)
          help: run azlin plan again: someone may have deleted or moved it

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 1
    ");
}

#[test]
fn a_policy_that_changes_the_tag_is_said() {
    assert_snapshot!(told(&["policy-modified"]), @"
      + rg/a   atlas   written, but not kept
          Azure stored policy-name instead
          help: look for an Azure Policy with a `modify` effect on this tag

    Applied in part: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 5
    ");
    assert_snapshot!(told(&["policy-modified:drop=true"]), @"
      + rg/a   atlas   written, but not kept
          Azure stored no session instead
          help: look for an Azure Policy with a `modify` effect on this tag

    Applied in part: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.

    -> 5
    ");
}

#[test]
fn a_conflict_that_does_not_end_is_told() {
    assert_snapshot!(told(&["conflict"]), @"
      + rg/a   atlas   failed
          cannot write the tags of rg/a: someone else is writing to the VM at the same time (409 ConflictingConcurrentWriteNotAllowed)
          help: run the same command again

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.
    retrying in 2 s (write the tags of rg/a): someone else is writing to the VM at the same time (409 ConflictingConcurrentWriteNotAllowed)
    -> 1
    ");
}

#[test]
fn odd_vms_are_counted() {
    assert_snapshot!(told_of(&["vm=b:odd-vm:how=id"], &["list"]), @"

    ~ 1 VM differs from sessions.toml: azlin plan shows how
    warning: VMs may be missing from Azure's list: cannot read one of the VMs: item 2 (`b`): its id is not text
    -> 0
    ");
}

#[test]
fn verbose_names_the_request() {
    let told = told_of(
        &["forbidden:on=writes"],
        &["apply", "--auto-approve", "--verbose"],
    );
    assert!(told.contains(" (request "), "{told}");
}

/// The plan of a file without an owner that assigns these sessions to these VMs of `rg`.
fn plan_of(wanted: impl Iterator<Item = (String, String)>, live: &Live) -> Plan {
    let subscription = SubscriptionId::new(sandbox::SUBSCRIPTION).unwrap();
    let mut desired = Desired::nothing(&subscription);
    for (at, (vm, session)) in wanted.enumerate() {
        let vm = id_in(&subscription, "rg", &vm);
        desired.sessions.push(line(vm, &session, at + 1));
    }
    planned(&[desired], live)
}

fn all_succeeded(tried: &[Tried]) -> bool {
    tried.iter().all(|tried| tried.outcome.is_success())
}

/// Passes names round in a circle, on an Azure with these faults. Returns whether each VM holds the right name, and the
/// outcomes of the steps.
async fn circle(faults: &[&str]) -> (Vec<String>, Vec<Tried>) {
    let names: Vec<(String, String)> = (0..6)
        .map(|n| (format!("rg/vm-{n}"), format!("s{n}")))
        .collect();
    let rows: Vec<_> = names
        .iter()
        .map(|(vm, s)| (vm.as_str(), Some(s.as_str())))
        .collect();
    let project = Project::new("");
    project.set_fleet(vms(&rows));
    let faults = faults.iter().map(|fault| Fault::parse(fault).unwrap());
    let sandbox = Sandbox::open(project.state(), 100).with_faults(faults.collect());
    let subscription = SubscriptionId::new(sandbox::SUBSCRIPTION).unwrap();
    let arm = Arm::open(
        Target::Sandbox(Arc::new(sandbox)),
        subscription,
        SignIn::sandbox(),
    )
    .unwrap();
    let tag = TagKey::default();
    let live = fleet::sessions(&arm, &Scope::Subscription, &tag)
        .await
        .unwrap();
    let wanted = (0..6).map(|n| (format!("vm-{n}"), format!("s{}", (n + 1) % 6)));
    let plan = plan_of(wanted, &live);
    let tried = apply(
        &[Place {
            arm: &arm,
            tag: &tag,
        }],
        &plan.steps,
        10,
        std::future::pending(),
        std::future::pending(),
        &mut |_, _| {},
    )
    .await;
    (project.sessions(), tried)
}

#[tokio::test(start_paused = true)]
async fn a_reading_from_before_azlins_own_write_is_read_again() {
    let (sessions, tried) = circle(&["stale"]).await;
    assert!(all_succeeded(&tried), "{tried:?}");
    let moved: Vec<String> = (0..6)
        .map(|n| format!("rg/vm-{n} s{}", (n + 1) % 6))
        .collect();
    assert_eq!(sessions, moved);
}

#[tokio::test(start_paused = true)]
async fn a_wait_counts_whatever_the_body_is() {
    for body in ["arm", "compute", "text", "html"] {
        for shape in [
            "status=429",
            "status=503",
            "status=429,as=date",
            "status=503,as=date",
        ] {
            let fault = format!("throttle:first=1,retry-after=30,body={body},{shape}");
            let start = tokio::time::Instant::now();
            let (_, tried) = circle(&[&fault]).await;
            assert!(all_succeeded(&tried), "{fault}: {tried:?}");
            // A date has no fractions of a second.
            let waited = start.elapsed().as_secs();
            assert!((29..=31).contains(&waited), "{fault}: {waited} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_each_tenth_request_failing_in_each_possible_way_it_still_converges() {
    for kind in [
        "throttle:retry-after=1",
        "throttle:body=compute",
        "status:status=408",
        "status:status=500",
        "status:status=502",
        "status:status=503,when=after",
        "status:status=504",
        "drop",
        "drop:when=after",
        "cut",
        "not-json",
        "empty",
        "throttle:retry-after=1,as=date,body=html,status=503",
        "conflict",
        "html:status=502",
        "accepted",
        "stale",
    ] {
        for seed in 0..5 {
            let glue = if kind.contains(':') { ',' } else { ':' };
            let fault = format!("{kind}{glue}rate=0.1,seed={seed}");
            let (sessions, tried) = circle(&[&fault]).await;
            assert!(all_succeeded(&tried), "{fault}: {tried:?}");
            let moved: Vec<String> = (0..6)
                .map(|n| format!("rg/vm-{n} s{}", (n + 1) % 6))
                .collect();
            assert_eq!(sessions, moved, "{fault}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_azure_says_is_left_is_not_overdrawn() {
    let fleet: Vec<(String, String)> = (0..400)
        .map(|n| (format!("rg/vm-{n}"), format!("s{n}")))
        .collect();
    let rows: Vec<_> = fleet.iter().map(|(vm, _)| (vm.as_str(), None)).collect();
    let project = Project::new("");
    project.set_fleet(vms(&rows));
    let budget =
        Fault::parse("budget:writes=200,per-second=10,reads=1000,reads-per-second=25").unwrap();
    let sandbox = Arc::new(Sandbox::open(project.state(), 200).with_faults(vec![budget]));
    let subscription = SubscriptionId::new(sandbox::SUBSCRIPTION).unwrap();
    let target = Target::Sandbox(Arc::clone(&sandbox));
    let arm = Arm::open(target, subscription, SignIn::sandbox()).unwrap();
    let tag = TagKey::default();
    let live = fleet::sessions(&arm, &Scope::Subscription, &tag)
        .await
        .unwrap();
    let wanted = (0..400).map(|n| (format!("vm-{n}"), format!("s{n}")));
    let plan = plan_of(wanted, &live);
    assert_eq!(plan.steps.len(), 400);
    let start = tokio::time::Instant::now();
    let tried = apply(
        &[Place {
            arm: &arm,
            tag: &tag,
        }],
        &plan.steps,
        10,
        std::future::pending(),
        std::future::pending(),
        &mut |_, _| {},
    )
    .await;
    assert!(all_succeeded(&tried));
    assert_eq!(sandbox.fired("budget"), 0, "429s");
    let seconds = start.elapsed().as_secs_f64();
    // A bucket of 200 tokens, and 10 new ones per second for the other 200.
    assert!((19.0..23.0).contains(&seconds), "{seconds} s");
}
