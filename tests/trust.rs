//! Which sessions files azlin believes: whose they are, where a link leads, and what an error shows of another file.

#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use support::users::{ADA, BOB, as_each_user, give, is_root};
use support::{Project, Ran};

const FILE: &str = "[sessions.rg]\na = 'atlas'\n";

/// A project in which `user` works.
fn project(user: u32) -> Project {
    let project = Project::sandbox(FILE);
    project.with_fleet(&[("rg/a", None)]).of_user(user)
}

/// The run of azlin in a folder of the project.
fn run_in(project: &Project, folder: &str, arguments: &[&str]) -> Ran {
    let mut command = project.command(arguments);
    command.current_dir(project.path().join(folder));
    Ran::of(arguments, command.output().unwrap())
}

/// True if the tests can make files of other users.
fn can_give() -> bool {
    if !is_root() {
        eprintln!("skipped: only root can make files of others");
    }
    is_root()
}

#[test]
fn a_file_or_folder_of_another_user_is_not_believed() {
    if !can_give() {
        return;
    }
    as_each_user(|user| {
        let project = project(user);
        let file = project.path().join("sessions.toml");
        fs::create_dir(project.path().join("below")).unwrap();
        give(&file, BOB);
        let refused = "error: cannot trust sessions.toml: the file belongs to another user (id 1001)\n\
                       help: if you trust it, name it: --file sessions.toml, or set AZLIN_FILE\n";
        let subscription = "00000000-0000-4000-8000-000000000001";
        for arguments in [
            &["validate"][..],
            &["plan"],
            &["apply", "--auto-approve"],
            &["list", "--subscription", subscription],
            &["connect", "a", "--print", "--subscription", subscription],
            &["session", "a"],
            &["tag", "list", "a"],
            &["ssh-config"],
            &["whoami"],
            &["sandbox", "reset"],
        ] {
            let ran = project.run(arguments);
            assert_eq!((ran.code(), ran.stderr.as_str()), (1, refused), "{ran}");
        }
        let below = run_in(&project, "below", &["validate"]);
        let path = file.canonicalize().unwrap();
        let refused = format!("error: cannot trust {}: the file belongs", path.display());
        assert!(below.stderr.starts_with(&refused), "{below}");
        give(&file, user);
        give(project.path(), BOB);
        let ran = project.run(&["validate"]);
        assert!(
            ran.stderr.contains("its folder belongs to another user"),
            "{ran}"
        );
    });
}

#[test]
fn a_file_that_is_named_may_be_anyones() {
    if !can_give() {
        return;
    }
    as_each_user(|user| {
        let project = project(user);
        give(&project.path().join("sessions.toml"), BOB);
        let valid = "sessions.toml is valid: 1 session\n";
        let ran = project.run(&["validate", "--file", "sessions.toml"]);
        assert_eq!(ran.stdout, valid, "{ran}");
        assert_eq!(project.run(&["validate", "--file", "."]).stdout, valid);
        let project = project.with_env("AZLIN_FILE", "sessions.toml");
        assert_eq!(project.run(&["validate"]).stdout, valid);
    });
}

#[test]
fn roots_file_is_believed_and_under_sudo_the_users_too() {
    if !can_give() {
        return;
    }
    let ada = project(ADA);
    give(&ada.path().join("sessions.toml"), 0);
    give(ada.path(), 0);
    assert_eq!(ada.run(&["validate"]).code(), 0);
    let root = project(0).with_env("SUDO_UID", "1001");
    give(&root.path().join("sessions.toml"), BOB);
    assert_eq!(root.run(&["validate"]).code(), 0);
    let ada = project(ADA).with_env("SUDO_UID", "1001");
    give(&ada.path().join("sessions.toml"), BOB);
    assert_eq!(
        ada.run(&["validate"]).code(),
        1,
        "the variable is root's only"
    );
}

#[test]
fn a_file_that_is_not_believed_does_not_make_azlin_look_further_up() {
    if !can_give() {
        return;
    }
    as_each_user(|user| {
        let project = project(user);
        let below = project.path().join("below");
        fs::create_dir(&below).unwrap();
        fs::write(below.join("sessions.toml"), FILE).unwrap();
        give(&below, user);
        give(&below.join("sessions.toml"), BOB);
        assert_eq!(run_in(&project, "below", &["validate"]).code(), 1);
    });
}

