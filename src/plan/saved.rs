//! A plan that waits in a file: plan ↔ JSON, and whether it still holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Aim, Allowed, Plan, Step};
use crate::json::{self, FORMAT};
use crate::model::{Live, Owner, SubscriptionId, TagKey, VmId};

/// What differs when the file has changed since.
const FILE: &str = "content of the file";
/// What differs when there are other files.
const FILES: &str = "set of files";

/// A plan with all that it was made from, as `plan --out` and `--format json` write it. It holds no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The version of this JSON.
    pub format_version: String,
    /// The azlin that wrote it.
    pub azlin_version: String,
    /// What it was made from.
    #[serde(flatten)]
    pub basis: Basis,
    /// The VMs that alone may change; all, if there is none.
    pub targets: BTreeSet<VmId>,
    /// The VMs that may be taken from another owner.
    pub take_ownership: BTreeSet<VmId>,
    /// What the guards were told to allow.
    #[serde(flatten)]
    pub allowed: Allowed,
    /// Everything in scope that the uniqueness of names depends on, as a SHA-256: by it a reader sees whether two plans saw
    /// the same Azure. [`Saved::standing`] judges by the steps, which what does not concern them leaves as they are.
    pub fingerprint: String,
    /// How many other files' plans it was made together with, and is good with only.
    #[serde(default, skip_serializing_if = "is_none")]
    pub made_with: usize,
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// A SHA-256 of all the rest: it tells a plan that was edited from one that was not. It is no signature.
    pub digest: String,
}

/// What a plan is made from, besides Azure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The key of the session's tag.
    pub tag: TagKey,
    /// The file's owner.
    pub owner: Option<Owner>,
    /// The file's name.
    pub file: String,
    /// The SHA-256 of the file's bytes.
    pub file_sha256: String,
    /// The git commit that was checked out.
    pub commit: Option<String>,
}

/// Why a saved plan is not even compared with Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is no plan, or ends in the middle.
    NotAPlan {
        /// What is wrong with it.
        why: String,
    },
    /// A newer azlin wrote it.
    Newer {
        /// The version of its JSON.
        format: String,
    },
    /// It is not as azlin wrote it.
    Edited,
    /// It was made for something else.
    Other {
        /// What: the subscription, the tag, the owner, the file.
        what: &'static str,
        /// What it was made for.
        saved: String,
        /// What there is.
        now: String,
    },
}

/// How a saved plan stands to Azure as it is now. Of several plans, the last of these that one has holds for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// All its steps are true already.
    Applied,
    /// What is left to do are its own steps, or the end of them after a crash.
    Holds,
    /// Azure has gone another way.
    Stale,
}

impl Unusable {
    /// That a bundle was made for `saved`, and `now` are the files.
    pub fn other_files(saved: String, now: String) -> Self {
        let what = FILES;
        Self::Other { what, saved, now }
    }

    /// Whether a plan made now would do.
    pub fn is_stale(&self) -> bool {
        matches!(
            self,
            Self::Other {
                what: FILE | FILES,
                ..
            }
        )
    }
}

impl Saved {
    /// Packs a plan with what it was made from.
    /// `fingerprint` is that of the Azure it was made for; see [`fingerprint`].
    pub fn new(basis: Basis, aim: &Aim, allowed: Allowed, fingerprint: &str, plan: Plan) -> Self {
        let mut saved = Self {
            format_version: FORMAT.to_owned(),
            azlin_version: env!("CARGO_PKG_VERSION").to_owned(),
            basis,
            targets: aim.targets.clone(),
            take_ownership: aim.take.clone(),
            allowed,
            fingerprint: fingerprint.to_owned(),
            made_with: 0,
            plan,
            digest: String::new(),
        };
        saved.digest = saved.digest();
        saved
    }

    /// The JSON that [`Saved::read`] reads.
    pub fn write(&self) -> String {
        json::ascii(self)
    }

    /// Reads what [`Saved::write`] wrote.
    ///
    /// # Errors
    /// It is cut short, edited, written by a newer azlin, or something else altogether.
    pub fn read(json: &[u8]) -> Result<Self, Unusable> {
        check_version(json)?;
        let saved: Self = serde_json::from_slice(json).map_err(not_a_plan)?;
        match saved.is_whole() && saved.made_with == 0 && saved.write().as_bytes() == json {
            true => Ok(saved),
            false => Err(Unusable::Edited),
        }
    }

