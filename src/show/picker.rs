//! The lines of the picker.

use console::{Alignment, pad_str};

use super::words::told_apart;
use crate::model::{Live, Power, Vm};

/// The VMs to choose from, those that one is likely to want first (with a session, running), and a line for each: name,
/// session, status, in columns, no wider than `width`.
pub fn picker(live: &Live, width: usize) -> Vec<(&Vm, String)> {
    const GAP: usize = 2;
    let mut vms: Vec<&Vm> = live.vms.values().collect();
    vms.sort_by_key(|vm| (vm.held.session.is_none(), vm.power != Power::Running));
    let name = told_apart(live.vms.keys());
    let session = |vm: &Vm| match &vm.held.session {
        Some(session) => session.to_string(),
        None => "-".to_owned(),
    };
    let rows = vms
        .iter()
        .map(|vm| (*vm, name(&vm.id), session(vm), vm.power.to_string()));
    let rows: Vec<_> = rows.collect();
    let widest = |texts: &mut dyn Iterator<Item = &String>| {
        texts
            .map(|text| console::measure_text_width(text))
            .max()
            .unwrap_or(0)
    };
    let status = widest(&mut rows.iter().map(|(.., status)| status));
    let names = widest(&mut rows.iter().map(|(_, name, ..)| name));
    let sessions = widest(&mut rows.iter().map(|(_, _, session, _)| session));
    let room = width.saturating_sub(status + 2 * GAP);
    let names = names
        .min(room / 2)
        .max(room.saturating_sub(sessions).min(names));
    let sessions = sessions.min(room.saturating_sub(names));
    let column =
        |text: &str, width: usize| pad_str(text, width, Alignment::Left, Some("~")).into_owned();
    let line = |(vm, name, session, status): (_, String, String, String)| {
        let line = format!(
            "{}  {}  {status}",
            column(&name, names),
            column(&session, sessions)
        );
        (vm, line)
    };
    rows.into_iter().map(line).collect()
}
