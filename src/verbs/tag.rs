//! `azlin tag`.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::context::Context;
use super::part::Part;
use super::{Exit, Streams, Trouble, names};
use crate::azure::tags::{self, Patch};
use crate::azure::{Arm, Failure};
use crate::cli::{Common, Tag, Which};
use crate::model::{Scope, Tags, Vm, VmId};
use crate::show;
use crate::tagging::{Change, Refusal};

pub(super) async fn run(common: &Common, args: &Tag, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let (Tag::List { vm: which } | Tag::Add { vm: which, .. } | Tag::Remove { vm: which, .. }) =
        args;
    let change = |part: &Part| {
        let session = &part.file.azure.tag;
        let change = match args {
            Tag::List { .. } => Ok(None),
            Tag::Add { tags, .. } => Change::add(tags, session).map(Some),
            Tag::Remove { keys, .. } => Change::remove(keys, session).map(Some),
        };
        change.map_err(|refusal| refused(&which.vm, &refusal))
    };
    if !context.has_several() {
        // What the file does not allow is not asked about.
        change(&context.first)?;
    }
    let vm = find(&context, which, streams).await?;
    let part = context.part_of(&vm.id);
    let tags = match &change(part)? {
        None => vm.tags,
        Some(change) => {
            streams
                .patiently(
                    || "writing".to_owned(),
                    carry_out(&part.arm, &vm.id, change),
                )
                .await?
        }
    };
    streams.print(&show::tags(&vm.id, &tags))?;
    Ok(Exit::Done)
}

async fn find(context: &Context, which: &Which, streams: Streams) -> Result<Vm, Trouble> {
    let (called, group) = (which.vm.as_str(), which.rg.as_deref());
    let named = group.or_else(|| VmId::group_in(called));
    let scope = |own: &Scope| match named {
        Some(group) => Scope::Groups(BTreeSet::from([group.to_lowercase()])),
        None => own.clone(),
    };
    let now = SystemTime::now();
    let live = context.sessions_in(&scope).await?;
    names::remember(context, &live, &scope, now);
    streams.warn_incomplete(&live);
    super::vm_called(&live, called, group, context.ids).cloned()
}

fn refused(vm: &str, refusal: &Refusal) -> Trouble {
    show::tag_refusal(vm, refusal)
}

/// Carries out `change`, in several attempts where a failure is one that passes: each from the reading on, for someone else
/// may have written in between. Answers all tags of the VM after it.
async fn carry_out(arm: &Arm, vm: &VmId, change: &Change) -> Result<Tags, Trouble> {
    let mut in_doubt = false;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let failure = match try_once(arm, vm, change, &mut in_doubt).await {
            Ok(ended) => return ended,
            Err(failure) => failure,
        };
        if !arm.pause(&failure, attempt).await {
            return Err(failure.into());
        }
    }
}

/// Reads, writes what is not so yet, and compares what came of it.
async fn try_once(
    arm: &Arm,
    vm: &VmId,
    change: &Change,
    in_doubt: &mut bool,
) -> Result<Result<Tags, Trouble>, Failure> {
    let turn = arm
        .turn(&format!("write the tags of {}", vm.path()))
        .await?;
    let before = tags::look(arm, vm).await?;
    let named = match change.on(&before, *in_doubt) {
        Ok(named) if named.is_empty() => return Ok(Ok(before)),
        Ok(named) => named,
        Err(refusal) => return Ok(Err(refused(&vm.path().to_string(), &refusal))),
    };
    let patch = match change {
        Change::Add(_) => Patch::Merge(named),
        Change::Remove(_) => Patch::Delete(named),
    };
    let settled = |tags: &Tags| change.unlike(tags).is_none();
    let written = tags::write(arm, vm, &patch, turn, &settled, in_doubt).await?;
    let Some(after) = written else {
        let message = format!(
            "Azure accepted the change of {}'s tags and does not show it yet",
            vm.path()
        );
        let help = "azlin tag list shows in a while whether it came through";
        return Ok(Err(Trouble::new(message, help)));
    };
    Ok(match change.unlike(&after) {
        None => Ok(after),
        Some((key, found)) => Err(show::tag_altered(&vm.path().to_string(), &key, found)),
    })
}
