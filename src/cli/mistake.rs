//! A command line that clap rejects → advice that is safe to follow.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::text::{nearest, quote};
use crate::trouble::Trouble;

/// The reason why azlin does not run a command line.
#[derive(Debug)]
pub enum Usage {
    /// A mistake that clap found, or a request for help.
    Clap(clap::Error),
    /// A flag or spelling that azlin rejects before clap sees it.
    Refused(Trouble),
}

/// Commands that people know from terraform, az and others, with azlin's way to do the same.
const COMMANDS: [(&str, &str); 14] = [
    (
        "destroy",
        "delete the lines from sessions.toml, then run azlin apply",
    ),
    ("login", "run az login; azlin whoami shows the result"),
    ("output", "run azlin list --format json"),
    ("ps", "run azlin list"),
    ("refresh", "run azlin plan, which always reads Azure"),
    ("rm", "run azlin session VM --clear"),
    ("set", "run azlin session VM NAME"),
    ("start", "run azlin connect VM --start"),
    ("state", "run azlin list: the tags in Azure are the state"),
    ("status", "run azlin plan, or azlin list"),
    ("stop", "run az vm deallocate: azlin never stops a VM"),
    ("taint", "run azlin apply --target VM"),
    ("version", "run azlin --version"),
    ("workspace", "use another file: azlin plan --file FILE"),
];

/// Flags that people expect, with azlin's way; the first word is the command, or empty for every command.
const FLAGS: [(&str, &str, &str); 9] = [
    ("apply", "--dry-run", "run azlin plan, which writes nothing"),
    (
        "apply",
        "--force",
        "run azlin apply --help to see what each guard's flag allows",
    ),
    ("apply", "--yes", "use -y, or --auto-approve"),
    (
        "plan",
        "--auto-approve",
        "remove it: azlin plan never writes",
    ),
    (
        "plan",
        "--parallelism",
        "remove it: azlin plan never writes",
    ),
    ("plan", "--yes", "remove it: azlin plan never writes"),
    ("plan", "-y", "remove it: azlin plan never writes"),
    (
        "connect",
        "-f",
        "use --file: on connect, single letters are ssh's",
    ),
    (
        "connect",
        "-g",
        "use --rg: on connect, single letters are ssh's",
    ),
];

/// `error` with advice of azlin's own, and without clap's where that would do harm.
pub(super) fn advised(mut error: clap::Error, verb: &str) -> Usage {
    // `-- -x` would make an unknown flag a session, a plan's name or a remote command.
    error.remove(ContextKind::Suggested);
    let kind = error.kind();
    let about = match kind {
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return Usage::Clap(error),
    };
    let Some(ContextValue::String(word)) = error.get(about) else {
        return Usage::Clap(error);
    };
    let word = word.clone();
    if kind == ErrorKind::InvalidSubcommand {
        let known = COMMANDS.iter().find(|(command, _)| *command == word);
        if let Some((_, way)) = known {
            let message = format!("azlin has no command {}", quote(&word));
            return Usage::Refused(Trouble::new(message, *way));
        }
        keep_if_near(&mut error, ContextKind::SuggestedSubcommand, &word);
        return Usage::Clap(error);
    }
    let flag = word.split('=').next().unwrap_or_default();
    let known = FLAGS
        .iter()
        .find(|(command, name, _)| *command == verb && *name == flag);
    if let Some((command, name, way)) = known {
        let message = format!("azlin {command} has no flag `{name}`");
        return Usage::Refused(Trouble::new(message, *way));
    }
    if verb == "connect" && !word.starts_with('-') {
        let message = format!("unexpected argument {}", quote(&word));
        let help = "to run a command on the VM, put -- before it: azlin connect NAME -- COMMAND";
        return Usage::Refused(Trouble::new(message, help));
    }
    keep_if_near(&mut error, ContextKind::SuggestedArg, &word);
    Usage::Clap(error)
}

/// Removes clap's suggestion of another name unless it resembles `word`.
fn keep_if_near(error: &mut clap::Error, kind: ContextKind, word: &str) {
    let names: Vec<String> = match error.get(kind) {
        Some(ContextValue::String(name)) => vec![name.clone()],
        Some(ContextValue::Strings(names)) => names.clone(),
        _ => return,
    };
    let bare = |name: &str| name.trim_start_matches('-').to_owned();
    let candidates: Vec<String> = names.iter().map(|name| bare(name)).collect();
    let candidates = candidates.iter().map(String::as_str);
    if nearest(&bare(word), candidates, 1).is_empty() {
        error.remove(kind);
    }
}
