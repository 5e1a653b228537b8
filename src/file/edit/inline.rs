//! Inline tables: entries that come and go between commas.

use std::collections::BTreeSet;

use super::layout::{Entry, Layout};
use super::{Splice, cut, cut_lines};

/// Takes the entries that are `gone` out of the braces of `table`, puts `new` to their end, and sets the commas right.
pub(super) fn rewrite(
    layout: &Layout<'_>,
    table: usize,
    gone: &BTreeSet<usize>,
    new: &[String],
) -> Option<Vec<Splice>> {
    let table = layout.entry(table)?;
    let last = table.children.last().and_then(|at| layout.entry(*at));
    let trailing = last.is_some_and(|last| last.comma.is_some());
    let mut splices = Vec::new();
    let mut follows = trailing || !new.is_empty();
    // Asked once: a line may be as long as the file.
    let has_lines = layout.raw(table.value.clone()).contains('\n');
    for at in table.children.iter().rev() {
        let entry = layout.entry(*at)?;
        if gone.contains(at) {
            splices.push(cut_entry(layout, entry, has_lines));
            continue;
        }
        match entry.comma {
            None if follows => splices.push((entry.span.end..entry.span.end, ",".to_owned())),
            Some(comma) if !follows => splices.push((comma..comma + 1, String::new())),
            _ => {}
        }
        follows = true;
    }
    if new.is_empty() {
        return Some(splices);
    }
    let mut place = last.map_or(table.value.start + 1, Entry::end);
    let (mut lead, mut end) = (" ".to_owned(), "");
    if let Some(last) = last.filter(|last| has_lines && has_line(layout, last)) {
        layout.indent(last.span.start)?.clone_into(&mut lead);
        end = layout.newline;
        place = layout.end_of_line(place);
    }
    let commas = if trailing { "," } else { "" };
    let mut text = format!("{lead}{}{commas}{end}", new.join(&format!(",{end}{lead}")));
    if place + 1 == table.value.end && !text.ends_with('\n') && last.is_none() {
        text.push(' ');
    }
    splices.push((place..place, text));
    Some(splices)
}

/// Takes an entry out, with its comma.
fn cut_entry(layout: &Layout<'_>, entry: &Entry, has_lines: bool) -> Splice {
    let (start, end) = (entry.span.start, entry.end());
    if has_lines && has_line(layout, entry) {
        return cut_lines(layout, &(start..end));
    }
    let before = layout.raw(0..start).trim_end_matches([' ', '\t']);
    if before.ends_with(['{', ',']) {
        return cut(layout, before.len()..end);
    }
    let rest = layout.raw(end..layout.text.len());
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    cut(layout, start..end + blanks)
}

/// Whether the entry has lines of its own, with its comma and nothing but a comment.
fn has_line(layout: &Layout<'_>, entry: &Entry) -> bool {
    let (start, end) = (entry.span.start, entry.end());
    let below = layout.raw(end..layout.end_of_line(end));
    let bare = below.trim_start();
    layout.indent(start).is_some()
        && !layout.raw(entry.span.end..end).contains('\n')
        && below.ends_with('\n')
        && (bare.is_empty() || bare.starts_with('#'))
}
