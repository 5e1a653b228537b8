//! Faults by name: the failures of Azure and the network that a client may meet.
//!
//! A fault strikes only valid requests, so an invalid request still gets its own error. For each request, the sandbox checks the
//! faults in the given order. The first one that strikes decides the answer, and those after it do not count the request.
//!
//! ```text
//! text ──spec──▶ Fault ──strikes?──▶ kinds ──▶ refusals, policy (Azure's errors), odd (unusual shapes)
//!                  │                  └──▶ the normal answer, changed, lost or cut
//!                  └─ budget: buckets   shadows: reads that still show the tags from before a write
//! ```

mod bucket;
mod fault;
mod kinds;
mod odd;
mod policy;
mod refusals;
mod shadows;
mod shapes;
mod spec;

use std::sync::atomic::{AtomicU64, Ordering};

pub use fault::Fault;

use super::arm::{Answer, Call, Response};
use super::guid::Guid;
use super::route::Resource;
use bucket::Buckets;
use fault::Reach;
use kinds::Strike;
pub(super) use shadows::{Shadows, result};

/// The answer to a request, before ARM adds its headers.
#[derive(Debug)]
pub(super) enum Outcome {
    /// ARM's answer.
    Arm(Response),
    /// ARM's answer, of which only this part arrives.
    Cut(Response),
    /// The answer of a proxy in front of ARM.
    Proxy(Response),
    /// No answer.
    Lost,
}

impl Outcome {
    pub(super) fn of(answer: Answer) -> Outcome {
        let (Ok(response) | Err(response)) = answer;
        Outcome::Arm(response)
    }
}

/// The faults of one sandbox and their state.
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
    /// The buckets for reads and for writes, if the fault is a budget.
    buckets: Option<(Buckets, Buckets)>,
}

impl Faults {
    pub(super) fn of(faults: Vec<Fault>) -> Faults {
        let armed = faults.into_iter().map(|fault| {
            let buckets = |size, rate| Buckets::new(fault.number(size), fault.number(rate));
            let budget = (
                buckets("reads", "reads-per-second"),
                buckets("writes", "per-second"),
            );
            Armed {
                buckets: (fault.kind.name == "budget").then_some(budget),
                fault,
                met: AtomicU64::new(0),
                fired: AtomicU64::new(0),
            }
        });
        Faults {
            armed: armed.collect(),
            shadows: Shadows::default(),
        }
    }

    /// The number of times that faults of this kind fired.
    pub(super) fn fired(&self, kind: &str) -> u64 {
        let all = self.armed.iter();
        let of_kind = all.filter(|armed| armed.fault.kind.name == kind);
        of_kind
            .map(|armed| armed.fired.load(Ordering::Relaxed))
            .sum()
    }

    /// The number of requests that the subscription's budget has left, if there is a budget.
    pub(super) fn left(&self, subscription: Guid, write: bool) -> Option<u64> {
        let mut armed = self.armed.iter();
        armed.find_map(|armed| {
            let buckets = armed.buckets(write)?;
            let is_its = armed.fault.scope.has(subscription);
            is_its.then(|| buckets.left(subscription))
        })
    }

    /// Answers a valid request.
    pub(super) fn answer(&self, call: &Call<'_>) -> Outcome {
        for armed in &self.armed {
            if let Some(wait) = armed.strikes(call) {
                armed.fired.fetch_add(1, Ordering::Relaxed);
                let fault = &armed.fault;
                return (fault.kind.strike)(&Strike { fault, call, wait });
            }
        }
        Outcome::of(call.answer())
    }
}

impl Armed {
    fn buckets(&self, write: bool) -> Option<&Buckets> {
        let (reads, writes) = self.buckets.as_ref()?;
        Some(if write { writes } else { reads })
    }

    /// Returns some if the fault strikes this request. For a budget, the value is the wait in seconds.
    fn strikes(&self, call: &Call<'_>) -> Option<u64> {
        let fault = &self.fault;
        let is_list = match fault.reach {
            Reach::List(_) | Reach::StatesList => true,
            Reach::States => call.route.resource == Resource::Vms,
            _ => false,
        };
        let is_met = reaches(fault, call)
            && fault.scope.has(call.subscription)
            && (is_list || fault.scope.has_vm(&call.route.group, &call.route.name));
        if !is_met {
            return None;
        }
        let number = self.met.fetch_add(1, Ordering::Relaxed) + 1;
        let is_due = number.is_multiple_of(fault.every)
            && fault.first.is_none_or(|first| number <= first)
            && fault.share.is_none_or(|share| share.holds(number));
        match self.buckets(is_write(call)) {
            Some(buckets) if is_due => buckets.take(call.subscription).err(),
            None if is_due => Some(0),
            _ => None,
        }
    }
}

pub(super) fn is_write(call: &Call<'_>) -> bool {
    call.request.method != "GET"
}

/// Returns true for the list of VMs with `statusOnly=true`.
fn asks_for_states(call: &Call<'_>) -> bool {
    let value = call.target.parameter("statusOnly");
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn reaches(fault: &Fault, call: &Call<'_>) -> bool {
    use Resource::{InstanceView, Nics, PublicIps, Start, Tags, Vm, Vms};
    let resource = call.route.resource;
    match fault.reach {
        Reach::All => true,
        Reach::Reads => !is_write(call),
        Reach::Writes => is_write(call),
        Reach::List(Vms) => resource == Vms && !asks_for_states(call),
        Reach::List(list) => resource == list,
        Reach::StatesList => resource == Vms && asks_for_states(call),
        Reach::States => matches!(resource, Vms | Vm | InstanceView),
        Reach::Starts => resource == Start,
        Reach::Outside => {
            let is_listed = matches!(resource, Vms | Nics | PublicIps);
            let group = &call.route.group;
            (is_listed || !group.is_empty()) && !group.eq_ignore_ascii_case(fault.word("group"))
        }
        Reach::TagWrites => resource == Tags && is_write(call),
        Reach::OfVm => matches!(resource, Vm | InstanceView | Start | Tags),
        Reach::OfGroup => !call.route.group.is_empty(),
    }
}
