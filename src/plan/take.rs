//! Decides whether `--take-ownership` may take a VM.

use crate::model::{Desired, VmId};

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
