//! Finds the lines that cannot be applied: their VM is missing or belongs to another owner, or another VM keeps the name.

use std::collections::{BTreeMap, HashMap};

use super::Why;
use super::diff::{Differ, Line};
use crate::model::{Declared, Vm, VmId, VmNames};
use crate::text::nearest;

/// The number of missing VMs for which azlin suggests similar names. A file with more of them is meant for another subscription,
/// and no suggestion helps.
const MOST_NEAREST: usize = 50;

impl Differ<'_> {
    /// Returns why lines cannot be applied, by their VM.
    pub(super) fn blocked(&self) -> HashMap<VmId, Why> {
        let mut blocked = self.directly_blocked();
        self.add_stuck(&mut blocked);
        blocked
    }

    /// Returns the lines that are blocked by something that this plan does not change.
    fn directly_blocked(&self) -> HashMap<VmId, Why> {
        let names = VmNames::of(self.live.vms.keys());
        let mut blocked = HashMap::new();
        let mut suggested = 0;
        for wanted in self.lines() {
            let line = wanted.declared;
            let why = if let Some(vm) = self.live.vms.get(&line.vm) {
                let shadow = || names.another(line.session.as_str(), |vm| **vm == line.vm);
                self.other_owner(vm, wanted)
                    .or_else(|| shadow().map(|by| Why::Shadowed { by: (*by).clone() }))
                    .or_else(|| self.kept_by_others(line))
            } else {
                suggested += 1;
                let mut nearest = Vec::new();
                if suggested <= MOST_NEAREST {
                    nearest = self.nearest_vms(&line.vm);
                }
                let kept = self.kept_for(line);
                Some(Why::NoSuchVm { nearest, kept })
            };
            if let Some(why) = why {
                blocked.insert(line.vm.clone(), why);
            }
        }
        blocked
    }

    /// The other owner of `vm`, if that blocks `line`. A file without an owner accepts any owner if the session is right.
    fn other_owner(&self, vm: &Vm, line: &Line<'_>) -> Option<Why> {
        let by = vm.held.owner.as_ref()?;
        let owner = line.desired.owner();
        let is_content = owner.is_none() && vm.held.is(line.declared.session.as_str());
        let takes = || owner.is_some() && self.aim.options.take_ownership_from.contains(by);
        let may = is_content
            || vm.held.is_owned_by(owner)
            || self.aim.options.take_ownership.contains(&vm.id)
            || takes();
        (!may).then(|| Why::Owned { by: by.clone() })
    }

    /// The VMs that hold `line`'s session and keep it: this plan neither changes nor clears them.
    fn kept_by_others(&self, line: &Declared) -> Option<Why> {
        let is_owned = |id| {
            let vm = self.live.vms.get(id);
            vm.is_some_and(|vm| self.owner_of(vm).is_some())
        };
        let changes =
            |id| self.aim.options.reaches(id) && (self.wanted.contains_key(id) || is_owned(id));
        let mut by = Vec::new();
        for id in self.holders.get(line.session.as_str())? {
            if **id != line.vm && !changes(id) {
                by.push((*id).clone());
            }
        }
        let is_over = |vm: &&VmId| self.expired.contains_key(*vm);
        let expired = by.iter().filter(is_over).cloned().collect();
        (!by.is_empty()).then_some(Why::Held { by, expired })
    }

    /// The VMs that hold the session of `line`, which is blocked, and that the plan would otherwise clear. A line that cannot be
    /// applied, for example because its VM is misspelled, must not take the session from its holder.
    pub(super) fn kept_for(&self, line: &Declared) -> Vec<VmId> {
        let holders = self.holders.get(line.session.as_str());
        let mut kept = Vec::new();
        for id in holders.into_iter().flatten() {
            let vm = self.live.vms.get(id);
            let would_clear = vm.is_some_and(|vm| self.owner_of(vm).is_some());
            if would_clear && !self.wanted.contains_key(id) {
                kept.push((*id).clone());
            }
        }
        kept
    }

    /// Adds the lines whose session is held by a VM that is itself blocked, until there are no more.
    fn add_stuck(&self, blocked: &mut HashMap<VmId, Why>) {
        let mut stuck: Vec<&VmId> = self
            .lines()
            .map(|line| &line.declared.vm)
            .filter(|vm| blocked.contains_key(*vm))
            .collect();
        if stuck.is_empty() {
            return;
        }
        let takers: HashMap<&str, &Declared> = self
            .lines()
            .map(|line| (line.declared.session.as_str(), line.declared))
            .collect();
        while let Some(holder) = stuck.pop() {
            let vm = self.live.vms.get(holder);
            if let Some(held) = vm.and_then(|vm| vm.held.session.as_ref())
                && let Some(taker) = takers.get(held.raw())
                && taker.vm != *holder
                && !blocked.contains_key(&taker.vm)
            {
                blocked.insert(taker.vm.clone(), Why::Stuck { by: holder.clone() });
                stuck.push(&taker.vm);
            }
        }
    }

    /// VMs with a similar name: first the same name in another group, then similar names in the same group.
    fn nearest_vms(&self, missing: &VmId) -> Vec<VmId> {
        const MOST: usize = 3;
        let path = missing.path();
        let is_here = |id: &&VmId| id.subscription() == missing.subscription();
        let namesakes = || {
            let ids = self.live.vms.keys();
            ids.filter(|id| id.path().folded_name() == path.folded_name())
        };
        let mut found: Vec<VmId> = namesakes().filter(is_here).cloned().collect();
        let neighbours = self.live.vms.keys().filter(is_here);
        let neighbours = neighbours.filter(|id| id.path().folded_group() == path.folded_group());
        let neighbours: BTreeMap<&str, &VmId> =
            neighbours.map(|id| (id.path().folded_name(), id)).collect();
        for name in nearest(path.folded_name(), neighbours.keys().copied(), MOST) {
            found.extend(neighbours.get(name).map(|id| (*id).clone()));
        }
        // Last, because only a file of another subscription could name these.
        found.extend(namesakes().filter(|id| !is_here(id)).cloned());
        found.truncate(MOST);
        found
    }
}