    /// The same, made together with so many others.
    pub(super) fn made_with(mut self, others: usize) -> Self {
        if self.made_with != others {
            self.made_with = others;
            self.digest = self.digest();
        }
        self
    }

    /// Whether it is as azlin made it.
    pub(super) fn is_whole(&self) -> bool {
        self.digest == self.digest()
    }

    /// That it was made for what there is now.
    ///
    /// # Errors
    /// It was made for another subscription, tag, owner or file.
    pub fn check(&self, now: &Basis) -> Result<(), Unusable> {
        let none = || "none".to_owned();
        let owner = |basis: &Basis| basis.owner.as_ref().map_or_else(none, ToString::to_string);
        let all = |basis: &Basis| {
            [
                ("subscription", basis.subscription.to_string()),
                ("tag", basis.tag.as_str().to_owned()),
                ("owner", owner(basis)),
                (FILE, basis.file_sha256.clone()),
            ]
        };
        for ((what, saved), (_, now)) in all(&self.basis).into_iter().zip(all(now)) {
            if saved != now {
                return Err(Unusable::Other { what, saved, now });
            }
        }
        Ok(())
    }

    /// How it stands to `now`, the plan for `live` made anew in the same way.
    ///
    /// It holds when each VM's steps of `now` are its own last steps for that VM, and what was before them has come true:
    /// that is so right after it was made, and after a crash in the middle of it.
    pub fn standing(&self, now: &Plan, live: &Live) -> Standing {
        let blocked = |plan: &Plan| -> BTreeSet<VmId> {
            plan.blocked.iter().map(|entry| entry.vm.clone()).collect()
        };
        if blocked(now) != blocked(&self.plan) {
            return Standing::Stale;
        }
        let mut left = by_vm(&now.steps);
        for (vm, own) in by_vm(&self.plan.steps) {
            let left = left.remove(vm).unwrap_or_default();
            let (Some(done), Some(found)) = (own.len().checked_sub(left.len()), live.vms.get(vm))
            else {
                return Standing::Stale;
            };
            let (done, rest) = own.split_at_checked(done).unwrap_or_default();
            let same = |(a, b): (&&Step, &&Step)| {
                (&a.machine, &a.from, &a.to) == (&b.machine, &b.from, &b.to)
            };
            let reached = done
                .last()
                .is_none_or(|step| step.to.held() == found.held && step.machine == found.machine);
            if !reached || !rest.iter().zip(&left).all(same) {
                return Standing::Stale;
            }
        }
        match (left.is_empty(), now.steps.is_empty()) {
            (false, _) => Standing::Stale,
            (true, true) => Standing::Applied,
            (true, false) => Standing::Holds,
        }
    }

    fn digest(&self) -> String {
        let without = Self {
            digest: String::new(),
            ..self.clone()
        };
        sha256(&serde_json::to_vec(&without).unwrap_or_default())
    }
}

fn is_none(others: &usize) -> bool {
    *others == 0
}

/// That `json` is a plan, and no newer azlin's.
pub(super) fn check_version(json: &[u8]) -> Result<(), Unusable> {
    #[derive(Deserialize)]
    struct Version {
        format_version: String,
    }
    let Version { format_version } = serde_json::from_slice(json).map_err(not_a_plan)?;
    match version(&format_version) > version(FORMAT) {
        true => Err(Unusable::Newer {
            format: format_version,
        }),
        false => Ok(()),
    }
}

pub(super) fn not_a_plan(error: serde_json::Error) -> Unusable {
    Unusable::NotAPlan {
        why: error.to_string(),
    }
}

/// A version's numbers; what is no version is newer than any.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text
        .split('.')
        .map(|number| number.parse().unwrap_or(u32::MAX));
    (
        numbers.next().unwrap_or(u32::MAX),
        numbers.next().unwrap_or(0),
    )
}

/// Each VM's steps, in their order.
fn by_vm(steps: &[Step]) -> BTreeMap<&VmId, Vec<&Step>> {
    let mut by_vm: BTreeMap<&VmId, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        by_vm.entry(&step.vm).or_default().push(step);
    }
    by_vm
}

/// A SHA-256 over every VM in scope with its machine and its two tags: what the uniqueness of names depends on.
pub fn fingerprint(live: &Live) -> String {
    let facts: Vec<_> = live
        .vms
        .values()
        .map(|vm| (vm.id.subscription(), vm.id.folded(), &vm.machine, &vm.held))
        .collect();
    sha256(&serde_json::to_vec(&facts).unwrap_or_default())
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
