//! The Tags API's requests, built by `azure_mgmt_resources` over the bridge.
//!
//! Only `.send()` is used: awaiting its request builders would parse the answer by its own types.

use azure_core::http::Request;
use azure_mgmt_resources::package_resources_2021_04 as resources;
use resources::models::{self, TagsPatchResource, tags_patch_resource::Operation};
use serde_json::json;

use super::arm::Arm;
use super::tags::Patch;
use super::{Failure, bridge, id};
use crate::model::VmId;

/// The request that reads the tags of `vm`.
pub(super) fn get(arm: &Arm, doing: &str, vm: &VmId) -> Result<Request, Failure> {
    bridge::request(doing, tags(arm).get_at_scope(scope(vm)).send())
}

/// The request that changes `vm`'s tags as `patch` says, and no others.
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

/// The id of `vm`, without the slash that the client puts before it. The client encodes no segment by itself; [`VmId`] takes
/// only names that cannot leave theirs.
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
    use crate::model::{Tags, VmPath};

    fn vm(group: &str, name: &str) -> Option<VmId> {
        let path = VmPath::new(group, name).ok()?;
        Some(VmId::new(arm().subscription(), path))
    }

    fn names(headers: &Headers) -> Vec<&str> {
        headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_change_says_what_to_do_with_the_named_tags_and_nothing_else() {
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
    fn a_reading_carries_no_header_and_no_body() {
        let request = get(&arm(), "read", &vm("rg", "vm").unwrap()).unwrap();
        assert_eq!(request.method(), Method::Get);
        assert_eq!(names(request.headers()), [""; 0]);
        assert!(matches!(request.body(), Body::Bytes(body) if body.is_empty()));
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_place_in_the_url((group, name) in names_as_typed()) {
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
