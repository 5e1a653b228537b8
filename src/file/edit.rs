//! An edit of one line of `sessions.toml` that leaves every other byte as it is: comments, order, spelling, line ends.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::table::{Entry, entries};
use super::{Line, read};
use crate::model::{SessionName, VmPath};

/// `text` with the line of `vm` saying `session`, or without that line; as it was, where that is so already.
///
/// A line that is there keeps its place and its comment, and what it says of `expires`. A new line goes to the end of its
/// resource group's table, a new table to the end of the file.
///
/// # Errors
/// The text is not valid before or after the edit, or is of a form that leaves no place for it (the VM in an inline table
/// of several, say): a person has to edit it.
pub fn edit(text: &str, vm: &VmPath, session: Option<&SessionName>) -> Result<String, CannotEdit> {
    let before = lines(text).ok_or(CannotEdit)?;
    let edited = splice(text, vm, session).ok_or(CannotEdit)?;
    let after = lines(&edited).ok_or(CannotEdit)?;
    // What the edit was to do, and nothing else.
    let others = |lines: &[Line]| -> Vec<_> {
        let others = lines.iter().filter(|line| line.vm != *vm);
        let others = others.map(|line| (line.vm.clone(), line.session.clone(), line.expires));
        others.collect()
    };
    let has = after.iter().find(|line| line.vm == *vm);
    let right = has.map(|line| &line.session) == session && others(&before) == others(&after);
    right.then_some(edited).ok_or(CannotEdit)
}

/// That only a person can make this edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotEdit;

fn lines(text: &str) -> Option<Vec<Line>> {
    let (file, ..) = read("", text.as_bytes());
    Some(file?.lines)
}

/// The edit by place alone; whether it came out as meant is the caller's to see.
fn splice(text: &str, vm: &VmPath, session: Option<&SessionName>) -> Option<String> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let document = DeTable::parse(text.get(start..)?).ok()?;
    let top = entries(document.get_ref());
    let sessions = top.iter().find(|entry| entry.key == "sessions");
    let groups = sessions.map_or(Vec::new(), inside);
    let group = groups.iter().find(|group| vm.is_in(group.key));
    let vms = group.map_or(Vec::new(), inside);
    let line = vms.iter().find(|line| vm.is_named(line.key));
    let at = |span: Range<usize>| span.start + start..span.end + start;
    let end_of_line = |from: usize| match text.get(from..)?.find('\n') {
        Some(newline) => Some(from + newline + 1),
        None => Some(text.len()),
    };
    let start_of_line = |from: usize| Some(text.get(..from)?.rfind('\n').map_or(0, |n| n + 1));
    let crlf = text.matches("\r\n").count();
    let newline = match 2 * crlf > text.matches('\n').count() {
        true => "\r\n",
        false => "\n",
    };
    let Some(session) = session else {
        let Some(line) = line else {
            return Some(text.to_owned());
        };
        let key = start_of_line(at(line.span.clone()).start)?;
        let end = end_of_line(at(line.value_span()).end)?;
        return spliced(text, key..end, "");
    };
    let quoted = format!("\"{session}\"");
    if let Some(line) = line {
        let value = match line.value.get_ref() {
            DeValue::Table(_) => {
                let settings = inside(line);
                let session = settings.iter().find(|entry| entry.key == "session")?;
                session.value_span()
            }
            _ => line.value_span(),
        };
        return spliced(text, at(value), &quoted);
    }
    let new = format!("{} = {quoted}{newline}", key(vm.name()));
    let Some(group) = group else {
        let gap = match text.get(start..)? {
            "" => "",
            text if text.ends_with('\n') => newline,
            _ => &newline.repeat(2),
        };
        let header = format!("{gap}[sessions.{}]{newline}", key(vm.group()));
        return Some(format!("{text}{header}{new}"));
    };
    let last = vms.last().map_or(group.span.end, |vm| vm.value_span().end);
    let end = end_of_line(last + start)?;
    let gap = match text.get(..end)?.ends_with('\n') {
        true => "",
        false => newline,
    };
    spliced(text, end..end, &format!("{gap}{new}"))
}

/// The entries of the table that `entry` holds, if it holds one.
fn inside<'t, 'i>(entry: &Entry<'t, 'i>) -> Vec<Entry<'t, 'i>> {
    match entry.value.get_ref() {
        DeValue::Table(table) => entries(table),
        _ => Vec::new(),
    }
}

fn spliced(text: &str, place: Range<usize>, new: &str) -> Option<String> {
    let (before, after) = (text.get(..place.start)?, text.get(place.end..)?);
    Some(format!("{before}{new}{after}"))
}

/// A key as TOML has it: bare where it may be.
pub(crate) fn key(name: &str) -> String {
    let bare = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    match bare {
        true => name.to_owned(),
        false => format!("\"{name}\""),
    }
}
