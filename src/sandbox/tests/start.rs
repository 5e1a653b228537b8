use super::*;

const STOPPED: &str = "rg-ml/gpu-vm-4";

fn start(sandbox: &Box, name: &str) -> Answer {
    sandbox.send("POST", &format!("{}/start?{COMPUTE}", vm(name)), "")
}

fn state(sandbox: &Box, name: &str) -> String {
    let target = format!("{}/instanceView?{COMPUTE}", vm(name));
    let code = &sandbox.get(&target).ok()["statuses"][1]["code"];
    code.as_str().unwrap().to_owned()
}

fn path(url: &str) -> String {
    url.strip_prefix(ORIGIN).unwrap().to_owned()
}

#[test]
fn a_started_vm_is_seen_starting_once_and_then_runs() {
    let sandbox = new();
    assert_eq!(state(&sandbox, STOPPED), "PowerState/stopped");
    let answer = start(&sandbox, STOPPED);
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("retry-after"), Some("0"));
    assert_eq!(state(&sandbox, STOPPED), "PowerState/starting");
    assert_eq!(state(&sandbox, STOPPED), "PowerState/running");
}

#[test]
fn a_read_with_expand_counts_too() {
    let sandbox = new();
    start(&sandbox, STOPPED);
    let target = format!("{}?$expand=instanceView&{COMPUTE}", vm(STOPPED));
    let body = sandbox.get(&target).ok();
    let view = &body["properties"]["instanceView"];
    assert_eq!(view["statuses"][1]["code"], "PowerState/starting");
    assert_eq!(state(&sandbox, STOPPED), "PowerState/running");
}

#[test]
fn a_plain_get_and_a_list_do_not_advance_the_start() {
    let sandbox = new();
    start(&sandbox, STOPPED);
    let list = all("Microsoft.Compute/virtualMachines");
    sandbox.get(&format!("{}?{COMPUTE}", vm(STOPPED)));
    sandbox.get(&format!("{list}?statusOnly=true&{COMPUTE}"));
    assert_eq!(state(&sandbox, STOPPED), "PowerState/starting");
}

#[test]
fn the_async_operation_ends_in_succeeded() {
    let sandbox = new();
    let answer = start(&sandbox, STOPPED);
    let operation = path(answer.header("azure-asyncoperation").unwrap());
    assert_eq!(sandbox.get(&operation).ok()["status"], "InProgress");
    assert_eq!(sandbox.get(&operation).ok()["status"], "Succeeded");
    assert_eq!(state(&sandbox, STOPPED), "PowerState/running");
}

#[test]
fn the_location_answers_202_until_the_vm_runs() {
    let sandbox = new();
    let location = path(start(&sandbox, STOPPED).header("location").unwrap());
    let pending = sandbox.get(&location);
    assert_eq!(pending.status, 202);
    assert_eq!(path(pending.header("location").unwrap()), location);
    assert_eq!(sandbox.get(&location).status, 200);
}

#[test]
fn starting_a_running_vm_answers_the_same_and_leaves_it_running() {
    let sandbox = new();
    let answer = start(&sandbox, "rg-dev/dev-vm-1");
    assert_eq!(answer.status, 202);
    let operation = path(answer.header("azure-asyncoperation").unwrap());
    assert_eq!(sandbox.get(&operation).ok()["status"], "Succeeded");
    assert_eq!(state(&sandbox, "rg-dev/dev-vm-1"), "PowerState/running");
    assert!(!sandbox.state().exists());
}

#[test]
fn a_locked_vm_does_not_start() {
    let sandbox = holding(r#"{"name":"a","group":"g","lock":true,"power":"stopped"}"#);
    let refusal = start(&sandbox, "g/a").refusal();
    assert!(refusal.starts_with("409 ScopeLocked"), "{refusal}");
    assert_eq!(state(&sandbox, "g/a"), "PowerState/stopped");
}
