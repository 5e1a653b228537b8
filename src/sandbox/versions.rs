//! The api-versions that each resource type supports.
//!
//! These are some of Azure's real ones, up to the defaults of Microsoft's SDK for Python (`azure-mgmt-compute` 39.0, `-network`
//! 33.1, `-resource` 26.0). A request with another one fails here before it fails on Azure, and the message lists these.

use super::arm::Response;
use super::errors;
use super::route::{Resource, Route};

const COMPUTE: &str = "2021-07-01, 2021-11-01, 2022-03-01, 2022-08-01, 2022-11-01, 2023-03-01, 2023-07-01, 2023-09-01, \
    2024-03-01, 2024-07-01, 2024-11-01, 2025-04-01, 2025-11-01, 2026-03-01, 2026-04-01";

const NETWORK: &str = "2022-01-01, 2022-07-01, 2022-09-01, 2022-11-01, 2023-02-01, 2023-04-01, 2023-05-01, 2023-06-01, \
    2023-09-01, 2023-11-01, 2024-01-01, 2024-03-01, 2024-05-01, 2024-07-01, 2024-10-01, 2025-03-01, \
    2025-05-01, 2025-07-01, 2025-09-01, 2026-01-01, 2026-03-01";

const AUTHORIZATION: &str = "2015-07-01, 2018-07-01, 2022-04-01";

const INSIGHTS: &str = "2014-04-01, 2015-04-01, 2017-03-01-preview";

const RESOURCES: &str = "2025-04-01, 2025-03-01, 2024-11-01, 2024-07-01, 2024-03-01, 2023-07-01, 2022-12-01, 2022-09-01, \
    2022-06-01, 2022-01-01, 2021-04-01, 2021-01-01, 2020-10-01, 2020-06-01, 2020-01-01, 2019-10-01";

/// Rejects a version that the route's resource type does not support, as its provider would.
pub(super) fn check(route: &Route, version: &str) -> Result<(), Response> {
    let (_, _, known) = of(route);
    let mut versions = known.split(", ");
    if versions.any(|held| held.eq_ignore_ascii_case(version)) {
        return Ok(());
    }
    Err(refusal(route, version, known))
}

/// The namespace, the resource type and the api-versions of a route.
pub(super) fn of(route: &Route) -> (&'static str, &'static str, &'static str) {
    match route.resource {
        Resource::Subscriptions
        | Resource::Subscription
        | Resource::Tags
        | Resource::TagsResult => ("Microsoft.Resources", "", RESOURCES),
        Resource::Vms | Resource::Vm | Resource::InstanceView | Resource::Start => {
            ("Microsoft.Compute", "virtualMachines", COMPUTE)
        }
        Resource::Operation => ("Microsoft.Compute", "locations/operations", COMPUTE),
        Resource::Permissions => ("Microsoft.Authorization", "permissions", AUTHORIZATION),
        Resource::Activity => ("Microsoft.Insights", "eventtypes", INSIGHTS),
        Resource::Nics => ("Microsoft.Network", "networkInterfaces", NETWORK),
        Resource::PublicIps => ("Microsoft.Network", "publicIPAddresses", NETWORK),
    }
}

/// The rejection of `version` by a provider that supports the versions `known`.
pub(super) fn refusal(route: &Route, version: &str, known: &str) -> Response {
    let (namespace, kind, _) = of(route);
    let close = known.replace(' ', "");
    if namespace == "Microsoft.Resources" {
        errors::invalid_api_version(version, close)
    } else if route.name.is_empty() {
        errors::invalid_resource_type(kind, namespace, version, close)
    } else {
        errors::no_registered_provider(kind, version, known)
    }
}
