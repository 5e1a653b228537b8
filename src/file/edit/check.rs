//! An independent check of the editor: the settings of a file, read by the same parser that azlin reads files with.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::{Edit, Ends};
use crate::model::VmPath;

/// The path of each setting with its value: the text of a session, or the spelling of any other value.
///
/// Resource groups and VMs are in lower case, and `vm = "x"` is `vm.session = "x"`.
pub(super) type Said = BTreeMap<Vec<String>, String>;

/// The path of a VM's session.
pub(super) fn session_of(vm: &VmPath) -> Vec<String> {
    setting_of(vm, "session")
}

/// The path of a setting of a VM.
fn setting_of(vm: &VmPath, setting: &str) -> Vec<String> {
    ["sessions", vm.folded_group(), vm.folded_name(), setting]
        .map(str::to_owned)
        .into()
}

/// Returns the settings in `text`, or none if it is not valid TOML or has several sessions for one VM.
pub(super) fn said(text: &str) -> Option<Said> {
    let mut said = Said::new();
    let document = DeTable::parse(text).ok()?;
    collect(document.get_ref(), &[], text, &mut said)?;
    Some(said)
}

fn collect(table: &DeTable<'_>, above: &[String], text: &str, said: &mut Said) -> Option<()> {
    for (key, value) in table {
        let mut path = above.to_vec();
        path.push(key.get_ref().to_string());
        let is_session = path.first().is_some_and(|first| first == "sessions");
        if let (true, 2 | 3, Some(name)) = (is_session, path.len(), path.last_mut()) {
            *name = name.to_lowercase();
        }
        let mut told = text.get(value.span())?;
        match (value.get_ref(), path.len()) {
            (DeValue::Table(table), _) => {
                collect(table, &path, text, said)?;
                continue;
            }
            (DeValue::String(session), 3) if is_session => {
                path.push("session".to_owned());
                told = session;
            }
            (_, ..=3) if is_session => return None,
            (DeValue::String(session), 4) if is_session && key.get_ref() == "session" => {
                told = session;
            }
            _ => {}
        }
        if said.insert(path, told.to_owned()).is_some() {
            return None;
        }
    }
    Some(())
}

/// Changes `said` to what the file should say after `edits`.
pub(super) fn expect(said: &mut Said, edits: &BTreeMap<(&str, &str), &Edit<'_>>) {
    let from = edits.values().filter_map(|edit| edit.from);
    let from: BTreeSet<_> = from.map(VmPath::folded).collect();
    said.retain(|path, _| {
        let [first, group, vm, setting, ..] = path.as_slice() else {
            return true;
        };
        let vm = (group.as_str(), vm.as_str());
        if first != "sessions" {
            return true;
        }
        match edits.get(&vm) {
            None => !from.contains(&vm),
            Some(edit) => {
                let stays = setting != "expires" || edit.ends == Ends::Keep;
                edit.session.is_some() && stays
            }
        }
    });
    for edit in edits.values() {
        if let Some(session) = edit.session {
            said.insert(session_of(edit.vm), session.to_owned());
            if let Some(day) = edit.ends.day() {
                said.insert(setting_of(edit.vm, "expires"), day.to_string());
            }
        }
    }
}
