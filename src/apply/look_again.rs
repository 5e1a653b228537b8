//! Looks again at VMs that a list shows otherwise than apply left them.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::sleep;

use super::{Place, place_of};
use crate::azure::{Failure, tags};
use crate::model::{Held, Live, VmId};
use crate::plan::{Step, Tried, disputed};

/// The pauses before the looks at a VM that still has its old tags: Azure's reads can lag behind.
const LOOKS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// The number of VMs to look at side by side.
const AT_ONCE: usize = 10;

/// Puts into `live`, a list read after `tried`, what each VM shows itself, where the list disagrees with the last step.
///
/// # Errors
/// A VM cannot be read.
pub async fn look_again(
    places: &[Place<'_>],
    tried: &[Tried],
    live: &mut Live,
) -> Result<(), Failure> {
    let looks = disputed(tried, live).into_iter().filter_map(|step| {
        let place = place_of(places, &step.vm)?;
        Some(async move { Ok::<_, Failure>((&step.vm, look(place, step).await?)) })
    });
    let looks: Vec<_> = looks.collect();
    let found: Vec<(&VmId, Held)> = stream::iter(looks)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    for (vm, held) in found {
        if let Some(vm) = live.vms.get_mut(vm) {
            vm.held = held;
        }
    }
    Ok(())
}

/// The tags of the VM of `step`. If they are those before it, this looks some more times.
async fn look(Place { arm, tag }: Place<'_>, step: &Step) -> Result<Held, Failure> {
    let mut held = step.before.clone();
    for pause in LOOKS {
        sleep(pause).await;
        held = Held::read(&tags::read(arm, &step.vm).await?, tag);
        if held != step.before {
            break;
        }
    }
    Ok(held)
}
