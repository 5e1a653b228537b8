//! The kinds of faults: the requests that each meets, its keys, and what it does to a request.

use std::ops::RangeInclusive;

use super::fault::{Fault, Reach};
use super::shadows::pending;
use super::{Outcome, odd, policy, refusals, shapes};
use crate::sandbox::arm::{Answer, Call, Response};
use crate::sandbox::route::Resource;
use crate::sandbox::tags::Twist;
use crate::sandbox::vms;

/// A kind of fault.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// The requests that it can affect. None if the keys `on` and `list` choose them.
    pub(super) reach: Option<Reach>,
    keys: &'static [Key],
    pub(super) strike: fn(&Strike<'_>) -> Outcome,
}

impl Kind {
    /// Its own keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> {
        let choice = CHOICE.iter().filter(|_| self.reach.is_none());
        choice.chain(self.keys)
    }
}

/// A key and its values.
pub(super) type Key = (&'static str, Takes);

#[derive(Debug)]
pub(super) enum Takes {
    /// One of these words; the first is the default.
    Word(&'static [&'static str]),
    /// A number: the default, and the valid range.
    Number(u64, RangeInclusive<u64>),
    /// Any text, with this default.
    Text(&'static str),
}

/// A request that a fault strikes.
pub(super) struct Strike<'a> {
    pub(super) fault: &'a Fault,
    pub(super) call: &'a Call<'a>,
    /// The wait in seconds that a budget asks for.
    pub(super) wait: u64,
}

const ANY: RangeInclusive<u64> = 0..=u64::MAX;
const SOME: RangeInclusive<u64> = 1..=1_000_000;

/// The keys of every kind without a fixed reach.
const CHOICE: &[Key] = &[
    ("on", Takes::Word(&["all", "reads", "writes"])),
    (
        "list",
        Takes::Word(&["vms", "states", "nics", "ips", "log"]),
    ),
];

pub(super) const KINDS: &[Kind] = &[
    kind("throttle", None, THROTTLE, refusals::throttle),
    kind("budget", Some(Reach::All), BUDGET, refusals::budget),
    kind("status", None, &[STATUS, WHEN], status),
    kind("drop", None, &[WHEN], lost),
    kind("cut", None, &[], |hit| Outcome::Cut(half(faithful(hit)))),
    kind("not-json", None, &[], |hit| {
        Outcome::Arm(half(faithful(hit)))
    }),
    kind("empty", None, &[], shapes::empty),
    kind("circle", None, &[], shapes::circle),
    kind("html", None, &[PAGE_STATUS], refusals::page),
    kind("conflict", WRITES, &[], refusals::conflict),
    kind("expired-token", None, &[], refusals::expired_token),
    kind("claims", None, &[], refusals::claims),
    kind("wrong-tenant", None, &[], refusals::wrong_tenant),
    kind("forbidden", None, &[], refusals::forbidden),
    kind("scope-locked", WRITES, &[AT], refusals::scope_locked),
    kind("policy-denied", WRITES, POLICIES, policy::denied),
    kind("policy-modified", TAG_WRITES, MODIFIED, policy_modified),
    kind("disabled-subscription", WRITES, &[], refusals::disabled),
    kind("details", None, &[DETAILS], refusals::details),
    kind("unregistered", None, &[], refusals::unregistered),
    kind("old-api", None, &[], refusals::old_api),
    kind("odd-error", None, &[SHAPE], shapes::odd_error),
    kind("accepted", TAG_WRITES, &[SHOWS_AFTER], accepted),
    kind("stale", TAG_WRITES, &[READS], stale),
    kind("tag-limit", TAG_WRITES, &[], |hit| {
        twisted(hit, Twist::Full)
    }),
    kind("gone", Some(Reach::OfVm), &[], refusals::gone),
    kind("group-gone", OF_GROUP, &[], refusals::group_gone),
    kind("odd-vm", Some(Reach::List(Resource::Vms)), &[HOW], odd::vm),
    kind("vm-state", Some(Reach::States), &[STATE], odd::state),
    kind("no-capacity", STARTS, &[CAPACITY], refusals::no_capacity),
    kind("slow-start", STARTS, &[AFTER], |hit| {
        Outcome::Arm(asking_for(hit.fault.number("retry-after"), faithful(hit)))
    }),
    kind(
        "nat-rule",
        Some(Reach::List(Resource::Nics)),
        &[],
        odd::behind_nat,
    ),
    kind("one-group", OUTSIDE, &[GROUP], refusals::forbidden),
];

const STARTS: Option<Reach> = Some(Reach::Starts);
const OUTSIDE: Option<Reach> = Some(Reach::Outside);

