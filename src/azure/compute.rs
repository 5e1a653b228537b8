//! Starting a VM, through `azure_mgmt_compute` over the bridge.
//!
//! Only `.send()` is used: awaiting its request builders resends the request or returns early on a 202.

use std::time::Duration;

use azure_core_legacy as legacy;
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
    let (credential, options) = bridge::parts(arm, &doing);
    let scope = "placeholder".to_owned();
    let client = compute::Client::new(arm.base.clone(), credential, vec![scope], options);
    let vms = client.virtual_machines_client();
    let subscription = vm.subscription().as_str();

    let started = vms.start(vm.group(), vm.name(), subscription).send().await;
    let started = started
        .map_err(|error| failed(unanswered(&error)))?
        .into_raw_response();
    let pause = pause(started.headers());
    body(started).await.map_err(failed)?;

    let end = Instant::now() + PATIENCE;
    loop {
        let view = vms
            .instance_view(vm.group(), vm.name(), subscription)
            .send()
            .await;
        let view = view
            .map_err(|error| failed(unanswered(&error)))?
            .into_raw_response();
        let view = body(view).await.map_err(failed)?;
        let view: Option<InstanceView> = serde_json::from_slice(&view).ok();
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
fn pause(headers: &legacy::headers::Headers) -> Duration {
    let name = legacy::headers::HeaderName::from_static("retry-after");
    let seconds = headers
        .get_optional_str(&name)
        .and_then(|value| value.parse().ok());
    let asked = seconds.map_or(PAUSE, Duration::from_secs);
    asked.clamp(Duration::from_millis(100), Duration::from_secs(30))
}

async fn body(response: legacy::Response) -> Result<azure_core::Bytes, Kind> {
    let (_, _, body) = response.deconstruct();
    body.collect().await.map_err(|error| unanswered(&error))
}

/// What the bridge made of an answer that is no success, or of none.
fn unanswered(error: &legacy::Error) -> Kind {
    match super::cause::find::<Failure>(error) {
        Some(failure) => failure.kind.clone(),
        None => Kind::Unreachable {
            why: super::cause::root(error),
        },
    }
}
