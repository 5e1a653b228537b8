//! Answers in unusual shapes: nothing at all, a list without an end, errors that Microsoft's documentation does not describe.

use serde_json::{Value, json};

use super::Outcome;
use super::kinds::{Strike, faithful};
use super::refusals::forbidden_message;
use crate::sandbox::arm::{Response, add};

/// The answer without its body. The sandbox carries out the request.
pub(super) fn empty(hit: &Strike<'_>) -> Outcome {
    let mut response = faithful(hit);
    response.body.clear();
    Outcome::Arm(response)
}

/// A page of a list whose `nextLink` leads back to itself.
pub(super) fn circle(hit: &Strike<'_>) -> Outcome {
    let mut response = faithful(hit);
    if let Ok(mut page) = serde_json::from_slice::<Value>(&response.body)
        && page.get("value").is_some()
    {
        let request = hit.call.request;
        let link = format!("{}{}", request.origin, request.target);
        add(&mut page, "nextLink", link.into());
        response.body = page.to_string().into_bytes();
    }
    Outcome::Arm(response)
}

/// A 403 with the usual reason, in one of the shapes that clients have met.
pub(super) fn odd_error(hit: &Strike<'_>) -> Outcome {
    let (code, message) = ("AuthorizationFailed", forbidden_message(hit));
    let usual = json!({"error": {"code": code, "message": message}});
    let body = match hit.fault.word("how") {
        "capitals" => json!({"Code": code, "Message": message}),
        "number" => json!({"error": {"code": 403, "message": message}}),
        "null" => json!({"error": {"code": code, "message": null, "details": null}}),
        "info" => {
            let odd = json!([null, 7, {"type": "PolicyViolation"}, {"info": "text"}]);
            json!({"error": {"code": code, "message": message, "additionalInfo": odd}})
        }
        "nested" => json!({"error": {"code": "BadRequest", "message": usual.to_string()}}),
        "flat" => json!({"code": code, "message": message}),
        _ => usual,
    };
    let mut response = Response::json(403, &body);
    match hit.fault.word("how") {
        "mark" => {
            response.body.splice(0..0, *b"\xef\xbb\xbf");
        }
        "text" => response.body = message.into_bytes(),
        _ => {}
    }
    Outcome::Arm(response)
}
