//! [`Diagnostic`]: an error or a warning in the file, with its location.

use std::ops::Range;

/// A file's name and text, with the start of each line.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's name, as messages show it.
    pub name: String,
    /// Its text, without a byte order mark.
    pub text: String,
    starts: Vec<usize>,
}

impl Source {
    /// Indexes the lines of `text` once, so that every diagnostic can look up its line quickly.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Self {
            name: name.into(),
            text,
            starts,
        }
    }

    /// The line that holds the byte `offset`, from 1.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// The column of the byte `offset`, in characters, from 1.
    pub fn column_of(&self, offset: usize) -> usize {
        let start = self.start_of(self.line_of(offset));
        let before = self.text.get(start..offset.min(self.text.len()));
        before.map_or(1, |before| before.chars().count() + 1)
    }

    /// The byte at which line `line` (from 1) starts.
    pub fn start_of(&self, line: usize) -> usize {
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line));
        start.copied().unwrap_or(self.text.len())
    }

    /// Line `line` (from 1) without its line break.
    pub fn line(&self, line: usize) -> &str {
        let text = self.text.get(self.start_of(line)..self.start_of(line + 1));
        text.unwrap_or_default().trim_end_matches(['\n', '\r'])
    }
}

/// The severity of a [`Diagnostic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file is invalid, so azlin reads nothing from Azure.
    Error,
    /// The file is valid, but a person should look at this line.
    Warning,
}

/// One error or warning in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The message, in one line.
    pub message: String,
    /// The locations: the culprit first, then what it conflicts with.
    pub labels: Vec<Label>,
    /// The one thing to do now.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`, with a short label.
    pub fn error(message: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
        .with_in(0, span, label)
    }

    /// A warning at `span`, with a short label.
    pub fn warning(
        message: impl Into<String>,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message, span, label)
        }
    }

    /// Moves it to the file at this place among the files that are read together.
    pub fn in_file(mut self, file: usize) -> Self {
        for label in &mut self.labels {
            label.file = file;
        }
        self
    }

    /// Adds a label at `span` of the file at this place.
    pub fn with_in(mut self, file: usize, span: Range<usize>, label: impl Into<String>) -> Self {
        self.labels.push(Label {
            file,
            span,
            text: label.into(),
            hides_value: false,
        });
        self
    }

    /// Shows nothing of a line after the key at its label.
    pub fn without_value(mut self) -> Self {
        for label in &mut self.labels {
            label.hides_value = true;
        }
        self
    }

    /// Adds the help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The place of the culprit's file.
    pub fn file(&self) -> usize {
        self.labels.first().map_or(0, |label| label.file)
    }

    /// The byte at which the culprit starts.
    pub fn offset(&self) -> usize {
        self.labels.first().map_or(0, |label| label.span.start)
    }

    /// True if this makes the file invalid.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// True if its labels point into more than one file.
    pub(super) fn is_across(&self) -> bool {
        self.labels.iter().any(|label| label.file != self.file())
    }
}

/// A location in a file, with a short text for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place of the file among the files that are read together; 0 if it is the only one.
    pub file: usize,
    /// The bytes to underline.
    pub span: Range<usize>,
    /// The text beside the underline; may be empty.
    pub text: String,
    /// True if it marks a key whose value is not to be shown.
    pub hides_value: bool,
}
