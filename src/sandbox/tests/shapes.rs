//! Faults that change the shape of an answer: its body, its `Retry-After`, its links, its details.

use super::faults::{FRESH, VM, vms, with};
use super::*;

/// The answer to a request under `fault`, as it is.
fn raw(fault: &str, method: &str, target: &str, body: &str) -> Response {
    let sandbox = with(&[fault]);
    let reply = sandbox.sandbox.answer(&request(method, target, body));
    reply.whole().unwrap()
}

fn header(response: &Response, name: &str) -> Option<String> {
    let mut headers = response.headers.iter();
    let (_, value) = headers.find(|(held, _)| *held == name)?;
    Some(value.clone())
}

#[test]
fn a_wait_comes_in_seconds_or_as_a_date_with_any_body() {
    for (fault, status, start) in [
        ("throttle:body=text", 429, "Too many"),
        ("throttle:body=html", 429, "<!DOCTYPE"),
        ("throttle:status=503", 503, "{\"error\""),
        ("throttle:body=html,status=503", 503, "<!DOCTYPE"),
    ] {
        let answer = raw(fault, "GET", &vms(), "");
        let body = String::from_utf8(answer.body.clone()).unwrap();
        assert!(body.starts_with(start), "{fault}: {body}");
        let wait = header(&answer, "retry-after");
        assert_eq!(
            (answer.status, wait.as_deref()),
            (status, Some("2")),
            "{fault}"
        );
        // Only ARM's own answers have its headers.
        let is_arms = header(&answer, "x-ms-request-id").is_some();
        assert_eq!(is_arms, !fault.contains("html"), "{fault}");
    }
    let answer = raw("throttle:as=date", "GET", &vms(), "");
    let date = header(&answer, "retry-after").unwrap();
    assert!(httpdate::parse_http_date(&date).is_ok(), "{date}");
}

#[test]
fn an_empty_answer_hides_what_was_done() {
    let sandbox = with(&["empty:on=writes"]);
    let answer = sandbox.patch_tags(VM, FRESH);
    assert_eq!((answer.status, &answer.body), (200, &Value::Null));
    assert!(sandbox.tags(VM).contains("fresh"));
}

#[test]
fn a_circle_leads_back_to_the_same_page() {
    let target = vms();
    let page = with(&["circle"]).get(&target).ok();
    assert_eq!(page["nextLink"], format!("{ORIGIN}{target}"));
}

#[test]
fn several_policies_deny_with_their_conditions() {
    let fault = "policy-denied:policies=2,reasons=conditions";
    let error = with(&[fault]).patch_tags(VM, FRESH).body["error"].clone();
    let names: Vec<&Value> = error["additionalInfo"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["info"]["policyAssignmentDisplayName"])
        .collect();
    assert_eq!(names, ["Session tags", "Session tags 2"]);
    let met = &error["additionalInfo"][1]["info"]["evaluationDetails"]["evaluatedExpressions"][0];
    assert_eq!(met["expression"], "tags[azlin_session]");
    let refusal = with(&["policy-denied:reasons=message"])
        .patch_tags(VM, FRESH)
        .refusal();
    assert!(refusal.contains(" Reasons: '"), "{refusal}");
}

#[test]
fn reasons_outside_the_request_are_azures() {
    let read = [
        "unregistered",
        "old-api",
        "details",
        "details:of=not-allowed",
    ]
    .map(|fault| with(&[fault]).get(&vms()).refusal());
    let write = with(&["old-api"]).patch_tags(VM, FRESH).refusal();
    insta::assert_snapshot!(format!("{}\n{write}", read.join("\n")), @"
    409 MissingSubscriptionRegistration: The subscription is not registered to use namespace 'Microsoft.Compute'. See https://aka.ms/rps-not-found for how to register subscriptions.
    400 InvalidResourceType: The resource type 'virtualMachines' could not be found in the namespace 'Microsoft.Compute' for api version '2024-03-01'. The supported api-versions are '2016-03-30,2017-03-30,2017-12-01,2018-04-01,2018-06-01,2019-03-01,2019-07-01,2020-06-01'.
    409 MultipleErrorsOccurred: Multiple error occurred: BadRequest,Conflict. Please see details.
    409 OperationNotAllowed: The operation is not allowed.
    400 InvalidApiVersionParameter: The api-version '2021-04-01' is invalid. The supported versions are '2016-03-30,2017-03-30,2017-12-01,2018-04-01,2018-06-01,2019-03-01,2019-07-01,2020-06-01'.
    ");
}
