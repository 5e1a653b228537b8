//! The requests that a fault strikes, and the syntax of faults.

use std::time::Duration;

use super::faults::{FRESH, VM, vms, with};
use super::*;
use crate::sandbox::Fault;

#[test]
fn a_fault_counts_the_requests_that_it_meets() {
    let target = vms();
    let statuses = |fault: &str| with(&[fault]).statuses(&target, 6);
    assert_eq!(statuses("status"), [500; 6]);
    assert_eq!(statuses("status:every=3"), [200, 200, 500, 200, 200, 500]);
    assert_eq!(statuses("status:first=2"), [500, 500, 200, 200, 200, 200]);
    assert_eq!(
        statuses("status:every=2,first=4"),
        [200, 500, 200, 500, 200, 200]
    );
    assert_eq!(statuses("status:on=writes"), [200; 6]);
    assert_eq!(statuses("status:list=nics"), [200; 6]);
    assert_eq!(statuses("status:list=vms,first=1")[..2], [500, 200]);
    assert_eq!(statuses("vm=dev-vm-2:status"), [200; 6]);
}

#[test]
fn a_fault_of_one_vm_leaves_the_others_alone() {
    let statuses = |fault: &str| {
        let sandbox = with(&[fault]);
        ["rg-dev/dev-vm-2", "rg-dev/dev-vm-1"].map(|vm| sandbox.statuses(&tags_of(vm), 1)[0])
    };
    assert_eq!(statuses("vm=DEV-vm-2:status"), [500, 200]);
    assert_eq!(statuses("vm=RG-Dev/dev-vm-2:status"), [500, 200]);
    assert_eq!(statuses("vm=rg-ml/dev-vm-2:status"), [200, 200]);
}

#[test]
fn a_share_is_the_same_for_the_same_seed() {
    let target = vms();
    let struck = |fault: &str| with(&[fault]).statuses(&target, 200);
    let seven = struck("status:rate=0.25,seed=7");
    assert_eq!(seven, struck("status:rate=0.25,seed=7"));
    assert_ne!(seven, struck("status:rate=0.25,seed=8"));
    let count = seven.iter().filter(|status| **status == 500).count();
    assert_eq!(count, 40, "of 200");
    assert_eq!(struck("status:rate=0"), [200; 200]);
    assert_eq!(struck("status:rate=1"), [500; 200]);
}

#[test]
fn the_first_fault_that_strikes_answers_and_the_others_do_not_count() {
    let sandbox = with(&["status:every=2", "throttle:every=2"]);
    assert_eq!(sandbox.statuses(&vms(), 6), [200, 500, 429, 500, 200, 500]);
    let fired = |kind| sandbox.sandbox.fired(kind);
    assert_eq!(
        (fired("status"), fired("throttle"), fired("drop")),
        (3, 1, 0)
    );
}

