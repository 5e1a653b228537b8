//! Virtual machines: lists, single VMs and instance views.

use std::fmt::Display;

use serde_json::{Value, json};

use super::arm::{Answer, Call, Response, add};
use super::errors;
use super::fleet::{Fleet, Os, Power, Vm};
use super::guid;
use super::network;
use super::page::page;
use super::start;

/// The time at which every machine was created and last changed. The sandbox has no clock.
pub(super) const TIME: &str = "2026-01-05T08:00:00.0000000+00:00";

pub(super) fn id(subscription: impl Display, group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    )
}

/// The VM in the route.
pub(super) fn find<'f>(fleet: &'f Fleet, call: &Call<'_>) -> Result<&'f Vm, Response> {
    let route = call.route;
    check_group(fleet, call)?;
    fleet
        .vm(call.subscription, &route.group, &route.name)
        .ok_or_else(|| errors::vm_not_found(&route.group, &route.name))
}

/// The VM whose id is that of the operation in the route. The sandbox keeps no list of operations.
pub(super) fn of_operation<'f>(fleet: &'f Fleet, call: &Call<'_>) -> Result<&'f Vm, Response> {
    let id = &call.route.name;
    let vm = guid::parse(id).and_then(|id| fleet.vm_of_id(call.subscription, id));
    vm.ok_or_else(|| errors::operation_not_found(id))
}

/// Rejects a write to a locked VM, or starting it.
pub(super) fn check_lock(call: &Call<'_>, vm: &Vm) -> Result<(), Response> {
    if vm.lock {
        let id = call.route.vm_id();
        return Err(errors::locked(&id, &id));
    }
    Ok(())
}

/// Rejects an unknown group. The empty one stands for the whole subscription.
pub(super) fn check_group(fleet: &Fleet, call: &Call<'_>) -> Result<(), Response> {
    let group = &call.route.group;
    if group.is_empty() || fleet.has_group(call.subscription, group) {
        Ok(())
    } else {
        Err(errors::group_not_found(group))
    }
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let fleet = call.store.read()?;
    check_group(&fleet, call)?;
    let status_only = match call.target.parameter("statusOnly") {
        None => false,
        Some(value) if value.eq_ignore_ascii_case("true") => true,
        Some(value) if value.eq_ignore_ascii_case("false") => false,
        Some(value) => return Err(errors::invalid_parameter("statusOnly", value)),
    };
    let vms = fleet.in_scope(call.subscription, &call.route.group);
    page(call, vms, |vm| {
        // A list spells the group in each id in upper case, as in recorded traffic.
        let id = id(vm.subscription, &vm.group.to_ascii_uppercase(), &vm.name);
        if status_only {
            status(vm, &id)
        } else {
            machine(call, vm, &id)
        }
    })
}

pub(super) fn get(call: &Call<'_>) -> Answer {
    let with_view = match call.target.parameter("$expand") {
        None => false,
        Some(expand) if expand.eq_ignore_ascii_case("instanceView") => true,
        // Azure also expands `userData`, which the sandbox does not have.
        Some(expand) => return Err(errors::invalid_parameter("$expand", expand)),
    };
    let fleet = call.store.read()?;
    let vm = find(&fleet, call)?;
    let mut body = machine(call, vm, &call.route.vm_id());
    if with_view {
        if let Some(properties) = body.get_mut("properties") {
            add(properties, "instanceView", view(vm));
        }
        start::finish(call, vm)?;
    }
    Ok(Response::json(200, &body))
}

pub(super) fn instance_view(call: &Call<'_>) -> Answer {
    let fleet = call.store.read()?;
    let vm = find(&fleet, call)?;
    start::finish(call, vm)?;
    Ok(Response::json(200, &view(vm)))
}

