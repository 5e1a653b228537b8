//! The one way in which tags are changed: read, decide, write, compare.

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

/// The decision about the tags of a VM as they were read.
pub enum Decision<R> {
    /// Nothing: they are as they should be.
    Done,
    /// One write.
    Write(Patch),
    /// Another reading: this one is from before azlin's own last write.
    Old,
    /// Nothing: the change must not be made.
    Refuse(R),
}

/// The outcome of a change.
pub enum Changed<R> {
    /// Nothing was written: the tags were as they should be.
    Already(Tags),
    /// Written, and Azure shows it.
    Written(Tags),
    /// Written, and Azure shows something else.
    Altered(Tags),
    /// Azure has accepted the write, and the VM does not show it yet.
    Accepted,
    /// Nothing was written: the decision was not to.
    Refused(R),
    /// Azure said no, or did not answer; or somebody wanted azlin to end.
    Failed {
        /// The last failure.
        failure: Failure,
        /// True if a write was sent whose fate is unknown: it may have arrived, or may yet.
        in_doubt: bool,
    },
}

/// The pauses between looks at a VM whose write was accepted, until it shows it.
const WATCH: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// Changes the tags of `vm` as `decide` says of the tags that were read, and compares the result. `decide` is also told if a
/// write of an earlier attempt may have arrived, or may yet.
///
/// Where a failure passes, all is tried again from the reading on: what was true before it need not be true after it, so no
/// write is sent again without a new look. When `stopping`, a write under way is finished and no other is begun.
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
    // The turn, and then the tags, so that what was read is not old by the time of the write.
    let looking = async {
        let turn = arm.pace.turn(arm.patience.end()).await;
        let turn = turn.map_err(|wait| failed(closed(wait.as_secs())))?;
        Ok((turn, look(arm, vm).await?))
    };
    let Some(looked) = unless_stopped(stopping, looking).await else {
        return Err(failed(Kind::Interrupted));
    };
    let (turn, before) = looked?;
    let patch = match decide(&before, in_doubt.get()) {
        // What an attempt before this one sent has arrived.
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
    // Azure's answer to the write has all tags after it, except where it is something else (the resource, in recorded answers).
    let (after, failure) = match parse(&doing, &answer) {
        Ok(Some(tags)) => (tags, None),
        unclear => {
            in_doubt.set(true);
            (read(arm, vm).await?, unclear.err())
        }
    };
    match failure {
        _ if is_settled(&after) => Ok(Changed::Written(after)),
        // The body is not Azure's (a sign-in page, say) and the write does not show: it was not done.
        Some(failure) => Err(failure),
        None => Ok(Changed::Altered(after)),
    }
}

/// Waits until `vm` shows what was written. After a 202 (documented from 2022-09-01 on) only a reading counts, and it may
/// take a while.
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

/// Azure takes no write for `seconds`, which is longer than there is time.
fn closed(seconds: u64) -> Kind {
    Kind::Final(Trouble::new(
        format!("Azure accepts no more writes for {}", minutes(seconds)),
        format!(
            "run the same command again after that to continue where this one stopped, or let azlin wait: --deadline {}",
            seconds.div_ceil(60) * 60 + 60
        ),
    ))
}
