//! The keys of the file: for the reader, for `fmt` and for the schema.

use serde_json::{Value, json};

use crate::model::{Cloud, Owner, Scope, SessionName, TagKey};
use crate::ssh::{JumpHost, SshUser};

/// A key of one of the file's tables.
pub(super) struct Key {
    pub name: &'static str,
    /// Its purpose, in a sentence or two.
    pub about: &'static str,
    /// The JSON Schema of its value, without the description.
    pub schema: fn() -> Value,
}

/// The keys at the top of the file.
pub(super) const TOP: [Key; 4] = [
    Key {
        name: "owner",
        about: "A name for this file alone. azlin clears the sessions that this owner set and that the file no longer declares; without an owner, it never clears one.",
        schema: || json!({ "type": "string", "pattern": Owner::PATTERN, "maxLength": Owner::MAX }),
    },
    Key {
        name: "azure",
        about: "The Azure of the VMs.",
        schema: || super::schema::table(&AZURE),
    },
    Key {
        name: "sessions",
        about: "The VMs and their sessions, with one table for each resource group: [sessions.GROUP], then VM = \"SESSION\" on each line.",
        schema: super::schema::groups,
    },
    Key {
        name: "ssh",
        about: "The team's defaults for `azlin connect`.",
        schema: || super::schema::table(&SSH),
    },
];

/// The keys of `[azure]`, in the order in which they are best read.
pub(super) const AZURE: [Key; 5] = [
    Key {
        name: "subscription",
        about: "The subscription's id, a GUID. Without it, azlin takes the subscription from the environment or from az.",
        schema: || json!({ "type": "string", "pattern": "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$" }),
    },
    Key {
        name: "cloud",
        about: "The cloud. `sandbox` is a simulated Azure beside the file.",
        schema: || {
            let names = Cloud::NAMES.map(|(name, _)| name);
            json!({ "type": "string", "enum": names, "default": "public" })
        },
    },
    Key {
        name: "tag",
        about: "The key of the tag that holds the session.",
        schema: || {
            json!({
                "type": "string", "minLength": 1, "maxLength": TagKey::MAX, "pattern": TagKey::PATTERN,
                "not": { "const": Owner::TAG }, "default": TagKey::default().as_str(),
            })
        },
    },
    Key {
        name: "scope",
        about: "The VMs that count: all of the subscription, or only those in the resource groups of this file.",
        schema: || {
            let names = Scope::NAMES.map(|(name, _)| name);
            json!({ "type": "string", "enum": names, "default": "subscription" })
        },
    },
    Key {
        name: "endpoint",
        about: "An emulator of Azure on this machine, such as http://127.0.0.1:8999.",
        schema: || json!({ "type": "string", "pattern": r"^http://(127\.[0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]+/*$" }),
    },
];

/// The keys of `[ssh]`, in the order in which they are best read.
pub(super) const SSH: [Key; 3] = [
    Key {
        name: "user",
        about: "The user to log in as.",
        schema: || json!({ "type": "string", "minLength": 1, "maxLength": SshUser::MAX, "pattern": SshUser::PATTERN }),
    },
    Key {
        name: "jump",
        about: "The jump host for VMs without a public IP: [user@]host[:port].",
        schema: || json!({ "type": "string", "maxLength": JumpHost::MAX, "pattern": JumpHost::PATTERN }),
    },
    Key {
        name: "command",
        about: "The command that an interactive `azlin connect` runs on the VM; {session} stands for the session's name.",
        schema: || json!({ "type": "string", "pattern": r"^[^\u0000-\u001f]*$" }),
    },
];

/// The keys of a VM that has a table instead of a session.
pub(super) const SETTINGS: [Key; 2] = [
    Key {
        name: "session",
        about: "The session's name, which one VM can have.",
        schema: || {
            json!({
                "type": "string", "pattern": SessionName::PATTERN, "maxLength": SessionName::MAX,
                "not": { "type": "string", "pattern": SessionName::NUMBER_PATTERN },
            })
        },
    },
    Key {
        name: "expires",
        about: "The last day on which the session is wanted, without quotes: 2030-06-30. It requires an owner.",
        schema: || json!({ "type": "string", "format": "date" }),
    },
];

/// The names of `keys`.
pub(super) fn names<const N: usize>(keys: &[Key; N]) -> [&'static str; N] {
    keys.each_ref().map(|key| key.name)
}

/// True if `key` is one of a VM's settings.
pub(super) fn is_setting(key: &str) -> bool {
    names(&SETTINGS).contains(&key)
}