/// An item of the plain list, and the body of a GET. A VM without tags has no `tags` key, as in recorded traffic.
pub(super) fn machine(call: &Call<'_>, vm: &Vm, id: &str) -> Value {
    let interfaces: Vec<Value> = network::interfaces_of(vm)
        .map(|nic| json!({"id": nic.id(), "properties": {"primary": nic.primary}}))
        .collect();
    let properties = json!({
        "vmId": vm.vm_id,
        "hardwareProfile": {"vmSize": "Standard_D4s_v5"},
        "provisioningState": provisioning_state(vm),
        "storageProfile": storage(vm),
        "osProfile": {
            "computerName": vm.name,
            "adminUsername": "azureuser",
            "secrets": [],
            "allowExtensionOperations": true,
        },
        "networkProfile": {"networkInterfaces": interfaces},
        "timeCreated": TIME,
    });
    let mut machine = item(vm, id, properties);
    let tags = call.shadows.tags(vm);
    if !tags.is_empty() {
        add(&mut machine, "tags", json!(*tags));
    }
    machine
}

fn storage(vm: &Vm) -> Value {
    let (os, publisher, offer, sku) = match vm.os {
        Os::Linux => ("Linux", "Canonical", "ubuntu-24_04-lts", "server"),
        Os::Windows => (
            "Windows",
            "MicrosoftWindowsServer",
            "WindowsServer",
            "2022-datacenter-g2",
        ),
    };
    let (subscription, group) = (vm.subscription, vm.group.to_ascii_uppercase());
    let disk = format!("{}_OsDisk_1", vm.name);
    let disk_id = format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/disks/{disk}"
    );
    json!({
        "imageReference": {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"},
        "osDisk": {
            "osType": os,
            "name": disk,
            "createOption": "FromImage",
            "caching": "ReadWrite",
            "managedDisk": {"storageAccountType": "Premium_LRS", "id": disk_id},
            "deleteOption": "Delete",
            "diskSizeGB": 128,
        },
        "dataDisks": [],
    })
}

/// An item of the list with `statusOnly=true`, which has power states but no tags, as users of Azure report.
fn status(vm: &Vm, id: &str) -> Value {
    let properties = json!({
        "vmId": vm.vm_id,
        "provisioningState": provisioning_state(vm),
        "instanceView": {"statuses": statuses(vm)},
    });
    item(vm, id, properties)
}

fn item(vm: &Vm, id: &str, properties: Value) -> Value {
    json!({
        "name": vm.name,
        "id": id,
        "type": "Microsoft.Compute/virtualMachines",
        "location": vm.location,
        "properties": properties,
    })
}

fn provisioning_state(vm: &Vm) -> &'static str {
    match vm.power {
        Power::Starting => "Updating",
        Power::Running | Power::Deallocated | Power::Stopped => "Succeeded",
    }
}

/// The instance view. A guest that is not running reports neither its name nor its system.
fn view(vm: &Vm) -> Value {
    let mut view = json!({
        "hyperVGeneration": "V2",
        "disks": [{"name": format!("{}_OsDisk_1", vm.name), "statuses": [provisioned()]}],
        "statuses": statuses(vm),
    });
    if vm.power == Power::Running {
        let (name, version) = match vm.os {
            Os::Linux => ("ubuntu", "24.04"),
            Os::Windows => ("Windows Server 2022 Datacenter", "10.0.20348.2113"),
        };
        add(&mut view, "computerName", json!(vm.name));
        add(&mut view, "osName", json!(name));
        add(&mut view, "osVersion", json!(version));
    }
    view
}

fn provisioned() -> Value {
    json!({
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "time": TIME,
    })
}

fn statuses(vm: &Vm) -> Value {
    let provisioning = match vm.power {
        Power::Starting => json!({
            "code": "ProvisioningState/updating",
            "level": "Info",
            "displayStatus": "Updating",
        }),
        Power::Running | Power::Deallocated | Power::Stopped => provisioned(),
    };
    let (code, display) = match vm.power {
        Power::Running => ("PowerState/running", "VM running"),
        Power::Deallocated => ("PowerState/deallocated", "VM deallocated"),
        Power::Stopped => ("PowerState/stopped", "VM stopped"),
        Power::Starting => ("PowerState/starting", "VM starting"),
    };
    json!([provisioning, {"code": code, "level": "Info", "displayStatus": display}])
}
