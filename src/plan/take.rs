//! Whose sessions may be touched: `--take-ownership`, and what a person sets by hand.

use crate::model::{Desired, VmId};

/// Why a file cannot take a VM from another owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTake {
    /// The file has no owner to take it for.
    NoOwner,
    /// The file has no line for the VM.
    NoLine,
}

/// Checks that the file may take `vm` from its owner: it says who it is, and names the VM.
///
/// # Errors
/// It does not.
pub fn may_take(desired: &Desired, vm: &VmId) -> Result<(), NoTake> {
    if desired.owner().is_none() {
        Err(NoTake::NoOwner)
    } else if !desired.declares(vm) {
        Err(NoTake::NoLine)
    } else {
        Ok(())
    }
}
