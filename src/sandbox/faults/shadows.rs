//! [`Shadows`]: tags from before a write, which reads still show after it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sandbox::arm::{Answer, Call, Response};
use crate::sandbox::errors;
use crate::sandbox::fleet::Vm;
use crate::sandbox::guid::Guid;
use crate::sandbox::tag_set::TagSet;
use crate::sandbox::vms;

/// The VMs that were written under the faults `stale` or `accepted`, in this process only.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Shadows(Mutex<HashMap<Machine, Shadow>>);

/// A subscription and a VM's id in it, because a handwritten file may contain an id twice.
type Machine = (Guid, Guid);

#[derive(Debug)]
struct Shadow {
    tags: TagSet,
    reads: u64,
}

impl Shadows {
    /// Makes the next `reads` reads of the VM show `tags`.
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

    /// Returns true if the write is done, or none if there was no such write. This counts as a read, so a client sees the end,
    /// whichever way it waits.
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

/// GET of the URL in the `Location` of an accepted write: 202 until it is done, then the tagged resource and not the tags object,
/// as in recorded traffic.
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

/// The 202 of a write that is not done yet. The VM's id is also that of the operation.
pub(super) fn pending(call: &Call<'_>, vm: &Vm) -> Response {
    let location = format!(
        "{}/subscriptions/{}/operationresults/{}?api-version={}",
        call.request.origin, call.route.subscription, vm.vm_id, call.api_version
    );
    Response::empty(202)
        .header("location", location)
        .header("retry-after", "0")
}
