//! The only code that changes tags: it reads, decides, writes and compares.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::sleep;

use super::arm::Arm;
use super::denial::minutes;
use super::patience::{Stopping, unless_stopped};
use super::tags::{Patch, look, parse, read, update};
use super::{Failure, Kind};
use crate::model::{Tags, VmId};
use crate::trouble::Trouble;

/// The decision about a VM whose tags were read.
pub enum Decision<R> {
    /// Write nothing: the tags are as they should be.
    Done,
    /// Write this patch.
    Write(Patch),
    /// Read again: the tags are from before azlin's own last write.
    Old,
    /// Write nothing: azlin must not make the change.
    Refuse(R),
}

/// The outcome of a change.
pub enum Changed<R> {
    /// azlin wrote nothing, because the tags were as they should be.
    Already(Tags),
    /// azlin wrote the tags, and Azure shows them.
    Written(Tags),
    /// azlin wrote the tags, but Azure shows others.
    Altered(Tags),
    /// Azure accepted the write, but the VM does not show it yet.
    Accepted,
    /// azlin wrote nothing, because of [`Decision::Refuse`].
    Refused(R),
    /// Azure rejected a request or did not answer, or someone interrupted azlin.
    Failed {
        /// The last failure.
        failure: Failure,
        /// True if azlin sent a write with unknown outcome: it may have arrived, or may still arrive.
        in_doubt: bool,
    },
}

/// The pauses between reads of a VM until it shows an accepted write.
const WATCH: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// Reads the tags of `vm`, changes them as `decide` says, and compares the result. `decide` also receives whether a write of an
/// earlier attempt may have arrived, or may still arrive.
///
/// After a temporary failure it starts again with the read, because the tags may have changed. So it never repeats a write
/// without reading the tags again. When `stopping`, it finishes a write in progress and starts no other.
pub async fn change<R>(
    arm: &Arm,
    vm: &VmId,
    stopping: Option<&Stopping>,
    decide: impl Fn(&Tags, bool) -> Decision<R>,
) -> Changed<R> {
    let in_doubt = Cell::new(false);
    let attempt = || try_once(arm, vm, stopping, &decide, &in_doubt);
    match arm.patience.retry(stopping, attempt).await {
        Ok(changed) => changed,
        Err(failure) => Changed::Failed {
            failure,
            in_doubt: in_doubt.get(),
        },
    }
}

async fn try_once<R>(
    arm: &Arm,
    vm: &VmId,
    stopping: Option<&Stopping>,
    decide: &impl Fn(&Tags, bool) -> Decision<R>,
    in_doubt: &Cell<bool>,
) -> Result<Changed<R>, Failure> {
    let doing = format!("write the tags of {}", vm.path());
    let failed = |kind| Failure::new(&doing, kind);
    // Wait for the turn first and then read the tags, so that they are not old by the time of the write.
    let looking = async {
        let turn = arm.pace.turn(arm.patience.end()).await;
        let turn = turn.map_err(|wait| failed(closed(wait.as_secs_f64().ceil() as u64)))?;
        Ok((turn, look(arm, vm).await?))
    };
    let Some(looked) = unless_stopped(stopping, looking).await else {
        return Err(failed(Kind::Interrupted));
    };
    let (turn, before) = looked?;
    let patch = match decide(&before, in_doubt.get()) {
        // The write of an earlier attempt has arrived.
        Decision::Done if in_doubt.get() => return Ok(Changed::Written(before)),
        Decision::Done => return Ok(Changed::Already(before)),
        Decision::Write(patch) => patch,
        Decision::Old => return Err(failed(Kind::Old)),
        Decision::Refuse(why) => return Ok(Changed::Refused(why)),
    };
    let is_settled = |tags: &Tags| matches!(decide(tags, true), Decision::Done);

    let sent = arm.once(&doing, update(arm, &doing, vm, &patch)?).await;
    drop(turn);
    in_doubt.set(in_doubt.get() || sent.as_ref().is_err_and(|failure| !failure.is_definite()));
    let answer = sent?;
    if answer.status() == 202 {
        in_doubt.set(true);
        return arrival(arm, vm, is_settled).await;
    }
    // Azure's answer contains all tags after the write. In some recorded answers it is the resource instead.
    let (after, failure) = match parse(&doing, &answer) {
        Ok(Some(tags)) => (tags, None),
        unclear => {
            in_doubt.set(true);
            (read(arm, vm).await?, unclear.err())
        }
    };
    match failure {
        _ if is_settled(&after) => Ok(Changed::Written(after)),
        // The body is not Azure's (it may be a sign-in page), and the tags are unchanged: the write did not happen.
        Some(failure) if after == before => Err(failure),
        _ => Ok(Changed::Altered(after)),
    }
}

/// Waits until `vm` shows the written tags. After a 202 (documented since 2022-09-01) only a read proves the write, and that
/// may take a while.
async fn arrival<R>(
    arm: &Arm,
    vm: &VmId,
    is_settled: impl Fn(&Tags) -> bool,
) -> Result<Changed<R>, Failure> {
    for pause in WATCH {
        sleep(pause).await;
        let after = read(arm, vm).await?;
        if is_settled(&after) {
            return Ok(Changed::Written(after));
        }
    }
    Ok(Changed::Accepted)
}

/// The failure if Azure accepts no writes for `seconds`, which is past the deadline.
fn closed(seconds: u64) -> Kind {
    Kind::Final(Trouble::new(
        format!("Azure accepts no more writes for {}", minutes(seconds)),
        format!(
            "run the same command again after that to continue where this one stopped, or let azlin wait: --deadline {}",
            seconds.div_ceil(60) * 60 + 60
        ),
    ))
}
