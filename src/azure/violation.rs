//! [`Violation`]: a policy that denies a request, and its author's reason.

use serde_json::{Map, Value};

use super::reason::{first_text, list, member};
use crate::text::and;

/// A policy that denies a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Violation {
    /// The display name of its assignment, or another of its names.
    pub policy: String,
    /// The author's reason, or the conditions that the request meets. May be empty.
    pub reason: String,
}

/// The policies that `error` names in its `additionalInfo` (Microsoft's documentation of `RequestDisallowedByPolicy`).
pub(super) fn violations(error: &Map<String, Value>) -> Vec<Violation> {
    const NAMES: [&str; 4] = [
        "policyAssignmentDisplayName",
        "policyDefinitionDisplayName",
        "policyAssignmentName",
        "policyDefinitionName",
    ];
    let infos = list(member(error, "additionalInfo"))
        .filter_map(|one| member(one.as_object()?, "info")?.as_object());
    let named = infos.map(|info| Violation {
        policy: first_text(info, &NAMES),
        reason: reason(info),
    });
    named
        .filter(|violation| !violation.policy.is_empty())
        .collect()
}

/// The reason that a policy's `info` gives.
fn reason(info: &Map<String, Value>) -> String {
    let written = first_text(info, &["nonComplianceMessage", "reason", "message"]);
    if !written.is_empty() {
        return written;
    }
    let Some(details) = member(info, "evaluationDetails").and_then(Value::as_object) else {
        return String::new();
    };
    let written = first_text(details, &["reason"]);
    if !written.is_empty() {
        return written;
    }
    let met = list(member(details, "evaluatedExpressions")).filter_map(condition);
    and(&met.collect::<Vec<_>>())
}

/// A condition of a policy that the request meets, such as `location is centralus (NotIn eastus, westus)`.
fn condition(evaluated: &Value) -> Option<String> {
    let evaluated = evaluated.as_object()?;
    let is_met = first_text(evaluated, &["result"]).eq_ignore_ascii_case("true");
    let field = first_text(evaluated, &["expression", "path"]);
    if !is_met || field.is_empty() {
        return None;
    }
    let value = first_text(evaluated, &["expressionValue"]);
    let operator = first_text(evaluated, &["operator"]);
    let targets = list(member(evaluated, "targetValue")).map(|target| match target {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let targets: Vec<String> = targets.collect();
    let value = if value.is_empty() { "not set" } else { &value };
    Some(format!(
        "{field} is {value} ({operator} {})",
        targets.join(", ")
    ))
}

/// The names of the policies that a message lists behind "Policy identifiers:", if it lists them.
pub(super) fn identified(message: &str) -> Vec<String> {
    let Some((_, listed)) = message.split_once("Policy identifiers: '") else {
        return Vec::new();
    };
    let end = listed.rfind('\'').unwrap_or(listed.len());
    let listed = listed.get(..end).unwrap_or_default();
    let listed: Vec<Value> = serde_json::from_str(listed).unwrap_or_default();
    let assignment = |one: &Value| {
        Some(
            one.get("policyAssignment")?
                .get("name")?
                .as_str()?
                .to_owned(),
        )
    };
    listed.iter().filter_map(assignment).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(error: &Value) -> Vec<(String, String)> {
        let violations = violations(error.as_object().unwrap());
        let pair = |one: Violation| (one.policy, one.reason);
        violations.into_iter().map(pair).collect()
    }

    #[test]
    fn every_policy_and_its_reason_is_read() {
        let error = json!({ "additionalInfo": [
            { "type": "PolicyViolation", "info": { "policyAssignmentDisplayName": "One", "nonComplianceMessage": "because" } },
            { "type": "PolicyViolation", "info": {
                "policyAssignmentDisplayName": "", "policyDefinitionName": "two",
                "evaluationDetails": { "evaluatedExpressions": [
                    { "result": "True", "expression": "location", "expressionValue": "centralus", "targetValue": ["eastus", "westus"], "operator": "NotIn" },
                    { "result": "False", "expression": "type", "expressionValue": "vm", "targetValue": "x", "operator": "Equals" },
                    { "result": "True", "expression": "tags[owner]", "targetValue": "false", "operator": "Exists" },
                ] },
            } },
        ] });
        let pair = |policy: &str, reason: &str| (policy.to_owned(), reason.to_owned());
        assert_eq!(
            read(&error),
            [
                pair("One", "because"),
                pair(
                    "two",
                    "location is centralus (NotIn eastus, westus) and tags[owner] is not set (Exists false)"
                ),
            ]
        );
    }

    #[test]
    fn odd_additional_info_is_skipped() {
        for odd in [
            json!(null),
            json!(7),
            json!("text"),
            json!([null, 7, {}, { "type": "PolicyViolation" }, { "info": null }, { "info": [] }]),
            json!([{ "info": { "policyAssignmentName": null } }]),
        ] {
            assert_eq!(read(&json!({ "additionalInfo": odd })), [], "{odd}");
        }
        let one = json!({ "AdditionalInfo": { "Info": { "PolicyAssignmentName": "P" } } });
        assert_eq!(read(&one), [("P".to_owned(), String::new())]);
    }

    #[test]
    fn policies_are_found_in_a_message() {
        let message = r#"No. Policy identifiers: '[{"policyAssignment":{"name":"It's one"}},{"policyAssignment":{"name":"two"}},{}]'."#;
        assert_eq!(identified(message), ["It's one", "two"]);
        assert_eq!(identified("Policy identifiers: '[{'"), [""; 0]);
        assert_eq!(identified("Policy identifiers: '"), [""; 0]);
        assert_eq!(identified(""), [""; 0]);
    }
}
