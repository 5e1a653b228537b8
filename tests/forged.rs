//! Saved plans that someone else wrote: what their text and their numbers can do. The digest of each is right, because it is no
//! secret how to compute it.

mod support;

use std::fs;

use azlin::json;
use azlin::model::{Guid, Hex, LiveName, SessionName, Shown, Written};
use azlin::plan::{
    Base, Blocked, Duplicate, Expiring, Options, Origin, Plan, Saved, Why, Write, differences,
    fingerprint, refusals, stale_report,
};
use azlin::show::{self, Ids, Paint};
use azlin::text::is_unprintable;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;
use support::plans::{TODAY, file, fleet, id, planned, with_its_digest};
use support::{Project, vms};

/// What a plan must not write to a terminal, a log or a comment.
const HOSTILE: [&str; 9] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "x\n::error::owned",
    "\r\n##vso[task.setvariable variable=a]b",
    "\u{202e}gnp.exe",
    "a\u{9b}31mb",
    "x\u{200b}y",
    "<script>@all</script> | [x](http://x) `",
    "../../etc/passwd; rm -rf ~",
    "",
];

/// A plan that has every field of the format, with one of each reason and kind.
fn full() -> Saved {
    let lines = [("a", "new"), ("b", "x"), ("c", "y"), ("d", "dup")];
    let mut live = fleet(&[
        (1, "a", "old @ us"),
        (1, "b", ""),
        (1, "c", "y"),
        (1, "d", "dup"),
        (1, "e", "dup"),
        (1, "f", "gone @ us"),
        (1, "g", "theirs @ them"),
    ]);
    for vm in live.vms.values_mut() {
        vm.machine = Some(Guid::from_u128(7));
    }
    let mut plan = planned(&[file(1, "us", &lines)], &live);
    let (session, by) = (
        SessionName::new("s").unwrap(),
        LiveName::new("them").unwrap(),
    );
    let why = [
        Why::NoSuchVm {
            nearest: vec![id(1, "a")],
            kept: vec![id(1, "f")],
        },
        Why::Owned { by: by.clone() },
        Why::Held {
            by: vec![id(1, "e")],
            expired: vec![id(1, "e")],
        },
        Why::Stuck { by: id(1, "e") },
        Why::Shadowed { by: id(1, "e") },
    ];
    let report = &mut plan.files[0];
    report.basis.commit = Hex::new("c0ffee").ok();
    report.incomplete = vec![Shown::new("a page failed")];
    report.duplicates = vec![Duplicate {
        name: by.clone(),
        holders: vec![id(1, "d"), id(1, "e")],
    }];
    let expiring = Expiring {
        vm: id(1, "a"),
        session: session.clone(),
        day: TODAY,
    };
    report.expiring = vec![expiring.clone()];
    report.expired = vec![expiring];
    report.blocked = why
        .into_iter()
        .map(|why| Blocked {
            vm: id(1, "h"),
            session: session.clone(),
            line: 3,
            holds: false,
            why,
            origin: Some(azlin::plan::Origin::Drift),
        })
        .collect();
    let change = plan.changes[0].clone();
    plan.base = Some(Base {
        rev: Shown::new("main"),
        resolved: vec![Write {
            vm: change.vm,
            before: change.before,
            after: change.after,
        }],
    });
    for change in &mut plan.changes {
        change.origin = Some(Origin::Drift);
        change.written = Some(Written {
            at: Shown::new("2026-01-05T08:00:00Z"),
            by: Some(Shown::new("someone@example.com")),
            operation: Shown::new("Microsoft.Resources/tags/write"),
            correlation_id: Some(Shown::new("1")),
        });
    }
    let options = Options {
        targets: [id(1, "a")].into(),
        take_ownership: [id(1, "g")].into(),
        take_ownership_from: [by].into(),
        max_removals: None,
        allow_incomplete: false,
    };
    Saved::new(options, fingerprint(&live), plan)
}

