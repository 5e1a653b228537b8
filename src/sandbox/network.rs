//! Network interfaces and public IP addresses, derived from the VMs.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::arm::{Answer, Call, add};
use super::fleet::{Power, Vm};
use super::page::page;
use super::vms;

pub(super) struct Interface<'a> {
    vm: &'a Vm,
    name: String,
    private_ip: Option<Ipv4Addr>,
    pub(super) primary: bool,
}

/// The VM's interfaces, the primary one first.
pub(super) fn interfaces_of(vm: &Vm) -> impl Iterator<Item = Interface<'_>> {
    let interface = |suffix, private_ip, primary| Interface {
        vm,
        name: format!("{}-{suffix}", vm.name),
        private_ip,
        primary,
    };
    let second = vm
        .second_private_ip
        .map(|ip| interface("nic-2", Some(ip), false));
    [interface("nic", vm.private_ip, true)]
        .into_iter()
        .chain(second)
}

pub(super) fn interfaces(call: &Call<'_>) -> Answer {
    let fleet = call.store.read()?;
    vms::check_group(&fleet, call)?;
    let vms = fleet.in_scope(call.subscription, &call.route.group);
    page(call, vms.flat_map(interfaces_of), |nic| nic.body())
}

pub(super) fn public_ips(call: &Call<'_>) -> Answer {
    let fleet = call.store.read()?;
    vms::check_group(&fleet, call)?;
    let vms = fleet.in_scope(call.subscription, &call.route.group);
    let addresses = vms.filter_map(|vm| Some((vm, vm.public_ip?)));
    page(call, addresses, |(vm, ip)| public_ip(vm, ip))
}

impl Interface<'_> {
    pub(super) fn id(&self) -> String {
        network_id(self.vm, &self.vm.group, "networkInterfaces", &self.name)
    }

    fn body(&self) -> Value {
        let vm = self.vm;
        let id = self.id();
        let subnet = format!("{}-vnet/subnets/default", vm.group);
        let mut ip = json!({
            "provisioningState": "Succeeded",
            "privateIPAllocationMethod": "Dynamic",
            "privateIPAddressVersion": "IPv4",
            "primary": true,
            "subnet": {"id": network_id(vm, &vm.group, "virtualNetworks", &subnet)},
        });
        if let Some(address) = self.private_ip {
            add(&mut ip, "privateIPAddress", json!(address));
        }
        if self.primary && vm.public_ip.is_some() {
            let group = cased(vm, 1);
            let id = network_id(vm, &group, "publicIPAddresses", &public_ip_name(vm));
            add(&mut ip, "publicIPAddress", json!({ "id": id }));
        }
        json!({
            "name": self.name,
            "id": id,
            "type": "Microsoft.Network/networkInterfaces",
            "location": vm.location,
            "properties": {
                "provisioningState": "Succeeded",
                "ipConfigurations": [{
                    "name": "ipconfig1",
                    "id": format!("{id}/ipConfigurations/ipconfig1"),
                    "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
                    "properties": ip,
                }],
                "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
                "enableAcceleratedNetworking": true,
                "enableIPForwarding": false,
                "vnetEncryptionSupported": false,
                "primary": self.primary,
                "virtualMachine": {"id": vms::id(vm.subscription, &cased(vm, 0), &vm.name)},
            },
        })
    }
}

/// The public IP object of a VM. Its address is dynamic, so it has none while the VM is deallocated.
fn public_ip(vm: &Vm, address: Ipv4Addr) -> Value {
    let interface = format!("{}-nic/ipConfigurations/ipconfig1", vm.name);
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Dynamic",
        "idleTimeoutInMinutes": 4,
        "ipConfiguration": {"id": network_id(vm, &vm.group, "networkInterfaces", &interface)},
    });
    if vm.power != Power::Deallocated {
        add(&mut properties, "ipAddress", json!(address));
    }
    let name = public_ip_name(vm);
    json!({
        "name": name,
        "id": network_id(vm, &cased(vm, 2), "publicIPAddresses", &name),
        "type": "Microsoft.Network/publicIPAddresses",
        "location": vm.location,
        "sku": {"name": "Basic", "tier": "Regional"},
        "properties": properties,
    })
}

fn public_ip_name(vm: &Vm) -> String {
    format!("{}-ip", vm.name)
}

/// The id of a network resource of the VM, with the casing of `group`.
fn network_id(vm: &Vm, group: &str, kind: &str, name: &str) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.Network/{kind}/{name}",
        vm.subscription
    )
}

/// The group in one of three casings, a different one for each `place` that names the VM's resources. ARM's answers disagree
/// about the casing of ids, as recorded traffic shows.
fn cased(vm: &Vm, place: u8) -> String {
    match (vm.vm_id.as_u128() % 3 + u128::from(place)) % 3 {
        0 => vm.group.to_string(),
        1 => vm.group.to_ascii_uppercase(),
        _ => vm.group.to_ascii_lowercase(),
    }
}
