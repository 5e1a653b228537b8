//! VMs with their sessions, as a table, and what there is to say about them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::table::{self, Cell, Column, Tone};
use super::words::{FileOf, count, told_apart};
use super::{Ids, Paint};
use crate::listing::{Ask, Listing, Row};
use crate::model::{LiveName, Power, Vm};
use crate::text::{escape, quote};

/// An IPv4 address is never cut, for half of one is none.
const COLUMNS: [Column; 5] = [
    column("Name", 16, 8),
    column("Status", 7, 7),
    column("IP Address", 12, 15),
    column("Region", 7, 7),
    column("Session", 15, 9),
];

/// Behind the others, where there are several files.
const FILE: Column = column("File", 4, 8);

const fn column(head: &'static str, least: usize, floor: usize) -> Column {
    Column { head, least, floor }
}

/// What stands behind the sessions that are odd.
const DUPLICATE: char = '!';
const DIFFERS: char = '~';
const FOREIGN: char = '@';

/// The table, at most `room` columns wide if there is a limit; nothing where there is no VM to show. `file` names the file of
/// each VM, where there are several.
pub fn list(
    listing: &Listing<'_>,
    file: Option<&FileOf<'_>>,
    room: Option<usize>,
    paint: Paint,
) -> String {
    if listing.rows.is_empty() {
        return String::new();
    }
    let name = told_apart(listing.rows.iter().map(|row| &row.vm.id));
    let cells = |row: &Row<'_>| {
        let vm = row.vm;
        let region = match vm.region.as_str() {
            "" => "-".to_owned(),
            region => escape(region).into_owned(),
        };
        let address = address(vm).map_or("-".to_owned(), |address| address.to_string());
        let mut cells = vec![
            name(&vm.id).into(),
            status(vm.power),
            address.into(),
            region.into(),
            session(row),
        ];
        cells.extend(file.map(|file| file(vm).to_owned().into()));
        cells
    };
    let rows: Vec<Vec<Cell>> = listing.rows.iter().map(cells).collect();
    let columns = COLUMNS.iter().copied().chain(file.map(|_| FILE));
    let columns: Vec<Column> = columns.collect();
    table::table(&columns, &rows, room, paint)
}

/// The address to reach a VM by: a public one, where it has one.
pub(super) fn address(vm: &Vm) -> Option<IpAddr> {
    let addresses = &vm.addresses;
    addresses
        .public
        .first()
        .or(addresses.private.first())
        .copied()
}

fn status(power: Power) -> Cell {
    let (word, tone) = match power {
        Power::Running => ("Running", Tone::Good),
        Power::Starting => ("Starting", Tone::Plain),
        Power::Stopping => ("Stopping", Tone::Dim),
        Power::Stopped => ("Stopped", Tone::Dim),
        Power::Deallocated => ("Deallocated", Tone::Dim),
        Power::Unknown => ("Unknown", Tone::Plain),
    };
    Cell {
        text: word.to_owned(),
        mark: String::new(),
        tone,
    }
}

fn session(row: &Row<'_>) -> Cell {
    let text = match &row.vm.held.session {
        None => "-".to_owned(),
        // What stands in Azure must not pass for none, or for a name with a mark.
        Some(name) if name.raw() == "-" || name.raw().contains(' ') => {
            format!("\"{}\"", escape(name.raw()))
        }
        Some(name) => name.to_string(),
    };
    let marks: String = [
        (row.duplicate, DUPLICATE),
        (row.differs, DIFFERS),
        (row.foreign, FOREIGN),
    ]
    .into_iter()
    .filter_map(|(is, mark)| is.then_some(mark))
    .collect();
    let mark = match marks.as_str() {
        "" => String::new(),
        marks => format!(" {marks}"),
    };
    Cell {
        text,
        mark,
        tone: Tone::Plain,
    }
}

