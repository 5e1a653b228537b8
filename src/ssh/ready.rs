//! (State of a VM, may azlin start it?) → whether `ssh` can reach it.

use crate::model::{Ended, Power};

/// The thing to do before `ssh` runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Nothing: the VM runs, is about to, or its state is unknown.
    Now,
    /// Start the VM, and wait until it runs.
    AfterStart,
    /// The VM is down, and azlin may not start it.
    No,
    /// The VM is down, and can never start again.
    Never(Ended),
}

/// Returns what to do for a VM in the state `power`. `may_start` is true if the caller lets azlin start it.
///
/// A VM without a known state is not taken for a running one: azlin starts it if it may, which leaves a running VM as it is.
pub fn ready(power: Power, ended: Option<Ended>, may_start: bool) -> Ready {
    let runs = power == Power::Running;
    match ended {
        Some(ended) if power.is_down() || (may_start && !runs) => Ready::Never(ended),
        _ if may_start && !runs => Ready::AfterStart,
        _ if power.is_down() => Ready::No,
        _ => Ready::Now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_vm_that_can_start_is_started_or_offered_to_be() {
        let (deleting, generalized) = (Some(Ended::Deleting), Some(Ended::Generalized));
        for (power, ended, may_start, expected) in [
            (Power::Running, None, false, Ready::Now),
            (Power::Running, None, true, Ready::Now),
            (Power::Running, deleting, true, Ready::Now),
            (Power::Starting, None, false, Ready::Now),
            (Power::Starting, None, true, Ready::AfterStart),
            (Power::Unknown, None, false, Ready::Now),
            (Power::Unknown, None, true, Ready::AfterStart),
            (
                Power::Unknown,
                deleting,
                true,
                Ready::Never(Ended::Deleting),
            ),
            (Power::Stopped, None, false, Ready::No),
            (Power::Deallocated, None, true, Ready::AfterStart),
            (
                Power::Stopping,
                deleting,
                false,
                Ready::Never(Ended::Deleting),
            ),
            (
                Power::Deallocated,
                generalized,
                true,
                Ready::Never(Ended::Generalized),
            ),
            (
                Power::Deallocated,
                generalized,
                false,
                Ready::Never(Ended::Generalized),
            ),
        ] {
            let found = ready(power, ended, may_start);
            assert_eq!(found, expected, "{power:?} {ended:?} {may_start}");
        }
    }
}
