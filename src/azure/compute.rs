//! Compute's requests, built by `azure_mgmt_compute` over the bridge, and starting a VM with them.
//!
//! Only `.send()` is used: awaiting its request builders resends the request or returns early on a 202.

use std::time::Duration;

use azure_core::http::headers::{Headers, RETRY_AFTER};
use azure_mgmt_compute::package_2024_03_01 as compute;
use tokio::time::{Instant, sleep};

use super::arm::Arm;
use super::fleet::{InstanceView, power};
use super::{Failure, Kind, bridge};
use crate::model::{Power, VmId};

/// How long a start may take. Azure needs half a minute, a large machine some minutes.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often to look, unless Azure says: one VM may be read 12 times a minute (Microsoft's documentation of the limits).
const PAUSE: Duration = Duration::from_secs(5);

/// Starts `vm` and returns when it runs. A VM that runs already is left as it is.
///
/// `watch` is told each power state as it is seen, so that a person can be kept up to date.
///
/// # Errors
/// Azure says no, cannot start the VM (its size is sold out), or the VM does not run after ten minutes.
pub async fn start(arm: &Arm, vm: &VmId, watch: &mut dyn FnMut(Power)) -> Result<(), Failure> {
    let doing = format!("start {}", vm.path());
    let failed = |kind| Failure::new(&doing, kind);
    let vms = vms(arm);
    let subscription = vm.subscription().as_str();

    let start = vms.start(vm.group(), vm.name(), subscription).send();
    let started = arm.ask(&doing, bridge::request(&doing, start)?).await?;
    let pause = pause(&started.headers);

    let end = Instant::now() + PATIENCE;
    loop {
        let look = vms
            .instance_view(vm.group(), vm.name(), subscription)
            .send();
        let view = arm.ask(&doing, bridge::request(&doing, look)?).await?;
        let view: Option<InstanceView> = serde_json::from_slice(&view.body).ok();
        let codes = || view.iter().flat_map(InstanceView::codes);
        if let Some(why) = codes().find_map(|code| code.strip_prefix("ProvisioningState/failed/")) {
            return Err(failed(Kind::NotStarted {
                why: why.to_owned(),
            }));
        }
        let power = power(codes());
        watch(power);
        if power == Power::Running {
            return Ok(());
        }
        if Instant::now() + pause > end {
            return Err(failed(Kind::TooSlow {
                seconds: PATIENCE.as_secs(),
            }));
        }
        sleep(pause).await;
    }
}

/// How long Azure asks to wait between looks, within reason.
fn pause(headers: &Headers) -> Duration {
    let seconds = headers
        .get_optional_str(&RETRY_AFTER)
        .and_then(|value| value.parse().ok());
    let asked = seconds.map_or(PAUSE, Duration::from_secs);
    asked.clamp(Duration::from_millis(100), Duration::from_secs(30))
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
        fn no_name_leaves_its_place_in_the_url((group, name) in names_as_typed()) {
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
