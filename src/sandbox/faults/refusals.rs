//! Azure's errors for reasons outside the request.
//!
//! The words come from Microsoft's documentation, or from answers that users of Azure quote in public. Each error has its source.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::kinds::Strike;
use super::{Outcome, is_write};
use crate::sandbox::arm::{Response, TENANT};
use crate::sandbox::errors::{self, refuse};
use crate::sandbox::route::Resource;
use crate::sandbox::{guid, versions};

/// The principal in answers that name one.
const ACTOR: &str = "5a4db0e5-0000-4000-8000-0000000ac7a0";

/// A 429 of the limits that `body` selects, or a 503 that also asks to wait.
pub(super) fn throttle(hit: &Strike<'_>) -> Outcome {
    let seconds = hit.fault.number("retry-after");
    let is_overload = hit.fault.status() == 503;
    let (mut response, is_arms) = match hit.fault.word("body") {
        "compute" => (throttled_by_compute(), true),
        "text" => (plain("Too many requests. Try again later."), true),
        "html" if is_overload => (
            html("503 Service Unavailable", "The server is overloaded."),
            false,
        ),
        "html" => (
            html(
                "429 Too Many Requests",
                "You are sending too many requests.",
            ),
            false,
        ),
        _ if is_overload => (
            refuse(
                503,
                "ServerBusy",
                "The server is busy. Please try again later.",
            ),
            true,
        ),
        _ => (throttled(hit, seconds), true),
    };
    response.status = hit.fault.status();
    let wait = match hit.fault.word("as") {
        "date" => SystemTime::now().checked_add(Duration::from_secs(seconds)),
        _ => None,
    };
    let wait = wait.map_or_else(|| seconds.to_string(), httpdate::fmt_http_date);
    let response = response.header("retry-after", wait);
    if is_arms {
        Outcome::Arm(response)
    } else {
        Outcome::Proxy(response)
    }
}

pub(super) fn budget(hit: &Strike<'_>) -> Outcome {
    let response = throttled(hit, hit.wait);
    Outcome::Arm(response.header("retry-after", hit.wait.to_string()))
}

/// A 429 of ARM's own limits (<https://aka.ms/arm-throttling>; the words as quoted in public with "additional tokens").
fn throttled(hit: &Strike<'_>, seconds: u64) -> Response {
    let kind = if is_write(hit.call) { "write" } else { "read" };
    let message = format!(
        "Number of '{kind}' requests for subscription '{}' actor '{ACTOR}' exceeded. Please try again after \
         '{seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for \
         additional information.",
        hit.call.route.subscription
    );
    refuse(429, "SubscriptionRequestsThrottled", message)
}

/// A 429 of Compute's limits, without an `error` wrapper (Microsoft's documentation "Troubleshooting API throttling errors").
fn throttled_by_compute() -> Response {
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
    let left = "Microsoft.Compute/HighCostGet;0";
    Response::json(429, &body).header("x-ms-ratelimit-remaining-resource", left)
}

/// A 408 or a 5xx.
///
/// Sources: 502: pulumi-azure-native#560; 503: microsoft/MLOS#950; 504: azure-cli#31815.
pub(super) fn status(hit: &Strike<'_>) -> Outcome {
    let route = hit.call.route;
    let provider = match route.resource {
        Resource::Nics | Resource::PublicIps => "Microsoft.Network",
        _ => "Microsoft.Compute",
    };
    let tracking = guid::of_text(hit.call.request.target);
    let diagnostic = format!(
        "Diagnostic information: timestamp '20260105T080000Z', subscription id '{}', tracking id '{tracking}', request \
         correlation id '{tracking}'.",
        route.subscription
    );
    let status = hit.fault.status();
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
    arm(status, code, &message)
}

fn arm(status: u16, code: &str, message: &str) -> Outcome {
    Outcome::Arm(refuse(status, code, message))
}

pub(super) fn gone(hit: &Strike<'_>) -> Outcome {
    let route = hit.call.route;
    Outcome::Arm(errors::vm_not_found(&route.group, &route.name))
}

pub(super) fn group_gone(hit: &Strike<'_>) -> Outcome {
    Outcome::Arm(errors::group_not_found(&hit.call.route.group))
}

/// A 409 for a concurrent write (pulumi-azure-native#4765, bosh-azure-cpi-release#762).
pub(super) fn conflict(_: &Strike<'_>) -> Outcome {
    let message = "The operation was interrupted by a conflicting concurrent write on the same entity. Please retry later.";
    arm(409, "ConflictingConcurrentWriteNotAllowed", message)
}

