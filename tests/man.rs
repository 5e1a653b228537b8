//! The manual pages, as `man` reads them.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use support::Project;

fn pages(project: &Project) -> Vec<(String, String)> {
    let ran = project.run(&["man", "share/man1"]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (0, ""), "{ran}");
    let files = fs::read_dir(project.path().join("share/man1")).unwrap();
    let page = |file: std::io::Result<fs::DirEntry>| {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        (name, fs::read_to_string(file.path()).unwrap())
    };
    let mut pages: Vec<_> = files.map(page).collect();
    pages.sort();
    let said = format!("wrote {} pages to share/man1\n", pages.len());
    assert_eq!(ran.stderr, said);
    pages
}

/// The commands below `above`, but for those that are hidden.
fn commands(above: &clap::Command) -> Vec<&clap::Command> {
    let below = above.get_subcommands();
    below.filter(|command| !command.is_hide_set()).collect()
}

#[test]
fn each_command_has_a_page_of_its_own() {
    let project = Project::sandbox("");
    let mut expected = BTreeSet::from(["azlin.1".to_owned()]);
    for command in commands(&azlin::cli::command()) {
        let name = command.get_name();
        expected.insert(format!("azlin-{name}.1"));
        for below in commands(command) {
            expected.insert(format!("azlin-{name}-{}.1", below.get_name()));
        }
    }
    assert!(expected.contains("azlin-sandbox-serve.1"), "{expected:?}");
    let names: BTreeSet<String> = pages(&project).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, expected);
}

#[test]
fn without_a_folder_the_main_page_goes_to_stdout() {
    let project = Project::sandbox("");
    let pages = pages(&project);
    let (_, main) = pages.iter().find(|(name, _)| name == "azlin.1").unwrap();
    assert_eq!(&project.run(&["man"]).stdout, main);
}

#[test]
fn examples_keep_a_line_each() {
    let pages = pages(&Project::sandbox(""));
    let (_, connect) = pages
        .iter()
        .find(|(name, _)| name == "azlin-connect.1")
        .unwrap();
    let (_, examples) = connect.split_once(".SH EXAMPLES\n").unwrap();
    let first: Vec<&str> = examples.lines().take(3).collect();
    assert_snapshot!(first.join("\n"), @r"
    .TP
    \fBazlin connect\fR
    choose from a list
    ");
}

#[test]
fn man_has_nothing_to_complain_of() {
    let project = Project::sandbox("");
    for (name, _) in pages(&project) {
        let mut man = Command::new("man");
        man.args(["--warnings", "-l", &format!("share/man1/{name}")]);
        man.current_dir(project.path())
            .env("MANWIDTH", "80")
            .env("MANPAGER", "cat");
        let output = match man.output() {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let everything = std::env::var_os("AZLIN_TEST_EVERYTHING").is_some();
                assert!(!everything, "man is not installed");
                return eprintln!("skipped: man is not installed");
            }
            Err(error) => panic!("man: {error}"),
        };
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let widest = shown.lines().map(console::measure_text_width).max();
        assert!(widest.is_some_and(|width| width <= 80), "{name}\n{shown}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let project = Project::sandbox("");
    let ran = project.run(&["man", "sessions.toml/man1"]);
    assert_snapshot!(ran, @"
    $ azlin man sessions.toml/man1 -> 1
    --- stderr
    error: cannot write the pages into sessions.toml/man1: not a directory
    help: choose a folder that you may write to
    ");
}

#[test]
fn every_option_says_what_it_is_for() {
    let project = Project::sandbox("");
    for (name, page) in pages(&project) {
        let lines: Vec<&str> = page.lines().collect();
        for pair in lines.windows(2) {
            let is_bare = pair[0].starts_with("\\fB\\-") && pair[1].starts_with('.');
            assert!(!is_bare, "{name}: {}", pair[0]);
        }
    }
    let (_, page) = pages(&project)
        .into_iter()
        .find(|(name, _)| name == "azlin-list.1")
        .unwrap();
    for part in [
        "How many seconds azlin may wait for Azure in total",
        "resource\\-group",
    ] {
        assert!(page.contains(part), "no {part:?}:\n{page}");
    }
}
