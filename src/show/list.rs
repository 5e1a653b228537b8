//! VMs with their sessions as a table, and remarks on them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use console::measure_text_width;

use super::table::{self, Cell, Column, Tone};
use super::words::{count, did_you_mean, names, several, told_apart};
use super::{Ids, Paint};
use crate::listing::{Filter, Listing, Row};
use crate::model::{Power, Vm};
use crate::plan::Duplicate;
use crate::text::{and, escape, or, quote};

/// An IPv4 address is never cut: half of one is useless.
const COLUMNS: [Column; 6] = [
    Column("Name", 16, 14),
    Column("Status", 7, 7),
    Column("IP Address", 12, 15),
    Column("Region", 7, 7),
    Column("Session", 15, 16),
    // Only with several files.
    Column("File", 4, 8),
];

/// The marks after sessions that need attention.
const DUPLICATE: char = '!';
const DIFFERS: char = '~';
const FOREIGN: char = '@';

/// The width below which a table would cut most of its cells.
const NARROW: usize = 60;

/// The table, at most `room` columns wide if there is a limit; empty without VMs. `file` names the file of
/// each VM, where there are several. With little room, each VM is two lines instead.
pub fn list<'f>(
    listing: &Listing<'_>,
    file: impl Fn(&Vm) -> Option<&'f str>,
    room: Option<usize>,
    paint: Paint,
) -> String {
    let name = told_apart(listing.rows.iter().map(|row| &row.vm.id));
    let has_files = listing.rows.iter().any(|row| file(row.vm).is_some());
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for row in &listing.rows {
        let vm = row.vm;
        let region = match vm.region.as_str() {
            "" => "-".to_owned(),
            region => escape(region).into_owned(),
        };
        let address = vm.address();
        let address = address.map_or("-".to_owned(), |address| address.to_string());
        let mut cells = vec![
            name(&vm.id).into(),
            status(vm.power),
            address.into(),
            region.into(),
            session(row),
        ];
        let file = file(vm).map_or("-".to_owned(), str::to_owned);
        cells.extend(has_files.then(|| file.into()));
        rows.push(cells);
    }
    if rows.is_empty() {
        return String::new();
    }
    let columns = if has_files {
        &COLUMNS[..]
    } else {
        &COLUMNS[..5]
    };
    let table = table::table(columns, &rows, room, paint);
    let width = measure_text_width(table.lines().next().unwrap_or_default());
    if room.is_some_and(|room| room < NARROW || room < width) {
        return rows.iter().map(|row| lines(row, paint)).collect();
    }
    table
}

/// A VM in two lines, for a narrow terminal: its name and session, and below them the rest.
fn lines(row: &[Cell], paint: Paint) -> String {
    let [name, status, address, region, session, file @ ..] = row else {
        return String::new();
    };
    let (name, mark) = (paint.bold(&name.text), paint.yellow(&session.mark));
    let mut text = format!("{name}  {}{mark}\n", session.text);
    text += &format!("  {}  {}  {}", status.text, address.text, region.text);
    for file in file {
        text += &format!("  {}", file.text);
    }
    text + "\n"
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
        tone,
        ..word.to_owned().into()
    }
}

fn session(row: &Row<'_>) -> Cell {
    let text = match &row.vm.held.session {
        None => "-".to_owned(),
        // A tag's value must not look like no session, or like a name with a mark.
        Some(name) if name.raw() == "-" || name.raw().contains(' ') => {
            format!("\"{}\"", escape(name.raw()))
        }
        Some(name) => name.to_string(),
    };
    let mut cell = Cell::from(text);
    for (is, mark) in [
        (row.duplicate, DUPLICATE),
        (row.differs, DIFFERS),
        (row.foreign, FOREIGN),
    ] {
        if is {
            cell.mark.push(mark);
        }
    }
    if !cell.mark.is_empty() {
        cell.mark.insert(0, ' ');
    }
    cell
}

