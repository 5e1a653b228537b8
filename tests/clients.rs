//! azlin and Microsoft's SDK for Python on the same Azure, over `azlin sandbox serve`.
//!
//! The tests require that SDK. The Azure CLI, which is built on it, cannot take part: it sends its token only over https,
//! whatever `az cloud register` says.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use serde_json::{Map, Value, json};
use support::sdk::Sdk;
use support::server::Server;
use support::{Project, Ran};

/// One Azure and its two clients.
struct Both {
    azlin: Project,
    sdk: Sdk,
    _server: Server,
    _served: Project,
}

impl Both {
    /// Serves the fleet of `served` in pages of two, to a file that continues with `rest`.
    fn on(served: Project, rest: &str) -> Option<Self> {
        let server = Server::of(&served, &["--page-size", "2"]);
        Some(Self {
            azlin: server.project(rest),
            sdk: Sdk::at(&server.endpoint)?,
            _server: server,
            _served: served,
        })
    }

    /// Serves the standard fleet.
    fn new(rest: &str) -> Option<Self> {
        Self::on(Project::sandbox(""), rest)
    }

    fn runs(&self, arguments: &[&str]) -> Ran {
        let ran = self.azlin.run(arguments);
        assert_eq!(ran.code(), 0, "{ran}");
        ran
    }

    /// The VMs in `azlin list`.
    fn listed(&self) -> Vec<Value> {
        let ran = self.runs(&["list", "--all", "--format", "json"]);
        let listed: Value = serde_json::from_str(&ran.stdout).unwrap();
        listed["vms"].as_array().unwrap().clone()
    }

    /// The VM named `name` in `azlin list`.
    fn sees(&self, name: &str) -> Value {
        let mut listed = self.listed().into_iter();
        listed.find(|vm| vm["name"] == name).unwrap()
    }

    /// The SDK's list: the tags of each VM.
    fn tags(&mut self) -> Map<String, Value> {
        let tags = "{vm.name: dict(vm.tags or {}) for vm in compute.virtual_machines.list_all()}";
        self.sdk.says(tags).as_object().unwrap().clone()
    }
}

/// An id for comparison, because Azure's answers differ in its casing.
fn same(id: &Value) -> String {
    id.as_str().unwrap().to_lowercase()
}

#[test]
fn the_sdk_reads_what_azlin_sets_and_finds_all_other_tags_as_they_were() {
    let Some(mut both) = Both::new(
        "owner = 'platform-team'\n[sessions.rg-dev]\ndev-vm-1 = 'atlas'\ndev-vm-2 = 'project-beta'\n",
    ) else {
        return;
    };
    let mut expected = both.tags();
    both.runs(&["apply", "--auto-approve"]);
    both.runs(&["session", "gpu-vm-2", "by-hand"]);
    both.runs(&["session", "gpu-vm-4", "--clear"]);
    both.runs(&["tag", "add", "dev-vm-4", "note=two words", "größe=Ü"]);
    for (vm, tag, value) in [
        ("dev-vm-1", "azlin_session", "atlas"),
        ("dev-vm-1", "azlin_owner", "platform-team"),
        ("dev-vm-2", "azlin_session", "project-beta"),
        ("dev-vm-2", "azlin_owner", "platform-team"),
        ("gpu-vm-2", "azlin_session", "by-hand"),
        ("dev-vm-4", "note", "two words"),
        ("dev-vm-4", "größe", "Ü"),
    ] {
        expected[vm][tag] = value.into();
    }
    expected["gpu-vm-4"] = json!({});
    assert_eq!(both.tags(), expected);
    let read = &mut both.sdk;
    let atlas = &expected["dev-vm-1"];
    assert_eq!(&read.says("tags('RG-dev/DEV-vm-1')"), atlas);
    let one =
        "dict(compute.virtual_machines.get('rg-dev', 'dev-vm-1', expand='instanceView').tags)";
    assert_eq!(&read.says(one), atlas);
    let group = "[dict(vm.tags) for vm in compute.virtual_machines.list('rg-dev')]";
    assert_eq!(&read.says(group)[0], atlas);
}

