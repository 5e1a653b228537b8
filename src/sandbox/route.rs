//! Finds the resource that a request's target names.

use percent_encoding::percent_decode_str;

use super::arm::Response;
use super::errors;
use super::guid::{self, Guid};

/// The path and the query of a request, both as sent and decoded.
pub(super) struct Target<'a> {
    pub(super) path: &'a str,
    segments: Vec<String>,
    parameters: Vec<Parameter<'a>>,
}

struct Parameter<'a> {
    raw: &'a str,
    name: String,
    value: String,
}

impl<'a> Target<'a> {
    pub(super) fn parse(target: &'a str) -> Target<'a> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameters = query.split('&').filter(|raw| !raw.is_empty()).map(|raw| {
            let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
            Parameter {
                raw,
                name: percent_decode(name),
                value: percent_decode(value),
            }
        });
        Target {
            path,
            // ARM ignores empty segments, as in `//subscriptions/` or after a trailing slash.
            segments: path
                .split('/')
                .filter(|segment| !segment.is_empty())
                .map(percent_decode)
                .collect(),
            parameters: parameters.collect(),
        }
    }

    /// The subscription in the path, even if the path itself is unknown.
    pub(super) fn subscription(&self) -> Option<Guid> {
        let mut segments = self.segments.iter();
        let first = segments.next()?;
        let id = segments.next()?;
        let of_one = first.eq_ignore_ascii_case("subscriptions");
        of_one.then(|| guid::parse(id)).flatten()
    }

    /// The first value of a query parameter. Names are case-insensitive.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = |p: &&Parameter<'_>| p.name.eq_ignore_ascii_case(name);
        Some(&self.parameters.iter().find(found)?.value)
    }

    /// The target as sent, with one query parameter replaced.
    pub(super) fn with_parameter(&self, name: &str, value: &str) -> String {
        let mut target = format!("{}?", self.path);
        for parameter in &self.parameters {
            if !parameter.name.eq_ignore_ascii_case(name) {
                target = target + parameter.raw + "&";
            }
        }
        target + name + "=" + value
    }
}

/// Rejects a query parameter that Microsoft's REST descriptions do not have for the route, or that the sandbox does not implement, as
/// `$filter`. Azure's answer to a request depends on all of them, so an answer that ignores one would be wrong.
pub(super) fn check_parameters(route: &Route, target: &Target<'_>) -> Result<(), Response> {
    let known = route.resource.parameters(route.group.is_empty());
    let mut seen: Vec<String> = Vec::new();
    for parameter in &target.parameters {
        let name = parameter.name.to_ascii_lowercase();
        let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(&name));
        if name != "api-version" && !is_known {
            return Err(errors::unknown_parameter(&parameter.name));
        }
        if seen.contains(&name) {
            return Err(errors::repeated_parameter(&parameter.name));
        }
        seen.push(name);
    }
    Ok(())
}

/// Decodes `%41` to `A`. An invalid escape stays as it is, as in .NET's decoder.
fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The resources in the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Subscriptions,
    Subscription,
    Vms,
    Vm,
    InstanceView,
    Start,
    Operation,
    Nics,
    PublicIps,
    Tags,
    TagsResult,
    Permissions,
    Activity,
}

impl Resource {
    /// The allowed methods, as in an `Allow` header.
    pub(super) fn methods(self) -> &'static str {
        match self {
            Resource::Start => "POST",
            Resource::Tags => "GET, PATCH",
            _ => "GET",
        }
    }
}

impl Resource {
    /// The query parameters besides `api-version`. `is_whole` is true for a list of the whole subscription.
    fn parameters(self, is_whole: bool) -> &'static [&'static str] {
        match self {
            Resource::Vms if is_whole => &["statusOnly", "$skiptoken"],
            Resource::Vms | Resource::Nics | Resource::PublicIps => &["$skiptoken"],
            Resource::Vm => &["$expand"],
            Resource::Operation => &["monitor"],
            Resource::Activity => &["$filter", "$skiptoken"],
            Resource::Subscriptions
            | Resource::Subscription
            | Resource::InstanceView
            | Resource::Start
            | Resource::Tags
            | Resource::TagsResult
            | Resource::Permissions => &[],
        }
    }
}

/// A resource, and the names in its path in the casing of the request. A name that the path does not have is empty: a list
/// without a group covers the whole subscription.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) resource: Resource,
    pub(super) subscription: String,
    pub(super) group: String,
    pub(super) name: String,
}

const SUBSCRIPTION: &str = "subscriptions/{subscription}";
const GROUP: &str = "subscriptions/{subscription}/resourceGroups/{group}";
const VMS: &str = "providers/Microsoft.Compute/virtualMachines";
const NICS: &str = "providers/Microsoft.Network/networkInterfaces";
const PUBLIC_IPS: &str = "providers/Microsoft.Network/publicIPAddresses";
const PERMISSIONS: &str = "providers/Microsoft.Authorization/permissions";
const ACTIVITY: &str = "providers/Microsoft.Insights/eventtypes/management/values";
const TAGS: &str = "{name}/providers/Microsoft.Resources/tags/default";
const TAGS_RESULT: &str = "operationresults/{name}";
const OPERATION: &str = "providers/Microsoft.Compute/locations/{location}/operations/{name}";