#[test]
fn neither_end_of_a_link_may_be_another_users() {
    if !can_give() {
        return;
    }
    as_each_user(|user| {
        let project = project(user);
        let (real, link) = (
            project.path().join("real"),
            project.path().join("sessions.toml"),
        );
        fs::rename(&link, &real).unwrap();
        symlink("real", &link).unwrap();
        give(&link, user);
        assert_eq!(project.run(&["validate"]).code(), 0);
        give(&link, BOB);
        let ran = project.run(&["validate"]);
        assert!(
            ran.stderr.contains("the file belongs to another user"),
            "{ran}"
        );
        give(&link, user);
        give(&real, BOB);
        let ran = project.run(&["validate"]);
        assert!(
            ran.stderr.contains("its target belongs to another user"),
            "{ran}"
        );
    });
}

#[test]
fn tab_offers_nothing_from_a_file_that_is_not_believed_and_stays_quiet() {
    if !can_give() {
        return;
    }
    let complete = |project: &Project| {
        let mut command = project.command(&["--", "azlin", "connect", "at"]);
        command
            .env("COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", "2");
        Ran::of(&[], command.output().unwrap())
    };
    as_each_user(|user| {
        let project = project(user);
        assert_eq!(complete(&project).stdout, "atlas");
        give(&project.path().join("sessions.toml"), BOB);
        let ran = complete(&project);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    });
}

