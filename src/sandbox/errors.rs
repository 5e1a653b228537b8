//! Azure's errors, in Azure's words.
//!
//! Codes and messages come from Microsoft's list of Azure Resource Manager error codes, and from errors that users of Azure
//! quote in public, if there is such a quote.

use std::fmt::Display;
use std::io;

use serde_json::{Value, json};

use super::arm::{Response, TENANT};

/// The error `{"error":{"code","message"}}`.
pub(super) fn refuse(status: u16, code: &str, message: impl Display) -> Response {
    let error = json!({"code": code, "message": message.to_string()});
    Response::json(status, &json!({ "error": error }))
}

/// Turns each line into a function that takes the values in the message and returns the error.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident($($value:ident),*): $status:literal $code:literal $message:literal)*) => {
        $($(#[$doc])* pub(super) fn $name($($value: impl Display),*) -> Response {
            refuse($status, $code, format_args!($message))
        })*
    };
}

refusals! {
    missing_api_version(): 400 "MissingApiVersionParameter"
        "The api-version query parameter (?api-version=) is required for all requests."
    /// The answer of ARM's own types (subscriptions, tags) to an unknown version.
    invalid_api_version(version, known): 400 "InvalidApiVersionParameter"
        "The api-version '{version}' is invalid. The supported versions are '{known}'."
    /// The answer of a provider's list to an unknown version.
    invalid_resource_type(kind, namespace, version, known): 400 "InvalidResourceType"
        "The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{version}'. The \
         supported api-versions are '{known}'."
    /// The answer to a request on one resource whose provider does not know the version.
    no_registered_provider(kind, version, known): 400 "NoRegisteredProviderFound"
        "No registered resource provider found for location 'eastus' and API version '{version}' for type '{kind}'. The \
         supported api-versions are '{known}'. The supported locations are 'eastus, westus2'."
    missing_subscription(): 404 "MissingSubscription"
        "The request did not have a subscription or a valid tenant level resource provider."
    unknown_resource_type(kind, namespace, version): 404 "InvalidResourceType"
        "The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{version}'."
    invalid_namespace(namespace): 404 "InvalidResourceNamespace"
        "The resource namespace '{namespace}' is invalid."
    /// A path that ARM may know and the sandbox does not.
    not_found(path): 404 "NotFound"
        "The requested resource '{path}' was not found."
    unsupported_method(method, path): 405 "MethodNotAllowed"
        "The HTTP method '{method}' is not supported on the resource '{path}'."
    invalid_subscription(id): 400 "InvalidSubscriptionId"
        "The provided subscription identifier '{id}' is malformed or invalid."
    subscription_not_found(id): 404 "SubscriptionNotFound"
        "The subscription '{id}' could not be found."
    group_not_found(group): 404 "ResourceGroupNotFound"
        "Resource group '{group}' could not be found."
    vm_not_found(group, name): 404 "ResourceNotFound"
        "The Resource 'Microsoft.Compute/virtualMachines/{name}' under resource group '{group}' was not found. For more \
         details please go to https://aka.ms/ARMResourceNotFoundFix"
    operation_not_found(id): 404 "NotFound"
        "The entity was not found: operation '{id}'."
    invalid_parameter(name, value): 400 "InvalidParameter"
        "The value '{value}' of the query parameter '{name}' is invalid."
    too_long_ago(): 400 "BadRequest"
        "The start time cannot be more than 90 day(s) in the past."
    unknown_parameter(name): 400 "InvalidParameter"
        "The query parameter '{name}' is not supported for this request."
    repeated_parameter(name): 400 "InvalidParameter"
        "The query parameter '{name}' is specified more than once."
    /// A lock on `locked`, which is `scope` or contains it.
    locked(scope, locked): 409 "ScopeLocked"
        "The scope '{scope}' cannot perform write operation because following scope(s) are locked: '{locked}'. Please \
         remove the lock and try again."
    unsupported_media_type(content_type): 415 "UnsupportedMediaType"
        "The content media type '{content_type}' is not supported. Only 'application/json' is supported."
    invalid_content(why): 400 "InvalidRequestContent"
        "The request content was invalid and could not be deserialized: '{why}'."
    empty_tag_name(): 400 "InvalidTagName"
        "The tag name must be non-null, non-empty and non-whitespace only. Please provide an actual value."
    tag_name_characters(names): 400 "InvalidTagNameCharacters"
        "The tag names '{names}' have reserved characters '<,>,%,&,\\,?,/' or control characters."
    tag_name_length(name, limit): 400 "InvalidTagName"
        "Tag key too large. Following tag name '{name}' exceeded the maximum length. Maximum allowed length for tag name \
         - '{limit}' characters."
    tag_value_length(value, limit): 400 "InvalidTagValueLength"
        "Tag value too large. Following tag value '{value}' exceeded the maximum length. Maximum allowed length for tag \
         value - '{limit}' characters."
    too_many_tags(count, limit): 400 "TooManyTags"
        "The resource would have '{count}' tags. Maximum allowed number of tags - '{limit}'."
    /// A request over HTTP that names another host.
    misdirected(host): 421 "MisdirectedRequest"
        "the sandbox answers requests to localhost and loopback addresses only, not to '{host}'"
    too_large(limit): 413 "RequestContentTooLarge"
        "The request content size exceeds the maximum size of '{limit}' bytes."
    cut_short(): 400 "BadRequest"
        "the request body is incomplete"
}

/// The code if the fleet's file cannot be read or written.
pub const UNUSABLE: &str = "SandboxFileUnusable";
/// The code if the fleet's file is not one.
pub const INVALID: &str = "SandboxFileInvalid";

impl From<io::Error> for Response {
    /// The error while the fleet's file is unusable. Nothing was written.
    fn from(error: io::Error) -> Response {
        let code = match error.kind() {
            io::ErrorKind::InvalidData => INVALID,
            _ => UNUSABLE,
        };
        refuse(500, code, error)
    }
}

impl Response {
    /// The error if the fleet's file is unusable.
    pub(super) fn unusable(&self) -> Option<String> {
        let body: Value = match self.status {
            500 => serde_json::from_slice(&self.body).ok()?,
            _ => return None,
        };
        let error = body.get("error")?;
        let code = error.get("code")?.as_str()?;
        let message = error.get("message")?.as_str()?;
        [UNUSABLE, INVALID]
            .contains(&code)
            .then(|| message.to_owned())
    }
}

pub(super) fn not_signed_in() -> Response {
    let message = "Authentication failed. The 'Authorization' header is missing.";
    let challenge = format!(
        "Bearer authorization_uri=\"https://login.microsoftonline.com/{TENANT}\", error=\"invalid_token\", \
         error_description=\"The authentication failed because of missing 'Authorization' header.\""
    );
    refuse(401, "AuthenticationFailed", message).header("www-authenticate", challenge)
}

pub(super) fn method_not_allowed(method: &str, path: &str, allowed: &str) -> Response {
    unsupported_method(method, path).header("allow", allowed)
}
