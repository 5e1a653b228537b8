//! azlin's help.

mod support;

use azlin::cli::{Cli, FIRST_STEPS};
use clap::{Command, CommandFactory as _, Parser as _};
use insta::assert_snapshot;
use support::Project;

/// Every command without subcommands, with the words to type for it.
fn commands() -> Vec<(String, Command)> {
    fn collect(path: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let path = format!("{path} {}", sub.get_name());
            if sub.has_subcommands() {
                collect(&path, sub, all);
            } else {
                all.push((path, sub.clone()));
            }
        }
    }
    let mut all = Vec::new();
    collect("azlin", &Cli::command(), &mut all);
    all
}

/// The command lines in `text`, each as its words. Their descriptions come after two blanks.
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("  azlin "));
    let lines = lines.map(|line| line.split('|').next().unwrap_or_default());
    let lines = lines.map(|line| line.split("  ").next().unwrap_or_default());
    let words = |line: &str| shlex::split(&format!("azlin {line}")).unwrap();
    lines.map(words).collect()
}

#[test]
fn azlin_alone_shows_three_things_to_try() {
    let project = Project::sample();
    let ran = project.run(&[]);
    assert_eq!(
        (ran.code(), ran.stdout.as_str(), ran.stderr.as_str()),
        (0, FIRST_STEPS, "")
    );
    assert_snapshot!(ran.stdout, @r#"
    azlin: session names for Azure VMs as code

    Three things to try:
      azlin plan                     how Azure differs from sessions.toml; writes nothing
      azlin list                     the VMs, and which session each one holds
      azlin connect project-alpha    SSH to the VM that holds a session

    azlin --help shows the rest. To try it without Azure, put these two lines into a sessions.toml:
      [azure]
      cloud = "sandbox"
    "#);
    let lines = command_lines(FIRST_STEPS);
    assert_eq!(lines.len(), 3);
    for words in lines {
        Cli::try_parse_from(words).unwrap();
    }
}

#[test]
fn every_command_says_when_to_use_it_and_has_examples_that_parse() {
    for (path, command) in commands() {
        let about = command
            .get_about()
            .unwrap_or_else(|| panic!("{path} has no first line"));
        assert!(about.to_string().len() <= 80, "{path}: {about}");
        let help = command
            .get_after_help()
            .unwrap_or_else(|| panic!("{path} has no examples"));
        let help = help.to_string();
        assert!(help.starts_with("Examples:\n"), "{path}: {help}");
        let lines = command_lines(&help);
        assert!(!lines.is_empty(), "{path}: {help}");
        for words in lines {
            assert!(words.join(" ").starts_with(&path), "{path}: {words:?}");
            let parsed = Cli::try_parse_from(&words);
            assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn help_fits_80_columns_where_it_is_ours() {
    for (path, command) in commands() {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let wide = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{path}");
    }
}
