//! Azure's refusals, in Azure's words.
//!
//! Codes and messages are those of Microsoft's list of Azure Resource Manager error codes and of
//! errors that users of Azure quote in public, as far as there is one to quote.

use serde_json::json;

use super::arm::Response;
use super::store::StateError;

/// A refusal: what becomes `{"error":{"code","message"}}`.
#[derive(Debug)]
pub(super) struct ArmError {
    status: u16,
    code: &'static str,
    message: String,
    header: Option<(&'static str, String)>,
}

pub(super) fn refuse(status: u16, code: &'static str, message: impl Into<String>) -> ArmError {
    ArmError {
        status,
        code,
        message: message.into(),
        header: None,
    }
}

impl ArmError {
    pub(super) fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        let mut response = Response::json(self.status, &body);
        response.headers.extend(self.header);
        response
    }
}

impl From<StateError> for ArmError {
    fn from(error: StateError) -> ArmError {
        refuse(409, "SandboxStateUnusable", error.to_string())
    }
}

pub(super) fn not_signed_in(tenant: &str) -> ArmError {
    let challenge = format!(
        "Bearer authorization_uri=\"https://login.microsoftonline.com/{tenant}\", \
         error=\"invalid_token\", error_description=\"The authentication failed because of \
         missing 'Authorization' header.\""
    );
    ArmError {
        header: Some(("www-authenticate", challenge)),
        ..refuse(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        )
    }
}

pub(super) fn missing_api_version() -> ArmError {
    let message = "The api-version query parameter (?api-version=) is required for all requests.";
    refuse(400, "MissingApiVersionParameter", message)
}

/// The answer of ARM's own types (subscriptions, tags) to a version that they don't have.
pub(super) fn invalid_api_version(version: &str, known: &str) -> ArmError {
    let message = format!(
        "The api-version '{version}' is invalid. The supported versions are '{}'.",
        known.replace(' ', "")
    );
    refuse(400, "InvalidApiVersionParameter", message)
}

/// The answer of a provider's list to a version that it doesn't have.
pub(super) fn invalid_resource_type(
    kind: &str,
    namespace: &str,
    version: &str,
    known: &str,
) -> ArmError {
    let message = format!(
        "The resource type '{kind}' could not be found in the namespace '{namespace}' for api \
         version '{version}'. The supported api-versions are '{}'.",
        known.replace(' ', "")
    );
    refuse(400, "InvalidResourceType", message)
}

/// The answer to a request on one resource whose provider doesn't have the version.
pub(super) fn no_registered_provider(kind: &str, version: &str, known: &str) -> ArmError {
    let message = format!(
        "No registered resource provider found for location 'eastus' and API version \
         '{version}' for type '{kind}'. The supported api-versions are '{known}'. The supported \
         locations are 'eastus, westus2'."
    );
    refuse(400, "NoRegisteredProviderFound", message)
}

pub(super) fn missing_subscription() -> ArmError {
    let message =
        "The request did not have a subscription or a valid tenant level resource provider.";
    refuse(404, "MissingSubscription", message)
}

pub(super) fn unknown_resource_type(kind: &str, namespace: &str, version: &str) -> ArmError {
    let message = format!(
        "The resource type '{kind}' could not be found in the namespace '{namespace}' for api \
         version '{version}'."
    );
    refuse(404, "InvalidResourceType", message)
}

pub(super) fn invalid_namespace(namespace: &str) -> ArmError {
    let message = format!("The resource namespace '{namespace}' is invalid.");
    refuse(404, "InvalidResourceNamespace", message)
}

/// A path that ARM may know and the sandbox doesn't.
pub(super) fn not_found(path: &str) -> ArmError {
    let message = format!("The requested resource '{path}' was not found.");
    refuse(404, "NotFound", message)
}

pub(super) fn method_not_allowed(method: &str, path: &str, allowed: &str) -> ArmError {
    ArmError {
        header: Some(("allow", allowed.to_owned())),
        ..refuse(
            405,
            "MethodNotAllowed",
            format!("The HTTP method '{method}' is not supported on the resource '{path}'."),
        )
    }
}

pub(super) fn invalid_subscription(id: &str) -> ArmError {
    let message = format!("The provided subscription identifier '{id}' is malformed or invalid.");
    refuse(400, "InvalidSubscriptionId", message)
}

pub(super) fn subscription_not_found(id: &str) -> ArmError {
    let message = format!("The subscription '{id}' could not be found.");
    refuse(404, "SubscriptionNotFound", message)
}

pub(super) fn group_not_found(group: &str) -> ArmError {
    let message = format!("Resource group '{group}' could not be found.");
    refuse(404, "ResourceGroupNotFound", message)
}

pub(super) fn vm_not_found(group: &str, name: &str) -> ArmError {
    let message = format!(
        "The Resource 'Microsoft.Compute/virtualMachines/{name}' under resource group \
         '{group}' was not found. For more details please go to \
         https://aka.ms/ARMResourceNotFoundFix"
    );
    refuse(404, "ResourceNotFound", message)
}

pub(super) fn operation_not_found(id: &str) -> ArmError {
    let message = format!("The entity was not found: operation '{id}'.");
    refuse(404, "NotFound", message)
}

pub(super) fn invalid_parameter(name: &str, value: &str) -> ArmError {
    let message = format!("The value '{value}' of the query parameter '{name}' is invalid.");
    refuse(400, "InvalidParameter", message)
}

/// A lock on `locked`, which is `scope` or what it is in.
pub(super) fn locked(scope: &str, locked: &str) -> ArmError {
    let message = format!(
        "The scope '{scope}' cannot perform write operation because following scope(s) are \
         locked: '{locked}'. Please remove the lock and try again."
    );
    refuse(409, "ScopeLocked", message)
}

pub(super) fn unsupported_media_type(content_type: Option<&str>) -> ArmError {
    let message = format!(
        "The content media type '{}' is not supported. Only 'application/json' is supported.",
        content_type.unwrap_or("<null>")
    );
    refuse(415, "UnsupportedMediaType", message)
}

pub(super) fn invalid_content(why: &str) -> ArmError {
    let message =
        format!("The request content was invalid and could not be deserialized: '{why}'.");
    refuse(400, "InvalidRequestContent", message)
}

pub(super) fn empty_tag_name() -> ArmError {
    let message = "The tag name must be non-null, non-empty and non-whitespace only. Please provide an \
         actual value.";
    refuse(400, "InvalidTagName", message)
}

pub(super) fn tag_name_characters(names: &str) -> ArmError {
    let message = format!(
        "The tag names '{names}' have reserved characters '<,>,%,&,\\,?,/' or control \
         characters."
    );
    refuse(400, "InvalidTagNameCharacters", message)
}

pub(super) fn tag_name_length(name: &str, limit: usize) -> ArmError {
    let message = format!(
        "Tag key too large. Following tag name '{name}' exceeded the maximum length. Maximum \
         allowed length for tag name - '{limit}' characters."
    );
    refuse(400, "InvalidTagName", message)
}

pub(super) fn tag_value_length(value: &str, limit: usize) -> ArmError {
    let message = format!(
        "Tag value too large. Following tag value '{value}' exceeded the maximum length. \
             Maximum allowed length for tag value - '{limit}' characters."
    );
    refuse(400, "InvalidTagValueLength", message)
}

pub(super) fn too_many_tags(count: usize, limit: usize) -> ArmError {
    let message = format!(
        "The resource would have '{count}' tags. Maximum allowed number of tags - '{limit}'."
    );
    refuse(400, "TooManyTags", message)
}
