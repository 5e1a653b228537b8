//! `azlin validate`.

use super::context::{find, read};
use super::{Exit, Streams, Trouble};
use crate::cli::Common;
use crate::text::escape;

pub(super) fn run(common: &Common, streams: Streams) -> Result<Exit, Trouble> {
    let found = find(common)?;
    let (file, _) = read(&found, streams)?;
    let sessions = match file.desired.sessions.len() {
        1 => "1 session".to_owned(),
        n => format!("{n} sessions"),
    };
    let name = found.path.to_string_lossy();
    streams.print(&format!("{} is valid: {sessions}\n", escape(&name)))?;
    Ok(Exit::Done)
}
