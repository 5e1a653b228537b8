//! All tags of a VM.

use crate::azure::tags::Tags;
use crate::text::inert;

/// The tags of the VM called `vm`, each as `key: value`; what acts on a terminal is written out, all else is as it is.
pub fn tags(vm: &str, tags: &Tags) -> String {
    if tags.is_empty() {
        return format!("{vm} has no tags\n");
    }
    let lines = tags
        .iter()
        .map(|(key, value)| format!("  {}: {}\n", inert(key), inert(value)));
    format!("Tags for {vm}:\n{}", lines.collect::<String>())
}
