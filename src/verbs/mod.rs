//! The commands: read, call the core, show. No decision lives here.

mod apply;
mod connect;
mod context;
mod plan;
mod planning;
mod sandbox;
mod streams;

use std::fmt;

use crate::azure::Failure;
use crate::cli::{Cli, Verb};
use streams::Streams;

/// azlin's exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Something is wrong, and the message says what.
    Error = 1,
    /// `plan --detailed-exitcode`: there are changes.
    Changes = 2,
    /// Refused, because nobody said that it is wanted.
    Refused = 4,
    /// Applied in part.
    Partial = 5,
    /// Interrupted; what was under way was finished.
    Interrupted = 130,
}

/// Why a command ends without having done what it is for.
#[derive(Debug)]
pub struct Trouble {
    /// What happened, to what, and why; none where it was said already.
    message: Option<String>,
    /// What to do now.
    help: Option<String>,
    exit: Exit,
}

impl Trouble {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            help: Some(help.into()),
            exit: Exit::Error,
        }
    }

    /// The command has said already what is wrong.
    fn said() -> Self {
        Self {
            message: None,
            help: None,
            exit: Exit::Error,
        }
    }

    fn exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or_default())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self {
            message: Some(failure.to_string()),
            help: failure.help(),
            exit: Exit::Error,
        }
    }
}

/// Runs the command that `cli` names; what is wrong is said on stderr.
pub async fn run(cli: Cli) -> Exit {
    let streams = Streams::new(cli.common.color);
    let ran = match &cli.verb {
        Verb::Plan(args) => plan::run(&cli.common, args, streams).await,
        Verb::Apply(args) => apply::run(&cli.common, args, streams).await,
        Verb::Connect(args) => connect::run(&cli.common, args, streams).await,
        Verb::Sandbox(args) => sandbox::run(&cli.common, args, streams).await,
    };
    ran.unwrap_or_else(|trouble| {
        if let Some(message) = &trouble.message {
            streams.say(&format!("{}: {message}\n", streams.stderr.red("error")));
        }
        if let Some(help) = &trouble.help {
            streams.say(&format!("{}: {help}\n", streams.stderr.green("help")));
        }
        trouble.exit
    })
}
