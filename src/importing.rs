//! File and Azure → the live sessions that `import` adds to the file, and those that it leaves out, each with the reason.

use std::collections::HashMap;

use crate::file::{Edit, Ends};
use crate::listing::TagFilter;
use crate::model::{Desired, Held, Live, LiveName, SessionName, TagKey, Vm, VmId, VmNames, VmPath};

/// The live sessions to import.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Only those of VMs in one of these resource groups; if empty, of all.
    pub groups: Vec<String>,
    /// Only those of VMs that have all of these tags.
    pub tags: Vec<TagFilter>,
    /// The names in this tag of another tool, instead of the sessions.
    pub from: Option<TagKey>,
}

impl Source {
    fn covers(&self, vm: &Vm) -> bool {
        let is_in = |group: &String| vm.id.path().is_in(group);
        (self.groups.is_empty() || self.groups.iter().any(is_in))
            && self.tags.iter().all(|tag| tag.holds(vm))
    }

    /// The name of `vm` to import, if it has one.
    fn name_of(&self, vm: &Vm) -> Option<LiveName> {
        match &self.from {
            None => vm.held.session.clone(),
            Some(key) => Held::read(&vm.tags, key).session,
        }
    }
}

/// The outcome of comparing a file with Azure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// The sessions to add to the file, in the order of their VMs. A resource group that the file does not have, and that Azure
    /// spells in upper case only, is in lower case: Azure's lists were seen to change it, and ignore case.
    pub added: Vec<(VmPath, SessionName)>,
    /// The sessions to leave out, in the order of their VMs.
    pub left_out: Vec<LeftOut>,
    /// The number of sessions that the file has already.
    pub matching: usize,
}

impl Import {
    /// The edits that add the sessions to the file.
    pub fn edits(&self) -> Vec<Edit<'_>> {
        let edits = self.added.iter().map(|(vm, session)| Edit {
            vm,
            session: Some(session.as_str()),
            ends: Ends::Keep,
            from: None,
        });
        edits.collect()
    }
}

/// A live session that `import` does not add to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The VM that holds it.
    pub vm: VmId,
    /// The session.
    pub session: LiveName,
    /// The reason.
    pub why: Why,
}

/// The reason why `import` leaves a session out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The file assigns another session to the VM.
    Declared {
        /// The session in the file.
        session: SessionName,
        /// The line's number.
        line: usize,
    },
    /// The file assigns the name to another VM.
    Assigned {
        /// The other VM.
        to: VmId,
        /// The line's number.
        line: usize,
    },
    /// The name is invalid.
    Invalid {
        /// The rule that it breaks, as a phrase that follows "it ".
        rule: String,
    },
    /// Other VMs have the name too.
    Several {
        /// Those VMs.
        others: Vec<VmId>,
    },
    /// The session is the name of another VM.
    Shadowed {
        /// The other VM.
        by: VmId,
    },
    /// The file uses the VM's name as the session of another VM.
    Named {
        /// The line's number.
        line: usize,
    },
    /// Another owner's file manages the VM.
    Owned {
        /// The owner.
        by: LiveName,
    },
    /// The VM has a session of azlin's besides the other tool's.
    Holds {
        /// The session in the file.
        session: LiveName,
    },
}

/// Returns the sessions of `source` in `live` that `file` lacks.
///
/// With them, a plan for the file has nothing to do for these VMs except to add the owner, or to set the names of another tool.
pub fn import(file: &Desired, live: &Live, source: &Source) -> Import {
    let mut holders: HashMap<LiveName, Vec<&VmId>> = HashMap::new();
    for vm in live.vms.values() {
        let other = source.from.as_ref().and_then(|_| source.name_of(vm));
        for name in vm.held.session.clone().into_iter().chain(other) {
            let holders = holders.entry(name).or_default();
            if holders.last() != Some(&&vm.id) {
                holders.push(&vm.id);
            }
        }
    }
    let lines = file.sessions.iter();
    let by_vm: HashMap<&VmId, _> = lines.clone().map(|line| (&line.vm, line)).collect();
    let by_name: HashMap<&str, _> = lines
        .clone()
        .map(|line| (line.session.as_str(), line))
        .collect();
    let by_folded: HashMap<String, usize> = lines
        .clone()
        .map(|line| (line.session.as_str().to_lowercase(), line.line))
        .collect();
    let names = VmNames::of(live.vms.keys().chain(lines.map(|line| &line.vm)));
    let judge = |vm: &Vm, name: &LiveName| -> Result<Option<SessionName>, Why> {
        if let Some(line) = by_vm.get(&vm.id) {
            if *name == line.session {
                return Ok(None);
            }
            let (session, line) = (line.session.clone(), line.line);
            return Err(Why::Declared { session, line });
        }
        if vm.held.is_anothers(file.owner()) {
            let by = vm.held.owner.clone().unwrap_or_else(|| name.clone());
            return Err(Why::Owned { by });
        }
        if let (Some(held), true) = (&vm.held.session, source.from.is_some())
            && held != name
        {
            let session = held.clone();
            return Err(Why::Holds { session });
        }
        if let Some(line) = by_name.get(name.raw()) {
            let (to, line) = (line.vm.clone(), line.line);
            return Err(Why::Assigned { to, line });
        }
        let valid = SessionName::new(name.raw()).map_err(|rule| Why::Invalid { rule })?;
        let others = holders.get(name).into_iter().flatten();
        let others: Vec<VmId> = others
            .filter(|other| ***other != vm.id)
            .map(|other| (*other).clone())
            .collect();
        if !others.is_empty() {
            return Err(Why::Several { others });
        }
        if let Some(other) = names.another(name.raw(), |other| **other == vm.id) {
            return Err(Why::Shadowed {
                by: (*other).clone(),
            });
        }
        if let Some(line) = by_folded.get(vm.id.path().folded_name()) {
            return Err(Why::Named { line: *line });
        }
        Ok(Some(valid))
    };
    let groups = file.groups();
    let mut import = Import::default();
    for vm in live.vms.values().filter(|vm| source.covers(vm)) {
        let Some(name) = source.name_of(vm) else {
            continue;
        };
        match judge(vm, &name) {
            Ok(Some(session)) => import.added.push((vm.id.spelled_for(&groups), session)),
            Ok(None) => import.matching += 1,
            Err(why) => import.left_out.push(LeftOut {
                vm: vm.id.clone(),
                session: name,
                why,
            }),
        }
    }
    import
}
