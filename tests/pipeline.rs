//! azlin in a pipeline whose runner obeys commands in the log: nothing from Azure, the file or its path can give one.

mod support;

use std::fs;

use serde_json::json;
use support::{Project, Ran};

/// Texts that the runners of GitHub Actions or Azure Pipelines would obey.
const COMMANDS: [&str; 6] = [
    "::error::owned",
    "::stop-commands::x",
    " ::add-mask::x",
    "##vso[task.setvariable variable=a]b",
    "##[error]owned",
    "x\n::error::owned\r::error::owned",
];

/// A file or folder may have these names.
const NAMES: [&str; 3] = ["::error::owned", "##vso[task.complete]", " ::warning::x"];

/// The runners, each by the variables that tell azlin of it.
const RUNNERS: [&[(&str, &str)]; 3] = [
    &[("GITHUB_ACTIONS", "true"), ("CI", "true")],
    &[("TF_BUILD", "True")],
    &[("CI", "1"), ("CLICOLOR_FORCE", "1")],
];

/// A fleet in which everything that people may write is hostile.
fn fleet() -> Vec<serde_json::Value> {
    let mut vms = Vec::new();
    for (at, text) in COMMANDS.iter().enumerate() {
        let key = format!("{}{at}", COMMANDS[at % 5]);
        vms.push(json!({
            "group": "rg", "name": format!("vm-{at}"),
            "tags": { "azlin_session": text, "azlin_owner": text, key: text, "azlin-session": text },
            "private_ip": format!("10.0.0.{}", at + 4),
        }));
    }
    vms.push(json!({ "group": "rg", "name": "free", "tags": { "::error::k": "" } }));
    vms.push(json!({ "group": "rg", "name": "double", "tags": { "azlin_session": COMMANDS[0] } }));
    vms
}

/// `text` without the escape sequences for colours.
fn plain(text: &str) -> String {
    console::strip_ansi_codes(text).into_owned()
}

/// Checks that no line of `ran` is a command, except azlin's own annotations.
fn check(ran: &Ran) {
    for stream in [&ran.stdout, &ran.stderr] {
        for line in plain(stream).split(['\n', '\r']) {
            let line = line.trim_start();
            let own = [
                "::error file=",
                "::warning file=",
                "##vso[task.logissue type=",
            ];
            if own.iter().any(|own| line.starts_with(own)) {
                let data = line.trim_start_matches("##vso[");
                assert!(!data.contains("##vso["), "{line}\n{ran}");
                continue;
            }
            assert!(!line.starts_with("::"), "{line}\n{ran}");
            let lower = line.to_lowercase();
            assert!(
                !lower.contains("##vso[") && !lower.contains("##["),
                "{line}\n{ran}"
            );
        }
    }
}

fn on(runner: &[(&str, &str)], file: &str) -> Project {
    let mut project = Project::new(file);
    for (name, value) in runner {
        project = project.with_env(name, value);
    }
    project
}

const FILE: &str = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\nvm-0 = 'a'\nvm-1 = 'b'\n\
                    free = 'c' # ##vso[task.complete]\ngone = 'd'\n";

#[test]
fn no_tag_commands_the_runner_whatever_the_command_prints() {
    let mut lines = 0;
    for runner in RUNNERS {
        let project = on(runner, FILE);
        project.set_fleet(fleet());
        let commands: &[&[&str]] = &[
            &["plan"],
            &["plan", "--diff"],
            &["plan", "-o", "markdown"],
            &["plan", "-o", "json"],
            &[
                "plan",
                "--take-ownership-from",
                COMMANDS[0],
                "--out",
                "plan.json",
            ],
            &["show", "plan.json"],
            &["apply", "plan.json", "--partial"],
            &["list", "--all"],
            &["list", "--all", "-o", "csv"],
            &["list", "--all", "-o", "json"],
            &["list", "--tag", COMMANDS[3]],
            &["tag", "list", "vm-0"],
            &["tag", "list", "vm-3"],
            &["tag", "list", "vm-5"],
            &["tag", "list", "free"],
            &["tag", "add", "free", COMMANDS[0]],
            &["tag", "add", "free", "::error::a=::error::b"],
            &["tag", "remove", "free", "::error::missing"],
            &["session", "vm-0"],
            &["session", "vm-5"],
            &["session", "free", COMMANDS[0]],
            &["session", "vm-2", "x", "--force"],
            &["session", COMMANDS[0]],
            &["connect", "--print", COMMANDS[0]],
            &["connect", "--print", COMMANDS[5]],
            &["ssh-config"],
            &["whoami"],
            &["validate"],
            &["apply", "-y", "--partial", "-o", "json"],
            &["apply", "-y", "--partial", "-o", "markdown"],
            &["apply", "-y", "--partial"],
            &["apply", "-y", "--target", COMMANDS[5]],
            &[COMMANDS[0]],
            &[COMMANDS[5]],
            &["plan", "--::error::x"],
            &["plan", "--format", COMMANDS[3]],
            &["guide", COMMANDS[0]],
            &["sandbox", "reset", COMMANDS[0]],
        ];
        for arguments in commands {
            let ran = project.run(arguments);
            check(&ran);
            lines += ran.stdout.lines().count() + ran.stderr.lines().count();
        }
    }
    assert!(lines > 500, "the commands print something: {lines}");
}

