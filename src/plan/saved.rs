//! A saved plan: plan ↔ JSON, and whether it still holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::order::order;
use super::{Change, Difference, Options, Plan, Refused, Step, refusals};
use crate::json::{self, FORMAT};
use crate::model::{Basis, Hex, Live, Owner, Shown, VmId};

/// A plan with its inputs, as `plan --out` and `--format json` write it. It contains no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The version of this JSON.
    pub format_version: String,
    /// The version of azlin that wrote it.
    pub azlin_version: Shown,
    /// The guards that refuse it; then it is only for reading. They follow from the rest.
    #[serde(skip_deserializing)]
    pub refused: Vec<Refused>,
    /// The options that its author gave it. Whoever applies it has to allow the same.
    #[serde(flatten)]
    pub options: Options,
    /// A SHA-256 of everything in scope that the uniqueness of names depends on. It tells a reader whether two plans saw the same
    /// Azure. [`Saved::standing`] compares the steps instead, because unrelated changes do not affect them.
    pub fingerprint: Hex,
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// A SHA-256 of everything else. It detects edits; it is not a signature.
    pub digest: Hex,
}

/// The reason why a saved plan cannot be used, whatever Azure holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is not a saved plan, or is truncated.
    NotAPlan {
        /// The parser's error.
        why: Shown,
    },
    /// A newer azlin wrote it.
    Newer {
        /// The version of its JSON.
        format: Shown,
    },
    /// Someone edited it after azlin wrote it.
    Edited,
    /// It was made for something else.
    Other {
        /// The input that differs.
        what: What,
        /// The value that it was made with.
        saved: Shown,
        /// The value now.
        now: Shown,
        /// The file that differs; empty for [`What::Files`].
        file: Shown,
    },
}

/// An input of a saved plan that may differ now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The subscription.
    Subscription,
    /// The key of the session's tag.
    Tag,
    /// The file's owner.
    Owner,
    /// The content of the file.
    File,
    /// The set of files.
    Files,
}

impl Unusable {
    /// The difference that makes the plan out of date, if a new plan is enough to continue.
    pub fn stale(&self) -> Option<Difference> {
        let Self::Other {
            what,
            saved,
            now,
            file,
        } = self
        else {
            return None;
        };
        match what {
            What::File => Some(Difference::OtherVersion { file: file.clone() }),
            What::Files => Some(Difference::OtherFiles {
                then: saved.clone(),
                now: now.clone(),
            }),
            What::Subscription | What::Tag | What::Owner => None,
        }
    }
}

/// The state of a saved plan, compared with Azure now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All its steps are done already.
    Applied,
    /// The steps left to do are its own, or the last of them after a crash.
    Holds,
    /// Azure has changed in another way.
    Stale,
}

impl Saved {
    /// Combines a plan with its inputs. `fingerprint` is that of the Azure it was made for; see [`fingerprint()`].
    pub fn new(options: Options, fingerprint: Hex, plan: Plan) -> Self {
        let mut saved = Self {
            format_version: FORMAT.to_owned(),
            azlin_version: Shown::new(env!("CARGO_PKG_VERSION")),
            refused: refusals(&plan, &options),
            options,
            fingerprint,
            plan,
            digest: Hex::default(),
        };
        saved.digest = saved.digest();
        saved
    }

    /// Returns the JSON that [`Saved::read`] reads.
    pub fn write(&self) -> String {
        json::ascii(self)
    }

    /// Reads JSON that [`Saved::write`] wrote.
    ///
    /// # Errors
    /// It is truncated, edited, written by a newer azlin, or not a saved plan.
    pub fn read(json: &[u8]) -> Result<Self, Unusable> {
        #[derive(Deserialize)]
        struct Version {
            format_version: String,
        }
        let not_a_plan = |error: serde_json::Error| Unusable::NotAPlan {
            why: Shown::new(&error.to_string()),
        };
        let Version { format_version } = serde_json::from_slice(json).map_err(not_a_plan)?;
        if version(&format_version) > version(FORMAT) {
            return Err(Unusable::Newer {
                format: Shown::new(&format_version),
            });
        }
        let mut saved: Self = serde_json::from_slice(json).map_err(not_a_plan)?;
        saved.refused = refusals(&saved.plan, &saved.options);
        for file in &mut saved.plan.files {
            let place = format!("subscription {}", file.basis.subscription);
            file.basis.place = Shown::new(&place);
        }
        let is_whole = saved.digest == saved.digest() && saved.write().as_bytes() == json;
        if is_whole && saved.is_consistent() {
            Ok(saved)
        } else {
            Err(Unusable::Edited)
        }
    }

    /// True if each change belongs to one of its files, and the steps follow from the changes.
    fn is_consistent(&self) -> bool {
        let Plan {
            files,
            changes,
            steps,
            base: _,
        } = &self.plan;
        let is_of_its_file = |change: &Change| {
            let file = files.get(change.file);
            file.is_some_and(|file| file.basis.subscription == *change.vm.subscription())
        };
        changes.iter().all(is_of_its_file) && order(changes) == *steps
    }

