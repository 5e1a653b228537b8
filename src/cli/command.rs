//! The command line as clap parses it: the settings that clap's derive macros cannot express.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, CommandFactory as _, FromArgMatches as _, ValueHint};

use super::mistake::{self, Usage};
use super::{Cli, terraform};
use crate::text::quote;
use crate::trouble::Trouble;

/// The commands, grouped by purpose.
const GROUPS: [(&str, &[&str]); 3] = [
    (
        "Everyday",
        &["connect", "list", "session", "tag", "ssh-config"],
    ),
    (
        "Sessions as code",
        &[
            "init", "import", "move", "plan", "apply", "show", "blame", "validate", "fmt", "schema",
        ],
    ),
    (
        "Setup",
        &["guide", "whoami", "sandbox", "completions", "man"],
    ),
];

/// The maximum width of help text, even on a wider terminal.
const WIDEST: usize = 100;

/// Reads the command line `words`, the program's name first.
///
/// # Errors
/// The words are not a valid command, or ask for help.
pub fn parse(words: impl Iterator<Item = OsString>) -> Result<Cli, Usage> {
    let words = terraform::in_our_words(words).map_err(Usage::Refused)?;
    let words = super::with_files_behind(words);
    check_passed(&words).map_err(Usage::Refused)?;
    let command = command();
    let verb = verb(&command, &words);
    let mut matches = command.try_get_matches_from(&words);
    if matches.as_ref().is_err_and(shows_help) {
        let command = self::command();
        let overview = overview(&command);
        matches = command.override_help(overview).try_get_matches_from(words);
    }
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    cli.map_err(|error| mistake::advised(error, &verb))
}

/// Returns true if clap answers with a help page. Only then does azlin render its overview: a start and TAB do without.
fn shows_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// The command that `words` name first, by its own name; empty without one.
fn verb(command: &Command, words: &[OsString]) -> String {
    let mut named = words
        .iter()
        .filter_map(|word| command.find_subcommand(word));
    named
        .next()
        .map_or(String::new(), |verb| verb.get_name().to_owned())
}

/// Rejects `-oKEY=VALUE` and `-JHOST` as one word, although ssh accepts them. A script may pass a name from an untrusted source
/// to `connect`, and such a name must not set a `ProxyCommand`. `--` cannot protect the script, because it starts the command to
/// run on the VM.
fn check_passed(words: &[OsString]) -> Result<(), Trouble> {
    let behind = words
        .iter()
        .skip_while(|word| *word != "connect" && *word != "ssh");
    for word in behind.skip(1).take_while(|word| *word != "--") {
        let word = word.to_string_lossy();
        let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
            continue;
        };
        let mut letters = letters
            .trim_start_matches(['A', 'N', 'T', 'v', 'h'])
            .chars();
        if let (Some(letter @ ('o' | 'J')), Some(_)) = (letters.next(), letters.next()) {
            let message = format!("invalid argument {}", quote(&word));
            let help = format!("put a space before the value: -{letter} VALUE");
            return Err(Trouble::new(message, help));
        }
    }
    Ok(())
}

/// azlin's command line.
pub fn command() -> Command {
    Cli::command()
        .max_term_width(WIDEST)
        .mut_subcommand("connect", sshs_letters_win)
}

/// Frees `-f` and `-v` for ssh: `connect` takes `--file` and `--verbose` only by their long names.
fn sshs_letters_win(connect: Command) -> Command {
    connect
        .arg(
            Arg::new("file")
                .long("file")
                .global(true)
                .action(ArgAction::Append)
                .value_name("FILE")
                .value_hint(ValueHint::AnyPath)
                .value_parser(clap::value_parser!(std::path::PathBuf))
                .help_heading(super::GLOBAL)
                .display_order(0)
                .help("The sessions file, or a folder of them; repeatable"),
        )
        .arg(
            Arg::new("verbose")
                .long("verbose")
                .global(true)
                .action(ArgAction::SetTrue)
                .hide_short_help(true)
                .help_heading(super::GLOBAL)
                .help("Add Azure's request ids to errors"),
        )
}

/// The help of `azlin` itself, with the commands in groups. clap would list them all under one heading.
fn overview(command: &Command) -> StyledStr {
    let styles = command.get_styles();
    let (head, name) = (styles.get_header(), styles.get_literal());
    let mut groups = String::new();
    for (group, names) in GROUPS {
        groups += &format!("{head}{group}:{head:#}\n");
        for command in names
            .iter()
            .filter_map(|name| command.find_subcommand(name))
        {
            let about = command.get_about().unwrap_or_default();
            let mut called = command.get_name().to_owned();
            for alias in command.get_visible_aliases() {
                called = format!("{called}, {alias}");
            }
            groups += &format!("  {name}{called:<12}{name:#}  {about}\n");
        }
        groups.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} azlin [OPTIONS] COMMAND\n\n{groups}{{all-args}}{{after-help}}\n"
    );
    let mut page = command
        .clone()
        .disable_help_subcommand(true)
        .mut_subcommands(|command| command.hide(true))
        .help_template(template);
    page.render_help()
}
