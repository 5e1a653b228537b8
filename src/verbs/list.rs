//! `azlin list`.

use super::context::{Context, What};
use super::{Exit, Streams, Trouble, names, today};
use crate::cli::{Common, List, ListFormat};
use crate::listing::{Filter, TagFilter, listing};
use crate::model::{Scope, Vm};
use crate::show;
use crate::text::quote;

pub(super) async fn run(common: &Common, args: &List, streams: Streams) -> Result<Exit, Trouble> {
    let filter = |text: &String| {
        TagFilter::new(text).map_err(|rule| {
            let message = format!("--tag {}: a tag key {rule}", quote(text));
            Trouble::new(message, "write it as KEY or KEY=VALUE")
        })
    };
    let ask = Filter {
        group: args.rg.clone(),
        tags: args.tag.iter().map(filter).collect::<Result<_, _>>()?,
        states: args.status.clone(),
        all: args.all,
        order: args.sort,
    };
    let context = Context::open_without_file(common, streams)?;
    let with_group = |scope: &Scope| super::scope_with(scope, "", ask.group.as_deref());
    let group = ask.group.as_deref();
    let live = names::read_azure_for(&context, What::Listed, &with_group, group).await?;
    let listing = listing(&context.desired(), &live, &ask, today());
    streams.print(&match args.format {
        ListFormat::Table => {
            let file = |vm: &Vm| context.file_of(vm);
            show::list(&listing, file, streams.width(), streams.stdout)
        }
        ListFormat::Json => show::list_json(&listing),
        ListFormat::Csv => show::list_csv(&listing),
    })?;
    if args.format == ListFormat::Table {
        let (name, ids) = (context.name(), context.ids);
        streams.say(&show::marks(
            &listing,
            &name,
            &common.files(),
            ids,
            streams.stderr,
        ));
    }
    streams.say(&show::unseen(&listing, &ask, &context.place()));
    streams.warn_incomplete(&live);
    Ok(Exit::Done)
}
