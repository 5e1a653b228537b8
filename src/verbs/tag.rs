//! `azlin tag`.

use tokio::sync::watch;

use super::context::{Context, What};
use super::interrupt::Interrupts;
use super::part::Part;
use super::{Exit, Streams, Trouble, names};
use crate::azure::Arm;
use crate::azure::tag_write::{self, Changed, Decision};
use crate::azure::tags::Patch;
use crate::cli::{Common, Tag, Which};
use crate::model::{Scope, Tags, Vm, VmId};
use crate::show;
use crate::tagging::{BadTag, TagEdit};

pub(super) async fn run(
    common: &Common,
    args: &Tag,
    streams: Streams,
    interrupts: &Interrupts,
) -> Result<Exit, Trouble> {
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
    let Some(change) = &change(part)? else {
        streams.print(&show::tags(&vm.id, &vm.tags))?;
        return Ok(Exit::Done);
    };
    interrupts.hold();
    let writing = carry_out(&part.arm, &vm.id, change, streams, interrupts);
    let written = streams.patiently(|| "writing".to_owned(), writing).await;
    let ends = |mut trouble: Trouble| {
        trouble.exit = interrupts.exit().unwrap_or(trouble.exit);
        trouble
    };
    let Written { tags, is_new } = written.map_err(ends)?;
    streams
        .print(&show::tags(&vm.id, &tags))
        .map_err(|trouble| {
            let exit = if is_new { Exit::Partial } else { trouble.exit };
            ends(trouble.exit(exit))
        })?;
    Ok(interrupts.exit().unwrap_or(Exit::Done))
}

/// The tags of a VM after a change.
struct Written {
    tags: Tags,
    /// False if they were so before.
    is_new: bool,
}

async fn find(context: &Context, which: &Which) -> Result<Vm, Trouble> {
    let (called, group) = (which.vm.as_str(), which.within.rg.as_deref());
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

/// Writes `change`, and returns all tags of the VM afterwards. The first signal lets the write in progress finish, the second ends
/// azlin at once.
async fn carry_out(
    arm: &Arm,
    vm: &VmId,
    change: &TagEdit,
    streams: Streams,
    interrupts: &Interrupts,
) -> Result<Written, Trouble> {
    let decide = |tags: &Tags, in_doubt| match change.on(tags, in_doubt) {
        Ok(named) if named.is_empty() => Decision::Done,
        Ok(named) => Decision::Write(match change {
            TagEdit::Add(_) => Patch::Merge(named),
            TagEdit::Remove(_) => Patch::Delete(named),
        }),
        Err(refusal) => Decision::Refuse(refusal),
    };
    let (stop, stopping) = watch::channel(false);
    let stopped = async {
        interrupts.first().await;
        streams.say_above("interrupted: finishing the write in progress\n");
        stop.send_replace(true);
        interrupts.second().await;
    };
    let changed = tokio::select! {
        biased;
        _ = stopped => None,
        changed = tag_write::change(arm, vm, Some(&stopping), decide) => Some(changed),
    };
    outcome(changed, vm, change)
}

/// The tags after a change, or the trouble with it. None is a change that azlin did not wait for.
fn outcome(
    changed: Option<Changed<BadTag>>,
    vm: &VmId,
    change: &TagEdit,
) -> Result<Written, Trouble> {
    let name = vm.path().to_string();
    let written = |tags, is_new| Ok(Written { tags, is_new });
    match changed {
        Some(Changed::Already(tags)) => written(tags, false),
        Some(Changed::Written(tags)) => written(tags, true),
        Some(Changed::Altered(tags)) => match change.unlike(&tags) {
            None => written(tags, true),
            Some((key, found)) => Err(show::tag_altered(&name, &key, found)),
        },
        Some(Changed::Accepted) => {
            Err(show::tags_in_doubt(&name, "Azure accepted the write", true))
        }
        Some(Changed::InDoubt { failure, now }) => Err(show::tags_in_doubt(
            &name,
            &failure.to_string(),
            now.is_some(),
        )),
        None => Err(show::tags_in_doubt(
            &name,
            "interrupted before Azure answered",
            false,
        )),
        Some(Changed::Refused(refusal)) => Err(show::tag_refusal(&name, &refusal)),
        Some(Changed::Failed(failure)) => Err(failure.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SubscriptionId, TagKey, VmPath};

    #[test]
    fn an_accepted_change_that_azure_does_not_show_yet_is_amiss() {
        let subscription = SubscriptionId::new(crate::sandbox::SUBSCRIPTION).unwrap();
        let vm = VmId::new(&subscription, VmPath::new("rg", "a").unwrap());
        let change = TagEdit::add(&["team=x".to_owned()], &TagKey::default()).unwrap();
        let trouble = outcome(Some(Changed::Accepted), &vm, &change)
            .err()
            .unwrap();
        assert_eq!(trouble.exit, Exit::Partial);
        assert_eq!(
            trouble.message,
            "Azure accepted the write; the change may have been written: rg/a does not show it, but it may still arrive"
        );
    }
}
