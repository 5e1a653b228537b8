//! The one form of `sessions.toml`, for `azlin fmt`.
//!
//! Tables come in the order `owner`, `[azure]`, `[sessions.GROUP]` by name, `[ssh]`. Lines that no blank line separates are
//! sorted: VMs by name, settings in the order of the reader's lists. `parts` splits the text into tables and lines, each with its
//! comments. `write` spells them.

mod parts;
mod write;

use self::parts::Parts;
use super::edit::Layout;
use super::{File, read};

/// The formatted text would not say the same, or lack a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotFormat;

/// Formats `text`, which says what `file` says and has no byte order mark.
///
/// Line ends stay as most of them are. A comment above or beside a line moves with it. A comment that blank lines set apart keeps
/// its place, or stays before the table that it is before.
///
/// # Errors
/// The result would not say the same, or lack a comment.
pub fn format(file: &File, text: &str) -> Result<String, CannotFormat> {
    let layout = Layout::new(text);
    let parts = Parts::of(&layout).ok_or(CannotFormat)?;
    let formatted = write::write(parts, layout.newline);
    let (after, _, source) = read("", formatted.as_bytes());
    let is_same = after.is_some_and(|after| says(file) == says(&after));
    let has_all = comments(&layout) == comments(&Layout::new(&source.text));
    (is_same && has_all)
        .then_some(formatted)
        .ok_or(CannotFormat)
}

/// All that `file` says, whatever its order.
fn says(file: &File) -> (String, Vec<String>) {
    let File {
        owner,
        azure,
        lines,
        ssh,
        owner_span: _,
        azure_span: _,
    } = file;
    let mut said: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {:?}", line.vm, line.session, line.expires))
        .collect();
    said.sort();
    (format!("{owner:?} {azure:?} {ssh:?}"), said)
}

/// The comments in `layout`, sorted, without blanks at their ends.
fn comments<'t>(layout: &Layout<'t>) -> Vec<&'t str> {
    let comments = layout.comments.iter().cloned();
    let mut comments: Vec<&str> = comments.map(|at| layout.raw(at).trim_end()).collect();
    comments.sort_unstable();
    comments
}
