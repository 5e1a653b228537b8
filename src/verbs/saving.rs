//! What a person sets by hand, written into `sessions.toml` too.

use std::fs;

use super::context::Context;
use super::part::Part;
use super::{Streams, Trouble, today};
use crate::file::{self, CannotEdit, Diagnostic, Edit, Member};
use crate::model::{SessionName, VmId};
use crate::replace::replace;
use crate::text::{escape, plain};

/// The file as it is now, and as it is with `vm` holding `wanted`.
///
/// It is read anew each time: while Azure was asked, someone else may have written into it.
pub(super) fn edited(
    context: &Context,
    part: &Part,
    vm: &VmId,
    wanted: Option<&SessionName>,
) -> Result<(String, String), Trouble> {
    let name = &part.name;
    let Some(path) = &part.path else {
        return Err(Trouble::new(
            format!("--save: there is no {name} here or in a folder above"),
            "leave --save out, or name the file with --file",
        ));
    };
    let mut lines = part.desired.sessions.iter();
    if let Some(line) = lines.find(|line| line.vm != *vm && Some(&line.session) == wanted) {
        let (other, at) = (line.vm.path(), line.line);
        return Err(Trouble::new(
            format!("--save: {name} assigns this name to {other} in line {at}"),
            "change that line first, or choose another name",
        ));
    }
    let mut lines = part.desired.sessions.iter();
    if let (Some(line), Some(_)) = (lines.find(|line| line.vm == *vm), wanted)
        && let Some(day) = line.expires.filter(|_| line.is_over(today()))
    {
        return Err(Trouble::new(
            format!(
                "--save: the line of {}, {} of {name}, has expired on {day}",
                vm.path(),
                line.line
            ),
            "give it another day first, or leave --save out",
        ));
    }
    let text = fs::read_to_string(path).map_err(|error| {
        let message = format!("--save: cannot read {name}: {}", plain(&error));
        Trouble::new(message, "leave --save out, and edit the file by hand")
    })?;
    let edit = Edit {
        vm: vm.path(),
        session: wanted.map(SessionName::as_str),
        endless: false,
    };
    let edited = file::edit(&text, &[edit]).map_err(|CannotEdit| {
        let vm = vm.path();
        let message =
            format!("--save: {name} has a form in which azlin cannot edit the line of {vm}");
        Trouble::new(message, "leave --save out, and edit the file by hand")
    })?;
    let (_, found, _) = file::read(name, edited.as_bytes());
    if let Some(error) = found.into_iter().find(Diagnostic::is_error) {
        return Err(Trouble::new(
            format!("--save: {name} would not be valid: {}", error.message),
            "leave --save out, or choose another name",
        ));
    }
    if let Some(wrong) = amiss_with(context, part, &edited) {
        let message = format!("--save: {name} would not go with the other files: {wrong}");
        return Err(Trouble::new(
            message,
            "leave --save out, or choose another name",
        ));
    }
    Ok((text, edited))
}

/// What is wrong with the files together, were `text` that of `edited`.
fn amiss_with(context: &Context, edited: &Part, text: &str) -> Option<String> {
    let anew = |part: &Part| {
        let text = if std::ptr::eq(part, edited) {
            text
        } else {
            &part.text
        };
        file::read(&part.name, text.as_bytes())
    };
    // The edited one last: of two files that clash, the later is blamed and the earlier named.
    let is_edited = |part: &&Part| std::ptr::eq(*part, edited);
    let others = context.parts().filter(|part| !is_edited(part));
    let parts: Vec<&Part> = others.chain([edited]).collect();
    let files: Vec<_> = parts.iter().map(|part| anew(part)).collect();
    let members = files.iter().zip(&parts);
    let members = members.filter_map(|((file, _, source), part)| {
        Some(Member {
            file: file.as_ref()?,
            source,
            subscription: Some(part.arm.subscription()),
        })
    });
    let members: Vec<Member<'_>> = members.collect();
    let error = file::check(&members)
        .into_iter()
        .find(Diagnostic::is_error)?;
    let mut others = error
        .labels
        .iter()
        .filter(|label| label.file != error.file());
    let other = others.find_map(|label| members.get(label.file));
    Some(match other {
        Some(other) => {
            let name = escape(&other.source.name);
            format!("{} ({name})", error.message)
        }
        None => error.message,
    })
}

/// Writes into the file what the VM holds by now.
pub(super) fn save(
    context: &Context,
    part: &Part,
    vm: &VmId,
    wanted: Option<&SessionName>,
    streams: Streams,
) -> Result<(), Trouble> {
    let edited = edited(context, part, vm, wanted);
    let (before, after) =
        edited.map_err(|trouble| trouble.within("the VM is written, but the file is not"))?;
    let (Some(path), name) = (&part.path, &part.name) else {
        return Ok(());
    };
    if before == after {
        streams.note(&format!("{name} already says so"));
        return Ok(());
    }
    replace(path, after.as_bytes(), false).map_err(|error| {
        let message = format!("the VM is written, but {name} is not: {}", plain(&error));
        let help = "check that you may write to it, then run the same again";
        Trouble::new(message, help)
    })?;
    streams.note(&format!("updated {name}"));
    Ok(())
}
