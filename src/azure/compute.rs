//! Starts a VM with requests that `azure_mgmt_compute` builds over the bridge.
//!
//! azlin calls only `.send()`: awaiting a request builder resends the request, or returns early on a 202.

use std::time::Duration;

use azure_mgmt_compute::package_2024_03_01 as compute;
use tokio::time::{Instant, sleep};

use super::arm::Arm;
use super::exchange::retry_after;
use super::fleet::InstanceView;
use super::{Failure, Kind, bridge};
use crate::model::{Power, VmId};
use crate::text::escape;
use crate::trouble::Trouble;

/// The time limit for a start. Azure needs half a minute, and some minutes for a large machine.
const PATIENCE: Duration = Duration::from_secs(600);
/// The pause between reads, unless Azure asks for another. Azure allows 12 reads of a VM a minute (Microsoft's documentation of the
/// limits).
const PAUSE: Duration = Duration::from_secs(5);

/// Starts `vm` and returns when it runs. Leaves a running VM as it is.
///
/// Calls `watch` with each power state that it reads, to keep a person up to date.
///
/// # Errors
/// Azure rejects the request or cannot start the VM (its size may be sold out), or the VM does not run after ten minutes.
pub async fn start(arm: &Arm, vm: &VmId, watch: &mut dyn FnMut(Power)) -> Result<(), Failure> {
    let doing = format!("start {}", vm.path());
    let failed = |why: String, help: &str| {
        let trouble = Trouble::new(why, format!("check the VM in the Azure portal{help}"));
        Failure::new(&doing, Kind::Final(trouble))
    };
    let (vms, subscription) = (vms(arm), vm.subscription().as_str());

    let start = vms.start(vm.group(), vm.name(), subscription).send();
    let started = arm.ask(&doing, bridge::request(&doing, start)?).await?;
    // The pause that Azure asks for, within limits.
    let pause = retry_after(started.headers()).map_or(PAUSE, Duration::from_secs);
    let pause = pause.clamp(Duration::from_millis(100), Duration::from_secs(30));

    let end = Instant::now() + PATIENCE;
    loop {
        let look = vms
            .instance_view(vm.group(), vm.name(), subscription)
            .send();
        let view = arm.ask(&doing, bridge::request(&doing, look)?).await?;
        let view: InstanceView = serde_json::from_slice(view.body()).unwrap_or_default();
        let failure = |code| str::strip_prefix(code, "ProvisioningState/failed/");
        if let Some(why) = view.codes().find_map(failure) {
            let help = "; if its size is sold out in its region, choose another size";
            return Err(failed(
                format!("Azure could not start it: {}", escape(why)),
                help,
            ));
        }
        let power = view.power();
        watch(power);
        if power == Power::Running {
            return Ok(());
        }
        if Instant::now() + pause > end {
            let help = "; running the same command again is safe";
            let seconds = PATIENCE.as_secs();
            return Err(failed(format!("it is not running after {seconds} s"), help));
        }
        sleep(pause).await;
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
