//! Creates the fleet of a new sandbox, in one subscription or several.

use std::io;
use std::path::Path;

use super::guid::Guid;
use super::subscriptions::DEFAULT;
use super::{standard, store};

/// The largest number of VMs in a new sandbox. It keeps addresses unique, and the file small enough to rewrite for each change.
pub const MAX_VMS: usize = 100_000;

/// The number of VMs in the standard fleet.
const STANDARD: usize = 8;

/// Creates a new fleet in the file `state` and overwrites what was there: the standard fleet, or one of exactly `vms` VMs. Returns
/// the number of VMs.
pub fn reset(state: &Path, vms: Option<usize>) -> io::Result<usize> {
    reset_several(state, vms, 1)
}

/// The sample `sessions.toml`, for which [`reset_for_sample`] creates a fleet.
const SAMPLE: &str = include_str!("../../sessions.toml");

/// The text of the sample for another folder: without its first line if that names the schema, a file of this repository.
pub fn sample() -> &'static str {
    match SAMPLE.split_once('\n') {
        Some((first, rest)) if first.starts_with("#:schema ") => rest,
        _ => SAMPLE,
    }
}

/// Creates the standard fleet in the file `state`, with one more VM: its session belongs to the owner of [`sample`], which does not
/// declare it. So a plan for the sample sets, changes, adopts and clears. Returns the number of VMs.
pub fn reset_for_sample(state: &Path) -> io::Result<usize> {
    let mut fleet = standard::fleet(None);
    let mut old = standard::plain_vm(DEFAULT, 5, 5, "old-experiment");
    old.name = "dev-vm-5".into();
    old.tags.set("azlin_session", "old-experiment");
    old.tags.set("azlin_owner", "platform-team");
    fleet.vms.push(old);
    store::overwrite(state, &fleet)?;
    Ok(fleet.vms.len())
}

/// Creates a new fleet of so many subscriptions, each with as many VMs.
///
/// # Errors
/// `InvalidInput` if these are more than [`MAX_VMS`] in all, otherwise the error of writing the file.
pub fn reset_several(state: &Path, vms: Option<usize>, subscriptions: u32) -> io::Result<usize> {
    let each = vms.unwrap_or(STANDARD);
    let all = usize::try_from(subscriptions).map_or(usize::MAX, |count| each.saturating_mul(count));
    if all > MAX_VMS {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("a sandbox can have at most {MAX_VMS} VMs, but this one would have {all}"),
        ));
    }
    let mut fleet = standard::fleet(vms);
    // `each` is at most `MAX_VMS`.
    let each = u32::try_from(each).unwrap_or(u32::MAX);
    for number in 2..=subscriptions {
        let id = numbered(number);
        fleet.subscriptions.push(id);
        // Each subscription has the same VM names, but its own ids, addresses and sessions.
        fleet.vms.extend((1..=each).map(|vm| {
            let session = format!("session-{number}-{vm:04}");
            standard::plain_vm(id, vm, (number - 1) * each + vm, &session)
        }));
    }
    store::overwrite(state, &fleet)?;
    Ok(fleet.vms.len())
}

/// The id of a subscription that [`reset_several`] creates, counted from 1. The first is the default one.
pub fn subscription_id(number: u32) -> String {
    numbered(number).to_string()
}

