//! One fault: what it does, and to which requests.

use crate::sandbox::arm::Call;
use crate::sandbox::guid::Guid;
use crate::sandbox::route::Resource;

/// One fault: what it does, and to which requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) reach: Reach,
    pub(super) scope: Scope,
    /// It strikes each so many of the requests that it meets,
    pub(super) every: u64,
    /// as long as it has met no more than these,
    pub(super) first: Option<u64>,
    /// and of those a share.
    pub(super) share: Option<Share>,
}

/// The effect of a fault.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Throttle {
        retry_after: u64,
        compute: bool,
    },
    Budget {
        writes: u64,
        per_second: u64,
        reads: u64,
        reads_per_second: u64,
    },
    Status {
        status: u16,
        after: bool,
    },
    Drop {
        after: bool,
    },
    Cut,
    NotJson,
    Html {
        status: u16,
    },
    Conflict,
    ExpiredToken,
    Claims,
    WrongTenant,
    Forbidden,
    ScopeLocked {
        at: Place,
    },
    PolicyDenied,
    DisabledSubscription,
    PolicyModified {
        tag: String,
        /// None takes the tag away.
        value: Option<String>,
    },
    Accepted {
        shows_after: u64,
    },
    Stale {
        reads: u64,
    },
    TagLimit,
    Gone,
    GroupGone,
    OddVm {
        unreadable: bool,
    },
}

/// Where a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Vm,
    Group,
    Subscription,
}

/// The requests that a fault meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    All,
    Reads,
    Writes,
    List(Resource),
    TagWrites,
    OfVm,
    OfGroup,
}

/// Whom a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    /// VMs of this name, in any subscription.
    Vm(VmName),
    Subscription(Guid),
}

impl Scope {
    /// True if a request within `reach` is about what is in here. A list is about all the VMs that it holds.
    pub(super) fn is_met(&self, reach: Reach, call: &Call<'_>) -> bool {
        match self {
            Scope::Vm(vm) => {
                matches!(reach, Reach::List(_)) || vm.is(&call.route.group, &call.route.name)
            }
            Scope::All | Scope::Subscription(_) => self.has(call.subscription),
        }
    }

    /// True if anything of this subscription may be in here.
    pub(super) fn has(&self, subscription: Guid) -> bool {
        match self {
            Scope::All | Scope::Vm(_) => true,
            Scope::Subscription(id) => *id == subscription,
        }
    }
}

/// `NAME` or `GROUP/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VmName {
    pub(super) group: Option<String>,
    pub(super) name: String,
}

impl VmName {
    /// True if `id` is this VM's.
    pub(super) fn is_in(&self, id: &str) -> bool {
        let mut parts = id.rsplit('/');
        let name = parts.next().unwrap_or_default();
        let group = parts.nth(3).unwrap_or_default();
        self.is(group, name)
    }

    fn is(&self, group: &str, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            && !group.is_empty()
            && (self.group.as_ref()).is_none_or(|held| held.eq_ignore_ascii_case(group))
    }
}

/// A share of requests, picked by number: the same ones for the same seed, on every machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share {
    pub(super) rate: f64,
    pub(super) seed: u64,
}

impl Share {
    pub(super) fn holds(self, number: u64) -> bool {
        // Below 2^53 every integer is a double of its own.
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
