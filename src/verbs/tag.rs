//! `azlin tag`.

use super::context::{Context, What};
use super::part::Part;
use super::{Exit, Streams, Trouble, names};
use crate::azure::Arm;
use crate::azure::tag_write::{self, Changed, Decision};
use crate::azure::tags::Patch;
use crate::cli::{Common, Tag, Which};
use crate::model::{Scope, Tags, Vm, VmId};
use crate::show;
use crate::tagging::TagEdit;

pub(super) async fn run(common: &Common, args: &Tag, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let (Tag::List(which) | Tag::Add { vm: which, .. } | Tag::Remove { vm: which, .. }) = args;
    let change = |part: &Part| {
        let session = &part.desired.basis.tag;
        let change = match args {
            Tag::List(_) => Ok(None),
            Tag::Add { tags, .. } => TagEdit::add(tags, session).map(Some),
            Tag::Remove { keys, .. } => TagEdit::remove(keys, session).map(Some),
        };
        change.map_err(|refusal| show::tag_refusal(&which.vm, &refusal))
    };
    if !context.has_several() {
        // Refuse what needs no look at Azure before asking Azure.
        change(&context.first)?;
    }
    let vm = find(&context, which).await?;
    let part = context.part_of(&vm.id);
    let mut tags = vm.tags;
    if let Some(change) = &change(part)? {
        let writing = carry_out(&part.arm, &vm.id, change);
        tags = streams.patiently(|| "writing".to_owned(), writing).await?;
    }
    streams.print(&show::tags(&vm.id, &tags))?;
    Ok(Exit::Done)
}

async fn find(context: &Context, which: &Which) -> Result<Vm, Trouble> {
    let (called, group) = (which.vm.as_str(), which.rg.as_deref());
    let named = group.or_else(|| VmId::group_in(called));
    let scope = |own: &Scope| match named {
        Some(group) => Scope::of_group(group),
        None => own.clone(),
    };
    let live = names::read_azure(context, What::Sessions, &scope).await?;
    context.streams.warn_incomplete(&live);
    let vm = super::vm_called(&live, called, group, context).await?;
    Ok(vm.clone())
}

/// Writes `change`, and returns all tags of the VM afterwards.
async fn carry_out(arm: &Arm, vm: &VmId, change: &TagEdit) -> Result<Tags, Trouble> {
    let decide = |tags: &Tags, in_doubt| match change.on(tags, in_doubt) {
        Ok(named) if named.is_empty() => Decision::Done,
        Ok(named) => Decision::Write(match change {
            TagEdit::Add(_) => Patch::Merge(named),
            TagEdit::Remove(_) => Patch::Delete(named),
        }),
        Err(refusal) => Decision::Refuse(refusal),
    };
    let name = vm.path().to_string();
    match tag_write::change(arm, vm, None, decide).await {
        Changed::Already(tags) | Changed::Written(tags) => Ok(tags),
        Changed::Altered(tags) => match change.unlike(&tags) {
            None => Ok(tags),
            Some((key, found)) => Err(show::tag_altered(&name, &key, found)),
        },
        Changed::Accepted => Err(Trouble::new(
            format!("Azure accepted the change to {name}'s tags but does not show it yet"),
            "check again in a while: azlin tag list VM",
        )),
        Changed::Refused(refusal) => Err(show::tag_refusal(&name, &refusal)),
        Changed::Failed { failure, .. } => Err(failure.into()),
    }
}
