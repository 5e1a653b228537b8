//! `azlin schema`.

use super::{Exit, Streams, Trouble};
use crate::{file, json};

pub(super) fn run(streams: Streams) -> Result<Exit, Trouble> {
    streams.print(&json::ascii(&file::schema()))?;
    Ok(Exit::Done)
}
