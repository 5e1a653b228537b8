//! Checks that the program prints what the README shows.

mod support;

use support::{Project, vms};

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// The README's code block that contains `part`.
fn block(part: &str) -> String {
    let readme = readme();
    let blocks = readme.split("```").skip(1).step_by(2);
    let mut found = blocks.filter(|block| block.contains(part));
    let block = found
        .next()
        .unwrap_or_else(|| panic!("no block has {part:?}"));
    assert!(found.next().is_none(), "several blocks have {part:?}");
    let (_language, block) = block.split_once('\n').unwrap();
    block.to_owned()
}

/// The project in the README's chapter on plans.
fn project() -> Project {
    let file = "owner = \"platform-team\"\n\n[azure]\ncloud = \"sandbox\"\n\n[sessions.rg-dev]\n\
                dev-vm-1 = \"project-alpha\"\ndev-vm-2 = \"project-beta\"\n\n[sessions.rg-ml]\ngpu-vm-1 = \"notebook\"\n";
    let mut fleet = vms(&[
        ("rg-dev/dev-vm-1", Some("project-beta")),
        ("rg-dev/dev-vm-2", None),
        ("rg-ml/gpu-vm-1", Some("notebook")),
        ("rg-ml/gpu-vm-9", Some("old-experiment")),
    ]);
    for at in [0, 2, 3] {
        fleet[at]["tags"]["azlin_owner"] = "platform-team".into();
    }
    fleet[0]["vm_id"] = "1996dffd-7c41-4e58-a9d6-df9b4b1e6218".into();
    let project = Project::new(file);
    project.set_fleet(fleet);
    project
}

#[test]
fn the_first_plan_is_the_samples() {
    let shown = block("$ azlin connect project-alpha");
    assert!(
        shown.contains(&Project::sample().run(&["plan"]).stdout),
        "{shown}"
    );
}

#[test]
fn the_plan_in_each_format_is_the_programs() {
    let project = project();
    let shown = block("azlin will change 3 sessions");
    assert_eq!(
        shown,
        format!("$ azlin plan\n{}", project.run(&["plan"]).stdout)
    );
    let shown = block("--- azure");
    assert_eq!(shown, project.run(&["plan", "--diff"]).stdout);
    let shown = block("<!-- azlin plan -->");
    assert_eq!(shown, project.run(&["plan", "--format", "markdown"]).stdout);
}

#[test]
fn the_json_is_a_part_of_the_programs() {
    let shown = block("\"by_hand\"");
    let json = project().run(&["plan", "--format", "json"]).stdout;
    let trimmed = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert!(
        trimmed(&json).contains(trimmed(&shown).trim_end_matches(['}', '\n'])),
        "{shown}"
    );
}

#[test]
fn a_swap_is_shown_as_it_is_planned() {
    let project = Project::sandbox("[sessions.rg]\na = 'web'\nb = 'db'\n")
        .with_fleet(&[("rg/a", Some("db")), ("rg/b", Some("web"))]);
    let shown = block("frees the name");
    assert!(project.run(&["plan"]).stdout.contains(&shown), "{shown}");
}

#[test]
fn an_invalid_file_is_told_as_shown() {
    let project =
        Project::new("[sessions.rg-dev]\n\n\ndev-vm-1 = \"atlas\"\n\n\ndev-vm-4 = \"atlas\"\n");
    let shown = block("is assigned twice");
    assert!(
        project.run(&["validate"]).stderr.starts_with(&shown),
        "{shown}"
    );
}

#[test]
fn the_list_is_the_samples() {
    let ran = Project::sample().run(&["list"]);
    let shown = block("$ azlin list\n");
    assert_eq!(shown, format!("$ azlin list\n{}{}", ran.stdout, ran.stderr));
}

#[test]
fn the_tags_are_the_samples() {
    let project = Project::sample();
    let list = project.run(&["tag", "list", "dev-vm-1"]).stdout;
    let add = ["tag", "add", "dev-vm-1", "env=prod", "note=a = b"];
    let add = project.run(&add).stdout;
    let shown = format!(
        "$ azlin tag list dev-vm-1\n{list}$ azlin tag add dev-vm-1 env=prod 'note=a = b'\n{add}"
    );
    assert_eq!(block("$ azlin tag add"), shown);
}
