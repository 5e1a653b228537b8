//! The report of apply in Markdown and JSON: what was done, what failed, what is in doubt, and what Azure shows now.

mod support;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use azlin::plan::{Ending, Outcome, Report, Tried};
use azlin::show::{self, After, Ids};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::{Azure, saying};
use support::plans::{file, fleet, planned};
use support::schema::Schema;
use support::{Project, Ran, vms};

/// An Azure in which each kind of step happens: `a` is written, `b` is refused, `c` gets no answer, `d` needs the name of `b`.
fn mixed() -> (Azure, Project) {
    let fleet = Project::new("").with_fleet(&[
        ("rg/a", Some("old")),
        ("rg/b", Some("db")),
        ("rg/c", None),
        ("rg/d", None),
    ]);
    let lost = AtomicUsize::new(0);
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        let is_write = asked.method == "PATCH";
        let is_of = |vm: &str| asked.target.contains(&format!("/virtualMachines/{vm}/"));
        if is_write && is_of("b") {
            let error = json!({ "error": { "code": "ScopeLocked", "message": "The scope '/x' cannot perform write operation because following scope(s) are locked: '/x'." } });
            return saying(409, &error);
        }
        if is_of("c") && (is_write || lost.load(Ordering::SeqCst) > 0) {
            lost.fetch_add(1, Ordering::SeqCst);
            return saying(
                403,
                &json!({ "error": { "code": "AuthorizationFailed", "message": "no" } }),
            )
            .lost_if(is_write);
        }
        answer()
    });
    (azure, fleet)
}

trait LostIf {
    fn lost_if(self, is_lost: bool) -> Self;
}

impl LostIf for azlin::sandbox::Response {
    /// A gateway's timeout in place of this answer.
    fn lost_if(self, is_lost: bool) -> Self {
        if !is_lost {
            return self;
        }
        let error = json!({ "error": { "code": "GatewayTimeout", "message": "too slow" } });
        let mut answer = saying(504, &error);
        answer.headers.push(("retry-after", "0".to_owned()));
        answer
    }
}

const FILE: &str = "[sessions.rg]\na = 'new'\nb = 'web'\nc = 'gpu'\nd = 'db'\n";

