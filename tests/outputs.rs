//! The files that azlin writes: `plan --out`, `session --save`, and what else may stand in their place.

#![cfg(unix)]

mod support;

use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use support::Project;
use support::users::{ADA, BOB, as_each_user, give, is_root};

/// The text at the start of every saved plan.
const PLAN: &str = "{\n  \"format_version\"";

/// A project whose plan has one change, in the folder of `user`.
fn project(user: u32) -> Project {
    let project = Project::sandbox("[sessions.rg]\na = 'atlas'\n");
    project.with_fleet(&[("rg/a", None)]).of_user(user)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A file in the project with this mode, which belongs to `user`.
fn file(project: &Project, name: &str, mode: u32, user: u32) -> std::path::PathBuf {
    let path = project.path().join(name);
    fs::write(&path, "old").unwrap();
    chmod(&path, mode);
    give(&path, user);
    path
}

fn holds_plan(path: &Path) -> bool {
    fs::read_to_string(path).unwrap().starts_with(PLAN)
}

/// The new files in the project's folder.
fn names(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.path()).unwrap();
    let all = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = all.filter(|name| name.starts_with(".azlin-")).collect();
    names.sort();
    names
}

/// Makes a pipe with a name at `path`.
fn pipe(path: &Path, user: u32) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
    give(path, user);
}

#[test]
fn a_device_is_written_to_and_never_replaced() {
    as_each_user(|user| {
        let project = project(user);
        let device = project.path().join("null");
        // A copy of /dev/null in a folder where azlin could replace it.
        let made = Command::new("mknod")
            .arg(&device)
            .args(["c", "1", "3"])
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return eprintln!("skipped: only root can make a device");
        }
        chmod(&device, 0o666);
        let ran = project.run(&["plan", "--out", "null"]);
        assert_eq!(ran.code(), 0, "{ran}");
        let there = device.symlink_metadata().unwrap();
        assert!(there.file_type().is_char_device());
        assert_eq!((there.len(), mode(&device)), (0, 0o666));
        symlink("null", project.path().join("link")).unwrap();
        assert_eq!(project.run(&["plan", "--out", "link"]).code(), 0);
        let there = device.symlink_metadata().unwrap();
        assert!(there.file_type().is_char_device());
    });
}

#[test]
fn stdout_as_a_file_gets_the_plan_behind_what_azlin_prints() {
    as_each_user(|user| {
        for path in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            let project = project(user);
            let into = file(&project, "all.txt", 0o600, user);
            let id = into.metadata().unwrap().ino();
            let mut command = project.command(&["plan", "--out", path]);
            let open = File::options().append(true).open(&into).unwrap();
            command.stdout(open.try_clone().unwrap()).stderr(open);
            assert!(command.status().unwrap().success(), "{path}");
            let text = fs::read_to_string(&into).unwrap();
            let (printed, plan) = text.split_once(PLAN).unwrap();
            assert!(printed.starts_with("oldazlin will update 1 VM"), "{text}");
            assert!(plan.contains("}\nSaved the plan to "), "{text}");
            assert_eq!(into.metadata().unwrap().ino(), id, "{path}");
        }
    });
}

#[test]
fn stdout_and_other_descriptors_as_a_pipe_get_the_plan() {
    as_each_user(|user| {
        let project = project(user);
        let ran = project.run(&["plan", "--out", "/dev/stdout"]);
        assert!(ran.code() == 0 && ran.stdout.contains(PLAN), "{ran}");
        let ran = project.run_shell("\"$0\" plan --out /dev/fd/3 3>&1 >/dev/null 2>&1 | cat");
        assert!(ran.stdout.starts_with(PLAN), "{ran}");
    });
}

#[test]
fn a_pipe_gets_the_plan_and_stays() {
    as_each_user(|user| {
        let project = project(user);
        let path = project.path().join("pipe");
        pipe(&path, user);
        let reader = thread::spawn({
            let path = path.clone();
            move || fs::read_to_string(path).unwrap()
        });
        assert_eq!(project.run(&["plan", "--out", "pipe"]).code(), 0);
        assert!(reader.join().unwrap().starts_with(PLAN));
        assert!(path.metadata().unwrap().file_type().is_fifo());
    });
}

