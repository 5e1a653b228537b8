//! The lines of the picker.

use console::{Alignment, pad_str};

use super::words::{FileOf, told_apart};
use crate::model::{Live, Power, Vm};

/// The VMs to choose from, those that one is likely to want first (with a session, running), and a line for each: name,
/// session, status, in columns, no wider than `width`; with its file behind it, where `file` names those of several.
pub fn picker<'l>(
    live: &'l Live,
    file: Option<&FileOf<'_>>,
    width: usize,
) -> Vec<(&'l Vm, String)> {
    const GAP: usize = 2;
    let mut vms: Vec<&Vm> = live.vms.values().collect();
    vms.sort_by_key(|vm| (vm.held.session.is_none(), vm.power != Power::Running));
    let name = told_apart(live.vms.keys());
    let session = |vm: &Vm| match &vm.held.session {
        Some(session) => session.to_string(),
        None => "-".to_owned(),
    };
    let statuses = vms.iter().map(|vm| vm.power.to_string());
    let statuses: Vec<String> = statuses.collect();
    let widest = |texts: &mut dyn Iterator<Item = &String>| {
        texts
            .map(|text| console::measure_text_width(text))
            .max()
            .unwrap_or(0)
    };
    let column =
        |text: &str, width: usize| pad_str(text, width, Alignment::Left, Some("~")).into_owned();
    let status = widest(&mut statuses.iter());
    let last = |(vm, power): (&&Vm, String)| match file {
        Some(file) => format!("{}  {}", column(&power, status), file(vm)),
        None => power,
    };
    let rows = vms.iter().zip(statuses);
    let rows = rows.map(|row| (*row.0, name(&row.0.id), session(row.0), last(row)));
    let rows: Vec<_> = rows.collect();
    let last = widest(&mut rows.iter().map(|(.., last)| last));
    let names = widest(&mut rows.iter().map(|(_, name, ..)| name));
    let sessions = widest(&mut rows.iter().map(|(_, _, session, _)| session));
    let room = width.saturating_sub(last + 2 * GAP);
    let names = names
        .min(room / 2)
        .max(room.saturating_sub(sessions).min(names));
    let sessions = sessions.min(room.saturating_sub(names));
    let line = |(vm, name, session, last): (_, String, String, String)| {
        let line = format!(
            "{}  {}  {last}",
            column(&name, names),
            column(&session, sessions)
        );
        (vm, line)
    };
    rows.into_iter().map(line).collect()
}
