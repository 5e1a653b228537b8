//! What azlin says to an Azure over HTTP, and what it makes of the answers: the built binary against a server on loopback.

mod support;

use azlin::sandbox::{self, Response};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::{Azure, body, with_body};
use support::{Project, vms};
use tempfile::TempDir;

/// The state file of a fleet of `vms`.
fn state(vms: Vec<Value>) -> (TempDir, std::path::PathBuf) {
    let project = Project::new("");
    project.set_fleet(vms);
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    std::fs::copy(project.state(), &state).unwrap();
    (folder, state)
}

fn sample_state() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, None).unwrap();
    (folder, state)
}

#[test]
fn a_plan_of_150_vms_is_one_request() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(150)).unwrap();
    let azure = Azure::faithful(state);
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'project-beta'\n")
        .run(&["plan"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(azure.asked().len(), 1);
}

#[test]
fn connect_asks_four_questions_at_once() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(150)).unwrap();
    // No answer comes before all four have been asked: asked one after the other, this would never end.
    let azure = Azure::serve(state, Some(4), |_, answer| answer());
    let ran = azure
        .project("")
        .run(&["connect", "sarah-frontend", "--print"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!((azure.asked().len(), azure.most_at_once()), (4, 4));
}

#[test]
fn pages_are_followed_as_azure_names_them() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(450)).unwrap();
    let azure = Azure::faithful(state);
    let ran = azure.project("").run(&["plan"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let targets: Vec<String> = azure
        .asked()
        .into_iter()
        .map(|asked| asked.target)
        .collect();
    assert_eq!(targets.len(), 3, "{targets:?}");
    assert!(
        targets[1].contains("$skiptoken"),
        "the raw `$` stays: {targets:?}"
    );
}

#[test]
fn a_link_to_another_host_is_refused_and_nothing_is_sent_there() {
    let foreign = |link: &'static str| {
        let (_folder, state) = sample_state();
        let azure = Azure::serve(state, None, move |_, answer| {
            let whole = answer();
            let mut page = body(&whole);
            page["nextLink"] = json!(link);
            with_body(whole, &page)
        });
        let ran = azure.project("").run(&["plan"]);
        assert_eq!((ran.code(), azure.asked().len()), (1, 1), "{ran}");
        ran.stderr
    };
    assert_snapshot!(foreign("https://evil.example.com/subscriptions?api-version=1"), @"
    error: cannot list the VMs: the answer sends azlin on to another host, `evil.example.com`
    help: something between you and Azure changes its answers; nothing was sent to that host
    ");
    for link in [
        "http://127.0.0.1:1/subscriptions",
        "http://user@127.0.0.1/x",
        "//evil.example.com/x",
        "not a link",
        "ftp://127.0.0.1/",
    ] {
        assert!(
            foreign(link).contains("sends azlin on to another host"),
            "{link}"
        );
    }
}

#[test]
fn odd_vms_cost_no_others() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |_, answer| {
        let whole = answer();
        let mut page = body(&whole);
        let all = page["value"].as_array_mut().unwrap();
        all[0]["properties"]["storageProfile"] = json!({ "osDisk": { "osType": "Plan9" } });
        all[0].as_object_mut().unwrap().remove("location");
        all[1]["properties"] = Value::Null;
        all[2]["tags"]["azlin_session"] = Value::Null;
        all.push(json!({ "id": 7 }));
        all.push(json!({ "id": "/subscriptions/x/odd", "name": "\u{1b}[2J" }));
        with_body(whole, &page)
    });
    let file = "[sessions.rg-dev]\ndev-vm-1 = 'project-beta'\ndev-vm-2 = 'b'\ndev-vm-3 = 'c'\n";
    let ran = azure.project(file).run(&["plan"]);
    let (_, plan) = ran.stdout.split_once('\n').unwrap();
    assert_snapshot!(plan, @"

      + rg-dev/dev-vm-2   b
      + rg-dev/dev-vm-3   c

    warning: bert-training-run-1 is on several VMs: RG-ML/gpu-vm-1 and RG-ML/gpu-vm-3
    warning: Azure's list has 2 VMs that azlin cannot read; their sessions are not counted

    Plan: 2 to set, 0 to change, 0 to clear, 0 blocked. 1 session already matches; 3 unmanaged.
    ");
}

