//! The VMs, for people.

use std::collections::{BTreeMap, BTreeSet};

use super::Paint;
use super::table::{Cell, Look, table};
use super::words::count;
use crate::list::{Listed, Listing};
use crate::model::{Power, Vm};
use crate::text::escape;

/// The marks behind a session, in the order in which they are explained.
const DUPLICATE: char = '!';
const DIFFERS: char = '~';
const FOREIGN: char = '@';

/// The table of `listing`, no wider than `width` if there is one; empty where no VM is listed.
pub fn list(listing: &Listing<'_>, width: Option<usize>, paint: Paint) -> String {
    if listing.vms.is_empty() {
        return String::new();
    }
    let mut called: BTreeMap<&str, usize> = BTreeMap::new();
    for listed in &listing.vms {
        *called.entry(listed.vm.id.folded_name()).or_default() += 1;
    }
    let row = |listed: &Listed<'_>| {
        let vm = listed.vm;
        let alone = called.get(vm.id.folded_name()) == Some(&1);
        let name = match alone {
            true => vm.id.name().to_owned(),
            false => vm.id.to_string(),
        };
        let status = match vm.power {
            Power::Running => Look::Good,
            _ => Look::Dim,
        };
        let marks = marks(listed);
        let look = match marks.is_empty() {
            true => Look::Plain,
            false => Look::Marked,
        };
        let session = match &vm.held.session {
            Some(session) => session.to_string(),
            None => "-".to_owned(),
        };
        [
            (name, Look::Plain),
            (self::status(vm).to_owned(), status),
            (address(vm), Look::Plain),
            (escape(or_dash(&vm.region)).into_owned(), Look::Plain),
            (session, look),
        ]
        .map(|(text, look)| {
            let mark = match look {
                Look::Marked => marks.clone(),
                _ => String::new(),
            };
            Cell { text, mark, look }
        })
    };
    let rows: Vec<_> = listing.vms.iter().map(row).collect();
    let columns = [
        ("Name", 16),
        ("Status", 7),
        ("IP Address", 12),
        ("Region", 7),
        ("Session", 15),
    ];
    table(columns, &rows, width, paint)
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn marks(listed: &Listed<'_>) -> String {
    let all = [
        (listed.is_duplicate, DUPLICATE),
        (listed.differs, DIFFERS),
        (listed.is_foreign, FOREIGN),
    ];
    let set: String = all.iter().filter(|(is, _)| *is).map(|(_, c)| *c).collect();
    match set.is_empty() {
        true => set,
        false => format!(" {set}"),
    }
}

/// A VM's power state, as the table has it.
pub(super) fn status(vm: &Vm) -> &'static str {
    match vm.power {
        Power::Running => "Running",
        Power::Starting => "Starting",
        Power::Stopping => "Stopping",
        Power::Stopped => "Stopped",
        Power::Deallocated => "Deallocated",
        Power::Unknown => "Unknown",
    }
}

/// The address that `connect` would use.
pub(super) fn address(vm: &Vm) -> String {
    let addresses = &vm.addresses;
    let mut all = addresses.public.iter().chain(&addresses.private);
    all.next().map_or("-".to_owned(), ToString::to_string)
}

/// What there is to say below the table of the VMs that `file` is about: the marks, and what is hidden.
pub fn below_list(listing: &Listing<'_>, file: &str) -> String {
    let vms = &listing.vms;
    let names = |is: &dyn Fn(&Listed<'_>) -> Option<String>| -> BTreeSet<String> {
        vms.iter().filter_map(is).collect()
    };
    let marked = |is: fn(&Listed<'_>) -> bool| vms.iter().filter(|listed| is(listed)).count();
    let mut text = String::new();
    let mut say = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let session = |listed: &Listed<'_>| Some(listed.vm.held.session.as_ref()?.to_string());
    let owner = |listed: &Listed<'_>| Some(listed.vm.held.owner.as_ref()?.to_string());
    if let n @ 1.. = marked(|listed| listed.is_duplicate) {
        let doubled = names(&|listed| session(listed).filter(|_| listed.is_duplicate));
        let hold = if n == 1 { "holds" } else { "hold" };
        let doubled = some_of(&doubled);
        say(format!(
            "{DUPLICATE} {} {hold} a session that another VM holds too: {doubled}",
            count(n, "VM")
        ));
    }
    if let n @ 1.. = marked(|listed| listed.differs) {
        let differ = if n == 1 { "differs" } else { "differ" };
        say(format!(
            "{DIFFERS} {} {differ} from {file}; azlin plan shows how",
            count(n, "VM")
        ));
    }
    if let n @ 1.. = marked(|listed| listed.is_foreign) {
        let owners = names(&|listed| owner(listed).filter(|_| listed.is_foreign));
        let belong = if n == 1 { "belongs" } else { "belong" };
        say(format!(
            "{FOREIGN} {} {belong} to another owner: {}",
            count(n, "VM"),
            some_of(&owners)
        ));
    }
    if let n @ 1.. = listing.unreadable {
        say(format!(
            "{} in Azure's list cannot be read, and {} not shown",
            count(n, "VM"),
            if n == 1 { "is" } else { "are" }
        ));
    }
    let hidden: usize = listing.hidden.values().sum();
    if hidden > 0 {
        let by: Vec<String> = listing
            .hidden
            .iter()
            .map(|(by, n)| format!("{n} {by}"))
            .collect();
        let is = if hidden == 1 { "is" } else { "are" };
        say(format!(
            "{} {is} hidden: {}; --all shows {}",
            count(hidden, "VM"),
            by.join(", "),
            if hidden == 1 { "it" } else { "them" }
        ));
    } else if vms.is_empty() {
        say(match listing.is_narrowed {
            true => "no VM matches".to_owned(),
            false => "there is no VM in scope, or the identity may not see it".to_owned(),
        });
    }
    text
}

/// A few of many.
fn some_of(names: &BTreeSet<String>) -> String {
    const MOST: usize = 5;
    let shown: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
