//! Reads and writes one VM's tags, only through the Tags API.
//!
//! A PATCH of the VM itself would replace all its tags, requires the permission to write VMs, and can fail for reasons that have
//! nothing to do with tags. The Tags API touches only the named keys and requires the role Tag Contributor (Microsoft's
//! documentation of both).
//!
//! `azure_mgmt_resources` builds the requests over the bridge. azlin calls only `.send()`: awaiting a request builder would parse
//! the answer with the crate's own types.

use std::collections::BTreeMap;

use azure_core::http::{RawResponse, Request};
use azure_mgmt_resources::package_resources_2021_04 as resources;
use resources::models::{self, TagsPatchResource, tags_patch_resource::Operation};
use serde::Deserialize;
use serde_json::json;

use super::arm::Arm;
use super::exchange::content;
use super::{Failure, bridge, id};
use crate::model::{Tags, VmId};

/// A change of some tags of a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch {
    /// Sets these tags.
    Merge(Tags),
    /// Removes these tags if they still have these values.
    Delete(Tags),
}

/// The current tags of `vm`.
///
/// # Errors
/// Azure did not answer or rejected the request. The VM may no longer exist.
pub async fn read(arm: &Arm, vm: &VmId) -> Result<Tags, Failure> {
    arm.patience.retry(None, || look(arm, vm)).await
}

/// The current tags of `vm`, read without retries.
///
/// # Errors
/// Those of [`read`].
pub(super) async fn look(arm: &Arm, vm: &VmId) -> Result<Tags, Failure> {
    let doing = format!("read the tags of {}", vm.path());
    let answer = arm.once(&doing, get(arm, &doing, vm)?).await?;
    Ok(parse(&doing, &answer)?.unwrap_or_default())
}

/// The tags in `answer`, or none if it contains something else, such as the VM itself.
pub(super) fn parse(doing: &str, answer: &RawResponse) -> Result<Option<Tags>, Failure> {
    #[derive(Deserialize)]
    struct Resource {
        properties: Properties,
    }
    #[derive(Deserialize)]
    struct Properties {
        tags: Option<BTreeMap<String, Option<String>>>,
    }
    let Resource { properties } = content(doing, answer)?;
    Ok(properties.tags.map(with_values))
}

/// Tags with an empty value in place of a null.
pub(super) fn with_values(tags: BTreeMap<String, Option<String>>) -> Tags {
    let with_value = |(key, value): (_, Option<_>)| (key, value.unwrap_or_default());
    tags.into_iter().map(with_value).collect()
}

/// The request that reads the tags of `vm`.
fn get(arm: &Arm, doing: &str, vm: &VmId) -> Result<Request, Failure> {
    bridge::request(doing, tags(arm).get_at_scope(scope(vm)).send())
}

/// The request that applies `patch` to the tags of `vm`.
pub(super) fn update(arm: &Arm, doing: &str, vm: &VmId, patch: &Patch) -> Result<Request, Failure> {
    let (operation, changed) = match patch {
        Patch::Merge(tags) => (Operation::Merge, tags),
        Patch::Delete(tags) => (Operation::Delete, tags),
    };
    let body = TagsPatchResource {
        operation: Some(operation),
        properties: Some(models::Tags {
            tags: Some(json!(changed)),
        }),
    };
    let update = tags(arm).update_at_scope(scope(vm), body);
    bridge::request(doing, update.send())
}

fn tags(arm: &Arm) -> resources::tags::Client {
    let (credential, scopes, options) = bridge::parts();
    resources::Client::new(arm.base.clone(), credential, scopes, options).tags_client()
}

/// The id of `vm` without its leading slash, which the client adds. The client does not encode the segments, so [`VmId`] accepts
/// only names that need no encoding.
fn scope(vm: &VmId) -> String {
    id::spell(vm).trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use azure_core::http::headers::Headers;
    use azure_core::http::{Body, Method};
    use proptest::prelude::*;

    use super::*;
    use crate::azure::bridge::tests::{arm, names_as_typed};
    use crate::model::VmPath;

    fn vm(group: &str, name: &str) -> Option<VmId> {
        let path = VmPath::new(group, name).ok()?;
        Some(VmId::new(arm().subscription(), path))
    }

    fn names(headers: &Headers) -> Vec<&str> {
        headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_change_names_only_the_changed_tags() {
        let tags: Tags = [("azlin_session", "db \"1\""), ("o/ü", "")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let vm = vm("rg", "vm").unwrap();
        for (patch, operation) in [
            (Patch::Merge(tags.clone()), "Merge"),
            (Patch::Delete(tags), "Delete"),
        ] {
            let request = update(&arm(), "write", &vm, &patch).unwrap();
            assert_eq!(request.method(), Method::Patch);
            assert_eq!(names(request.headers()), ["content-type"]);
            let Body::Bytes(body) = request.body() else {
                panic!("a streamed body");
            };
            let expected = format!(
                r#"{{"operation":"{operation}","properties":{{"tags":{{"azlin_session":"db \"1\"","o/ü":""}}}}}}"#
            );
            assert_eq!(std::str::from_utf8(body).unwrap(), expected);
        }
    }

    #[test]
    fn a_read_has_no_headers_and_no_body() {
        let request = get(&arm(), "read", &vm("rg", "vm").unwrap()).unwrap();
        assert_eq!(request.method(), Method::Get);
        assert_eq!(names(request.headers()), [""; 0]);
        assert!(matches!(request.body(), Body::Bytes(body) if body.is_empty()));
    }

    proptest! {
        #[test]
        fn names_cannot_change_the_shape_of_the_url((group, name) in names_as_typed()) {
            if let Some(vm) = vm(&group, &name) {
                let arm = arm();
                let segments = [
                    "resourceGroups", &group, "providers", "Microsoft.Compute", "virtualMachines", &name,
                    "providers", "Microsoft.Resources", "tags", "default",
                ];
                let expected = arm.url(&segments, &[("api-version", "2021-04-01")]);
                let read = get(&arm, "read", &vm).unwrap();
                let write = update(&arm, "write", &vm, &Patch::Delete(Tags::default())).unwrap();
                prop_assert_eq!([read.url(), write.url()], [&expected; 2]);
            }
        }
    }
}