fn numbered(number: u32) -> Guid {
    match number {
        0 | 1 => DEFAULT,
        _ => Guid::from_u128(DEFAULT.as_u128() + u128::from(number)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::sandbox::store::Store;

    #[test]
    fn reset_makes_a_fleet_of_any_size_even_over_a_damaged_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/sandbox.json");
        assert_eq!(reset(&path, Some(20)).unwrap(), 20);
        std::fs::write(&path, "garbage").unwrap();
        assert_eq!(reset(&path, None).unwrap(), 8);
        assert_eq!(Store::new(path.clone()).read().unwrap().vms.len(), 8);
        assert!(reset(&path, Some(MAX_VMS + 1)).is_err());
    }

    #[test]
    fn the_first_subscription_is_the_default_one_and_the_others_end_in_their_number() {
        insta::assert_snapshot!([1, 2, 50].map(subscription_id).join("\n"), @"
        5a4db0e5-0000-4000-8000-000000000000
        5a4db0e5-0000-4000-8000-000000000002
        5a4db0e5-0000-4000-8000-000000000032
        ");
    }

    #[test]
    fn several_subscriptions_have_vms_of_the_same_names_and_nothing_else_in_common() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.json");
        assert_eq!(reset_several(&path, Some(3), 3).unwrap(), 9);
        insta::assert_snapshot!(std::fs::read_to_string(&path).unwrap(), @r#"
        {
          "format": 1,
          "subscriptions": ["5a4db0e5-0000-4000-8000-000000000002","5a4db0e5-0000-4000-8000-000000000003"],
          "groups": ["rg-dev","rg-ml"],
          "vms": [
            {"name":"dev-vm-1","group":"rg-dev","location":"eastus","vm_id":"ba52407c-7747-436b-b622-678b51c0790b","os":"Linux","power":"running","private_ip":"10.1.0.4","public_ip":"203.0.113.11","tags":{"azlin_session":"project-beta","cost-center":"CC 4711 Research","env":"dev"}},
            {"name":"dev-vm-2","group":"rg-dev","location":"eastus","vm_id":"420367e0-36ea-4ad2-a5bd-64ffdfb9a23c","os":"Linux","power":"running","private_ip":"10.1.0.5"},
            {"name":"dev-vm-3","group":"rg-dev","location":"eastus","vm_id":"86877282-e9ba-45ee-adc9-f8923eed95c8","os":"Linux","power":"running","private_ip":"10.1.0.6","public_ip":"203.0.113.13","second_private_ip":"10.1.1.6","tags":{"azlin_session":"sarah-frontend","team":"frontend"}},
            {"name":"vm-0001","group":"rg-dev","subscription":"5a4db0e5-0000-4000-8000-000000000002","location":"eastus","vm_id":"e271c849-4709-4943-9f81-8a36142df884","os":"Linux","power":"running","private_ip":"10.128.0.8","public_ip":"198.18.0.8","tags":{"env":"test"}},
            {"name":"vm-0002","group":"rg-ml","subscription":"5a4db0e5-0000-4000-8000-000000000002","location":"westus2","vm_id":"e8498b43-323c-4f10-ac6b-436d098eb9a8","os":"Linux","power":"running","private_ip":"10.128.0.9"},
            {"name":"vm-0003","group":"rg-dev","subscription":"5a4db0e5-0000-4000-8000-000000000002","location":"eastus","vm_id":"30ce67b4-5cdf-49b2-a724-53ccddf9ec13","os":"Linux","power":"running","private_ip":"10.128.0.10","tags":{"azlin_session":"session-2-0003","env":"test"}},
            {"name":"vm-0001","group":"rg-dev","subscription":"5a4db0e5-0000-4000-8000-000000000003","location":"eastus","vm_id":"7d321bce-55b4-497e-b4be-b9c948a6ead7","os":"Linux","power":"running","private_ip":"10.128.0.11","public_ip":"198.18.0.11","tags":{"env":"test"}},
            {"name":"vm-0002","group":"rg-ml","subscription":"5a4db0e5-0000-4000-8000-000000000003","location":"westus2","vm_id":"b97e04ae-da8e-4763-96bb-e9eec01ad6d3","os":"Linux","power":"running","private_ip":"10.128.0.12"},
            {"name":"vm-0003","group":"rg-dev","subscription":"5a4db0e5-0000-4000-8000-000000000003","location":"eastus","vm_id":"98a7a5ab-8f2c-474b-8876-0ae36906eb92","os":"Linux","power":"running","private_ip":"10.128.0.13","tags":{"azlin_session":"session-3-0003","env":"test"}}
          ]
        }
        "#);
        assert_eq!(reset_several(&path, Some(60), 50).unwrap(), 3000);
        let fleet = Store::new(path.clone()).read().unwrap();
        assert_eq!(fleet.all_subscriptions().len(), 50);
        assert_eq!(fleet.vms[..60], standard::fleet(Some(60)).vms);
        let mut seen = HashSet::new();
        for vm in &fleet.vms {
            let session = vm.tags.get("azlin_session").map(str::to_owned);
            let ips = [vm.private_ip, vm.public_ip].map(|ip| ip.map(|ip| ip.to_string()));
            let own = [session, Some(vm.vm_id.to_string())].into_iter().chain(ips);
            for text in own.flatten() {
                // The standard fleet has one session twice.
                let known = text == "bert-training-run-1";
                assert!(seen.insert(text.clone()) || known, "{text}");
            }
        }
    }

    #[test]
    fn several_subscriptions_have_eight_vms_each_by_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.json");
        assert_eq!(standard::fleet(None).vms.len(), STANDARD);
        assert_eq!(reset_several(&path, None, 3).unwrap(), 24);
        let error = reset_several(&path, Some(MAX_VMS / 2), 3).unwrap_err();
        insta::assert_snapshot!(error, @"a sandbox can have at most 100000 VMs, but this one would have 150000");
        assert_eq!(Store::new(path).read().unwrap().vms.len(), 24);
    }
}
