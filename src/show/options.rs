//! The options of a plan, spelled as flags.

use shlex::try_quote;

use super::Ids;
use crate::plan::Options;
use crate::text::escape;

/// `options` as the flags that give them, each as `--flag value`.
pub fn flags(options: &Options, ids: Ids) -> Vec<String> {
    let targets = options.targets.iter();
    let mut flags: Vec<String> = targets
        .map(|vm| format!("--target {}", ids.name(vm)))
        .collect();
    flags.extend(permissions(options, ids));
    flags
}

/// The permissions in `options` as the flags that give them.
pub fn permissions(options: &Options, ids: Ids) -> Vec<String> {
    let mut flags = Vec::new();
    for vm in &options.take_ownership {
        flags.push(format!("--take-ownership {}", ids.name(vm)));
    }
    for owner in &options.take_ownership_from {
        let owner = try_quote(owner.raw()).unwrap_or_default();
        flags.push(format!("--take-ownership-from {}", escape(&owner)));
    }
    if let Some(most) = options.max_removals {
        flags.push(format!("--max-removals {most}"));
    }
    if options.allow_incomplete {
        flags.push("--allow-incomplete".to_owned());
    }
    flags
}
