//! Completion with TAB: azlin as the shells' scripts call it, and the scripts in the shells themselves.

mod support;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, mpsc};

use insta::assert_snapshot;
use support::Project;
use support::azure::Azure;
use tempfile::TempDir;

/// Runs azlin as fish's script does; the last of `words` is the one under the cursor.
fn asking(project: &Project, words: &[&str]) -> Command {
    let mut command = project.command(&["--", "azlin"]);
    command.args(words).env("COMPLETE", "fish");
    command
}

/// The answer, which contains only candidates.
fn raw(mut asking: Command) -> String {
    let output = asking.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
    String::from_utf8(output.stdout).unwrap()
}

/// The names in the answer, one per line with the description that fish shows, without clap's flags.
fn answered(asking: Command) -> String {
    let raw = raw(asking);
    let names = raw.lines().filter(|line| !line.starts_with('-'));
    let names: Vec<String> = names.map(|line| line.replace('\t', "  ")).collect();
    names.join("\n")
}

fn tab(project: &Project, words: &[&str]) -> String {
    answered(asking(project, words))
}

/// The declared names, without a request to Azure, because there is no place for a cache.
fn offline(project: &Project, words: &[&str]) -> String {
    let mut asking = asking(project, words);
    // A file, in which no folder can be created.
    asking.env("HOME", project.path().join("sessions.toml"));
    answered(asking)
}

/// The file in the cache whose name has this ending.
fn cached(project: &Project, end: &str) -> Option<PathBuf> {
    let files = fs::read_dir(project.path().join(".cache/azlin")).ok()?;
    let mut paths = files.map(|file| file.unwrap().path());
    paths.find(|path| path.to_string_lossy().ends_with(end))
}

/// Fills the cache as TAB does.
fn refresh(project: &Project) {
    let mut azlin = project.command(&[]);
    let output = azlin.env("AZLIN_REFRESH_NAMES", "1").output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), Vec::new()));
}

/// Makes the cache as old as possible.
fn age(project: &Project) {
    let path = cached(project, ".json").unwrap();
    let mut cache: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    cache["read_at"] = 1.into();
    fs::write(&path, cache.to_string()).unwrap();
}

/// Waits until the azlin that fills the cache has started and ended.
fn until_refreshed(project: &Project) {
    let marker = File::open(cached(project, ".asked").unwrap()).unwrap();
    marker.lock().unwrap();
}

const FILE: &str = "[sessions.rg]\na = 'web'\nb = 'db'\n\n[sessions.rg-2]\na = 'batch'\n";