/// A 401 for an expired token (vscode-azureappservice#2483; the challenge as in Microsoft's documentation of ARM authentication).
pub(super) fn expired_token(_: &Strike<'_>) -> Outcome {
    let message = "The access token expiry UTC time '1/5/2026 7:00:00 AM' is earlier than current UTC time '1/5/2026 8:00:00 AM'.";
    let challenge = "error=\"invalid_token\", error_description=\"The access token has expired.\"";
    unauthorized("ExpiredAuthenticationToken", message, challenge)
}

/// A claims challenge: the client must get a new token with these claims (azure-powershell#28200, azure-cli#23635; Microsoft's
/// documentation of claims challenges). The claims are `{"access_token":{"nbf":{"essential":true,"value":"1767600000"}}}`.
pub(super) fn claims(_: &Strike<'_>) -> Outcome {
    let message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
         TokenIssuedBeforeRevocationTimestamp";
    let challenge = "error=\"insufficient_claims\", \
         claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzY3NjAwMDAwIn19fQ==\"";
    unauthorized("InvalidAuthenticationToken", message, challenge)
}

/// A 401 for a token of another tenant (Microsoft's list of ARM error codes, and threads about subscriptions that moved to another
/// tenant).
pub(super) fn wrong_tenant(_: &Strike<'_>) -> Outcome {
    let other = "5a4db0e5-0000-4000-8000-00000000bad0";
    let message = format!(
        "The access token is from the wrong issuer 'https://sts.windows.net/{other}/'. It must match the tenant \
         'https://sts.windows.net/{TENANT}/' associated with this subscription. Please use the authority (URL) \
         'https://login.windows.net/{TENANT}' to get the token. Note, if the subscription is transferred to another \
         tenant there is no impact to the services, but information about new tenant could take time to propagate (up \
         to an hour). If you just transferred your subscription and see this error message, please try back later."
    );
    let challenge = "error=\"invalid_token\", error_description=\"The access token is from the wrong issuer. It must match \
         the tenant associated with this subscription. Please use correct authority to get the token.\"";
    unauthorized("InvalidAuthenticationTokenTenant", &message, challenge)
}

fn unauthorized(code: &str, message: &str, challenge: &str) -> Outcome {
    let authority =
        format!("Bearer authorization_uri=\"https://login.windows.net/{TENANT}\", {challenge}");
    Outcome::Arm(refuse(401, code, message).header("www-authenticate", authority))
}

/// A 403 with the action and the scope of the request.
pub(super) fn forbidden(hit: &Strike<'_>) -> Outcome {
    arm(403, "AuthorizationFailed", &forbidden_message(hit))
}

/// The message of a 403, with the action and the scope of the request (Microsoft's list of permissions of its providers).
pub(super) fn forbidden_message(hit: &Strike<'_>) -> String {
    let route = hit.call.route;
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
        Resource::Tags if is_write(hit.call) => "Microsoft.Resources/tags/write",
        Resource::Tags => "Microsoft.Resources/tags/read",
        Resource::Permissions => "Microsoft.Authorization/permissions/read",
        Resource::Activity => "Microsoft.Insights/eventtypes/values/read",
    };
    let scope = if route.resource == Resource::Tags {
        route.tags_id()
    } else if route.group.is_empty() {
        route.subscription_id()
    } else if route.name.is_empty() {
        route.group_id()
    } else {
        route.vm_id()
    };
    format!(
        "The client 'azlin-sandbox' with object id '{ACTOR}' does not have authorization to perform action '{action}' \
         over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your \
         credentials."
    )
}

/// A 409 for a VM that Azure cannot start now, because its size is not available in the region or zone (Microsoft's documentation
/// of allocation failures, and its list of ARM error codes).
pub(super) fn no_capacity(hit: &Strike<'_>) -> Outcome {
    let code = hit.fault.word("code");
    let message = match code {
        "ZonalAllocationFailed" => {
            "Allocation failed. We do not have sufficient capacity for the requested VM size in this zone. Read more about \
             improving likelihood of allocation success at http://aka.ms/allocation-guidance"
        }
        "SkuNotAvailable" => {
            "The requested size for resource is currently not available in location 'westus2' zones '' for subscription. Please \
             try another size or deploy to a different location or zones."
        }
        "OverconstrainedAllocationRequest" => {
            "Allocation failed. VM(s) with the following constraints cannot be allocated, because the condition is too \
             restrictive. Please remove some constraints and try again."
        }
        _ => {
            "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more about \
             improving likelihood of allocation success at http://aka.ms/allocation-guidance"
        }
    };
    arm(409, code, message)
}