/// What the marks in the table mean, with how many VMs have each.
pub fn marks(listing: &Listing<'_>, file: &str, ids: Ids, paint: Paint) -> String {
    let rows = |is: fn(&Row<'_>) -> bool| listing.rows.iter().filter(|row| is(row)).count();
    let mut text = String::new();
    let mut say = |mark: char, words: &str| {
        let _ = writeln!(text, "{} {words}", paint.yellow(mark));
    };
    match rows(|row| row.duplicate) {
        0 => {}
        n => {
            let verb = if n == 1 { "shares its" } else { "share their" };
            let vms = count(n, "VM");
            let names = duplicates(listing, ids);
            say(
                DUPLICATE,
                &format!("{vms} {verb} session with another VM:{names}"),
            );
        }
    }
    match rows(|row| row.differs) {
        0 => {}
        1 => say(
            DIFFERS,
            &format!("1 VM differs from {file}: azlin plan shows how"),
        ),
        n => say(
            DIFFERS,
            &format!("{n} VMs differ from {file}: azlin plan shows how"),
        ),
    }
    match rows(|row| row.foreign) {
        0 => {}
        1 => say(
            FOREIGN,
            &format!("1 VM belongs to another owner: {}", owners(listing)),
        ),
        n => say(
            FOREIGN,
            &format!("{n} VMs belong to other owners: {}", owners(listing)),
        ),
    }
    text
}

fn duplicates(listing: &Listing<'_>, ids: Ids) -> String {
    const MOST: usize = 5;
    let all = &listing.duplicates;
    let mut text = String::new();
    for double in all.iter().take(MOST) {
        let _ = write!(
            text,
            "\n    {} is on {}",
            double.name,
            ids.names(&double.holders)
        );
    }
    if all.len() > MOST {
        let more = count(all.len() - MOST, "name");
        let _ = write!(text, "\n    … and {more} more");
    }
    text
}

fn owners(listing: &Listing<'_>) -> String {
    const MOST: usize = 3;
    let foreign = listing.rows.iter().filter(|row| row.foreign);
    let owners: BTreeSet<&LiveName> = foreign
        .filter_map(|row| row.vm.held.owner.as_ref())
        .collect();
    let shown: Vec<String> = owners.iter().take(MOST).map(ToString::to_string).collect();
    match owners.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Why no VM is shown, if so, and how many that were asked for are hidden. `place` is the Azure, as the user knows it.
pub fn unseen(listing: &Listing<'_>, ask: &Ask, place: &str) -> String {
    let mut text = String::new();
    let place = match &ask.group {
        Some(group) => format!("resource group {}", quote(group)),
        None => place.to_owned(),
    };
    if listing.rows.is_empty() {
        let _ = match (listing.among, listing.hidden.len()) {
            (0, _) if listing.nearest_groups.is_empty() => {
                writeln!(text, "no VM in {place}, or none that you may see")
            }
            (0, _) => {
                let groups = listing.nearest_groups.join(" or ");
                writeln!(text, "no VM in {place}; did you mean {groups}?")
            }
            (n, 0) => {
                let what = if ask.tags.len() == 1 { "tag" } else { "tags" };
                let tags: Vec<String> = ask.tags.iter().map(ToString::to_string).collect();
                let (vms, tags) = (count(n, "VM"), tags.join(" and "));
                writeln!(text, "none of {vms} in {place} has the {what} {tags}")
            }
            _ => writeln!(text, "no VM to show runs in {place}"),
        };
    }
    if !listing.hidden.is_empty() {
        let states = [
            Power::Deallocated,
            Power::Stopped,
            Power::Stopping,
            Power::Starting,
        ];
        let states: Vec<String> = states
            .iter()
            .map(|state| (state, listing.hidden.iter().filter(|p| *p == state).count()))
            .filter(|(_, n)| *n > 0)
            .map(|(state, n)| format!("{n} {}", state.code()))
            .collect();
        let (vms, states) = (count(listing.hidden.len(), "VM"), states.join(", "));
        let _ = writeln!(text, "{vms} hidden: {states}; --all shows them");
    }
    text
}
