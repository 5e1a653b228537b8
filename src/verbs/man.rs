//! `azlin man`.

use std::{fs, io};

use super::{Exit, Streams, Trouble};
use crate::cli::{self, Man};
use crate::replace::replace;
use crate::show;
use crate::text::shown;

pub(super) fn run(args: &Man, streams: Streams) -> Result<Exit, Trouble> {
    let pages = show::manual::pages(cli::command());
    let Some(folder) = &args.folder else {
        let main = pages.iter().find(|(name, _)| name == "azlin.1");
        streams.print(main.map_or("", |(_, text)| text))?;
        return Ok(Exit::Done);
    };
    let cannot = |error: io::Error| {
        let help = "choose a folder that you may write to";
        Trouble::cannot("write the pages into", folder, &error, help)
    };
    fs::create_dir_all(folder).map_err(cannot)?;
    for (name, text) in &pages {
        replace(&folder.join(name), text.as_bytes(), false).map_err(cannot)?;
    }
    streams.say(&format!(
        "wrote {} pages to {}\n",
        pages.len(),
        shown(folder)
    ));
    Ok(Exit::Done)
}