#[test]
fn azlin_reads_what_the_sdk_writes() {
    let file = "[sessions.rg-dev]\ndev-vm-2 = 'declared'\n";
    let Some(mut both) = Both::new(file) else {
        return;
    };
    both.sdk
        .says("patch('rg-dev/dev-vm-2', 'Merge', {'Azlin_Session': 'Two words', 'Team': 'é'})");
    assert_snapshot!(both.runs(&["session", "dev-vm-2"]), @"
    $ azlin session dev-vm-2 -> 0
    --- stdout
    Session name for dev-vm-2: Two words

    --- stderr
    note: sessions.toml assigns declared to this VM, and the next apply will set it
    ");
    let plan = both.runs(&["plan"]);
    let change = "~ rg-dev/dev-vm-2   Two words -> declared\n";
    assert!(plan.stdout.contains(change), "{plan}");
    let seen = both.sees("dev-vm-2");
    assert_eq!(seen["session"], "Two words");
    assert_eq!(
        seen["tags"],
        json!({"Azlin_Session": "Two words", "Team": "é"})
    );

    // A write in another casing changes the existing tag.
    both.runs(&["apply", "--auto-approve"]);
    let tags = both.sdk.says("tags('rg-dev/dev-vm-2')");
    assert_eq!(tags, json!({"Azlin_Session": "declared", "Team": "é"}));

    both.sdk
        .says("patch('rg-dev/dev-vm-2', 'Delete', {'AZLIN_SESSION': 'another value'})");
    assert_eq!(both.sees("dev-vm-2")["session"], "declared");
    both.sdk
        .says("patch('rg-dev/dev-vm-2', 'Delete', {'AZLIN_SESSION': 'declared'})");
    assert_eq!(both.sees("dev-vm-2")["session"], Value::Null);
    assert_eq!(both.azlin.run(&["plan", "--detailed-exitcode"]).code(), 2);

    both.sdk
        .says("patch('rg-dev/dev-vm-2', 'Replace', {'azlin_session': 'declared'})");
    assert_eq!(both.azlin.run(&["plan", "--detailed-exitcode"]).code(), 0);
    let tags = json!({"azlin_session": "declared"});
    assert_eq!(both.sees("dev-vm-2")["tags"], tags);
}

#[test]
fn a_vm_that_one_of_them_starts_runs_for_the_other() {
    let Some(mut both) = Both::new("") else {
        return;
    };
    let (deallocated, stopped) = (both.sees("gpu-vm-2"), both.sees("gpu-vm-4"));
    assert_eq!(deallocated["status"], "deallocated");
    assert_eq!(
        deallocated["public_ips"],
        json!([]),
        "a dynamic address is released"
    );
    assert_eq!(stopped["status"], "stopped");
    let power = |sdk: &mut Sdk, vm| sdk.says(&format!("power('rg-ml/{vm}')"));
    assert_eq!(
        power(&mut both.sdk, "gpu-vm-2"),
        json!(["PowerState/deallocated"])
    );
    assert_eq!(
        power(&mut both.sdk, "gpu-vm-4"),
        json!(["PowerState/stopped"])
    );

    assert_eq!(both.sdk.says("start('rg-ml/gpu-vm-2')"), "Succeeded");
    let started = both.sees("gpu-vm-2");
    assert_eq!(started["status"], "running");
    assert_eq!(started["public_ips"], json!(["203.0.113.22"]));

    both.runs(&["connect", "gpu-vm-4", "--start", "--print"]);
    assert_eq!(
        power(&mut both.sdk, "gpu-vm-4"),
        json!(["PowerState/running"])
    );
}

#[test]
fn interfaces_and_public_addresses_join_to_the_addresses_that_azlin_lists() {
    let Some(mut both) = Both::new("") else {
        return;
    };
    let ips = both
        .sdk
        .says("[[ip.id, ip.ip_address] for ip in network.public_ip_addresses.list_all()]");
    let address = |id: &Value| {
        let mut ips = ips.as_array().unwrap().iter();
        ips.find(|ip| same(&ip[0]) == same(id)).unwrap()[1].clone()
    };
    let interfaces = both.sdk.says(
        "[[nic.virtual_machine.id, ip.private_ip_address, ip.public_ip_address and ip.public_ip_address.id] \
         for nic in network.network_interfaces.list_all() for ip in nic.ip_configurations]",
    );
    let mut joined = BTreeMap::new();
    for interface in interfaces.as_array().unwrap() {
        let addresses: &mut BTreeSet<_> = joined.entry(same(&interface[0])).or_default();
        let public = match &interface[2] {
            Value::Null => Value::Null,
            id => address(id),
        };
        let both = [interface[1].clone(), public].into_iter();
        addresses.extend(both.filter_map(|ip| Some(ip.as_str()?.to_owned())));
    }
    let mut listed = BTreeMap::new();
    for vm in both.listed() {
        let ips = ["public_ips", "private_ips"].map(|ips| vm[ips].as_array().unwrap().clone());
        let ips = ips.concat().into_iter();
        let ips: BTreeSet<_> = ips.map(|ip| ip.as_str().unwrap().to_owned()).collect();
        listed.insert(same(&vm["id"]), ips);
    }
    assert_eq!(joined, listed);
    assert_eq!(
        listed.values().map(BTreeSet::len).max(),
        Some(3),
        "the fleet tests the join"
    );
}

#[test]
fn the_sdk_follows_the_pages_of_every_list() {
    let Some(mut both) = Both::new("") else {
        return;
    };
    for (list, pages) in [
        ("compute.virtual_machines.list_all()", vec![2, 2, 2, 2]),
        (
            "compute.virtual_machines.list_all(status_only='true')",
            vec![2, 2, 2, 2],
        ),
        ("compute.virtual_machines.list('rg-ml')", vec![2, 2]),
        ("network.network_interfaces.list_all()", vec![2, 2, 2, 2, 1]),
        ("network.network_interfaces.list('rg-dev')", vec![2, 2, 1]),
        ("network.public_ip_addresses.list_all()", vec![2, 2, 1]),
        ("network.public_ip_addresses.list('rg-ml')", vec![2, 1]),
    ] {
        assert_eq!(
            both.sdk.says(&format!("pages({list})")),
            json!(pages),
            "{list}"
        );
    }
    let all = both
        .sdk
        .says("[vm.id for vm in compute.virtual_machines.list_all()]");
    let all: Vec<_> = all.as_array().unwrap().iter().map(same).collect();
    let listed: Vec<_> = both.listed().iter().map(|vm| same(&vm["id"])).collect();
    assert_eq!(all, listed);
}

#[test]
fn a_refusal_reaches_the_sdk_with_its_code() {
    let served = Project::sandbox("");
    let mut fleet = support::vms(&[("rg/vm", None), ("rg/locked", None)]);
    fleet[1]["lock"] = true.into();
    served.set_fleet(fleet);
    let Some(mut both) = Both::on(served, "") else {
        return;
    };
    for (asked, refusal) in [
        (
            "compute.virtual_machines.get('rg', 'other')",
            "ResourceNotFoundError 404 ResourceNotFound",
        ),
        (
            "tags('rg/other')",
            "ResourceNotFoundError 404 ResourceNotFound",
        ),
        (
            "start('rg/other')",
            "ResourceNotFoundError 404 ResourceNotFound",
        ),
        (
            "list(compute.virtual_machines.list('other'))",
            "ResourceNotFoundError 404 ResourceGroupNotFound",
        ),
        (
            "list(network.network_interfaces.list('other'))",
            "ResourceNotFoundError 404 ResourceGroupNotFound",
        ),
        (
            "list(elsewhere('11111111-1111-4111-8111-111111111111').virtual_machines.list_all())",
            "ResourceNotFoundError 404 SubscriptionNotFound",
        ),
        (
            "list(elsewhere('mine').virtual_machines.list_all())",
            "HttpResponseError 400 InvalidSubscriptionId",
        ),
        (
            "list(signed_out.virtual_machines.list_all())",
            "ClientAuthenticationError 401 AuthenticationFailed",
        ),
        (
            "patch('rg/locked', 'Merge', {'azlin_session': 'a'})",
            "ResourceExistsError 409 ScopeLocked",
        ),
        ("start('rg/locked')", "ResourceExistsError 409 ScopeLocked"),
        (
            "patch('rg/vm', 'Merge', {'a/b': 'c'})",
            "HttpResponseError 400 InvalidTagNameCharacters",
        ),
        (
            "patch('rg/vm', 'Merge', {'a': 257 * 'c'})",
            "HttpResponseError 400 InvalidTagValueLength",
        ),
        (
            "patch('rg/vm', 'Merge', {str(n): 'c' for n in range(51)})",
            "HttpResponseError 400 TooManyTags",
        ),
        (
            "patch('rg/vm', 'Add', {'a': 'b'})",
            "HttpResponseError 400 InvalidRequestContent",
        ),
    ] {
        assert_eq!(both.sdk.refuses(asked), refusal, "{asked}");
    }
    assert_snapshot!(both.azlin.run(&["session", "locked", "a"]), @"
    $ azlin session locked a -> 1
    --- stderr
    error: cannot write the tags of RG/locked: blocked by a lock on `locked`, scope /subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/locked (409 ScopeLocked)
    help: remove the lock, or ask whoever set it to remove it
    ");
}
