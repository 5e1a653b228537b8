//! Starts a VM with requests that `azure_mgmt_compute` builds over the bridge.
//!
//! azlin calls only `.send()`: awaiting a request builder resends the request, or returns early on a 202.

use std::time::Duration;

use azure_mgmt_compute::package_2024_03_01 as compute;
use tokio::time::{Instant, sleep};

use super::arm::Arm;
use super::exchange::retry_after;
use super::vm::InstanceView;
use super::{Failure, Kind, bridge};
use crate::model::{Ended, Power, VmId};
use crate::text::escape;
use crate::trouble::Trouble;

/// The time limit for a start. Azure needs half a minute, and some minutes for a large machine.
const PATIENCE: Duration = Duration::from_secs(600);
/// The pause between reads, unless Azure asks for another. Azure allows 12 reads of a VM a minute (Microsoft's documentation of the
/// limits).
const PAUSE: Duration = Duration::from_secs(5);
/// The shortest pause between reads.
const LEAST_PAUSE: Duration = Duration::from_millis(100);

/// Azure's codes for a size that it cannot provide now, in this region or zone (Microsoft's documentation of allocation failures).
const NO_CAPACITY: [&str; 6] = [
    "AllocationFailed",
    "OverconstrainedAllocationRequest",
    "OverconstrainedZonalAllocationRequest",
    "SkuNotAvailable",
    "ZonalAllocationFailed",
    "AllocationTimeout",
];

/// The help for a VM for which Azure has no capacity.
const OTHER_SIZE: &str = "give the VM another size or zone; if it must keep them, try again later, because capacity in a region changes";

/// The power state of one VM, and the reason why it can never start again, from its own instance view. Azure's list may lack them.
///
/// # Errors
/// The instance view could not be read.
pub async fn state(arm: &Arm, vm: &VmId) -> Result<(Power, Option<Ended>), Failure> {
    let view = look(arm, vm, &format!("read the power state of {}", vm.path())).await?;
    Ok((view.power(), view.ended()))
}

/// Starts `vm` and returns when it runs. Leaves a running VM as it is.
///
/// Calls `watch` with each power state that it reads, to keep a person up to date. The power state decides: a failed extension does
/// not stop a VM.
///
/// # Errors
/// Azure rejects the request or cannot start the VM (its size may be sold out), or the VM does not run after ten minutes.
pub async fn start(arm: &Arm, vm: &VmId, watch: &mut dyn FnMut(Power)) -> Result<(), Failure> {
    let doing = format!("start {}", vm.path());
    let failed =
        |why: String, help: &str| Failure::new(&doing, Kind::Final(Trouble::new(why, help)));
    let (group, name, subscription) = (vm.group(), vm.name(), vm.subscription().as_str());
    let start = vms(arm).start(group, name, subscription).send();
    let started = arm.ask(&doing, bridge::request(&doing, start)?).await;
    let started = started.map_err(sold_out)?;

    let end = Instant::now() + PATIENCE;
    let asked = retry_after(started.headers()).map(Duration::from_secs);
    let pause = asked.unwrap_or(PAUSE).clamp(LEAST_PAUSE, PATIENCE / 2);
    let wait = || async {
        if Instant::now() + pause > arm.patience.end() {
            return Err(Failure::new(&doing, arm.patience.too_late()));
        }
        sleep(pause).await;
        Ok(())
    };
    if asked.is_some() {
        wait().await?;
    }
    loop {
        let view = look(arm, vm, &doing).await?;
        let power = view.power();
        watch(power);
        if power == Power::Running {
            return Ok(());
        }
        if power != Power::Starting
            && let Some((code, message)) = view.failure()
        {
            let colon = if message.is_empty() { "" } else { ": " };
            let why = format!("Azure returned {code}{colon}{message}");
            return Err(failed(escape(&why).into_owned(), help_for(code)));
        }
        if Instant::now() + pause > end {
            let help = "check the VM in the Azure portal; running the same command again is safe";
            let seconds = PATIENCE.as_secs();
            return Err(failed(format!("it is not running after {seconds} s"), help));
        }
        wait().await?;
    }
}

/// The instance view of `vm`. `doing` is the purpose, for the error.
async fn look(arm: &Arm, vm: &VmId, doing: &str) -> Result<InstanceView, Failure> {
    let (group, name, subscription) = (vm.group(), vm.name(), vm.subscription().as_str());
    let look = vms(arm).instance_view(group, name, subscription).send();
    let view = arm.ask(doing, bridge::request(doing, look)?).await?;
    Ok(serde_json::from_slice(view.body()).unwrap_or_default())
}

/// The help for a start that failed with `code`.
fn help_for(code: &str) -> &'static str {
    if NO_CAPACITY.contains(&code) {
        OTHER_SIZE
    } else {
        "check the VM in the Azure portal"
    }
}

/// `failure`, with the help of a VM for which Azure has no capacity if that is what it says.
fn sold_out(failure: Failure) -> Failure {
    let said = failure.kind.to_string();
    match &failure.kind {
        Kind::Refused(denial) if NO_CAPACITY.contains(&denial.code.as_str()) => Failure {
            kind: Kind::Final(Trouble::new(said, OTHER_SIZE)),
            ..failure
        },
        _ => failure,
    }
}

fn vms(arm: &Arm) -> compute::virtual_machines::Client {
    let (credential, scopes, options) = bridge::parts();
    compute::Client::new(arm.base.clone(), credential, scopes, options).virtual_machines_client()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::azure::bridge::tests::{arm, names_as_typed};
    use crate::model::VmPath;

    proptest! {
        #[test]
        fn names_cannot_change_the_shape_of_the_url((group, name) in names_as_typed()) {
            if let Ok(path) = VmPath::new(&group, &name) {
                let arm = arm();
                let vm = VmId::new(arm.subscription(), path);
                let url = |last| {
                    let segments = ["resourceGroups", &group, "providers", "Microsoft.Compute", "virtualMachines", &name, last];
                    arm.url(&segments, &[("api-version", "2024-03-01")])
                };
                let (vms, subscription) = (vms(&arm), arm.subscription().as_str());
                let start = vms.start(vm.group(), vm.name(), subscription).send();
                let look = vms.instance_view(vm.group(), vm.name(), subscription).send();
                let (start, look) = (bridge::request("start", start).unwrap(), bridge::request("look", look).unwrap());
                prop_assert_eq!([start.url(), look.url()], [&url("start"), &url("instanceView")]);
            }
        }
    }
}
