//! What Azure says when it refuses for reasons outside the request.
//!
//! Wording from Microsoft's documentation and from answers that users of Azure quote in public; each says where from.

use serde_json::json;

use super::fault::Place;
use super::is_write;
use crate::sandbox::arm::{Call, Response, TENANT};
use crate::sandbox::errors::{self, refuse};
use crate::sandbox::guid;
use crate::sandbox::route::Resource;

/// Who asks, in answers that name the principal.
const ACTOR: &str = "5a4db0e5-0000-4000-8000-0000000ac7a0";

/// 429 of ARM's own limits (<https://aka.ms/arm-throttling>; the words as quoted in public with "additional tokens").
pub(super) fn throttled(call: &Call<'_>, seconds: u64) -> Response {
    let kind = if is_write(call) { "write" } else { "read" };
    let message = format!(
        "Number of '{kind}' requests for subscription '{}' actor '{ACTOR}' exceeded. Please try again after \
         '{seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for \
         additional information.",
        call.route.subscription
    );
    refuse(429, "SubscriptionRequestsThrottled", message)
        .into_response()
        .header("retry-after", seconds.to_string())
}

/// 429 of Compute's limits, without an `error` around it (Microsoft's documentation "Troubleshooting API throttling
/// errors").
pub(super) fn throttled_by_compute(seconds: u64) -> Response {
    let measured = json!({
        "operationGroup": "HighCostGet",
        "startTime": "2026-01-05T08:00:00.0000000+00:00",
        "endTime": "2026-01-05T08:03:00.0000000+00:00",
        "allowedRequestCount": 300,
        "measuredRequestCount": 1238,
    });
    let body = json!({
        "code": "OperationNotAllowed",
        "message": "The server rejected the request because too many requests have been received for this subscription.",
        "details": [{
            "code": "TooManyRequests",
            "target": "HighCostGet",
            "message": measured.to_string(),
        }],
    });
    Response::json(429, &body)
        .header("retry-after", seconds.to_string())
        .header(
            "x-ms-ratelimit-remaining-resource",
            "Microsoft.Compute/HighCostGet;0",
        )
}

/// 408 and the 5xx.
///
/// 502: pulumi-azure-native#560; 503: microsoft/MLOS#950; 504: azure-cli#31815.
pub(super) fn status(call: &Call<'_>, status: u16) -> Response {
    let provider = match call.route.resource {
        Resource::Nics | Resource::PublicIps => "Microsoft.Network",
        _ => "Microsoft.Compute",
    };
    let subscription = &call.route.subscription;
    let tracking = guid::of_text(call.request.target);
    let diagnostic = format!(
        "Diagnostic information: timestamp '20260105T080000Z', subscription id '{subscription}', tracking id \
         '{tracking}', request correlation id '{tracking}'."
    );
    let (code, message) = match status {
        408 => ("RequestTimeout", "The request timed out.".to_owned()),
        502 => (
            "BadGatewayConnection",
            format!(
                "The network connectivity issue encountered for '{provider}'; cannot fulfill the request."
            ),
        ),
        503 => (
            "ServerTimeout",
            format!("The request timed out. {diagnostic}"),
        ),
        504 => (
            "GatewayTimeout",
            format!(
                "The gateway did not receive a response from '{provider}' within the specified time period."
            ),
        ),
        _ => (
            "InternalServerError",
            format!("Encountered internal server error. {diagnostic}"),
        ),
    };
    refuse(status, code, message).into_response()
}

/// pulumi-azure-native#4765, bosh-azure-cpi-release#762.
pub(super) fn conflict() -> Response {
    let message = "The operation was interrupted by a conflicting concurrent write on the same entity. Please retry later.";
    refuse(409, "ConflictingConcurrentWriteNotAllowed", message).into_response()
}

/// vscode-azureappservice#2483; the challenge as Microsoft's documentation of ARM authentication has it.
pub(super) fn expired_token() -> Response {
    let message = "The access token expiry UTC time '1/5/2026 7:00:00 AM' is earlier than current UTC time '1/5/2026 8:00:00 AM'.";
    refuse(401, "ExpiredAuthenticationToken", message)
        .into_response()
        .header(
            "www-authenticate",
            challenge(
                "error=\"invalid_token\", error_description=\"The access token has expired.\"",
            ),
        )
}

/// A claims challenge: the token must be had anew with these claims (azure-powershell#28200, azure-cli#23635; Microsoft's
/// documentation of claims challenges). The claims say `{"access_token":{"nbf":{"essential":true,"value":"1767600000"}}}`.
pub(super) fn claims() -> Response {
    let message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
         TokenIssuedBeforeRevocationTimestamp";
    refuse(401, "InvalidAuthenticationToken", message)
    .into_response()
    .header(
        "www-authenticate",
        challenge(
            "error=\"insufficient_claims\", \
         claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzY3NjAwMDAwIn19fQ==\"",
        ),
    )
}

/// Microsoft's list of ARM error codes and threads about subscriptions that moved to another tenant.
pub(super) fn wrong_tenant() -> Response {
    let other = "5a4db0e5-0000-4000-8000-00000000bad0";
    let message = format!(
        "The access token is from the wrong issuer 'https://sts.windows.net/{other}/'. It must match the tenant \
         'https://sts.windows.net/{TENANT}/' associated with this subscription. Please use the authority (URL) \
         'https://login.windows.net/{TENANT}' to get the token. Note, if the subscription is transferred to another \
         tenant there is no impact to the services, but information about new tenant could take time to propagate (up \
         to an hour). If you just transferred your subscription and see this error message, please try back later."
    );
    refuse(401, "InvalidAuthenticationTokenTenant", message)
    .into_response()
    .header(
        "www-authenticate",
        challenge(
            "error=\"invalid_token\", error_description=\"The access token is from the wrong issuer. It must match the \
         tenant associated with this subscription. Please use correct authority to get the token.\"",
        ),
    )
}

