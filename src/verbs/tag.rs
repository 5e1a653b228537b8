//! `azlin tag`.

use std::collections::BTreeSet;

use super::context::Context;
use super::{Exit, Streams, Trouble};
use crate::azure::tags::{self, Patch, Tags};
use crate::azure::{Arm, Failure, fleet};
use crate::cli::{Common, OfVm, Tag, TagAdd, TagRemove};
use crate::model::{Scope, TagKey, VmId};
use crate::show;
use crate::text::{nearest, quote};

/// Azure's limits for a resource: how many tags it has, and how many characters a value (Microsoft's documentation of tags).
const MOST_TAGS: usize = 50;
const LONGEST_VALUE: usize = 256;

pub(super) async fn run(common: &Common, args: &Tag, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let of = match args {
        Tag::List(list) => &list.of,
        Tag::Add(add) => &add.of,
        Tag::Remove(remove) => &remove.of,
    };
    // What is wrong with the words is told before Azure is asked.
    let change = match args {
        Tag::List(_) => None,
        Tag::Add(add) => Some(Change::Add(given(add, &context)?)),
        Tag::Remove(remove) => Some(Change::Remove(named(remove, &context)?)),
    };
    let (vm, before) = found(&context, of, streams).await?;
    let after = match change {
        None => before,
        Some(change) => {
            let changing = carry_out(&context.arm, &vm, &change);
            streams.patiently(|| "writing".to_owned(), changing).await?
        }
    };
    streams.print(&show::tags(vm.name(), &after))?;
    Ok(Exit::Done)
}

/// What is to become of some tags; each key once.
enum Change {
    Add(Vec<(TagKey, String)>),
    Remove(Vec<TagKey>),
}

/// The VM that is meant, and its tags: one list.
async fn found(context: &Context, of: &OfVm, streams: Streams) -> Result<(VmId, Tags), Trouble> {
    let scope = match &of.rg {
        Some(group) => Scope::Groups(BTreeSet::from([group.to_lowercase()])),
        None => context.file.azure.scope.clone(),
    };
    let reading = fleet::sessions(&context.arm, &scope, &context.file.azure.tag);
    let mut live = streams.patiently(|| "reading".to_owned(), reading).await?;
    live.spell_like(&context.file.desired);
    streams.warn_incomplete(&live);
    let vm = super::vm_called(&live, &of.vm, of.rg.as_deref())?;
    Ok((vm.id.clone(), vm.tags.clone()))
}

fn given(add: &TagAdd, context: &Context) -> Result<Vec<(TagKey, String)>, Trouble> {
    let mut given: Vec<(TagKey, String)> = Vec::new();
    for text in &add.tags {
        let Some((key, value)) = text.split_once('=') else {
            let message = format!("{} is no KEY=VALUE", quote(text));
            return Err(Trouble::new(
                message,
                "write it as env=prod; quote what has blanks",
            ));
        };
        let key = checked(key, context)?;
        let length = value.chars().count();
        if length > LONGEST_VALUE {
            let message = format!(
                "the value of {} has {length} characters",
                quote(key.as_str())
            );
            let help = format!("Azure allows at most {LONGEST_VALUE}");
            return Err(Trouble::new(message, help));
        }
        if given.iter().any(|(other, _)| other.is(key.as_str())) {
            let message = format!("{} is given twice", quote(key.as_str()));
            return Err(Trouble::new(
                message,
                "Azure ignores the case of keys: give each once",
            ));
        }
        given.push((key, value.to_owned()));
    }
    Ok(given)
}

fn named(remove: &TagRemove, context: &Context) -> Result<Vec<TagKey>, Trouble> {
    let mut named: Vec<TagKey> = Vec::new();
    for text in &remove.keys {
        let key = checked(text, context)?;
        if !named.iter().any(|other| other.is(key.as_str())) {
            named.push(key);
        }
    }
    Ok(named)
}

/// A key that Azure allows and that is none of the session's two.
fn checked(text: &str, context: &Context) -> Result<TagKey, Trouble> {
    let key = TagKey::new(text).map_err(|rule| {
        let message = format!("{} is no tag key: it {rule}", quote(text));
        Trouble::new(
            message,
            "choose another; Azure forbids < > % & \\ ? / in keys",
        )
    })?;
    let session = &context.file.azure.tag;
    if key.is(session.as_str()) || key.is(TagKey::owner().as_str()) {
        let message = format!("{} belongs to sessions", quote(text));
        let help = "use azlin session VM NAME, or azlin session VM --clear";
        return Err(Trouble::new(message, help));
    }
    Ok(key)
}

