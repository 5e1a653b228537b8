//! The standard fleet of a new sandbox, and the plain VMs that fill up a larger one.

use std::net::Ipv4Addr;

use super::fleet::{self, Fleet, Os, Power, Vm};
use super::guid::Guid;
use super::reset::MAX_VMS;
use super::subscriptions::DEFAULT;
use super::tag_set::TagSet;

/// The standard fleet. It differs from the sample `sessions.toml` by one VM for each kind of line in a plan.
const STANDARD: &[u8] = include_bytes!("standard.json");

/// The standard fleet of eight VMs in two groups. With a count, it is truncated or filled up with plain VMs to exactly that many.
pub(super) fn fleet(count: Option<usize>) -> Fleet {
    let mut fleet = Fleet::read(STANDARD).unwrap_or_default(); // A test proves that it is valid.
    if let Some(count) = count.map(|count| count.min(MAX_VMS)) {
        fleet.vms.truncate(count);
        let missing = count - fleet.vms.len();
        let plain = |number| plain_vm(DEFAULT, number, number, &format!("session-{number:04}"));
        fleet.vms.extend((1u32..).map(plain).take(missing));
    }
    fleet
}

/// The plain VM of this number, such as `vm-0001`, with the addresses of `host`. Most run, and every third has the session.
pub(super) fn plain_vm(subscription: Guid, number: u32, host: u32, session: &str) -> Vm {
    let name = format!("vm-{number:04}");
    let (group, location) = match number % 2 {
        1 => ("rg-dev", "eastus"),
        _ => ("rg-ml", "westus2"),
    };
    let mut tags = TagSet::default();
    if number.is_multiple_of(3) {
        tags.set("azlin_session", session);
    }
    if number % 3 != 2 {
        tags.set("env", "test");
    }
    Vm {
        vm_id: fleet::derived_vm_id(subscription, &format!("{group}/{name}")),
        name: name.into(),
        group: group.into(),
        subscription,
        location: location.into(),
        os: Os::Linux,
        power: match number % 10 {
            4 => Power::Stopped,
            7 => Power::Deallocated,
            _ => Power::Running,
        },
        // The standard fleet uses other addresses. 198.18.0.0/15 is reserved for tests.
        private_ip: Some(address([10, 128], host)),
        public_ip: (number % 4 < 2).then(|| address([198, 18], host)),
        second_private_ip: None,
        lock: false,
        tags,
    }
}

/// The address of host `number` in a network. It skips those that Azure reserves in each subnet (the first four and the last).
fn address([first, second]: [u8; 2], number: u32) -> Ipv4Addr {
    let octet = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    Ipv4Addr::new(
        first,
        second.saturating_add(octet(number / 62_500)),
        octet(number / 250 % 250),
        octet(number % 250 + 4),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn the_standard_fleet_matches_the_sample_file() {
        let mut written = Vec::new();
        fleet(None).write(&mut written).unwrap();
        insta::assert_snapshot!(String::from_utf8(written).unwrap(), @r#"
        {
          "format": 1,
          "groups": ["rg-dev","rg-ml"],
          "vms": [
            {"name":"dev-vm-1","group":"rg-dev","location":"eastus","vm_id":"ba52407c-7747-436b-b622-678b51c0790b","os":"Linux","power":"running","private_ip":"10.1.0.4","public_ip":"203.0.113.11","tags":{"azlin_session":"project-beta","cost-center":"CC 4711 Research","env":"dev"}},
            {"name":"dev-vm-2","group":"rg-dev","location":"eastus","vm_id":"420367e0-36ea-4ad2-a5bd-64ffdfb9a23c","os":"Linux","power":"running","private_ip":"10.1.0.5"},
            {"name":"dev-vm-3","group":"rg-dev","location":"eastus","vm_id":"86877282-e9ba-45ee-adc9-f8923eed95c8","os":"Linux","power":"running","private_ip":"10.1.0.6","public_ip":"203.0.113.13","second_private_ip":"10.1.1.6","tags":{"azlin_session":"sarah-frontend","team":"frontend"}},
            {"name":"dev-vm-4","group":"rg-dev","location":"eastus","vm_id":"bb9fa75b-c8df-4ccb-ba4a-958b2e233938","os":"Windows","power":"running","private_ip":"10.1.0.7","tags":{"env":"dev"}},
            {"name":"gpu-vm-1","group":"rg-ml","location":"westus2","vm_id":"8e3d86f8-1726-4b11-aa81-608322f26f70","os":"Linux","power":"running","private_ip":"10.2.0.4","public_ip":"203.0.113.21","tags":{"azlin_session":"bert-training-run-1","team":"ml"}},
            {"name":"gpu-vm-2","group":"rg-ml","location":"westus2","vm_id":"aa82b08b-d37e-47d4-a1c9-b2dc784fdf90","os":"Linux","power":"deallocated","private_ip":"10.2.0.5","public_ip":"203.0.113.22","tags":{"cost-center":"CC 0815 Training","team":"ml"}},
            {"name":"gpu-vm-3","group":"rg-ml","location":"westus2","vm_id":"cda09435-ec29-46b5-a3e4-039e7087d5a4","os":"Linux","power":"running","private_ip":"10.2.0.6","tags":{"azlin_session":"bert-training-run-1","team":"ml"}},
            {"name":"gpu-vm-4","group":"rg-ml","location":"westus2","vm_id":"9c1f8af7-bb54-44c9-af0d-5c24da1535ba","os":"Linux","power":"stopped","private_ip":"10.2.0.7","public_ip":"203.0.113.24","tags":{"azlin_session":"notebook-maria"}}
          ]
        }
        "#);
    }

    #[test]
    fn a_count_is_met_exactly() {
        for count in [0, 1, 8, 9, 300] {
            assert_eq!(fleet(Some(count)).vms.len(), count);
        }
    }

    #[test]
    fn filled_up_vms_have_names_addresses_and_sessions_of_their_own() {
        let fleet = fleet(Some(2000));
        let mut seen = HashSet::new();
        let mut holders = HashMap::new();
        for vm in &fleet.vms {
            assert!(seen.insert(vm.name.to_string()));
            assert!(seen.insert(vm.vm_id.to_string()));
            for ip in [vm.private_ip, vm.second_private_ip, vm.public_ip] {
                assert!(ip.is_none_or(|ip| seen.insert(ip.to_string())), "{ip:?}");
            }
            if let Some(session) = vm.tags.get("azlin_session") {
                *holders.entry(session).or_insert(0) += 1;
            }
        }
        holders.retain(|_, count| *count > 1);
        assert_eq!(holders, HashMap::from([("bert-training-run-1", 2)]));
        let running = |vm: &&Vm| vm.power == Power::Running;
        assert!(fleet.vms.iter().filter(running).count() > 1500);
    }
}
