//! A first `sessions.toml`, with comments that say what each part is for.

use super::edit::{CannotEdit, Edit, edit};
use crate::model::{Cloud, Owner, Shown, SubscriptionId};

/// The settings of a first file.
#[derive(Clone, Debug)]
pub struct Starter {
    /// The file's owner.
    pub owner: Owner,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The subscription's own name, if it is known.
    pub called: Option<Shown>,
    /// The subscription's cloud.
    pub cloud: Cloud,
    /// True if only the resource groups of the file count.
    pub groups_only: bool,
}

/// The text of a first file, with the sessions of `edits`. Without any, a comment shows how to write one.
///
/// # Errors
/// See [`edit`].
pub fn starter(settings: &Starter, edits: &[Edit<'_>]) -> Result<String, CannotEdit> {
    let Starter {
        owner,
        subscription,
        called,
        cloud,
        groups_only,
    } = settings;
    let mut text = format!(
        "# Which VM holds which session name. `azlin plan` shows how Azure differs from this file, `azlin apply` makes Azure match,\n\
         # and `azlin connect NAME` opens SSH on the VM that holds the name.\n\
         \n\
         # A name for this file alone. azlin marks the sessions that this file sets with it, and clears only those: the ones that\n\
         # you delete here. Without an owner, azlin never clears a session.\n\
         owner = \"{owner}\"\n\
         \n\
         [azure]\n\
         subscription = \"{subscription}\""
    );
    if let Some(called) = called {
        text += &format!("  # {called}");
    }
    text.push('\n');
    if *cloud != Cloud::Public {
        let named = Cloud::NAMES.iter().find(|(_, other)| other == cloud);
        let name = named.map_or("public", |(name, _)| name);
        text += &format!("cloud = \"{name}\"\n");
    }
    if *groups_only {
        text += "scope = \"groups\"  # only the resource groups below count\n";
    }
    text += "\n# One table for each resource group: VM = \"session\".\n";
    if edits.is_empty() {
        text += "# [sessions.rg-dev]\n# dev-vm-1 = \"project-alpha\"\n";
    }
    let mut text = edit(&text, edits)?;
    text += "\n# The team's defaults for `azlin connect`:\n\
             # [ssh]\n\
             # user = \"azureuser\"\n\
             # jump = \"bastion.example.com\"                     # on the way to VMs without a public IP\n\
             # command = \"tmux new-session -A -s {session}\"     # what an interactive connect runs\n";
    Ok(text)
}
