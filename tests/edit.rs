//! Edits of `sessions.toml`: lines change, in every spelling that TOML allows, and every other byte stays.

mod support;

use azlin::file::{CannotEdit, Edit, Ends, edit};
use azlin::model::VmPath;
use insta::assert_snapshot;
use proptest::prelude::*;
use support::spellings::{self, Choices, GROUPS, Line};

const FILE: &str = r#"owner = "us" # who needs what
[azure]
cloud = "sandbox"   # to try it

[sessions.rg-dev]
# the frontend team's
dev-vm-1 = "sarah-frontend"   # until March
dev-vm-2   =   'john-backend'

[sessions."rg.ML"]
gpu-vm-1 = { session = "bert", expires = 2099-12-01 }   # paid by research

[ssh]
user = "azureuser"
"#;

fn edited(text: &str, vm: &str, session: Option<&str>) -> Result<String, CannotEdit> {
    all(text, &[(vm, session)])
}

fn id(vm: &str) -> VmPath {
    let (group, name) = vm.split_once('/').unwrap();
    VmPath::new(group, name).unwrap()
}

/// `text` after edits of several VMs.
fn all(text: &str, edits: &[(&str, Option<&str>)]) -> Result<String, CannotEdit> {
    let edits: Vec<_> = edits.iter().map(|(vm, to)| (id(vm), *to, false)).collect();
    apply(text, &edits)
}

fn apply(text: &str, edits: &[(VmPath, Option<&str>, bool)]) -> Result<String, CannotEdit> {
    let edits: Vec<_> = edits
        .iter()
        .map(|(vm, session, endless)| Edit {
            vm,
            session: *session,
            ends: if *endless { Ends::Never } else { Ends::Keep },
            from: None,
        })
        .collect();
    edit(text, &edits)
}

/// The output of `diff` for the edit of [`FILE`].
fn changed(vm: &str, session: Option<&str>) -> String {
    let edited = edited(FILE, vm, session).unwrap();
    let diff = similar::TextDiff::from_lines(FILE, &edited);
    let changes = diff.iter_all_changes();
    let changes = changes.filter(|change| change.tag() != similar::ChangeTag::Equal);
    changes.map(|c| format!("{}{c}", c.tag())).collect()
}

