//! A 403 of Azure Policy.

use serde_json::{Value, json};

use super::Outcome;
use super::kinds::Strike;
use crate::sandbox::arm::Response;

/// The reason of every policy's author.
const REASON: &str = "Only the platform team may tag VMs";

/// A 403 of one or several policies (vscode-apimanagement#348 for the message without reasons, Microsoft's documentation of
/// RequestDisallowedByPolicy for the one with reasons and for `additionalInfo`).
pub(super) fn denied(hit: &Strike<'_>) -> Outcome {
    let vm = &hit.call.route.name;
    let policies = hit.fault.number("policies");
    let message = if hit.fault.word("reasons") == "message" {
        format!(
            "Resource '{vm}' was disallowed by policy. Reasons: '{REASON}'. See error details for policy resource IDs."
        )
    } else {
        let identifiers: Value = (1..=policies)
            .map(|number| identifiers(hit, number))
            .collect();
        format!("Resource '{vm}' was disallowed by policy. Policy identifiers: '{identifiers}'.")
    };
    let violations: Vec<Value> = (1..=policies)
        .map(|number| violation(hit, number))
        .collect();
    let body = json!({"error": {
        "code": "RequestDisallowedByPolicy",
        "target": vm,
        "message": message,
        "additionalInfo": violations,
    }});
    Outcome::Arm(Response::json(403, &body))
}

/// `name`, with a number behind it unless it is the first.
fn numbered(name: &str, separator: &str, number: u64) -> String {
    match number {
        1 => name.to_owned(),
        _ => format!("{name}{separator}{number}"),
    }
}

/// The name of the policy of this number, and the ids of its assignment and its definition.
fn ids(hit: &Strike<'_>, number: u64) -> (String, String, String) {
    let name = numbered("tags-by-platform-only", "-", number);
    let subscription = hit.call.route.subscription_id();
    let authorization = format!("{subscription}/providers/Microsoft.Authorization");
    let assignment = format!("{authorization}/policyAssignments/{name}");
    let definition = format!("{authorization}/policyDefinitions/{name}");
    (name, assignment, definition)
}

fn identifiers(hit: &Strike<'_>, number: u64) -> Value {
    let (_, assignment, definition) = ids(hit, number);
    json!({
        "policyAssignment": {"name": numbered("Session tags", " ", number), "id": assignment},
        "policyDefinition": {"name": "Only the platform team may tag", "id": definition},
    })
}

fn violation(hit: &Strike<'_>, number: u64) -> Value {
    let (name, assignment, definition) = ids(hit, number);
    let mut info = json!({
        "policyDefinitionDisplayName": "Only the platform team may tag",
        "policyDefinitionId": definition,
        "policyDefinitionName": name,
        "policyDefinitionEffect": "deny",
        "policyAssignmentDisplayName": numbered("Session tags", " ", number),
        "policyAssignmentId": assignment,
        "policyAssignmentName": name,
        "policyAssignmentScope": hit.call.route.subscription_id(),
        "policyAssignmentParameters": {},
        "policyExemptionIds": [],
    });
    if hit.fault.word("reasons") == "conditions" {
        let evaluated = json!([{
            "result": "True",
            "expressionKind": "Field",
            "expression": "tags[azlin_session]",
            "path": "tags[azlin_session]",
            "expressionValue": format!("session-{number}"),
            "targetValue": "prod-*",
            "operator": "NotLike",
        }]);
        crate::sandbox::arm::add(
            &mut info,
            "evaluationDetails",
            json!({"evaluatedExpressions": evaluated}),
        );
    }
    json!({"type": "PolicyViolation", "info": info})
}
