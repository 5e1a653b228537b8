//! [`Trouble`]: what happened, and what to do now. Every command reports its failure as one.

use std::path::Path;
use std::{fmt, io};

use crate::text::{plain, shown};

/// azlin's exit status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// An error; the message says which.
    #[default]
    Error = 1,
    /// `plan --detailed-exitcode`: there are changes.
    Changes = 2,
    /// The plan is out of date.
    Stale = 3,
    /// Refused by a guard, or because nobody approved the plan.
    Refused = 4,
    /// Applied in part: something was or may have been written, and something is amiss.
    Partial = 5,
    /// The terminal is gone (SIGHUP). A command that writes has first finished what it can.
    HungUp = 129,
    /// Interrupted by Ctrl-C (SIGINT), likewise.
    Interrupted = 130,
    /// Asked to end (SIGTERM), likewise.
    Terminated = 143,
}

/// A failure, explained to the person who reads it in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The error: what failed, on what, because of what. It follows "error: ".
    pub message: String,
    /// The next action. It follows "help: ".
    pub help: String,
    /// The exit status, if this ends the command.
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

    /// Trouble with the file or folder at `path`, which azlin cannot `act` on. `act` is a verb such as "read" or "write".
    pub fn cannot(act: &str, path: &Path, error: &io::Error, help: &str) -> Self {
        Self::new(
            format!("cannot {act} {}: {}", shown(path), plain(error)),
            help,
        )
    }

    /// This trouble with the exit status `exit`.
    pub fn exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// This trouble with `context` and a colon before its message.
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
