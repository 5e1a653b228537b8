//! Decides whether `--take-ownership` may take a VM, and `--take-ownership-from` all sessions of an owner.

use std::collections::HashMap;

use crate::model::{Desired, LiveName, SubscriptionId, VmId};

/// The reason why a file cannot take a VM from another owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTake {
    /// The file has no owner to take it for.
    NoOwner,
    /// The file has no line for the VM.
    NoLine,
}

/// Checks that the file may take `vm` from its owner: it has an owner itself, and a line for the VM.
///
/// # Errors
/// It has no owner, or no line for the VM.
pub fn may_take(desired: &Desired, vm: &VmId) -> Result<(), NoTake> {
    if desired.owner().is_none() {
        Err(NoTake::NoOwner)
    } else if !desired.declares(vm) {
        Err(NoTake::NoLine)
    } else {
        Ok(())
    }
}

/// The reason why the files cannot take over all sessions of an owner. Each `usize` is the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRename {
    /// No file has an owner.
    NoOwner,
    /// A file has this owner now.
    Current(usize),
    /// Two files with owners are for one subscription, so either could take over.
    Either(usize, usize),
}

/// Checks that `files` may take over all sessions of the owner `old`: none of them belongs to it now, and each subscription has at
/// most one file with an owner, which takes them over.
///
/// # Errors
/// No file has an owner, one has the owner `old`, or two could take over.
pub fn may_rename(files: &[&Desired], old: &LiveName) -> Result<(), NoRename> {
    let mut first: HashMap<&SubscriptionId, usize> = HashMap::new();
    for (at, file) in files.iter().enumerate() {
        let Some(owner) = file.owner() else {
            continue;
        };
        if owner.as_str() == old.raw() {
            return Err(NoRename::Current(at));
        }
        if let Some(other) = first.insert(&file.basis.subscription, at) {
            return Err(NoRename::Either(other, at));
        }
    }
    if first.is_empty() {
        return Err(NoRename::NoOwner);
    }
    Ok(())
}
