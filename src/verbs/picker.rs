//! The list of VMs to choose from, of a `connect` or `session` without a name.

use std::fmt::{self, Write};
use std::io::{self, ErrorKind, IsTerminal as _};

use console::{Term, truncate_str};
use dialoguer::FuzzySelect;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;

use super::{Streams, Trouble};
use crate::cli::Common;
use crate::model::{Live, Vm};
use crate::show;
use crate::text::plain;

/// Checks that azlin can show the list. `way` is the command line that needs no list.
pub(super) fn check_terminal(common: &Common, way: &str) -> Result<(), Trouble> {
    if !common.no_input && io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    let message = if common.no_input {
        "no VM given, and --no-input disables the list to choose from"
    } else {
        "no VM given, and the list to choose from requires a terminal"
    };
    Err(Trouble::new(message, format!("specify a VM: {way}")))
}

/// The VM that the user chooses; none if they leave the list.
pub(super) async fn pick<'l, 'f>(
    live: &'l Live,
    file: impl Fn(&Vm) -> Option<&'f str>,
    prompt: &str,
    streams: Streams,
) -> Result<Option<&'l Vm>, Trouble> {
    let terminal = Term::stderr();
    let (_, columns) = terminal.size();
    // dialoguer puts a mark before each line, and the last column stays empty.
    let vms = show::picker(live, file, usize::from(columns).saturating_sub(3));
    if vms.is_empty() {
        let message = "no VMs found";
        let help = "check the subscription and your permission to read VMs: azlin whoami";
        return Err(Trouble::new(message, help));
    }
    let lines = vms.iter().map(|(_, line)| line.clone()).collect();
    let (is_colored, prompt) = (streams.stderr.on, prompt.to_owned());
    let _shown = Cursor(terminal.clone());
    // In a thread of its own, so that a signal still ends azlin.
    let choosing = move || choose(lines, &prompt, is_colored, &terminal);
    let chosen = tokio::task::spawn_blocking(choosing).await;
    let chosen = chosen.unwrap_or(Ok(None))?;
    Ok(chosen.and_then(|at| vms.get(at)).map(|(vm, _)| *vm))
}

/// Shows the cursor again in the end. dialoguer hides it, and does not show it if a signal or an error ends the choice.
struct Cursor(Term);

impl Drop for Cursor {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
    }
}

/// The index of the line that the user chooses; none if they leave the list.
fn choose(
    lines: Vec<String>,
    prompt: &str,
    is_colored: bool,
    terminal: &Term,
) -> Result<Option<usize>, Trouble> {
    let (rows, columns) = terminal.size();
    let inner: &dyn Theme = if is_colored {
        &ColorfulTheme::default()
    } else {
        &SimpleTheme
    };
    let theme = Picking {
        inner,
        lines: &lines,
        width: usize::from(columns).saturating_sub(1),
    };
    let chosen = FuzzySelect::with_theme(&theme)
        .with_prompt(prompt)
        .items(&lines)
        .default(0)
        .max_length(usize::from(rows).saturating_sub(3).clamp(1, 20))
        .highlight_matches(is_colored)
        .report(false)
        .interact_on_opt(terminal);
    chosen.or_else(|dialoguer::Error::IO(error)| match error.kind() {
        ErrorKind::Interrupted => Ok(None),
        _ => Err(Trouble::new(
            format!("cannot read from the terminal: {}", plain(&error)),
            "specify a VM: azlin connect NAME",
        )),
    })
}

/// A theme that names the keys and says when nothing matches. dialoguer's own themes show an empty list.
struct Picking<'t> {
    inner: &'t dyn Theme,
    lines: &'t [String],
    /// The width of a line: dialoguer miscounts the lines of a text that the terminal wraps.
    width: usize,
}

impl Theme for Picking<'_> {
    fn format_fuzzy_select_prompt(
        &self,
        f: &mut dyn Write,
        prompt: &str,
        search: &str,
        cursor: usize,
    ) -> fmt::Result {
        self.inner
            .format_fuzzy_select_prompt(f, prompt, search, cursor)?;
        let matcher = SkimMatcherV2::default();
        let matches = |line: &String| matcher.fuzzy_match(line, search).is_some();
        let hint = if self.lines.iter().any(matches) {
            "  type to filter, Enter to choose, Esc to cancel"
        } else {
            "  no VM matches; Backspace deletes a character"
        };
        write!(f, "\n{}", truncate_str(hint, self.width, "…"))
    }

    fn format_fuzzy_select_prompt_item(
        &self,
        f: &mut dyn Write,
        text: &str,
        active: bool,
        highlight: bool,
        matcher: &SkimMatcherV2,
        search: &str,
    ) -> fmt::Result {
        self.inner
            .format_fuzzy_select_prompt_item(f, text, active, highlight, matcher, search)
    }
}
