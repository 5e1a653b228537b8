//! The README and the guide: what they show is what azlin prints, and what they name exists.
//!
//! `AZLIN_DOCS=write cargo test --test docs` puts the commands' present output into the documents.

#![cfg(unix)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use azlin::cli::{self, Usage};
use azlin::guide::CHAPTERS;
use clap::Command;
use clap::error::ErrorKind;
use insta::assert_snapshot;
use support::Project;
use support::azure::Azure;
use tempfile::TempDir;

/// A document, and where it is.
struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    fn name(&self) -> String {
        self.path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned()
    }
}

/// A fenced block: its language, and its lines with the place of the first.
struct Block<'t> {
    language: &'t str,
    first: usize,
    lines: Vec<&'t str>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: PathBuf) -> Document {
    let text = fs::read_to_string(&path).unwrap();
    Document { path, text }
}

fn readme() -> Document {
    read(root().join("README.md"))
}

fn chapters() -> Vec<Document> {
    let path = |name| root().join("src/guide").join(format!("{name}.md"));
    let names = CHAPTERS.iter().map(|chapter| chapter.name);
    names.map(|name| read(path(name))).collect()
}

fn documents() -> Vec<Document> {
    let mut all = vec![readme()];
    all.extend(chapters());
    all
}

/// The files below `folder`, as one text.
fn everything_in(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &everything_in(&path);
        } else if path.extension().is_none_or(|end| end != "md") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in text.lines().enumerate() {
        let Some(language) = line.strip_prefix("```") else {
            if let Some(block) = &mut open {
                block.lines.push(line);
            }
            continue;
        };
        match open.take() {
            Some(block) => blocks.push(block),
            None => {
                open = Some(Block {
                    language,
                    first: at + 1,
                    lines: Vec::new(),
                });
            }
        }
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}

/// The lines of `text` outside blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_block = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        in_block ^= is_fence;
        !in_block && !is_fence
    })
}

/// The code between backquotes in the prose of `text`.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    prose(text).flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The commands of a `console` block, each with its here-document.
fn typed(lines: &[&str]) -> Vec<String> {
    let mut typed: Vec<String> = Vec::new();
    let mut in_document = false;
    for line in lines {
        if let Some(command) = line.strip_prefix("$ ") {
            in_document = command.contains("<<'EOF'");
            typed.push(command.to_owned());
        } else if in_document {
            in_document = *line != "EOF";
            let command = typed.last_mut().unwrap();
            *command += &format!("\n{line}");
        }
    }
    typed
}

/// The comment that starts a `console` block whose commands run against a served sandbox with a fault.
const SERVED: &str = "# azlin sandbox serve --fault ";

/// The fault of the Azure that a `console` block runs against, if it has one.
fn fault<'t>(block: &Block<'t>) -> Option<&'t str> {
    block.lines.first()?.strip_prefix(SERVED)
}

/// What each of `commands` prints against a served sandbox with `fault`, for the sample file.
fn run_with(fault: &str, commands: &[String]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let azure = Azure::with_faults(folder.path().join("sandbox.json"), &[fault]);
    let sample = fs::read_to_string(root().join("sessions.toml")).unwrap();
    let (_, sessions) = sample.split_once("[sessions.rg-dev]").unwrap();
    run(
        commands,
        &azure.project(&format!("[sessions.rg-dev]{sessions}")),
    )
}

/// What each of `commands` prints, all of them in one shell in the folder of `project`.
fn run(commands: &[String], project: &Project) -> Vec<String> {
    const END: char = '\u{1e}';
    let mut script = "exec 2>&1\n".to_owned();
    for command in commands {
        script += &format!("{command}\nstatus=$?; printf '\\036'; (exit $status)\n");
    }
    let mut folders = vec![PathBuf::from(env!("CARGO_BIN_EXE_azlin"))];
    folders[0].pop();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", &script])
        .current_dir(project.path())
        .env_clear()
        .envs(project.environment())
        .env("HOME", project.path())
        .env("PATH", std::env::join_paths(folders).unwrap())
        .stdin(std::process::Stdio::null());
    let output = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    let outputs: Vec<String> = output.split_terminator(END).map(str::to_owned).collect();
    assert_eq!(
        outputs.len(),
        commands.len(),
        "a command ended the shell:\n{output}"
    );
    outputs
}

