//! [`Index`]: where a file says something of which VM.

use std::collections::HashMap;
use std::ops::Range;

use super::layout::{At, Layout, List};

/// Where the file speaks of sessions.
#[derive(Default)]
pub(super) struct Index {
    /// By name, in lower case.
    pub groups: HashMap<String, Group>,
    /// The inline table of all groups, if there is one: nothing outside it can add to it.
    pub inline: Option<usize>,
    /// The last header that names a group.
    pub header: Option<usize>,
    /// The last entry whose key names a group.
    pub last: Option<At>,
    /// The entry of the last session.
    pub sample: Option<At>,
}

/// Where the file speaks of a resource group.
#[derive(Default)]
pub(super) struct Group {
    /// By name, in lower case.
    pub vms: HashMap<String, Vm>,
    /// Its table, below a header or in braces.
    pub table: Option<usize>,
    /// The last header that names a VM of it.
    pub header: Option<usize>,
    /// The last entry whose key names a VM of it.
    pub last: Option<At>,
}

/// Where the file speaks of a VM.
#[derive(Default)]
pub(super) struct Vm {
    /// The tables and entries that are about it alone.
    pub sections: Vec<usize>,
    pub items: Vec<At>,
    pub session: Option<Range<usize>>,
    pub expires: Option<At>,
}

impl Index {
    pub fn new(layout: &Layout) -> Self {
        let mut index = Self::default();
        for (at, list) in layout.lists.iter().enumerate() {
            if list.path.first().is_some_and(|key| key.name == "sessions") {
                index.list(list, at);
            }
            for item in 0..list.items.len() {
                index.item(layout, (at, item));
            }
        }
        index
    }

    fn list(&mut self, list: &List, at: usize) -> Option<()> {
        let Some(group) = list.path.get(1) else {
            self.inline = list.inline.then_some(at);
            return None;
        };
        if !list.inline {
            self.header = Some(at);
        }
        let group = self.groups.entry(group.name.to_lowercase()).or_default();
        let Some(vm) = list.path.get(2) else {
            group.table = Some(at);
            return None;
        };
        if !list.inline {
            group.header = Some(at);
            let vm = group.vms.entry(vm.name.to_lowercase()).or_default();
            vm.sections.push(at);
        }
        None
    }

    fn item(&mut self, layout: &Layout, at: At) -> Option<()> {
        let depth = layout.list(at.0)?.path.len();
        let path = layout.path(at);
        let group = path
            .get(1)
            .filter(|_| path.first().is_some_and(|key| key.name == "sessions"))?;
        if depth <= 1 {
            self.last = Some(at);
        }
        let group = self.groups.entry(group.name.to_lowercase()).or_default();
        let vm = path.get(2)?;
        let vm = group.vms.entry(vm.name.to_lowercase()).or_default();
        if depth <= 2 {
            group.last = Some(at);
            vm.items.push(at);
        }
        match path.get(3).map(|key| key.name.as_str()) {
            Some("expires") => vm.expires = Some(at),
            None | Some("session") => {
                vm.session = Some(layout.item(at)?.value.clone());
                self.sample = Some(at);
            }
            _ => {}
        }
        None
    }
}