/// A 409 for a lock. Azure names the locked scope, not the lock (azure-sdk-for-java#2560).
pub(super) fn scope_locked(hit: &Strike<'_>) -> Outcome {
    let route = hit.call.route;
    let locked = match hit.fault.word("at") {
        "vm" => route.vm_id(),
        "group" => route.group_id(),
        _ => route.subscription_id(),
    };
    Outcome::Arm(errors::locked(route.vm_id(), locked))
}

/// A 409 that explains itself only in its details (bicep's MultipleErrorsOccurred; Microsoft's documentation of the errors of
/// Compute for OperationNotAllowed).
pub(super) fn details(hit: &Strike<'_>) -> Outcome {
    let error = if hit.fault.word("of") == "multiple" {
        json!({
            "code": "MultipleErrorsOccurred",
            "message": "Multiple error occurred: BadRequest,Conflict. Please see details.",
            "details": [
                {"code": "BadRequest", "message": "The tag value is reserved for the platform team."},
                {"code": "Conflict", "target": hit.call.route.name, "message": "Another operation on this resource is in progress."},
            ],
        })
    } else {
        json!({
            "code": "OperationNotAllowed",
            "message": "The operation is not allowed.",
            "details": [{"code": "VMBeingMoved", "message": "The VM is being moved to another resource group."}],
        })
    };
    Outcome::Arm(Response::json(409, &json!({ "error": error })))
}

/// A 409 for a resource provider that the subscription has not registered (Microsoft's list of ARM error codes).
pub(super) fn unregistered(hit: &Strike<'_>) -> Outcome {
    let namespace = match versions::of(hit.call.route).0 {
        // Every subscription has this one; it passes tags on to the VM's own provider.
        "Microsoft.Resources" => "Microsoft.Compute",
        other => other,
    };
    let message = format!(
        "The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to \
         register subscriptions."
    );
    let code = "MissingSubscriptionRegistration";
    let body = json!({"error": {
        "code": code,
        "message": message,
        "details": [{"code": code, "target": namespace, "message": message}],
    }});
    Outcome::Arm(Response::json(409, &body))
}

/// The 400 of an Azure Stack Hub, whose api-versions end in 2020, to a newer version.
pub(super) fn old_api(hit: &Strike<'_>) -> Outcome {
    const OLD: &str = "2016-03-30, 2017-03-30, 2017-12-01, 2018-04-01, 2018-06-01, 2019-03-01, 2019-07-01, 2020-06-01";
    Outcome::Arm(versions::refusal(hit.call.route, hit.call.api_version, OLD))
}

/// A 409 for a disabled subscription (vscode-azureappservice#1646).
pub(super) fn disabled(hit: &Strike<'_>) -> Outcome {
    let message = format!(
        "The subscription '{}' is disabled and therefore marked as read only. You cannot perform any write actions on \
         this subscription until it is re-enabled.",
        hit.call.route.subscription
    );
    arm(409, "ReadOnlyDisabledSubscription", &message)
}

/// A page of a proxy between the client and Azure. With a successful status, it is a sign-in page.
pub(super) fn page(hit: &Strike<'_>) -> Outcome {
    let status = hit.fault.status();
    let (title, text) = match status {
        403 => ("403 Forbidden", "Your organization has blocked this site."),
        502 => (
            "502 Bad Gateway",
            "The proxy server received an invalid response.",
        ),
        503 => ("503 Service Unavailable", "The proxy server is overloaded."),
        _ => ("Sign in", "Sign in to use this network."),
    };
    let page = html(title, text);
    Outcome::Proxy(Response { status, ..page })
}

/// A page with this title and text.
fn html(title: &str, text: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html>\r\n<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1><p>{text}</p></body>\r\n</html>\r\n"
    );
    Response {
        status: 200,
        headers: vec![("content-type", "text/html; charset=utf-8".to_owned())],
        body: page.into_bytes(),
    }
}

/// A text without any markup.
fn plain(text: &str) -> Response {
    Response {
        status: 429,
        headers: vec![("content-type", "text/plain; charset=utf-8".to_owned())],
        body: text.into(),
    }
}
