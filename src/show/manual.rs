//! Manual pages, from the same definitions as `--help`.

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// Returns the pages of `command` and of each visible command below it. A page is the name of its file, such as
/// `azlin-connect.1`, and its text for `man`.
pub fn pages(command: Command) -> Vec<(String, String)> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, None, &mut pages);
    pages
}

fn add(command: &Command, above: Option<&str>, pages: &mut Vec<(String, String)>) {
    let name = command.get_display_name();
    let name = name.unwrap_or_else(|| command.get_name());
    // Writing to memory cannot fail.
    let text = page(command, name, above).unwrap_or_default();
    pages.push((format!("{name}.1"), text));
    for below in command.get_subcommands() {
        if !below.is_hide_set() {
            add(below, Some(name), pages);
        }
    }
}

fn page(command: &Command, name: &str, above: Option<&str>) -> Option<String> {
    // The usage line of `--help` is shorter than a list of all flags.
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    let shown = command.clone().override_usage(usage);
    let man = Man::new(shown.subcommand_help_heading("COMMANDS"))
        .title(name.to_uppercase())
        // Without a date, the same azlin always writes the same page.
        .date("\"\"")
        .source(concat!("azlin ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");

    let mut text = Vec::new();
    man.render_title(&mut text).ok()?;
    let mut layout = Roff::new();
    // No hyphenation, so that names can be copied.
    layout.control("nh", []).control("ad", ["l"]);
    layout.to_writer(&mut text).ok()?;
    man.render_name_section(&mut text).ok()?;
    man.render_synopsis_section(&mut text).ok()?;
    if command.get_long_about().is_some() {
        man.render_description_section(&mut text).ok()?;
    }
    if command.get_subcommands().any(|below| !below.is_hide_set()) {
        man.render_subcommands_section(&mut text).ok()?;
    }
    for section in ["ARGUMENTS", "OPTIONS", "OPTIONS OF EVERY COMMAND"] {
        let command = command.clone().mut_args(|arg| {
            if section_of(&arg) == section {
                with_aliases(arg.help_heading(section).hide_short_help(false))
            } else {
                arg.hide(true)
            }
        });
        Man::new(command).render_options_section(&mut text).ok()?;
    }
    let after = command.get_after_long_help();
    if let Some(after) = after.or_else(|| command.get_after_help()) {
        closing(&after.to_string()).to_writer(&mut text).ok()?;
    }
    if let Some(above) = above {
        let mut roff = Roff::new();
        roff.control("SH", ["SEE ALSO"]);
        roff.text([bold(above), roman("(1)")]);
        roff.to_writer(&mut text).ok()?;
    }
    let text = String::from_utf8_lossy(&text);
    // Each part defines the apostrophe again; once is enough.
    let start = Roff::new().render();
    Some(format!("{start}{}", text.replace(&start, "")))
}

fn section_of(arg: &Arg) -> &'static str {
    if arg.is_positional() {
        "ARGUMENTS"
    } else if arg.is_global_set() {
        "OPTIONS OF EVERY COMMAND"
    } else {
        "OPTIONS"
    }
}

/// A flag whose help also lists its aliases, as `--help` does.
fn with_aliases(arg: Arg) -> Arg {
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    if aliases.is_empty() {
        return arg;
    }
    let aliases: Vec<String> = aliases.iter().map(|alias| format!("--{alias}")).collect();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [also: {}]", aliases.join(", ")))
}

/// The text after the options of `--help`. Each `Title:` becomes a section, and each indented line a term and its explanation.
fn closing(after_help: &str) -> Roff {
    let mut roff = Roff::new();
    for line in after_help.lines().filter(|line| !line.trim().is_empty()) {
        let indented = line.starts_with("  ");
        let line = line.trim();
        match (indented, line.split_once("  "), line.split_once(':')) {
            (true, Some((term, said)), _) => {
                roff.control("TP", []).text([bold(term)]);
                roff.text([roman(said.trim_start())]);
            }
            (true, None, _) => {
                roff.control("PP", []).text([bold(line)]);
            }
            (false, _, Some((title, rest))) if rest.is_empty() || rest.starts_with(' ') => {
                roff.control("SH", [title.to_uppercase().as_str()]);
                if !rest.is_empty() {
                    roff.text([roman(rest.trim_start())]);
                }
            }
            (false, ..) => {
                roff.control("PP", []).text([roman(line)]);
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
