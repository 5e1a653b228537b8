//! One VM's tags, through the Tags API and nothing else.
//!
//! A PATCH of the VM itself would replace all its tags, needs the right to write VMs, and can fail for reasons that have
//! nothing to do with tags. The Tags API touches the named keys only and takes the role Tag Contributor (Microsoft's
//! documentation of both).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::arm::Arm;
use super::exchange::{Answer, not_azure};
use super::{Failure, Kind, resources};
use crate::model::{Tags, VmId};

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
    /// Absent from whatever is no tags object, such as the VM itself.
    tags: Option<BTreeMap<String, Option<String>>>,
}

/// Azure's answer to a write.
pub(super) enum Sent {
    /// It is done; all tags after it.
    Done(Tags),
    /// It will be done.
    Accepted,
    /// No tags in it, but the resource, or something that is not Azure's.
    Unclear(Option<Failure>),
}

/// The tags of `vm` now.
///
/// # Errors
/// Azure could not be asked, or says no: the VM may be gone.
pub async fn read(arm: &Arm, vm: &VmId) -> Result<Tags, Failure> {
    arm.retry(None, || look(arm, vm)).await
}

/// The tags of `vm` now, asked for once.
///
/// # Errors
/// As of [`read`].
pub(super) async fn look(arm: &Arm, vm: &VmId) -> Result<Tags, Failure> {
    let doing = format!("read the tags of {}", vm.path());
    let request = resources::get(arm, &doing, vm)?;
    let answer = arm.once(&doing, request).await?;
    let tags = parse(&answer).map_err(|kind| Failure::new(&doing, kind))?;
    Ok(tags.unwrap_or_default())
}

/// Sends one write, which is never repeated.
///
/// # Errors
/// Azure could not be asked, or says no; see [`Failure::is_definite`].
pub(super) async fn send(arm: &Arm, vm: &VmId, patch: &Patch) -> Result<Sent, Failure> {
    let doing = writing(vm);
    let request = resources::update(arm, &doing, vm, patch)?;
    let answer = arm.once(&doing, request).await?;
    if answer.status == 202 {
        return Ok(Sent::Accepted);
    }
    Ok(match parse(&answer) {
        Ok(Some(tags)) => Sent::Done(tags),
        Ok(None) => Sent::Unclear(None),
        Err(kind) => Sent::Unclear(Some(Failure::new(&doing, kind))),
    })
}

/// The purpose of a write, as a phrase that follows "cannot ".
pub(super) fn writing(vm: &VmId) -> String {
    format!("write the tags of {}", vm.path())
}

/// The tags in `answer`; none where it has something else.
fn parse(answer: &Answer) -> Result<Option<Tags>, Kind> {
    let resource: Resource =
        serde_json::from_slice(&answer.body).map_err(|error| not_azure(answer, &error))?;
    let Some(tags) = resource.properties.tags else {
        return Ok(None);
    };
    let with_value = |(key, value): (String, Option<String>)| (key, value.unwrap_or_default());
    Ok(Some(tags.into_iter().map(with_value).collect()))
}
