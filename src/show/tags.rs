//! A VM's tags, and why they are not written.

use std::fmt::Write as _;

use super::words::count;
use crate::model::{Tags, VmId};
use crate::tagging::{MAX_VALUE, MOST, Refusal};
use crate::text::{escape, inert, quote};
use crate::trouble::Trouble;

/// `tags` of `vm`, a line each, in the order of their keys.
pub fn tags(vm: &VmId, tags: &Tags) -> String {
    let name = vm.name();
    if tags.is_empty() {
        return format!("{name} has no tags\n");
    }
    let mut sorted: Vec<_> = tags.iter().collect();
    sorted.sort_by_key(|(key, _)| (key.to_lowercase(), *key));
    let mut text = format!("Tags for {name}:\n");
    for (key, value) in sorted {
        let line = format!("  {}: {}", inert(key), inert(value));
        let _ = writeln!(
            text,
            "{}",
            if value.is_empty() {
                line.trim_end()
            } else {
                &line
            }
        );
    }
    text
}

/// The trouble where Azure answered a write with success, and the tag `key` of the VM called `vm` is not as it was asked for:
/// it has the value `found`.
pub fn tag_altered(vm: &str, key: &str, found: Option<&str>) -> Trouble {
    let key = quote(key);
    let found = match found {
        Some("") => format!("{key} on {vm} is empty now"),
        Some(value) => format!("{key} on {vm} is {} now", quote(value)),
        None => format!("{key} is not on {vm} now"),
    };
    Trouble::new(
        format!("Azure accepted the change, but {found}"),
        "a policy may have changed it, or somebody else wrote it at the same moment; azlin tag list shows how it is",
    )
}

/// The trouble with a tag command that was refused; `vm` is the VM, as the user called it.
pub fn tag_refusal(vm: &str, refusal: &Refusal) -> Trouble {
    match refusal {
        Refusal::NoValue { word } => Trouble::new(
            format!("{} is not a tag: it has no `=`", quote(word)),
            "write KEY=VALUE; quotes keep blanks together: 'team=data platform'",
        ),
        Refusal::Key { key, rule } => Trouble::new(
            format!("{}: a tag key {rule}", quote(key)),
            "choose another key: Azure allows at most 512 characters, and no `<`, `>`, `%`, `&`, `\\`, `?` or `/`",
        ),
        Refusal::TooLong { key, length } => {
            let key = quote(key);
            Trouble::new(
                format!(
                    "the value of {key} has {length} characters: Azure allows at most {MAX_VALUE}"
                ),
                "shorten it, or spread it over several tags",
            )
        }
        Refusal::Twice { key } => Trouble::new(
            format!(
                "{} is named twice: tag keys are not case-sensitive",
                quote(key)
            ),
            "name each key once; nothing was written",
        ),
        Refusal::Ours { key } => Trouble::new(
            format!(
                "{} belongs to the VM's session: azlin tag leaves it alone",
                quote(key)
            ),
            "azlin session VM NAME gives a VM its session, azlin session VM --clear takes it away",
        ),
        Refusal::TooMany { there, new } => {
            let (vm, tags) = (escape(vm), count(*there, "tag"));
            Trouble::new(
                format!("{vm} has {tags} and would get {new} more: Azure allows {MOST}"),
                "remove some first: azlin tag remove VM KEY",
            )
        }
        Refusal::NotThere { key, nearest } => {
            let message = format!(
                "{} has no tag {}; nothing was removed",
                escape(vm),
                quote(key)
            );
            if nearest.is_empty() {
                return Trouble::new(message, "azlin tag list VM shows the tags that it has");
            }
            let nearest: Vec<String> = nearest.iter().map(|key| quote(key)).collect();
            Trouble::new(message, format!("did you mean {}?", nearest.join(" or ")))
        }
    }
}
