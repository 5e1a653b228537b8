//! The lines of the picker.

use console::{Alignment, measure_text_width, pad_str};

use super::words::told_apart;
use crate::model::{Live, LiveName, Power, Vm};

const GAP: usize = 2;

/// The VMs to choose from, each with its line: name, session and status in columns, no wider than `width`. VMs with a session come
/// first, and running ones before others. With several files, `file` names the file of each VM.
pub fn picker<'l, 'f>(
    live: &'l Live,
    file: impl Fn(&Vm) -> Option<&'f str>,
    width: usize,
) -> Vec<(&'l Vm, String)> {
    let mut vms: Vec<&Vm> = live.vms.values().collect();
    vms.sort_by_key(|vm| (vm.held.session.is_none(), vm.power != Power::Running));
    let name = told_apart(live.vms.keys());
    let session = |vm: &Vm| {
        let session = vm.held.session.as_ref();
        session.map_or("-".to_owned(), LiveName::to_string)
    };
    let status = widest(vms.iter().map(|vm| vm.power.to_string()));
    let last = |vm: &Vm| match file(vm) {
        Some(file) => format!("{}  {file}", column(vm.power.to_string(), status)),
        None => vm.power.to_string(),
    };
    let room = width.saturating_sub(widest(vms.iter().map(|vm| last(vm))) + 2 * GAP);
    let names = widest(vms.iter().map(|vm| name(&vm.id)));
    let sessions = widest(vms.iter().map(|vm| session(vm)));
    let names = names.min((room / 2).max(room.saturating_sub(sessions)));
    let sessions = sessions.min(room.saturating_sub(names));
    let mut lines = Vec::with_capacity(vms.len());
    for vm in vms {
        let (name, session) = (column(name(&vm.id), names), column(session(vm), sessions));
        lines.push((vm, format!("{name}  {session}  {}", last(vm))));
    }
    lines
}

fn widest(texts: impl Iterator<Item = String>) -> usize {
    let widths = texts.map(|text| measure_text_width(&text));
    widths.max().unwrap_or(0)
}

fn column(text: String, width: usize) -> String {
    pad_str(&text, width, Alignment::Left, Some("~")).into_owned()
}
