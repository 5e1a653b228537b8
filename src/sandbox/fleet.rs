//! The fleet: everything that the sandbox knows about each VM, and its file format.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::guid::{self, Guid};
use super::subscriptions::DEFAULT;
use super::tag_set::TagSet;

/// The version of the file format. The sandbox rejects a file with another version.
const FORMAT: u32 = 1;

/// One VM, as compact as possible: the sandbox derives interfaces, disks and the rest of Azure's answers from it. Only the name
/// and the group are required, so that a person can write the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Vm {
    pub(super) name: Box<str>,
    pub(super) group: Box<str>,
    #[serde(
        default = "default_subscription",
        skip_serializing_if = "is_default_subscription"
    )]
    pub(super) subscription: Guid,
    #[serde(default = "default_location")]
    pub(super) location: Box<str>,
    /// The machine's id. A re-created VM with the same name has a new one. Derived from subscription, group and name if the file
    /// has none.
    #[serde(default)]
    pub(super) vm_id: Guid,
    #[serde(default)]
    pub(super) os: Os,
    #[serde(default)]
    pub(super) power: Power,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) private_ip: Option<Ipv4Addr>,
    /// A dynamic address. Azure releases it while the VM is deallocated; the public IP object stays, without an `ipAddress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) public_ip: Option<Ipv4Addr>,
    /// A second network interface, which is not the primary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) second_private_ip: Option<Ipv4Addr>,
    /// A ReadOnly management lock on the VM.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) lock: bool,
    #[serde(default, skip_serializing_if = "TagSet::is_empty")]
    pub(super) tags: TagSet,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Os {
    #[default]
    Linux,
    Windows,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Power {
    #[default]
    Running,
    Deallocated,
    Stopped,
    Starting,
}

fn default_subscription() -> Guid {
    DEFAULT
}

fn is_default_subscription(id: &Guid) -> bool {
    *id == DEFAULT
}

fn default_location() -> Box<str> {
    "eastus".into()
}

/// Subscriptions, resource groups and the VMs in them, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fleet {
    /// Subscriptions that exist even without a VM. The default one, and those of the VMs, exist anyway.
    pub(super) subscriptions: Vec<Guid>,
    /// Groups of the default subscription that exist even without a VM. Those of the VMs exist anyway.
    pub(super) groups: Vec<Box<str>>,
    pub(super) vms: Vec<Vm>,
}

impl Fleet {
    /// The fleet in the text of a file, or the error in the text.
    pub(super) fn read(text: &[u8]) -> Result<Fleet, String> {
        #[derive(Deserialize)]
        struct Document {
            #[serde(default = "current_format")]
            format: u32,
            #[serde(default)]
            subscriptions: Vec<Guid>,
            #[serde(default)]
            groups: Vec<Box<str>>,
            vms: Vec<Vm>,
        }
        fn current_format() -> u32 {
            FORMAT
        }

        let document: Document = serde_json::from_slice(text).map_err(|e| e.to_string())?;
        if document.format != FORMAT {
            let format = document.format;
            return Err(format!(
                "unsupported format {format}; this azlin reads format {FORMAT}"
            ));
        }
        let mut fleet = Fleet {
            subscriptions: document.subscriptions,
            groups: document.groups,
            vms: document.vms,
        };
        let mut seen = HashSet::with_capacity(fleet.vms.len());
        for vm in &mut fleet.vms {
            for part in [&vm.name, &vm.group, &vm.location] {
                if !is_plain(part) {
                    let shown = part.escape_debug();
                    return Err(format!("invalid Azure name `{shown}`"));
                }
            }
            let key = format!("{}/{}", vm.group, vm.name).to_lowercase();
            if vm.vm_id.is_nil() {
                vm.vm_id = derived_vm_id(vm.subscription, &key);
            }
            if !seen.insert((vm.subscription, key)) {
                let twice = format!("duplicate VM {}/{}", vm.group, vm.name);
                return Err(match vm.subscription {
                    DEFAULT => twice,
                    other => format!("{twice} in subscription {other}"),
                });
            }
        }
        fleet.vms.shrink_to_fit();
        Ok(fleet)
    }

