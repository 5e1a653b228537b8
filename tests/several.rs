//! Every command with several files, each for its own subscription, against an Azure on loopback.

mod support;

use std::path::Path;

use azlin::sandbox::subscription_id;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::{Asked, Azure, saying};
use support::{Project, Ran};

/// An Azure with two subscriptions, 1 and 2, and files for it.
struct Several {
    azure: Azure,
    /// The folder with the files, `teams/1.toml` and on.
    project: Project,
    /// The folder with the fleet.
    fleet: Project,
}

/// VMs, each with the number of its subscription, `GROUP/VM` and its session (`session @ owner` if it has an owner), or none.
type Fleet<'f> = &'f [(u32, &'f str, &'f str)];

fn fleet(vms: Fleet<'_>) -> Project {
    let vm = |(at, (number, id, held)): (usize, &(u32, &str, &str))| {
        let (group, name) = id.split_once('/').unwrap();
        let (session, owner) = held.split_once(" @ ").unwrap_or((held, ""));
        let mut tags = json!({});
        for (key, value) in [("azlin_session", session), ("azlin_owner", owner)] {
            if !value.is_empty() {
                tags[key] = value.into();
            }
        }
        json!({
            "subscription": subscription_id(*number), "group": group, "name": name, "tags": tags,
            "private_ip": format!("10.0.0.{}", at + 4), "public_ip": format!("203.0.113.{}", at + 4),
        })
    };
    let project = Project::new("");
    project.set_fleet(vms.iter().enumerate().map(vm).collect());
    project
}

impl Several {
    /// The Azure of `vms`, and files, each with the number of its subscription and its other text.
    fn new(vms: Fleet<'_>, files: &[(u32, &str)]) -> Self {
        Self::hooked(vms, files, None, |_, answer| answer())
    }

    fn hooked(
        vms: Fleet<'_>,
        files: &[(u32, &str)],
        together: Option<usize>,
        hook: impl Fn(&Asked, &mut dyn FnMut() -> azlin::sandbox::Response) -> azlin::sandbox::Response
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let fleet = fleet(vms);
        let azure = Azure::serve(fleet.state(), together, hook);
        let project = Project::new("").with_env("AZURE_ACCESS_TOKEN", "secret-token");
        let folder = project.path().join("teams");
        std::fs::create_dir(&folder).unwrap();
        for (at, (number, says)) in files.iter().enumerate() {
            // Keys of the whole file must come before the first table.
            let azure = format!(
                "azure.endpoint = '{}'\nazure.subscription = '{}'\n",
                azure.endpoint,
                subscription_id(*number)
            );
            let file = folder.join(format!("{}.toml", at + 1));
            std::fs::write(file, format!("{azure}{says}")).unwrap();
        }
        Self {
            azure,
            project,
            fleet,
        }
    }

    /// Runs a command over all of the files.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut ran = self
            .project
            .run(&[arguments, &["--file", "teams"]].concat());
        let host = &self.azure.endpoint["http://".len()..];
        let in_markdown = host.replace('.', "&#46;").replace(':', "&#58;");
        for text in [&mut ran.stdout, &mut ran.stderr] {
            *text = text.replace(host, "HOST").replace(&in_markdown, "HOST");
        }
        ran
    }

    /// Each VM of the fleet with its session, from the sandbox's file.
    fn sessions(&self) -> Vec<String> {
        let fleet = self.fleet.fleet();
        let vms = fleet["vms"].as_array().unwrap().iter();
        let line = |vm: &Value| {
            let number = vm["subscription"].as_str().unwrap_or("0").chars().last();
            let number = if number == Some('2') { 2 } else { 1 };
            let session = vm["tags"]["azlin_session"].as_str().unwrap_or("-");
            format!("{number} {} {session}", vm["name"].as_str().unwrap())
        };
        vms.map(line).collect()
    }

    /// The writes so far, each with the number of its subscription and its VM.
    fn writes(&self) -> Vec<String> {
        let asked = self.azure.asked().into_iter();
        let writes = asked.filter(|asked| asked.method == "PATCH");
        let vm = |asked: Asked| {
            let parts: Vec<&str> = asked.target.split('/').collect();
            let number = if parts[2] == subscription_id(2) { 2 } else { 1 };
            format!("{number} {}", parts[8])
        };
        writes.map(vm).collect()
    }
}

