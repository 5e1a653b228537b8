//! `azlin list`.

use std::io::{self, IsTerminal as _};

use console::Term;

use super::context::Context;
use super::{Exit, Streams, Trouble, today};
use crate::cli::{Common, List, ListFormat};
use crate::list::{self, Filter};
use crate::show;

pub(super) async fn run(common: &Common, args: &List, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let live = context.everything(&context.file.azure.scope).await?;
    let filter = Filter {
        all: args.all,
        group: args.rg.clone(),
        tags: args.tag.clone(),
    };
    let listing = list::list(&live, &context.file.desired, &filter, today());
    streams.print(&match args.format {
        ListFormat::Table => {
            let terminal = io::stdout().is_terminal();
            let width = terminal.then(|| usize::from(Term::stdout().size().1));
            show::list(&listing, width, streams.stdout)
        }
        ListFormat::Json => show::list_json(&listing, context.arm.subscription()),
        ListFormat::Csv => show::list_csv(&listing),
    })?;
    streams.warn_incomplete(&live);
    if args.format != ListFormat::Json {
        streams.say(&show::below_list(&listing, &context.name));
    }
    Ok(Exit::Done)
}
