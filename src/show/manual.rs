//! Manual pages, from the same definitions as `--help`.

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// A manual page.
#[derive(Debug)]
pub struct Page {
    /// Its file's name, such as `azlin-connect.1`.
    pub name: String,
    /// Its text, for `man`.
    pub text: String,
}

/// The page of `command`, and one for each command below it that is not hidden.
pub fn pages(command: Command) -> Vec<Page> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, None, &mut pages);
    pages
}

fn add(command: &Command, above: Option<&str>, pages: &mut Vec<Page>) {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    pages.push(Page {
        name: format!("{name}.1"),
        text: page(command, name, above),
    });
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        add(below, Some(name), pages);
    }
}

fn page(command: &Command, name: &str, above: Option<&str>) -> String {
    let after = command.get_after_long_help();
    let after = after.or_else(|| command.get_after_help());
    let after = after.map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone().subcommand_help_heading("COMMANDS"));

    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = title(name).to_writer(&mut text);
    let _ = man.render_name_section(&mut text);
    let _ = synopsis(command).to_writer(&mut text);
    if command.get_long_about().is_some() {
        let _ = man.render_description_section(&mut text);
    }
    if command.get_subcommands().any(|below| !below.is_hide_set()) {
        let _ = man.render_subcommands_section(&mut text);
    }
    for (heading, belongs) in SECTIONS {
        let section = command.clone().mut_args(|arg| match belongs(&arg) {
            true => with_aliases(arg.help_heading(heading).hide_short_help(false)),
            false => arg.hide(true),
        });
        let _ = Man::new(section).render_options_section(&mut text);
    }
    let _ = closing(&after).to_writer(&mut text);
    if let Some(above) = above {
        let mut roff = Roff::new();
        roff.control("SH", ["SEE ALSO"]);
        roff.text([bold(above), roman("(1)")]);
        let _ = roff.to_writer(&mut text);
    }
    let text = String::from_utf8_lossy(&text);
    // Each part defines the apostrophe anew; once is enough.
    let start = Roff::new().render();
    format!("{start}{}", text.replace(&start, ""))
}

type Belongs = fn(&Arg) -> bool;

/// The sections of arguments and flags, and what belongs into each.
const SECTIONS: [(&str, Belongs); 3] = [
    ("ARGUMENTS", |arg| arg.is_positional()),
    ("OPTIONS", |arg| {
        !arg.is_positional() && !arg.is_global_set()
    }),
    ("OPTIONS OF EVERY COMMAND", |arg| arg.is_global_set()),
];

/// A flag that says its other names too, as `--help` does.
fn with_aliases(arg: Arg) -> Arg {
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    if aliases.is_empty() {
        return arg;
    }
    let aliases: Vec<String> = aliases.iter().map(|alias| format!("--{alias}")).collect();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [also: {}]", aliases.join(", ")))
}

fn title(name: &str) -> Roff {
    let (name, version) = (name.to_uppercase(), env!("CARGO_PKG_VERSION"));
    let mut roff = Roff::new();
    // `""` is no date: the same azlin writes the same page.
    roff.control(
        "TH",
        [
            &name,
            "1",
            "\"\"",
            &format!("azlin {version}"),
            "User Commands",
        ],
    );
    // No name is hyphenated: it is to be copied.
    roff.control("nh", []);
    roff.control("ad", ["l"]);
    roff
}

/// The line that `--help` begins with: shorter than every flag in a row.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    match usage.strip_prefix(name) {
        Some(rest) => roff.text([bold(name), roman(rest)]),
        None => roff.text([roman(usage)]),
    };
    roff
}

/// What `--help` ends with, each `Title:` a section, and each indented line under it a term and what is said of it.
fn closing(after_help: &str) -> Roff {
    let mut roff = Roff::new();
    for line in after_help.lines().filter(|line| !line.trim().is_empty()) {
        let indented = line.starts_with("  ");
        let line = line.trim();
        match (indented, line.split_once("  "), line.split_once(':')) {
            (true, Some((term, said)), _) => {
                roff.control("TP", []);
                roff.text([bold(term)]);
                roff.text([roman(said.trim_start())]);
            }
            (true, None, _) => {
                roff.control("PP", []);
                roff.text([bold(line)]);
            }
            (false, _, Some((title, rest))) if rest.is_empty() || rest.starts_with(' ') => {
                roff.control("SH", [title.to_uppercase().as_str()]);
                if !rest.is_empty() {
                    roff.text([roman(rest.trim_start())]);
                }
            }
            (false, ..) => {
                roff.control("PP", []);
                roff.text([roman(line)]);
            }
        }
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_help_ends_with_becomes_sections() {
        let help = "Exit codes: 0 done; 1 error\n\nExamples:\n  azlin a -- b   one: of two\n  azlin c\nNo title here.";
        insta::assert_snapshot!(closing(help).to_roff(), @r#"
        .SH "EXIT CODES"
        0 done; 1 error
        .SH EXAMPLES
        .TP
        \fBazlin a \-\- b\fR
        one: of two
        .PP
        \fBazlin c\fR
        .PP
        No title here.
        "#);
    }
}