fn challenge(rest: &str) -> String {
    format!("Bearer authorization_uri=\"https://login.windows.net/{TENANT}\", {rest}")
}

/// The action and the scope are those of the request (Microsoft's list of permissions of its providers).
pub(super) fn forbidden(call: &Call<'_>) -> Response {
    let route = call.route;
    let action = match route.resource {
        Resource::Subscriptions | Resource::Subscription => {
            "Microsoft.Resources/subscriptions/read"
        }
        Resource::Vms | Resource::Vm => "Microsoft.Compute/virtualMachines/read",
        Resource::InstanceView => "Microsoft.Compute/virtualMachines/instanceView/read",
        Resource::Start => "Microsoft.Compute/virtualMachines/start/action",
        Resource::Operation => "Microsoft.Compute/locations/operations/read",
        Resource::Nics => "Microsoft.Network/networkInterfaces/read",
        Resource::PublicIps => "Microsoft.Network/publicIPAddresses/read",
        Resource::TagsResult => "Microsoft.Resources/subscriptions/operationresults/read",
        Resource::Tags if is_write(call) => "Microsoft.Resources/tags/write",
        Resource::Tags => "Microsoft.Resources/tags/read",
        Resource::Permissions => "Microsoft.Authorization/permissions/read",
    };
    let scope = scope(call);
    let message = format!(
        "The client 'azlin-sandbox' with object id '{ACTOR}' does not have authorization to perform action '{action}' \
         over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your \
         credentials."
    );
    refuse(403, "AuthorizationFailed", message).into_response()
}

/// The id of what the request is about: a VM, a group or the subscription.
fn scope(call: &Call<'_>) -> String {
    let route = call.route;
    match (route.group.is_empty(), route.resource) {
        (_, Resource::Tags) => format!(
            "{}/providers/Microsoft.Resources/tags/default",
            route.vm_id()
        ),
        (false, _) if !route.name.is_empty() => route.vm_id(),
        (false, _) => group_id(call),
        (true, _) => format!("/subscriptions/{}", route.subscription),
    }
}

fn group_id(call: &Call<'_>) -> String {
    let route = call.route;
    format!(
        "/subscriptions/{}/resourceGroups/{}",
        route.subscription, route.group
    )
}

/// Azure names the scope that is locked, not the lock (azure-sdk-for-java#2560).
pub(super) fn scope_locked(call: &Call<'_>, at: Place) -> Response {
    let locked = match at {
        Place::Vm => call.route.vm_id(),
        Place::Group => group_id(call),
        Place::Subscription => format!("/subscriptions/{}", call.route.subscription),
    };
    errors::locked(&call.route.vm_id(), &locked).into_response()
}

/// vscode-apimanagement#348 for the message; `additionalInfo` as in Microsoft's documentation of RequestDisallowedByPolicy.
pub(super) fn policy_denied(call: &Call<'_>) -> Response {
    const NAME: &str = "tags-by-platform-only";
    let authorization = format!(
        "/subscriptions/{}/providers/Microsoft.Authorization",
        call.route.subscription
    );
    let assignment = format!("{authorization}/policyAssignments/{NAME}");
    let definition = format!("{authorization}/policyDefinitions/{NAME}");
    let identifiers = json!([{
        "policyAssignment": {"name": "Session tags", "id": assignment},
        "policyDefinition": {"name": "Only the platform team may tag", "id": definition},
    }]);
    let body = json!({"error": {
        "code": "RequestDisallowedByPolicy",
        "target": call.route.name,
        "message": format!(
            "Resource '{}' was disallowed by policy. Policy identifiers: '{identifiers}'.",
            call.route.name
        ),
        "additionalInfo": [{
            "type": "PolicyViolation",
            "info": {
                "policyDefinitionDisplayName": "Only the platform team may tag",
                "policyDefinitionId": definition,
                "policyDefinitionName": NAME,
                "policyDefinitionEffect": "deny",
                "policyAssignmentDisplayName": "Session tags",
                "policyAssignmentId": assignment,
                "policyAssignmentName": NAME,
                "policyAssignmentScope": format!("/subscriptions/{}", call.route.subscription),
                "policyAssignmentParameters": {},
                "policyExemptionIds": [],
            },
        }],
    }});
    Response::json(403, &body)
}

/// vscode-azureappservice#1646.
pub(super) fn disabled_subscription(call: &Call<'_>) -> Response {
    let message = format!(
        "The subscription '{}' is disabled and therefore marked as read only. You cannot perform any write actions on \
         this subscription until it is re-enabled.",
        call.route.subscription
    );
    refuse(409, "ReadOnlyDisabledSubscription", message).into_response()
}

/// A page of something between the client and Azure: a sign-in portal where the status is a success.
pub(super) fn page(status: u16) -> Response {
    let (title, text) = match status {
        403 => ("403 Forbidden", "Your organization has blocked this site."),
        502 => (
            "502 Bad Gateway",
            "The proxy server received an invalid response.",
        ),
        503 => ("503 Service Unavailable", "The proxy server is overloaded."),
        _ => ("Sign in", "Sign in to use this network."),
    };
    let page = format!(
        "<!DOCTYPE html>\r\n<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1><p>{text}</p></body>\r\n</html>\r\n"
    );
    Response {
        status,
        headers: vec![("content-type", "text/html; charset=utf-8".to_owned())],
        body: page.into_bytes(),
    }
}
