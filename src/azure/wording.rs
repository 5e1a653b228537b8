//! azlin's words for the messages of Azure's well-known errors. All words are escaped.
//!
//! A message in an unknown form has none: Azure's own words are better than a guess.

use crate::text::{and, escape};

/// A name of Azure's in backquotes: escaped, and never cut.
pub(super) fn named(name: &str) -> String {
    format!("`{}`", escape(name))
}

/// The words for a missing permission, from the message of an `AuthorizationFailed`.
pub(super) fn missing_permission(message: &str) -> Option<String> {
    let action = between(message, "perform action '", "'")?;
    let client = between(message, "The client '", "'").unwrap_or_default();
    let object = between(message, "with object id '", "'").filter(|id| *id != client);
    let identity = match (client, object) {
        ("", None) => String::new(),
        ("", Some(id)) => format!(" with object id {}", named(id)),
        (name, None) => format!(" {}", named(name)),
        (name, Some(id)) => format!(" {} (object id {})", named(name), escape(id)),
    };
    let scope = between(message, "over scope '", "'");
    let scope = scope.map_or_else(String::new, |scope| format!(" on {}", escape(scope)));
    Some(format!(
        "the identity{identity} lacks the permission {}{scope}",
        named(action)
    ))
}

/// The words for a missing resource, from the message of a `ResourceNotFound`.
pub(super) fn missing_resource(message: &str) -> Option<String> {
    let resource = between(message, "The Resource '", "'")?;
    let vm = resource.strip_prefix("Microsoft.Compute/virtualMachines/");
    let what = match vm.filter(|name| !name.contains('/')) {
        Some(name) => format!("the VM {}", named(name)),
        None => format!("the resource {}", named(resource)),
    };
    let group = between(message, "under resource group '", "'");
    let place = group.map_or_else(String::new, |group| {
        format!(" in the resource group {}", named(group))
    });
    Some(format!("{what} was not found{place}"))
}

/// The built-in role that includes the missing permission (Microsoft's list of built-in roles).
pub(super) fn role(message: &str) -> &'static str {
    let action = between(message, "perform action '", "'");
    let action = action.unwrap_or_default().to_lowercase();
    if action.ends_with("/tags/write") {
        "the role Tag Contributor"
    } else if action.ends_with("/start/action") {
        "the role Virtual Machine Contributor"
    } else if action.ends_with("/read") {
        "the role Reader"
    } else {
        "the role that this command requires (see azlin guide sign-in)"
    }
}

/// The part of `text` between `start` and the next `end`.
pub(super) fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

/// A description of the locks that the message of a `ScopeLocked` names.
pub(super) fn locks(message: &str) -> Option<String> {
    let (_, ids) = message.split_once("are locked: ")?;
    let ids = ids.split(". ").next().unwrap_or_default();
    let ids = ids.split([',', '\'', ' ']).filter(|id| id.starts_with('/'));
    let locks: Vec<String> = ids.map(|id| lock(id.trim_end_matches('.'))).collect();
    (!locks.is_empty()).then(|| and(&locks))
}

/// A description of a lock and its scope. Azure gives the id of the lock itself, or only that of the locked resource.
fn lock(id: &str) -> String {
    match id.rsplit_once("/providers/Microsoft.Authorization/locks/") {
        Some((scope, name)) => format!("the lock {} on {}", named(name), locked(scope)),
        None => format!("a lock on {}", locked(id)),
    }
}

/// A description of the locked resource, with its id.
fn locked(id: &str) -> String {
    let parts: Vec<&str> = id.trim_matches('/').split('/').collect();
    let what = match parts.as_slice() {
        [_, _] => "the subscription".to_owned(),
        [_, _, _, group] => format!("the resource group {}", named(group)),
        parts => named(parts.last().unwrap_or(&id)),
    };
    format!("{what}, scope {}", escape(id))
}

/// The words for an api-version that this Azure does not have, and those that it has: all of them if `is_whole`, or only a few.
pub(super) fn versions(message: &str, is_whole: bool) -> Option<String> {
    const FEW: usize = 6;
    let lower = message.to_ascii_lowercase();
    let quoted = |starts: [&str; 2]| starts.iter().find_map(|start| between(&lower, start, "'"));
    let asked = quoted(["api-version '", "api version '"])?;
    let offered = quoted(["supported versions are '", "supported api-versions are '"])?;
    let mut offered: Vec<&str> = offered.split(',').map(str::trim).collect();
    offered.sort_unstable();
    let listed = match offered.as_slice() {
        [first, .., last] if offered.len() > FEW && !is_whole => {
            format!("{} versions from {first} to {last}", offered.len())
        }
        few => and(few),
    };
    Some(format!(
        "this Azure does not support the api-version {}; it supports {}",
        named(asked),
        escape(&listed)
    ))
}