const STATE: Key = (
    "how",
    Takes::Word(&[
        "failed-extension",
        "deleting",
        "generalized",
        "unlisted",
        "none",
    ]),
);
const CAPACITY: Key = (
    "code",
    Takes::Word(&[
        "AllocationFailed",
        "ZonalAllocationFailed",
        "SkuNotAvailable",
        "OverconstrainedAllocationRequest",
    ]),
);
const AFTER: Key = ("retry-after", Takes::Number(10, ANY));
const GROUP: Key = ("group", Takes::Text("rg-dev"));

const WRITES: Option<Reach> = Some(Reach::Writes);
const OF_GROUP: Option<Reach> = Some(Reach::OfGroup);
const TAG_WRITES: Option<Reach> = Some(Reach::TagWrites);

const THROTTLE: &[Key] = &[
    ("retry-after", Takes::Number(2, ANY)),
    ("as", Takes::Word(&["seconds", "date"])),
    ("body", Takes::Word(&["arm", "compute", "text", "html"])),
    ("status", Takes::Word(&["429", "503"])),
];
const BUDGET: &[Key] = &[
    ("writes", Takes::Number(200, SOME)),
    ("per-second", Takes::Number(10, SOME)),
    ("reads", Takes::Number(250, SOME)),
    ("reads-per-second", Takes::Number(25, SOME)),
];
const STATUS: Key = ("status", Takes::Word(&["500", "408", "502", "503", "504"]));
const PAGE_STATUS: Key = ("status", Takes::Word(&["200", "403", "502", "503"]));
const WHEN: Key = ("when", Takes::Word(&["before", "after"]));
const AT: Key = ("at", Takes::Word(&["vm", "group", "subscription"]));
const POLICIES: &[Key] = &[
    ("policies", Takes::Number(1, 1..=9)),
    ("reasons", Takes::Word(&["none", "message", "conditions"])),
];
const DETAILS: Key = ("of", Takes::Word(&["multiple", "not-allowed"]));
const SHAPE: Key = (
    "how",
    Takes::Word(&[
        "flat", "capitals", "number", "null", "mark", "info", "nested", "text",
    ]),
);
const MODIFIED: &[Key] = &[
    ("value", Takes::Text("policy-name")),
    ("drop", Takes::Word(&["false", "true"])),
    ("tag", Takes::Text("azlin_session")),
];
const SHOWS_AFTER: Key = ("shows-after", Takes::Number(2, ANY));
const READS: Key = ("reads", Takes::Number(2, ANY));
const HOW: Key = ("how", Takes::Word(&["fields", "id"]));

const fn kind(
    name: &'static str,
    reach: Option<Reach>,
    keys: &'static [Key],
    strike: fn(&Strike<'_>) -> Outcome,
) -> Kind {
    Kind {
        name,
        reach,
        keys,
        strike,
    }
}

/// The answer without a fault. The sandbox carries out the request, even if its answer is lost.
pub(super) fn faithful(hit: &Strike<'_>) -> Response {
    let (Ok(answer) | Err(answer)) = hit.call.answer();
    answer
}

/// The response with this `Retry-After`, in seconds.
fn asking_for(seconds: u64, mut response: Response) -> Response {
    response.headers.retain(|(name, _)| *name != "retry-after");
    response.header("retry-after", seconds.to_string())
}

/// The response with the first half of its body.
fn half(mut response: Response) -> Response {
    response.body.truncate(response.body.len() / 2);
    response
}

fn status(hit: &Strike<'_>) -> Outcome {
    if hit.fault.word("when") == "after" {
        faithful(hit);
    }
    refusals::status(hit)
}

fn lost(hit: &Strike<'_>) -> Outcome {
    if hit.fault.word("when") == "after" {
        faithful(hit);
    }
    Outcome::Lost
}

fn policy_modified(hit: &Strike<'_>) -> Outcome {
    let keeps = hit.fault.word("drop") == "false";
    let value = keeps.then(|| hit.fault.word("value"));
    let tag = hit.fault.word("tag");
    twisted(hit, Twist::Modified { tag, value })
}

fn twisted(hit: &Strike<'_>, twist: Twist<'_>) -> Outcome {
    Outcome::of(Call { twist, ..*hit.call }.answer())
}

fn stale(hit: &Strike<'_>) -> Outcome {
    Outcome::of(written(hit.call, hit.fault.number("reads"), false))
}

fn accepted(hit: &Strike<'_>) -> Outcome {
    Outcome::of(written(hit.call, hit.fault.number("shows-after"), true))
}

/// Carries out a write, and makes the next `reads` reads show the tags from before it.
fn written(call: &Call<'_>, reads: u64, accepted: bool) -> Answer {
    let fleet = call.store.read()?;
    let before = vms::find(&fleet, call)?;
    let answer = call.answer()?;
    call.shadows.cast(before, before.tags.clone(), reads);
    Ok(if accepted {
        pending(call, before)
    } else {
        answer
    })
}
