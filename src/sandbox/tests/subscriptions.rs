//! Several subscriptions with the same VM names but their own machines.

use super::faults::FRESH;
use super::*;
use crate::sandbox::{Fault, reset_several, subscription_id};

const OTHER: &str = "5a4db0e5-0000-4000-8000-000000000002";
const SUBSCRIPTIONS: &str = "api-version=2022-12-01";

/// Two subscriptions of three VMs each: the first three of the standard fleet, and three plain ones.
fn two(faults: &[&str]) -> Box {
    let Box { folder, sandbox } = with_page_size(2);
    let faults = faults.iter().map(|text| Fault::parse(text).unwrap());
    let sandbox = sandbox.with_faults(faults.collect());
    let sandbox = Box { folder, sandbox };
    reset_several(&sandbox.state(), Some(3), 2).unwrap();
    sandbox
}

/// Two VMs with the same name in two subscriptions, and a third subscription.
fn twins(more: &str) -> Box {
    let sandbox = holding(&format!(
        r#"{{"name":"a","group":"g","tags":{{"in":"default"}}{more}}},
           {{"name":"A","group":"G","subscription":"{}","tags":{{"in":"other"}}{more}}},
           {{"name":"b","group":"elsewhere","subscription":"{OTHER}"}}"#,
        OTHER.to_uppercase()
    ));
    let text = std::fs::read_to_string(sandbox.state()).unwrap();
    let empty = r#"{"subscriptions":["00000000-0000-4000-8000-000000000001"],"groups":["empty"],"#;
    std::fs::write(sandbox.state(), text.replacen('{', empty, 1)).unwrap();
    sandbox
}

/// The same target in the other subscription.
fn other(target: &str) -> String {
    target.replace(SUBSCRIPTION, OTHER)
}

fn list_of(kind: &str) -> String {
    let version = if kind.starts_with("Microsoft.Compute") {
        COMPUTE
    } else {
        NETWORK
    };
    format!("{}?{version}", all(kind))
}

fn path(url: Option<&str>) -> String {
    url.unwrap().strip_prefix(ORIGIN).unwrap().to_owned()
}

/// The pages of a list.
fn pages(sandbox: &Box, first: &str) -> Vec<Value> {
    let mut all = vec![sandbox.get(first).ok()];
    while let Some(link) = all[all.len() - 1]["nextLink"].as_str() {
        all.push(sandbox.get(&path(Some(link))).ok());
    }
    all
}

/// The status of a read, and the number of reads that its subscription has left.
fn left(sandbox: &Box, target: &str) -> String {
    let answer = sandbox.get(target);
    let left = answer.header("x-ms-ratelimit-remaining-subscription-reads");
    format!("{} {}", answer.status, left.unwrap())
}