/// Two teams, each with a VM of the same name. The files swap their sessions, and more.
fn swapping() -> Several {
    Several::new(
        &[
            (1, "rg/vm", "db"),
            (1, "rg/other", "kept"),
            (2, "rg/vm", "web"),
            (2, "rg/third", ""),
        ],
        &[
            (1, "[sessions.rg]\nvm = 'web'\nother = 'kept'\n"),
            (2, "[sessions.rg]\nvm = 'db'\nthird = 'new'\n"),
        ],
    )
}

#[test]
fn the_subscriptions_are_read_at_the_same_time_and_each_once() {
    let lines: Vec<(u32, String)> = (1..=5)
        .map(|n| (n, format!("[sessions.rg]\nvm = 's-{n}'\n")))
        .collect();
    let mut files: Vec<(u32, &str)> = lines.iter().map(|(n, says)| (*n, says.as_str())).collect();
    // A sixth file, for the subscription of another one.
    files.push((5, "owner = 'them'\n"));
    let vms: Vec<(u32, &str, &str)> = (1..=5).map(|n| (n, "rg/vm", "")).collect();
    // The server answers only when all five requests have arrived.
    let several = Several::hooked(&vms, &files, Some(5), |_, answer| answer());
    let ran = several.run(&["plan"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(
        ran.stdout
            .ends_with("Total for 6 files: 5 to set, 0 to change, 0 to clear, 0 blocked.\n"),
        "{ran}"
    );
    assert_eq!(several.azure.asked().len(), 5);
}

#[test]
fn a_swap_between_subscriptions_is_planned_applied_and_then_matches() {
    let several = swapping();
    assert_snapshot!(several.run(&["plan"]), @"
    $ azlin plan --file teams -> 0
    --- stdout
    teams/1.toml
    azlin will update 1 VM in subscription 5a4db0e5-0000-4000-8000-000000000000 at HOST:

      - rg/vm   db   (frees the name; set again below)
      + rg/vm   web   (after rg/vm of teams/2.toml)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 1 session already matches; 0 unmanaged.

    teams/2.toml
    azlin will update 2 VMs in subscription 5a4db0e5-0000-4000-8000-000000000002 at HOST:

      + rg/third   new
      ~ rg/vm      web -> db   (after rg/vm of teams/1.toml)

    Plan: 1 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.

    Total for 2 files: 1 to set, 2 to change, 0 to clear, 0 blocked.

    --- stderr
    Run azlin apply --file teams to make these changes.
    ");
    assert_snapshot!(several.run(&["apply", "--auto-approve", "--parallelism", "1"]), @"
    $ azlin apply --auto-approve --parallelism 1 --file teams -> 0
    --- stdout
    teams/1.toml
    azlin will update 1 VM in subscription 5a4db0e5-0000-4000-8000-000000000000 at HOST:

      - rg/vm   db   (frees the name; set again below)
      + rg/vm   web   (after rg/vm of teams/2.toml)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 1 session already matches; 0 unmanaged.

    teams/2.toml
    azlin will update 2 VMs in subscription 5a4db0e5-0000-4000-8000-000000000002 at HOST:

      + rg/third   new
      ~ rg/vm      web -> db   (after rg/vm of teams/1.toml)

    Plan: 1 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.

    Total for 2 files: 1 to set, 2 to change, 0 to clear, 0 blocked.

      + rg/third   new   done   (teams/2.toml)
      - rg/vm      db   done   (teams/1.toml)
      ~ rg/vm      web -> db   done   (teams/2.toml)
      + rg/vm      web   done   (teams/1.toml)

    Applied: 4 steps done. Azure now matches teams/1.toml and teams/2.toml.
    ");
    let vms: Vec<String> = several.writes();
    let vms: Vec<&String> = vms.iter().filter(|vm| *vm != "2 third").collect();
    assert_eq!(vms, ["1 vm", "2 vm", "1 vm"]);
    assert_eq!(
        several.sessions(),
        ["1 vm web", "1 other kept", "2 vm db", "2 third new"]
    );
    let ran = several.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(ran.code(), 0, "{ran}");
}

#[test]
fn as_markdown_the_files_without_changes_are_only_named() {
    let several = Several::new(
        &[(1, "rg/a", ""), (2, "rg/b", "x"), (2, "rg/c", "y")],
        &[
            (1, "[sessions.rg]\na = 'new'\n"),
            (2, "[sessions.rg]\nb = 'x'\n"),
            (2, "owner = 'o'\n[sessions.rg]\nc = 'z'\ngone = 'w'\n"),
        ],
    );
    assert_snapshot!(several.run(&["plan", "--format", "markdown"]).stdout, @"
    <!-- azlin plan -->
    ### azlin plan: 1 to set, 1 to change, 0 to clear, 1 blocked

    <code>teams&#47;1&#46;toml</code> against <code>subscription 5a4db0e5-0000-4000-8000-000000000000 at HOST</code>.

    <details open><summary>1 step</summary>

    | | VM | session | |
    |---|---|---|---|
    | `+` | <code>rg&#47;a</code> | <code>new</code> |  |

    </details>

    <code>teams&#47;3&#46;toml</code> against <code>subscription 5a4db0e5-0000-4000-8000-000000000002 at HOST</code>.

    **Cannot be applied:**

    | VM | session | line | why | what to do |
    |---|---|---|---|---|
    | <code>rg&#47;gone</code> | <code>w</code> | 6 | VM not found, or not visible to this identity | check the name, the resource group and the subscription |

    <details open><summary>1 step</summary>

    | | VM | session | |
    |---|---|---|---|
    | `~` | <code>rg&#47;c</code> | <code>y</code> → <code>z</code> | had no owner |

    </details>

    No changes for <code>teams&#47;2&#46;toml</code>.
    ");
    assert_snapshot!(several.run(&["plan", "--diff"]).stdout, @r#"
    --- azure
    +++ teams/1.toml
    @@ -1,3 +1,4 @@
     azure.endpoint = 'http://HOST'
     azure.subscription = '5a4db0e5-0000-4000-8000-000000000000'
     [sessions.rg]
    +a = 'new'
    --- azure
    +++ teams/3.toml
    @@ -2,5 +2,5 @@
     azure.subscription = '5a4db0e5-0000-4000-8000-000000000002'
     owner = 'o'
     [sessions.rg]
    -c = 'y'
    +c = 'z'
     gone = 'w'
    "#);
}

#[test]
fn where_one_vm_cannot_be_written_the_other_subscription_keeps_its_name() {
    let several = Several::hooked(
        &[(1, "rg/vm", "db"), (2, "rg/vm", "web")],
        &[
            (1, "[sessions.rg]\nvm = 'web'\n"),
            (2, "[sessions.rg]\nvm = 'db'\n"),
        ],
        None,
        |asked, answer| {
            if asked.method == "PATCH" && asked.target.contains(&subscription_id(2)) {
                saying(
                    409,
                    &json!({"error": {"code": "ScopeLocked", "message": "The scope '/x' cannot perform write operation because following scope(s) are locked: '/subscriptions/x'. Please remove the lock and try again."}}),
                )
            } else {
                answer()
            }
        },
    );
    let ran = several.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(ran.stdout.contains("restored"), "{ran}");
    assert_eq!(several.sessions(), ["1 vm db", "2 vm web"]);
}

#[test]
fn a_target_is_one_subscriptions_vm() {
    let several = swapping();
    assert_snapshot!(several.run(&["plan", "--target", "vm"]).stderr, @"
    error: --target: `vm` matches 2 VMs
    help: choose one, as SUBSCRIPTION/GROUP/VM
    ");
    let third = format!("{}/RG/third", subscription_id(2).to_uppercase());
    let ran = several.run(&["apply", "--auto-approve", "--target", &third]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(several.writes(), ["2 third"]);
}

#[test]
fn a_saved_plan_of_several_files_is_shown_and_applied_as_one() {
    let several = swapping();
    let planned = several.run(&["plan", "--out", "plan.json"]);
    assert_eq!(planned.code(), 0, "{planned}");
    let shown = several.run(&["show", "plan.json"]);
    // The place is not in the plan.
    let (_, endpoint) = planned.stdout.split_once(" at ").unwrap();
    let (endpoint, _) = endpoint.split_once(':').unwrap();
    let planned = planned.stdout.replace(&format!(" at {endpoint}"), "");
    assert_eq!(shown.stdout, planned, "as it was planned");
    let json = several
        .run(&["show", "plan.json", "--format", "json"])
        .stdout;
    assert_eq!(json, several.run(&["plan", "--format", "json"]).stdout);
    let plan: Value = serde_json::from_str(&json).unwrap();
    let steps = plan["steps"].as_array().unwrap();
    let taker = |step: &&Value| step["before"]["session"] == "web";
    let taker = steps.iter().find(taker).unwrap();
    let first = usize::try_from(taker["waits_for"][0].as_u64().unwrap()).unwrap();
    assert_eq!(
        (&taker["file"], &steps[first]["file"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(steps[first]["before"]["session"], "db");
    let one = several
        .project
        .run(&["apply", "plan.json", "--file", "teams/1.toml"]);
    assert_snapshot!(one, @"
    $ azlin apply plan.json --file teams/1.toml -> 3
    --- stdout
    Since plan.json was saved:

      the files are teams/1.toml now, not teams/1.toml, teams/2.toml

    --- stderr
    error: plan.json was made for other files: `teams/1.toml, teams/2.toml` instead of `teams/1.toml`
    help: create a new plan: azlin plan --out FILE
    ");
    let applied = several.run(&["apply", "plan.json"]);
    assert_eq!(applied.code(), 0, "{applied}");
    let again = several.run(&["apply", "plan.json"]);
    assert_eq!(again.code(), 0, "{again}");
    assert_eq!(
        again.stderr,
        "plan.json is already applied: nothing to do\n"
    );
    assert_eq!(several.writes().len(), 4);
}

#[test]
fn a_saved_plan_goes_on_after_a_crash_and_is_out_of_date_once_one_of_its_files_is() {
    let several = swapping();
    several.run(&["plan", "--out", "plan.json"]);
    let third = format!("{}/rg/third", subscription_id(2));
    several.run(&["apply", "--auto-approve", "--target", &third]);
    assert_eq!(several.run(&["apply", "plan.json"]).code(), 0);
    several.run(&["plan", "--out", "plan.json"]);
    let file = several.project.path().join("teams/2.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}# changed\n")).unwrap();
    let ran = several.run(&["apply", "plan.json"]);
    assert_eq!(ran.code(), 3, "{ran}");
    assert!(
        ran.stderr
            .starts_with("error: plan.json was made from a different version of teams/2.toml\n"),
        "{ran}"
    );
}

#[test]
fn what_one_subscription_refuses_is_said_with_its_name_and_hides_nothing_of_another() {
    let several = Several::hooked(
        &[(1, "rg/a", ""), (2, "rg/a", "")],
        &[(1, "[sessions.rg]\na = 'x'\n"), (2, ""), (3, "")],
        None,
        |asked, answer| {
            if asked.target.contains(&subscription_id(2)) {
                saying(
                    403,
                    &json!({"error": {"code": "AuthorizationFailed", "message": "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/x' or the scope is invalid."}}),
                )
            } else {
                answer()
            }
        },
    );
    // A plan requires all holders of a name. `connect` uses the VMs that it can see.
    let one = several.project.path().join("teams/3.toml");
    std::fs::rename(&one, one.with_extension("off")).unwrap();
    let listed = several.run(&["list"]);
    assert_eq!(listed.code(), 0, "{listed}");
    assert!(
        listed.stderr.ends_with(
            "warning: subscription 5a4db0e5-0000-4000-8000-000000000002: VMs may be missing from Azure's list: \
             cannot list the VMs: the identity `c` (object id o) lacks the permission `Microsoft.Compute/virtualMachines/read` \
             on /subscriptions/x (403 AuthorizationFailed)\n"
        ),
        "{listed}"
    );
    assert_eq!(several.run(&["connect", "a", "--print"]).code(), 0);
    std::fs::rename(one.with_extension("off"), &one).unwrap();
    assert_snapshot!(several.run(&["plan"]), @"
    $ azlin plan --file teams -> 1
    --- stderr
    error: subscription 5a4db0e5-0000-4000-8000-000000000002 at HOST: cannot list the VMs: the identity `c` (object id o) lacks the permission `Microsoft.Compute/virtualMachines/read` on /subscriptions/x (403 AuthorizationFailed)
    help: ask for the role Reader; a new role assignment takes a few minutes to take effect
    error: subscription 5a4db0e5-0000-4000-8000-000000000003 at HOST: cannot list the VMs: Azure returned 404 SubscriptionNotFound: The subscription '5a4db0e5-0000-4000-8000-000000000003' could not be found
    help: check the subscription id, `cloud` and the tenant (azlin whoami shows them); this is not a permissions problem
    ");
    assert_eq!(several.writes().len(), 0);
}

/// Two teams, of which one holds a session, and some VMs with the same names.
fn teams() -> Several {
    Several::new(
        &[
            (1, "rg/web", "atlas"),
            (1, "rg/db", "orion @ one"),
            (2, "rg/web", "vega @ them"),
            (2, "rg/cache", ""),
        ],
        &[
            (
                1,
                "owner = 'one'\n[sessions.rg]\nweb = 'atlas'\ngone = 'orion-2'\n[ssh]\nuser = 'ada'\n",
            ),
            (
                2,
                "owner = 'two'\n[sessions.rg]\ncache = 'lyra' # mine\n[ssh]\nuser = 'bob'\n",
            ),
        ],
    )
}

#[test]
fn connect_goes_to_whichever_subscription_holds_the_name_with_its_files_settings() {
    let several = teams();
    let line = |name: &str| several.run(&["connect", name, "--print"]).stdout;
    assert!(
        line("orion").ends_with(" -l ada -- 203.0.113.5\n"),
        "{}",
        line("orion")
    );
    assert!(
        line("vega").ends_with(" -l bob -- 203.0.113.6\n"),
        "{}",
        line("vega")
    );
    let web = format!("{}/rg/web", subscription_id(2));
    assert_eq!(line(&web), line("vega"));
    assert_snapshot!(several.run(&["connect", "web", "--print"]), @"
    $ azlin connect web --print --file teams -> 1
    --- stderr
    error: `web` is the name of 2 VMs:
      5a4db0e5-0000-4000-8000-000000000000/rg/web
      5a4db0e5-0000-4000-8000-000000000002/rg/web
    help: use SUBSCRIPTION/GROUP/VM
    ");
    assert_snapshot!(several.run(&["connect", "lyra", "--print"]), @"
    $ azlin connect lyra --print --file teams -> 1
    --- stderr
    error: no VM, session or IP address matches `lyra` (searched 4 VMs)
    help: run azlin apply first: teams/2.toml assigns it to 5a4db0e5-0000-4000-8000-000000000002/rg/cache, but that has not been applied yet; sessions that exist:
      atlas   5a4db0e5-0000-4000-8000-000000000000/rg/web
      orion   5a4db0e5-0000-4000-8000-000000000000/rg/db
      vega    5a4db0e5-0000-4000-8000-000000000002/rg/web
    ");
}

#[test]
fn list_shows_the_vms_of_all_files_and_which_file_each_is_of() {
    let several = teams();
    assert_snapshot!(several.run(&["list"]).stdout, @"
    ╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────┬──────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session         │ File         │
    ├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┼──────────────┤
    │ db               │ Running │ 203.0.113.5  │ eastus  │ orion ~         │ teams/1.toml │
    │ web              │ Running │ 203.0.113.4  │ eastus  │ atlas           │ teams/1.toml │
    │ cache            │ Running │ 203.0.113.7  │ eastus  │ - ~             │ teams/2.toml │
    │ web              │ Running │ 203.0.113.6  │ eastus  │ vega @          │ -            │
    ╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────┴──────────────╯
    ");
    assert_snapshot!(several.run(&["list"]).stderr, @"
    ~ 2 VMs differ from teams/1.toml and teams/2.toml: azlin plan --file teams shows how
    @ 1 VM belongs to another owner: them
    ");
    assert_snapshot!(several.run(&["list", "--format", "csv"]).stdout, @"
    name,resource_group,status,ip_address,region,session,owner,subscription
    db,RG,running,203.0.113.5,eastus,orion,one,5a4db0e5-0000-4000-8000-000000000000
    web,RG,running,203.0.113.4,eastus,atlas,,5a4db0e5-0000-4000-8000-000000000000
    cache,RG,running,203.0.113.7,eastus,,,5a4db0e5-0000-4000-8000-000000000002
    web,RG,running,203.0.113.6,eastus,vega,them,5a4db0e5-0000-4000-8000-000000000002
    ");
    let json: Value =
        serde_json::from_str(&several.run(&["list", "--format", "json"]).stdout).unwrap();
    let id = |at: usize| json["vms"][at]["id"].as_str().unwrap().to_owned();
    assert!(
        id(0).contains(&subscription_id(1)) && id(3).contains(&subscription_id(2)),
        "{json}"
    );
}

#[test]
fn session_looks_everywhere_for_who_holds_a_name_and_saves_into_the_vms_own_file() {
    let several = teams();
    assert_snapshot!(several.run(&["session", "cache", "atlas"]), @"
    $ azlin session cache atlas --file teams -> 1
    --- stderr
    error: session `atlas` is already on 5a4db0e5-0000-4000-8000-000000000000/rg/web
    help: choose another name; if it should move here, clear it there first:
      azlin session 5a4db0e5-0000-4000-8000-000000000000/rg/web --clear
    ");
    let db = format!("{}/rg/db", subscription_id(1));
    let taken = several.run(&["session", &db, "lyra", "--save"]);
    assert!(
        taken
            .stderr
            .contains("session `lyra` is assigned twice (teams/2.toml)"),
        "also where the other file comes later: {taken}"
    );
    let taken = several.run(&["session", "cache", "orion-2", "--save"]);
    assert_eq!(taken.code(), 1, "{taken}");
    assert!(
        taken
            .stderr
            .contains("session `orion-2` is assigned twice (teams/1.toml)"),
        "what the next plan would refuse: {taken}"
    );
    assert_snapshot!(several.run(&["session", "cache", "gone", "--save"]), @"
    $ azlin session cache gone --save --file teams -> 1
    --- stderr
    error: --save: teams/2.toml would conflict with the other files: session `gone` is the name of another VM, rg/gone (teams/1.toml)
    help: choose another name, or run this without --save
    ");
    let ran = several.run(&["session", "cache", "vesta", "--save"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let file = |name: &str| {
        let text = std::fs::read_to_string(several.project.path().join(name)).unwrap();
        text.lines().skip(2).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(file("teams/2.toml"), @r#"
    owner = 'two'
    [sessions.rg]
    cache = 'vesta' # mine
    [ssh]
    user = 'bob'
    "#);
    let web = format!("{}/rg/web", subscription_id(2));
    assert_snapshot!(several.run(&["session", &web]), @"
    $ azlin session 5a4db0e5-0000-4000-8000-000000000002/rg/web --file teams -> 0
    --- stdout
    Session name for web: vega

    --- stderr
    note: another owner manages this VM: them
    ");
}

#[test]
fn of_two_files_of_a_subscription_the_one_whose_owner_set_a_session_speaks_for_its_vm() {
    let several = Several::new(
        &[(1, "rg/a", "x @ two"), (1, "rg/b", "")],
        &[(1, "owner = 'one'\n"), (1, "owner = 'two'\n")],
    );
    assert_snapshot!(several.run(&["session", "a"]), @"
    $ azlin session a --file teams -> 0
    --- stdout
    Session name for a: x

    --- stderr
    note: teams/2.toml manages this VM
    ");
    let listed = several.run(&["list"]).stdout;
    assert!(
        listed.contains("│ x ~             │ teams/2.toml │"),
        "{listed}"
    );
    let applied = several.run(&["apply", "--auto-approve", "--max-removals", "1"]);
    let line = "  - RG/a   x   done   (teams/2.toml)\n";
    assert!(applied.stdout.contains(line), "{applied}");
}

#[test]
fn an_id_that_several_files_needed_leads_to_the_vm_of_one_file_too() {
    let several = teams();
    let alone = |arguments: &[&str]| {
        let file = ["--file", "teams/2.toml"];
        several.project.run(&[arguments, &file].concat())
    };
    let web = |number| format!("{}/rg/web", subscription_id(number));
    for command in [
        &["session", &web(2)][..],
        &["tag", "list", &web(2)],
        &["connect", &web(2), "--print"],
        &["plan", "--target", &web(2)],
    ] {
        let ran = alone(command);
        assert_eq!(ran.code(), 0, "{ran}");
    }
    let ran = alone(&["session", &web(1)]);
    assert_eq!(ran.code(), 1, "it is not the other subscription's: {ran}");
}

#[test]
fn tag_changes_the_vm_of_one_subscription() {
    let several = teams();
    assert_eq!(several.run(&["tag", "add", "rg/web", "env=prod"]).code(), 1);
    let web = format!("{}/rg/web", subscription_id(2));
    let ran = several.run(&["tag", "add", &web, "env=prod"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(several.writes(), ["2 web"]);
}

#[test]
fn ssh_config_writes_a_file_for_each_subscription_and_none_stands_in_anothers_way() {
    let several = teams();
    for _ in 0..2 {
        let ran = several.run(&["ssh-config", "--write"]);
        assert_eq!(ran.code(), 0, "{ran}");
        assert!(!ran.stderr.contains("skipped"), "{ran}");
    }
    let file = |number| {
        let name = format!(".ssh/azlin.d/{}.conf", subscription_id(number));
        let text = std::fs::read_to_string(several.project.path().join(name)).unwrap();
        let hosts = text
            .lines()
            .filter(|line| line.starts_with("Host ") || line.contains("User "));
        hosts.map(str::trim).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(file(1), "Host atlas, User ada, Host orion, User ada");
    assert_eq!(file(2), "Host vega, User bob");
}

#[test]
fn no_vm_comes_to_sit_on_the_way_to_another_files() {
    let several = Several::new(
        &[(1, "rg/evil", "bastion"), (2, "rg/a", "x")],
        &[(1, ""), (2, "ssh.jump = 'Bastion'\n")],
    );
    let ran = several.run(&["ssh-config"]);
    assert!(!ran.stdout.contains("Host bastion"), "{ran}");
    assert!(
        ran.stderr.contains(
            "skipped `bastion`: ssh already knows this name (the jump host in teams/2.toml)"
        ),
        "{ran}"
    );
}

#[test]
fn what_one_file_of_a_subscription_counts_counts_whatever_the_order_of_the_files() {
    let several = Several::new(
        &[(1, "rg/a", "x"), (1, "other/b", "y")],
        &[
            (1, "azure.scope = 'groups'\n[sessions.rg]\na = 'x'\n"),
            (1, "owner = 'o'\n"),
        ],
    );
    for files in [["1", "2"], ["2", "1"]] {
        let [one, two] = files.map(|name| format!("teams/{name}.toml"));
        let ran = several
            .project
            .run(&["ssh-config", "--write", "--file", &one, "--file", &two]);
        assert_eq!(ran.code(), 0, "{ran}");
        assert!(ran.stderr.contains("wrote 2 sessions to "), "{ran}");
    }
    let written = std::fs::read_dir(several.project.path().join(".ssh/azlin.d")).unwrap();
    assert_eq!(written.count(), 1);
}

#[test]
fn the_tag_of_one_file_is_no_rule_for_the_vms_of_another() {
    let several = Several::new(
        &[(1, "rg/a", "x"), (2, "rg/b", "")],
        &[(1, "azure.tag = 'team'\n"), (2, "")],
    );
    let ran = several.run(&["tag", "add", "b", "team=x"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let ran = several.run(&["tag", "add", "a", "team=x"]);
    assert_eq!(ran.code(), 1, "{ran}");
}

#[test]
fn a_bundle_is_applied_whatever_the_order_in_which_its_files_are_named() {
    let several = swapping();
    several.run(&["plan", "--out", "plan.json"]);
    let backwards = [
        "apply",
        "plan.json",
        "--file",
        "teams/2.toml",
        "--file",
        "teams/1.toml",
    ];
    let ran = several.project.run(&backwards);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(ran.stdout.contains("4 steps done"), "{ran}");
}

#[test]
fn whoami_tells_of_each_subscription() {
    let several = teams();
    let said = several.run(&["whoami"]).stdout;
    let named = said.lines().filter(|line| line.starts_with("subscription"));
    assert_snapshot!(named.collect::<Vec<_>>().join("\n"), @r"
    subscription  azlin sandbox 5a4db0e5-0000-4000-8000-000000000000 (from teams/1.toml)
    subscription  azlin sandbox 0002 5a4db0e5-0000-4000-8000-000000000002 (from teams/2.toml)
    ");
    let json: Value =
        serde_json::from_str(&several.run(&["whoami", "--format", "json"]).stdout).unwrap();
    assert_eq!(
        json["subscriptions"][1]["subscription"]["id"],
        subscription_id(2).as_str()
    );
}

#[test]
fn tab_offers_the_names_of_all_files() {
    let several = teams();
    let mut azlin = several.project.command(&["--file", "teams"]);
    let output = azlin.env("AZLIN_REFRESH_NAMES", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let tab = |words: &[&str]| {
        let mut asking = several.project.command(&["--", "azlin"]);
        asking.args(words).env("COMPLETE", "fish");
        let output = asking.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let names = said.lines().filter(|line| !line.starts_with('-'));
        names
            .map(|line| line.replace('\t', "  "))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_snapshot!(tab(&["connect", "--file", "teams", ""]), @r"
    atlas  session on 5a4db0e5-0000-4000-8000-000000000000/rg/web
    lyra  session on 5a4db0e5-0000-4000-8000-000000000002/rg/cache
    orion  session on 5a4db0e5-0000-4000-8000-000000000000/rg/db
    orion-2  session on 5a4db0e5-0000-4000-8000-000000000000/rg/gone
    vega  session on 5a4db0e5-0000-4000-8000-000000000002/rg/web
    cache  VM in rg
    db  VM in rg, session orion
    gone  VM in rg, session orion-2
    web  2 VMs: choose one as SUBSCRIPTION/GROUP/VM
    ");
    let in_group = tab(&["session", "--file", "teams", "rg/c"]);
    assert_eq!(in_group, "rg/cache  VM in rg");
    let in_both = tab(&["session", "--file", "teams", "rg/w"]);
    assert_eq!(in_both, "", "it is two VMs");
    assert_snapshot!(tab(&["session", "--file", "teams", ""]), @r"
    5a4db0e5-0000-4000-8000-000000000000/rg/web  VM in rg, session atlas
    5a4db0e5-0000-4000-8000-000000000002/rg/web  VM in rg, session vega
    cache  VM in rg
    db  VM in rg, session orion
    gone  VM in rg, session orion-2
    ");
}

#[test]
fn the_sandbox_in_the_binary_has_several_subscriptions_too() {
    let project = Project::new("");
    let reset = ["sandbox", "reset", "--vms", "10", "--subscriptions", "2"];
    assert_eq!(project.run(&reset).code(), 0);
    let file = |name: &str, number, line: &str| {
        let text = format!(
            "azure.cloud = 'sandbox'\nazure.subscription = '{}'\n[sessions.rg-dev]\n{line}\n",
            subscription_id(number)
        );
        std::fs::write(Path::new(project.path()).join(name), text).unwrap();
    };
    file("sessions.toml", 1, "dev-vm-1 = 'session-2-0003'");
    file("two.toml", 2, "vm-0003 = 'project-beta'");
    let ran = project.run(&["apply", "--auto-approve", "--file", "."]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(
        ran.stdout
            .contains("The sandbox now matches sessions.toml and two.toml."),
        "{ran}"
    );
}