    /// Writes the fleet with one VM on each line, so that a diff shows which VM changed.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "{{\n  \"format\": {FORMAT},\n")?;
        if !self.subscriptions.is_empty() {
            write!(out, "  \"subscriptions\": ")?;
            serde_json::to_writer(&mut *out, &self.subscriptions)?;
            writeln!(out, ",")?;
        }
        write!(out, "  \"groups\": ")?;
        serde_json::to_writer(&mut *out, &self.groups)?;
        write!(out, ",\n  \"vms\": [")?;
        for (position, vm) in self.vms.iter().enumerate() {
            out.write_all(if position == 0 { b"\n    " } else { b",\n    " })?;
            serde_json::to_writer(&mut *out, vm)?;
        }
        write!(out, "\n  ]\n}}\n")
    }

    pub(super) fn has_subscription(&self, id: Guid) -> bool {
        id == DEFAULT
            || self.subscriptions.contains(&id)
            || self.vms.iter().any(|vm| vm.subscription == id)
    }

    /// Every subscription once: the default one, then the others by id.
    pub(super) fn all_subscriptions(&self) -> Vec<Guid> {
        let of_vms = self.vms.iter().map(|vm| vm.subscription);
        let all = self.subscriptions.iter().copied().chain(of_vms);
        let others: BTreeSet<Guid> = all.filter(|id| *id != DEFAULT).collect();
        [DEFAULT].into_iter().chain(others).collect()
    }

    pub(super) fn has_group(&self, subscription: Guid, group: &str) -> bool {
        let of_default = self.groups.iter().filter(|_| subscription == DEFAULT);
        let of_vms = self.in_scope(subscription, "").map(|vm| &vm.group);
        let mut groups = of_default.chain(of_vms);
        groups.any(|held| held.eq_ignore_ascii_case(group))
    }

    pub(super) fn vm(&self, subscription: Guid, group: &str, name: &str) -> Option<&Vm> {
        self.vms.iter().find(|vm| vm.is(subscription, group, name))
    }

    pub(super) fn vm_mut(
        &mut self,
        subscription: Guid,
        group: &str,
        name: &str,
    ) -> Option<&mut Vm> {
        let mut vms = self.vms.iter_mut();
        vms.find(|vm| vm.is(subscription, group, name))
    }

    /// The machine with this id, which also identifies its operations.
    pub(super) fn vm_of_id(&self, subscription: Guid, vm_id: Guid) -> Option<&Vm> {
        let mut vms = self.vms.iter();
        vms.find(|vm| vm.vm_id == vm_id && vm.subscription == subscription)
    }

    /// The VMs of a subscription's group, or of all its groups when `group` is empty.
    pub(super) fn in_scope(&self, subscription: Guid, group: &str) -> impl Iterator<Item = &Vm> {
        self.vms.iter().filter(move |vm| {
            vm.subscription == subscription
                && (group.is_empty() || vm.group.eq_ignore_ascii_case(group))
        })
    }
}

impl Vm {
    fn is(&self, subscription: Guid, group: &str, name: &str) -> bool {
        self.subscription == subscription
            && self.name.eq_ignore_ascii_case(name)
            && self.group.eq_ignore_ascii_case(group)
    }
}

/// The default id of the machine `key`, which is `group/name` in lower case. Names may repeat across subscriptions, but ids do
/// not.
pub(super) fn derived_vm_id(subscription: Guid, key: &str) -> Guid {
    match subscription {
        DEFAULT => guid::of_text(key),
        other => guid::of_text(&format!("{other}/{key}")),
    }
}