/// Every text in an answer.
fn all_texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(all_texts).collect(),
        Value::Object(items) => items.values().flat_map(all_texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_default_subscription_comes_first_and_then_the_others_by_id() {
    let sandbox = twins("");
    let list = sandbox.get(&format!("/subscriptions?{SUBSCRIPTIONS}")).ok();
    let told: Vec<String> = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let id = one["subscriptionId"].as_str().unwrap();
            let target = format!("/subscriptions/{}?{SUBSCRIPTIONS}", id.to_uppercase());
            assert_eq!(sandbox.get(&target).ok(), *one);
            format!("{} {}", one["id"], one["displayName"])
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "/subscriptions/5a4db0e5-0000-4000-8000-000000000000" "azlin sandbox"
    "/subscriptions/00000000-0000-4000-8000-000000000001" "azlin sandbox 0001"
    "/subscriptions/5a4db0e5-0000-4000-8000-000000000002" "azlin sandbox 0002"
    "#);
}

#[test]
fn an_unknown_subscription_is_not_found() {
    let sandbox = twins("");
    let list = list_of("Microsoft.Compute/virtualMachines");
    let unknown = list.replace(SUBSCRIPTION, "5a4db0e5-0000-4000-8000-000000000003");
    insta::assert_snapshot!(sandbox.get(&unknown).refusal(), @"404 SubscriptionNotFound: The subscription '5a4db0e5-0000-4000-8000-000000000003' could not be found.");
    let empty = list.replace(SUBSCRIPTION, "00000000-0000-4000-8000-000000000001");
    assert_eq!(sandbox.get(&empty).ok().to_string(), r#"{"value":[]}"#);
}

#[test]
fn a_damaged_file_has_the_default_subscription_only_and_says_why() {
    let sandbox = holding("}");
    let target = format!("/subscriptions/{SUBSCRIPTION}?{SUBSCRIPTIONS}");
    sandbox.get(&target).ok();
    let refusal = sandbox.get(&other(&target)).refusal();
    assert!(refusal.contains("invalid sandbox file"), "{refusal}");
}

#[test]
fn each_list_holds_what_is_in_its_subscription_with_ids_of_that() {
    let sandbox = two(&[]);
    for (kind, in_default, in_other) in [
        (
            "Microsoft.Compute/virtualMachines",
            "dev-vm-1 dev-vm-2 dev-vm-3",
            "vm-0001 vm-0002 vm-0003",
        ),
        (
            "Microsoft.Network/networkInterfaces",
            "dev-vm-1-nic dev-vm-2-nic dev-vm-3-nic dev-vm-3-nic-2",
            "vm-0001-nic vm-0002-nic vm-0003-nic",
        ),
        (
            "Microsoft.Network/publicIPAddresses",
            "dev-vm-1-ip dev-vm-3-ip",
            "vm-0001-ip",
        ),
    ] {
        for (target, id, not, expected) in [
            (list_of(kind), SUBSCRIPTION, OTHER, in_default),
            (other(&list_of(kind)), OTHER, SUBSCRIPTION, in_other),
        ] {
            let mut names = Vec::new();
            for page in pages(&sandbox, &target) {
                for item in page["value"].as_array().unwrap() {
                    names.push(item["name"].as_str().unwrap().to_owned());
                }
                let texts = all_texts(&page);
                assert!(texts.iter().any(|text| text.contains(id)), "{page}");
                assert!(!texts.iter().any(|text| text.contains(not)), "{page}");
            }
            assert_eq!(names.join(" "), expected, "{kind}");
        }
    }
}

#[test]
fn ids_in_answers_are_lower_case_however_the_subscription_is_spelt() {
    let id = "abcdef00-0000-4000-8000-00000000abcd";
    let sandbox = holding(&format!(
        r#"{{"name":"a","group":"g","subscription":"{}","public_ip":"203.0.113.4"}}"#,
        id.to_uppercase()
    ));
    for kind in [
        "Microsoft.Compute/virtualMachines",
        "Microsoft.Network/networkInterfaces",
        "Microsoft.Network/publicIPAddresses",
    ] {
        let target = list_of(kind).replace(SUBSCRIPTION, &id.to_uppercase());
        let texts = all_texts(&sandbox.get(&target).ok());
        assert!(texts.iter().any(|text| text.contains(id)), "{texts:?}");
        assert!(!texts.iter().any(|text| text.contains("ABCD")), "{texts:?}");
    }
}

#[test]
fn a_group_belongs_to_its_subscription() {
    let sandbox = twins("");
    let in_group = |group: &str| {
        let path = in_group(group, "Microsoft.Compute/virtualMachines");
        format!("{path}?{COMPUTE}")
    };
    let count = |target: &str| sandbox.get(target).ok()["value"].as_array().unwrap().len();
    assert_eq!(count(&in_group("g")), 1);
    assert_eq!(count(&in_group("empty")), 0);
    assert_eq!(count(&other(&in_group("g"))), 1);
    assert_eq!(count(&other(&in_group("elsewhere"))), 1);
    insta::assert_snapshot!(sandbox.get(&in_group("elsewhere")).refusal(), @"404 ResourceGroupNotFound: Resource group 'elsewhere' could not be found.");
    insta::assert_snapshot!(sandbox.get(&other(&in_group("empty"))).refusal(), @"404 ResourceGroupNotFound: Resource group 'empty' could not be found.");
    let there = tags_of("g/a").replace(SUBSCRIPTION, "00000000-0000-4000-8000-000000000001");
    insta::assert_snapshot!(sandbox.get(&there).refusal(), @"404 ResourceGroupNotFound: Resource group 'g' could not be found.");
    insta::assert_snapshot!(sandbox.get(&other(&tags_of("g/b"))).refusal(), @"404 ResourceNotFound: The Resource 'Microsoft.Compute/virtualMachines/b' under resource group 'g' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
}

#[test]
fn a_write_reaches_the_vm_of_its_subscription_only() {
    let sandbox = twins("");
    let target = tags_of("g/a");
    let tags = |target: &str| sandbox.get(target).ok()["properties"]["tags"].to_string();
    sandbox.send("PATCH", &other(&target), FRESH).ok();
    assert_eq!(tags(&target), r#"{"in":"default"}"#);
    assert_eq!(
        tags(&other(&target)),
        r#"{"azlin_session":"fresh","in":"other"}"#
    );
    sandbox.send("PATCH", &target, FRESH).ok();
    assert_eq!(tags(&target), r#"{"azlin_session":"fresh","in":"default"}"#);
}

#[test]
fn a_start_and_its_operation_are_of_one_subscription() {
    let sandbox = twins(r#","power":"stopped""#);
    let target = format!("{}/start?{COMPUTE}", vm("g/a"));
    let answer = sandbox.send("POST", &other(&target), "");
    assert_eq!(answer.status, 202);
    let operation = path(answer.header("azure-asyncoperation"));
    assert!(path(answer.header("location")).contains(OTHER));
    let elsewhere = operation.replace(OTHER, SUBSCRIPTION);
    assert_eq!(sandbox.get(&elsewhere).status, 404);
    assert_eq!(sandbox.get(&operation).ok()["status"], "InProgress");
    assert_eq!(sandbox.get(&operation).ok()["status"], "Succeeded");
    let state = |target: &str| {
        let code = &sandbox.get(target).ok()["statuses"][1]["code"];
        code.as_str().unwrap().to_owned()
    };
    let view = format!("{}/instanceView?{COMPUTE}", vm("g/a"));
    assert_eq!(state(&view), "PowerState/stopped");
    assert_eq!(state(&other(&view)), "PowerState/running");
}

#[test]
fn a_delayed_write_is_delayed_in_its_subscription_only() {
    // A handwritten file may give two machines the same id.
    let sandbox = twins(r#","vm_id":"00000000-0000-4000-8000-00000000000a""#);
    let Box { folder, sandbox } = sandbox;
    let sandbox = sandbox.with_faults(vec![Fault::parse("accepted:first=1").unwrap()]);
    let sandbox = Box { folder, sandbox };
    let target = tags_of("g/a");
    let accepted = sandbox.send("PATCH", &other(&target), FRESH);
    assert_eq!(accepted.status, 202);
    let result = path(accepted.header("location"));
    let elsewhere = result.replace(OTHER, SUBSCRIPTION);
    assert_eq!(sandbox.get(&elsewhere).status, 404);
    sandbox.send("PATCH", &target, FRESH).ok();
    let tags = |target: &str| sandbox.get(target).ok()["properties"]["tags"].to_string();
    assert!(tags(&target).contains("fresh"));
    assert!(!tags(&other(&target)).contains("fresh"));
    assert_eq!(sandbox.get(&result).status, 202);
    let done = sandbox.get(&result).ok();
    assert_eq!(done["tags"]["in"], "other");
}

#[test]
fn a_fault_of_a_vm_strikes_its_name_in_any_subscription() {
    let sandbox = two(&["vm=vm-0001:gone"]);
    let target = other(&tags_of("rg-dev/vm-0001"));
    assert_eq!(sandbox.statuses(&target, 1), [404]);
    let target = other(&tags_of("rg-ml/vm-0002"));
    assert_eq!(sandbox.statuses(&target, 1), [200]);
}

#[test]
fn a_fault_of_a_subscription_leaves_the_others_alone() {
    let list = list_of("Microsoft.Compute/virtualMachines");
    for fault in ["status", "status:list=vms", "status:on=reads"] {
        let fault = format!("subscription={}:{fault}", OTHER.to_uppercase());
        let sandbox = two(&[&fault]);
        assert_eq!(sandbox.statuses(&list, 2), [200, 200], "{fault}");
        assert_eq!(sandbox.statuses(&other(&list), 2), [500, 500], "{fault}");
        let all = format!("/subscriptions?{SUBSCRIPTIONS}");
        assert_eq!(sandbox.statuses(&all, 1), [200], "{fault}");
        assert_eq!(sandbox.sandbox.fired("status"), 2);
    }
    let sandbox = two(&[&format!("subscription={OTHER}:odd-vm")]);
    let locations = |target: &str| {
        let list = sandbox.get(target).ok();
        let vms = list["value"].as_array().unwrap().clone();
        vms.iter().filter(|vm| vm.get("location").is_some()).count()
    };
    assert_eq!((locations(&list), locations(&other(&list))), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn each_subscription_has_a_budget_of_its_own() {
    let sandbox = two(&["budget:reads=2,reads-per-second=1"]);
    let list = list_of("Microsoft.Compute/virtualMachines");
    let left = |target: &str| left(&sandbox, target);
    assert_eq!([left(&list), left(&list)], ["200 1", "200 0"]);
    assert_eq!(left(&list), "429 0");
    assert_eq!(left(&other(&list)), "200 1");
    assert_eq!(left(&list), "429 0");
    assert_eq!(left(&format!("/subscriptions?{SUBSCRIPTIONS}")), "200 1");
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_one_subscription_shows_there_only() {
    let sandbox = two(&[&format!("subscription={OTHER}:budget:reads=1")]);
    let list = list_of("Microsoft.Compute/virtualMachines");
    let left = |target: &str| left(&sandbox, target);
    let other = other(&list);
    assert_eq!([left(&other), left(&other)], ["200 0", "429 0"]);
    assert_eq!([left(&list), left(&list)], ["200 249", "200 249"]);
}

#[test]
fn the_last_of_fifty_subscriptions_lists_as_the_first_does() {
    let sandbox = new();
    reset_several(&sandbox.state(), Some(250), 50).unwrap();
    for number in [1, 50] {
        let list = list_of("Microsoft.Compute/virtualMachines");
        let list = list.replace(SUBSCRIPTION, &subscription_id(number));
        assert_eq!(pages(&sandbox, &list).len(), 2);
    }
}
