//! The only code that changes tags: it reads, decides, writes and compares.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::sleep;

use super::arm::{Arm, LAST_LOOK};
use super::denial::minutes;
use super::pace::Turn;
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
    /// Write this patch: it is the second half of a change whose first half is done.
    Rest(Patch),
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
    /// azlin certainly wrote nothing, because of [`Decision::Refuse`].
    Refused(R),
    /// azlin certainly wrote nothing: Azure rejected a request or did not answer a read, or someone interrupted azlin.
    Failed(Failure),
    /// azlin sent a write and does not know its outcome: it may have arrived, or may still arrive.
    InDoubt {
        /// The failure of that write.
        failure: Failure,
        /// The tags when azlin looked again; none if it could not.
        now: Option<Tags>,
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

/// The failure that left the outcome of a write unknown, if any.
type Lost = RefCell<Option<Failure>>;

/// Reads the tags of `vm`, changes them as `decide` says, and compares the result. `decide` also receives whether a write of an
/// earlier attempt may have arrived, or may still arrive.
///
/// After a temporary failure it starts again with the read, because the tags may have changed. So it never repeats a write
/// without reading the tags again. If the outcome of a write stays unknown, it looks once more at the end. When `stopping`, it
/// finishes a write in progress and starts no other.
pub async fn change<R>(
    arm: &Arm,
    vm: &VmId,
    stopping: Option<&Stopping>,
    decide: impl Fn(&Tags, bool) -> Decision<R>,
) -> Changed<R> {
    let lost = Lost::default();
    let attempt = || try_once(arm, vm, stopping, &decide, &lost);
    let ended = arm.patience.retry(stopping, attempt).await;
    let failure = match (ended, lost.into_inner()) {
        // Whatever came after it, this is why the outcome is unknown.
        (Ok(Changed::Refused(_)) | Err(_), Some(lost)) => lost,
        (Ok(changed), _) => return changed,
        (Err(failure), None) => return Changed::Failed(failure),
    };
    match read(&arm.with_more_time(LAST_LOOK), vm).await.ok() {
        Some(tags) if matches!(decide(&tags, true), Decision::Done) => Changed::Written(tags),
        now => Changed::InDoubt { failure, now },
    }
}

async fn try_once<R>(
    arm: &Arm,
    vm: &VmId,
    stopping: Option<&Stopping>,
    decide: &impl Fn(&Tags, bool) -> Decision<R>,
    lost: &Lost,
) -> Result<Changed<R>, Failure> {
    let doing = doing(vm);
    let failed = |kind| Failure::new(&doing, kind);
    let turn = async || {
        let turn = arm.pace.turn(arm.patience.end()).await;
        turn.map_err(|wait| failed(closed(wait.as_secs_f64().ceil() as u64)))
    };
    // Wait for the turn first and then read the tags, so that they are not old by the time of the write.
    let looking = async { Ok((turn().await?, look(arm, vm).await?)) };
    let Some(looked) = unless_stopped(stopping, looking).await else {
        return Err(failed(Kind::Interrupted));
    };
    let (first_turn, before) = looked?;
    let is_in_doubt = lost.borrow().is_some();
    let patch = match decide(&before, is_in_doubt) {
        // The write of an earlier attempt has arrived.
        Decision::Done if is_in_doubt => return Ok(Changed::Written(before)),
        Decision::Done => return Ok(Changed::Already(before)),
        Decision::Write(patch) | Decision::Rest(patch) => patch,
        Decision::Old => return Err(failed(Kind::Old)),
        Decision::Refuse(why) => return Ok(Changed::Refused(why)),
    };
    let has_arrived =
        |tags: &Tags| matches!(decide(tags, true), Decision::Done | Decision::Rest(_));
    let write = Write {
        arm,
        vm,
        stopping,
        lost,
    };
    let Some(mut after) = write.send(&patch, first_turn, &before, has_arrived).await? else {
        return Ok(Changed::Accepted);
    };
    if removed_nothing(&patch, &after)
        && let Decision::Refuse(why) = decide(&after, true)
    {
        return Ok(Changed::Refused(why));
    }
    if let Decision::Rest(rest) = decide(&after, true) {
        // Until the second half is done, the outcome is neither the old state nor the new one.
        lost.replace(Some(failed(Kind::Unconfirmed)));
        let before = after;
        let finishing = async {
            let turn = turn().await?;
            write.send(&rest, turn, &before, has_arrived).await
        };
        match finishing.await {
            Ok(Some(tags)) => after = tags,
            Ok(None) => return Ok(Changed::Accepted),
            Err(failure) => {
                lost.replace(Some(failure.clone()));
                return Err(failure);
            }
        }
    }
    Ok(match decide(&after, true) {
        Decision::Done => Changed::Written(after),
        _ => Changed::Altered(after),
    })
}

/// True if `patch` removed no tag: Azure removes one only if it has the value that azlin read, and each has another one in `after`.
fn removed_nothing(patch: &Patch, after: &Tags) -> bool {
    let Patch::Delete(named) = patch else {
        return false;
    };
    let has_another = |(key, value)| after.get(key).is_some_and(|now| now != value);
    named.iter().all(has_another)
}

/// The writes of one attempt to change a VM.
struct Write<'a> {
    arm: &'a Arm,
    vm: &'a VmId,
    stopping: Option<&'a Stopping>,
    lost: &'a Lost,
}

impl Write<'_> {
    /// Sends `patch` in its `turn`. Returns the tags after it, or none if Azure accepted it but does not show it yet. `before` are
    /// the tags before it.
    async fn send(
        &self,
        patch: &Patch,
        turn: Turn<'_>,
        before: &Tags,
        has_arrived: impl Fn(&Tags) -> bool,
    ) -> Result<Option<Tags>, Failure> {
        let doing = doing(self.vm);
        let request = update(self.arm, &doing, self.vm, patch)?;
        let sent = self.arm.once(&doing, request).await;
        drop(turn);
        let unconfirmed = || Failure::new(&doing, Kind::Unconfirmed);
        let answer = match sent {
            Err(failure) => {
                if !failure.is_definite() {
                    self.lost.replace(Some(failure.clone()));
                }
                return Err(failure);
            }
            Ok(answer) if answer.status() == 202 => {
                self.lost.replace(Some(unconfirmed()));
                return self.arrival(has_arrived).await;
            }
            Ok(answer) => answer,
        };
        // Azure's answer contains all tags after the write. In some recorded answers it is the resource instead.
        let unclear = match parse(&doing, &answer) {
            Ok(Some(after)) => return Ok(Some(after)),
            unclear => unclear.err(),
        };
        self.lost
            .replace(Some(unclear.clone().unwrap_or_else(unconfirmed)));
        let after = read(self.arm, self.vm).await?;
        match unclear {
            // The body is not Azure's (it may be a sign-in page), and the VM does not show the write.
            Some(failure) if after == *before => Err(failure),
            _ => Ok(Some(after)),
        }
    }

    /// Waits until the VM shows the write. After a 202 (documented since 2022-09-01) only a read proves it, and that may take a
    /// while. When stopping, azlin looks only once.
    async fn arrival(&self, has_arrived: impl Fn(&Tags) -> bool) -> Result<Option<Tags>, Failure> {
        for pause in WATCH {
            if unless_stopped(self.stopping, sleep(pause)).await.is_none() && !pause.is_zero() {
                break;
            }
            let after = read(self.arm, self.vm).await?;
            if has_arrived(&after) {
                return Ok(Some(after));
            }
        }
        Ok(None)
    }
}

/// The purpose of a write.
fn doing(vm: &VmId) -> String {
    format!("write the tags of {}", vm.path())
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
