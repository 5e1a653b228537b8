//! azlin's HTTP requests to Azure and its handling of the answers: the built binary against a server on loopback.

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

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

/// The report of apply on its steps, after the plan.
fn outcomes(ran: &support::Ran) -> String {
    let (_, after) = ran.stdout.split_once("unmanaged.\n").unwrap();
    after.trim_start_matches('\n').to_owned()
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
    // The server answers only when all four requests have arrived. Sequential requests would hang.
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
    error: cannot list the VMs: the link to the next page leads to another host, `evil.example.com`
    help: check the network: something between you and Azure changes its answers; azlin sent nothing to that host
    ");
    for link in [
        "http://127.0.0.1:1/subscriptions",
        "http://user@127.0.0.1/x",
        "//evil.example.com/x",
        "not a link",
        "ftp://127.0.0.1/",
    ] {
        assert!(
            foreign(link).contains("the link to the next page leads to another host"),
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

    warning: VMs may be missing from Azure's list: cannot read one of the VMs: item 9: its id is not text
    warning: VMs may be missing from Azure's list: cannot read one of the VMs: `/subscriptions/x/odd` is not the id of a VM in this subscription
    warning: session `bert-training-run-1` is on several VMs: RG-ML/gpu-vm-1 and RG-ML/gpu-vm-3
    note: 3 sessions in Azure are not in sessions.toml; azlin keeps them, because a file without `owner` never clears a session

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

    note: 1 session in Azure is not in sessions.toml; azlin keeps it, because a file without `owner` never clears a session
    note: 2 VMs carry another tool's tag, `azlin-session`, which azlin does not touch

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
    error: cannot list the VMs: the response (200) is not from Azure: `<html>Sign in to the Wi-Fi` (not JSON)
    help: check the network: a proxy or a sign-in page may have answered instead of Azure
    ");
    assert_snapshot!(page(403, "<html>Blocked\u{1b}[2J"), @r"
    error: cannot list the VMs: the response (403) is not from Azure: `<html>Blocked\u{1b}[2J`
    help: check the network: a proxy or a sign-in page may have answered instead of Azure
    ");
    assert_snapshot!(page(200, r#"{"value":[{"id":"#), @r#"
    retrying in 2 s (list the VMs): the response (200) is incomplete: `{"value":[{"id":`
    error: cannot list the VMs: the response (200) is incomplete: `{"value":[{"id":`
    help: run the same command again; if the answer stays incomplete, check the network and its proxy
    "#);
    assert_snapshot!(page(200, ""), @"
    retrying in 2 s (list the VMs): the response (200) is empty
    error: cannot list the VMs: the response (200) is empty
    help: run the same command again; if the answer stays incomplete, check the network and its proxy
    ");
    assert_snapshot!(page(403, r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization."}}"#), @"
    error: cannot list the VMs: Azure returned 403 AuthorizationFailed: The client 'x' does not have authorization
    help: ask for the role that this command requires (see azlin guide sign-in); a new role assignment takes a few minutes to take effect
    ");
    assert_snapshot!(page(404, r#"{"code":"SubscriptionNotFound","message":"The subscription could not be found."}"#), @"
    error: cannot list the VMs: Azure returned 404 SubscriptionNotFound: The subscription could not be found
    help: check the subscription id, `cloud` and the tenant (azlin whoami shows them); this is not a permissions problem
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
    assert_snapshot!(ran.stderr, @"
    retrying in 2 s (list the VMs): no response: connection refused
    error: cannot list the VMs: no response: connection refused
    help: check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again
    ");
}

#[test]
fn an_endpoint_is_sent_the_given_token_and_nothing_else() {
    let (_folder, state) = sample_state();
    let azure = Azure::faithful(state);
    let project = azure.project("").with_env("AZURE_ACCESS_TOKEN", "");
    let ran = project.run(&["plan"]);
    assert_eq!(azure.asked().len(), 0);
    assert_snapshot!(ran.stderr, @"
    error: cannot sign in to the file's `endpoint`: azlin sends it only AZURE_ACCESS_TOKEN, which is not set
    help: set AZURE_ACCESS_TOKEN (an emulator accepts any value), or pass --endpoint, which allows every credential
    ");
}

#[test]
fn a_subscription_is_needed_and_comes_from_flag_file_or_environment() {
    let (_folder, state) = sample_state();
    let azure = Azure::faithful(state);
    let file = format!("[azure]\nendpoint = '{}'\n", azure.endpoint);
    let project = || Project::new(&file).with_env("AZURE_ACCESS_TOKEN", "t");
    assert_snapshot!(project().run(&["plan"]).stderr, @r#"
    error: no subscription given: it is not in sessions.toml or in the environment, and `az` has no default
    help: set `subscription = "…"` under [azure], pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`
    "#);
    let given = project()
        .with_env("AZURE_SUBSCRIPTION_ID", sandbox::SUBSCRIPTION)
        .run(&["plan"]);
    assert_eq!(given.code(), 0, "{given}");
    let given = project().run(&["plan", "--subscription", sandbox::SUBSCRIPTION]);
    assert_eq!(given.code(), 0, "{given}");
    assert_snapshot!(project().run(&["plan", "--subscription", "dev\u{1b}"]).stderr, @r"
    error: invalid subscription id `dev\u{1b}`: expected a GUID, as in `az account show --query id`
    help: fix --subscription
    ");
    let other = "00000000-0000-0000-0000-000000000000";
    assert_snapshot!(project().run(&["plan", "--subscription", other]).stderr, @"
    error: cannot list the VMs: Azure returned 404 SubscriptionNotFound: The subscription '00000000-0000-0000-0000-000000000000' could not be found
    help: check the subscription id, `cloud` and the tenant (azlin whoami shows them); this is not a permissions problem
    ");
}

#[test]
fn a_session_that_changed_since_the_plan_is_not_overwritten() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |asked, answer| {
        let whole = answer();
        // Someone else wrote between the list and the read right before the write.
        if asked.method == "GET"
            && asked
                .target
                .contains("dev-vm-1/providers/Microsoft.Resources/tags")
        {
            with_body(
                whole,
                &json!({ "properties": { "tags": { "azlin_session": "maria-was-here" } } }),
            )
        } else {
            whole
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
    let after = outcomes(&ran);
    assert_snapshot!(after, @"
      ~ rg-dev/dev-vm-1   project-beta -> mine   not written
          someone changed it after the plan was made; it now holds maria-was-here
          help: run azlin plan and review the change

    Nothing applied: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.
    ");
}

#[test]
fn a_policy_that_changes_the_tag_is_told() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |asked, answer| match asked.method.as_str() {
        // Like a policy with the effect `modify`: the request succeeds, but the tag has another value.
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
    assert_eq!(ran.code(), 5, "{ran}");
    let after = outcomes(&ran);
    assert_snapshot!(after, @"
      ~ rg-dev/dev-vm-1   project-beta -> mine   written, but not kept
          Azure stored ruled instead
          help: look for an Azure Policy with a `modify` effect on this tag

    Applied in part: 1 step failed.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.
    ");
}

/// An Azure that answers a write with 202 and makes it only after `reads` more reads of the VM's tags.
fn late(state: std::path::PathBuf, reads: usize) -> Azure {
    let left = Mutex::new((reads, Vec::<u8>::new()));
    let late = azlin::sandbox::Sandbox::open(state.clone(), 200);
    Azure::serve(state, None, move |asked, answer| {
        let mut left = left.lock().unwrap();
        if asked.method == "PATCH" {
            left.1 = asked.body.clone();
            return Response {
                status: 202,
                headers: Vec::new(),
                body: Vec::new(),
            };
        }
        if asked.target.contains("/tags/default") && !left.1.is_empty() {
            if left.0 == 0 {
                let body = std::mem::take(&mut left.1);
                let answer = late.answer(&sandbox::Request {
                    method: "PATCH",
                    target: &asked.target,
                    origin: "http://127.0.0.1",
                    authorized: true,
                    content_type: Some("application/json"),
                    body: &body,
                });
                assert_eq!(answer.whole().map(|answer| answer.status), Some(200));
            } else {
                left.0 -= 1;
            }
        }
        answer()
    })
}

#[test]
fn a_202_is_believed_only_once_the_vm_shows_the_tag() {
    let (_folder, state) = sample_state();
    let azure = late(state, 1);
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
        .run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let asked: Vec<String> = azure
        .asked()
        .into_iter()
        .map(|asked| asked.method)
        .collect();
    assert_eq!(
        asked,
        ["GET", "GET", "PATCH", "GET", "GET", "GET"],
        "list, tags, write, tags, tags, list"
    );
}

#[test]
fn a_write_that_is_answered_with_the_vm_itself_is_read_again() {
    // A swap: if azlin believed the clear of the first VM too early, the second would get a name that the first still holds.
    let (_folder, state) = state(vms(&[("rg/a", Some("db")), ("rg/b", Some("web"))]));
    let azure = Azure::serve(state, None, |asked, answer| {
        match asked.method.as_str() {
        // Azure answers with the resource, but has not cleared the tag yet.
        "PATCH" if asked.body.windows(6).any(|word| word == b"Delete") => Response {
            status: 200,
            headers: Vec::new(),
            body: json!({ "id": "x", "name": "a", "tags": { "azlin_session": "db" }, "properties": { "vmId": "x" } })
                .to_string()
                .into_bytes(),
        },
        _ => answer(),
    }
    });
    let ran = azure
        .project("[sessions.rg]\na = 'web'\nb = 'db'\n")
        .run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert_snapshot!(outcomes(&ran), @"
      - rg/a   db   written, but not kept
          Azure stored db instead
          help: look for an Azure Policy with a `modify` effect on this tag
      + rg/a   web   not tried
          depends on rg/a, which did not succeed
      ~ rg/b   web -> db   not tried
          depends on rg/a, which did not succeed

    Applied in part: 1 step failed, 2 not tried.
    Azure does not match sessions.toml yet: 2 lines differ. Run azlin plan for details.
    ");
}

/// An Azure that answers the first write with `status` and `code`, after someone else wrote `meanwhile`.
fn refusing_once(
    state: std::path::PathBuf,
    status: u16,
    code: &'static str,
    meanwhile: Option<&'static str>,
) -> Azure {
    let refused = AtomicBool::new(false);
    let elsewhere = azlin::sandbox::Sandbox::open(state.clone(), 200);
    Azure::serve(state, None, move |asked, answer| {
        if asked.method != "PATCH" || refused.swap(true, Ordering::SeqCst) {
            return answer();
        }
        if let Some(name) = meanwhile {
            let body = json!({ "operation": "Merge", "properties": { "tags": { "azlin_session": name } } });
            elsewhere.answer(&sandbox::Request {
                method: "PATCH",
                target: &asked.target,
                origin: "http://127.0.0.1",
                authorized: true,
                content_type: Some("application/json"),
                body: body.to_string().as_bytes(),
            });
        }
        let body = json!({ "error": { "code": code, "message": "not now" } });
        Response {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    })
}

#[test]
fn a_write_that_fails_in_passing_is_made_again_after_a_new_reading() {
    for (status, code) in [
        (409, "ConflictingConcurrentWriteNotAllowed"),
        (503, "ServerTimeout"),
        (429, "TooManyRequests"),
    ] {
        let (_folder, state) = sample_state();
        let azure = refusing_once(state, status, code, None);
        let ran = azure
            .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
            .run(&["apply", "--auto-approve"]);
        assert_eq!(ran.code(), 0, "{ran}");
        let asked: Vec<String> = azure
            .asked()
            .into_iter()
            .map(|asked| asked.method)
            .collect();
        assert_eq!(asked, ["GET", "GET", "PATCH", "GET", "PATCH", "GET"]);
    }
}

#[test]
fn a_write_is_not_made_again_over_what_someone_else_wrote_meanwhile() {
    let (_folder, state) = sample_state();
    let azure = refusing_once(state, 503, "ServerTimeout", Some("maria-was-here"));
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
        .run(&["apply", "--auto-approve"]);
    // The write of the first attempt may still arrive.
    assert_eq!(ran.code(), 5, "{ran}");
    assert_snapshot!(outcomes(&ran), @"
      ~ rg-dev/dev-vm-1   project-beta -> mine   may have been written
          cannot write the tags of rg-dev/dev-vm-1: Azure returned 503 ServerTimeout: not now; Azure shows maria-was-here now, but it may still arrive
          help: run azlin plan in a minute to see whether it arrived

    In doubt: 1 step may have been written.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.
    ");
}

#[test]
fn a_wait_beyond_patience_is_not_begun() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |_, _| Response {
        status: 429,
        headers: vec![("retry-after", "1200".to_owned())],
        body: br#"{"code":"TooManyRequests","message":"slow down"}"#.to_vec(),
    });
    assert_snapshot!(azure.project("").run(&["plan"]).stderr, @"
    error: cannot list the VMs: Azure is throttling requests: slow down (429 TooManyRequests); retry after 20 min
    help: run the same command again in 20 min, or let azlin wait: --deadline 1260
    ");
    assert_eq!(azure.asked().len(), 1);
}

#[test]
fn a_write_whose_answer_is_empty_or_short_is_read_back_and_not_repeated() {
    for length in [0, 20] {
        let (_folder, state) = sample_state();
        let azure = Azure::serve(state, None, move |asked, answer| {
            let mut whole = answer();
            if asked.method == "PATCH" {
                whole.body.truncate(length);
            }
            whole
        });
        let project = azure.project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n");
        let ran = project.run(&["apply", "--auto-approve"]);
        assert_eq!(ran.code(), 0, "{ran}");
        let asked = azure.asked();
        let writes = asked.iter().filter(|asked| asked.method == "PATCH");
        assert_eq!(writes.count(), 1, "{ran}");
    }
}

#[test]
fn a_write_that_a_policy_altered_behind_an_empty_answer_is_applied_in_part() {
    let (_folder, state) = sample_state();
    let path = state.clone();
    let azure = Azure::serve(state, None, move |asked, answer| {
        let mut whole = answer();
        if asked.method == "PATCH" {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace("\"mine\"", "\"policy-name\"")).unwrap();
            whole.body.clear();
        }
        whole
    });
    let project = azure.project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n");
    let ran = project.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert!(
        ran.stdout.contains("Azure stored policy-name instead"),
        "{ran}"
    );
}

#[test]
fn a_write_that_did_not_happen_behind_an_empty_answer_is_made_after_a_new_reading() {
    let (_folder, state) = sample_state();
    let lost = AtomicBool::new(false);
    let azure = Azure::serve(state, None, move |asked, answer| {
        if asked.method == "PATCH" && !lost.swap(true, Ordering::SeqCst) {
            return Response {
                status: 200,
                headers: Vec::new(),
                body: Vec::new(),
            };
        }
        answer()
    });
    let project = azure.project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n");
    let ran = project.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let methods: Vec<String> = azure
        .asked()
        .into_iter()
        .map(|asked| asked.method)
        .collect();
    // The VM is read between the two writes: once for the missing answer, once for the new attempt.
    assert_eq!(
        methods,
        ["GET", "GET", "PATCH", "GET", "GET", "PATCH", "GET"]
    );
}

#[test]
fn when_the_last_reading_fails_what_was_written_is_still_said() {
    let (_folder, state) = sample_state();
    let lists = AtomicUsize::new(0);
    let azure = Azure::serve(state, None, move |asked, answer| {
        let is_list = asked.target.contains("/virtualMachines?");
        if is_list && lists.fetch_add(1, Ordering::SeqCst) > 0 {
            Response {
                status: 403,
                headers: Vec::new(),
                body: br#"{"error":{"code":"AuthorizationFailed","message":"no more"}}"#.to_vec(),
            }
        } else {
            answer()
        }
    });
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
        .run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert_snapshot!(format!("{}{}", outcomes(&ran), ran.stderr), @"
      ~ rg-dev/dev-vm-1   project-beta -> mine   done

    Applied: 1 step done.
    Could not check whether Azure matches sessions.toml.
    error: cannot list the VMs: Azure returned 403 AuthorizationFailed: no more
    help: ask for the role that this command requires (see azlin guide sign-in); a new role assignment takes a few minutes to take effect
    ");
}

#[test]
fn a_list_that_goes_round_in_a_circle_ends() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |asked, answer| {
        let whole = answer();
        let mut page = body(&whole);
        page["nextLink"] = json!(format!("http://{}{}", asked.host, asked.target));
        with_body(whole, &page)
    });
    let ran = azure.project("").run(&["plan"]);
    assert!(ran.stdout.contains("VMs may be missing from Azure's list: cannot list the VMs: Azure's list does not end: one of its pages links back to an earlier one"), "{ran}");
    assert_eq!(azure.asked().len(), 1);
}

#[test]
fn the_order_in_which_azure_answers_changes_no_byte() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(150)).unwrap();
    let file = "[sessions.rg-dev]\ndev-vm-1 = 'project-alpha'\ndev-vm-2 = 'project-beta'\nmissing = 'x'\n\
                [sessions.rg-ml]\ngpu-vm-1 = 'y'\ngpu-vm-3 = 'bert-training-run-1'\n";
    let planned = |turn: usize| {
        let azure = Azure::serve(state.clone(), None, move |_, answer| {
            let whole = answer();
            let mut page = body(&whole);
            let all = page["value"].as_array_mut().unwrap();
            let by = turn % all.len();
            all.rotate_left(by);
            if turn % 2 == 1 {
                all.reverse();
            }
            with_body(whole, &page)
        });
        let project = azure.project(file);
        let runs = ["text", "json", "markdown"]
            .map(|format| project.run(&["plan", "--format", format]).stdout);
        let (_, address) = azure.endpoint.split_once("//").unwrap();
        let text = runs
            .join("\n")
            .replace(address, "HERE")
            .replace(&address.replace('.', "&#46;").replace(':', "&#58;"), "HERE");
        // The file names the server, so its hash differs, and all that depends on it.
        text.lines()
            .filter(|line| !line.contains("_sha256") && !line.contains("digest"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let first = planned(0);
    for turn in [1, 2, 75, 149] {
        assert_eq!(planned(turn), first, "{turn}");
    }
}

#[test]
fn a_page_that_fails_and_a_group_that_is_forbidden_make_plan_and_apply_refuse() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(450)).unwrap();
    let forbidden = || Response {
        status: 403,
        headers: Vec::new(),
        body: br#"{"error":{"code":"AuthorizationFailed","message":"not yours"}}"#.to_vec(),
    };
    let azure = Azure::serve(state.clone(), None, move |asked, answer| {
        if asked.target.contains("skiptoken") {
            forbidden()
        } else {
            answer()
        }
    });
    let file = "[sessions.rg-dev]\ndev-vm-1 = 'mine'\n";
    let ran = azure.project(file).run(&["plan"]);
    assert_eq!(ran.code(), 4, "{ran}");
    assert_snapshot!(ran.stderr, @"
    error: VMs may be missing from Azure's list: cannot list the VMs: Azure returned 403 AuthorizationFailed: not yours
    help: fix the cause and run this again; use --allow-incomplete only if you know that no missing VM holds one of your names
    ");
    // No change is known, because azlin read nothing.
    assert_eq!(
        azure
            .project("")
            .run(&["plan", "--detailed-exitcode"])
            .code(),
        4
    );
    assert_eq!(
        azure.project(file).run(&["apply", "--auto-approve"]).code(),
        4
    );
    assert_eq!(
        azure
            .project(file)
            .run(&["plan", "--allow-incomplete"])
            .code(),
        0
    );

    let azure = Azure::serve(state, None, move |asked, answer| {
        if asked.target.contains("/rg-ml/") {
            forbidden()
        } else {
            answer()
        }
    });
    let project = azure.project(&format!("{file}[sessions.rg-ml]\n"));
    let text = std::fs::read_to_string(project.path().join("sessions.toml")).unwrap();
    let text = text.replace("[azure]", "[azure]\nscope = 'groups'") + "gpu-vm-1 = 'x'\n";
    std::fs::write(project.path().join("sessions.toml"), text).unwrap();
    let ran = project.run(&["plan"]);
    assert!(ran.stdout.contains("VMs may be missing"), "{ran}");
    assert_eq!(ran.code(), 4, "{ran}");
    assert!(ran.stderr.contains("--allow-incomplete"), "{ran}");
}

#[test]
fn an_incomplete_last_reading_is_no_proof() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(450)).unwrap();
    let pages = AtomicUsize::new(0);
    let azure = Azure::serve(state, None, move |asked, answer| {
        let is_page = asked.target.contains("/virtualMachines?");
        // The plan reads three pages. The second page of the last read is forbidden.
        if is_page && pages.fetch_add(1, Ordering::SeqCst) == 4 {
            Response {
                status: 403,
                headers: Vec::new(),
                body: br#"{"error":{"code":"AuthorizationFailed","message":"no more"}}"#.to_vec(),
            }
        } else {
            answer()
        }
    });
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-1 = 'mine'\n")
        .run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert!(
        ran.stdout
            .contains("Could not check whether Azure matches sessions.toml."),
        "{ran}"
    );
}

#[test]
fn session_and_owner_are_written_in_one_request_and_removed_in_two_and_nothing_else_is_named() {
    let mut fleet = vms(&[("rg/a", None), ("rg/b", Some("old"))]);
    fleet[0]["tags"] = json!({ "env": "dev", "team": "x" });
    fleet[1]["tags"]["AZLIN_OWNER"] = "us".into();
    fleet[1]["tags"]["env"] = "dev".into();
    let (_folder, state) = state(fleet);
    let azure = Azure::faithful(state);
    let project = azure.project("");
    let file = std::fs::read_to_string(project.path().join("sessions.toml")).unwrap();
    std::fs::write(
        project.path().join("sessions.toml"),
        format!("owner = 'us'\n{file}[sessions.rg]\na = 'db'\n"),
    )
    .unwrap();
    let ran = project.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let mut writes: Vec<String> = azure
        .asked()
        .iter()
        .filter(|asked| asked.method != "GET")
        .map(|asked| String::from_utf8(asked.body.clone()).unwrap())
        .collect();
    writes.sort();
    assert_snapshot!(writes.join("\n"), @r#"
    {"operation":"Delete","properties":{"tags":{"AZLIN_OWNER":"us"}}}
    {"operation":"Delete","properties":{"tags":{"azlin_session":"old"}}}
    {"operation":"Merge","properties":{"tags":{"azlin_owner":"us","azlin_session":"db"}}}
    "#);
}

#[test]
fn a_token_that_a_server_repeats_is_not_shown() {
    let (_folder, state) = sample_state();
    let azure = Azure::serve(state, None, |asked, _| {
        Response {
        status: 401,
        headers: Vec::new(),
        body: json!({ "error": { "code": "InvalidToken", "message": format!("bad: Bearer {}", asked.token) } })
            .to_string()
            .into_bytes(),
    }
    });
    let project = azure.project("");
    let record = project.path().join("traffic.ndjson");
    let output = project
        .command(&["plan"])
        .env("AZLIN_RECORD", &record)
        .output()
        .unwrap();
    let said =
        String::from_utf8(output.stderr).unwrap() + &std::fs::read_to_string(record).unwrap();
    assert!(
        said.contains("bad: Bearer [token]") && !said.contains("secret-token"),
        "{said}"
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
    // The server answers only when requests for three VMs' tags have arrived. Sequential requests would hang.
    let three = Arc::new(std::sync::Barrier::new(3));
    let first = AtomicUsize::new(0);
    let azure = Azure::threaded(state, move |asked, answer| {
        if asked.target.contains("/tags/default") && first.fetch_add(1, Ordering::SeqCst) < 3 {
            three.wait();
        }
        answer()
    });
    let file = (0..12).fold("[sessions.rg]\n".to_owned(), |file, n| {
        file + &format!("vm-{n:02} = 's-{n}'\n")
    });
    let ran = azure
        .project(&file)
        .run(&["apply", "--auto-approve", "--parallelism", "3"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(azure.most_at_once(), 3, "and never more than was asked for");
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
fn a_made_up_token_of_one_letter_spoils_no_record() {
    let (_folder, state) = sample_state();
    let azure = Azure::faithful(state);
    let project = azure.project("").with_env("AZURE_ACCESS_TOKEN", "t");
    let record = project.path().join("traffic.ndjson");
    let mut command = project.command(&["connect", "dev-vm-1", "--print"]);
    assert!(
        command
            .env("AZLIN_RECORD", &record)
            .output()
            .unwrap()
            .status
            .success()
    );
    for line in std::fs::read_to_string(record).unwrap().lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
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
    starting RG-ML/gpu-vm-2…
    error: cannot start RG-ML/gpu-vm-2: Azure returned 403 AuthorizationFailed: No right to start
    help: ask for the role that this command requires (see azlin guide sign-in); a new role assignment takes a few minutes to take effect
    ");
}
