//! The report of `blame`, as text and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Ids, Paint};
use crate::blaming::{Blame, Commit, Holder, Line};
use crate::json;
use crate::model::Written;
use crate::resolve::By;
use crate::text::{escape, quote};

/// The report on `name` as text.
pub fn blame(blame: &Blame, name: &str, paint: Paint, ids: Ids) -> String {
    let mut text = String::new();
    let mut say = |label: &str, what: String| {
        let _ = writeln!(text, "{:<9}{what}", paint.dim(label));
    };
    let is_held = blame
        .vms
        .iter()
        .any(|vm| vm.session.as_ref().is_some_and(|held| held.raw() == name));
    let mut azure = "Azure";
    if blame.by == By::Session && !is_held {
        say(azure, format!("no VM holds {}", quote(name)));
        azure = "";
    } else if blame.vms.is_empty() {
        say(azure, format!("Azure lists no VM {}", quote(name)));
    }
    for holder in &blame.vms {
        say(std::mem::take(&mut azure), held(holder, ids));
        say("", log(holder));
    }
    match &blame.line {
        None => say("file", format!("no file declares {}", quote(name))),
        Some(line) => {
            let Line {
                file,
                line: at,
                session,
                vm,
                ..
            } = line;
            say(
                "file",
                format!("{file}:{at} gives {session} to {}", ids.name(vm)),
            );
            say("", commit(line));
        }
    }
    text
}

/// The VM with its session and its owner.
fn held(holder: &Holder, ids: Ids) -> String {
    let vm = ids.name(&holder.vm);
    let Some(session) = &holder.session else {
        return format!("{vm} has no session");
    };
    match &holder.owner {
        Some(owner) => format!("{vm} holds {session}, set by owner {owner}"),
        None => format!("{vm} holds {session}, without an owner"),
    }
}

/// The last write in the activity log.
fn log(holder: &Holder) -> String {
    match (&holder.written, &holder.unknown) {
        (Some(written), _) => {
            let mut text = self::written(written);
            if let Some(id) = &written.correlation_id {
                text += &format!(" ({}, correlation id {id})", written.operation);
            }
            text
        }
        (None, Some(why)) => format!("last write unknown: {why}"),
        (None, None) => "last write unknown".to_owned(),
    }
}

/// A write in words: `tags last written by ada@example.com at 2026-01-05T08:00:00Z`.
pub(super) fn written(written: &Written) -> String {
    let by = written
        .by
        .as_ref()
        .map_or("an unknown caller", |by| by.as_str());
    format!("tags last written by {by} at {}", written.at)
}

/// The commit of the line.
fn commit(line: &Line) -> String {
    match (&line.commit, &line.unknown) {
        (Some(commit), _) => {
            let Commit {
                id,
                author,
                email,
                at,
                summary,
                is_oldest,
            } = commit;
            let id = id.as_str().get(..10).unwrap_or(id.as_str());
            let or = if *is_oldest {
                " (or an earlier commit that this clone lacks)"
            } else {
                ""
            };
            format!("commit {id} by {author} {email} at {at}: {summary}{or}")
        }
        (None, Some(why)) => format!("commit unknown: {why}"),
        (None, None) => "commit unknown".to_owned(),
    }
}

/// The report on `name` as JSON.
pub fn blame_json(blame: &Blame, name: &str) -> String {
    #[derive(Serialize)]
    struct Document<'b> {
        format_version: &'static str,
        name: &'b str,
        #[serde(flatten)]
        blame: &'b Blame,
    }
    json::ascii(&Document {
        format_version: json::FORMAT,
        name: &escape(name),
        blame,
    })
}