/// The legend of the table's marks, each with its number of VMs. `flags` are the `--file` flags of the command.
pub fn marks(listing: &Listing<'_>, file: &str, flags: &str, ids: Ids, paint: Paint) -> String {
    let rows = |is: fn(&Row<'_>) -> bool| listing.rows.iter().filter(|row| is(row)).count();
    let mut text = String::new();
    let mut say = |mark: char, words: String| {
        let _ = writeln!(text, "{} {words}", paint.yellow(mark));
    };
    let duplicate = rows(|row| row.duplicate);
    if duplicate > 0 {
        let share = several(duplicate, "VM shares a", "VMs share a");
        let names = duplicates(listing, ids);
        say(
            DUPLICATE,
            format!("{share} session with another VM:{names}"),
        );
    }
    let differ = rows(|row| row.differs);
    if differ > 0 {
        let differ = several(differ, "VM differs", "VMs differ");
        say(
            DIFFERS,
            format!("{differ} from {file}: azlin plan{flags} shows how"),
        );
    }
    let foreign = listing.rows.iter().filter(|row| row.foreign);
    let owners: BTreeSet<_> = foreign
        .filter_map(|row| row.vm.held.owner.as_ref())
        .collect();
    if !owners.is_empty() {
        let one = "VM belongs to another owner";
        let belong = several(rows(|row| row.foreign), one, "VMs belong to other owners");
        let owners = names(&owners.into_iter().collect::<Vec<_>>());
        say(FOREIGN, format!("{belong}: {owners}"));
    }
    text
}

/// The first few sessions that several VMs hold, one per line.
fn duplicates(listing: &Listing<'_>, ids: Ids) -> String {
    const MOST: usize = 5;
    let all = &listing.duplicates;
    let mut text = String::new();
    for Duplicate { name, holders } in all.iter().take(MOST) {
        text += &format!("\n    {name} is on {}", ids.names(holders));
    }
    if all.len() > MOST {
        let more = count(all.len() - MOST, "name");
        text += &format!("\n    … and {more} more");
    }
    text
}

/// The reason for an empty list, if it is empty, and the number of hidden VMs. `place` is the subscription in words.
pub fn unseen(listing: &Listing<'_>, ask: &Filter, place: &str) -> String {
    let mut text = String::new();
    let place = match &ask.group {
        Some(group) => format!("resource group {}", quote(group)),
        None => place.to_owned(),
    };
    if listing.rows.is_empty() {
        let _ = match (listing.among, listing.hidden.len()) {
            (0, _) if listing.nearest_groups.is_empty() => {
                writeln!(
                    text,
                    "no VMs in {place}, or none that you have permission to see"
                )
            }
            (0, _) => {
                let groups = did_you_mean(listing.nearest_groups.iter());
                writeln!(text, "no VM in {place}; {groups}")
            }
            (n, 0) if ask.states.is_empty() => {
                let what = if ask.tags.len() == 1 { "tag" } else { "tags" };
                let (vms, tags) = (count(n, "VM"), and(&ask.tags));
                writeln!(
                    text,
                    "no VM in {place} has the {what} {tags} (searched {vms})"
                )
            }
            (n, 0) if !ask.states.is_empty() => {
                let states: Vec<&str> = ask.states.iter().map(|power| power.code()).collect();
                let (vms, states) = (count(n, "VM"), or(&states));
                writeln!(text, "no VM in {place} is {states} (searched {vms})")
            }
            _ => writeln!(text, "no matching VM in {place} is running"),
        };
    }
    if !listing.hidden.is_empty() {
        let mut states = Vec::new();
        for state in [
            Power::Deallocated,
            Power::Stopped,
            Power::Stopping,
            Power::Starting,
        ] {
            match listing
                .hidden
                .iter()
                .filter(|power| **power == state)
                .count()
            {
                0 => {}
                n => states.push(format!("{n} {state}")),
            }
        }
        let (vms, states) = (count(listing.hidden.len(), "VM"), states.join(", "));
        let _ = writeln!(text, "{vms} hidden: {states}; use --all to show all VMs");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_two_lines_for_each_vm() {
        let mut session = Cell::from("project-beta".to_owned());
        session.mark = " ~".to_owned();
        let texts = ["dev-vm-1", "Running", "203.0.113.11", "eastus"];
        let mut row: Vec<Cell> = texts.map(|text| text.to_owned().into()).to_vec();
        row.push(session);
        row.push("teams/1.toml".to_owned().into());
        insta::assert_snapshot!(lines(&row, Paint::default()), @"
        dev-vm-1  project-beta ~
          Running  203.0.113.11  eastus  teams/1.toml
        ");
    }
}
