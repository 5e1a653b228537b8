//! A diagnostic or a blocked line as an annotation of GitHub Actions, on its line of the file.

use super::{Ids, why};
use crate::file::{Diagnostic, Severity, Source};
use crate::plan::Blocked;
use crate::trouble::Trouble;

/// The workflow command that puts `diagnostic` on its line.
pub fn of_diagnostic(source: &Source, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let offset = diagnostic.offset();
    let (line, column) = (source.line_of(offset), source.column_of(offset));
    let help = diagnostic
        .help
        .as_ref()
        .map_or(String::new(), |help| format!("\nhelp: {help}"));
    let message = format!("{}{help}", diagnostic.message);
    command(
        level,
        &source.name,
        line,
        &format!(",col={column}"),
        &message,
    )
}

/// The workflow command that puts `entry` on its line of `file`, with why it is blocked and what to do.
pub fn of_blocked(file: &str, entry: &Blocked, ids: Ids) -> String {
    let Trouble { message, help, .. } = why(entry, ids);
    let vm = ids.name(&entry.vm);
    let message = format!("{} on {vm}: {message}\nhelp: {help}", entry.session);
    command("error", file, entry.line, "", &message)
}

/// Nothing in the message can end the command or begin another.
fn command(level: &str, file: &str, line: usize, place: &str, message: &str) -> String {
    let data = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let file = data(file).replace(':', "%3A").replace(',', "%2C");
    format!(
        "::{level} file={file},line={line}{place},title=azlin::{}\n",
        data(message)
    )
}