#[test]
fn connect_completes_what_the_file_declares() {
    let project = Project::sandbox(FILE);
    assert_snapshot!(offline(&project, &["connect", ""]), @"
    batch  session on rg-2/a
    db  session on rg/b
    web  session on rg/a
    a  VM in 2 resource groups: choose one with --rg
    b  VM in rg, session db
    ");
    assert_eq!(offline(&project, &["connect", "w"]), "web  session on rg/a");
    assert_eq!(offline(&project, &["connect", "nothing"]), "");
}

#[test]
fn flags_complete_vms_and_groups() {
    let project = Project::sandbox(FILE);
    let vms =
        "b  VM in rg, session db\nrg-2/a  VM in rg-2, session batch\nrg/a  VM in rg, session web";
    for words in [
        &["plan", "--target", ""][..],
        &["apply", "--take-ownership", ""],
        &["plan", "-target", ""],
    ] {
        assert_eq!(offline(&project, words), vms, "{words:?}");
    }
    assert_snapshot!(offline(&project, &["plan", "--target", "rg/"]), @"
    rg/a  VM in rg, session web
    rg/b  VM in rg, session db
    ");
    assert_snapshot!(offline(&project, &["connect", "--rg", ""]), @"
    rg  2 VMs
    rg-2  1 VM
    ");
}

#[test]
fn vms_and_groups_complete_in_any_case_and_sessions_in_their_own() {
    let project = Project::sandbox("[sessions.rg-Dev]\nVM-1 = 'web'\n");
    let vm = "VM-1  VM in rg-Dev, session web";
    assert_eq!(offline(&project, &["connect", "vm"]), vm);
    assert_eq!(offline(&project, &["session", "vM-"]), vm);
    assert_eq!(offline(&project, &["list", "--rg", "RG-D"]), "rg-Dev  1 VM");
    let with_group = "rg-Dev/VM-1  VM in rg-Dev, session web";
    assert_eq!(offline(&project, &["tag", "list", "RG-DEV/v"]), with_group);
    assert_eq!(offline(&project, &["connect", "WEB"]), "");
}

#[test]
fn a_group_and_a_subscription_complete_to_their_vms() {
    let project = Project::sandbox(FILE);
    assert_snapshot!(offline(&project, &["connect", "rg/"]), @"
    rg/a  VM in rg, session web
    rg/b  VM in rg, session db
    ");
    let alone = format!("{}/", azlin::sandbox::SUBSCRIPTION);
    let offered = offline(&project, &["connect", &alone]);
    assert_snapshot!(offered.replace(&alone, "SUBSCRIPTION/"), @"
    SUBSCRIPTION/rg-2/a  VM in rg-2, session batch
    SUBSCRIPTION/rg/a  VM in rg, session web
    SUBSCRIPTION/rg/b  VM in rg, session db
    ");
    let (one, two) = (
        "00000000-0000-4000-8000-000000000001",
        "00000000-0000-4000-8000-000000000002",
    );
    for (name, subscription) in [("one.toml", one), ("two.toml", two)] {
        let text = format!(
            "[azure]\ncloud = 'sandbox'\nsubscription = '{subscription}'\n[sessions.rg]\na = '{}'\n",
            &name[..3]
        );
        fs::write(project.path().join(name), text).unwrap();
    }
    let both = ["--file", "one.toml", "--file", "two.toml"];
    let complete = |words: &[&str]| offline(&project, &[&both[..], words].concat());
    let full = format!("{one}/rg/a  VM in rg, session one");
    for words in [["connect", one], ["session", one]] {
        let word = format!("{}/", words[1]);
        assert_eq!(complete(&[words[0], &word]), full, "{words:?}");
        let word = format!("{}/RG/", words[1]);
        assert_eq!(complete(&[words[0], &word]), full, "{words:?}");
    }
    assert_eq!(complete(&["connect", "rg/"]), "", "rg/a is two VMs");
}

#[test]
fn the_guides_topics_complete() {
    let project = Project::sandbox("");
    assert_snapshot!(offline(&project, &["guide", "s"]), @"
    subscriptions  How to manage several subscriptions or teams as one.
    sign-in  How azlin picks an identity and a subscription.
    sandbox  How to try azlin, or test against it, without an account.
    security  What azlin trusts, what it writes, and what it never does.
    shell  How to set up your shell for azlin.
    ");
}

#[test]
fn files_complete_as_paths() {
    let project = Project::sandbox("");
    fs::write(project.path().join("id_ed25519"), "").unwrap();
    assert_eq!(offline(&project, &["connect", "--key", "id"]), "id_ed25519");
    assert_eq!(offline(&project, &["--file", "sess"]), "sessions.toml");
}

#[test]
fn the_file_is_the_one_that_the_command_would_use() {
    let project = Project::sandbox(FILE);
    let other = "[azure]\ncloud = \"sandbox\"\n[sessions.other]\nc = 'elsewhere'\n";
    fs::write(project.path().join("other.toml"), other).unwrap();
    let elsewhere = "elsewhere  session on other/c\nc  VM in other, session elsewhere";
    for words in [
        &["--file", "other.toml", "connect", ""][..],
        &["connect", "--file=other.toml", ""],
    ] {
        assert_eq!(offline(&project, words), elsewhere, "{words:?}");
    }
    let project = project.with_env("AZLIN_FILE", "other.toml");
    assert_eq!(offline(&project, &["connect", ""]), elsewhere);
}

#[test]
fn an_invalid_file_or_none_gives_no_names_and_says_nothing() {
    let invalid = Project::sandbox("[sessions.rg]\na = 'x y'\nb = 'fine'\n");
    assert_eq!(tab(&invalid, &["connect", ""]), "");
    let absent = Project::sandbox(FILE).with_env("AZLIN_FILE", "no/such.toml");
    assert_eq!(tab(&absent, &["connect", ""]), "");
    assert_eq!(cached(&invalid, ""), None, "and nothing is started");
}

#[test]
fn live_names_come_from_the_cache_and_count_before_the_files() {
    let project = Project::sandbox("[sessions.rg]\na = 'web'\n")
        .with_fleet(&[("rg/a", Some("old-web")), ("rg/unmanaged", Some("by-hand"))]);
    refresh(&project);
    assert_snapshot!(tab(&project, &["connect", ""]), @"
    by-hand  session on rg/unmanaged
    old-web  session on rg/a
    web  session on rg/a
    a  VM in rg, session old-web
    unmanaged  VM in rg, session by-hand
    ");
}

#[test]
fn a_fresh_cache_is_used_without_a_request() {
    let folder = TempDir::new().unwrap();
    let azure = Azure::faithful(folder.path().join("sandbox.json"));
    let project = azure.project("[sessions.rg-ml]\ngpu-vm-1 = 'declared'\n");
    refresh(&project);
    assert_eq!(azure.asked().len(), 1);
    assert_eq!(
        tab(&project, &["connect", "notebook"]),
        "notebook-maria  session on rg-ml/gpu-vm-4"
    );
    assert_eq!(azure.asked().len(), 1);
    assert_eq!(
        cached(&project, ".asked").map(|path| fs::read(path).unwrap()),
        Some(Vec::new()),
        "no TAB claimed a request"
    );
}

#[test]
fn an_old_cache_is_not_offered_and_a_hanging_azure_stops_no_tab() {
    let folder = TempDir::new().unwrap();
    let (arrived, arrivals) = mpsc::channel();
    let (go_on, permission) = mpsc::channel::<()>();
    let waiting = Mutex::new((arrived, permission));
    let azure = Azure::threaded(folder.path().join("sandbox.json"), move |_, answer| {
        let waiting = waiting.lock().unwrap();
        waiting.0.send(()).unwrap();
        waiting.1.recv().unwrap();
        answer()
    });
    let project = azure.project("[sessions.rg-ml]\nnot-there = 'notebook-declared'\n");
    let declared = "notebook-declared  session on rg-ml/not-there";
    let live = "notebook-maria  session on rg-ml/gpu-vm-4";
    go_on.send(()).unwrap();
    refresh(&project);
    arrivals.recv().unwrap();
    let both = format!("{declared}\n{live}");
    assert_eq!(tab(&project, &["connect", "notebook"]), both);

    age(&project);
    assert_eq!(tab(&project, &["connect", "notebook"]), declared);
    arrivals.recv().unwrap();
    // Azure does not answer a pending request. Another TAB neither waits for it nor sends a second one.
    assert_eq!(tab(&project, &["connect", "notebook"]), declared);
    go_on.send(()).unwrap();
    until_refreshed(&project);
    assert_eq!(tab(&project, &["connect", "notebook"]), both);
    assert_eq!(azure.asked().len(), 2);
}

#[test]
fn what_is_no_session_name_never_reaches_a_command_line() {
    let tags = [
        "$(evil)",
        "a;evil",
        "`evil`",
        "evil\nevil",
        "\u{1b}[2Jevil",
        "evil's",
        "\"evil\"",
        "--evil",
        "evil b",
        "evilü",
        "evil\\",
        "evil/x",
        "evil*",
        "evil\tevil",
        "\u{b}evil",
        "evil:x",
        "\u{202e}evil",
        "fine",
    ];
    let ids: Vec<String> = (0..tags.len()).map(|n| format!("rg/vm-{n}")).collect();
    let vms = ids.iter().map(String::as_str);
    let fleet: Vec<_> = vms.zip(tags.map(Some)).collect();
    let project = Project::sandbox("").with_fleet(&fleet);
    refresh(&project);
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let mut asking = asking(&project, &["connect", ""]);
        asking.env("COMPLETE", shell);
        asking
            .env("_CLAP_COMPLETE_INDEX", "2")
            .env("_CLAP_IFS", "\n");
        let offered = raw(asking);
        assert!(offered.contains("fine"), "{shell}: {offered}");
        assert!(offered.contains("vm-0"), "{shell}: {offered}");
        assert!(!offered.contains("evil"), "{shell}: {offered}");
    }
}

#[cfg(unix)]
#[test]
fn the_cache_is_the_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::sandbox("");
    refresh(&project);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(project.path().join(".cache/azlin")), 0o700);
    assert_eq!(mode(cached(&project, ".json").unwrap()), 0o600);
    assert_eq!(mode(cached(&project, ".asked").unwrap()), 0o600);
}

#[test]
fn a_command_that_nobody_watches_leaves_no_cache() {
    let project = Project::sample();
    assert_eq!(project.run(&["plan"]).code(), 0);
    assert!(!project.path().join(".cache").exists());
}

#[test]
fn whatever_stands_on_the_line_a_tab_says_nothing_on_stderr() {
    let project = Project::sandbox(FILE);
    let lines: [&[&str]; 8] = [
        &[""],
        &["no-such-command", ""],
        &["connect", "--no-such-flag", ""],
        &["connect", "--user", "--", ""],
        &["connect", "a", "b", "c", ""],
        &["connect", "--rg=", ""],
        &["connect", "a", "--", "--file", ""],
        &["\u{1b}", "\u{0}1".trim_start_matches('\u{0}'), "-"],
    ];
    for shell in ["bash", "zsh", "fish", "powershell"] {
        for (line, index) in lines
            .into_iter()
            .flat_map(|line| [(line, "1"), (line, "99")])
        {
            let mut asking = asking(&project, line);
            asking.env("COMPLETE", shell);
            asking.env("HOME", project.path().join("sessions.toml"));
            asking.env("_CLAP_COMPLETE_INDEX", index);
            asking.env("AZLIN_LOG", "trace,,nonsense==");
            answered(asking);
        }
    }
}

#[test]
fn a_variable_of_someone_elses_changes_no_command() {
    let project = Project::sandbox(FILE);
    for value in ["bash", "1", "true", "elvish", ""] {
        let mut validate = project.command(&["validate"]);
        let output = validate.env("COMPLETE", value).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(stdout, "sessions.toml is valid: 3 sessions\n", "{value}");
    }
}

#[test]
fn a_script_calls_azlin_by_its_name() {
    let project = Project::sandbox("");
    for (shell, call) in [
        ("bash", "\"azlin\" -- \"${words[@]}\""),
        ("zsh", "azlin -- \"${words[@]}\""),
        ("fish", "COMPLETE=fish azlin -- (commandline"),
        ("powershell", "& azlin -- $args"),
    ] {
        let ran = project.run(&["completions", shell]);
        assert_eq!(ran.code(), 0, "{ran}");
        assert!(ran.stdout.contains(call), "{ran}");
        assert!(!ran.stdout.contains(env!("CARGO_MANIFEST_DIR")), "{ran}");
    }
    assert_eq!(project.run(&["completions", "tcsh"]).code(), 1);
}

/// Runs `script` in a shell with azlin on its PATH. Returns none, with a note on stderr, if the shell is not installed.
fn shell(project: &Project, shell: &str, arguments: &[&str], script: &str) -> Option<String> {
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_azlin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path);
    let path = std::env::join_paths(
        [bin.parent().unwrap().to_owned()]
            .into_iter()
            .chain(folders),
    );
    let mut command = Command::new(shell);
    command
        .args(arguments)
        .arg(script)
        .current_dir(project.path());
    command
        .env_clear()
        .env("HOME", project.path())
        .env("TERM", "dumb");
    command.env("PATH", path.unwrap());
    match command.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(said, "", "{shell}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let everything = std::env::var_os("AZLIN_TEST_EVERYTHING").is_some();
            assert!(!everything, "{shell} is not installed");
            eprintln!("skipped: {shell} is not installed");
            None
        }
        Err(error) => panic!("{shell}: {error}"),
    }
}

/// The sample, with its names in the cache, so that TAB starts no azlin in the background.
fn sample() -> Project {
    let project = Project::sample();
    refresh(&project);
    project
}

#[test]
fn bash_completes() {
    let script = r#"
        eval "$(azlin completions bash)"
        tab() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9 COMPREPLY=()
            _clap_complete_azlin azlin "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\n' "${COMPREPLY[@]}"
        }
        tab azlin conn
        tab azlin connect pro
        tab azlin connect --rg rg-
        tab azlin connect --rg = rg-
        tab azlin connect ""
        tab azlin connect --us
    "#;
    if let Some(offered) = shell(&sample(), "bash", &["--norc", "-c"], script) {
        assert_snapshot!(offered, @"
        connect
        project-alpha
        project-beta
        rg-dev
        rg-ml
        rg-dev
        rg-ml
        bert-training-run-1
        debugging-issue-123
        gpt-finetune
        notebook-maria
        project-alpha
        project-beta
        sarah-frontend
        dev-vm-1
        dev-vm-2
        dev-vm-3
        dev-vm-4
        gpu-vm-1
        gpu-vm-2
        gpu-vm-3
        gpu-vm-4
        --user
        ");
    }
}

#[test]
fn fish_completes() {
    let script = r#"
        azlin completions fish | source
        complete -C"azlin conn"
        complete -C"azlin connect pro"
        complete -C"azlin connect --rg rg-"
    "#;
    if let Some(offered) = shell(&sample(), "fish", &["--no-config", "-c"], script) {
        assert_snapshot!(offered.replace('\t', "  "), @"
        connect  Open SSH on the VM that holds a session
        project-alpha  session on rg-dev/dev-vm-1
        project-beta  session on rg-dev/dev-vm-1
        rg-dev  4 VMs
        rg-ml  4 VMs
        ");
    }
}

#[test]
fn zsh_completes() {
    // A zsh on its own terminal. Once it reads keys, it gets TAB, and then a key that prints the line and ends zsh.
    let script = r#"
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell 'PROMPT=; autoload -Uz compinit; compinit -u -D; eval "$(azlin completions zsh)"'
        zpty -w shell 'show() { print -r -- "LINE[$BUFFER]"; exit }; zle -N show; bindkey "^Y" show'
        zpty -w shell 'ready() { print READY"" }; zle -N zle-line-init ready'
        zpty -r -m shell shown $'*READY\r*'
        zpty -w -n shell $'azlin connect project-al\t\x19'
        while zpty -r shell chunk; do shown+=$chunk; done
        print -r -- "${${shown##*LINE\[}%%\]*}"
    "#;
    if let Some(line) = shell(&sample(), "zsh", &["-f", "-c"], script) {
        assert_eq!(line, "azlin connect project-alpha \n");
    }
}

#[test]
fn a_command_on_a_terminal_keeps_its_names_for_the_next_tab() {
    let project = Project::sandbox("").with_fleet(&[("rg/a", Some("by-hand"))]);
    let script = r#"
        zmodload zsh/zpty
        zpty plan azlin plan
        while zpty -r plan line; do :; done
    "#;
    if shell(&project, "zsh", &["-f", "-c"], script).is_some() {
        assert!(cached(&project, ".json").is_some());
        assert_eq!(cached(&project, ".asked"), None, "no TAB asked");
        let offered = tab(&project, &["connect", "by"]);
        assert!(offered.starts_with("by-hand  session on"), "{offered}");
    }
}

#[test]
fn every_argument_that_takes_a_name_offers_names() {
    let project = Project::sample();
    refresh(&project);
    let vms = "dev-vm-1  VM in rg-dev, session project-beta";
    for words in [
        &["connect", "dev-vm-1"][..],
        &["session", "dev-vm-1"],
        &["tag", "list", "dev-vm-1"],
        &["tag", "add", "dev-vm-1"],
        &["tag", "remove", "dev-vm-1"],
        &["plan", "--target", "dev-vm-1"],
        &["apply", "--take-ownership", "dev-vm-1"],
    ] {
        assert_eq!(tab(&project, words), vms, "{words:?}");
    }
    for command in ["connect", "session", "list"] {
        let words = [command, "--rg", "rg-d"];
        assert_eq!(tab(&project, &words), "rg-dev  4 VMs", "{words:?}");
    }
    assert_eq!(
        tab(&project, &["session", "dev-vm-1", "proj"]),
        "",
        "a new name is nobody's yet"
    );
}

#[cfg(unix)]
#[test]
fn the_cache_follows_no_link_and_waits_for_no_pipe_that_someone_planted() {
    let project = Project::sample();
    let folder = project.path().join(".cache/azlin");
    let victim = project.path().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    let refresh = || {
        // The variable that TAB sets for the azlin that reads Azure in its place.
        let ran = project
            .command(&[])
            .env("AZLIN_REFRESH_NAMES", "1")
            .output();
        ran.unwrap()
    };
    refresh();
    let names = |folder: &std::path::Path| -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        paths
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect()
    };
    let [cache] = names(&folder).try_into().unwrap();
    std::fs::remove_file(&cache).unwrap();
    std::os::unix::fs::symlink(&victim, &cache).unwrap();
    refresh();
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    std::fs::remove_file(&cache).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&cache).status();
    assert!(made.unwrap().success());
    for arguments in [&["list"][..], &["plan"]] {
        assert_eq!(project.run(arguments).code(), 0);
    }
    refresh();
    std::fs::remove_dir_all(&folder).unwrap();
    let elsewhere = project.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();
    refresh();
    assert_eq!(names(&elsewhere), [""; 0].map(std::path::PathBuf::from));
}