#[test]
fn a_signal_ends_a_plan_whose_pipe_has_no_reader() {
    let user = rustix::process::geteuid().as_raw();
    let project = project(user);
    pipe(&project.path().join("pipe"), user);
    let mut command = project.command(&["plan", "--out", "pipe"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // The plan is printed before it is saved.
    let mut read = [0; 1];
    stdout.read_exact(&mut read).unwrap();
    // Not SIGINT, which whoever runs the tests in the background ignores.
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    // It ends by itself if it handles the signal already.
    assert!(matches!(child.wait().unwrap().code(), None | Some(143)));
}

#[test]
fn a_file_keeps_its_owner_and_permissions() {
    as_each_user(|user| {
        let project = project(user);
        let own = file(&project, "own", 0o640, user);
        let id = own.metadata().unwrap().ino();
        assert_eq!(project.run(&["plan", "--out", "own"]).code(), 0);
        assert!(holds_plan(&own) && mode(&own) == 0o640);
        assert_ne!(own.metadata().unwrap().ino(), id, "replaced in one step");
        if !is_root() {
            return eprintln!("skipped: only root can make files of others");
        }
        let writable = file(&project, "writable", 0o666, BOB);
        assert_eq!(project.run(&["plan", "--out", "writable"]).code(), 0);
        let there = writable.metadata().unwrap();
        assert!(holds_plan(&writable) && mode(&writable) == 0o666);
        assert_eq!((there.uid(), there.gid()), (BOB, BOB));
        let others = file(&project, "others", 0o644, BOB);
        let ran = project.run(&["plan", "--out", "others"]);
        if user == ADA {
            assert_snapshot!(ran.stderr, @"
            error: cannot write others: permission denied
            help: check that the folder exists, and that you may write to it or to the file
            ");
            assert_eq!(fs::read_to_string(&others).unwrap(), "old");
        } else {
            assert!(holds_plan(&others), "{ran}");
        }
        assert_eq!(others.metadata().unwrap().uid(), BOB);
    });
}

#[test]
fn every_name_of_a_file_gets_the_new_content() {
    as_each_user(|user| {
        let project = project(user);
        let [one, other] = ["one", "other"].map(|name| project.path().join(name));
        fs::hard_link(file(&project, "one", 0o640, user), &other).unwrap();
        assert_eq!(project.run(&["plan", "--out", "one"]).code(), 0);
        assert!(holds_plan(&other) && mode(&other) == 0o640);
        assert_eq!(one.metadata().unwrap().nlink(), 2);
        fs::write(&one, "x".repeat(100_000)).unwrap();
        assert_eq!(project.run(&["plan", "--out", "one"]).code(), 0);
        let text = fs::read_to_string(&other).unwrap();
        assert!(text.starts_with(PLAN) && text.ends_with("}\n"), "{text}");
    });
}

#[test]
fn save_keeps_the_names_and_the_owner_of_a_sessions_file() {
    as_each_user(|user| {
        let project = project(user);
        let folder = project.path().join(".azlin");
        give(&folder, user);
        give(&project.state(), user);
        let copy = project.path().join("copy.toml");
        fs::hard_link(project.path().join("sessions.toml"), &copy).unwrap();
        let ran = project.run(&["session", "a", "borealis", "--save"]);
        assert_eq!(ran.code(), 0, "{ran}");
        assert!(fs::read_to_string(&copy).unwrap().contains("borealis"));
        assert_eq!(copy.metadata().unwrap().uid(), user);
    });
}

#[test]
fn a_read_only_file_is_refused_even_if_root_could_write_it() {
    as_each_user(|user| {
        let project = project(user);
        let path = file(&project, "plan.json", 0o444, user);
        let ran = project.run(&["plan", "--out", "plan.json"]);
        let error = "error: cannot write plan.json: it is read-only\nhelp: ";
        assert!(ran.stderr.starts_with(error), "{ran}");
        assert_eq!(fs::read_to_string(path).unwrap(), "old");
    });
}

#[test]
fn a_writable_file_in_an_unwritable_folder_is_written_and_a_new_one_is_refused() {
    as_each_user(|user| {
        let project = project(user);
        let folder = project.path().join("shared");
        fs::create_dir(&folder).unwrap();
        let path = file(&project, "shared/plan.json", 0o666, user);
        chmod(&folder, 0o555);
        give(&folder, user);
        let ran = project.run(&["plan", "--out", "shared/plan.json"]);
        assert!(ran.code() == 0 && holds_plan(&path), "{ran}");
        if user != 0 {
            let ran = project.run(&["plan", "--out", "shared/new.json"]);
            let error = "error: cannot write shared/new.json: permission denied\nhelp: ";
            assert!(ran.stderr.starts_with(error), "{ran}");
        }
    });
}

#[test]
fn the_next_run_removes_what_a_killed_one_left() {
    as_each_user(|user| {
        let project = project(user);
        // The system kills azlin in the middle of the file, at the limit of 512 bytes.
        let limited = "ulimit -c 0; ulimit -f 1; exec \"$0\" plan --out plan.json";
        assert_eq!(project.run_shell(limited).status, None, "killed");
        assert_eq!(names(&project).len(), 1);
        assert!(!project.path().join("plan.json").exists());
        assert_eq!(project.run(&["plan", "--out", "plan.json"]).code(), 0);
        assert_eq!(names(&project), [""; 0]);
        assert!(holds_plan(&project.path().join("plan.json")));
    });
}

#[test]
fn only_leftovers_are_removed() {
    as_each_user(|user| {
        let project = project(user);
        file(&project, ".azlin-dead00.new", 0o644, user);
        let live = file(&project, ".azlin-live00.new", 0o644, user);
        let live = File::open(live).unwrap();
        live.lock().unwrap();
        let precious = file(&project, "precious", 0o644, user);
        symlink(&precious, project.path().join(".azlin-link00.new")).unwrap();
        pipe(&project.path().join(".azlin-pipe00.new"), user);
        fs::create_dir(project.path().join(".azlin-fold00.new")).unwrap();
        file(&project, ".azlin-longer-name.new", 0o644, user);
        assert_eq!(project.run(&["plan", "--out", "plan.json"]).code(), 0);
        let kept = ["fold00", "link00", "live00", "longer-name", "pipe00"];
        assert_eq!(
            names(&project),
            kept.map(|name| format!(".azlin-{name}.new"))
        );
        assert!(precious.exists());
    });
}

#[test]
fn a_disk_that_is_full_leaves_the_old_content() {
    as_each_user(|user| {
        let project = project(user);
        file(&project, "one", 0o644, user);
        let two = file(&project, "two", 0o644, user);
        fs::hard_link(&two, project.path().join("three")).unwrap();
        for name in ["one", "two"] {
            let limit = "trap '' XFSZ; ulimit -f 1";
            let ran = project.run_shell(&format!("{limit}; exec \"$0\" plan --out {name}"));
            assert!(
                ran.stderr
                    .contains(&format!("cannot write {name}: file too large")),
                "{ran}"
            );
            let kept = fs::read_to_string(project.path().join(name)).unwrap();
            assert_eq!(kept, "old");
        }
        assert_eq!(names(&project), [""; 0]);
    });
}

#[test]
fn in_ci_a_link_is_not_followed_out_of_the_repository() {
    let project = project(ADA);
    let outside = tempfile::tempdir().unwrap();
    let victim = outside.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, project.path().join("plan.json")).unwrap();
    let project = project.with_env("CI", "true");
    let ran = project.run(&["plan", "--out", "plan.json"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert_snapshot!(ran.stderr, @"
    error: plan.json is a link, which azlin does not follow in CI
    help: write to another file, best outside the checkout
    ");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}
