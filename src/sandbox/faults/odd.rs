//! Faithful answers in which one machine or interface is unusual.

use serde_json::{Value, json};

use super::Outcome;
use super::kinds::{Strike, faithful};
use crate::sandbox::arm::add;
use crate::sandbox::route::Resource;

/// A list in which one VM is unusual. (Real clients have met a missing `location`, an `osType` of a newer API, and a null tag.)
pub(super) fn vm(hit: &Strike<'_>) -> Outcome {
    changed(hit, |body| {
        let vms = body.get_mut("value").and_then(Value::as_array_mut);
        let Some(vm) = vms.and_then(|vms| vms.iter_mut().find(|vm| is_in_scope(hit, vm.get("id"))))
        else {
            return;
        };
        if hit.fault.word("how") == "id" {
            add(vm, "id", json!(7));
            return;
        }
        *vm = json!({
            "name": vm.get("name"),
            "id": vm.get("id"),
            "type": vm.get("type"),
            "properties": {"storageProfile": {"osDisk": {"osType": "Plan9"}}},
            "tags": {"azlin_session": null},
        });
    })
}

/// VMs with another state than the fleet's, in lists and in their own instance views.
///
/// The codes are those of Microsoft's documentation of "States and billing status of Azure Virtual Machines" and of its
/// troubleshooting of extensions.
pub(super) fn state(hit: &Strike<'_>) -> Outcome {
    let how = hit.fault.word("how");
    changed(hit, |body| match hit.call.route.resource {
        Resource::Vms => {
            let vms = body.get_mut("value").and_then(Value::as_array_mut);
            for vm in vms.into_iter().flatten() {
                if is_in_scope(hit, vm.get("id")) {
                    change_state(vm, how);
                }
            }
        }
        Resource::InstanceView if how != "unlisted" => change_view(body, how),
        Resource::Vm if how != "unlisted" => change_state(body, how),
        _ => {}
    })
}

/// Changes a VM with its properties.
fn change_state(vm: &mut Value, how: &str) {
    let Some(properties) = vm.get_mut("properties") else {
        return;
    };
    match how {
        "unlisted" => {
            if let Some(properties) = properties.as_object_mut() {
                properties.remove("instanceView");
            }
        }
        "deleting" => add(properties, "provisioningState", json!("Deleting")),
        "failed-extension" => add(properties, "provisioningState", json!("Failed")),
        _ => {}
    }
    if let Some(view) = properties.get_mut("instanceView") {
        change_view(view, how);
    }
}

/// Changes an instance view.
fn change_view(view: &mut Value, how: &str) {
    let Some(statuses) = view.get_mut("statuses").and_then(Value::as_array_mut) else {
        return;
    };
    let is = |status: &Value, kind: &str| {
        let code = status.get("code").and_then(Value::as_str);
        code.is_some_and(|code| code.starts_with(kind))
    };
    let other = match how {
        "none" => {
            statuses.retain(|status| !is(status, "PowerState/"));
            return;
        }
        "generalized" => {
            let display = "VM generalized";
            let status =
                json!({"code": "OSState/generalized", "level": "Info", "displayStatus": display});
            statuses.insert(1.min(statuses.len()), status);
            return;
        }
        "deleting" => json!({
            "code": "ProvisioningState/deleting",
            "level": "Info",
            "displayStatus": "Deleting",
        }),
        _ => json!({
            "code": "ProvisioningState/failed/VMExtensionProvisioningError",
            "level": "Error",
            "displayStatus": "Provisioning failed",
            "message": "VM has reported a failure when processing extension 'monitoring'.",
        }),
    };
    for status in statuses
        .iter_mut()
        .filter(|status| is(status, "ProvisioningState/"))
    {
        status.clone_from(&other);
    }
}

/// Interfaces of VMs that are reached through a load balancer's inbound NAT rule instead of a public address of their own.
pub(super) fn behind_nat(hit: &Strike<'_>) -> Outcome {
    let balancer = format!(
        "{}/resourceGroups/rg-network/providers/Microsoft.Network/loadBalancers/front",
        hit.call.route.subscription_id()
    );
    changed(hit, |body| {
        let interfaces = body.get_mut("value").and_then(Value::as_array_mut);
        for interface in interfaces.into_iter().flatten() {
            let name = interface.get("name").and_then(Value::as_str);
            let rule = format!(
                "{balancer}/inboundNatRules/ssh-{}",
                name.unwrap_or_default()
            );
            let vm = interface.pointer("/properties/virtualMachine/id");
            if !is_in_scope(hit, vm) {
                continue;
            }
            let own = interface.pointer_mut("/properties/ipConfigurations/0/properties");
            if let Some(own) = own.and_then(Value::as_object_mut) {
                own.remove("publicIPAddress");
                own.insert(
                    "loadBalancerInboundNatRules".to_owned(),
                    json!([{ "id": rule }]),
                );
            }
        }
    })
}

/// The faithful answer, with its body changed.
fn changed(hit: &Strike<'_>, change: impl FnOnce(&mut Value)) -> Outcome {
    let mut response = faithful(hit);
    if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
        change(&mut body);
        response.body = body.to_string().into_bytes();
    }
    Outcome::Arm(response)
}

/// Returns true if the fault is for the VM with this `id`.
fn is_in_scope(hit: &Strike<'_>, id: Option<&Value>) -> bool {
    let id = id.and_then(Value::as_str).unwrap_or_default();
    let mut parts = id.rsplit('/');
    let name = parts.next().unwrap_or_default();
    hit.fault
        .scope
        .has_vm(parts.nth(3).unwrap_or_default(), name)
}