/// The path of every string in `value`, and of every key that a plan chooses.
fn strings(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path.to_owned()),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                strings(item, &format!("{path}/{at}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                strings(member, &format!("{path}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// Everything that azlin ever shows of `saved`.
fn everything_shown(saved: &Saved) -> Vec<String> {
    let plan = &saved.plan;
    let now = Plan::default();
    let differences = differences(plan, &now, &fleet(&[(1, "a", "other")]));
    let mut all = vec![
        show::plan(plan, &saved.options, Paint::default()),
        show::markdown(plan, &saved.options),
        saved.write(),
        show::stale(&differences, "since", Ids::InFull),
        show::stale_markdown(&differences, Ids::InGroup),
        stale_report(&differences),
        show::taking("plan.json", &saved.options, Ids::InGroup).message,
    ];
    for refused in refusals(plan, &Options::default()) {
        let trouble = show::refusal(&refused, plan.files[0].basis.file.as_str(), None);
        all.extend([trouble.message, trouble.help]);
    }
    if let Err(unusable) = saved.places(&[&file(2, "them", &[]).basis]) {
        let trouble = show::unusable(&unusable, "plan.json");
        all.extend([trouble.message, trouble.help]);
    }
    all
}

/// Checks that no line of `text` acts on a terminal, and that none is one that a hostile string began.
fn check_harmless(text: &str, at: &str) {
    for line in text.lines() {
        let acts = line.chars().find(|c| is_unprintable(*c));
        assert_eq!(acts, None, "{at}: {line:?}");
        assert!(!line.trim_start().starts_with("::"), "{at}: {line:?}");
    }
}

#[test]
fn the_full_plan_has_each_field_of_the_format() {
    let saved = full();
    assert_eq!(Saved::read(saved.write().as_bytes()).as_ref(), Ok(&saved));
    let schema = support::schema::Schema::open();
    let plan: Value = serde_json::from_str(&saved.write()).unwrap();
    schema.check(&plan).unwrap();
    let mut found = Vec::new();
    strings(&plan, "", &mut found);
    assert!(found.len() > 80, "{found:#?}");
    check_harmless(&everything_shown(&saved).join("\n"), "as it is");
}

#[test]
fn a_hostile_text_in_any_field_is_refused_or_shown_harmless() {
    let honest = serde_json::to_value(full()).unwrap();
    let mut paths = Vec::new();
    strings(&honest, "", &mut paths);
    let mut taken = 0;
    for path in &paths {
        for hostile in HOSTILE {
            taken += usize::from(attack(&honest, path, hostile));
        }
    }
    assert!(
        taken > 10,
        "some fields take any text, and show it harmless"
    );
}

/// Puts `hostile` at `path` of a plan, with a digest to match. Returns true if azlin takes the plan, and then checks what it
/// shows.
fn attack(honest: &Value, path: &str, hostile: &str) -> bool {
    let mut value = honest.clone();
    *value.pointer_mut(path).unwrap() = hostile.into();
    let forged = match serde_json::from_value::<Saved>(value) {
        Ok(forged) => forged,
        Err(error) => {
            let why = azlin::plan::Unusable::NotAPlan {
                why: Shown::new(&error.to_string()),
            };
            check_harmless(&show::unusable(&why, "plan.json").message, path);
            return false;
        }
    };
    let refused = refusals(&forged.plan, &forged.options);
    match Saved::read(&with_its_digest(Saved { refused, ..forged })) {
        Ok(read) => {
            for text in everything_shown(&read) {
                check_harmless(&text, &format!("{path} = {hostile:?}"));
            }
            true
        }
        Err(unusable) => {
            let trouble = show::unusable(&unusable, "plan.json");
            check_harmless(&trouble.message, path);
            false
        }
    }
}

proptest! {
    #[test]
    fn any_text_in_any_field_is_refused_or_shown_harmless(
        text in any::<String>(),
        field in any::<prop::sample::Index>(),
    ) {
        let honest = serde_json::to_value(full()).unwrap();
        let mut paths = Vec::new();
        strings(&honest, "", &mut paths);
        attack(&honest, &paths[field.index(paths.len())], &text);
    }
}

/// The bytes of `plan`, a saved plan's JSON, with the digest that belongs to them.
fn signed(plan: &str) -> Vec<u8> {
    let digest = plan.rfind("\"digest\": \"").unwrap() + "\"digest\": \"".len();
    let end = digest + plan[digest..].find('"').unwrap();
    let unsigned = format!("{}{}", &plan[..digest], &plan[end..]);
    let (mut compact, mut in_text, mut escaped) = (String::new(), false, false);
    for c in unsigned.chars() {
        if in_text || !c.is_whitespace() {
            compact.push(c);
        }
        if c == '"' && !escaped {
            in_text = !in_text;
        }
        escaped = in_text && c == '\\' && !escaped;
    }
    let digest_of = Hex::sha256(compact.as_bytes());
    format!("{}{}{}", &plan[..digest], digest_of.as_str(), &plan[end..]).into_bytes()
}

/// A file of `owner`, which holds `owned` sessions and wants to keep `kept`. Its honest plan is saved as `plan.json`.
fn removing(owned: usize, kept: usize, flags: &[&str]) -> Project {
    let mut text = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\n".to_owned();
    let mut fleet = Vec::new();
    for n in 0..owned {
        if n < kept {
            text += &format!("vm-{n} = 's-{n}'\n");
        }
        fleet.push((format!("rg/vm-{n}"), format!("s-{n}")));
    }
    let project = Project::new(&text);
    let named: Vec<(&str, Option<&str>)> = fleet
        .iter()
        .map(|(vm, session)| (vm.as_str(), Some(session.as_str())))
        .collect();
    let mut all = vms(&named);
    for vm in &mut all {
        vm["tags"]["azlin_owner"] = "us".into();
    }
    project.set_fleet(all);
    let mut arguments = vec!["plan", "--format", "json"];
    arguments.extend(flags);
    let ran = project.run(&arguments);
    fs::write(project.path().join("plan.json"), ran.stdout).unwrap();
    project
}

/// Rewrites the saved plan of `project` as its author could.
fn forge(project: &Project, change: impl Fn(&mut Saved)) {
    let path = project.path().join("plan.json");
    let mut saved: Saved = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut saved);
    saved.refused = refusals(&saved.plan, &saved.options);
    fs::write(&path, with_its_digest(saved)).unwrap();
}

#[test]
fn a_plan_that_claims_more_sessions_than_there_are_is_refused() {
    let project = removing(8, 1, &[]);
    forge(&project, |saved| saved.plan.files[0].owned = 1_000);
    let before = project.fleet();
    let ran = project.run(&["apply", "plan.json"]);
    assert_eq!(ran.code(), 4, "{ran}");
    assert_snapshot!(ran.stderr, @"
    error: sessions.toml would clear 7 of the 8 sessions that it owns
    help: create a new plan that allows this: azlin plan --max-removals 7 --out FILE
    ");
    assert_eq!(project.fleet(), before);
}

#[test]
fn a_plan_that_allows_itself_everything_is_refused_until_the_run_allows_it_too() {
    let project = removing(8, 1, &[]);
    forge(&project, |saved| {
        saved.options.max_removals = Some(1_000);
        saved.options.allow_incomplete = true;
        saved.plan.files[0].declares_nothing = false;
    });
    let before = project.fleet();
    let ran = project.run(&["apply", "plan.json"]);
    assert_eq!(ran.code(), 4, "{ran}");
    assert_snapshot!(ran, @"
    $ azlin apply plan.json -> 4
    --- stdout
    azlin will update 7 VMs in the sandbox:

      - rg/vm-1   s-1   (removed from sessions.toml)
      - rg/vm-2   s-2   (removed from sessions.toml)
      - rg/vm-3   s-3   (removed from sessions.toml)
      - rg/vm-4   s-4   (removed from sessions.toml)
      - rg/vm-5   s-5   (removed from sessions.toml)
      - rg/vm-6   s-6   (removed from sessions.toml)
      - rg/vm-7   s-7   (removed from sessions.toml)

    Plan: 0 to set, 0 to change, 7 to clear, 0 blocked. 1 session already matches; 0 unmanaged.

    --- stderr
    error: sessions.toml would clear 7 of the 8 sessions that it owns
    help: review what would be cleared, then run this again with --max-removals 7: what plan.json allows counts only if you allow it too
    ");
    assert_eq!(project.fleet(), before);
    assert_eq!(
        project
            .run(&["apply", "plan.json", "--max-removals", "6"])
            .code(),
        4,
        "fewer than it clears"
    );
    assert_eq!(project.fleet(), before);
    let ran = project.run(&["apply", "plan.json", "--max-removals", "7"]);
    assert_eq!(ran.code(), 0, "{ran}");
}

#[test]
fn a_plan_in_slices_is_judged_by_all_that_the_file_would_clear() {
    let project = removing(8, 1, &["--target", "rg/vm-1"]);
    forge(&project, |saved| {
        saved.plan.files[0].left_out = 0;
        saved.plan.files[0].left_out_clears = 0;
    });
    let before = project.fleet();
    let ran = project.run(&["apply", "plan.json"]);
    assert_eq!(ran.code(), 4, "{ran}");
    assert!(ran.stderr.contains("7 of the 8 sessions"), "{ran}");
    assert_eq!(project.fleet(), before);
}

#[test]
fn a_run_cannot_allow_more_than_the_plan() {
    let project = removing(8, 1, &["--max-removals", "7"]);
    forge(&project, |saved| saved.options.max_removals = Some(6));
    let ran = project.run(&["apply", "plan.json", "--max-removals", "100"]);
    assert_eq!(ran.code(), 4, "{ran}");
    assert!(ran.stderr.contains("create a new plan"), "{ran}");
}

#[test]
fn a_plan_takes_no_vm_from_its_owner_unless_the_run_allows_it() {
    let project =
        Project::new("owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'x'\n");
    let mut fleet = vms(&[("rg/a", Some("theirs"))]);
    fleet[0]["tags"]["azlin_owner"] = "them".into();
    project.set_fleet(fleet);
    let before = project.fleet();
    for flag in [
        ["--take-ownership", "rg/a"],
        ["--take-ownership-from", "them"],
    ] {
        let saved = project.run(&["plan", flag[0], flag[1], "--out", "plan.json"]);
        assert_eq!(saved.code(), 0, "{saved}");
        let ran = project.run(&["apply", "plan.json"]);
        assert_eq!(ran.code(), 4, "{ran}");
        let said = format!(
            "error: plan.json takes VMs from their owner with {0} {1}, which this run does not allow\n\
             help: review it with azlin show, then run this again with {0} {1}\n",
            flag[0], flag[1]
        );
        assert_eq!(ran.stderr, said);
        assert_eq!(project.fleet(), before);
        let command = format!("azlin apply plan.json {} {}", flag[0], flag[1]);
        assert!(saved.stderr.contains(&command), "{saved}");
    }
    let ran = project.run(&["apply", "plan.json", "--take-ownership-from", "them"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(project.sessions(), ["rg/a x"]);
}

#[test]
fn each_permission_in_a_plan_is_shown() {
    let project = removing(
        8,
        1,
        &[
            "--max-removals",
            "7",
            "--allow-incomplete",
            "--target",
            "rg/vm-3",
        ],
    );
    let flags = "--target rg/vm-3 --max-removals 7 --allow-incomplete";
    let shown = project.run(&["show", "plan.json"]).stdout;
    assert!(shown.ends_with(&format!("Options: {flags}\n")), "{shown}");
    let shown = project.run(&["show", "plan.json", "-o", "markdown"]).stdout;
    assert!(
        shown.contains(
            "\nOptions: <code>--target rg&#47;vm-3</code> <code>--max-removals 7</code> <code>--allow-incomplete</code>\n"
        ),
        "{shown}"
    );
    let plan: Value =
        serde_json::from_str(&project.run(&["show", "plan.json", "-o", "json"]).stdout).unwrap();
    assert_eq!(plan["max_removals"], 7);
}

#[test]
fn a_refused_plan_says_so_first_in_json_and_markdown_and_is_not_for_applying() {
    let project = removing(8, 1, &[]);
    let json = fs::read_to_string(project.path().join("plan.json")).unwrap();
    assert_snapshot!(json.lines().take(14).collect::<Vec<_>>().join("\n"), @r#"
    {
      "format_version": "1.0",
      "azlin_version": "0.1.0",
      "refused": [
        {
          "file": 0,
          "reason": "too_many",
          "clears": 7,
          "owned": 8,
          "flag": "--max-removals 7"
        }
      ],
      "targets": [],
      "take_ownership": [],
    "#);
    support::schema::Schema::open()
        .check(&serde_json::from_str(&json).unwrap())
        .unwrap();
    let markdown = project.run(&["plan", "--format", "markdown"]);
    assert_eq!(markdown.code(), 4, "{markdown}");
    assert_snapshot!(markdown.stdout.lines().take(8).collect::<Vec<_>>().join("\n"), @"
    <!-- azlin plan -->
    ### azlin plan: refused; 0 to set, 0 to change, 7 to clear, 0 blocked

    **azlin refuses this plan, and applies nothing of it:**

    - sessions&#46;toml would clear 7 of the 8 sessions that it owns; review what would be cleared, then allow it with --max-removals 7

    <code>sessions&#46;toml</code> against <code>the sandbox</code>.
    ");
    let shown = project.run(&["show", "plan.json", "-o", "markdown"]);
    let place = format!("subscription {}", azlin::sandbox::SUBSCRIPTION);
    assert_eq!(shown.stdout, markdown.stdout.replace("the sandbox", &place));
    assert_eq!(project.run(&["apply", "plan.json"]).code(), 4);
}

#[test]
fn forged_text_acts_on_no_terminal_and_no_log() {
    let project = removing(2, 2, &[]);
    let path = project.path().join("plan.json");
    let honest = fs::read_to_string(&path).unwrap();
    assert_eq!(
        signed(&honest),
        honest.as_bytes(),
        "the digest is computed as azlin does"
    );
    let forged = |from: &str, to: &str| {
        let forged = honest.replacen(from, to, 1);
        assert_ne!(forged, honest, "{from}");
        fs::write(&path, signed(&forged)).unwrap();
        for arguments in [
            &["show", "plan.json"][..],
            &["show", "plan.json", "-o", "markdown"],
            &["apply", "plan.json"],
        ] {
            let ran = project.run(arguments);
            assert_eq!(ran.code(), 1, "{ran}");
            assert_eq!(ran.stdout, "", "{ran}");
            check_harmless(&ran.stderr, from);
            assert!(
                ran.stderr
                    .starts_with("error: plan.json is not a saved plan"),
                "{ran}"
            );
        }
    };
    let acts = r"\u001b[2J\n::error::owned";
    forged(
        r#""incomplete": []"#,
        &format!("\"incomplete\": [\n        \"{acts}\"\n      ]"),
    );
    forged(
        r#""file": "sessions.toml""#,
        &format!("\"file\": \"{acts}\""),
    );
    forged(
        r#""azlin_version": ""#,
        &format!("\"azlin_version\": \"{acts}"),
    );
    forged(r#""commit": null"#, &format!("\"commit\": \"{acts}\""));
}

#[test]
fn a_plan_in_a_newer_format_cannot_act_by_its_version() {
    let project = removing(1, 1, &[]);
    fs::write(
        project.path().join("plan.json"),
        json::ascii(&serde_json::json!({ "format_version": "9.\u{1b}[2J\n::error::x" })),
    )
    .unwrap();
    let ran = project.run(&["show", "plan.json"]);
    assert_eq!(ran.code(), 1, "{ran}");
    check_harmless(&ran.stderr, "format_version");
}
