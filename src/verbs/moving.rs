//! `azlin move`.

use super::context::{Context, What};
use super::document::{self, Document};
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble, names, saving, session, today};
use crate::cli::{Common, Format, Move as Args};
use crate::file::{self, CannotEdit, Diagnostic};
use crate::model::{Hex, Scope, SessionName, VmId};
use crate::moving::{self, Move, NoMove};
use crate::plan::{self, Aim};
use crate::show;

pub(super) async fn run(common: &Common, args: &Args, streams: Streams) -> Result<Exit, Trouble> {
    let name = session::valid(&args.name)?;
    let mut context = Context::open(common, streams)?;
    let (called, group) = (args.vm.as_str(), args.within.rg.as_deref());
    let scope = |own: &Scope| super::scope_with(own, called, group);
    let within = group.or_else(|| VmId::group_in(called));
    let mut live = names::read_azure_for(&context, What::Sessions, &scope, within).await?;
    let vm = super::vm_called(&live, called, group, &context).await?;
    let vm = vm.id.clone();
    streams.warn_incomplete(&live);
    let desired = context.desired();
    let (ids, files) = (context.ids, context.names());
    match moving::moving(&desired, &live, &vm, &name, today()) {
        Err(NoMove::Already { file, line }) => {
            let file = files.get(file).copied().unwrap_or_default();
            let (vm, at) = (ids.name(&vm), line.line);
            streams.say(&format!(
                "Nothing to edit: {file} gives {name} to {vm} already (line {at}).\n"
            ));
        }
        Err(why) => return Err(show::no_move(&why, &name, &vm, &files, ids)),
        Ok(moved) => {
            if moved.from.is_none() {
                session::doubts(&name, &live, streams);
            }
            let document = edit(&context, &moved, &vm, &name, args.dry_run)?;
            let at = moved.file;
            let Some(document) = document else {
                return Ok(Exit::Done);
            };
            context.replace(at, document);
            live.spell_like(context.desired().into_iter());
        }
    }
    if args.dry_run {
        return Ok(Exit::Done);
    }
    let aim = Aim::on(today());
    let planned = Planned {
        plan: plan::plan(&context.desired(), &live, &aim),
        live,
        aim,
        saved: None,
    };
    planning::print(&planned, &context, Format::Text)?;
    planning::guard(&planned)?;
    planning::refuse_blocked(&planned.plan, &context, "")?;
    if !planned.plan.changes.is_empty() {
        let files = common.files();
        streams.say(&format!("Run azlin apply{files} to make these changes.\n"));
    }
    Ok(Exit::Done)
}

/// Makes the edit `moved`, and returns the new file. With `is_dry`, it shows the edit instead.
fn edit(
    context: &Context,
    moved: &Move<'_>,
    vm: &VmId,
    name: &SessionName,
    is_dry: bool,
) -> Result<Option<Document>, Trouble> {
    let streams = context.streams;
    let Some(part) = context.parts().nth(moved.file) else {
        return Ok(None);
    };
    let (file, path) = (&part.name, &part.document.path);
    let before = part.document.text_now();
    let before = before.map_err(|why| Trouble::new(why, "pass a file that azlin can edit"))?;
    if Hex::sha256(before.as_bytes()) != part.document.sha256 {
        let message = format!("{file} changed while azlin read Azure; nothing was written");
        return Err(Trouble::new(message, "run this again"));
    }
    let spelled = vm.spelled_for(&part.desired.groups());
    let edits = [moved.edit(&spelled, name)];
    let vm = &VmId::new(vm.subscription(), spelled.clone());
    let after = file::edit(&before, &edits).map_err(|CannotEdit| {
        let message = format!("azlin cannot edit {file} for this because of its layout");
        let mut help = format!("give {name} to {vm} there by hand", vm = vm.path());
        if let Some(from) = moved.from {
            help += &format!(", and delete it on line {}", from.line);
        }
        Trouble::new(message, help)
    })?;
    let (valid, found, source) = file::read(&part.document.source.name, after.as_bytes());
    let error = found.into_iter().find(Diagnostic::is_error);
    let wrong = error.map(|error| error.message);
    let valid = valid.filter(|_| wrong.is_none());
    let clash = |valid: &file::File| saving::amiss_with(context, part, valid, &source);
    if let Some(wrong) = wrong.or_else(|| valid.as_ref().and_then(clash)) {
        let message = format!("{file} would be invalid: {wrong}");
        return Err(Trouble::new(message, "choose another name"));
    }
    if is_dry {
        streams.print(&show::changed(&before, &after, file, streams.stdout))?;
    } else {
        document::rewrite(path, &after)?;
    }
    let (text, note) = show::moved(moved, name, vm, file, is_dry, context.ids);
    streams.say(&text);
    if let Some(note) = note {
        streams.note(&note);
    }
    let gone = file::comments_gone(&before, &after);
    if !gone.is_empty() {
        streams.note(&show::removed_with_it(&gone, file));
    }
    Ok(valid.map(|file| Document {
        path: path.clone(),
        is_there: true,
        has_mark: part.document.has_mark,
        sha256: Hex::sha256(after.as_bytes()),
        base: None,
        file,
        source,
    }))
}