#[test]
fn another_tools_tag_is_left_alone_and_said_once() {
    let mut fleet = vms(&[("rg/a", None), ("rg/b", None), ("rg/c", Some("x"))]);
    for vm in &mut fleet {
        vm["tags"]["azlin-session"] = "theirs".into();
    }
    let project = Project::sandbox("");
    project.set_fleet(fleet);
    assert_snapshot!(project.run(&["plan"]).stdout, @"
    No changes: the sandbox matches sessions.toml.
    note: the tag of another tool, `azlin-session`, is on 2 VMs; azlin leaves it alone

    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 0 sessions already match; 1 unmanaged.
    ");
}

#[test]
fn what_is_no_azure_is_told_as_such() {
    let page = |status, text: &'static str| {
        let (_folder, state) = sample_state();
        let azure = Azure::serve(state, None, move |_, _| Response {
            status,
            headers: Vec::new(),
            body: text.into(),
        });
        azure.project("").run(&["plan"]).stderr
    };
    assert_snapshot!(page(200, "<html>Sign in to the Wi-Fi"), @"
    error: cannot list the VMs: what answered (200) is not Azure: `<html>Sign in to the Wi-Fi` (expected value at line 1 column 1)
    help: check the network: a proxy or a sign-in page may have answered instead
    ");
    assert_snapshot!(page(403, "<html>Blocked\u{1b}[2J"), @r"
    error: cannot list the VMs: what answered (403) is not Azure: `<html>Blocked\u{1b}[2J`
    help: check the network: a proxy or a sign-in page may have answered instead
    ");
    assert_snapshot!(page(200, r#"{"value":[{"id":"#), @r#"
    error: cannot list the VMs: what answered (200) is not Azure: `{"value":[{"id":` (EOF while parsing a value at line 1 column 16)
    help: check the network: a proxy or a sign-in page may have answered instead
    "#);
    assert_snapshot!(page(403, r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization."}}"#), @"
    error: cannot list the VMs: Azure answered 403 AuthorizationFailed: The client 'x' does not have authorization
    help: the identity needs the roles Reader, and Tag Contributor to apply, on the subscription
    ");
    assert_snapshot!(page(404, r#"{"code":"SubscriptionNotFound","message":"The subscription could not be found."}"#), @"
    error: cannot list the VMs: Azure answered 404 SubscriptionNotFound: The subscription could not be found
    help: check the subscription's id and that you are signed in to its tenant
    ");
}

#[test]
fn no_answer_at_all_is_told_as_such() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let file = format!(
        "[azure]\nendpoint = 'http://{address}'\nsubscription = '{}'\n",
        sandbox::SUBSCRIPTION
    );
    let ran = Project::new(&file)
        .with_env("AZURE_ACCESS_TOKEN", "t")
        .run(&["plan"]);
    assert_eq!(ran.code(), 1);
    assert!(
        ran.stderr
            .starts_with("error: cannot list the VMs: no answer: "),
        "{ran}"
    );
    assert!(ran.stderr.contains("help: check the network"), "{ran}");
}

#[test]
fn an_endpoint_is_sent_the_given_token_and_nothing_else() {
    let (_folder, state) = sample_state();
    let azure = Azure::faithful(state);
    let project = azure.project("").with_env("AZURE_ACCESS_TOKEN", "");
    let ran = project.run(&["plan"]);
    assert_eq!(azure.asked().len(), 0);
    assert_snapshot!(ran.stderr, @"
    error: cannot sign in to `endpoint`: not signed in: an endpoint is sent AZURE_ACCESS_TOKEN only, which is not set
    help: run `az login`, or set AZURE_ACCESS_TOKEN to a token for Azure's management API
    ");
}

#[test]
fn a_subscription_is_needed_and_comes_from_flag_file_or_environment() {
    let (_folder, state) = sample_state();
    let azure = Azure::faithful(state);
    let file = format!("[azure]\nendpoint = '{}'\n", azure.endpoint);
    let project = || Project::new(&file).with_env("AZURE_ACCESS_TOKEN", "t");
    assert_snapshot!(project().run(&["plan"]).stderr, @r#"
    error: no subscription is named
    help: write `subscription = "…"` under [azure], pass --subscription, or set AZURE_SUBSCRIPTION_ID
    "#);
    let given = project()
        .with_env("AZURE_SUBSCRIPTION_ID", sandbox::SUBSCRIPTION)
        .run(&["plan"]);
    assert_eq!(given.code(), 0, "{given}");
    let given = project().run(&["plan", "--subscription", sandbox::SUBSCRIPTION]);
    assert_eq!(given.code(), 0, "{given}");
    assert_snapshot!(project().run(&["plan", "--subscription", "dev\u{1b}"]).stderr, @r"
    error: `dev\u{1b}` is not a subscription id (a GUID, as in `az account show --query id`)
    help: correct --subscription
    ");
    let other = "00000000-0000-0000-0000-000000000000";
    assert_snapshot!(project().run(&["plan", "--subscription", other]).stderr, @"
    error: cannot list the VMs: Azure answered 404 SubscriptionNotFound: The subscription '00000000-0000-0000-0000-000000000000' could not be found
    help: check the subscription's id and that you are signed in to its tenant
    ");
}

#[test]
fn a_session_that_changed_since_the_plan_is_not_overwritten() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |asked, answer| {
        let whole = answer();
        // Someone else was here between the list and the read right before the write.
        match asked.method == "GET"
            && asked
                .target
                .contains("dev-vm-1/providers/Microsoft.Resources/tags")
        {
            true => with_body(
                whole,
                &json!({ "properties": { "tags": { "azlin_session": "maria-was-here" } } }),
            ),
            false => whole,
        }
    });
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
        .run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(
        azure.asked().iter().all(|asked| asked.method == "GET"),
        "nothing was written"
    );
    let after = ran.stdout.split("\n\n").nth(3).unwrap();
    assert_snapshot!(after, @"Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 4 unmanaged.");
}

#[test]
fn a_policy_that_changes_the_tag_is_told() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |asked, answer| match asked.method.as_str() {
        // What a policy with the effect `modify` does: the request succeeds, and the tag is another.
        "PATCH" => Response {
            status: 200,
            headers: vec![("content-type", "application/json".to_owned())],
            body: json!({ "properties": { "tags": { "azlin_session": "ruled" } } })
                .to_string()
                .into_bytes(),
        },
        _ => answer(),
    });
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
        .run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 1, "{ran}");
    let after = ran.stdout.split("\n\n").nth(3).unwrap();
    assert_snapshot!(after, @"Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 4 unmanaged.");
}

#[test]
fn a_202_is_believed_only_once_the_vm_shows_the_tag() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |asked, answer| {
        let mut whole = answer();
        if asked.method == "PATCH" {
            whole.status = 202;
        }
        whole
    });
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
        .run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let asked: Vec<String> = azure
        .asked()
        .iter()
        .map(|asked| format!("{} {}", asked.method, asked.target.len() > 150))
        .collect();
    assert_eq!(
        asked,
        [
            "GET false",
            "GET true",
            "PATCH true",
            "GET true",
            "GET false"
        ]
    );
}

#[test]
fn only_the_sessions_tag_is_ever_written_and_through_the_tags_api_only() {
    let (_folder, state) = sample_state();
    let azure = Azure::faithful(state);
    let file = "[sessions.rg-dev]\ndev-vm-1 = 'sarah-frontend'\ndev-vm-3 = 'project-beta'\n";
    let ran = azure.project(file).run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let asked = azure.asked();
    let writes: Vec<String> = asked
        .iter()
        .filter(|asked| asked.method != "GET")
        .map(|asked| {
            format!(
                "{} {} {}",
                asked.method,
                asked.target,
                String::from_utf8_lossy(&asked.body)
            )
        })
        .collect();
    assert_snapshot!(writes.join("\n"), @r#"
    PATCH /subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-1/providers/Microsoft.Resources/tags/default?api-version=2021-04-01 {"operation":"Delete","properties":{"tags":{"azlin_session":"project-beta"}}}
    PATCH /subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-3/providers/Microsoft.Resources/tags/default?api-version=2021-04-01 {"operation":"Merge","properties":{"tags":{"azlin_session":"project-beta"}}}
    PATCH /subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/dev-vm-1/providers/Microsoft.Resources/tags/default?api-version=2021-04-01 {"operation":"Merge","properties":{"tags":{"azlin_session":"sarah-frontend"}}}
    "#);
}

#[test]
fn steps_that_do_not_depend_on_each_other_are_written_at_once() {
    let fleet: Vec<String> = (0..12).map(|n| format!("rg/vm-{n:02}")).collect();
    let fleet: Vec<(&str, Option<&str>)> = fleet.iter().map(|vm| (vm.as_str(), None)).collect();
    let (_folder, state) = state(vms(&fleet));
    let azure = Azure::serve(state, None, |_, answer| answer());
    let file = (0..12).fold("[sessions.rg]\n".to_owned(), |file, n| {
        file + &format!("vm-{n:02} = 's-{n}'\n")
    });
    let ran = azure
        .project(&file)
        .run(&["apply", "--auto-approve", "--parallelism", "3"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(azure.most_at_once() <= 3, "never more than was asked for");
}

#[test]
fn no_log_line_has_the_token_at_the_highest_level() {
    let (_folder, state) = sample_state();
    let azure = Azure::faithful(state);
    let project = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
        .with_env("AZLIN_LOG", "trace");
    for arguments in [
        &["plan"][..],
        &["apply", "--auto-approve"],
        &["connect", "gpu-vm-2", "--start", "--print"],
    ] {
        let ran = project.run(arguments);
        assert_eq!(ran.code(), 0, "{ran}");
        assert!(
            ran.stderr.contains("TRACE") && ran.stderr.contains("DEBUG"),
            "the log is on: {ran}"
        );
        for leak in ["secret-token", "ecret-toke"] {
            assert!(
                !ran.stderr.contains(leak) && !ran.stdout.contains(leak),
                "{ran}"
            );
        }
    }
    assert!(
        azure
            .asked()
            .iter()
            .all(|asked| asked.token == "secret-token"),
        "every request carried the real one"
    );
    assert!(
        azure.asked().iter().any(|asked| asked.method == "POST"),
        "the legacy crate was part of it"
    );
}

#[test]
fn recorded_traffic_has_every_exchange_and_no_token() {
    let (_folder, state) = sample_state();
    let azure = Azure::faithful(state);
    let project = azure.project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n");
    let record = project.path().join("traffic.ndjson");
    let mut command = project.command(&["apply", "--auto-approve"]);
    command.env("AZLIN_RECORD", &record);
    assert!(command.output().unwrap().status.success());
    let text = std::fs::read_to_string(&record).unwrap();
    assert!(
        !text.to_lowercase().contains("secret-token")
            && !text.to_lowercase().contains("authorization")
    );
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), azure.asked().len());
    assert_eq!(lines[2]["method"], "PATCH");
    assert_eq!(lines[2]["reqBody"]["operation"], "Merge");
    assert_eq!(
        lines[2]["resBody"]["properties"]["tags"]["azlin_session"],
        "mine"
    );
}

#[test]
fn a_start_that_azure_refuses_is_told() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |asked, answer| match asked.method.as_str() {
        "POST" => Response {
            status: 403,
            headers: Vec::new(),
            body: br#"{"error":{"code":"AuthorizationFailed","message":"No right to start."}}"#
                .to_vec(),
        },
        _ => answer(),
    });
    let ran = azure
        .project("")
        .run(&["connect", "gpu-vm-2", "--start", "--print"]);
    assert_eq!(ran.code(), 1);
    assert_snapshot!(ran.stderr, @"
    starting RG-ML/gpu-vm-2 …
    error: cannot start RG-ML/gpu-vm-2: Azure answered 403 AuthorizationFailed: No right to start
    help: the identity needs the roles Reader, and Tag Contributor to apply, on the subscription
    ");
}