#[test]
fn a_line_keeps_its_place_its_comment_and_its_day() {
    assert_snapshot!(changed("rg-dev/dev-vm-1", Some("atlas")), @r#"
    -dev-vm-1 = "sarah-frontend"   # until March
    +dev-vm-1 = "atlas"   # until March
    "#);
    assert_snapshot!(changed("RG-dev/DEV-vm-2", Some("atlas")), @r#"
    -dev-vm-2   =   'john-backend'
    +dev-vm-2   =   'atlas'
    "#);
    assert_snapshot!(changed("rg.ml/gpu-vm-1", Some("atlas")), @r#"
    -gpu-vm-1 = { session = "bert", expires = 2099-12-01 }   # paid by research
    +gpu-vm-1 = { session = "atlas", expires = 2099-12-01 }   # paid by research
    "#);
    assert_eq!(changed("rg-dev/dev-vm-1", Some("sarah-frontend")), "");
}

#[test]
fn a_new_line_goes_to_the_end_of_its_group() {
    assert_snapshot!(changed("RG-DEV/dev-vm-3", Some("atlas")), @"+dev-vm-3   =   'atlas'");
    let edited = edited(FILE, "rg.ml/gpu.vm-2", Some("atlas")).unwrap();
    assert!(
        edited.contains("# paid by research\n\"gpu.vm-2\" = \"atlas\"\n\n[ssh]"),
        "{edited}"
    );
}

#[test]
fn a_new_group_goes_after_the_last_one() {
    assert_snapshot!(changed("rg-web/web-1", Some("atlas")), @r#"
    +[sessions.rg-web]
    +web-1 = "atlas"
    +
    "#);
    assert_eq!(
        edited("", "rg/a", Some("atlas")).unwrap(),
        "[sessions.rg]\na = \"atlas\"\n"
    );
    assert_eq!(
        edited("[sessions.rg]", "rg/a", Some("atlas")).unwrap(),
        "[sessions.rg]\na = \"atlas\"\n"
    );
    assert_eq!(
        edited("[sessions.rg]\nb = 'x'", "rg/a", Some("atlas")).unwrap(),
        "[sessions.rg]\nb = 'x'\na = 'atlas'\n"
    );
    let below =
        "[sessions.rg]\nb = 'x'\n  # c = 'y'\n# until May\n\n# for connect\n[ssh]\nuser = 'me'\n";
    assert_eq!(
        edited(below, "new/a", Some("atlas")).unwrap(),
        "[sessions.rg]\nb = 'x'\n  # c = 'y'\n# until May\n\n[sessions.new]\na = 'atlas'\n\n# for connect\n[ssh]\nuser = 'me'\n"
    );
}

#[test]
fn a_line_goes_and_the_comments_around_it_stay() {
    assert_snapshot!(changed("rg-dev/dev-vm-1", None), @r#"-dev-vm-1 = "sarah-frontend"   # until March"#);
    assert_eq!(changed("rg-dev/no-such-vm", None), "");
    assert_eq!(changed("rg-none/dev-vm-1", None), "");
}

#[test]
fn a_windows_file_stays_one() {
    let file = format!("\u{feff}{}", FILE.replace('\n', "\r\n"));
    for (vm, session) in [
        ("rg-dev/dev-vm-1", Some("atlas")),
        ("rg-dev/dev-vm-1", None),
        ("rg-dev/dev-vm-9", Some("atlas")),
        ("rg-web/web-1", Some("atlas")),
    ] {
        let edited = edited(&file, vm, session).unwrap();
        assert_eq!(
            edited.replace("\r\n", "").matches('\n').count(),
            0,
            "{edited:?}"
        );
        assert!(edited.starts_with('\u{feff}'), "{edited:?}");
    }
}

/// A file, and three edits of it: `rg/a` set to `new`, `rg/a` removed, and `rg/c` added.
fn spelled(text: &str) -> String {
    let edits = [("RG/A", Some("new")), ("rg/a", None), ("rg/c", Some("new"))];
    let edited = edits.map(|(vm, session)| edited(text, vm, session).unwrap());
    edited.join("--\n")
}

#[test]
fn a_header_may_be_spelled_in_any_way() {
    for header in [
        "[ sessions . rg ]",
        "[\"sessions\".rg]",
        "[sessions.'rg']",
        "[sessions.RG]",
    ] {
        assert_eq!(
            spelled(&format!("{header} # it\na='x' # a\n  b='y'")),
            format!(
                "{header} # it\na='new' # a\n  b='y'--\n{header} # it\n  b='y'--\n{header} # it\na='x' # a\n  b='y'\n  c='new'\n"
            )
        );
    }
}

#[test]
fn dotted_keys_stay_dotted() {
    assert_snapshot!(spelled("[sessions]\nrg.a = 'x' # a\nrg . b = 'y'\nother.d = 'z'\n"), @"
    [sessions]
    rg.a = 'new' # a
    rg . b = 'y'
    other.d = 'z'
    --
    [sessions]
    rg . b = 'y'
    other.d = 'z'
    --
    [sessions]
    rg.a = 'x' # a
    rg . b = 'y'
    rg . c = 'new'
    other.d = 'z'
    ");
    assert_snapshot!(spelled("sessions.rg.a = 'x'\n[azure]\n"), @"
    sessions.rg.a = 'new'
    [azure]
    --
    [azure]
    --
    sessions.rg.a = 'x'
    sessions.rg.c = 'new'
    [azure]
    ");
    assert_snapshot!(spelled("[sessions.rg]\na.session = 'x'\na.expires = 2030-01-01\n"), @"
    [sessions.rg]
    a.session = 'new'
    a.expires = 2030-01-01
    --
    [sessions.rg]
    --
    [sessions.rg]
    a.session = 'x'
    a.expires = 2030-01-01
    c.session = 'new'
    ");
}

#[test]
fn an_inline_table_keeps_its_commas_right() {
    assert_snapshot!(spelled("[sessions]\nrg = { a = 'x', b = 'y' } # both\n"), @"
    [sessions]
    rg = { a = 'new', b = 'y' } # both
    --
    [sessions]
    rg = { b = 'y' } # both
    --
    [sessions]
    rg = { a = 'x', b = 'y', c = 'new' } # both
    ");
    assert_snapshot!(spelled("sessions = {rg={b='y',a='x'}}\n"), @"
    sessions = {rg={b='y',a='new'}}
    --
    sessions = {rg={b='y'}}
    --
    sessions = {rg={b='y',a='x', c='new'}}
    ");
    assert_snapshot!(spelled("sessions = { rg.a = { session = 'x' } }\n"), @"
    sessions = { rg.a = { session = 'new' } }
    --
    sessions = { }
    --
    sessions = { rg.a = { session = 'x' }, rg.c = 'new' }
    ");
    assert_snapshot!(spelled("[sessions]\nrg = {\n  # theirs\n  b = 'y', # b\n  a = 'x' # a\n}\n"), @"
    [sessions]
    rg = {
      # theirs
      b = 'y', # b
      a = 'new' # a
    }
    --
    [sessions]
    rg = {
      # theirs
      b = 'y' # b
    }
    --
    [sessions]
    rg = {
      # theirs
      b = 'y', # b
      a = 'x', # a
      c = 'new'
    }
    ");
    let many = "sessions.rg = { a = 'x', b = 'y', d = 'z' }";
    for (edits, edited) in [
        (&[("rg/b", None), ("rg/d", None)][..], "{ a = 'x' }"),
        (&[("rg/a", None), ("rg/d", None)], "{ b = 'y' }"),
        (&[("rg/a", None), ("rg/b", None), ("rg/d", None)], "{ }"),
        (
            &[("rg/d", None), ("rg/c", Some("n"))],
            "{ a = 'x', b = 'y', c = 'n' }",
        ),
        (
            &[("rg/b", None), ("rg/c", Some("n")), ("rg/e", Some("m"))],
            "{ a = 'x', d = 'z', c = 'n', e = 'm' }",
        ),
    ] {
        assert_eq!(all(many, edits).unwrap(), format!("sessions.rg = {edited}"));
    }
    assert_eq!(
        edited("sessions = {}", "rg/a", Some("x")).unwrap(),
        "sessions = { rg = { a = \"x\" } }"
    );
}

#[test]
fn a_vm_with_a_table_of_its_own() {
    let text = "[sessions.rg.b]\nsession = 'y'\n\n# about a\n[sessions.rg.a] # a\n# why\nsession='x'\nexpires = 2030-01-01\n\n[ssh]\n";
    assert_snapshot!(spelled(text), @"
    [sessions.rg.b]
    session = 'y'

    # about a
    [sessions.rg.a] # a
    # why
    session='new'
    expires = 2030-01-01

    [ssh]
    --
    [sessions.rg.b]
    session = 'y'

    # about a
    # why

    [ssh]
    --
    [sessions.rg.b]
    session = 'y'

    # about a
    [sessions.rg.a] # a
    # why
    session='x'
    expires = 2030-01-01

    [sessions.rg.c]
    session='new'

    [ssh]
    ");
}

#[test]
fn a_new_group_is_spelled_as_the_others_are() {
    for (text, edited_text) in [
        (
            "[ sessions . rg ]\na='x'\n",
            "[ sessions . rg ]\na='x'\n\n[ sessions . new ]\nv='n'\n",
        ),
        (
            "[sessions]\nrg.a = 'x'\n[ssh]\n",
            "[sessions]\nrg.a = 'x'\nnew.v = 'n'\n[ssh]\n",
        ),
        (
            "[sessions]\nrg = { a = 'x' }\n[ssh]\n",
            "[sessions]\nrg = { a = 'x' }\nnew = { v = 'n' }\n[ssh]\n",
        ),
        (
            "sessions.rg.a = 'x'\n[ssh]\n",
            "sessions.rg.a = 'x'\nsessions.new.v = 'n'\n[ssh]\n",
        ),
        (
            "sessions = { rg = { a = 'x' } }",
            "sessions = { rg = { a = 'x' }, new = { v = 'n' } }",
        ),
        (
            "[sessions.rg.a]\nsession = 'x'\n",
            "[sessions.rg.a]\nsession = 'x'\n\n[sessions.new.v]\nsession = 'n'\n",
        ),
        (
            "[sessions]\n  [sessions.rg]\n    a = 'x'\n",
            "[sessions]\n  [sessions.rg]\n    a = 'x'\n\n  [sessions.new]\n    v = 'n'\n",
        ),
        ("[sessions]\n", "[sessions]\n\n[sessions.new]\nv = \"n\"\n"),
    ] {
        assert_eq!(edited(text, "new/v", Some("n")).unwrap(), edited_text);
    }
}

#[test]
fn aligned_lines_stay_aligned() {
    let text = "[sessions.rg]\na    = 'x'\nlong = 'y'\n";
    assert_eq!(
        all(text, &[("rg/bb", Some("n")), ("rg/longer", Some("m"))]).unwrap(),
        format!("{text}bb   = 'n'\nlonger = 'm'\n")
    );
    let text = "[sessions.rg]\nvm-1 = 'x'\nvm-2 = 'y'\n";
    assert_eq!(
        edited(text, "rg/b", Some("n")).unwrap(),
        format!("{text}b = 'n'\n")
    );
}

#[test]
fn strings_of_every_kind_are_found_and_any_text_is_written() {
    let text = "[sessions.rg]\na = \"\"\"\nx\"\"\" # a\nb = '''y''' # y\n\"c\" = \"\\u0041\"\n";
    let edits = [
        ("rg/a", Some("A")),
        ("rg/b", Some("it's")),
        ("rg/c", Some("A")),
    ];
    assert_eq!(
        all(text, &edits).unwrap(),
        "[sessions.rg]\na = \"A\" # a\nb = \"it's\" # y\n\"c\" = \"\\u0041\"\n"
    );
    for (live, written) in [
        ("a\"b\\c", r#"'a"b\c'"#),
        ("it's \"b\\c\"", r#""it's \"b\\c\"""#),
        (
            "\u{1b}[31m\u{202e}\n\u{e0001}",
            r#""\u001B[31m\u202E\n\U000E0001""#,
        ),
        ("##vso[x]", "'##vso[x]'"),
        ("größe 東京", "'größe 東京'"),
    ] {
        let edited = edited("[sessions.rg]\na = 'x'", "rg/a", Some(live)).unwrap();
        assert_eq!(edited, format!("[sessions.rg]\na = {written}"));
    }
}

#[test]
fn a_line_can_lose_its_day() {
    for (text, edited) in [
        (
            "a = { session = 'x', expires = 2020-01-01 } # a\n",
            "a = { session = 'new' } # a\n",
        ),
        (
            "a = { expires = 2020-01-01, session = 'x' }\n",
            "a = { session = 'new' }\n",
        ),
        (
            "a.session = 'x'\na.expires = 2020-01-01 # day\n",
            "a.session = 'new'\n",
        ),
        (
            "[sessions.rg.a]\nexpires = 2020-01-01\nsession = 'x'\n",
            "[sessions.rg.a]\nsession = 'new'\n",
        ),
        ("a = 'x'\n", "a = 'new'\n"),
    ] {
        let file = |lines: &str| format!("[sessions.rg]\nb = 'y'\n{lines}");
        let edits = [(id("rg/a"), Some("new"), true)];
        let text = text.replace("[sessions.rg.a]", "\n[sessions.rg.a]");
        let edited = edited.replace("[sessions.rg.a]", "\n[sessions.rg.a]");
        assert_eq!(apply(&file(&text), &edits).unwrap(), file(&edited));
    }
}

#[test]
fn a_comment_that_repeats_the_value_is_no_value() {
    let text = "[sessions.rg]\na = \"new\" # was \"new\" before\n";
    assert_eq!(
        edited(text, "rg/a", Some("old")).unwrap(),
        "[sessions.rg]\na = \"old\" # was \"new\" before\n"
    );
}

#[test]
fn what_is_no_file_of_sessions_cannot_be_edited() {
    for text in [
        "not toml",
        "sessions = 1",
        "[sessions]\nrg = 'x'\n",
        "[[sessions.rg]]\na = 'x'\n",
        "[sessions.rg]\na = 'x'\nA = 'y'\n",
    ] {
        assert_eq!(
            edited(text, "rg/c", Some("atlas")),
            Err(CannotEdit),
            "{text}"
        );
    }
}

/// The lines of `text` that do not mention `vms`, without commas, which also belong to the entries beside them.
fn lines_without(text: &str, vms: &[&Line]) -> Vec<String> {
    let shows = |line: &str, vm: &&Line| {
        let words = line.split(|c: char| !c.is_alphanumeric() && !"-_.".contains(c));
        let number = vm.number.to_string();
        words.into_iter().any(|word| {
            let own = [vm.name.as_str(), vm.session.as_str()].contains(&word);
            own || word.ends_with(&format!(".{}", vm.name))
                || word.starts_with(&format!("{}.", vm.name))
                || word.ends_with(&format!("v{number}"))
                || vm.expires.as_deref() == Some(word)
        })
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines = lines.filter(|line| !vms.iter().any(|vm| shows(line, vm)));
    lines
        .map(|line| line.replace(',', "").trim().to_owned())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// An edit of any file makes the requested change and no other.
    #[test]
    fn an_edit_does_what_it_says_and_nothing_else(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut choices = Choices::new(&bytes);
        let odd = ["new", "it's", "a\"b\\", "\u{1b}[m\n", "##vso[x]", "größe", " ", "{ }, = "];
        let mut edits = Vec::new();
        for group in GROUPS.iter().chain(&["rg", "new-1", "new.2"]) {
            for _ in 0..choices.below(3) {
                let vm = choices.one(&["n", "n.", "long-name-"]);
                let group = if choices.rarely(3) { group.to_uppercase() } else { (*group).to_owned() };
                edits.push((id(&format!("{group}/{vm}{}", edits.len())), Some(choices.one(&odd)), false));
            }
        }
        let changes: Vec<usize> = (0..12).map(|_| choices.below(6)).collect();
        let file = spellings::file(&mut choices);
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for (vm, change) in file.lines.iter().zip(changes) {
            let vm_id = id(&format!("{}/{}", vm.group, vm.name));
            match change {
                0 => edits.push((vm_id, Some(odd[vm.number % odd.len()]), false)),
                1 => edits.push((vm_id, None, false)),
                2 => edits.push((vm_id, Some("new"), true)),
                _ => continue,
            }
            changed.push(vm);
            if change != 0 {
                gone.push(vm.number);
            }
        }
        let before = &file.text;
        prop_assert!(azlin::file::read("", before.as_bytes()).0.is_some(), "{}", before);
        let after = apply(before, &edits).map_err(|_| TestCaseError::fail(format!("cannot edit:\n{before}\n{edits:?}")))?;

        let mut expected = spellings::said(before);
        for (vm, session, endless) in &edits {
            let vm = vm.to_string().to_lowercase();
            let Some(session) = session else {
                expected.remove(&vm);
                continue;
            };
            let line = expected.entry(vm).or_default();
            line.0 = (*session).to_owned();
            if *endless {
                line.1 = None;
            }
        }
        prop_assert_eq!(spellings::said(&after), expected, "{}\n--\n{}", before, after);

        let stay = spellings::comments(&after);
        let mut all = spellings::comments(before);
        all.retain(|comment| {
            let may_go = spellings::about(comment).is_some_and(|vm| gone.contains(&vm));
            !may_go || stay.contains(comment)
        });
        prop_assert_eq!(stay, all, "{}\n--\n{}", before, after);
        if file.commas_behind {
            let mut lines = lines_without(&after, &[]).into_iter();
            // Skip inline tables, because a new entry goes on their line, and strings that span lines.
            let kept = lines_without(before, &changed).into_iter();
            for line in kept.filter(|line| !line.contains(['{', '}']) && !line.contains("\"\"\"")) {
                prop_assert!(lines.any(|other| other == line), "{:?}\n{}\n--\n{}", line, before, after);
            }
        }
        prop_assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'));
        if before.contains("\r\n") {
            prop_assert_eq!(after.replace("\r\n", "").matches('\n').count(), 0, "{:?}", after);
        } else {
            prop_assert!(!after.contains('\r'), "{:?}", after);
        }
        prop_assert_eq!(&apply(&after, &edits).unwrap(), &after);
    }

    /// A change that is undone, and an entry that is added and removed, leave no trace.
    #[test]
    fn there_and_back_is_the_file(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut choices = Choices::new(&bytes);
        let file = spellings::file(&mut choices);
        let before = &file.text;
        let mut there: Vec<_> = file.lines.iter().map(|vm| (id(&format!("{}/{}", vm.group, vm.name)), Some("new"), false)).collect();
        let mut back: Vec<_> = there.iter().zip(&file.lines).map(|((vm, ..), line)| (vm.clone(), Some(line.session.as_str()), false)).collect();
        let comes = if before.ends_with('\n') { choices.below(3) } else { 0 };
        if let Some(vm) = file.lines.last() {
            for at in 0..comes {
                let vm = id(&format!("{}/n{at}", vm.group));
                there.push((vm.clone(), Some("x"), false));
                back.push((vm, None, false));
            }
        }
        let edited = apply(before, &there).unwrap();
        let again = apply(&edited, &back).unwrap();
        if file.plain {
            prop_assert_eq!(&again, before, "\n--\n{}\n--\n{}\n--\n{}", before, edited, again);
        }
    }
}
