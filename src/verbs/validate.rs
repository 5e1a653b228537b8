//! `azlin validate`.

use super::{Exit, Streams, Trouble, files};
use crate::cli::Common;
use crate::show;
use crate::text::escape;

pub(super) fn run(common: &Common, streams: Streams) -> Result<Exit, Trouble> {
    let valid = files::read(files::find(common)?, streams)?;
    if valid.len() > 1 {
        let files = valid.iter();
        let files = files.map(|valid| (valid, valid.file.azure.subscription.as_ref()));
        files::check_together(files, streams)?;
    }
    for file in &valid {
        let sessions = show::count(file.file.lines.len(), "session");
        let name = file.path.to_string_lossy();
        streams.print(&format!("{} is valid: {sessions}\n", escape(&name)))?;
    }
    Ok(Exit::Done)
}