/// Changes `vm`'s tags and answers all of them after it. A write is never sent again without a new reading.
async fn carry_out(arm: &Arm, vm: &VmId, change: &Change) -> Result<Tags, Trouble> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match attempt_once(arm, vm, change).await? {
            Ok(after) => return Ok(after),
            Err(failure) if !arm.pause(&failure, attempt).await => return Err(failure.into()),
            Err(_) => {}
        }
    }
}

async fn attempt_once(
    arm: &Arm,
    vm: &VmId,
    change: &Change,
) -> Result<Result<Tags, Failure>, Trouble> {
    let turn = arm.turn().await;
    let before = match tags::read(arm, vm).await {
        Ok(before) => before,
        Err(failure) => return Ok(Err(failure)),
    };
    let patch = patch(vm, change, &before)?;
    if let Patch::Merge(tags) | Patch::Delete(tags) = &patch
        && tags.is_empty()
    {
        return Ok(Ok(before));
    }
    let is_done = |tags: &Tags| wrong(change, tags).is_none();
    let after = match tags::write(arm, vm, &patch, turn, &is_done).await {
        Ok(after) => after,
        Err(failure) => return Ok(Err(failure)),
    };
    let Some(after) = after else {
        let message = format!("Azure has taken the write to {vm}, but the VM does not show it yet");
        return Err(Trouble::new(
            message,
            "look again in a minute: azlin tag list",
        ));
    };
    match wrong(change, &after) {
        None => Ok(Ok(after)),
        Some(key) => {
            let message = format!(
                "{vm}: written, but Azure's answer has another {}",
                quote(key)
            );
            let help = "a policy with a `modify` effect may change this tag: ask who assigns it";
            Err(Trouble::new(message, help))
        }
    }
}

/// The one request that takes `before` to what is wanted, each key in the casing that it has on the VM.
fn patch(vm: &VmId, change: &Change, before: &Tags) -> Result<Patch, Trouble> {
    match change {
        Change::Add(tags) => {
            let changed = tags
                .iter()
                .filter_map(|(key, value)| match key.find(before) {
                    Some((_, found)) if found == value => None,
                    Some((spelled, _)) => Some((spelled.to_owned(), value.clone())),
                    None => Some((key.as_str().to_owned(), value.clone())),
                });
            let changed: Tags = changed.collect();
            let new = changed
                .keys()
                .filter(|key| !before.contains_key(*key))
                .count();
            if before.len() + new > MOST_TAGS {
                let message = format!(
                    "{vm} has {} tags, and Azure allows {MOST_TAGS}: no room for {new} more",
                    before.len()
                );
                return Err(Trouble::new(
                    message,
                    "take some off: azlin tag remove VM KEY",
                ));
            }
            Ok(Patch::Merge(changed))
        }
        Change::Remove(keys) => {
            let one = |key: &TagKey| match key.find(before) {
                Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
                None => Err(no_such(vm, key, before)),
            };
            Ok(Patch::Delete(
                keys.iter().map(one).collect::<Result<_, _>>()?,
            ))
        }
    }
}

fn no_such(vm: &VmId, key: &TagKey, tags: &Tags) -> Trouble {
    let message = format!(
        "{vm} has no tag {}: nothing was removed",
        quote(key.as_str())
    );
    let lower = key.as_str().to_lowercase();
    let help = match nearest(&lower, tags.keys().map(String::as_str), 1).first() {
        Some(near) => format!("did you mean {}?", quote(near)),
        None => "azlin tag list VM shows what there is".to_owned(),
    };
    Trouble::new(message, help)
}

/// The first key that is not as it was to be.
fn wrong<'c>(change: &'c Change, tags: &Tags) -> Option<&'c str> {
    let wrong = match change {
        Change::Add(wanted) => {
            let is = |(key, value): &&(TagKey, String)| {
                key.find(tags).is_none_or(|(_, found)| found != value)
            };
            wanted.iter().find(is).map(|(key, _)| key)
        }
        Change::Remove(keys) => keys.iter().find(|key| key.find(tags).is_some()),
    };
    wrong.map(TagKey::as_str)
}
