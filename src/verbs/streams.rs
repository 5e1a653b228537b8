//! stdout is data, stderr is talk.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use console::{Term, truncate_str};

use super::runner;
use crate::azure::sign_in::{in_ci, variable};
use crate::cli::Color;
use crate::model::Live;
use crate::show::Paint;
use crate::show::annotation::{Command, Runner, uncommanded};
use crate::text::plain;
use crate::trouble::Trouble;

/// Moves to the start of a terminal's line and erases it.
const WIPE: &str = "\r\x1b[K";

/// The two streams, each with or without colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams {
    pub stdout: Paint,
    pub stderr: Paint,
    /// True if a pipeline may read the streams, and obey what it takes for a command.
    is_ci: bool,
}

impl Streams {
    pub fn new(color: Color) -> Self {
        Self {
            stdout: paint(color, io::stdout().is_terminal()),
            stderr: paint(color, io::stderr().is_terminal()),
            is_ci: in_ci(),
        }
    }

    /// True if a person sees what the command says.
    pub fn is_watched() -> bool {
        io::stdout().is_terminal() || io::stderr().is_terminal()
    }

    /// Writes data. A reader that stops early (`azlin plan | head`) is not an error; a full disk is.
    pub fn print(self, data: &str) -> Result<(), Trouble> {
        print(&self.tamed(data))
    }

    /// Writes a command to a pipeline as data, for a format that consists of them.
    pub fn command(self, command: &Command) -> Result<(), Trouble> {
        print(command.line())
    }

    /// Waits for `work`. On a terminal, shows after the first second what azlin waits for and how long it has waited.
    pub async fn patiently<T>(self, what: impl Fn() -> String, work: impl Future<Output = T>) -> T {
        if !io::stderr().is_terminal() {
            return work.await;
        }
        let mut work = std::pin::pin!(work);
        let second = Duration::from_secs(1);
        let start = Instant::now();
        loop {
            tokio::select! {
                done = &mut work => {
                    if start.elapsed() >= second {
                        self.say(WIPE);
                    }
                    return done;
                }
                () = tokio::time::sleep(second) => {}
            }
            let line = format!("{} s: {}…", start.elapsed().as_secs(), what());
            let width = usize::from(Term::stderr().size().1).saturating_sub(1);
            self.say(&format!("{WIPE}{}", truncate_str(&line, width, "…")));
        }
    }

    /// Writes talk above the line of [`Self::patiently`].
    pub fn say_above(self, talk: &str) {
        let wipe = if io::stderr().is_terminal() { WIPE } else { "" };
        self.say(&format!("{wipe}{talk}"));
    }

    /// Counts steps on the terminal if the report goes elsewhere.
    pub fn count(self, done: usize, all: usize) {
        if io::stderr().is_terminal() && !io::stdout().is_terminal() {
            let end = if done == all { "\n" } else { "" };
            self.say(&format!("\r{done} of {all} steps{end}"));
        }
    }

    /// Writes the annotation of `file` that `command` returns, if a pipeline reads the log. `command` gets the path of the file in
    /// its repository.
    pub fn annotate(self, file: &str, command: impl FnOnce(Runner, &str) -> Command) {
        if let Some(runner) = runner::runner() {
            let command = command(runner, &runner::in_repository(file));
            let _ = io::stderr().lock().write_all(command.line().as_bytes());
        }
    }

    /// Writes an error and its help.
    pub fn fail(self, trouble: &Trouble) {
        let (error, message) = (self.stderr.red("error"), &trouble.message);
        let (help, way) = (self.stderr.green("help"), &trouble.help);
        self.say(&format!("{error}: {message}\n{help}: {way}\n"));
    }

    /// Reports all `troubles`, and fails with the last.
    pub fn fail_with(self, mut troubles: Vec<Trouble>) -> Result<(), Trouble> {
        let last = troubles.pop();
        for trouble in &troubles {
            self.fail(trouble);
        }
        last.map_or(Ok(()), Err)
    }

    /// Writes a note.
    pub fn note(self, text: &str) {
        self.say(&format!("{}: {text}\n", self.stderr.blue("note")));
    }

    /// Writes a warning.
    pub fn warn(self, text: &str) {
        self.say(&format!("{}: {text}\n", self.stderr.yellow("warning")));
    }

    /// Warns of gaps in Azure's lists.
    pub fn warn_incomplete(self, live: &Live) {
        for (subscription, gaps) in &live.gaps {
            let mut place = String::new();
            if live.gaps.len() > 1 {
                place = format!("subscription {subscription}: ");
            }
            for reason in &gaps.incomplete {
                self.warn(&format!(
                    "{place}VMs may be missing from Azure's list: {reason}"
                ));
            }
            for reason in &gaps.details_missing {
                self.warn(&format!(
                    "{place}states or addresses may be missing: {reason}"
                ));
            }
        }
    }

    /// The width of the terminal that stdout goes to; none if it goes elsewhere.
    pub fn width(self) -> Option<usize> {
        let (_, columns) = Term::stdout().size_checked()?;
        Some(usize::from(columns))
    }

    /// Writes talk. Ignores a closed stderr.
    pub fn say(self, talk: &str) {
        let _ = io::stderr().lock().write_all(self.tamed(talk).as_bytes());
    }

    /// `text` without commands to the pipeline, if one may read it. Only [`Self::annotate`] and [`Self::command`] give it
    /// commands.
    fn tamed(self, text: &str) -> Cow<'_, str> {
        if self.is_ci {
            uncommanded(text)
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// Writes `data` to stdout.
fn print(data: &str) -> Result<(), Trouble> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(data.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!("cannot write to stdout: {}", plain(&error));
            let help = "check that the disk of the output is not full";
            Err(Trouble::new(message, help))
        }
        _ => Ok(()),
    }
}

/// Decides about colour for a stream. The flag comes first, then `NO_COLOR`, then `CLICOLOR_FORCE`; without any of them, azlin
/// colours a terminal that can show it.
fn paint(flag: Color, is_terminal: bool) -> Paint {
    let is_forced = || variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let on = match flag {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if variable("NO_COLOR").is_some() => false,
        Color::Auto if is_forced() => true,
        Color::Auto => is_terminal && std::env::var("TERM").is_ok_and(|term| term != "dumb"),
    };
    Paint { on }
}
