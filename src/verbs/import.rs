//! `azlin import`.

use super::context::{Context, What};
use super::part::Part;
use super::{Exit, Streams, Trouble, document, names};
use crate::cli::{Common, Import as Args};
use crate::file::{self, CannotEdit, Diagnostic};
use crate::importing::{self, Import, Source};
use crate::listing::TagFilter;
use crate::model::{Scope, TagKey};
use crate::show;
use crate::text::quote;

pub(super) async fn run(common: &Common, args: &Args, streams: Streams) -> Result<Exit, Trouble> {
    let source = source(args)?;
    let context = Context::open(common, streams)?;
    if context.has_several() {
        let message = "import writes one file, and several are given";
        return Err(Trouble::new(message, "choose one with --file"));
    }
    let with_groups = |scope: &Scope| {
        let mut scope = scope.clone();
        if let Scope::Groups(groups) = &mut scope {
            groups.extend(source.groups.iter().map(|group| group.to_lowercase()));
        }
        scope
    };
    let live = names::read_azure(&context, What::Sessions, &with_groups).await?;
    streams.warn_incomplete(&live);
    let part = &context.first;
    let import = importing::import(&part.desired, &live, &source);
    let (before, after) = edited(part, &import)?;
    let name = &part.name;
    if args.dry_run {
        streams.print(&show::changed(&before, &after, name, streams.stdout))?;
    } else if before != after {
        document::rewrite(&part.document.path, &after)?;
    }
    for left_out in &import.left_out {
        streams.warn(&show::not_imported(left_out, name, context.ids));
    }
    streams.say(&summary(&import, args, common, name));
    Ok(Exit::Done)
}

/// The sessions to import.
fn source(args: &Args) -> Result<Source, Trouble> {
    let invalid = |flag: &str, text: &str, rule: String, help: &str| {
        Trouble::new(format!("{flag} {}: a tag key {rule}", quote(text)), help)
    };
    let mut source = Source {
        groups: args.rg.clone(),
        ..Source::default()
    };
    for text in &args.tag {
        let tag = TagFilter::new(text);
        let help = "write it as KEY or KEY=VALUE";
        source
            .tags
            .push(tag.map_err(|rule| invalid("--tag", text, rule, help))?);
    }
    if let Some(text) = &args.from_tag {
        let key = TagKey::new(text);
        let help = "name the tag by its key, such as azlin-session";
        source.from = Some(key.map_err(|rule| invalid("--from-tag", text, rule, help))?);
    }
    Ok(source)
}

/// The text of the file of `part` now, and with the sessions of `import`.
fn edited(part: &Part, import: &Import) -> Result<(String, String), Trouble> {
    let name = &part.name;
    let text = part.document.text_now();
    let text = text.map_err(|why| Trouble::new(why, "pass a file that azlin can edit"))?;
    let edited = file::edit(&text, &import.edits()).map_err(|CannotEdit| {
        let message = format!("cannot add sessions to {name} because of its layout");
        let help =
            "write the sessions into tables of the form [sessions.<group>], then run this again";
        Trouble::new(message, help)
    })?;
    let (_, found, _) = file::read(&part.document.source.name, edited.as_bytes());
    if let Some(error) = found.into_iter().find(Diagnostic::is_error) {
        let message = format!("{name} would be invalid: {}", error.message);
        return Err(Trouble::new(
            message,
            "narrow what to import with --rg or --tag",
        ));
    }
    Ok((text, edited))
}

/// The last line: the number of sessions, and the next command.
fn summary(import: &Import, args: &Args, common: &Common, name: &str) -> String {
    let added = show::count(import.added.len(), "session");
    let files = common.files();
    let mut others = Vec::new();
    if import.matching > 0 {
        others.push(format!("{} already there", import.matching));
    }
    if !import.left_out.is_empty() {
        others.push(format!("{} not imported", import.left_out.len()));
    }
    let others = match others.join(", ") {
        none if none.is_empty() => none,
        some => format!(" ({some})"),
    };
    match (import.added.is_empty(), args.dry_run) {
        (true, _) => format!("Nothing to add to {name}{others}.\n"),
        (false, true) => format!("Would add {added} to {name}{others}.\n"),
        (false, false) => {
            format!("Added {added} to {name}{others}. Next, run: azlin plan{files}\n")
        }
    }
}
