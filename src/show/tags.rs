//! Shows a VM's session and its tags, and explains why azlin does not write tags.

use std::fmt::{Display, Write as _};

use super::words::{count, did_you_mean};
use crate::model::{Tags, VmId};
use crate::tagging::{BadTag, MAX_VALUE, MOST};
use crate::text::{escape, is_unprintable, quote, writing_out};
use crate::trouble::{Exit, Trouble};

/// The session of the VM named `vm`, if any, as text.
pub fn session(vm: &str, session: Option<&impl Display>) -> String {
    match session {
        Some(session) => format!("Session name for {vm}: {session}\n"),
        None => format!("No session name is set for {vm}\n"),
    }
}

/// The `tags` of `vm` as text, one per line, in the order of their keys.
pub fn tags(vm: &VmId, tags: &Tags) -> String {
    let name = vm.name();
    if tags.is_empty() {
        return format!("{name} has no tags\n");
    }
    let mut sorted: Vec<_> = tags.iter().collect();
    sorted.sort_by_key(|(key, _)| (key.to_lowercase(), *key));
    let mut text = format!("Tags for {name}:\n");
    for (key, value) in sorted {
        let gap = if value.is_empty() { "" } else { " " };
        let [key, value] = [key, value].map(|text| writing_out(text, is_unprintable));
        let _ = writeln!(text, "  {key}:{gap}{value}");
    }
    text
}

/// The trouble if Azure answered a write with success, but the tag `key` of the VM named `vm` now has the value `found`.
pub fn tag_altered(vm: &str, key: &str, found: Option<&str>) -> Trouble {
    let key = quote(key);
    let found = match found {
        Some("") => format!("{key} on {vm} is empty now"),
        Some(value) => format!("{key} on {vm} is {} now", quote(value)),
        None => format!("{key} is not on {vm} now"),
    };
    Trouble::new(
        format!("Azure accepted the change, but {found}"),
        "check the tags with azlin tag list VM: a policy or another user may have changed this one",
    )
    .exit(Exit::Partial)
}

/// The trouble if azlin does not know whether it changed the tags of the VM named `vm`, because of `why`. `is_looked_at` is true if
/// azlin looked again, and the VM did not show the change.
pub fn tags_in_doubt(vm: &str, why: &str, is_looked_at: bool) -> Trouble {
    let shows = if is_looked_at {
        "does not show it, but it may still arrive"
    } else {
        "could not be checked"
    };
    Trouble::new(
        format!("{why}; the change may have been written: {vm} {shows}"),
        format!("check again in a minute: azlin tag list {vm}"),
    )
    .exit(Exit::Partial)
}

/// The trouble with a refused tag command; `vm` is the VM as the user named it.
pub fn tag_refusal(vm: &str, refusal: &BadTag) -> Trouble {
    let vm = escape(vm);
    let (message, help) = match refusal {
        BadTag::NoValue { word } => (
            format!("invalid tag {}: it has no `=`", quote(word)),
            "write KEY=VALUE, in quotes if it contains spaces: 'team=data platform'",
        ),
        BadTag::Key { key, rule } => (
            format!("invalid tag key {}: it {rule}", quote(key)),
            "choose another key: Azure allows at most 512 characters, and no `<`, `>`, `%`, `&`, `\\`, `?` or `/`",
        ),
        BadTag::TooLong { key, length } => {
            let key = quote(key);
            let message = format!(
                "the value of {key} has {length} characters: Azure allows at most {MAX_VALUE}"
            );
            (message, "shorten it, or split it into several tags")
        }
        BadTag::Twice { key } => {
            let key = quote(key);
            let message = format!("{key} appears twice: tag keys are not case-sensitive");
            (message, "name each key once; nothing was written")
        }
        BadTag::Ours { key } => {
            let key = quote(key);
            let message = format!("azlin tag cannot change {key}: azlin session manages it");
            let help = "set the session with azlin session VM NAME, or remove it with azlin session VM --clear";
            (message, help)
        }
        BadTag::TooMany { there, new } => {
            let new = count(*new, "tag");
            let message = format!(
                "cannot add {new} to {vm}: it has {there}, and Azure allows at most {MOST}"
            );
            (message, "remove some first: azlin tag remove VM KEY")
        }
        BadTag::NotThere { key, nearest } => {
            let message = format!("{vm} has no tag {}; nothing was removed", quote(key));
            if !nearest.is_empty() {
                let nearest = nearest.iter().map(|key| quote(key));
                return Trouble::new(message, did_you_mean(nearest));
            }
            (message, "list its tags with azlin tag list VM")
        }
    };
    Trouble::new(message, help)
}
