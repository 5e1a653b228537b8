use super::*;

fn refusal(method: &str, target: &str) -> String {
    new().send(method, target, "").refusal()
}

#[test]
fn a_request_without_a_token_is_told_how_to_sign_in() {
    let target = format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1"));
    let request = Request {
        authorized: false,
        ..request("GET", &target, "")
    };
    let answer = Answer::of(new().sandbox.answer(&request).whole().unwrap());
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer authorization_uri=\"https://login."));
    assert!(challenge.contains("error=\"invalid_token\""));
    insta::assert_snapshot!(answer.refusal(), @"401 AuthenticationFailed: Authentication failed. The 'Authorization' header is missing.");
}

#[test]
fn every_request_names_an_api_version() {
    for target in ["", "/", "/subscriptions", "/subscriptions?api-version="] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal("GET", target), @"400 MissingApiVersionParameter: The api-version query parameter (?api-version=) is required for all requests.");
        }
    }
}

#[test]
fn an_api_version_belongs_to_its_provider() {
    let list = |kind: &str, version: &str| format!("{}?api-version={version}", all(kind));
    // Each version belongs to another provider.
    for target in [
        list("Microsoft.Compute/virtualMachines", "2021-04-01"),
        list("Microsoft.Network/networkInterfaces", "2021-11-01"),
        list("Microsoft.Network/publicIPAddresses", "2022-12-01"),
    ] {
        let refusal = refusal("GET", &target);
        assert!(
            refusal.starts_with("400 InvalidResourceType: The resource type '"),
            "{refusal}"
        );
        assert!(
            refusal.contains("The supported api-versions are '20"),
            "{refusal}"
        );
    }
    for path in [
        vm("rg-dev/dev-vm-1"),
        vm("rg-dev/dev-vm-1") + "/instanceView",
    ] {
        let refusal = refusal("GET", &format!("{path}?api-version=banana"));
        assert!(
            refusal.starts_with("400 NoRegisteredProviderFound: No registered resource provider found for location 'eastus' and API version 'banana' for type 'virtualMachines'."),
            "{refusal}"
        );
    }
    let tags = tags_of("rg-dev/dev-vm-1").replace("2021-04-01", "2023-11-01");
    for target in ["/subscriptions?api-version=1", &tags] {
        let refusal = refusal("GET", target);
        assert!(
            refusal.starts_with("400 InvalidApiVersionParameter: The api-version '"),
            "{refusal}"
        );
    }
}

#[test]
fn the_versions_that_azlin_and_other_clients_use_are_known() {
    let sandbox = new();
    for version in ["2024-03-01", "2024-07-01", "2026-04-01"] {
        sandbox
            .get(&format!("{}?api-version={version}", vm("rg-dev/dev-vm-1")))
            .ok();
    }
    for version in ["2021-04-01", "2022-09-01", "2024-03-01", "2025-04-01"] {
        let target = tags_of("rg-dev/dev-vm-1").replace("2021-04-01", version);
        sandbox.get(&target).ok();
    }
    for version in ["2023-11-01", "2026-03-01"] {
        let target = all("Microsoft.Network/networkInterfaces");
        sandbox.get(&format!("{target}?api-version={version}")).ok();
    }
    for version in ["2020-01-01", "2021-04-01", "2022-12-01"] {
        sandbox
            .get(&format!("/subscriptions?api-version={version}"))
            .ok();
    }
}

#[test]
fn a_subscription_must_be_a_guid_and_exist() {
    let at = |id: &str| {
        refusal(
            "GET",
            &format!("/subscriptions/{id}/providers/Microsoft.Compute/virtualMachines?{COMPUTE}"),
        )
    };
    insta::assert_snapshot!(at("dev"), @"400 InvalidSubscriptionId: The provided subscription identifier 'dev' is malformed or invalid.");
    insta::assert_snapshot!(at("00000000-0000-0000-0000-000000000000"), @"404 SubscriptionNotFound: The subscription '00000000-0000-0000-0000-000000000000' could not be found.");
    let upper = SUBSCRIPTION.to_uppercase();
    new()
        .get(&format!("/subscriptions/{upper}?api-version=2022-12-01"))
        .ok();
}

#[test]
fn an_unknown_group_is_named() {
    for kind in [
        "Microsoft.Compute/virtualMachines",
        "Microsoft.Compute/virtualMachines/a",
        "Microsoft.Compute/virtualMachines/a/instanceView",
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                refusal("GET", &format!("{}?{COMPUTE}", in_group("nowhere", kind))),
                @"404 ResourceGroupNotFound: Resource group 'nowhere' could not be found."
            );
        }
    }
    for kind in ["networkInterfaces", "publicIPAddresses"] {
        let target = in_group("nowhere", &format!("Microsoft.Network/{kind}"));
        let refusal = refusal("GET", &format!("{target}?{NETWORK}"));
        assert!(
            refusal.starts_with("404 ResourceGroupNotFound"),
            "{refusal}"
        );
    }
}

