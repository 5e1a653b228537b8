//! [`Fault`]: one kind of misbehaviour, and the requests that it affects.

use std::collections::BTreeMap;

use super::kinds::Kind;
use crate::sandbox::guid::Guid;
use crate::sandbox::route::Resource;

/// A fault: its kind, and the requests that it affects.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) kind: &'static Kind,
    /// The values of the kind's keys.
    pub(super) values: BTreeMap<&'static str, String>,
    pub(super) reach: Reach,
    pub(super) scope: Scope,
    /// It strikes every N-th request that it meets,
    pub(super) every: u64,
    /// only among the first so many that it meets,
    pub(super) first: Option<u64>,
    /// and only a share of those.
    pub(super) share: Option<Share>,
}

impl Fault {
    /// The value of one of the kind's keys.
    pub(super) fn word(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// The value of a key that takes a number.
    pub(super) fn number(&self, key: &str) -> u64 {
        self.word(key).parse().unwrap_or_default()
    }

    /// The HTTP status of its answer.
    pub(super) fn status(&self) -> u16 {
        self.word("status").parse().unwrap_or(500)
    }
}

/// The requests that a fault meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    All,
    Reads,
    Writes,
    List(Resource),
    /// The list of VMs with `statusOnly=true`.
    StatesList,
    TagWrites,
    /// Everything that shows the state of VMs.
    States,
    Starts,
    /// Everything outside the resource group that the key `group` names.
    Outside,
    OfVm,
    OfGroup,
}

/// The subscription or VM that a fault affects.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    All,
    /// VMs of this name, `NAME` or `GROUP/NAME`, in any subscription.
    Vm(String),
    Subscription(Guid),
}

impl Scope {
    /// Returns true if this VM is in the scope.
    pub(super) fn has_vm(&self, group: &str, name: &str) -> bool {
        match self {
            Scope::All | Scope::Subscription(_) => true,
            Scope::Vm(vm) => {
                let is = |name: &str| vm.eq_ignore_ascii_case(name);
                !group.is_empty() && (is(name) || is(&format!("{group}/{name}")))
            }
        }
    }

    /// Returns true if the scope may contain something of this subscription.
    pub(super) fn has(&self, subscription: Guid) -> bool {
        match self {
            Scope::All | Scope::Vm(_) => true,
            Scope::Subscription(id) => *id == subscription,
        }
    }
}

/// A share of requests, picked by number. The same seed picks the same requests on every machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) rate: f64,
    pub(super) seed: u64,
}

impl Share {
    pub(super) fn holds(self, number: u64) -> bool {
        // A double represents every integer below 2^53 exactly.
        let picked = (splitmix64(self.seed, number) >> 11) as f64;
        picked / ((1_u64 << 53) as f64) < self.rate
    }
}

/// Number `number` of the sequence that `seed` starts (Steele, Lea and Flood's SplitMix64).
fn splitmix64(seed: u64, number: u64) -> u64 {
    let state = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
