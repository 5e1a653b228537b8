//! What a file says, as far as an edit must answer for it: the independent look at the editor's work.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::Edit;

/// What a file says.
#[derive(PartialEq, Eq)]
pub(super) struct Said<'t> {
    /// By resource group and VM in lower case.
    vms: BTreeMap<(String, String), Line<'t>>,
    /// All other settings, each with its value as the text spells it.
    others: Vec<(String, &'t str)>,
}

#[derive(PartialEq, Eq, Default)]
struct Line<'t> {
    session: Option<&'t str>,
    /// What else the line says, as the text spells it.
    others: BTreeMap<&'t str, &'t str>,
}

impl<'t> Said<'t> {
    /// What `text` says, which was parsed into `document`; nothing if that is no file of sessions, each VM once.
    pub fn read(document: &'t DeTable<'_>, text: &'t str) -> Option<Self> {
        let raw = |span: Range<usize>| text.get(span);
        let mut said = Self {
            vms: BTreeMap::new(),
            others: Vec::new(),
        };
        for (key, value) in document {
            if key.get_ref() != "sessions" {
                said.setting(key.get_ref(), value, text)?;
                continue;
            }
            for (group, vms) in table(value.get_ref())? {
                for (vm, value) in table(vms.get_ref())? {
                    let mut line = Line::default();
                    match value.get_ref() {
                        DeValue::String(session) => line.session = Some(session),
                        settings => {
                            for (key, value) in table(settings)? {
                                match (key.get_ref().as_ref(), value.get_ref()) {
                                    ("session", DeValue::String(session)) => {
                                        line.session = Some(session)
                                    }
                                    (key, _) => {
                                        line.others.insert(key, raw(value.span())?);
                                    }
                                }
                            }
                        }
                    }
                    let id = (group.get_ref().to_lowercase(), vm.get_ref().to_lowercase());
                    if said.vms.insert(id, line).is_some() {
                        return None;
                    }
                }
            }
        }
        Some(said)
    }

    fn setting(
        &mut self,
        path: &str,
        value: &'t toml::Spanned<DeValue<'_>>,
        text: &'t str,
    ) -> Option<()> {
        let DeValue::Table(table) = value.get_ref() else {
            self.others.push((path.to_owned(), text.get(value.span())?));
            return Some(());
        };
        for (key, value) in table {
            self.setting(&format!("{path}\0{}", key.get_ref()), value, text)?;
        }
        Some(())
    }

    /// The session that the line of `group` and `vm` gives.
    pub fn session(&self, group: &str, vm: &str) -> Option<&str> {
        self.vms.get(&(group.to_owned(), vm.to_owned()))?.session
    }

    /// The same file after `edit`.
    pub fn edit(&mut self, edit: &Edit<'t>) {
        let (group, vm) = edit.vm.folded();
        let id = (group.to_owned(), vm.to_owned());
        let Some(session) = edit.session else {
            self.vms.remove(&id);
            return;
        };
        let line = self.vms.entry(id).or_default();
        line.session = Some(session);
        if edit.endless {
            line.others.remove("expires");
        }
    }
}

fn table<'t, 'i>(value: &'t DeValue<'i>) -> Option<&'t DeTable<'i>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}
