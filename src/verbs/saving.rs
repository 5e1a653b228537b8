//! `session --save`: also writes a session set by hand to `sessions.toml`.

use super::context::Context;
use super::part::Part;
use super::{Trouble, today};
use crate::file::{self, CannotEdit, Diagnostic, Edit, Ends, File, Member, Source};
use crate::model::{SessionName, VmId};
use crate::replace::replace;
use crate::text::{escape, plain};

/// Returns the file's text now, and the text in which `vm` holds `wanted`.
///
/// It reads the file again each time, because someone may have edited it while azlin waited for Azure.
pub(super) fn edited(
    context: &Context,
    part: &Part,
    vm: &VmId,
    wanted: Option<&SessionName>,
) -> Result<(String, String), Trouble> {
    let refused = |why: String, help: &str| Trouble::new(format!("--save: {why}"), help);
    let by_hand = "run this without --save, and edit the file by hand";
    let another = "choose another name, or run this without --save";
    let name = &part.name;
    if !part.document.is_there {
        let why = format!("{name} not found in this folder or any above it");
        let help = "pass the file with --file, or run this without --save";
        return Err(refused(why, help));
    }
    for line in &part.desired.sessions {
        let (at, its_vm) = (line.line, line.vm.path());
        if line.vm != *vm && Some(&line.session) == wanted {
            let why = format!("{name} assigns this name to {its_vm} on line {at}");
            let help = "change that line first, or choose another name";
            return Err(refused(why, help));
        }
        if line.vm == *vm
            && wanted.is_some()
            && line.is_over(today())
            && let Some(day) = line.expires
        {
            let why = format!("line {at} of {name}, for {its_vm}, expired on {day}");
            let help = "give it a later `expires` first, or run this without --save";
            return Err(refused(why, help));
        }
    }
    let text = part
        .document
        .text_now()
        .map_err(|why| refused(why, by_hand))?;
    let edit = Edit {
        vm: vm.path(),
        session: wanted.map(SessionName::as_str),
        ends: Ends::Keep,
        from: None,
    };
    let edited = file::edit(&text, &[edit]).map_err(|CannotEdit| {
        let vm = vm.path();
        let why = format!("azlin cannot edit the line for {vm} in {name} because of its layout");
        refused(why, by_hand)
    })?;
    let (valid, found, source) = file::read(&part.document.source.name, edited.as_bytes());
    if let Some(error) = found.into_iter().find(Diagnostic::is_error) {
        let why = format!("{name} would be invalid: {}", error.message);
        return Err(refused(why, another));
    }
    if let Some(file) = valid
        && let Some(wrong) = amiss_with(context, part, &file, &source)
    {
        let why = format!("{name} would conflict with the other files: {wrong}");
        return Err(refused(why, another));
    }
    Ok((text, edited))
}

/// The first error between the files, with `file` in place of `part`'s own.
pub(super) fn amiss_with(
    context: &Context,
    part: &Part,
    file: &File,
    source: &Source,
) -> Option<String> {
    let others = context.parts().filter(|other| !std::ptr::eq(*other, part));
    let mut members: Vec<Member<'_>> = others.map(Part::member).collect();
    // The edited file is last: an error is about the later of two files, and names the earlier.
    members.push(Member {
        file,
        source,
        ..part.member()
    });
    let mut found = file::check(&members).into_iter();
    let error = found.find(Diagnostic::is_error)?;
    let labels = error.labels.iter();
    let mut others = labels.filter(|label| label.file != error.file());
    Some(match others.find_map(|label| members.get(label.file)) {
        Some(other) => format!("{} ({})", error.message, escape(&other.source.name)),
        None => error.message,
    })
}

/// Writes the session that the VM holds now to the file.
pub(super) fn save(
    context: &Context,
    part: &Part,
    vm: &VmId,
    wanted: Option<&SessionName>,
) -> Result<(), Trouble> {
    let (before, after) = edited(context, part, vm, wanted)?;
    let name = &part.name;
    if before == after {
        context
            .streams
            .note(&format!("{name} is already up to date"));
        return Ok(());
    }
    replace(&part.document.path, after.as_bytes(), false).map_err(|error| {
        let message = format!("cannot write {name}: {}", plain(&error));
        let help = "check that you can write to the file, then run this again";
        Trouble::new(message, help)
    })?;
    context.streams.note(&format!("updated {name}"));
    Ok(())
}
