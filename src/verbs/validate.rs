//! `azlin validate`.

use super::document::{self, Document};
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, Validate as Args};
use crate::show;

pub(super) fn run(common: &Common, args: &Args, streams: Streams) -> Result<Exit, Trouble> {
    let valid = document::read(
        document::given(common, &args.files, streams)?.files,
        streams,
    )?;
    document::check_together(valid.iter().map(Document::member).collect(), streams)?;
    for document in &valid {
        document::warn_expired(document, streams);
        let sessions = show::count(document.file.lines.len(), "session");
        streams.print(&format!("{} is valid: {sessions}\n", document.name()))?;
    }
    Ok(Exit::Done)
}