const PATHS: &[(&[&str], Resource)] = &[
    (&["subscriptions"], Resource::Subscriptions),
    (&[SUBSCRIPTION], Resource::Subscription),
    (&[SUBSCRIPTION, PERMISSIONS], Resource::Permissions),
    (&[SUBSCRIPTION, ACTIVITY], Resource::Activity),
    (&[SUBSCRIPTION, VMS], Resource::Vms),
    (&[GROUP, VMS], Resource::Vms),
    (&[GROUP, VMS, "{name}"], Resource::Vm),
    (&[GROUP, VMS, "{name}/instanceView"], Resource::InstanceView),
    (&[GROUP, VMS, "{name}/start"], Resource::Start),
    (&[GROUP, VMS, TAGS], Resource::Tags),
    (&[SUBSCRIPTION, TAGS_RESULT], Resource::TagsResult),
    (&[SUBSCRIPTION, OPERATION], Resource::Operation),
    (&[SUBSCRIPTION, NICS], Resource::Nics),
    (&[GROUP, NICS], Resource::Nics),
    (&[SUBSCRIPTION, PUBLIC_IPS], Resource::PublicIps),
    (&[GROUP, PUBLIC_IPS], Resource::PublicIps),
];

impl Route {
    /// The route of a target, or none for a path that is not in [`PATHS`].
    pub(super) fn find(target: &Target<'_>) -> Option<Route> {
        PATHS
            .iter()
            .find_map(|(path, resource)| Route::matching(path, *resource, &target.segments))
    }

    fn matching(path: &[&str], resource: Resource, segments: &[String]) -> Option<Route> {
        let mut route = Route {
            resource,
            subscription: String::new(),
            group: String::new(),
            name: String::new(),
        };
        let mut segments = segments.iter();
        for part in path.iter().flat_map(|piece| piece.split('/')) {
            let segment = segments.next()?;
            match part {
                "{subscription}" => route.subscription.clone_from(segment),
                "{group}" => route.group.clone_from(segment),
                "{name}" => route.name.clone_from(segment),
                "{location}" => {}
                literal if literal.eq_ignore_ascii_case(segment) => {}
                _ => return None,
            }
        }
        segments.next().is_none().then_some(route)
    }

    /// The id of the VM in the route, in the casing of the request. A GET echoes that casing, as in recorded traffic.
    pub(super) fn vm_id(&self) -> String {
        super::vms::id(&self.subscription, &self.group, &self.name)
    }

    pub(super) fn tags_id(&self) -> String {
        self.vm_id() + "/providers/Microsoft.Resources/tags/default"
    }

    pub(super) fn group_id(&self) -> String {
        format!("{}/resourceGroups/{}", self.subscription_id(), self.group)
    }

    pub(super) fn subscription_id(&self) -> String {
        format!("/subscriptions/{}", self.subscription)
    }
}

/// The error for a path without a route, and the subscription's id if the path has one.
pub(super) fn unknown(target: &Target<'_>, version: &str) -> (Option<String>, Response) {
    let mut segments = target.segments.iter();
    let is_subscriptions = |first: &String| first.eq_ignore_ascii_case("subscriptions");
    if !segments.next().is_some_and(is_subscriptions) {
        return (None, errors::missing_subscription());
    }
    let subscription = segments.next().cloned();
    let mut after = segments.skip_while(|segment| !segment.eq_ignore_ascii_case("providers"));
    let (namespace, kind) = (after.nth(1), after.next());
    let refusal = match (namespace, kind) {
        (Some(namespace), Some(kind)) if is_namespace(namespace) => {
            errors::unknown_resource_type(kind, namespace, version)
        }
        (Some(namespace), Some(_)) => errors::invalid_namespace(namespace),
        _ => errors::not_found(target.path),
    };
    (subscription, refusal)
}

fn is_namespace(name: &str) -> bool {
    let known = [
        "Authorization",
        "Compute",
        "Insights",
        "Network",
        "Resources",
    ];
    let (company, rest) = name.split_once('.').unwrap_or_default();
    company.eq_ignore_ascii_case("Microsoft")
        && known.iter().any(|known| known.eq_ignore_ascii_case(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_in_any_case_and_its_names_keep_theirs() {
        let target = Target::parse(
            "/SUBSCRIPTIONS/s/resourcegroups/RG-Dev/providers/microsoft.compute/VIRTUALMACHINES/Vm%2D1?x=1",
        );
        let route = Route::find(&target).unwrap();
        assert_eq!(route.resource, Resource::Vm);
        assert_eq!(
            (route.group.as_str(), route.name.as_str()),
            ("RG-Dev", "Vm-1")
        );
    }

    #[test]
    fn a_longer_or_shorter_path_does_not_match() {
        let find = |path| Route::find(&Target::parse(path)).map(|route| route.resource);
        assert_eq!(find("/subscriptions/s"), Some(Resource::Subscription));
        assert_eq!(find("/subscriptions/s/"), Some(Resource::Subscription));
        assert_eq!(find("/subscriptions/s/locations"), None);
        assert_eq!(find("/"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn parameters_are_decoded_and_found_in_any_case() {
        let target = Target::parse("/x?API-Version=1&%24skipToken=a%2Fb&bare&=&%zz=%4");
        assert_eq!(target.parameter("api-version"), Some("1"));
        assert_eq!(target.parameter("$skiptoken"), Some("a/b"));
        assert_eq!(target.parameter("bare"), Some(""));
        assert_eq!(target.parameter("%zz"), Some("%4"));
        assert_eq!(target.parameter("other"), None);
    }

    #[test]
    fn a_replaced_parameter_leaves_the_others_as_they_were_sent() {
        let target = Target::parse("/a?api-version=1&%24skiptoken=old&x=%20");
        assert_eq!(
            target.with_parameter("$skiptoken", "new"),
            "/a?api-version=1&x=%20&$skiptoken=new"
        );
    }
}
