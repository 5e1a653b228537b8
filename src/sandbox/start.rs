//! Starts a VM: a long-running operation that is done after one read.

use serde_json::json;

use super::arm::{Answer, Call, Response};
use super::errors;
use super::fleet::{Fleet, Power, Vm};
use super::vms;

/// POST …/start. The answer for a running VM is the same, and it keeps running.
pub(super) fn start(call: &Call<'_>) -> Answer {
    let fleet = call.store.read()?;
    let vm = vms::find(&fleet, call)?;
    // "A read-only lock … prevents all users from starting or restarting the virtual
    // machine": Microsoft's documentation of locks.
    vms::check_lock(call, vm)?;
    if !matches!(vm.power, Power::Running | Power::Starting) {
        call.store.update(|fleet| -> Result<(), Response> {
            let vm = fleet
                .vm_mut(vm.subscription, &vm.group, &vm.name)
                .ok_or_else(|| errors::vm_not_found(&vm.group, &vm.name))?;
            if vm.power != Power::Running {
                vm.power = Power::Starting;
            }
            Ok(())
        })?;
    }
    let operation = operation_url(call, vm);
    Ok(pending(&operation).header("azure-asyncoperation", operation))
}

/// Makes a starting VM run. Every request that shows its state calls this after the read, so a client sees it starting exactly
/// once, whichever way it waits.
pub(super) fn finish(call: &Call<'_>, vm: &Vm) -> Result<(), Response> {
    if vm.power != Power::Starting {
        return Ok(());
    }
    call.store.update(|fleet: &mut Fleet| {
        match fleet.vm_mut(vm.subscription, &vm.group, &vm.name) {
            Some(vm) if vm.power == Power::Starting => vm.power = Power::Running,
            // Someone removed or stopped it in the meantime.
            _ => {}
        }
        Ok(())
    })
}

/// GET of either URL from the answer to a start. The URL in `Location` reports by its HTTP status, without a body; the one in
/// `Azure-AsyncOperation` reports by `status` in its body. (Microsoft's documentation of asynchronous operations.)
pub(super) fn status(call: &Call<'_>) -> Answer {
    let id = &call.route.name;
    let fleet = call.store.read()?;
    let vm = vms::of_operation(&fleet, call)?;
    finish(call, vm)?;
    let is_monitor = call.target.parameter("monitor") == Some("true");
    if vm.power == Power::Starting {
        if is_monitor {
            return Ok(pending(&operation_url(call, vm)));
        }
        let body = json!({"startTime": vms::TIME, "status": "InProgress", "name": id});
        return Ok(Response::json(200, &body).header("retry-after", "0"));
    }
    if is_monitor {
        return Ok(Response::empty(200));
    }
    let body =
        json!({"startTime": vms::TIME, "endTime": vms::TIME, "status": "Succeeded", "name": id});
    Ok(Response::json(200, &body))
}

fn pending(operation: &str) -> Response {
    Response::empty(202)
        .header("location", format!("{operation}&monitor=true"))
        .header("retry-after", "0")
}

/// The URL of the operation. It uses the VM's id, because the sandbox keeps no list of operations.
fn operation_url(call: &Call<'_>, vm: &Vm) -> String {
    format!(
        "{}/subscriptions/{}/providers/Microsoft.Compute/locations/{}/operations/{}?api-version={}",
        call.request.origin, vm.subscription, vm.location, vm.vm_id, call.api_version
    )
}