#[test]
fn an_invalid_request_gets_its_own_error_and_does_not_count() {
    let sandbox = with(&["status"]);
    let refusal = sandbox.get("/subscriptions").refusal();
    assert!(
        refusal.starts_with("400 MissingApiVersionParameter"),
        "{refusal}"
    );
    assert_eq!(sandbox.sandbox.fired("status"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_spent_and_refills() {
    let sandbox = with(&["budget:writes=2,per-second=1,reads=1,reads-per-second=1"]);
    let target = vms();
    let read = sandbox.get(&target);
    assert_eq!(
        read.header("x-ms-ratelimit-remaining-subscription-reads"),
        Some("0")
    );
    let write = || sandbox.patch_tags(VM, FRESH);
    let left = |answer: &Answer| {
        let left = answer.header("x-ms-ratelimit-remaining-subscription-writes");
        (answer.status, left.unwrap().to_owned())
    };
    assert_eq!(left(&write()), (200, "1".to_owned()));
    assert_eq!(left(&write()), (200, "0".to_owned()));
    let refused = write();
    assert_eq!(
        (left(&refused), refused.header("retry-after")),
        ((429, "0".to_owned()), Some("1"))
    );
    assert_eq!(sandbox.statuses(&target, 1), [429]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!((write().status, write().status), (200, 429));
    assert_eq!(sandbox.statuses(&target, 2), [200, 429]);
    assert_eq!(sandbox.sandbox.fired("budget"), 4);
}

#[test]
fn an_invalid_fault_is_rejected_with_the_valid_words() {
    let wrong = [
        "",
        "throtle",
        "throttle:retry=2",
        "throttle:retry-after=soon",
        "throttle:body=graph",
        "throttle:every=0",
        "throttle:first",
        "throttle:first=1,first=2",
        "throttle:rate=2",
        "throttle:seed=2",
        "status:status=418",
        "status:list=vms,on=reads",
        "vm=dev-vm-1:status:list=vms",
        "budget:reads=0",
        "html:status=500",
        "conflict:on=reads",
        "drop:after",
        "vm=a/b/c:gone",
        "vm=:gone",
        "vm=dev-vm-1",
        "subscription=dev:gone",
        "subscription=5a4db0e5-0000-4000-8000-000000000002",
        "subscription=5a4db0e5-0000-4000-8000-000000000002:vm=a:gone",
        "policy-modified:drop=yes",
        "\u{1b}[2J",
    ]
    .map(|text| format!("{:?}: {}", text, Fault::parse(text).unwrap_err()));
    insta::assert_snapshot!(wrong.join("\n"), @r#"
    "": unknown fault ``; the kinds are throttle, budget, status, drop, cut, not-json, empty, circle, html, conflict, expired-token, claims, wrong-tenant, forbidden, scope-locked, policy-denied, policy-modified, disabled-subscription, details, unregistered, old-api, odd-error, accepted, stale, tag-limit, gone, group-gone, odd-vm, vm-state, no-capacity, slow-start, nat-rule, one-group
    "throtle": unknown fault `throtle` (did you mean `throttle`?); the kinds are throttle, budget, status, drop, cut, not-json, empty, circle, html, conflict, expired-token, claims, wrong-tenant, forbidden, scope-locked, policy-denied, policy-modified, disabled-subscription, details, unregistered, old-api, odd-error, accepted, stale, tag-limit, gone, group-gone, odd-vm, vm-state, no-capacity, slow-start, nat-rule, one-group
    "throttle:retry=2": unknown key `retry` (did you mean `retry-after`?); `throttle` takes on, list, retry-after, as, body, status, every, first, rate, seed
    "throttle:retry-after=soon": invalid `retry-after=soon`: expected a whole number from 0
    "throttle:body=graph": unknown value `graph`; `body` takes arm, compute, text, html
    "throttle:every=0": invalid `every=0`: expected a whole number from 1
    "throttle:first": `first` requires a value: write `first=…`
    "throttle:first=1,first=2": `first` appears twice
    "throttle:rate=2": invalid `rate=2`: expected a number from 0 to 1, such as 0.1
    "throttle:seed=2": `seed` requires `rate`
    "status:status=418": unknown value `418` (did you mean `408`?); `status` takes 500, 408, 502, 503, 504
    "status:list=vms,on=reads": `list` cannot be combined with `on`: lists are only read
    "vm=dev-vm-1:status:list=vms": `list` cannot be combined with `vm=`: a list covers many VMs
    "budget:reads=0": invalid `reads=0`: expected a whole number from 1 to 1000000
    "html:status=500": unknown value `500` (did you mean `200`?); `status` takes 200, 403, 502, 503
    "conflict:on=reads": unknown key `on`; `conflict` takes every, first, rate, seed
    "drop:after": unknown key `after` (did you mean `rate`?); `drop` takes on, list, when, every, first, rate, seed
    "vm=a/b/c:gone": invalid `vm=a/b/c`: expected `vm=NAME` or `vm=GROUP/NAME`
    "vm=:gone": invalid `vm=`: expected `vm=NAME` or `vm=GROUP/NAME`
    "vm=dev-vm-1": `vm=NAME:` must be followed by a kind of fault
    "subscription=dev:gone": invalid `subscription=dev`: expected a subscription id (a GUID)
    "subscription=5a4db0e5-0000-4000-8000-000000000002": `subscription=ID:` must be followed by a kind of fault
    "subscription=5a4db0e5-0000-4000-8000-000000000002:vm=a:gone": unknown fault `vm=a`; the kinds are throttle, budget, status, drop, cut, not-json, empty, circle, html, conflict, expired-token, claims, wrong-tenant, forbidden, scope-locked, policy-denied, policy-modified, disabled-subscription, details, unregistered, old-api, odd-error, accepted, stale, tag-limit, gone, group-gone, odd-vm, vm-state, no-capacity, slow-start, nat-rule, one-group
    "policy-modified:drop=yes": unknown value `yes`; `drop` takes false, true
    "\u{1b}[2J": unknown fault `\u{1b}[2J`; the kinds are throttle, budget, status, drop, cut, not-json, empty, circle, html, conflict, expired-token, claims, wrong-tenant, forbidden, scope-locked, policy-denied, policy-modified, disabled-subscription, details, unregistered, old-api, odd-error, accepted, stale, tag-limit, gone, group-gone, odd-vm, vm-state, no-capacity, slow-start, nat-rule, one-group
    "#);
}

#[test]
fn every_kind_parses_alone_and_with_the_common_keys() {
    for (kind, _) in Fault::kinds() {
        assert!(Fault::parse(kind).is_ok(), "{kind}");
        let all = format!("vm=g/n:{kind}:every=2,first=9,rate=0.5,seed=1");
        assert!(Fault::parse(&all).is_ok(), "{kind}");
    }
}
