//! azlin's help.

mod support;

use azlin::cli::{self, FIRST_STEPS, Usage};
use clap::Command;
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
    collect("azlin", &cli::command(), &mut all);
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

/// Reads a command line as azlin does.
fn parse(words: &[String]) -> Result<(), String> {
    let read = cli::parse(words.iter().map(Into::into));
    match read {
        Ok(_) => Ok(()),
        Err(Usage::Clap(error)) => Err(format!("{words:?}: {error}")),
        Err(Usage::Refused(trouble)) => Err(format!("{words:?}: {trouble}")),
    }
}

#[test]
fn azlin_alone_shows_how_to_begin() {
    let project = Project::sample();
    let ran = project.run(&[]);
    assert_eq!(
        (ran.code(), ran.stdout.as_str(), ran.stderr.as_str()),
        (0, FIRST_STEPS, "")
    );
    assert_snapshot!(ran.stdout, @"
    azlin: session names for Azure VMs as code

    To begin:
      azlin init                     create a sessions.toml with the sessions that your VMs have
      azlin init --sandbox           try azlin without Azure, in an empty folder

    Then:
      azlin plan                     see how Azure differs from sessions.toml; writes nothing
      azlin list                     see which VMs are running, and the session of each
      azlin connect dev-vm-1         open SSH on a VM, by its name or its session

    azlin --help lists all commands; azlin guide explains them.
    ");
    let lines = command_lines(FIRST_STEPS);
    assert_eq!(lines.len(), 5);
    for words in lines {
        parse(&words).unwrap();
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
            parse(&words).unwrap();
        }
    }
}

/// What `azlin … FLAG` prints in a terminal of `columns`.
fn help(path: &str, flag: &str, columns: usize) -> String {
    let project = Project::sandbox("").with_env("COLUMNS", &columns.to_string());
    let words: Vec<&str> = path.split(' ').skip(1).chain([flag]).collect();
    let ran = project.run(&words);
    assert_eq!((ran.code(), ran.stderr.as_str()), (0, ""), "{ran}");
    ran.stdout
}

#[test]
fn no_line_of_help_is_wider_than_the_terminal() {
    let mut paths: Vec<String> = commands().into_iter().map(|(path, _)| path).collect();
    paths.push("azlin".to_owned());
    for path in &paths {
        for flag in ["-h", "--help"] {
            for columns in [80, 120] {
                let help = help(path, flag, columns);
                let wide = help
                    .lines()
                    .find(|line| console::measure_text_width(line) > columns);
                assert_eq!(wide, None, "{path} {flag} at {columns} columns");
            }
        }
    }
}

#[test]
fn short_help_says_each_option_in_one_line() {
    for (path, command) in commands() {
        let help = help(&path, "-h", 80);
        for option in command.get_opts().filter_map(|option| option.get_long()) {
            let flag = format!("--{option}");
            let words = |line: &&str| line.split([' ', ',']).any(|word| word == flag);
            let mut lines = help.lines().skip_while(|line| !words(line)).skip(1);
            let next = lines.next().unwrap_or_default();
            let continues = next.starts_with("      ") && !next.trim_start().starts_with('-');
            assert!(!continues, "{path} {flag} takes two lines:\n{help}");
        }
        assert!(help.lines().count() <= 45, "{path} -h is long:\n{help}");
    }
    let plan = help("azlin plan", "-h", 80);
    assert!(plan.lines().count() <= 40, "{plan}");
}

