//! Two plans for one Azure → what an edit of the files causes, and what had drifted before.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Plan, Write};
use crate::model::{Shown, VmId};

/// The reason for a change, compared with an older version of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The files have changed since: the older version would not make this change.
    Change,
    /// Azure differs from the older version too, in the same way.
    Drift,
}

/// The older version of the files that a plan was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The git revision, as the user named it.
    pub rev: Shown,
    /// The changes that the older version would make and this one does not, on VMs that do not change at all.
    pub resolved: Vec<Write>,
}

/// Marks each change and blocked line of `now` as new since `rev` or as drift. `then` is the plan for the files at `rev`, made
/// from the same Azure with the same options.
pub fn mark_since(now: &mut Plan, then: &Plan, rev: &str) {
    for change in &mut now.changes {
        let before = then.change_of(&change.vm);
        let is_drift = before.is_some_and(|before| before.after == change.after);
        change.origin = Some(origin(is_drift));
    }
    let lines = then.files.iter().flat_map(|file| &file.blocked);
    let blocked: BTreeSet<(&VmId, &str)> = lines
        .map(|line| (&line.vm, line.session.as_str()))
        .collect();
    for line in now.files.iter_mut().flat_map(|file| &mut file.blocked) {
        let was = blocked.contains(&(&line.vm, line.session.as_str()));
        line.origin = Some(origin(was));
    }
    let blocked = now.files.iter().flat_map(|file| &file.blocked);
    let blocked: BTreeSet<&VmId> = blocked.map(|line| &line.vm).collect();
    let changes = then.changes.iter();
    let resolved = changes
        .filter(|change| now.change_of(&change.vm).is_none() && !blocked.contains(&change.vm));
    let resolved = resolved.map(|change| Write {
        vm: change.vm.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
    });
    let base = Base {
        rev: Shown::new(rev),
        resolved: resolved.collect(),
    };
    now.base = Some(base);
}

fn origin(is_drift: bool) -> Origin {
    if is_drift {
        Origin::Drift
    } else {
        Origin::Change
    }
}
