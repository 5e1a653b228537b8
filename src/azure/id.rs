//! Parses and formats the VM ids of Azure Resource Manager:
//! `/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/V`.

use crate::model::{SubscriptionId, VmId, VmPath};

/// The VM in an id of ARM, in any casing. None if it is not the id of a VM in the subscription `own`.
pub(super) fn parse(id: &str, own: &SubscriptionId) -> Option<VmId> {
    let mut segments = id.trim_start_matches('/').split('/');
    let mut after = |keyword: &str| {
        let found = segments.next()?;
        found
            .eq_ignore_ascii_case(keyword)
            .then(|| segments.next())?
    };
    let subscription = after("subscriptions")?;
    let group = after("resourceGroups")?;
    let provider = after("providers")?;
    let name = after("virtualMachines")?;
    let is_vm = provider.eq_ignore_ascii_case("Microsoft.Compute") && segments.next().is_none();
    if !is_vm || !subscription.eq_ignore_ascii_case(own.as_str()) {
        return None;
    }
    Some(VmId::new(own, VmPath::new(group, name).ok()?))
}

/// The id of `vm` in ARM's spelling.
pub fn spell(vm: &VmId) -> String {
    let (subscription, group, name) = (vm.subscription(), vm.group(), vm.name());
    format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: &str = "00000000-0000-0000-0000-000000000001";

    #[test]
    fn an_id_parses_in_any_casing_and_is_spelled_as_azure_documents_it() {
        let subscription = SubscriptionId::new(S).unwrap();
        let vm = VmId::new(
            &subscription,
            VmPath::new("rg_(1).x-y", "vm.1_a-b").unwrap(),
        );
        let id = spell(&vm);
        assert_eq!(
            id,
            format!(
                "/subscriptions/{S}/resourceGroups/rg_(1).x-y/providers/Microsoft.Compute/virtualMachines/vm.1_a-b"
            )
        );
        for spelled in [&id, &id.to_uppercase(), id.trim_start_matches('/')] {
            assert_eq!(
                parse(spelled, &subscription).as_ref(),
                Some(&vm),
                "{spelled}"
            );
        }
    }

    #[test]
    fn only_the_id_of_a_vm_parses() {
        let vm = format!(
            "/subscriptions/{S}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"
        );
        for other in [
            "",
            "/",
            &vm[..vm.len() - 3],
            &vm[..vm.len() - 2],
            &format!("{vm}/extensions/x"),
            &format!("{vm}/"),
            &vm.replace("Microsoft.Compute", "Microsoft.Network"),
            &vm.replace("virtualMachines", "disks"),
            &vm.replace("/rg/", "//"),
            &vm.replace("/rg/", "/../"),
            &vm.replace("/rg/", "/r%67/"),
        ] {
            assert_eq!(
                parse(other, &SubscriptionId::new(S).unwrap()),
                None,
                "{other}"
            );
        }
    }
}
