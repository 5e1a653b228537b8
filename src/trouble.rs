//! [`Trouble`]: what happened, and what to do now. The one shape in which a command fails.

use std::path::Path;
use std::{fmt, io};

use crate::text::{plain, shown};

/// azlin's exit status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Something is wrong, and the message says what.
    #[default]
    Error = 1,
    /// `plan --detailed-exitcode`: there are changes.
    Changes = 2,
    /// What was to be done is out of date.
    Stale = 3,
    /// Refused, because nobody said that it is wanted.
    Refused = 4,
    /// Applied in part.
    Partial = 5,
    /// Interrupted; what was under way was finished.
    Interrupted = 130,
}

/// Why something did not work, for the person who reads it in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What happened, to what, and why; follows "error: ".
    pub message: String,
    /// What to do now; follows "help: ".
    pub help: String,
    /// How the command ends, if this ends it.
    pub exit: Exit,
}

impl Trouble {
    /// Trouble that ends a command with [`Exit::Error`].
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            exit: Exit::Error,
        }
    }

    /// Trouble with the file or folder at `path`, which azlin cannot `act` upon.
    pub fn cannot(act: &str, path: &Path, error: &io::Error, help: &str) -> Self {
        Self::new(
            format!("cannot {act} {}: {}", shown(path), plain(error)),
            help,
        )
    }

    /// This trouble, ending the command with `exit`.
    pub fn exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// This trouble, its message behind `context` and a colon.
    pub fn within(self, context: &str) -> Self {
        Self {
            message: format!("{context}: {}", self.message),
            ..self
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}
