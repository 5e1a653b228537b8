//! `azlin show`.

use super::{Exit, Streams, Trouble, planning};
use crate::cli::{Format, Show};
use crate::plan::{Saved, bundle};
use crate::show::{self, Section};
use crate::text::escape;

pub(super) fn run(args: &Show, streams: Streams) -> Result<Exit, Trouble> {
    let saved = planning::read(&args.plan)?;
    let place = |saved: &Saved| format!("subscription {}", saved.basis.subscription);
    let places: Vec<String> = saved.iter().map(place).collect();
    let file = |saved: &Saved| escape(&saved.basis.file).into_owned();
    let files: Vec<String> = saved.iter().map(file).collect();
    let named = saved.iter().zip(places.iter().zip(&files));
    let sections = named.map(|(saved, (place, file))| Section {
        plan: &saved.plan,
        place,
        file,
    });
    let sections: Vec<Section<'_>> = sections.collect();
    streams.print(&match args.format {
        Format::Text => show::plans(&sections, streams.stdout),
        Format::Json => bundle::write(saved.clone()),
        Format::Markdown => show::markdown(&sections, None),
    })?;
    Ok(Exit::Done)
}