/// Returns true if a resource id can contain the name unchanged. (Microsoft's naming rules allow letters and digits, and for
/// groups also these marks.)
fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.()".contains(c);
    !name.is_empty() && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_written_vm_needs_a_name_and_a_group() {
        let fleet = Fleet::read(br#"{"vms":[{"name":"a","group":"g"}]}"#).unwrap();
        let vm = fleet.vm(DEFAULT, "G", "A").unwrap();
        assert_eq!(vm.location.as_ref(), "eastus");
        assert_eq!((vm.os, vm.power), (Os::Linux, Power::Running));
        assert!(!vm.vm_id.is_nil());
        assert!(vm.tags.is_empty() && !vm.lock);
    }

    #[test]
    fn unknown_keys_are_left_alone() {
        let text = br#"{"comment":"mine","vms":[{"name":"a","group":"g","size":"big"}]}"#;
        assert!(Fleet::read(text).is_ok());
    }

    #[test]
    fn a_fleet_reads_back_as_it_was_written() {
        let text = br#"{"format":1,"groups":["empty"],"vms":[
            {"name":"a","group":"g","os":"Windows","power":"stopped","lock":true,
             "private_ip":"10.0.0.4","public_ip":"203.0.113.4","tags":{"x":"1"}},
            {"name":"b","group":"g","second_private_ip":"10.0.0.5"}]}"#;
        let fleet = Fleet::read(text).unwrap();
        let mut written = Vec::new();
        fleet.write(&mut written).unwrap();
        assert_eq!(Fleet::read(&written).unwrap(), fleet);
        insta::assert_snapshot!(String::from_utf8(written).unwrap(), @r#"
        {
          "format": 1,
          "groups": ["empty"],
          "vms": [
            {"name":"a","group":"g","location":"eastus","vm_id":"063ef03f-6904-49de-9dd3-826f113cce2d","os":"Windows","power":"stopped","private_ip":"10.0.0.4","public_ip":"203.0.113.4","lock":true,"tags":{"x":"1"}},
            {"name":"b","group":"g","location":"eastus","vm_id":"a28616b2-6e73-4c41-96ec-f7c844ed5fff","os":"Linux","power":"running","second_private_ip":"10.0.0.5"}
          ]
        }
        "#);
    }

    #[test]
    fn a_vm_is_in_the_default_subscription_unless_it_says_another() {
        let text = br#"{"subscriptions":["0000000b-0000-4000-8000-00000000000B"],"vms":[
            {"name":"a","group":"g"},
            {"name":"b","group":"g","subscription":"5A4DB0E5-0000-4000-8000-000000000000"},
            {"name":"A","group":"g","subscription":"0000000A-0000-4000-8000-00000000000a"}]}"#;
        let fleet = Fleet::read(text).unwrap();
        let mut written = Vec::new();
        fleet.write(&mut written).unwrap();
        assert_eq!(Fleet::read(&written).unwrap(), fleet);
        insta::assert_snapshot!(String::from_utf8(written).unwrap(), @r#"
        {
          "format": 1,
          "subscriptions": ["0000000b-0000-4000-8000-00000000000b"],
          "groups": [],
          "vms": [
            {"name":"a","group":"g","location":"eastus","vm_id":"063ef03f-6904-49de-9dd3-826f113cce2d","os":"Linux","power":"running"},
            {"name":"b","group":"g","location":"eastus","vm_id":"a28616b2-6e73-4c41-96ec-f7c844ed5fff","os":"Linux","power":"running"},
            {"name":"A","group":"g","subscription":"0000000a-0000-4000-8000-00000000000a","location":"eastus","vm_id":"633e1e23-3fee-455c-8cce-22e2b1f305a8","os":"Linux","power":"running"}
          ]
        }
        "#);
    }

    #[test]
    fn errors_in_a_file_are_named() {
        let wrong = |text: &str| Fleet::read(text.as_bytes()).unwrap_err();
        insta::assert_snapshot!(
            [
                wrong(""),
                wrong(r#"{"format":2,"vms":[]}"#),
                wrong(r#"{"vms":[{"name":"a","group":"g"},{"name":"A","group":"G"}]}"#),
                wrong(r#"{"vms":[{"name":"a/../b","group":"g"}]}"#),
                wrong(r#"{"vms":[{"name":"a","group":"g","power":"on"}]}"#),
                wrong(r#"{"vms":[{"name":"a","group":"g","public_ip":"1.2.3"}]}"#),
                wrong(r#"{"vms":[{"name":"a","group":"g","vm_id":"1"}]}"#),
                wrong(r#"{"vms":[{"name":"a","group":"g","subscription":"dev"}]}"#),
                wrong(r#"{"vms":[{"name":"a","group":"g","subscription":7}]}"#),
                wrong(r#"{"subscriptions":["dev"],"vms":[]}"#),
                wrong(
                    r#"{"vms":[{"name":"a","group":"g","subscription":"0000000a-0000-4000-8000-00000000000a"},
                    {"name":"a","group":"G","subscription":"0000000A-0000-4000-8000-00000000000A"}]}"#,
                ),
            ]
            .join("\n"), @"
        EOF while parsing a value at line 1 column 0
        unsupported format 2; this azlin reads format 1
        duplicate VM G/A
        invalid Azure name `a/../b`
        unknown variant `on`, expected one of `running`, `deallocated`, `stopped`, `starting` at line 1 column 44
        invalid IPv4 address syntax at line 1 column 51
        UUID parsing failed: invalid length: found 1 at line 1 column 43
        UUID parsing failed: invalid character: found `v` at 2 at line 1 column 52
        invalid type: integer `7`, expected a formatted UUID string at line 1 column 48
        UUID parsing failed: invalid character: found `v` at 2 at line 1 column 23
        duplicate VM G/a in subscription 0000000a-0000-4000-8000-00000000000a
        "
        );
    }
}
