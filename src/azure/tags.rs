//! One VM's tags, through the Tags API and nothing else.
//!
//! A PATCH of the VM itself would replace all its tags, needs the right to write VMs, and can fail for reasons that have
//! nothing to do with tags. The Tags API touches the named keys only and takes the role Tag Contributor (Microsoft's
//! documentation of both).

use std::collections::BTreeMap;

use azure_core::http::{Method, Url};
use serde::Deserialize;
use serde_json::json;

use super::pipeline::{Answer, Arm, not_azure};
use super::{Failure, Kind};
use crate::model::VmId;

const API: (&str, &str) = ("api-version", "2021-04-01");

/// All tags of a VM.
pub type Tags = BTreeMap<String, String>;

/// A change of some tags of a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch {
    /// Adds these, or gives them these values.
    Merge(Tags),
    /// Removes these, where they still have these values.
    Delete(Tags),
}

#[derive(Deserialize)]
struct Resource {
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(default)]
    tags: BTreeMap<String, Option<String>>,
}

/// The tags of `vm` now.
///
/// # Errors
/// Azure could not be asked, or says no: the VM may be gone.
pub async fn read(arm: &Arm, vm: &VmId) -> Result<Tags, Failure> {
    let doing = format!("read the tags of {vm}");
    let answer = arm.send(&doing, Method::Get, url(arm, vm), None).await?;
    parse(&answer).map_err(|kind| Failure { doing, kind })
}

/// Changes `vm`'s tags; answers all its tags after the change, as Azure has them.
///
/// Azure's answer to the write says so itself, except for a 202 (documented from 2022-09-01 on) and the bodies that were
/// seen to hold something else: then the tags are read again.
///
/// # Errors
/// Azure could not be asked, or says no.
pub async fn write(arm: &Arm, vm: &VmId, patch: &Patch) -> Result<Tags, Failure> {
    let (operation, tags) = match patch {
        Patch::Merge(tags) => ("Merge", tags),
        Patch::Delete(tags) => ("Delete", tags),
    };
    let body = json!({ "operation": operation, "properties": { "tags": tags } });
    let doing = format!("write the tags of {vm}");
    let answer = arm
        .send(
            &doing,
            Method::Patch,
            url(arm, vm),
            Some(body.to_string().into_bytes()),
        )
        .await?;
    match parse(&answer) {
        Ok(tags) if answer.status == 200 => Ok(tags),
        _ => read(arm, vm).await,
    }
}

fn url(arm: &Arm, vm: &VmId) -> Url {
    arm.vm_url(
        vm,
        &["providers", "Microsoft.Resources", "tags", "default"],
        &[API],
    )
}

fn parse(answer: &Answer) -> Result<Tags, Kind> {
    let resource: Resource =
        serde_json::from_slice(&answer.body).map_err(|error| not_azure(answer, &error))?;
    let tags = resource.properties.tags.into_iter();
    Ok(tags
        .map(|(key, value)| (key, value.unwrap_or_default()))
        .collect())
}
