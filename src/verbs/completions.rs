//! `azlin completions`, and the answers to a shell at each TAB.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Shells, Zsh};
use clap_complete::{ArgValueCompleter, CompleteEnv, CompletionCandidate, engine};

use super::names::{self, Name};
use super::{Exit, Streams, Trouble};
use crate::cli::{self, Completions, Shell};
use crate::text::plain;

/// The variable with which a completion script asks azlin to complete, and for which shell.
const VARIABLE: &str = "COMPLETE";

const SHELLS: Shells<'static> = Shells(&[&Bash, &Fish, &Powershell, &Zsh]);

pub(super) fn run(args: &Completions, streams: Streams) -> Result<Exit, Trouble> {
    let shell: &dyn EnvCompleter = match args.shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::PowerShell => &Powershell,
    };
    let mut script = Vec::new();
    // The script calls azlin by name, so that it still works after azlin is moved or replaced.
    shell
        .write_registration(VARIABLE, "azlin", "azlin", "azlin", &mut script)
        .map_err(|error| {
            Trouble::new(
                format!("cannot write the script: {}", plain(&error)),
                "report this as a bug in azlin",
            )
        })?;
    streams.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints the candidates for a script of `azlin completions`. Returns false if this is not such a call.
///
/// It prints nothing else, not even errors, because the user is in the middle of a line. The variable alone does not make it such
/// a call, because another program may have set it.
pub fn answer() -> bool {
    let mut words = std::env::args_os();
    let mut asked: Vec<OsString> = words.by_ref().take(2).collect();
    let shell = std::env::var(VARIABLE).unwrap_or_default();
    if SHELLS.completer(&shell).is_none() || asked.get(1).is_none_or(|word| word != "--") {
        return false;
    }
    std::panic::set_hook(Box::new(|_| std::process::exit(0)));
    let line = cli::for_completion(words);
    let here = std::env::current_dir().ok();
    if Bash.is(&shell) {
        let _ = answer_bash(line, here.as_deref());
    } else {
        asked.extend(line);
        let _ = CompleteEnv::with_factory(|| with_names(cli::command()))
            .var(VARIABLE)
            .shells(SHELLS)
            .try_complete(asked, here.as_deref());
    }
    true
}

/// `command` with completers for the names in Azure. An argument of the same name means the same in every command, except in
/// `connect NAME` and `session VM NAME`.
fn with_names(command: Command) -> Command {
    let complete = |offer: fn(&[Name], &OsStr) -> Vec<CompletionCandidate>| {
        ArgValueCompleter::new(move |current: &OsStr| offer(&names::known(), current))
    };
    let is_connect = command.get_name() == "connect";
    let is_blame = command.get_name() == "blame";
    let is_move = command.get_name() == "move";
    let named = command.mut_args(|arg| match arg.get_id().as_str() {
        "name" if is_connect || is_blame => arg.add(complete(names::sessions_and_vms)),
        "name" if is_move => arg.add(complete(names::sessions)),
        "vm" | "target" | "take_ownership" => arg.add(complete(names::vms)),
        "rg" => arg.add(complete(names::groups)),
        _ => arg,
    });
    named.mut_subcommands(with_names)
}

/// Answers like clap's completer for Bash, but also completes `--rg=rg-dev`, which Bash passes as three words. Bash shows no
/// descriptions, so flags are left out beside names until the user types a `-`.
fn answer_bash(line: Vec<OsString>, here: Option<&Path>) -> io::Result<()> {
    let said = |name| std::env::var(name).ok();
    let cursor = said("_CLAP_COMPLETE_INDEX").and_then(|index| index.parse().ok());
    let (line, cursor) = without_equals(line, cursor.unwrap_or_default());
    let is_flag_typed = line
        .get(cursor)
        .is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    let mut candidates = engine::complete(&mut with_names(cli::command()), line, cursor, here)?;
    let is_flag = |candidate: &CompletionCandidate| {
        let value = candidate.get_value();
        value.as_encoded_bytes().starts_with(b"-")
    };
    if !is_flag_typed && !candidates.iter().all(is_flag) {
        candidates.retain(|candidate| !is_flag(candidate));
    }
    let between = said("_CLAP_IFS").unwrap_or_else(|| "\n".to_owned());
    let values = candidates.iter().map(CompletionCandidate::get_value);
    let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
    io::stdout().write_all(values.join(&between).as_bytes())
}

/// The words with `--flag = value` changed to `--flag value`, and the index of the word at the cursor.
fn without_equals(words: Vec<OsString>, cursor: usize) -> (Vec<OsString>, usize) {
    let mut kept: Vec<OsString> = Vec::with_capacity(words.len());
    let mut moved = cursor;
    for (at, word) in words.into_iter().enumerate() {
        let is_behind_flag = |last: &OsString| last.to_string_lossy().starts_with("--");
        if word != "=" || at == cursor || !kept.last().is_some_and(is_behind_flag) {
            kept.push(word);
        } else if at < cursor {
            moved = moved.saturating_sub(1);
        }
    }
    (kept, moved)
}
