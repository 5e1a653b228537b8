//! One VM's tags, through the Tags API and nothing else.
//!
//! A PATCH of the VM itself would replace all its tags, needs the right to write VMs, and can fail for reasons that have
//! nothing to do with tags. The Tags API touches the named keys only and takes the role Tag Contributor (Microsoft's
//! documentation of both).

use std::collections::BTreeMap;
use std::time::Duration;

use azure_core::http::{Method, Url};
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use super::pipeline::{Answer, Arm, not_azure};
use super::{Failure, Kind, Turn};
use crate::model::{Tags, VmId};

const API: (&str, &str) = ("api-version", "2021-04-01");

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

/// How long a write that was accepted is watched until the VM shows it.
const WATCH: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// The tags of `vm` now.
///
/// # Errors
/// Azure could not be asked, or says no: the VM may be gone.
pub async fn read(arm: &Arm, vm: &VmId) -> Result<Tags, Failure> {
    let doing = reading(vm);
    let answer = arm.get(&doing, url(arm, vm)).await?;
    tags_in(&doing, &answer)
}

/// The same, asked once, for what is tried again as a whole.
///
/// # Errors
/// As above.
pub async fn look(arm: &Arm, vm: &VmId) -> Result<Tags, Failure> {
    let doing = reading(vm);
    let answer = arm.once(&doing, Method::Get, url(arm, vm), None).await?;
    tags_in(&doing, &answer)
}

fn reading(vm: &VmId) -> String {
    format!("read the tags of {}", vm.path())
}

fn tags_in(doing: &str, answer: &Answer) -> Result<Tags, Failure> {
    let tags = parse(answer).map_err(|kind| Failure::new(doing, kind))?;
    Ok(tags.unwrap_or_default())
}

/// Changes `vm`'s tags, in the `turn` that it has, with one request that is never repeated; answers all its tags after the change, as Azure has them.
///
/// Azure's answer to the write says so itself, except where its body is something else (the resource, in recorded answers):
/// then the tags are read again. After a 202 (documented from 2022-09-01 on) only a reading counts, and it may take a while
/// until it is `settled`; if that takes too long, the answer is none.
///
/// # Errors
/// Azure could not be asked, or says no; `in_doubt` is set where the write may have been done all the same, or may yet be.
pub async fn write(
    arm: &Arm,
    vm: &VmId,
    patch: &Patch,
    turn: Turn<'_>,
    settled: &dyn Fn(&Tags) -> bool,
    in_doubt: &mut bool,
) -> Result<Option<Tags>, Failure> {
    let (operation, tags) = match patch {
        Patch::Merge(tags) => ("Merge", tags),
        Patch::Delete(tags) => ("Delete", tags),
    };
    let body = json!({ "operation": operation, "properties": { "tags": tags } });
    let doing = format!("write the tags of {}", vm.path());
    let answer = arm
        .once(&doing, Method::Patch, url(arm, vm), Some(&body))
        .await;
    drop(turn);
    let answer = answer.inspect_err(|failure| *in_doubt |= !failure.is_definite())?;
    if answer.status != 202 {
        let not_azure = match parse(&answer) {
            Ok(Some(tags)) => return Ok(Some(tags)),
            Ok(None) => None,
            Err(kind) => Some(Failure::new(&doing, kind)),
        };
        *in_doubt = true;
        let tags = read(arm, vm).await?;
        // What is no answer of Azure's, such as a sign-in page, is none to a write that was not done.
        return match not_azure.filter(|_| !settled(&tags)) {
            Some(failure) => Err(failure),
            None => Ok(Some(tags)),
        };
    }
    *in_doubt = true;
    for pause in WATCH {
        sleep(pause).await;
        let tags = read(arm, vm).await?;
        if settled(&tags) {
            return Ok(Some(tags));
        }
    }
    Ok(None)
}

fn url(arm: &Arm, vm: &VmId) -> Url {
    arm.vm_url(
        vm,
        &["providers", "Microsoft.Resources", "tags", "default"],
        &[API],
    )
}

fn parse(answer: &Answer) -> Result<Option<Tags>, Kind> {
    let resource: Resource =
        serde_json::from_slice(&answer.body).map_err(|error| not_azure(answer, &error))?;
    let tags = resource.properties.tags.map(|tags| {
        tags.into_iter()
            .map(|(key, value)| (key, value.unwrap_or_default()))
            .collect()
    });
    Ok(tags)
}
