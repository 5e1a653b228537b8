//! One fault: what it does, and to which requests.

use crate::sandbox::route::{Resource, Route};

/// One fault: what it does, and to which requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) reach: Reach,
    pub(super) vm: Option<VmName>,
    /// It strikes each so many of the requests that it meets,
    pub(super) every: u64,
    /// as long as it has met no more than these,
    pub(super) first: Option<u64>,
    /// and of those a share.
    pub(super) share: Option<Share>,
}

/// What a fault does.
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

/// `NAME` or `GROUP/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VmName {
    pub(super) group: Option<String>,
    pub(super) name: String,
}

impl VmName {
    /// Whether a request within `reach` is about this VM. A list is about all that it holds.
    pub(super) fn is_met(&self, reach: Reach, route: &Route) -> bool {
        matches!(reach, Reach::List(_)) || self.is(&route.group, &route.name)
    }

    /// Whether `id` is this VM's.
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
