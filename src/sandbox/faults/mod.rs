//! Faults by name: what Azure and the network do to a client on a bad day.
//!
//! A fault strikes requests that are otherwise in order, so a wrong request is still told what is wrong with it. Faults
//! are asked in the order given, and the first that strikes decides the answer; those after it don't count the request.
//!
//! ```text
//! text ──spec──▶ Fault ──strikes?──▶ outcome ──▶ refusals (what Azure says)
//!                  │                    └──▶ the faithful answer, changed, lost or cut
//!                  └─ budget: buckets     shadows: what reads still show of a VM that was written
//! ```

mod bucket;
mod fault;
mod outcome;
mod refusals;
mod shadows;
mod spec;

use std::sync::atomic::{AtomicU64, Ordering};

pub use fault::Fault;
pub use spec::KINDS;

use super::arm::Call;
use super::errors::ArmError;
use super::guid::Guid;
use super::route::Resource;
use bucket::Buckets;
use fault::{Kind, Reach};
pub(super) use outcome::Outcome;
pub(super) use shadows::{Shadows, result};

/// The faults of one sandbox, and what they did so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    armed: Vec<Armed>,
    pub(super) shadows: Shadows,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    met: AtomicU64,
    fired: AtomicU64,
    /// Those of reads and of writes, where the fault is a budget.
    buckets: Option<(Buckets, Buckets)>,
}

impl Faults {
    pub(super) fn of(faults: Vec<Fault>) -> Faults {
        let armed = faults.into_iter().map(|fault| Armed {
            buckets: match fault.kind {
                Kind::Budget {
                    reads,
                    reads_per_second,
                    writes,
                    per_second,
                } => Some((
                    Buckets::new(reads, reads_per_second),
                    Buckets::new(writes, per_second),
                )),
                _ => None,
            },
            fault,
            met: AtomicU64::new(0),
            fired: AtomicU64::new(0),
        });
        Faults {
            armed: armed.collect(),
            shadows: Shadows::default(),
        }
    }

    /// How often a fault of this kind fired.
    pub(super) fn fired(&self, kind: &str) -> u64 {
        let of_kind = self.armed.iter().filter(|armed| armed.fault.name == kind);
        of_kind
            .map(|armed| armed.fired.load(Ordering::Relaxed))
            .sum()
    }

    /// How many requests the subscription's budget has left, if there is a budget.
    pub(super) fn left(&self, subscription: Guid, write: bool) -> Option<u64> {
        let mut of_it = self
            .armed
            .iter()
            .filter(|armed| armed.fault.scope.has(subscription));
        let buckets = of_it.find_map(|armed| armed.buckets(write))?;
        Some(buckets.left(subscription))
    }

    /// Answers a request that is in order.
    pub(super) fn answer(&self, call: &Call<'_>) -> Result<Outcome, ArmError> {
        for armed in &self.armed {
            if let Some(wait) = armed.strikes(call) {
                armed.fired.fetch_add(1, Ordering::Relaxed);
                return outcome::of(&armed.fault, wait, call);
            }
        }
        call.answer().map(Outcome::Arm)
    }
}

impl Armed {
    fn buckets(&self, write: bool) -> Option<&Buckets> {
        let (reads, writes) = self.buckets.as_ref()?;
        Some(if write { writes } else { reads })
    }

    /// Some if the fault strikes this request: for a budget, how many seconds it asks to wait.
    fn strikes(&self, call: &Call<'_>) -> Option<u64> {
        let Fault {
            reach,
            scope,
            every,
            first,
            share,
            ..
        } = &self.fault;
        if !reaches(*reach, call) || !scope.is_met(*reach, call) {
            return None;
        }
        let number = self.met.fetch_add(1, Ordering::Relaxed) + 1;
        let due = number.is_multiple_of(*every)
            && first.is_none_or(|first| number <= first)
            && share.is_none_or(|share| share.holds(number));
        match self.buckets(is_write(call)) {
            _ if !due => None,
            Some(buckets) => buckets.take(call.subscription).err(),
            None => Some(0),
        }
    }
}

pub(super) fn is_write(call: &Call<'_>) -> bool {
    call.request.method != "GET"
}

fn reaches(reach: Reach, call: &Call<'_>) -> bool {
    let resource = call.route.resource;
    let of_vm = matches!(
        resource,
        Resource::Vm | Resource::InstanceView | Resource::Start | Resource::Tags
    );
    match reach {
        Reach::All => true,
        Reach::Reads => !is_write(call),
        Reach::Writes => is_write(call),
        Reach::List(list) => resource == list,
        Reach::TagWrites => resource == Resource::Tags && is_write(call),
        Reach::OfVm => of_vm,
        Reach::OfGroup => !call.route.group.is_empty(),
    }
}
