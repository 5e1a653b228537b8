//! A diagnostic or a blocked line as an annotation of GitHub Actions or Azure Pipelines, on its line of the file.

use super::{Ids, why};
use crate::file::{Diagnostic, Severity, Source};
use crate::plan::Blocked;
use crate::trouble::Trouble;

/// A service that turns a line of a job's log into an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// GitHub Actions.
    GitHub,
    /// Azure Pipelines.
    AzurePipelines,
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
) -> String {
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
pub fn of_blocked(runner: Runner, file: &str, entry: &Blocked, ids: Ids) -> String {
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
    ) -> String {
        let level = super::diagnostic::level(severity);
        let text = help.map_or(message.to_owned(), |help| {
            format!("{message}\nhelp: {help}")
        });
        let (file, text) = (self.property(spot.file), self.data(&text));
        let line = spot.line;
        match self {
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
        }
    }

    /// `text` as the message of a command.
    fn data(self, text: &str) -> String {
        let percent = match self {
            Self::GitHub => "%25",
            Self::AzurePipelines => "%AZP25",
        };
        let text = text.replace('%', percent).replace('\r', "%0D");
        text.replace('\n', "%0A")
    }

    /// `text` as the value of a property of a command.
    fn property(self, text: &str) -> String {
        let text = self.data(text);
        match self {
            Self::GitHub => text.replace(':', "%3A").replace(',', "%2C"),
            Self::AzurePipelines => text.replace(';', "%3B").replace(']', "%5D"),
        }
    }
}
