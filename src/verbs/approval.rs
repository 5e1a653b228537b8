//! Asks for approval before `apply` writes.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::interrupt::Interrupts;
use super::planning::Planned;
use super::{Exit, Streams, Trouble};
use crate::azure::sign_in::variable;
use crate::cli::Format;
use crate::show;

/// Asks the person at the terminal to approve the plan. If they see it nowhere else, shows it first.
///
/// # Errors
/// They do not approve it, or nobody can be asked.
pub(super) async fn ask(
    planned: &Planned,
    format: Format,
    no_input: bool,
    streams: Streams,
    interrupts: &Interrupts,
) -> Result<(), Trouble> {
    if no_input {
        let message = "cannot ask for approval: --no-input is set";
        let help = "review the output of azlin plan, then run azlin apply --auto-approve";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    if variable("CI").is_some() || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let message = "cannot ask for approval: not a terminal, or CI is set";
        let help = "review the output of azlin plan, then run azlin apply --auto-approve";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    if !io::stdout().is_terminal() || format != Format::Text {
        // The plan went into a file or a pipe, so the person who approves has not seen it.
        streams.say(&show::plan(
            &planned.plan,
            &planned.aim.options,
            streams.stderr,
        ));
    }
    streams.say("\nApply these changes? Only 'yes' will be accepted: ");
    let reading = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).map(|_| answer)
    });
    let (answer, exit) = tokio::select! {
        read = reading => match read {
            Ok(Ok(answer)) => (answer, Exit::Refused),
            _ => (String::new(), Exit::Refused),
        },
        exit = interrupts.first() => (String::new(), exit),
    };
    if answer.trim() == "yes" {
        return Ok(());
    }
    if !answer.ends_with('\n') {
        // The terminal's line still holds the question.
        streams.say("\n");
    }
    let message = "not approved: nothing was written";
    Err(Trouble::new(message, "run azlin apply again when you are ready").exit(exit))
}