#[test]
fn the_markdown_tells_each_step_and_what_azure_shows_now() {
    let (azure, _fleet) = mixed();
    let ran = azure.project(FILE).run(&["apply", "-y", "-o", "markdown"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert_snapshot!(ran.stdout, @"
    <!-- azlin apply -->
    ### azlin apply: 1 step done, 1 may have been written, 1 failed, 1 not tried

    Azure does not match sessions&#46;toml yet&#58; 3 lines differ&#46; Run azlin plan for details&#46;

    **1 failed**

    | | VM | session | | Azure shows now |
    |---|---|---|---|---|
    | `~` | <code>rg&#47;b</code> | <code>db</code> → <code>web</code> | cannot write the tags of rg&#47;b&#58; blocked by a lock on &#96;x&#96;, scope &#47;x (409 ScopeLocked); remove the lock, or ask whoever set it to remove it | <code>db</code> |

    **1 may have been written**

    | | VM | session | | Azure shows now |
    |---|---|---|---|---|
    | `+` | <code>rg&#47;c</code> | <code>gpu</code> | cannot write the tags of rg&#47;c&#58; Azure returned 504 GatewayTimeout&#58; too slow; Azure shows no session now, but it may still arrive; run azlin plan in a minute to see whether it arrived | <code>no session</code> |

    **1 not tried**

    | | VM | session | | Azure shows now |
    |---|---|---|---|---|
    | `+` | <code>rg&#47;d</code> | <code>db</code> | depends on rg&#47;b, which did not succeed | <code>no session</code> |

    <details open><summary>1 done</summary>

    | | VM | session | | Azure shows now |
    |---|---|---|---|---|
    | `~` | <code>rg&#47;a</code> | <code>old</code> → <code>new</code> |  | <code>new</code> |

    </details>
    ");
}

#[test]
fn the_json_tells_the_same() {
    let (azure, _fleet) = mixed();
    let ran = azure.project(FILE).run(&["apply", "-y", "-o", "json"]);
    assert_eq!(ran.code(), 5, "{ran}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    Schema::open().check(&report).unwrap();
    assert_eq!(report["ending"], "partial");
    let steps = report["steps"].as_array().unwrap();
    let told = steps.iter().map(|step| {
        let vm = step["vm"].as_str().unwrap().rsplit('/').next().unwrap();
        format!("{vm} {} {}", step["outcome"], step["now"]["session"])
    });
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    a "written" "new"
    b "failed" "db"
    c "in_doubt" null
    d "skipped" null
    "#);
}

/// What apply prints for `project` in Markdown and JSON, and the refusal.
fn refused(project: &Project, exit: i32) -> (String, Value) {
    let before = project.fleet();
    let markdown: Ran = project.run(&["apply", "-y", "-o", "markdown"]);
    let json = project.run(&["apply", "-y", "-o", "json"]);
    assert_eq!(
        (markdown.code(), json.code()),
        (exit, exit),
        "{markdown}\n{json}"
    );
    assert_eq!(project.fleet(), before, "nothing was written");
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    Schema::open().check(&report).unwrap();
    (markdown.stdout, report)
}

#[test]
fn a_refused_apply_says_so_first() {
    let project = Project::new("owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\n");
    let mut fleet = vms(&[("rg/a", Some("x"))]);
    fleet[0]["tags"]["azlin_owner"] = "us".into();
    project.set_fleet(fleet);
    let (markdown, report) = refused(&project, 4);
    assert_snapshot!(markdown, @"
    <!-- azlin apply -->
    ### azlin apply: refused; nothing was written

    - sessions&#46;toml declares no sessions, so it would clear 1 session; review what would be cleared, then allow it with --max-removals 1
    ");
    assert_eq!(report["ending"], "refused");
    assert_eq!(report["refused"][0]["reason"], "empty_file");
    assert_eq!(report["refused"][0]["flag"], "--max-removals 1");
}

#[test]
fn a_blocked_apply_says_so_first() {
    let project = Project::sandbox("[sessions.rg]\nnone = 'x'\nb = 'y'\n")
        .with_fleet(&[("rg/a", None), ("rg/b", None)]);
    let (markdown, report) = refused(&project, 1);
    assert_snapshot!(markdown, @"
    <!-- azlin apply -->
    ### azlin apply: 1 line cannot be applied; nothing was written

    **Cannot be applied:**

    | VM | session | line | why | what to do |
    |---|---|---|---|---|
    | <code>rg&#47;none</code> | <code>x</code> | 5 | VM not found, or not visible to this identity | check the name, the resource group and the subscription |
    ");
    assert_eq!(report["ending"], "blocked");
}

#[test]
fn an_apply_of_many_steps_hides_those_that_are_done_and_fits_a_comment() {
    let names: Vec<(String, String)> = (0..3_000)
        .map(|at| (format!("vm-{at}"), format!("s-{at}")))
        .collect();
    let lines: Vec<(&str, &str)> = names
        .iter()
        .map(|(vm, session)| (vm.as_str(), session.as_str()))
        .collect();
    let vms: Vec<(usize, &str, &str)> = lines.iter().map(|(vm, _)| (1, *vm, "")).collect();
    let plan = planned(&[file(1, "us", &lines)], &fleet(&vms));
    let failed = |at: usize| Outcome::Failed {
        why: format!("no {at}"),
        help: Some("wait".to_owned()),
    };
    for fails in [0, 1_500] {
        let steps = plan.steps.iter().cloned().enumerate();
        let tried = steps.map(|(at, step)| Tried {
            step,
            outcome: if at < fails {
                failed(at)
            } else {
                Outcome::Written
            },
        });
        let tried: Vec<Tried> = tried.collect();
        let report = Report {
            plan: &plan,
            ending: Ending::Partial,
            refused: &[],
            tried: &tried,
            doubles: &[],
            now: None,
        };
        let text = show::report(&report, &After::Unread, "Azure", "1.toml", Ids::InGroup);
        assert!(text.len() < 65_000, "{}", text.len());
        let done = format!("<details><summary>{} done</summary>", 3_000 - fails);
        assert!(text.contains(&done), "{}", &text[..500]);
        assert!(text.contains(" more; the log lists them all."), "{fails}");
        assert_eq!(
            text.matches("<details").count(),
            text.matches("</details>").count()
        );
    }
}

#[test]
fn the_pipelines_post_the_report_of_apply() {
    for pipeline in ["github-actions/azlin-apply.yml", "azure-pipelines.yml"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(pipeline);
        let text = fs::read_to_string(path).unwrap();
        let posts = [
            "applied.md\" >> \"$GITHUB_STEP_SUMMARY\"",
            "uploadsummary]$report",
        ];
        assert!(posts.iter().any(|post| text.contains(post)), "{pipeline}");
    }
}