    /// Returns the place in `now` of each file that the plan was made for. The order of `now` does not matter.
    ///
    /// # Errors
    /// It was made for other files, or with another subscription, tag, owner or content of a file.
    pub fn places(&self, now: &[&Basis]) -> Result<Vec<usize>, Unusable> {
        let files = &self.plan.files;
        if let ([file], [now]) = (files.as_slice(), now) {
            check(&file.basis, now)?;
            return Ok(vec![0]);
        }
        let other_files = || {
            let saved: Vec<&str> = files.iter().map(|file| file.basis.file.as_str()).collect();
            let now: Vec<&str> = now.iter().map(|basis| basis.file.as_str()).collect();
            Unusable::Other {
                what: What::Files,
                saved: Shown::new(&saved.join(", ")),
                now: Shown::new(&now.join(", ")),
                file: Shown::default(),
            }
        };
        if files.len() != now.len() {
            return Err(other_files());
        }
        let is_its = |saved: &Basis, basis: &Basis| {
            (&basis.subscription, &basis.owner) == (&saved.subscription, &saved.owner)
        };
        let is_same = |saved: &Basis, basis: &Basis| {
            is_its(saved, basis) && basis.file_sha256 == saved.file_sha256
        };
        // Unchanged files first, so that the error names the one that changed.
        let mut places: Vec<Option<usize>> = vec![None; files.len()];
        for fits in [&is_same as &dyn Fn(&Basis, &Basis) -> bool, &is_its] {
            for (at, file) in files.iter().enumerate() {
                let mut free = (0..now.len()).filter(|place| !places.contains(&Some(*place)));
                let place = free.find(|place| {
                    now.get(*place)
                        .is_some_and(|basis| fits(&file.basis, basis))
                });
                if let Some(slot) = places.get_mut(at).filter(|slot| slot.is_none()) {
                    *slot = place;
                }
            }
        }
        let places: Vec<usize> = places
            .into_iter()
            .collect::<Option<_>>()
            .ok_or_else(other_files)?;
        for (file, place) in files.iter().zip(&places) {
            if let Some(basis) = now.get(*place) {
                check(&file.basis, basis)?;
            }
        }
        Ok(places)
    }

    /// Compares it with `now`, a new plan for `live` with the same inputs.
    ///
    /// It holds if, for each VM, the steps of `now` are the last of its own steps, and the earlier ones are done. That is true
    /// right after the plan was made, and after a crash in the middle of an apply.
    pub fn standing(&self, now: &Plan, live: &Live) -> Standing {
        let blocked = |plan: &Plan| -> BTreeSet<VmId> {
            let entries = plan.files.iter().flat_map(|file| &file.blocked);
            entries.map(|entry| entry.vm.clone()).collect()
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
            // Nor may the plan have called a change by another name.
            let kind = |plan: &Plan| plan.change_of(vm).map(|change| change.action);
            if done.is_empty() && kind(&self.plan) != kind(now) {
                return Standing::Stale;
            }
            let reached = done.last().is_none_or(|step| {
                step.after.held() == found.held && step.machine == found.machine
            });
            let mut pairs = rest.iter().zip(&left);
            if !reached || !pairs.all(|(a, b)| is_same(a, b)) {
                return Standing::Stale;
            }
        }
        if !left.is_empty() {
            Standing::Stale
        } else if now.steps.is_empty() {
            Standing::Applied
        } else {
            Standing::Holds
        }
    }

    fn digest(&self) -> Hex {
        let without = Self {
            digest: Hex::default(),
            ..self.clone()
        };
        Hex::sha256(&serde_json::to_vec(&without).unwrap_or_default())
    }
}

/// True if two steps write the same tags, whatever their place.
pub(super) fn is_same(a: &Step, b: &Step) -> bool {
    (&a.machine, &a.before, &a.after) == (&b.machine, &b.before, &b.after)
}

/// Checks that a file's saved plan was made from the file as it is `now`.
fn check(saved: &Basis, now: &Basis) -> Result<(), Unusable> {
    fn all(basis: &Basis) -> [(What, &str); 4] {
        let owner = basis.owner.as_ref();
        [
            (What::Subscription, basis.subscription.as_str()),
            (What::Tag, basis.tag.as_str()),
            (What::Owner, owner.map_or("none", Owner::as_str)),
            (What::File, basis.file_sha256.as_str()),
        ]
    }
    for ((what, then), (_, now_is)) in all(saved).into_iter().zip(all(now)) {
        if then != now_is {
            return Err(Unusable::Other {
                what,
                saved: Shown::new(then),
                now: Shown::new(now_is),
                file: now.file.clone(),
            });
        }
    }
    Ok(())
}

/// The numbers of a version. Any other text counts as newer than every version.
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
pub(super) fn by_vm(steps: &[Step]) -> BTreeMap<&VmId, Vec<&Step>> {
    let mut by_vm: BTreeMap<&VmId, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        by_vm.entry(&step.vm).or_default().push(step);
    }
    by_vm
}

/// A SHA-256 over every VM in scope with its machine and its two tags, on which the uniqueness of names depends.
pub fn fingerprint(live: &Live) -> Hex {
    let mut facts = Vec::with_capacity(live.vms.len());
    for vm in live.vms.values() {
        let (group, name) = vm.id.path().folded();
        let id = (vm.id.subscription(), group, name);
        facts.push((id, &vm.machine, &vm.held));
    }
    Hex::sha256(&serde_json::to_vec(&facts).unwrap_or_default())
}