/// `text` with the output of its `console` blocks as it is now.
fn rewritten(text: &str) -> String {
    let mut blocks = blocks(text);
    blocks.retain(|block| block.language == "console");
    let plain = blocks.iter().filter(|block| fault(block).is_none());
    let commands: Vec<String> = plain.flat_map(|block| typed(&block.lines)).collect();
    let project = Project::sample();
    if commands
        .iter()
        .any(|command| command == "azlin init --sandbox")
    {
        fs::remove_file(project.path().join("sessions.toml")).unwrap();
    }
    let mut printed = run(&commands, &project).into_iter();

    let lines: Vec<&str> = text.lines().collect();
    let mut new = String::new();
    let mut at = 0;
    for block in &blocks {
        new += &joined(&lines[at..block.first]);
        let commands = typed(&block.lines);
        let outputs = match fault(block) {
            Some(fault) => {
                new += &format!("{SERVED}{fault}\n");
                run_with(fault, &commands)
            }
            None => printed.by_ref().take(commands.len()).collect(),
        };
        for (command, output) in commands.iter().zip(outputs) {
            new += &format!("$ {command}\n");
            new += &joined(&output.lines().collect::<Vec<_>>());
        }
        at = block.first + block.lines.len();
    }
    new + &joined(&lines[at..])
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Every command, hidden ones left out, by what you type.
fn commands() -> Vec<(String, Command)> {
    fn collect(path: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        for below in command
            .get_subcommands()
            .filter(|below| !below.is_hide_set())
        {
            let path = format!("{path} {}", below.get_name());
            collect(&path, below, all);
            all.push((path, below.clone()));
        }
    }
    let mut all = vec![("azlin".to_owned(), cli::command())];
    collect("azlin", &cli::command(), &mut all);
    all
}

/// Every flag of every command, with its dashes.
fn flags() -> Vec<String> {
    let mut flags: Vec<String> = ["--help", "-h", "--version", "-V"]
        .map(str::to_owned)
        .into();
    for (_, command) in commands() {
        for arg in command.get_arguments() {
            let long = arg.get_long_and_visible_aliases().unwrap_or_default();
            flags.extend(long.iter().map(|name| format!("--{name}")));
            let short = arg.get_short_and_visible_aliases().unwrap_or_default();
            flags.extend(short.iter().map(|name| format!("-{name}")));
        }
    }
    flags
}

/// The words of a command line, up to a pipe or a redirection.
fn words(line: &str) -> Vec<String> {
    let ends = |word: &String| ["|", "||", "&&", ";", ">", "2>", "<"].contains(&word.as_str());
    let words = shlex::split(line).unwrap_or_else(|| panic!("not a command line: {line}"));
    words.into_iter().take_while(|word| !ends(word)).collect()
}

/// Why azlin does not take the command line `line`; one that lacks an argument is fine.
fn not_taken(line: &str) -> Option<String> {
    let words = words(line);
    let error = match cli::parse(words.into_iter().map(Into::into)).err()? {
        Usage::Refused(trouble) => return Some(format!("{line}: {trouble}")),
        Usage::Clap(error) => error,
    };
    let is_fine = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::MissingRequiredArgument
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    (!is_fine).then(|| format!("{line}: {error}"))
}

#[test]
fn every_console_block_shows_what_the_commands_print() {
    let writes = std::env::var_os("AZLIN_DOCS").is_some_and(|value| value == "write");
    let mut differences = String::new();
    for document in documents() {
        let new = rewritten(&document.text);
        if new == document.text {
            continue;
        }
        if writes {
            fs::write(&document.path, new).unwrap();
            continue;
        }
        let diff = similar::TextDiff::from_lines(&document.text, &new);
        let name = document.name();
        let diff = diff
            .unified_diff()
            .header(&name, "what azlin prints")
            .to_string();
        differences += &diff;
    }
    assert!(
        differences.is_empty(),
        "{differences}\nIf that is meant: AZLIN_DOCS=write cargo test --test docs"
    );
}

#[test]
fn every_toml_block_is_a_valid_file() {
    for document in documents() {
        for block in blocks(&document.text) {
            if block.language == "toml" {
                let text = block.lines.join("\n");
                let ran = Project::new(&text).run(&["validate"]);
                assert_eq!((ran.code(), ran.stderr.as_str()), (0, ""), "{text}\n{ran}");
            }
        }
    }
}

#[test]
fn every_command_line_is_one_that_azlin_takes() {
    let mut wrong = Vec::new();
    for document in documents() {
        let blocks = blocks(&document.text);
        let shell = blocks.iter().filter(|block| block.language == "sh");
        let lines = shell.flat_map(|block| &block.lines).copied();
        let spans = code_spans(&document.text);
        let lines = lines.chain(spans).filter(|line| line.starts_with("azlin "));
        wrong.extend(lines.filter_map(not_taken));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_flag_that_is_named_exists() {
    let flags = flags();
    for document in documents() {
        for span in code_spans(&document.text) {
            let word = span.split([' ', '=']).next().unwrap();
            if word.starts_with('-') && !["-", "--"].contains(&word) {
                let exists = flags.iter().any(|flag| flag == word);
                assert!(exists, "{}: {word}", document.name());
            }
        }
    }
}

#[test]
fn every_variable_that_is_named_exists() {
    let code = everything_in(&root().join("src")) + &everything_in(&root().join("examples"));
    for document in documents() {
        let is_part = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        for word in document.text.split(is_part) {
            let is_variable = ["AZLIN_", "AZURE_", "ARM_"]
                .iter()
                .any(|start| word.starts_with(start));
            assert!(
                !is_variable || code.contains(word),
                "{}: {word}",
                document.name()
            );
        }
    }
}

#[test]
fn every_command_is_explained() {
    let all: String = documents()
        .into_iter()
        .map(|document| document.text)
        .collect();
    for (path, _) in commands() {
        assert!(all.contains(&path), "{path}");
    }
}

#[test]
fn every_link_of_the_readme_leads_to_a_file() {
    let readme = readme();
    for rest in readme.text.split("](").skip(1) {
        let link = rest.split(')').next().unwrap();
        let exists = link.starts_with("https://") || root().join(link).exists();
        assert!(exists, "{link}");
    }
    assert!(
        readme.text.lines().count() <= 200,
        "the README is a page; the rest is the guide's"
    );
}

#[test]
fn every_chapter_has_a_title_and_a_summary_and_fits_a_terminal() {
    for document in chapters() {
        let name = document.name();
        let lines: Vec<&str> = document.text.lines().collect();
        assert!(lines[0].starts_with("# "), "{name}");
        assert!(
            lines[2].len() <= 60 && lines[2].ends_with('.'),
            "{name}: {}",
            lines[2]
        );
        assert_eq!((lines[1], lines[3]), ("", ""), "{name}");
        for line in prose(&document.text) {
            assert!(line.chars().count() <= 80, "{name}: {line}");
            assert_eq!(line.matches('`').count() % 2, 0, "{name}: {line}");
        }
        for block in blocks(&document.text) {
            let known = ["toml", "console", "sh", "text", "json", "markdown", "yaml"];
            assert!(
                known.contains(&block.language),
                "{name}: ```{}",
                block.language
            );
        }
    }
}

#[test]
fn every_chapter_is_a_topic() {
    let files = fs::read_dir(root().join("src/guide")).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files.filter(|name| name.ends_with(".md")).collect();
    files.sort();
    let mut topics: Vec<String> = chapters().iter().map(Document::name).collect();
    topics.sort();
    assert_eq!(files, topics);
}

#[test]
fn the_guide_lists_its_topics() {
    let ran = Project::sample().run(&["guide"]);
    assert_eq!((ran.code(), ran.stderr.as_str()), (0, ""));
    assert_snapshot!(ran.stdout, @r"
    The guide has these topics:

      file            What you can write in `sessions.toml`, and where it lives.
      plan            How to read a plan, and what `azlin apply` does.
      ci              How to review a plan, and apply exactly what you reviewed.
      connect         How to reach a session: `connect`, `ssh`, `scp` and editors.
      vms             How to see your VMs, and change one without the file.
      subscriptions   How to manage several subscriptions or teams as one.
      sign-in         How azlin picks an identity and a subscription.
      sandbox         How to try azlin, or test against it, without an account.
      errors          What the exit codes mean, and what to do when azlin fails.
      security        What azlin trusts, what it writes, and what it never does.
      shell           How to set up your shell for azlin.

    Read one with `azlin guide TOPIC`. The name of a command works too.
    ");
    assert!(ran.stdout.lines().all(|line| line.len() <= 80));
}

#[test]
fn in_a_pipe_a_chapter_is_its_markdown() {
    let project = Project::sample();
    for (topic, chapter) in [("plan", "plan"), ("apply", "plan"), ("list", "vms")] {
        let ran = project.run(&["guide", topic]);
        let text = fs::read_to_string(root().join(format!("src/guide/{chapter}.md"))).unwrap();
        assert_eq!((ran.code(), ran.stdout), (0, text));
    }
    let ran = project.run(&["guide", "plan", "--color", "always"]);
    assert!(
        ran.stdout.starts_with("\u{1b}[1mPlan and apply\u{1b}[0m\n"),
        "{ran}"
    );
}

#[test]
fn an_unknown_topic_is_answered_with_the_nearest_or_all() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["guide", "plna"]), @"
    $ azlin guide plna -> 1
    --- stderr
    error: the guide has no topic `plna`
    help: did you mean plan?
    ");
    assert_snapshot!(project.run(&["guide", "kubernetes"]), @"
    $ azlin guide kubernetes -> 1
    --- stderr
    error: the guide has no topic `kubernetes`
    help: choose a topic: file, plan, ci, connect, vms, subscriptions, sign-in, sandbox, errors, security or shell
    ");
}
