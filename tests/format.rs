//! `azlin fmt`: one form for every spelling of a file, with each comment at its line.

mod support;

use std::path::Path;

use azlin::file::{self, Edit, Ends, edit};
use azlin::model::{SubscriptionId, VmPath};
use insta::assert_snapshot;
use proptest::prelude::*;
use support::Project;
use support::spellings::{self, Choices, Line};

/// `text` formatted; it is valid.
fn formatted(text: &str) -> String {
    let (file, found, source) = file::read("sessions.toml", text.as_bytes());
    let file = file.unwrap_or_else(|| panic!("{found:?}\n{text}"));
    file::format(&file, &source.text).unwrap_or_else(|_| panic!("cannot format:\n{text}"))
}

#[test]
fn every_spelling_becomes_lines_below_the_header_of_their_group() {
    let text = "\u{feff}sessions = { rg.b = 'y', 'rg'.a = { session = 'x' } } # all\nowner='us'\n\
                ssh.command = 'say \"{session}\"'\nazure = { tag = 't', cloud = 'sandbox' }";
    assert_snapshot!(formatted(text), @r#"
    owner = "us"

    [azure]
    cloud = "sandbox"
    tag = "t"

    # all

    [sessions.rg]
    a = "x"
    b = "y"

    [ssh]
    command = 'say "{session}"'
    "#);
    let text = "[ssh]\nuser='me'\n[sessions.rg-b.v]\nexpires=2099-01-01\nsession='x'\n[sessions.\"rg-b\"]\n\"w.1\"=\"\"\"y\"\"\"\n\
                [sessions]\nA={z={session='z',}}\n[azure]\ncloud='sandbox'\n";
    assert_snapshot!(formatted(&format!("owner='o'\n{text}")), @r#"
    owner = "o"

    [azure]
    cloud = "sandbox"

    [sessions.A]
    z = "z"

    [sessions.rg-b]
    v = { session = "x", expires = 2099-01-01 }
    "w.1" = "y"

    [ssh]
    user = "me"
    "#);
}

#[test]
fn comments_stay_with_their_lines_and_blocks_stay_apart() {
    let text = r#"# Who holds what.

# the web team's machines
[sessions.web]   # ask Ann
# head of the table

web-2 = 'b'   # until May
# about web-1
# in two lines
web-1 = 'a'
# web-0 = 'none'


web-9 = 'z'
web-8 = 'y'


# ---- ML ----

[sessions.ml]
m = { session = 'm' }
# the last word
"#;
    assert_snapshot!(formatted(text), @r#"
    # Who holds what.

    # ---- ML ----

    [sessions.ml]
    m = "m"
    # the last word

    # the web team's machines
    [sessions.web]  # ask Ann
    # head of the table

    # about web-1
    # in two lines
    web-1 = "a"
    web-2 = "b"  # until May
    # web-0 = 'none'

    web-8 = "y"
    web-9 = "z"
    "#);
}

#[test]
fn comments_at_the_ends_of_the_file_and_before_a_section_stay_there() {
    let text = "#:schema x.json\n[sessions.b]\nv='x'\n\n[sessions.a]\nw='y'\n\n# for connect\n\n[ssh]\nuser='me'\n\n# the end\n[azure]\n\n# really\n";
    assert_snapshot!(formatted(text), @r#"
    #:schema x.json

    # the end
    [azure]

    [sessions.a]
    w = "y"

    [sessions.b]
    v = "x"

    # for connect

    [ssh]
    user = "me"

    # really
    "#);
    let text = "[azure]\ncloud='sandbox'\n\n# One table for each group.\n\n[sessions.b]\nv='x'\n[sessions.a]\nw='y'\n";
    assert_snapshot!(formatted(text), @r#"
    [azure]
    cloud = "sandbox"

    # One table for each group.

    [sessions.a]
    w = "y"

    [sessions.b]
    v = "x"
    "#);
}

#[test]
fn comments_between_braces_find_their_lines() {
    let text = "[sessions]\nrg = { # theirs\n  # about b\n  b = 'y', # b\n  a = { # a1\n    session = 'x' # a2\n  } # a3\n  # the last\n} # both\nother.v = 'z' # v\n";
    assert_snapshot!(formatted(text), @r#"
    [sessions.other]
    v = "z"  # v

    # theirs
    [sessions.rg]  # both
    # a1
    # a2
    a = "x"  # a3
    # about b
    b = "y"  # b
    # the last
    "#);
    let text = "owner='us'\n# about a\n[sessions.rg.a] # a\n# why\nsession='x'\n\n# when\nexpires = 2030-01-01 # day\n\n[sessions.rg.b]\nsession='y'\n";
    assert_snapshot!(formatted(text), @r#"
    owner = "us"

    [sessions.rg]
    # about a
    # why
    # when
    # a
    a = { session = "x", expires = 2030-01-01 }  # day
    b = "y"
    "#);
}

#[test]
fn an_empty_table_stays_and_an_empty_file_is_empty() {
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n \n"), "");
    assert_eq!(formatted("# only\n\n\n#this"), "# only\n\n#this\n");
    assert_eq!(
        formatted("[sessions] # none yet"),
        "[sessions]  # none yet\n"
    );
    assert_eq!(
        formatted("ssh={}\n[sessions.rg]\n\n[azure]"),
        "[azure]\n\n[sessions.rg]\n\n[ssh]\n"
    );
}

#[test]
fn a_windows_file_keeps_its_line_ends() {
    let text = "[sessions.rg]\r\nb = 'y'   # b\r\n\r\n\r\na = 'x'";
    assert_eq!(
        formatted(text),
        "[sessions.rg]\r\nb = \"y\"  # b\r\n\r\na = \"x\"\r\n"
    );
}

/// True if `comment` is on the line of `vm` in `text`, or among the comments right above it.
fn is_at(text: &str, comment: &str, vm: &Line) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let has = |line: &&str| {
        let mut words = line.split(|c: char| !c.is_alphanumeric());
        words.any(|word| word == comment)
    };
    let at = lines.iter().position(has).unwrap();
    let below = lines[at..].iter().find(|line| !line.starts_with('#'));
    let names = [format!("{} = ", vm.name), format!("\"{}\" = ", vm.name)];
    below.is_some_and(|line| names.iter().any(|name| line.starts_with(name)))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any spelling of a file has one form, which says the same and has every comment at its line.
    #[test]
    fn any_file_is_formatted_once_and_for_all(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut choices = Choices::new(&bytes);
        let file = spellings::file(&mut choices);
        let before = &file.text;
        let after = formatted(before);
        prop_assert_eq!(&formatted(&after), &after, "\n{}\n--\n{}", before, after);
        prop_assert_eq!(spellings::said(&after), spellings::said(before));
        let sorted = |text| {
            let mut comments = spellings::comments(text);
            comments.sort_unstable();
            comments
        };
        prop_assert_eq!(sorted(&after), sorted(before), "\n{}\n--\n{}", before, after);
        for comment in spellings::comments(&after) {
            let vm = spellings::about(comment).and_then(|number| file.lines.iter().find(|vm| vm.number == number));
            if let Some(vm) = vm {
                prop_assert!(is_at(&after, comment, vm), "{}\n{}\n--\n{}", comment, before, after);
            }
        }
        let end = if before.matches("\r\n").count() > 0 { "\r\n" } else { "\n" };
        prop_assert!(after.ends_with(end));
        let has_mark = after.starts_with('\u{feff}');
        prop_assert!(!has_mark);
        for line in after.split_terminator(end) {
            prop_assert_eq!(line.trim(), line);
        }
        prop_assert!(!after.contains(&end.repeat(3)), "{}", after);
    }

    /// A comment right above or beside a line is there after the lines have moved, and no other line gets it.
    #[test]
    fn a_comment_moves_with_its_line(
        lines in prop::collection::vec((0..3_usize, any::<bool>(), any::<bool>(), 0..4_u8, 0..99_u8), 0..12),
    ) {
        let mut text = "owner = 'us'\n".to_owned();
        for group in 0..3 {
            let group = 2 - group;
            text += &format!("# g{group}\n[sessions.g{group}]\n");
            let lines = lines.iter().enumerate().filter(|(_, line)| line.0 == group);
            for (at, (_, above, beside, blanks, name)) in lines {
                text += &"\n".repeat(usize::from(blanks % 3));
                if *blanks == 3 {
                    text += &format!("# loose{at}\n\n");
                }
                if *above {
                    text += &format!("#  above{at}\n");
                }
                text += &format!("n{name}-{at} = 's{at}'{}\n", if *beside { format!("# beside{at}") } else { String::new() });
            }
        }
        let after = formatted(&text);
        prop_assert_eq!(&formatted(&after), &after);
        let all: Vec<&str> = after.lines().collect();
        for (at, (_, above, beside, ..)) in lines.iter().enumerate() {
            let place = all.iter().position(|line| line.contains(&format!("-{at} = "))).unwrap();
            let is_above = all[place - 1] == format!("#  above{at}");
            prop_assert_eq!(is_above, *above, "\n{}\n--\n{}", text, after);
            let is_beside = all[place].ends_with(&format!("\"s{at}\"  # beside{at}"));
            prop_assert_eq!(is_beside, *beside, "\n{}\n--\n{}", text, after);
        }
        for group in 0..3 {
            let place = all.iter().position(|line| *line == format!("[sessions.g{group}]")).unwrap();
            prop_assert_eq!(all[place - 1], format!("# g{group}"));
        }
    }

    /// `import` and `--save` edit a formatted file as any other.
    #[test]
    fn a_formatted_file_can_be_edited(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut choices = Choices::new(&bytes);
        let file = spellings::file(&mut choices);
        let before = formatted(&file.text);
        let new = [VmPath::new("rg", "new-1").unwrap(), VmPath::new("new", "new-2").unwrap()];
        let known = file.lines.first().map(|vm| VmPath::new(&vm.group, &vm.name).unwrap());
        let to = ["n1", "n2", "n3"];
        let edits: Vec<Edit<'_>> = new.iter().chain(&known).zip(to).map(|(vm, session)| Edit { vm, session: Some(session), ends: Ends::Keep, from: None }).collect();
        let after = edit(&before, &edits).unwrap();
        let said = spellings::said(&after);
        for Edit { vm, session, .. } in &edits {
            prop_assert_eq!(&said[&vm.to_string().to_lowercase()].0, session.unwrap());
        }
        let (valid, found, _) = file::read("", after.as_bytes());
        prop_assert!(valid.is_some(), "{:?}\n{}", found, after);
        let again = formatted(&after);
        prop_assert_eq!(spellings::said(&again), said);
        prop_assert_eq!(formatted(&again), again);
    }
}

/// A file that is not formatted, and its form.
const ODD: &str = "[sessions.rg]\nb='y'   # b\na = 'x'\n";
const FORMED: &str = "[sessions.rg]\na = \"x\"\nb = \"y\"  # b\n";

fn file_of(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.path().join(name)).unwrap()
}

#[test]
fn check_shows_the_difference_and_fmt_writes_it() {
    let project = Project::new(ODD);
    let check = project.run(&["fmt", "--check"]);
    assert_snapshot!(check, @r#"
    $ azlin fmt --check -> 1
    --- stdout
    --- sessions.toml
    +++ sessions.toml
    @@ -1,3 +1,3 @@
     [sessions.rg]
    -b='y'   # b
    -a = 'x'
    +a = "x"
    +b = "y"  # b

    --- stderr
    error: sessions.toml is not formatted
    help: run azlin fmt sessions.toml
    "#);
    assert_eq!(file_of(&project, "sessions.toml"), ODD);
    let check = project.run(&["fmt", "-check"]);
    assert_eq!(check.code(), 1);
    assert_snapshot!(project.run(&["fmt"]), @"
    $ azlin fmt -> 0
    --- stderr
    Formatted sessions.toml.
    ");
    assert_eq!(file_of(&project, "sessions.toml"), FORMED);
    assert_snapshot!(project.run(&["fmt"]), @"
    $ azlin fmt -> 0
    --- stderr
    1 file is formatted already.
    ");
    assert_snapshot!(project.run(&["fmt", "--check"]), @"
    $ azlin fmt --check -> 0
    --- stderr
    1 file is formatted already.
    ");
}

#[test]
fn a_formatted_file_is_not_written_again() {
    let project = Project::new(FORMED);
    let path = project.path().join("sessions.toml");
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(long_ago).unwrap();
    assert_eq!(project.run(&["fmt"]).code(), 0);
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(modified, long_ago);
}

#[test]
fn fmt_reads_stdin_and_writes_stdout() {
    let project = Project::new("owner = 1");
    let ran = project.run_with(&format!("\u{feff}{ODD}"), &["fmt", "-"]);
    assert_eq!(
        (ran.code(), ran.stdout.as_str(), ran.stderr.as_str()),
        (0, FORMED, "")
    );
    let ran = project.run_with(FORMED, &["fmt", "-", "--check"]);
    assert_eq!(
        (ran.code(), ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "", "")
    );
    assert_snapshot!(project.run_with(ODD, &["fmt", "-", "--check"]), @r#"
    $ azlin fmt - --check -> 1
    --- stdout
    --- stdin
    +++ stdin
    @@ -1,3 +1,3 @@
     [sessions.rg]
    -b='y'   # b
    -a = 'x'
    +a = "x"
    +b = "y"  # b

    --- stderr
    error: stdin is not formatted
    help: run azlin fmt stdin
    "#);
    assert_snapshot!(project.run_with("vm = 1", &["fmt", "-"]), @"
    $ azlin fmt - -> 1
    --- stderr
    error: stdin is not a sessions file: it has no table that azlin knows
    help: check the path; azlin guide file shows what a sessions file contains

    error: stdin is invalid: 1 error
    help: fix the file; azlin did not change it
    ");
    assert_snapshot!(project.run(&["fmt", "-", "sessions.toml"]), @"
    $ azlin fmt - sessions.toml -> 1
    --- stderr
    error: - stands for stdin, and other files are given too
    help: pass - alone, or only files
    ");
}

#[test]
fn an_invalid_file_is_left_alone_and_the_others_are_formatted() {
    let project = Project::new(ODD);
    for (name, text) in [
        ("b.toml", "[sessions.rg]\nv = 7\n"),
        ("c.toml", "[sessions.rg]\nw = 'z'\n"),
    ] {
        std::fs::write(project.path().join(name), text).unwrap();
    }
    assert_snapshot!(project.run(&["fmt", "sessions.toml", "--file", "b.toml", "c.toml", "no.toml"]), @r#"
    $ azlin fmt sessions.toml --file b.toml c.toml no.toml -> 1
    --- stderr
    error: `v` takes a session name, not an integer
      --> b.toml:2:5
       |
     2 | v = 7
       |     ^ this is an integer
    help: write a session name in quotes: "session-7"

    Formatted sessions.toml and c.toml.
    error: b.toml is invalid: 1 error
    help: fix the file; azlin did not change it
    error: cannot read no.toml: no such file or directory
    help: check the path and the permissions of the file
    "#);
    assert_eq!(file_of(&project, "sessions.toml"), FORMED);
    assert_eq!(file_of(&project, "b.toml"), "[sessions.rg]\nv = 7\n");
    std::fs::write(project.path().join("b.toml"), ODD).unwrap();
    assert_snapshot!(project.run(&["fmt", "--check", "."]), @r#"
    $ azlin fmt --check . -> 1
    --- stdout
    --- b.toml
    +++ b.toml
    @@ -1,3 +1,3 @@
     [sessions.rg]
    -b='y'   # b
    -a = 'x'
    +a = "x"
    +b = "y"  # b

    --- stderr
    error: b.toml is not formatted
    help: run azlin fmt b.toml
    "#);
    // Conflicts between files are not its business.
    assert_snapshot!(project.run(&["fmt", "."]), @"
    $ azlin fmt . -> 0
    --- stderr
    Formatted b.toml.
    ");
}

#[cfg(unix)]
#[test]
fn fmt_keeps_the_permissions_and_the_link_of_a_file() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let project = Project::new(FORMED);
    let (real, link) = (
        project.path().join("real.toml"),
        project.path().join("link.toml"),
    );
    std::fs::write(&real, ODD).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.toml", &link).unwrap();
    assert_eq!(project.run(&["fmt", "link.toml"]).code(), 0);
    assert_eq!(file_of(&project, "real.toml"), FORMED);
    assert!(link.is_symlink());
    assert_eq!(
        std::fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o640
    );
    std::fs::write(&real, ODD).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o440)).unwrap();
    let ran = project.run(&["fmt", "link.toml"]);
    assert_eq!(ran.code(), 1);
    assert!(
        ran.stderr
            .starts_with("error: cannot write link.toml: it is read-only"),
        "{ran}"
    );
    assert_eq!(file_of(&project, "real.toml"), ODD);
}

#[test]
fn what_azlin_writes_itself_is_formatted() {
    let project = Project::sample();
    assert_eq!(project.run(&["fmt", "--check"]).code(), 0);
    let starter = |sessions: &[(VmPath, &str)]| {
        let settings = file::Starter {
            owner: azlin::model::Owner::default(),
            subscription: SubscriptionId::new("5a4db0e5-0000-4000-8000-000000000000").unwrap(),
            called: Some(azlin::model::Shown::new("Dev # 1")),
            cloud: azlin::model::Cloud::China,
            groups_only: true,
        };
        let edits: Vec<Edit<'_>> = sessions
            .iter()
            .map(|(vm, session)| Edit {
                vm,
                session: Some(session),
                ends: Ends::Keep,
                from: None,
            })
            .collect();
        file::starter(&settings, &edits).unwrap()
    };
    let vm = |name| VmPath::new("rg.1", name).unwrap();
    for text in [
        starter(&[]),
        starter(&[
            (vm("b"), "x"),
            (vm("a"), "y"),
            (VmPath::new("a", "v").unwrap(), "z"),
        ]),
    ] {
        assert_eq!(formatted(&text), text);
    }
}

#[test]
fn a_hostile_file_is_formatted_without_acting_on_a_terminal() {
    let text = "# \u{202e}\n[sessions.rg]\nb='y'\na='x' # ##vso[task.complete]\n";
    let project = Project::new(text)
        .with_env("GITHUB_ACTIONS", "true")
        .with_env("CI", "true");
    let ran = project.run(&["fmt", "--check"]);
    assert!(
        !ran.stdout.contains('\u{202e}') && !ran.stdout.contains("##vso"),
        "{ran}"
    );
    assert_eq!(project.run(&["fmt"]).code(), 0);
    let after = file_of(&project, "sessions.toml");
    assert!(
        after.contains("a = \"x\"  # ##vso[task.complete]\n") && after.contains('\u{202e}'),
        "{after}"
    );
}

#[test]
fn the_hooks_for_pre_commit_run_on_the_files_of_a_commit() {
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let hooks = std::fs::read_to_string(hooks).unwrap();
    let mut ran = Vec::new();
    for line in hooks.lines() {
        let Some(entry) = line.trim().strip_prefix("entry: azlin ") else {
            continue;
        };
        let project = Project::new(FORMED);
        std::fs::create_dir(project.path().join("team")).unwrap();
        std::fs::write(
            project.path().join("team/sessions.toml"),
            "[sessions.a]\nv='z'",
        )
        .unwrap();
        let arguments = [entry, "sessions.toml", "team/sessions.toml"];
        assert_eq!(project.run(&arguments).code(), 0);
        ran.push(entry.to_owned());
    }
    assert_eq!(ran, ["fmt", "validate"]);
}
