//! `azlin tag`: the built binary on the sandbox.

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use azlin::sandbox::Response;
use azlin::text::is_unprintable;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::{Azure, body, with_body};
use support::{Project, vms};
use tempfile::TempDir;

/// A VM `rg/My-VM` with these tags, and `other/plain` without any.
fn project(tags: Value) -> Project {
    let project = Project::sandbox("");
    let mut fleet = vms(&[("rg/My-VM", None), ("other/plain", None)]);
    fleet[0]["tags"] = tags;
    project.set_fleet(fleet);
    project
}

/// The tags of the first VM in the sandbox's file.
fn tags(project: &Project) -> Value {
    project.fleet()["vms"][0]["tags"].clone()
}

#[test]
fn the_tags_are_listed_in_their_order() {
    let project =
        project(json!({ "env": "prod", "Cost": "CC 4711", "azlin_session": "web", "empty": "" }));
    assert_snapshot!(project.run(&["tag", "list", "my-vm"]), @"
    $ azlin tag list my-vm -> 0
    --- stdout
    Tags for My-VM:
      azlin_session: web
      Cost: CC 4711
      empty:
      env: prod
    ");
    assert_snapshot!(project.run(&["tag", "list", "plain"]), @"
    $ azlin tag list plain -> 0
    --- stdout
    plain has no tags
    ");
}

#[test]
fn tags_are_added_as_they_are_written_and_the_others_stay() {
    let project = project(json!({ "Env": "dev", "azlin_session": "web", "keep": "me" }));
    let arguments = [
        "tag",
        "add",
        "my-vm",
        "ENV=prod",
        "note=a = \"b\"",
        "cost-center=0815",
        "version=1.10",
        "empty=",
        "a.b=x y",
    ];
    assert_snapshot!(project.run(&arguments), @r#"
    $ azlin tag add my-vm ENV=prod note=a = "b" cost-center=0815 version=1.10 empty= a.b=x y -> 0
    --- stdout
    Tags for My-VM:
      a.b: x y
      azlin_session: web
      cost-center: 0815
      empty:
      Env: prod
      keep: me
      note: a = "b"
      version: 1.10
    "#);
    assert_eq!(
        tags(&project),
        json!({
            "Env": "prod", "azlin_session": "web", "keep": "me", "note": "a = \"b\"", "cost-center": "0815",
            "version": "1.10", "empty": "", "a.b": "x y",
        })
    );
}

#[test]
fn tags_are_removed_in_any_case_and_the_others_stay() {
    let project =
        project(json!({ "Env": "dev", "azlin_session": "web", "keep": "me", "empty": "" }));
    assert_snapshot!(project.run(&["tag", "remove", "rg/my-vm", "ENV", "empty"]), @"
    $ azlin tag remove rg/my-vm ENV empty -> 0
    --- stdout
    Tags for My-VM:
      azlin_session: web
      keep: me
    ");
    assert_eq!(
        tags(&project),
        json!({ "azlin_session": "web", "keep": "me" })
    );
}

#[test]
fn a_key_that_is_not_there_removes_nothing() {
    let project = project(json!({ "Cost-Center": "1", "env": "dev" }));
    assert_snapshot!(project.run(&["tag", "remove", "my-vm", "env", "cost-centre"]), @"
    $ azlin tag remove my-vm env cost-centre -> 1
    --- stderr
    error: RG/My-VM has no tag `cost-centre`; nothing was removed
    help: did you mean `Cost-Center`?
    ");
    assert_snapshot!(project.run(&["tag", "remove", "my-vm", "zzz"]).stderr, @"
    error: RG/My-VM has no tag `zzz`; nothing was removed
    help: list its tags with azlin tag list VM
    ");
    assert_eq!(tags(&project), json!({ "Cost-Center": "1", "env": "dev" }));
}

#[test]
fn the_tags_of_sessions_are_left_to_session() {
    let project = project(json!({ "azlin_session": "web", "azlin_owner": "us" }));
    assert_snapshot!(project.run(&["tag", "add", "my-vm", "x=1", "Azlin_Session=db"]), @"
    $ azlin tag add my-vm x=1 Azlin_Session=db -> 1
    --- stderr
    error: azlin tag cannot change `Azlin_Session`: azlin session manages it
    help: set the session with azlin session VM NAME, or remove it with azlin session VM --clear
    ");
    for arguments in [
        &["tag", "add", "my-vm", "AZLIN_OWNER=me"][..],
        &["tag", "remove", "my-vm", "azlin_session"],
        &["tag", "remove", "my-vm", "azlin_Owner"],
    ] {
        let ran = project.run(arguments);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(ran.stderr.contains("azlin session manages it"), "{ran}");
    }
    assert_eq!(
        tags(&project),
        json!({ "azlin_session": "web", "azlin_owner": "us" })
    );

    let file = "[azure]\ncloud = 'sandbox'\ntag = 'my-session'\n";
    let other = Project::new(file).with_fleet(&[("rg/vm", None)]);
    assert_eq!(other.run(&["tag", "add", "vm", "My-Session=x"]).code(), 1);
    assert_eq!(
        other.run(&["tag", "add", "vm", "azlin_session=x"]).code(),
        0
    );
}

#[test]
fn what_is_wrong_is_told_before_anything_is_written() {
    let project = project(json!({ "env": "dev" }));
    let long = format!("k={}", "x".repeat(257));
    let long_key = format!("{}=v", "k".repeat(513));
    assert_snapshot!(project.run(&["tag", "add", "my-vm", "a=1", "novalue"]), @"
    $ azlin tag add my-vm a=1 novalue -> 1
    --- stderr
    error: invalid tag `novalue`: it has no `=`
    help: write KEY=VALUE, in quotes if it contains spaces: 'team=data platform'
    ");
    assert_snapshot!(project.run(&["tag", "add", "my-vm", "a=1", "A=2"]), @"
    $ azlin tag add my-vm a=1 A=2 -> 1
    --- stderr
    error: `A` appears twice: tag keys are not case-sensitive
    help: name each key once; nothing was written
    ");
    assert_snapshot!(project.run(&["tag", "add", "my-vm", "a/b=1"]).stderr, @r"
    error: invalid tag key `a/b`: it cannot contain `/`
    help: choose another key: Azure allows at most 512 characters, and no `<`, `>`, `%`, `&`, `\`, `?` or `/`
    ");
    assert_snapshot!(project.run(&["tag", "add", "my-vm", "=1"]).stderr, @r"
    error: invalid tag key ``: it cannot be empty
    help: choose another key: Azure allows at most 512 characters, and no `<`, `>`, `%`, `&`, `\`, `?` or `/`
    ");
    assert_snapshot!(project.run(&["tag", "add", "my-vm", &long]).stderr, @"
    error: the value of `k` has 257 characters: Azure allows at most 256
    help: shorten it, or split it into several tags
    ");
    assert_snapshot!(project.run(&["tag", "add", "my-vm", &long_key]).stderr, @r"
    error: invalid tag key `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…`: it cannot have more than 512 characters (this one has 513)
    help: choose another key: Azure allows at most 512 characters, and no `<`, `>`, `%`, `&`, `\`, `?` or `/`
    ");
    assert_snapshot!(project.run(&["tag", "remove", "my-vm", "env", "ENV"]).stderr, @"
    error: `ENV` appears twice: tag keys are not case-sensitive
    help: name each key once; nothing was written
    ");
    assert_eq!(tags(&project), json!({ "env": "dev" }));
    for arguments in [
        &["tag"][..],
        &["tag", "add", "my-vm"],
        &["tag", "remove", "my-vm"],
        &["tag", "list"],
    ] {
        assert_eq!(project.run(arguments).code(), 1, "{arguments:?}");
    }
}

#[test]
fn a_tag_too_many_is_told_before_the_request() {
    let many: serde_json::Map<String, Value> =
        (0..49).map(|n| (format!("k{n}"), json!("v"))).collect();
    let project = project(Value::Object(many));
    assert_snapshot!(project.run(&["tag", "add", "my-vm", "k0=w", "new1=x", "new2=x"]), @"
    $ azlin tag add my-vm k0=w new1=x new2=x -> 1
    --- stderr
    error: cannot add 2 tags to RG/My-VM: it has 49, and Azure allows at most 50
    help: remove some first: azlin tag remove VM KEY
    ");
    assert_eq!(tags(&project)["k0"], "v");
    assert_eq!(project.run(&["tag", "add", "my-vm", "new1=x"]).code(), 0);
    assert_eq!(
        project
            .run(&["tag", "add", "my-vm", "new1=y", "K0=z"])
            .code(),
        0
    );
    assert_eq!(tags(&project)["k0"], "z");
}

#[test]
fn the_vm_is_found_by_its_own_name_in_any_case() {
    let fleet = [
        ("rg-a/vm", Some("web")),
        ("rg-b/vm", None),
        ("rg-b/dev-vm-1", Some("db")),
    ];
    let project = Project::sandbox("").with_fleet(&fleet);
    let said = |arguments: &[&str]| {
        let ran = project.run(arguments);
        assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
        ran.stderr
    };
    assert_snapshot!(said(&["tag", "list", "vm"]), @"
    error: `vm` is the name of 2 VMs:
      RG-A/vm
      RG-B/vm
    help: use GROUP/VM, as listed above
    ");
    assert_snapshot!(said(&["tag", "list", "dev-vm-2"]), @"
    error: no VM is named `dev-vm-2` (searched 3 VMs)
    help: did you mean RG-B/dev-vm-1?
    ");
    assert_snapshot!(said(&["tag", "list", "rg-a/dev-vm-1"]), @"
    error: no VM is named `rg-a/dev-vm-1` (searched 1 VM)
    help: did you mean RG-B/dev-vm-1?
    ");
    assert_snapshot!(said(&["tag", "list", "web"]), @"
    error: no VM is named `web` (searched 3 VMs)
    help: use RG-A/vm, which holds the session of that name
    ");
    assert_snapshot!(said(&["tag", "list", "dev-vm-1", "--rg", "rg-a"]), @"
    error: no VM is named `dev-vm-1` (searched 1 VM in resource group rg-a)
    help: `dev-vm-1` is in another resource group: use --rg RG-B
    ");
    assert_snapshot!(said(&["tag", "list", "vm", "--rg", "nowhere"]), @"
    error: no VM is named `vm` (searched 0 VMs in resource group nowhere)
    help: did you mean RG-A/vm or RG-B/vm?
    ");
    for found in [
        &["tag", "list", "VM", "--rg", "RG-A"][..],
        &["tag", "list", "Rg-A/Vm"],
        &["tag", "list", "rg-a/vm", "--resource-group", "rg-a"],
    ] {
        let ran = project.run(found);
        assert_eq!(ran.stdout, "Tags for vm:\n  azlin_session: web\n", "{ran}");
    }
}

const HOSTILE: [&str; 7] = [
    "-oProxyCommand=touch /tmp/x",
    "$(id)",
    "a;b",
    "a\nb",
    "\u{1b}[2J\u{1b}]0;x\u{7}",
    "\u{202e}x",
    "../../providers/x?y#z",
];

fn is_still(ran: &support::Ran) -> bool {
    !format!("{}{}", ran.stdout, ran.stderr).contains(|c| c != '\n' && is_unprintable(c))
}

#[test]
fn a_hostile_word_is_only_ever_text() {
    let long = "x".repeat(300);
    for word in HOSTILE.into_iter().chain([long.as_str()]) {
        let project = project(json!({ "env": "dev" }));
        let pair = format!("{word}=v");
        for (arguments, code) in [
            (&["tag", "list", "--", word][..], 1),
            (&["tag", "list", "my-vm", "--rg", word], 1),
            (&["tag", "add", "--", word, "a=b"], 1),
            (&["tag", "remove", "my-vm", "--", word], 1),
            (
                &["tag", "add", "my-vm", "--", word],
                i32::from(!word.contains('=')),
            ),
        ] {
            let ran = project.run(arguments);
            assert_eq!(ran.code(), code, "{ran}");
            assert!(is_still(&ran), "{ran}");
            assert!(
                code == 0 || ran.stderr.contains("help: ") || ran.stderr.contains("try '--help'"),
                "{ran}"
            );
        }
        let ran = project.run(&["tag", "add", "my-vm", "--", &pair]);
        assert!(is_still(&ran), "{ran}");
        let value = format!("key={word}");
        let ran = project.run(&["tag", "add", "my-vm", &value]);
        assert!(is_still(&ran), "{ran}");
        assert_eq!(ran.code(), i32::from(word.len() > 256), "{ran}");
        if ran.code() == 0 {
            assert_eq!(tags(&project)["key"], word, "kept exactly");
        }
    }
    assert_snapshot!(project(json!({})).run(&["tag", "list", "\u{202e}x"]).stderr, @r"
    error: no VM is named `\u{202e}x` (searched 2 VMs)
    help: list the VMs with azlin list --all
    ");
    let shown = project(json!({ "key": "a\\b\n\u{1b}[2J" }));
    assert_snapshot!(shown.run(&["tag", "list", "my-vm"]).stdout, @r"
    Tags for My-VM:
      key: a\b\n\u{1b}[2J
    ");
}

/// An Azure on `rg/vm` with the tag `env = dev`, behind `hook`.
fn azure(
    folder: &TempDir,
    hook: impl Fn(&support::azure::Asked, &mut dyn FnMut() -> Response) -> Response
    + Send
    + Sync
    + 'static,
) -> Azure {
    let state = folder.path().join("sandbox.json");
    let mut fleet = vms(&[("rg/vm", None)]);
    fleet[0]["tags"] = json!({ "Env": "dev", "other": "x" });
    std::fs::write(&state, json!({ "format": 1, "vms": fleet }).to_string()).unwrap();
    Azure::serve(state, None, hook)
}

/// The requests, each as its method and the end of its path, and the bodies of the writes.
fn requests(azure: &Azure) -> (Vec<String>, Vec<Value>) {
    let asked = azure.asked();
    let line = |asked: &support::azure::Asked| {
        let path = asked.target.split('?').next().unwrap_or_default();
        format!(
            "{} {}",
            asked.method,
            path.rsplit('/').next().unwrap_or_default()
        )
    };
    let writes = asked.iter().filter(|asked| asked.method == "PATCH");
    let writes = writes.map(|asked| serde_json::from_slice(&asked.body).unwrap());
    (asked.iter().map(line).collect(), writes.collect())
}

#[test]
fn several_tags_cost_one_write_of_what_was_named() {
    let folder = TempDir::new().unwrap();
    let azure = azure(&folder, |_, answer| answer());
    let project = azure.project("");
    let ran = project.run(&["tag", "add", "vm", "env=prod", "a=1", "b=2", "other=x"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let (asked, writes) = requests(&azure);
    assert_eq!(
        asked,
        ["GET virtualMachines", "GET default", "PATCH default"]
    );
    let tags = json!({ "Env": "prod", "a": "1", "b": "2" });
    assert_eq!(
        writes,
        [json!({ "operation": "Merge", "properties": { "tags": tags } })]
    );

    let ran = project.run(&["tag", "remove", "vm", "ENV", "a"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let (asked, writes) = requests(&azure);
    assert_eq!(
        asked[3..],
        ["GET virtualMachines", "GET default", "PATCH default"]
    );
    let tags = json!({ "Env": "prod", "a": "1" });
    assert_eq!(
        writes[1],
        json!({ "operation": "Delete", "properties": { "tags": tags } })
    );

    assert_eq!(project.run(&["tag", "add", "vm", "b=2"]).code(), 0);
    assert_eq!(
        requests(&azure).0[6..],
        ["GET virtualMachines", "GET default"],
        "it is so already"
    );
    assert_eq!(project.run(&["tag", "list", "vm", "--rg", "rg"]).code(), 0);
    let list = azure.asked().last().unwrap().target.clone();
    assert!(
        list.contains("/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines?"),
        "{list}"
    );
}

#[test]
fn what_a_policy_makes_of_it_is_an_error() {
    let altered = |request: &'static [&'static str], tags: Value| {
        let folder = TempDir::new().unwrap();
        let azure = azure(&folder, move |asked, answer| {
            let response = answer();
            if asked.method != "PATCH" {
                return response;
            }
            let mut resource = body(&response);
            resource["properties"]["tags"] = tags.clone();
            with_body(response, &resource)
        });
        let ran = azure.project("").run(request);
        assert_eq!((ran.code(), ran.stdout.as_str()), (5, ""), "{ran}");
        ran.stderr
    };
    let add = &["tag", "add", "vm", "env=prod", "new=x"];
    assert_snapshot!(altered(add, json!({ "Env": "PROD\u{1b}", "new": "x" })), @r"
    error: Azure accepted the change, but `env` on RG/vm is `PROD\u{1b}` now
    help: check the tags with azlin tag list VM: a policy or another user may have changed this one
    ");
    assert_snapshot!(altered(add, json!({ "Env": "prod" })), @"
    error: Azure accepted the change, but `new` is not on RG/vm now
    help: check the tags with azlin tag list VM: a policy or another user may have changed this one
    ");
    assert_snapshot!(altered(&["tag", "remove", "vm", "env"], json!({ "Env": "" })), @"
    error: Azure accepted the change, but `env` on RG/vm is empty now
    help: check the tags with azlin tag list VM: a policy or another user may have changed this one
    ");
    // Tags that were not named may have any value.
    let folder = TempDir::new().unwrap();
    let azure = azure(&folder, |asked, answer| {
        let response = answer();
        if asked.method != "PATCH" {
            return response;
        }
        let mut resource = body(&response);
        resource["properties"]["tags"]["added-by"] = "policy".into();
        with_body(response, &resource)
    });
    let ran = azure.project("").run(add);
    assert_snapshot!(ran, @"
    $ azlin tag add vm env=prod new=x -> 0
    --- stdout
    Tags for vm:
      added-by: policy
      Env: prod
      new: x
      other: x
    ");
}

/// The answer of an Azure that throttles requests, or that fails after the write.
fn busy(status: u16) -> Response {
    let body = br#"{"error":{"code":"Busy","message":"again"}}"#.to_vec();
    Response {
        status,
        headers: Vec::new(),
        body,
    }
}

#[test]
fn a_failure_that_passes_is_tried_again_from_the_reading_on() {
    let folder = TempDir::new().unwrap();
    let writes = AtomicUsize::new(0);
    let azure = azure(&folder, move |asked, answer| {
        if asked.method == "PATCH" && writes.fetch_add(1, Ordering::SeqCst) == 0 {
            return busy(503);
        }
        answer()
    });
    let ran = azure.project("").run(&["tag", "add", "vm", "env=prod"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let asked = requests(&azure).0;
    let again = [
        "GET default",
        "PATCH default",
        "GET default",
        "PATCH default",
    ];
    assert_eq!(asked[1..], again);
}

#[test]
fn a_removal_that_arrived_without_an_answer_is_done() {
    let folder = TempDir::new().unwrap();
    let first = Mutex::new(true);
    let azure = azure(&folder, move |asked, answer| {
        let response = answer();
        if asked.method == "PATCH" && std::mem::take(&mut *first.lock().unwrap()) {
            return busy(500);
        }
        response
    });
    let ran = azure.project("").run(&["tag", "remove", "vm", "env"]);
    assert_snapshot!(ran, @"
    $ azlin tag remove vm env -> 0
    --- stdout
    Tags for vm:
      other: x
    ");
    assert_eq!(requests(&azure).1.len(), 1, "it is not sent again");
}

#[test]
fn a_write_that_is_only_accepted_is_looked_after() {
    let folder = TempDir::new().unwrap();
    let azure = azure(&folder, |asked, answer| {
        let mut response = answer();
        if asked.method == "PATCH" {
            response.status = 202;
        }
        response
    });
    let ran = azure.project("").run(&["tag", "add", "vm", "env=prod"]);
    assert_eq!(
        ran.stdout, "Tags for vm:\n  Env: prod\n  other: x\n",
        "{ran}"
    );
    let asked = requests(&azure).0;
    assert_eq!(
        asked[1..],
        ["GET default", "PATCH default", "GET default"],
        "what it has become is read"
    );
}

#[test]
fn a_refusal_is_final_and_names_the_way_out() {
    let project = project(json!({ "env": "dev" }));
    let mut fleet = project.fleet()["vms"].as_array().unwrap().clone();
    fleet[0]["lock"] = true.into();
    project.set_fleet(fleet);
    let ran = project.run(&["tag", "add", "my-vm", "env=prod"]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
    assert!(ran.stderr.contains("ScopeLocked"), "{ran}");
    assert!(ran.stderr.contains("help: remove the lock"), "{ran}");
}
