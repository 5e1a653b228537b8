//! The activity log of tag writes.

use super::*;

const LOG: &str = "/subscriptions/5a4db0e5-0000-4000-8000-000000000000/providers/Microsoft.Insights/eventtypes/management/values";

/// A time that is less than 90 days ago on every machine's clock: Azure's log, like the sandbox's, has no end.
fn recent() -> String {
    let day = time::OffsetDateTime::now_utc().date() - time::Duration::days(80);
    format!("{day}T00:00:00Z")
}

fn log(of: &str, since: &str) -> String {
    let filter = format!(
        "eventTimestamp%20ge%20'{since}'%20and%20resourceUri%20eq%20'{}'",
        of
    );
    format!("{LOG}?api-version=2015-04-01&$filter={filter}")
}

fn tags_id(vm_name: &str) -> String {
    format!("{}/providers/Microsoft.Resources/tags/default", vm(vm_name))
}

const PATCH: &str = r#"{"operation":"Merge","properties":{"tags":{"a":"b"}}}"#;

#[test]
fn each_write_of_a_vms_tags_is_logged_the_newest_first() {
    let sandbox = with_page_size(3);
    let of_one = log(&tags_id("RG-DEV/dev-vm-1"), &recent());
    assert_eq!(sandbox.get(&of_one).ok()["value"], serde_json::json!([]));
    for vm in ["rg-dev/dev-vm-1", "rg-dev/dev-vm-2", "rg-dev/dev-vm-1"] {
        sandbox.patch_tags(vm, PATCH).ok();
    }
    let page = sandbox.get(&of_one).ok();
    let events = page["value"].as_array().unwrap().clone();
    let statuses: Vec<_> = events
        .iter()
        .map(|event| event["status"]["value"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["Succeeded", "Started", "Succeeded"]);
    assert_eq!(
        events[0]["operationName"]["value"],
        "Microsoft.Resources/tags/write"
    );
    assert_eq!(events[0]["caller"], "azlin-sandbox");
    assert!(events[0]["eventTimestamp"].as_str() >= events[2]["eventTimestamp"].as_str());
    let next = page["nextLink"]
        .as_str()
        .unwrap()
        .strip_prefix(ORIGIN)
        .unwrap();
    assert_eq!(sandbox.get(next).ok()["value"].as_array().unwrap().len(), 1);
    assert_eq!(
        sandbox.get(&log(&vm("rg-dev/dev-vm-1"), &recent())).ok()["value"],
        serde_json::json!([])
    );
}

#[test]
fn a_rejected_write_and_a_read_are_not_logged() {
    let sandbox = new();
    sandbox.tags("rg-dev/dev-vm-1");
    sandbox.patch_tags("rg-dev/dev-vm-1", "{}");
    assert!(!sandbox.state().with_extension("activity").exists());
}

#[test]
fn a_filter_that_azure_would_not_take_is_rejected() {
    let sandbox = new();
    let id = tags_id("rg-dev/dev-vm-1");
    for target in [
        format!("{LOG}?api-version=2015-04-01"),
        format!("{LOG}?api-version=2015-04-01&$filter=caller%20eq%20'x'"),
        log(&id, "yesterday"),
        log(&format!("{id}' or '1' eq '1"), &recent()).replace(' ', "%20"),
        log(&id, "2001-01-01T00:00:00Z"),
    ] {
        assert_eq!(sandbox.get(&target).status, 400, "{target}");
    }
    assert_eq!(sandbox.send("POST", &log(&id, &recent()), "{}").status, 405);
}

#[test]
fn the_log_stays_small_survives_damage_and_goes_with_a_reset() {
    let sandbox = new();
    sandbox.patch_tags("rg-dev/dev-vm-1", PATCH).ok();
    let path = sandbox.state().with_extension("activity");
    let line = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("\u{0}garbage\n{}", line.repeat(8_000))).unwrap();
    let before = std::fs::metadata(&path).unwrap().len();
    sandbox.patch_tags("rg-dev/dev-vm-1", PATCH).ok();
    let after = std::fs::metadata(&path).unwrap().len();
    assert!(
        before > 1024 * 1024 && after < before * 3 / 5,
        "{before} {after}"
    );
    let events = sandbox
        .get(&log(&tags_id("rg-dev/dev-vm-1"), &recent()))
        .ok();
    assert_eq!(events["value"].as_array().unwrap().len(), 200);
    super::super::reset(&sandbox.state(), None).unwrap();
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn a_log_that_is_a_link_or_a_pipe_is_neither_followed_nor_waited_for() {
    let sandbox = new();
    sandbox.patch_tags("rg-dev/dev-vm-1", PATCH).ok();
    let path = sandbox.state().with_extension("activity");
    let victim = sandbox.folder.path().join("victim");
    std::fs::write(&victim, "mine").unwrap();
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&victim, &path).unwrap();
    sandbox.patch_tags("rg-dev/dev-vm-1", PATCH).ok();
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
    assert_eq!(
        sandbox
            .get(&log(&tags_id("rg-dev/dev-vm-1"), &recent()))
            .status,
        500
    );
    std::fs::remove_file(&path).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if made.is_ok_and(|made| made.success()) {
        sandbox.patch_tags("rg-dev/dev-vm-1", PATCH).ok();
    }
    super::super::reset(&sandbox.state(), None).unwrap();
    assert!(!path.exists() && victim.exists());
}
