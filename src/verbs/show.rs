//! `azlin show`.

use super::{Exit, Streams, Trouble, planning};
use crate::cli::{Format, Show};
use crate::show;

pub(super) fn run(args: &Show, streams: Streams) -> Result<Exit, Trouble> {
    let saved = planning::read(&args.plan)?;
    let place = format!("subscription {}", saved.basis.subscription);
    let file = crate::text::escape(&saved.basis.file).into_owned();
    streams.print(&match args.format {
        Format::Text => show::plan(&saved.plan, &place, &file, streams.stdout),
        Format::Json => saved.write(),
        Format::Markdown => show::markdown(&saved.plan, &place, &file, None),
    })?;
    Ok(Exit::Done)
}
