use insta::assert_snapshot;
use serde_json::Value;

use super::*;
use crate::sandbox::reset;

fn names(list: &Value) -> Vec<String> {
    let items = list["value"].as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

fn item<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut items = list["value"].as_array().unwrap().iter();
    items.find(|item| item["name"] == name).unwrap()
}

/// All names in a list, and its number of pages. Follows each `nextLink` as `rewrite` changes it.
fn names_in_pages(sandbox: &Box, first: &str, rewrite: fn(&str) -> String) -> (Vec<String>, usize) {
    let (mut target, mut found, mut pages) = (first.to_owned(), Vec::new(), 0);
    loop {
        let page = sandbox.get(&target).ok();
        pages += 1;
        found.extend(names(&page));
        let Some(link) = page["nextLink"].as_str() else {
            return (found, pages);
        };
        target = rewrite(link.strip_prefix(ORIGIN).unwrap());
    }
}

#[test]
fn the_whole_subscription_lists_every_vm_on_one_page() {
    let list = new()
        .get(&format!(
            "{}?{COMPUTE}",
            all("Microsoft.Compute/virtualMachines")
        ))
        .ok();
    assert_eq!(names(&list).len(), 8);
    assert_eq!(list.get("nextLink"), None);
}

#[test]
fn a_group_lists_its_vms_only() {
    let target = in_group("RG-ml", "microsoft.compute/virtualmachines");
    let list = new().get(&format!("{target}?{COMPUTE}")).ok();
    assert_eq!(
        names(&list),
        ["gpu-vm-1", "gpu-vm-2", "gpu-vm-3", "gpu-vm-4"]
    );
}

#[test]
fn listed_ids_have_an_upper_case_group() {
    let list = new()
        .get(&format!(
            "{}?{COMPUTE}",
            all("Microsoft.Compute/virtualMachines")
        ))
        .ok();
    let id = item(&list, "dev-vm-1")["id"].as_str().unwrap();
    assert!(id.contains("/resourceGroups/RG-DEV/"), "{id}");
}

#[test]
fn a_vm_without_tags_has_no_tags_key() {
    let list = new()
        .get(&format!(
            "{}?{COMPUTE}",
            all("Microsoft.Compute/virtualMachines")
        ))
        .ok();
    assert_eq!(item(&list, "dev-vm-2").get("tags"), None);
    assert_eq!(
        item(&list, "dev-vm-3")["tags"]["azlin_session"],
        "sarah-frontend"
    );
}

#[test]
fn a_list_has_no_power_states_and_the_list_of_states_has_no_tags() {
    let sandbox = new();
    let target = format!("{}?{COMPUTE}", all("Microsoft.Compute/virtualMachines"));
    let list = sandbox.get(&target).ok();
    assert!(!list.to_string().contains("PowerState"));
    let states = sandbox.get(&format!("{target}&statusOnly=true")).ok();
    assert!(!states.to_string().contains("azlin_session"));
    let code =
        |vm| &item(&states, vm)["properties"]["instanceView"]["statuses"][1]["code"] as &Value;
    assert_eq!(code("dev-vm-1"), "PowerState/running");
    assert_eq!(code("gpu-vm-2"), "PowerState/deallocated");
    assert_eq!(code("gpu-vm-4"), "PowerState/stopped");
}

#[test]
fn pages_hold_each_vm_once_however_the_skiptoken_is_spelt() {
    let sandbox = with_page_size(7);
    reset(&sandbox.state(), Some(40)).unwrap();
    let target = format!("{}?{COMPUTE}", all("Microsoft.Compute/virtualMachines"));
    let raw = names_in_pages(&sandbox, &target, |link| {
        assert!(link.contains("&$skiptoken="), "{link}");
        link.to_owned()
    });
    let escaped = names_in_pages(&sandbox, &target, |link| {
        link.replace("$skiptoken", "%24skipToken")
    });
    assert_eq!(raw, escaped);
    let (mut found, pages) = raw;
    assert_eq!(pages, 6);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 40);
}

#[test]
fn a_full_last_page_has_no_next_one() {
    let sandbox = with_page_size(4);
    let target = format!("{}?{COMPUTE}", all("Microsoft.Compute/virtualMachines"));
    let (found, pages) = names_in_pages(&sandbox, &target, str::to_owned);
    assert_eq!((found.len(), pages), (8, 2));
}

#[test]
fn next_links_keep_what_the_list_was_asked_for() {
    let sandbox = with_page_size(1);
    let target = all("Microsoft.Compute/virtualMachines");
    let page = sandbox
        .get(&format!("{target}?statusOnly=true&{COMPUTE}"))
        .ok();
    let link = page["nextLink"].as_str().unwrap();
    let kept = format!("{ORIGIN}{target}?statusOnly=true&{COMPUTE}&$skiptoken=");
    assert!(link.starts_with(&kept), "{link}");
}

