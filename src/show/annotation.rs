//! A diagnostic or a blocked line as an annotation of GitHub Actions or Azure Pipelines, on its line of the file.

use std::borrow::Cow;

use super::{Ids, why};
use crate::file::{Diagnostic, Severity, Source};
use crate::plan::Blocked;
use crate::text::{is_unprintable, writing_out};
use crate::trouble::Trouble;

/// A service that turns a line of a job's log into an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// GitHub Actions.
    GitHub,
    /// Azure Pipelines.
    AzurePipelines,
}

/// A command to a pipeline. Only this file makes one, so nothing else can be printed as a command.
#[derive(Clone, Debug)]
pub struct Command(String);

impl Command {
    /// The line that the pipeline obeys.
    pub fn line(&self) -> &str {
        &self.0
    }
}

/// The place of an annotation. The file is named relative to the root of its repository.
#[derive(Clone, Copy, Debug)]
struct Spot<'a> {
    file: &'a str,
    line: usize,
    column: Option<usize>,
}

/// The command that makes `runner` put `diagnostic` on its line of `file`, whose text is `source`.
pub fn of_diagnostic(
    runner: Runner,
    file: &str,
    source: &Source,
    diagnostic: &Diagnostic,
) -> Command {
    let offset = diagnostic.offset();
    let spot = Spot {
        file,
        line: source.line_of(offset),
        column: Some(source.column_of(offset)),
    };
    let help = diagnostic.help.as_deref();
    runner.command(diagnostic.severity, spot, &diagnostic.message, help)
}

/// The command that makes `runner` put `entry` on its line of `file`, with the reason why it is blocked and the help.
pub fn of_blocked(runner: Runner, file: &str, entry: &Blocked, ids: Ids) -> Command {
    let Trouble { message, help, .. } = why(entry, ids);
    let message = format!("{} on {}: {message}", entry.session, ids.name(&entry.vm));
    let spot = Spot {
        file,
        line: entry.line,
        column: None,
    };
    runner.command(Severity::Error, spot, &message, Some(&help))
}

impl Runner {
    /// The command for an annotation. Nothing in the texts can end it or begin another.
    fn command(
        self,
        severity: Severity,
        spot: Spot<'_>,
        message: &str,
        help: Option<&str>,
    ) -> Command {
        let level = super::diagnostic::level(severity);
        let text = help.map_or(message.to_owned(), |help| {
            format!("{message}\nhelp: {help}")
        });
        let (file, text) = (self.property(spot.file), self.data(&text));
        let line = spot.line;
        Command(match self {
            Self::GitHub => {
                let column = spot.column.map(|column| format!(",col={column}"));
                let column = column.unwrap_or_default();
                format!("::{level} file={file},line={line}{column},title=azlin::{text}\n")
            }
            Self::AzurePipelines => {
                let column = spot.column.map(|column| format!("columnnumber={column};"));
                let column = column.unwrap_or_default();
                format!(
                    "##vso[task.logissue type={level};sourcepath={file};linenumber={line};{column}]{text}\n"
                )
            }
        })
    }

    /// `text` as the message of a command.
    fn data(self, text: &str) -> String {
        let percent = match self {
            Self::GitHub => "%25",
            Self::AzurePipelines => "%AZP25",
        };
        let text = uncommanded(text).replace('%', percent).replace('\r', "%0D");
        text.replace('\n', "%0A")
    }

    /// `text` as the value of a property of a command.
    fn property(self, text: &str) -> String {
        let text = self.data(&writing_out(text, is_unprintable));
        match self {
            Self::GitHub => text.replace(':', "%3A").replace(',', "%2C"),
            Self::AzurePipelines => text.replace(';', "%3B").replace(']', "%5D"),
        }
    }
}

/// `text` without anything that the reader of a pipeline's log takes for a command.
///
/// GitHub Actions obeys a line that begins with `::` after blanks, and a `##[…]` anywhere in a line; Azure Pipelines obeys a
/// `##vso[…]` anywhere in one (the source code of both runners). The first `:` of such a line and the second `#` are written as
/// `\u003a` and `\u0023`, which is still right in JSON.
pub fn uncommanded(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 16);
    let (mut starts_line, mut last, mut rest) = (true, ' ', text);
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if starts_line && let Some(colour) = colour(rest) {
            let (colour, after) = rest.split_at_checked(colour).unwrap_or((rest, ""));
            written.push_str(colour);
            rest = after;
            continue;
        }
        if starts_line && rest.starts_with("::") {
            written.push_str("\\u003a");
        } else if (c, last) == ('#', '#') && is_command(after) {
            written.push_str("\\u0023");
        } else {
            written.push(c);
        }
        starts_line = matches!(c, '\n' | '\r') || (starts_line && c.is_whitespace());
        last = c;
        rest = after;
    }
    Cow::Owned(written)
}

/// The length of the escape sequence for a colour that `text` starts with.
fn colour(text: &str) -> Option<usize> {
    let end = text
        .strip_prefix("\u{1b}[")?
        .find(|c: char| c.is_ascii_alphabetic())?;
    Some(end + 3)
}

/// True if `##` and `rest` are a command: `##[group]`, `##vso[task.complete]`.
fn is_command(rest: &str) -> bool {
    rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric())
        .starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::uncommanded;

    #[test]
    fn what_would_command_a_pipeline_is_written_out() {
        for (text, safe) in [
            ("::error::x", r"\u003a:error::x"),
            ("a\n \t\u{a0}::x\r::y", "a\n \t\u{a0}\\u003a:x\r\\u003a:y"),
            ("\u{1b}[31m ::x", "\u{1b}[31m \\u003a:x"),
            ("\u{1b}[", "\u{1b}["),
            ("a ##vso[task]", r"a #\u0023vso[task]"),
            ("###[x]##", r"##\u0023[x]##"),
        ] {
            assert_eq!(uncommanded(text), safe, "{text:?}");
            assert_eq!(uncommanded(safe), safe, "twice is as good as once");
        }
        for ordinary in ["a::b", ":x", "## heading", "# a[b]", "a: ::1", "##"] {
            assert_eq!(uncommanded(ordinary), ordinary);
        }
    }
}
