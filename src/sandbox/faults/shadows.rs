//! What reads still show of a VM after a write: the tags from before it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sandbox::arm::{Answer, Call, Response};
use crate::sandbox::errors;
use crate::sandbox::fleet::Vm;
use crate::sandbox::guid::Guid;
use crate::sandbox::tag_set::TagSet;
use crate::sandbox::vms;

/// The VMs that were written under `stale` or `accepted`, in this process's memory only.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Shadows(Mutex<HashMap<Machine, Shadow>>);

/// A subscription and a VM's id in it: whoever writes the file may give an id twice.
type Machine = (Guid, Guid);

#[derive(Debug)]
struct Shadow {
    tags: TagSet,
    reads: u64,
}

impl Shadows {
    /// From here on, `reads` reads of the VM show `tags`.
    pub(super) fn cast(&self, vm: &Vm, tags: TagSet, reads: u64) {
        self.all().insert(machine(vm), Shadow { tags, reads });
    }

    /// The tags that this read of the VM shows.
    pub(in crate::sandbox) fn tags<'v>(&self, vm: &'v Vm) -> Cow<'v, TagSet> {
        match self.all().get_mut(&machine(vm)) {
            Some(shadow) if shadow.reads > 0 => {
                shadow.reads -= 1;
                Cow::Owned(shadow.tags.clone())
            }
            _ => Cow::Borrowed(&vm.tags),
        }
    }

    /// True if a look at the write's result finds it done; none where there was no such write. A look counts as a read: so
    /// a client sees the end, whichever way it waits.
    fn look(&self, vm: &Vm) -> Option<bool> {
        let mut all = self.all();
        let shadow = all.get_mut(&machine(vm))?;
        let done = shadow.reads == 0;
        shadow.reads = shadow.reads.saturating_sub(1);
        Some(done)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Machine, Shadow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn machine(vm: &Vm) -> Machine {
    (vm.subscription, vm.vm_id)
}

/// GET of the URL that an accepted write answered with in `Location`: 202 until it is done, then the resource that was
/// tagged, as seen in recorded traffic, not the tags object.
pub(in crate::sandbox) fn result(call: &Call<'_>) -> Answer {
    let fleet = call.store.read()?;
    let vm = vms::of_operation(&fleet, call)?;
    let is_done = call.shadows.look(vm);
    if !is_done.ok_or_else(|| errors::operation_not_found(&call.route.name))? {
        return Ok(pending(call, vm));
    }
    let id = vms::id(&call.route.subscription, &vm.group, &vm.name);
    Ok(Response::json(200, &vms::machine(call, vm, &id)))
}

/// The 202 of a write that goes on. The VM's own id serves for the operation's.
pub(super) fn pending(call: &Call<'_>, vm: &Vm) -> Response {
    let location = format!(
        "{}/subscriptions/{}/operationresults/{}?api-version={}",
        call.request.origin, call.route.subscription, vm.vm_id, call.api_version
    );
    Response::empty(202)
        .header("location", location)
        .header("retry-after", "0")
}