#[test]
fn no_name_of_a_file_or_folder_commands_the_runner() {
    for runner in RUNNERS {
        for name in NAMES {
            let project = on(runner, "");
            let folder = project.path().join(name);
            fs::create_dir(&folder).unwrap();
            let bad = folder.join(format!("{name}.toml"));
            let other = folder.join("other.toml");
            let other_file = "[azure]\ncloud = 'sandbox'\nsubscription = '5a4db0e5-0000-4000-8000-000000000001'\n[sessions.rg]\nx = 'y'\n";
            for text in [
                FILE,
                "[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'x y'\n",
                "not toml",
                "[other]\n",
            ] {
                fs::write(&bad, text).unwrap();
                fs::write(&other, other_file).unwrap();
                for arguments in [
                    &["validate", "--file"][..],
                    &["plan", "--file"],
                    &["apply", "-y", "--file"],
                    &["list", "--file"],
                    &["session", "free", "new", "--save", "--file"],
                ] {
                    for path in [folder.as_path(), bad.as_path()] {
                        let path = path.strip_prefix(project.path()).unwrap();
                        let mut arguments = arguments.to_vec();
                        let path = path.to_str().unwrap();
                        arguments.push(path);
                        check(&project.run(&arguments));
                    }
                }
            }
            let absent = format!("{name}/none.toml");
            check(&project.run(&["plan", "--file", &absent]));
            check(&project.run(&["show", &absent]));
            fs::write(&bad, FILE).unwrap();
            let out = format!("{name}/plan.json");
            check(&project.run(&["plan", "--file", bad.to_str().unwrap(), "--out", &out]));
            check(&project.run(&[
                "plan",
                "--file",
                bad.to_str().unwrap(),
                "--out",
                "none/::error::x",
            ]));
        }
    }
}

#[test]
fn no_text_of_the_file_commands_the_runner() {
    let hostile = [
        "'::error::owned' = 1\n",
        "[::error::owned]\n",
        "::error::owned\n",
        "   ::error::owned\n",
        "##vso[task.complete]\n",
        "[sessions.rg]\na = \"\"\"\n::error::owned\n\"\"\"\n",
        "[sessions.rg]\n'::error::' = 'x'\n",
        "[sessions.rg]\na = '::error::owned'\n",
        "[sessions.'::error::owned']\na = 'x'\n",
        "owner = '::error::owned'\n",
        "[ssh]\ncommand = \"\"\"\n::error::owned\"\"\"\n",
        "[ssh]\nuser = '::error::owned'\n",
        "[azure]\nsubscription = '##vso[task.complete]'\n",
        "[azure]\ntag = '::error::owned'\n[sessions.rg]\na = 'x'\n",
    ];
    for runner in RUNNERS {
        for text in hostile {
            let project = on(runner, text);
            for arguments in [
                &["validate"][..],
                &["plan"],
                &["plan", "--diff"],
                &["ssh-config"],
            ] {
                check(&project.run(arguments));
            }
        }
    }
}

#[test]
fn outside_a_pipeline_text_stays_as_it_is() {
    let project = Project::new(FILE);
    project.set_fleet(fleet());
    let tags = project.run(&["tag", "list", "free"]).stdout;
    assert_eq!(tags, "Tags for free:\n  ::error::k:\n");
    let project = project.with_env("CI", "true");
    let tags = project.run(&["tag", "list", "free"]).stdout;
    assert_eq!(tags, "Tags for free:\n  \\u003a:error::k:\n");
}
