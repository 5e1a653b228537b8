//! The list to choose from, of a `connect` without a name.

use std::io::{self, ErrorKind, IsTerminal as _};

use console::Term;
use dialoguer::FuzzySelect;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};

use super::{Streams, Trouble};
use crate::model::{Live, Vm};
use crate::show;
use crate::text::plain;

/// Checks that there is someone who can choose.
pub(super) fn check_terminal() -> Result<(), Trouble> {
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Trouble::new(
        "no NAME given, and choosing from a list needs a terminal",
        "say which: azlin connect NAME, by VM, session or address",
    ))
}

/// The VM that a person chose by typing a part of its name or session; none if they left.
pub(super) fn pick<'l, 'f>(
    live: &'l Live,
    file: impl Fn(&Vm) -> Option<&'f str>,
    streams: Streams,
) -> Result<Option<&'l Vm>, Trouble> {
    let terminal = Term::stderr();
    let (rows, columns) = terminal.size();
    // Each line has a mark before it, and the last column stays empty.
    let vms = show::picker(live, file, usize::from(columns).saturating_sub(3));
    if vms.is_empty() {
        let message = "there is no VM in scope to connect to";
        let help = "check the subscription, and your right to read VMs";
        return Err(Trouble::new(message, help));
    }
    let theme: &dyn Theme = if streams.stderr.on {
        &ColorfulTheme::default()
    } else {
        &SimpleTheme
    };
    let chosen = FuzzySelect::with_theme(theme)
        .with_prompt("connect to")
        .items(vms.iter().map(|(_, line)| line))
        .default(0)
        .max_length(usize::from(rows).saturating_sub(3).clamp(1, 20))
        .highlight_matches(streams.stderr.on)
        .report(false)
        .interact_on_opt(&terminal);
    let chosen = chosen.or_else(|dialoguer::Error::IO(error)| {
        let _ = terminal.show_cursor();
        match error.kind() {
            ErrorKind::Interrupted => Ok(None),
            _ => Err(Trouble::new(
                format!("cannot read from the terminal: {}", plain(&error)),
                "name the VM: azlin connect NAME",
            )),
        }
    })?;
    Ok(chosen.and_then(|at| vms.get(at)).map(|(vm, _)| *vm))
}