#[test]
fn an_unknown_vm_is_named() {
    let path = vm("rg-dev/gpu-vm-1");
    for (method, target) in [
        ("GET", format!("{path}?{COMPUTE}")),
        ("GET", format!("{path}/instanceView?{COMPUTE}")),
        ("POST", format!("{path}/start?{COMPUTE}")),
        ("GET", tags_of("rg-dev/gpu-vm-1")),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal(method, &target), @"404 ResourceNotFound: The Resource 'Microsoft.Compute/virtualMachines/gpu-vm-1' under resource group 'rg-dev' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
        }
    }
    let body = r#"{"operation":"Merge","properties":{"tags":{}}}"#;
    let refusal = new().patch_tags("rg-dev/gpu-vm-1", body).refusal();
    assert!(refusal.starts_with("404 ResourceNotFound"), "{refusal}");
}

#[test]
fn an_unknown_operation_is_named() {
    let path = all("Microsoft.Compute/locations/eastus/operations/x");
    let refusal = refusal("GET", &format!("{path}?{COMPUTE}"));
    assert!(refusal.starts_with("404 NotFound"), "{refusal}");
}

#[test]
fn writing_goes_through_the_tags_api_only() {
    for (method, target) in [
        ("PUT", format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1"))),
        ("PATCH", format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1"))),
        ("DELETE", format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1"))),
        ("PUT", tags_of("rg-dev/dev-vm-1")),
        ("DELETE", tags_of("rg-dev/dev-vm-1")),
        ("GET", format!("{}/start?{COMPUTE}", vm("rg-dev/dev-vm-1"))),
        ("HEAD", format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1"))),
        ("get", format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1"))),
    ] {
        let answer = new().send(method, &target, "");
        assert!(answer.header("allow").is_some());
        let refusal = answer.refusal();
        assert!(refusal.starts_with("405 MethodNotAllowed"), "{refusal}");
    }
}

#[test]
fn an_unknown_resource_is_not_found() {
    let at = |path: &str| refusal("GET", &format!("{path}?{COMPUTE}"));
    insta::assert_snapshot!(at("/tenants"), @"404 MissingSubscription: The request did not have a subscription or a valid tenant level resource provider.");
    insta::assert_snapshot!(at(&all("Microsoft.Storage/storageAccounts")), @"404 InvalidResourceNamespace: The resource namespace 'Microsoft.Storage' is invalid.");
    insta::assert_snapshot!(at(&all("Microsoft.Compute/disks")), @"404 InvalidResourceType: The resource type 'disks' could not be found in the namespace 'Microsoft.Compute' for api version '2024-03-01'.");
    insta::assert_snapshot!(at(&format!("/subscriptions/{SUBSCRIPTION}/resources")), @"404 NotFound: The requested resource '/subscriptions/5a4db0e5-0000-4000-8000-000000000000/resources' was not found.");
    insta::assert_snapshot!(at("/subscriptions/x/resources"), @"400 InvalidSubscriptionId: The provided subscription identifier 'x' is malformed or invalid.");
}

#[test]
fn parameters_have_their_values() {
    let list = format!("{}?{COMPUTE}", all("Microsoft.Compute/virtualMachines"));
    let one = format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1"));
    for target in [
        format!("{list}&statusOnly=maybe"),
        format!("{list}&$skiptoken=17"),
        format!("{one}&$expand=everything"),
    ] {
        let refusal = refusal("GET", &target);
        assert!(refusal.starts_with("400 InvalidParameter"), "{refusal}");
    }
}

#[test]
fn a_damaged_file_is_named_with_help() {
    let sandbox = holding("}");
    for answer in [
        sandbox.get(&format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1"))),
        sandbox.patch_tags("g/a", r#"{"operation":"Merge","properties":{"tags":{}}}"#),
    ] {
        let refusal = answer.refusal();
        assert!(refusal.starts_with("500 SandboxFileInvalid: "), "{refusal}");
        assert!(refusal.contains("invalid sandbox file "), "{refusal}");
        assert!(refusal.contains("sandbox.json: "), "{refusal}");
    }
    assert_eq!(
        std::fs::read_to_string(sandbox.state()).unwrap(),
        r#"{"vms":[}]}"#
    );
}

#[test]
fn hostile_targets_are_answered_like_any_other() {
    let sandbox = new();
    let deep = "/a".repeat(100_000);
    for target in [
        "?",
        "%",
        "//?&&&===",
        "/%ff%fe?api-version=%ff",
        "/subscriptions/%00?api-version=2022-12-01",
        "/subscriptions/../../etc/passwd?api-version=2022-12-01",
        "\u{0}\r\n",
        "/größe?api-version=ß",
        &deep,
        &format!("/?api-version=1{}", "&a".repeat(100_000)),
    ] {
        let answer = sandbox.get(target);
        assert!((400..500).contains(&answer.status), "{target}");
    }
}

#[test]
fn every_answer_has_azures_headers_and_a_request_id_of_its_own() {
    let sandbox = new();
    let read = sandbox.get("/subscriptions?api-version=2022-12-01");
    let refused = sandbox.send("POST", "/subscriptions?api-version=2022-12-01", "");
    let content_type = Some("application/json; charset=utf-8");
    assert_eq!(read.header("content-type"), content_type);
    assert_eq!(refused.header("content-type"), content_type);
    assert!(
        read.header("x-ms-ratelimit-remaining-subscription-reads")
            .is_some()
    );
    assert!(
        refused
            .header("x-ms-ratelimit-remaining-subscription-writes")
            .is_some()
    );
    assert!(read.header("x-ms-correlation-request-id").is_some());
    assert_ne!(
        read.header("x-ms-request-id"),
        refused.header("x-ms-request-id")
    );
}