#[test]
fn a_commands_own_options_come_first() {
    assert_snapshot!(help("azlin plan", "-h", 80), @"
    Show how Azure differs from the file; write nothing

    Usage: azlin plan [OPTIONS]

    Options:
          --out <FILE>                 Save the plan for azlin apply
      -o, --format <FORMAT>            Output format: text, json or markdown
          --diff                       Show a diff from Azure to the file
          --base <REV>                 Tell changes since REV from drift
          --blame                      Add who wrote sessions set by hand
          --target <VM>                Change only this VM; repeatable
          --take-ownership <VM>        Take over this VM from its owner; repeatable
          --take-ownership-from <OLD>  Take over all that OLD owns; repeatable
          --max-removals <N>           Allow up to N sessions to be cleared
          --allow-incomplete           Continue even if VMs may be missing
          --detailed-exitcode          Exit with 2 if there are changes

    Global options:
      -f, --file <FILE>        The sessions file, or a folder of them; repeatable
          --subscription <ID>  The subscription's id
          --color <WHEN>       Use colour: auto, always or never
      -h, --help               Print help; --help lists all options

    Examples:
      azlin plan                               what apply would do
      azlin plan --diff                        the same as a diff
      azlin plan --out plan.json               save it for azlin apply
      azlin plan --base origin/main            what the branch causes, and what is
      drift
      azlin plan --detailed-exitcode           exit with 2 if there are changes
      azlin plan --format markdown             for a comment on a pull request
    ");
    assert_snapshot!(help("azlin connect", "-h", 80), @"
    Open SSH on the VM that holds a session

    Usage: azlin connect [OPTIONS] [NAME] [-- <COMMAND>...]

    Arguments:
      [NAME]        A VM, session or IP address, searched in that order
      [COMMAND]...  Command to run instead of a shell

    Options:
      -l, --user <USER>  Log in as this user [default: the file's]
      -i, --key <FILE>   Use this private key
      -p, --port <PORT>  Connect to this port
          --rg <GROUP>   Only search this resource group [alias: --resource-group]
          --print        Show the ssh command instead of running it
          --start        Start the VM first if it is stopped, also with --print

    Passed on to ssh:
      -L <PORT:HOST:PORT>  Forward a local port to the VM's side
      -R <PORT:HOST:PORT>  Forward a port of the VM to your side
      -D <PORT>            Open a SOCKS proxy on a local port
      -J <HOST>            Go through this jump host
      -o <KEY=VALUE>       Set an option of ssh_config
      -A                   Forward your SSH agent
      -N                   Run no command: only forward ports
      -T                   Do not allocate a terminal on the VM
      -v...                Show what ssh does; -vvv shows most

    Global options:
          --file <FILE>        The sessions file, or a folder of them; repeatable
          --subscription <ID>  The subscription's id
          --color <WHEN>       Use colour: auto, always or never
      -h, --help               Print help; --help lists all options

    Examples:
      azlin connect                                   choose from a list
      azlin connect project-alpha                     open a shell there
      azlin connect dev-vm-1 -- uptime                run one command there
      azlin connect gpu-vm-1 -L 8888:localhost:8888   forward a notebook's port
      azlin connect project-alpha --print             show the ssh command
    ");
}

#[test]
fn azlin_shows_every_command_by_what_it_is_for() {
    let overview = help("azlin", "-h", 80);
    assert_snapshot!(overview, @"
    Session names for Azure VMs as code

    Usage: azlin [OPTIONS] COMMAND

    Everyday:
      connect, ssh  Open SSH on the VM that holds a session
      list, ls      List the running VMs and their sessions
      session       Show, set or clear the session of one VM now
      tag           Show or change the other tags of a VM
      ssh-config    Let ssh, scp and editors reach sessions by name

    Sessions as code:
      init          Create a first sessions.toml
      import        Add the sessions in Azure to the file
      move          Give a session to another VM in the file
      plan          Show how Azure differs from the file; write nothing
      apply         Make Azure match the file
      show          Show a saved plan
      blame         Show who gave a session to its VM
      validate      Check the file without reading Azure
      fmt           Format the file; comments stay with their lines
      schema        Print the JSON Schema of the file, for editors

    Setup:
      guide         Read a chapter of the guide
      whoami        Show the identity that azlin uses, and its permissions
      sandbox       Try azlin or test against it without Azure
      completions   Set up TAB completion in your shell
      man           Install the manual pages, or print one

    Global options:
      -V, --version            Print the version
      -f, --file <FILE>        The sessions file, or a folder of them; repeatable
          --subscription <ID>  The subscription's id
          --color <WHEN>       Use colour: auto, always or never
      -h, --help               Print help; --help lists all options

    azlin COMMAND --help shows a command's options; azlin guide explains it all.

    Exit codes:
      0     done, or nothing to do
      1     error
      2     there are changes (plan --detailed-exitcode)
      3     the plan is out of date
      4     refused by a guard, or not approved
      5     applied in part, or in doubt
      130   interrupted (143: by SIGTERM, 129: by SIGHUP)
    connect exits with ssh's own status.
    ");
    for command in cli::command().get_subcommands() {
        let name = command.get_name();
        let lines = overview.lines().filter(|line| {
            let line = line.strip_prefix("  ").unwrap_or_default();
            line.split([' ', ',']).next() == Some(name)
        });
        assert_eq!(lines.count(), 1, "{name} is in one group of commands");
    }
}

#[test]
fn a_mistyped_command_line_gets_no_advice_that_does_harm() {
    let project = Project::sample();
    let said = |words: &[&str]| {
        let ran = project.run(words);
        assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
        ran.stderr
    };
    // `-- --frob` would make it a plan's name, a session or a remote command.
    for command in [&["apply"][..], &["session", "dev-vm-1"], &["connect", "x"]] {
        let said = said(&[command, &["--frob"]].concat());
        assert!(said.contains("unexpected argument '--frob'"), "{said}");
        assert!(!said.contains("-- --frob"), "{said}");
    }
    assert_snapshot!(said(&["aply"]), @"
    error: unrecognized subcommand 'aply'

      tip: a similar subcommand exists: 'apply'

    Usage: azlin [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
    let said = said(&["refresh-name"]);
    assert!(!said.contains("similar"), "nothing is hidden: {said}");
}

#[test]
fn terraforms_flags_mean_the_same_or_are_refused_by_name() {
    let project = Project::sample();
    let ran = project.run(&[
        "plan",
        "-no-color",
        "-input=false",
        "-lock=false",
        "-compact-warnings",
        "-refresh=true",
        "-json",
    ]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(ran.stdout.starts_with("{\n"), "{ran}");
    assert_snapshot!(project.run(&["plan", "-refresh=false"]), @"
    $ azlin plan -refresh=false -> 1
    --- stderr
    error: azlin has no flag `-refresh=false`
    help: remove it: azlin keeps no state file, so every plan reads Azure
    ");
    assert_snapshot!(project.run(&["apply", "-input=false"]).stderr, @"
    error: cannot ask for approval: --no-input is set
    help: review the output of azlin plan, then run azlin apply --auto-approve
    ");
}

#[test]
fn habits_from_elsewhere_get_azlins_way() {
    let project = Project::sample();
    let said = |words: &[&str]| {
        let ran = project.run(words);
        assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
        ran.stderr
    };
    assert_snapshot!(said(&["destroy"]), @"
    error: azlin has no command `destroy`
    help: delete the lines from sessions.toml, then run azlin apply
    ");
    assert_snapshot!(said(&["version"]), @"
    error: azlin has no command `version`
    help: run azlin --version
    ");
    assert_snapshot!(said(&["apply", "--dry-run"]), @"
    error: azlin apply has no flag `--dry-run`
    help: run azlin plan, which writes nothing
    ");
    assert_snapshot!(said(&["plan", "-auto-approve"]), @"
    error: azlin plan has no flag `--auto-approve`
    help: remove it: azlin plan never writes
    ");
    assert_snapshot!(said(&["ssh", "dev-vm-1", "ls"]), @"
    error: unexpected argument `ls`
    help: to run a command on the VM, put -- before it: azlin connect NAME -- COMMAND
    ");
    assert_snapshot!(said(&["connect", "-f", "sessions.toml"]), @"
    error: azlin connect has no flag `-f`
    help: use --file: on connect, single letters are ssh's
    ");
    let unlike = said(&["list", "--session", "x"]);
    assert!(!unlike.contains("tip:"), "{unlike}");
    let terraforms = project.run(&["plan", "-file=sessions.toml", "-format=json"]);
    assert_eq!(terraforms.code(), 0, "{terraforms}");
}
