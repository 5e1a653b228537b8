//! A diagnostic or a blocked line as an annotation of GitHub Actions, on its line of the file.

use super::{Ids, why};
use crate::file::{Diagnostic, Source};
use crate::plan::Blocked;
use crate::trouble::Trouble;

/// The workflow command that puts `diagnostic` on its line.
pub fn of_diagnostic(source: &Source, diagnostic: &Diagnostic) -> String {
    let offset = diagnostic.offset();
    let (line, column) = (source.line_of(offset), source.column_of(offset));
    let place = format!("line={line},col={column}");
    let help = diagnostic.help.as_deref();
    let level = super::diagnostic::level(diagnostic.severity);
    command(level, &source.name, &place, &diagnostic.message, help)
}

/// The workflow command that puts `entry` on its line of `file`, with the reason why it is blocked and the help.
pub fn of_blocked(file: &str, entry: &Blocked, ids: Ids) -> String {
    let Trouble { message, help, .. } = why(entry, ids);
    let message = format!("{} on {}: {message}", entry.session, ids.name(&entry.vm));
    let place = format!("line={}", entry.line);
    command("error", file, &place, &message, Some(&help))
}

/// A workflow command. Nothing in the message can end it or begin another.
fn command(level: &str, file: &str, place: &str, message: &str, help: Option<&str>) -> String {
    let data = |text: &str| {
        let text = text.replace('%', "%25").replace('\r', "%0D");
        text.replace('\n', "%0A")
    };
    let file = data(file).replace(':', "%3A").replace(',', "%2C");
    let message = data(message);
    let help = help.map_or(String::new(), |help| format!("%0Ahelp: {}", data(help)));
    format!("::{level} file={file},{place},title=azlin::{message}{help}\n")
}
