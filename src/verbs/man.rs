//! `azlin man`.

use std::fs;
use std::io;

use clap::CommandFactory as _;

use super::{Exit, Streams, Trouble};
use crate::cli::{Cli, Man};
use crate::show;
use crate::text::{escape, plain};

pub(super) fn run(args: &Man, streams: Streams) -> Result<Exit, Trouble> {
    let pages = show::manual::pages(Cli::command());
    let Some(folder) = &args.folder else {
        let main = pages.iter().find(|(name, _)| name == "azlin.1");
        streams.print(main.map_or("", |(_, text)| text))?;
        return Ok(Exit::Done);
    };
    let shown = escape(&folder.to_string_lossy()).into_owned();
    let cannot = |error: io::Error| {
        let message = format!("cannot write the pages into {shown}: {}", plain(&error));
        Trouble::new(message, "choose a folder that you may write to")
    };
    fs::create_dir_all(folder).map_err(cannot)?;
    for (name, text) in &pages {
        fs::write(folder.join(name), text).map_err(cannot)?;
    }
    streams.say(&format!("{} pages are in {shown}\n", pages.len()));
    Ok(Exit::Done)
}