#[test]
fn a_query_that_azure_does_not_document_is_rejected() {
    let sandbox = new();
    let vms = "Microsoft.Compute/virtualMachines";
    let nics = "Microsoft.Network/networkInterfaces";
    let refused = |target: &str| sandbox.get(target).refusal();
    assert_snapshot!(
        [
            refused(&format!("{}?statusOnly=true&{COMPUTE}", in_group("rg-dev", vms))),
            refused(&format!("{}?$filter=x&{COMPUTE}", all(vms))),
            refused(&format!("{}?%24expand=instanceView&{COMPUTE}", all(vms))),
            refused(&format!("{}?$expand=userData&{COMPUTE}", vm("rg-dev/dev-vm-1"))),
            refused(&format!("{}/instanceView?x=1&{COMPUTE}", vm("rg-dev/dev-vm-1"))),
            refused(&format!("{}?$top=1&{NETWORK}", all(nics))),
            refused(&format!("{}?statusOnly=true&STATUSONLY=false&{COMPUTE}", all(vms))),
            sandbox.send("POST", &format!("{}/start?force=true&{COMPUTE}", vm("rg-dev/dev-vm-1")), "").refusal(),
            sandbox.send("PATCH", &format!("{}&x", tags_of("rg-dev/dev-vm-1")), "{}").refusal(),
        ]
        .join("\n"),
        @"
    400 InvalidParameter: The query parameter 'statusOnly' is not supported for this request.
    400 InvalidParameter: The query parameter '$filter' is not supported for this request.
    400 InvalidParameter: The query parameter '$expand' is not supported for this request.
    400 InvalidParameter: The value 'userData' of the query parameter '$expand' is invalid.
    400 InvalidParameter: The query parameter 'x' is not supported for this request.
    400 InvalidParameter: The query parameter '$top' is not supported for this request.
    400 InvalidParameter: The query parameter 'STATUSONLY' is specified more than once.
    400 InvalidParameter: The query parameter 'force' is not supported for this request.
    400 InvalidParameter: The query parameter 'x' is not supported for this request.
    "
    );
}

#[test]
fn a_page_size_of_zero_counts_as_one() {
    let sandbox = with_page_size(0);
    let target = format!("{}?{COMPUTE}", all("Microsoft.Compute/virtualMachines"));
    assert_eq!(names_in_pages(&sandbox, &target, str::to_owned).1, 8);
}

#[test]
fn a_group_in_the_file_without_vms_lists_nothing() {
    let sandbox = new();
    reset(&sandbox.state(), Some(0)).unwrap();
    let target = in_group("rg-dev", "Microsoft.Compute/virtualMachines");
    let list = sandbox.get(&format!("{target}?{COMPUTE}")).ok();
    assert_eq!(list.to_string(), r#"{"value":[]}"#);
}

#[test]
fn reading_writes_nothing() {
    let sandbox = new();
    sandbox.get(&format!("{}?{COMPUTE}", vm("rg-dev/dev-vm-1")));
    sandbox.get(&format!("{}/instanceView?{COMPUTE}", vm("rg-dev/dev-vm-1")));
    assert!(!sandbox.state().parent().unwrap().exists());
}

#[test]
fn one_vm_echoes_the_casing_of_the_request() {
    let path = vm("Rg-Dev/DEV-vm-1");
    let body = new().get(&format!("{path}?{COMPUTE}")).ok();
    assert_eq!(body["id"], path);
    assert_eq!(body["name"], "dev-vm-1");
    assert_eq!(body["tags"]["cost-center"], "CC 4711 Research");
    assert_eq!(body["properties"].get("instanceView"), None);
}

#[test]
fn one_vm_shows_its_power_state_when_asked_to() {
    let sandbox = new();
    let path = vm("rg-ml/gpu-vm-4");
    let expanded = sandbox
        .get(&format!("{path}?%24expand=instanceView&{COMPUTE}"))
        .ok();
    let view = sandbox.get(&format!("{path}/instanceView?{COMPUTE}")).ok();
    assert_eq!(expanded["properties"]["instanceView"], view);
    assert_eq!(view["statuses"][1]["displayStatus"], "VM stopped");
}

#[test]
fn the_subscription_is_listed_and_read() {
    let sandbox = new();
    let list = sandbox.get("/subscriptions?api-version=2022-12-01").ok();
    let path = format!("/subscriptions/{SUBSCRIPTION}");
    let one = sandbox.get(&format!("{path}?api-version=2022-12-01")).ok();
    assert_eq!(list["value"][0], one);
    assert_eq!(one["subscriptionId"], SUBSCRIPTION);
}

#[test]
fn ten_thousand_vms_come_in_fifty_pages() {
    let sandbox = new();
    reset(&sandbox.state(), Some(10_000)).unwrap();
    let target = format!("{}?{COMPUTE}", all("Microsoft.Compute/virtualMachines"));
    let (found, pages) = names_in_pages(&sandbox, &target, str::to_owned);
    assert_eq!((found.len(), pages), (10_000, 50));
}

#[test]
fn every_identity_has_all_permissions() {
    let path = all("Microsoft.Authorization/permissions");
    let list = new().get(&format!("{path}?api-version=2022-04-01")).ok();
    assert_eq!(list["value"][0]["actions"], serde_json::json!(["*"]));
    let refused = new().get(&format!("{path}?api-version=2021-04-01"));
    assert_eq!(refused.status, 400);
}