#[test]
fn the_sandboxs_folder_and_files_are_never_links() {
    as_each_user(|user| {
        let project = Project::sandbox(FILE).of_user(user);
        let elsewhere = project.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        give(&elsewhere, user);
        let folder = project.path().join(".azlin");
        symlink(&elsewhere, &folder).unwrap();
        let refused = ".azlin is a link, which azlin does not follow here";
        for arguments in [
            &["sandbox", "reset"][..],
            &["plan"],
            &["session", "dev-vm-2", "x"],
        ] {
            let ran = project.run(arguments);
            assert!(ran.code() == 1 && ran.stderr.contains(refused), "{ran}");
        }
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        fs::remove_file(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        give(&folder, user);
        let victim = elsewhere.join("victim");
        let lock = folder.join("sandbox.lock");
        symlink(&victim, &lock).unwrap();
        let ran = project.run(&["sandbox", "reset"]);
        assert!(
            ran.code() == 1 && ran.stderr.contains("sandbox.lock is a link"),
            "{ran}"
        );
        assert!(!victim.exists());
        fs::remove_file(&lock).unwrap();
        symlink("/etc/passwd", project.state()).unwrap();
        let ran = project.run(&["plan"]);
        assert!(ran.stderr.contains("sandbox.json is a link"), "{ran}");
    });
}

/// Makes a pipe with a name, which nobody writes to.
fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[test]
fn a_pipe_or_device_in_a_folder_is_skipped_with_a_word() {
    let project = Project::new(FILE);
    pipe(&project.path().join("pipe.toml"));
    symlink("/dev/zero", project.path().join("zero.toml")).unwrap();
    assert_snapshot!(project.run(&["validate", "--file", "."]), @"
    $ azlin validate --file . -> 0
    --- stdout
    sessions.toml is valid: 1 session

    --- stderr
    note: skipped pipe.toml and zero.toml: they are not regular files
    ");
    fs::remove_file(project.path().join("sessions.toml")).unwrap();
    assert_snapshot!(project.run(&["validate", "--file", "."]), @"
    $ azlin validate --file . -> 1
    --- stderr
    error: no sessions file found in . (skipped pipe.toml and zero.toml)
    help: pass a folder that contains sessions files, or the path of one
    ");
}

#[test]
fn the_search_passes_over_a_pipe_and_the_sandbox_does_not_wait_for_one() {
    let project = Project::sandbox(FILE);
    let below = project.path().join("below");
    fs::create_dir(&below).unwrap();
    pipe(&below.join("sessions.toml"));
    assert_eq!(run_in(&project, "below", &["validate"]).code(), 0);
    fs::create_dir(project.path().join(".azlin")).unwrap();
    for name in ["sandbox.json", "sandbox.lock"] {
        let path = project.path().join(".azlin").join(name);
        pipe(&path);
        let ran = project.run(&["session", "dev-vm-2", "x"]);
        assert!(
            ran.stderr
                .contains(&format!("{name} is not a regular file")),
            "{ran}"
        );
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_pipe_that_is_named_is_read() {
    let project = Project::new("");
    let ran = project.run_with(FILE, &["validate", "--file", "/dev/stdin"]);
    assert_eq!(ran.stdout, "/dev/stdin is valid: 1 session\n", "{ran}");
    let ran = project.run_with(
        "[azure]\ncloud = 'sandbox'\n[sessions.rg-dev]\n",
        &["session", "dev-vm-2", "x", "--save", "--file", "/dev/stdin"],
    );
    assert!(
        ran.stderr
            .contains("--save: /dev/stdin is not a regular file"),
        "{ran}"
    );
}

/// A checkout with a secret beside it, on a machine where `azlin validate` runs in CI.
struct Checkout {
    around: tempfile::TempDir,
}

impl Checkout {
    fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        let made = Self { around };
        fs::create_dir_all(made.path("repo/.git")).unwrap();
        fs::create_dir_all(made.path("elsewhere/.git")).unwrap();
        for name in [
            "repo/real.toml",
            "repo/.git/config",
            "elsewhere/sessions.toml",
        ] {
            fs::write(made.path(name), FILE).unwrap();
        }
        made
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.around.path().join(path)
    }

    /// The run of `validate` in the folder `repo`, with the variable `mark` of a CI system.
    fn validate(&self, mark: &str, file: &[&str]) -> Ran {
        let mut azlin = Command::new(env!("CARGO_BIN_EXE_azlin"));
        azlin
            .arg("validate")
            .args(file)
            .env_clear()
            .env(mark, "true");
        azlin.current_dir(self.path("repo"));
        Ran::of(&[], azlin.output().unwrap())
    }
}

#[test]
fn in_ci_a_link_that_leads_out_of_the_repository_is_refused() {
    let checkout = Checkout::new();
    let link = checkout.path("repo/sessions.toml");
    for target in [
        "../elsewhere/sessions.toml",
        "/etc/passwd",
        ".git/config",
        "real.toml/../../elsewhere/sessions.toml",
    ] {
        symlink(target, &link).unwrap();
        for mark in ["CI", "GITHUB_ACTIONS", "TF_BUILD"] {
            for named in [&[][..], &["--file", "sessions.toml"], &["--file", "."]] {
                let ran = checkout.validate(mark, named);
                assert_eq!(ran.code(), 1, "{target}: {ran}");
                let shows = ran.stderr.contains("root:") || ran.stdout.contains("1 session\nsess");
                assert!(!shows, "{target}: {ran}");
            }
        }
        fs::remove_file(&link).unwrap();
    }
    symlink("../elsewhere/sessions.toml", &link).unwrap();
    assert_snapshot!(checkout.validate("CI", &[]).stderr, @"
    error: sessions.toml leads out of its repository through a link, which is not allowed in CI
    help: replace the link with the file itself
    ");
    assert_eq!(checkout.validate("NO_CI", &[]).code(), 0, "a person may");
    let absolute = link.to_str().unwrap();
    assert_eq!(checkout.validate("CI", &["--file", absolute]).code(), 1);
}

#[test]
fn in_ci_a_linked_folder_does_not_lead_out_either() {
    let checkout = Checkout::new();
    symlink("../elsewhere", checkout.path("repo/teams")).unwrap();
    for file in [
        "teams",
        "teams/sessions.toml",
        "./teams/../elsewhere/sessions.toml",
    ] {
        let ran = checkout.validate("CI", &["--file", file]);
        assert!(ran.stderr.contains("leads out of its repository"), "{ran}");
    }
    fs::remove_dir_all(checkout.path("repo/.git")).unwrap();
    let ran = checkout.validate("CI", &["--file", "teams"]);
    assert_eq!(
        ran.code(),
        1,
        "the working directory is the root without git: {ran}"
    );
}

#[test]
fn in_ci_other_links_and_files_elsewhere_are_read() {
    let checkout = Checkout::new();
    symlink("real.toml", checkout.path("repo/sessions.toml")).unwrap();
    for file in ["sessions.toml", "../elsewhere/sessions.toml"] {
        let ran = checkout.validate("CI", &["--file", file]);
        assert_eq!(ran.code(), 0, "{ran}");
    }
}

#[test]
fn a_file_that_is_no_sessions_file_is_reported_without_its_lines() {
    let secrets = [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRETA\nSECRETB==\n-----END OPENSSH PRIVATE KEY-----\n",
        "root:$6$SECRET:19000::::::\nada:$6$SECRET:19000::::::\n",
        "OWNER=\"us\"\nPASSWORD=\"SECRET\"\nTOKEN=SECRET\n",
        "[registry]\ntoken = \"SECRET\"\n",
        "owner = 'us'\npassword = 'SECRET'\n[database]\nurl = 'SECRET'\n",
        "{\"private_key\": \"SECRET\"}\n",
        "owner: us\npassword: SECRET\nazure:\n  secret: SECRET\n",
        "[client]\nuser=root\npassword=SECRET\n[ssl]\nkey=SECRET\n",
        "ssh-rsa SECRET ada@example.com\n",
        "SECRET",
        "\u{feff}SECRET\r\nSECRET\r\n",
    ];
    for secret in secrets {
        for mark in ["CI", "GITHUB_ACTIONS", "TF_BUILD", "NO_CI"] {
            let project = Project::new(secret).with_env(mark, "true");
            for arguments in [&["validate"][..], &["plan"], &["list"]] {
                let ran = project.run(arguments);
                assert_eq!(ran.code(), 1, "{ran}");
                assert!(ran.stderr.contains("is not a sessions file"), "{ran}");
                assert!(!ran.to_string().contains("SECRET"), "{ran}");
            }
        }
    }
    assert_snapshot!(Project::new(secrets[0]).run(&["validate"]), @"
    $ azlin validate -> 1
    --- stderr
    error: sessions.toml is not a sessions file: it is not valid TOML (line 1, column 12), and has no table that azlin knows
    help: check the path; azlin guide file shows what a sessions file contains

    error: sessions.toml is invalid: 1 error
    help: fix the file; nothing was read from Azure
    ");
    assert_eq!(Project::bytes(b"\xff\x00SECRET\n").run(&["plan"]).code(), 1);
}

#[test]
fn an_unknown_key_shows_without_its_value() {
    let file = "[azure]\nclient_secret = 'SECRET'\n[database] # SECRET = x\nurl = 'x'\n[sessions.rg]\na = { session = 'x', password = 'SECRET' }\n";
    assert_snapshot!(Project::new(file).run(&["validate"]).stderr, @"
    error: unknown key `client_secret` in [azure]
      --> sessions.toml:2:1
       |
     2 | client_secret = …
       | ^^^^^^^^^^^^^ unknown key
    help: delete this line; [azure] takes only `subscription`, `cloud`, `tag`, `scope` and `endpoint`

    error: unknown key `database` in the file
      --> sessions.toml:3:2
       |
     3 | [database] …
       |  ^^^^^^^^ unknown key
    help: did you mean `sessions.database`?

    error: unknown key `password` in a session
      --> sessions.toml:6:22
       |
     6 | a = { session = 'x', password = …
       |                      ^^^^^^^^ unknown key
    help: delete this line; a session takes only `session` and `expires`

    error: sessions.toml is invalid: 3 errors
    help: fix the file; nothing was read from Azure
    ");
}

#[test]
fn syntax_errors_show_three_lines_at_most() {
    let file = "[azure]\n".to_owned() + &"client secret\n".repeat(50);
    let ran = Project::new(&file).run(&["validate"]);
    assert_eq!(ran.stderr.matches("| client secret").count(), 3, "{ran}");
    assert!(
        ran.stderr
            .contains("help: fix these first; lines with other syntax errors: 47"),
        "{ran}"
    );
}

#[test]
fn every_pipeline_refuses_a_link_before_anything_reads_the_file() {
    let jobs = jobs();
    assert_eq!(jobs.len(), 9);
    for job in jobs {
        let check = job.find("if [ -L ").expect("the job checks for a link");
        let reads = [
            "sha256sum",
            "azlin plan",
            "azlin apply",
            "validate",
            "bin/azlin\"",
        ];
        for read in reads.iter().filter_map(|word| job.find(word)) {
            assert!(check < read, "{job}");
        }
    }
}

/// Each job of the example pipelines that runs azlin, from its checkout on.
fn jobs() -> Vec<String> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let github = examples.join("github-actions");
    let mut jobs = Vec::new();
    for path in [
        github.join("azlin-plan.yml"),
        github.join("azlin-apply.yml"),
        github.join("azlin-drift.yml"),
        examples.join("azure-pipelines.yml"),
    ] {
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("- uses: actions/checkout@", "- checkout: ");
        jobs.extend(text.split("- checkout: ").skip(1).map(str::to_owned));
    }
    jobs
}

#[test]
fn no_pipeline_builds_azlin_where_the_checkout_chooses_the_compiler() {
    for job in jobs() {
        // A blank line ends a step.
        let build = |step: &&str| step.contains("cargo install");
        let step = job.split("\n\n").find(build).expect("the job builds azlin");
        let is_elsewhere = step.contains("working-directory: ${{ runner.temp }}")
            || step.contains("workingDirectory: $(Agent.TempDirectory)");
        assert!(is_elsewhere, "{step}");
    }
}

#[test]
fn a_job_that_writes_builds_its_own_azlin_and_looks_at_main_right_before() {
    let mut writers = 0;
    for job in jobs() {
        let Some(apply) = job.find("azlin apply \"").or(job.find("bin/azlin\" apply")) else {
            continue;
        };
        writers += 1;
        // What the job does before it writes, up to the next job's plan.
        let before = &job[..apply];
        assert!(!before.contains("Restore azlin from the cache"), "{before}");
        let look = before.find("Check that main still has this file");
        let built = before.find("cargo install").expect("the job builds azlin");
        assert!(look.is_some_and(|look| look > built), "{before}");
    }
    assert_eq!(writers, 3);
}
