//! [`Subscription`]: the subscription of a command, and the source of its id.

use std::path::PathBuf;

use super::{Trouble, target};
use crate::azure::sign_in::{Profile, variable};
use crate::cli::Common;
use crate::file::File;
use crate::file::find::NAME;
use crate::model::{Cloud, SubscriptionId};
use crate::sandbox;
use crate::show::NamedBy;

/// The subscription of a command.
pub(super) struct Subscription {
    pub id: SubscriptionId,
    /// Its cloud.
    pub cloud: Cloud,
    /// The source of its id.
    pub from: NamedBy,
}

/// The subscription from the flag, else from `file`, else from the environment, else the default of `az`. `name` is the file's
/// name, or none without a file.
pub(super) fn subscription(
    common: &Common,
    file: &File,
    name: Option<&str>,
) -> Result<Subscription, Trouble> {
    let cloud = match file.azure.cloud {
        // The flag or variable names an endpoint, so the subscription is there and not in the sandbox.
        Cloud::Sandbox if target::endpoint(common).is_some() => Cloud::Public,
        cloud => cloud,
    };
    let checked = |id: &str, from: NamedBy, whence: &str| match SubscriptionId::new(id) {
        Ok(id) => Ok(Subscription { id, cloud, from }),
        Err(rule) => Err(Trouble::new(rule, format!("fix {whence}"))),
    };
    if let Some(id) = &common.subscription {
        return checked(id, NamedBy::Flag, "--subscription");
    }
    if let Some(id) = file.azure.subscription.clone() {
        let from = NamedBy::File(name.unwrap_or_default().to_owned());
        return Ok(Subscription { id, cloud, from });
    }
    if cloud == Cloud::Sandbox && file.azure.endpoint.is_none() {
        return checked(sandbox::SUBSCRIPTION, NamedBy::Sandbox, "the sandbox");
    }
    for variable_name in ["AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID"] {
        if let Some(id) = variable(variable_name) {
            return checked(&id, NamedBy::Variable(variable_name), variable_name);
        }
    }
    if let Some(profile) = azs_profile().and_then(|bytes| Profile::read(&bytes)) {
        return Ok(Subscription {
            id: profile.subscription,
            // The id exists only in that cloud.
            cloud: profile.cloud,
            from: NamedBy::Az,
        });
    }
    let (message, first) = match name {
        Some(name) => (
            format!(
                "no subscription given: it is not in {name} or in the environment, and `az` has no default"
            ),
            "set `subscription = \"…\"` under [azure]",
        ),
        None => (
            format!("no subscription given, and no {NAME} found in this folder or any above it"),
            "change to the folder that has one",
        ),
    };
    let help =
        format!("{first}, pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`");
    Err(Trouble::new(message, help))
}

/// The content of the file in which `az` stores its subscriptions, if it exists.
pub(super) fn azs_profile() -> Option<Vec<u8>> {
    let folder = match variable("AZURE_CONFIG_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::home_dir()?.join(".azure"),
    };
    std::fs::read(folder.join("azureProfile.json")).ok()
}
