//! `azlin show`.

use super::{Exit, Streams, Trouble, saved};
use crate::cli::{Format, Show};
use crate::show;

pub(super) fn run(args: &Show, streams: Streams) -> Result<Exit, Trouble> {
    let saved = saved::read(&args.plan)?;
    streams.print(&match args.output.format {
        Format::Text => show::plan(&saved.plan, &saved.options, streams.stdout),
        Format::Json => saved.write(),
        Format::Markdown => show::markdown(&saved.plan, &saved.options),
    })?;
    Ok(Exit::Done)
}
