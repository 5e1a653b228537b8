//! Files and Azure → the line to edit so that a session goes to a VM, or the reason why no edit is enough.

use time::Date;

use crate::file::{Edit, Ends};
use crate::model::{Declared, Desired, Live, SessionName, VmId, VmNames, VmPath};

/// The edit that gives a session to a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move<'d> {
    /// The place of the file to edit.
    pub file: usize,
    /// The line in that file that gives the session to another VM until now.
    pub from: Option<&'d Declared>,
    /// The line in that file that gives another session to the VM until now.
    pub replaced: Option<&'d Declared>,
}

impl<'d> Move<'d> {
    /// The edit after which the file gives `session` to `vm`. The last day of a line belongs to its session: it goes with it, and
    /// that of the session that is replaced goes away.
    pub fn edit<'e>(&self, vm: &'e VmPath, session: &'e SessionName) -> Edit<'e>
    where
        'd: 'e,
    {
        let day = self.from.and_then(|from| from.expires);
        Edit {
            vm,
            session: Some(session.as_str()),
            ends: day.map_or(Ends::Never, Ends::After),
            from: self.from.map(|from| from.vm.path()),
        }
    }
}

/// The reason why an edit of one file does not give a session to a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoMove<'d> {
    /// A file gives the session to the VM already.
    Already {
        /// The place of the file.
        file: usize,
        /// Its line.
        line: &'d Declared,
    },
    /// The session's line has expired, so it counts for no VM.
    Expired {
        /// The place of its file.
        file: usize,
        /// The line.
        line: &'d Declared,
        /// Its last day.
        day: Date,
    },
    /// The session is the name of another VM, and `connect` would go there.
    Shadowed {
        /// The other VM.
        by: VmId,
    },
    /// One file has the session's line, and the VM belongs to another.
    Across {
        /// The place of the file with the line.
        from: usize,
        /// The line.
        line: &'d Declared,
        /// The place of the VM's file.
        to: usize,
    },
    /// Several files might take the line.
    Several {
        /// Their places.
        files: Vec<usize>,
    },
    /// No file is for the VM's subscription.
    Nowhere,
}

/// Returns the edit of one of `files` after which it gives `session` to `vm`, a VM in `live`. Each VM and each session has one
/// line in all files together.
///
/// The file is the one that has a line for the VM, or else one for the session, or else whose owner set the VM's session, or else
/// the only one for the VM's subscription.
///
/// # Errors
/// There is nothing to edit, or one edit is not enough.
pub fn moving<'d>(
    files: &[&'d Desired],
    live: &Live,
    vm: &VmId,
    session: &SessionName,
    today: Date,
) -> Result<Move<'d>, NoMove<'d>> {
    let mut lines = files.iter().enumerate().flat_map(|(file, desired)| {
        let lines = desired.sessions.iter();
        lines.map(move |line| (file, line))
    });
    let (from, to) = (
        lines.clone().find(|(_, line)| line.session == *session),
        lines.find(|(_, line)| line.vm == *vm),
    );
    if let Some((file, line)) = from {
        if let Some(day) = line.expires.filter(|_| line.is_over(today)) {
            return Err(NoMove::Expired { file, line, day });
        }
        if line.vm == *vm {
            return Err(NoMove::Already { file, line });
        }
    }
    let declared = files.iter().flat_map(|desired| &desired.sessions);
    let names = VmNames::of(live.vms.keys().chain(declared.map(|line| &line.vm)));
    if let Some(by) = names.another(session.as_str(), |other| **other == *vm) {
        let by = (*by).clone();
        return Err(NoMove::Shadowed { by });
    }
    let file = match (to, from) {
        (Some((file, _)), _) => file,
        (None, Some((file, line))) if line.vm.subscription() == vm.subscription() => file,
        (None, _) => home(files, live, vm)?,
    };
    if let Some((from, line)) = from.filter(|(from, _)| *from != file) {
        return Err(NoMove::Across {
            from,
            line,
            to: file,
        });
    }
    Ok(Move {
        file,
        from: from.map(|(_, line)| line),
        replaced: to.map(|(_, line)| line),
    })
}

/// The file for a line that no file has.
fn home<'d>(files: &[&'d Desired], live: &Live, vm: &VmId) -> Result<usize, NoMove<'d>> {
    let held = live.vms.get(vm).map(|vm| &vm.held);
    let mut places = Vec::new();
    for (file, desired) in files.iter().enumerate() {
        if desired.basis.subscription != *vm.subscription() {
            continue;
        }
        if held.is_some_and(|held| held.is_owned_by(desired.owner())) {
            return Ok(file);
        }
        places.push(file);
    }
    match places.as_slice() {
        [] => Err(NoMove::Nowhere),
        [file] => Ok(*file),
        _ => Err(NoMove::Several { files: places }),
    }
}
