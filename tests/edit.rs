//! An edit of `sessions.toml`: one line changes, and every other byte stays.

use azlin::file::{CannotEdit, edit, read};
use azlin::model::{SessionName, VmPath};
use insta::assert_snapshot;
use proptest::prelude::*;

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
    let (group, name) = vm.split_once('/').unwrap();
    let session = session.map(|session| SessionName::new(session).unwrap());
    edit(text, &VmPath::new(group, name).unwrap(), session.as_ref())
}

/// What `diff` shows of the edit of [`FILE`].
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
    +dev-vm-2   =   "atlas"
    "#);
    assert_snapshot!(changed("rg.ml/gpu-vm-1", Some("atlas")), @r#"
    -gpu-vm-1 = { session = "bert", expires = 2099-12-01 }   # paid by research
    +gpu-vm-1 = { session = "atlas", expires = 2099-12-01 }   # paid by research
    "#);
    assert_eq!(changed("rg-dev/dev-vm-1", Some("sarah-frontend")), "");
}

#[test]
fn a_new_line_goes_to_the_end_of_its_group() {
    assert_snapshot!(changed("RG-DEV/dev-vm-3", Some("atlas")), @r#"+dev-vm-3 = "atlas""#);
    let edited = edited(FILE, "rg.ml/gpu.vm-2", Some("atlas")).unwrap();
    assert!(
        edited.contains("# paid by research\n\"gpu.vm-2\" = \"atlas\"\n\n[ssh]"),
        "{edited}"
    );
}

#[test]
fn a_new_group_goes_to_the_end_of_the_file() {
    assert_snapshot!(changed("rg-web/web-1", Some("atlas")), @r#"
    +
    +[sessions.rg-web]
    +web-1 = "atlas"
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
        "[sessions.rg]\nb = 'x'\na = \"atlas\"\n"
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

#[test]
fn what_only_a_person_can_edit_is_left_to_one() {
    for text in [
        "sessions = { rg = { a = 'x', b = 'y' } }",
        "sessions.rg.a = 'x'",
        "[sessions]\nrg.a = 'x'\n",
        "[sessions]\nrg = { b = 'x' }\n",
        "not toml",
    ] {
        assert_eq!(
            edited(text, "rg/c", Some("atlas")),
            Err(CannotEdit),
            "{text}"
        );
    }
    let several = "[sessions]\nrg = { a = 'x', b = 'y' }\n";
    assert_eq!(edited(several, "rg/a", None), Err(CannotEdit));
    assert_eq!(
        edited(several, "rg/a", Some("atlas")).unwrap(),
        "[sessions]\nrg = { a = \"atlas\", b = 'y' }\n"
    );
    // The name is another VM's already.
    assert_eq!(
        edited(FILE, "rg-dev/dev-vm-1", Some("john-backend")),
        Err(CannotEdit)
    );
}

proptest! {
    /// Whatever the file: the edit does what it is to do, or there is none, and a second one changes nothing.
    #[test]
    fn an_edit_does_what_it_says_or_nothing(
        groups in prop::collection::vec(prop::collection::vec((0..6_u8, 0..4_u8), 0..4), 0..4),
        vm in 0..6_u8,
        group in 0..5_u8,
        clear in any::<bool>(),
    ) {
        let mut text = String::from("# top\n");
        for (at, lines) in groups.iter().enumerate() {
            text += &format!("[sessions.rg{at}] # group\n");
            for (vm, form) in lines {
                text += &match form {
                    0 => format!("vm{vm} = 's-{at}-{vm}'\n"),
                    1 => format!("# above\n\"vm{vm}\" = \"s-{at}-{vm}\" # beside\n"),
                    2 => format!("vm{vm}.session = 's-{at}-{vm}'\n"),
                    _ => format!("  vm{vm} = {{ session = 's-{at}-{vm}' }}\n\n"),
                };
            }
        }
        let id = format!("rg{group}/vm{vm}");
        let wanted = (!clear).then_some("new-name");
        let valid = read("", text.as_bytes()).0.is_some();
        match edited(&text, &id, wanted) {
            Err(CannotEdit) => prop_assert!(!valid || text.contains(".session"), "{text}"),
            Ok(once) => {
                let removed = text.matches('#').count() as isize - once.matches('#').count() as isize;
                prop_assert!((0..=1).contains(&removed), "{once}");
                prop_assert_eq!(edited(&once, &id, wanted).unwrap(), once);
            }
        }
    }
}
