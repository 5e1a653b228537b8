//! [`Subscription`]: the subscription of a command, and the source of its id.

use super::{Trouble, target};
use crate::azure::sign_in::{AzDefault, Profile, in_ci, variable};
use crate::cli::Common;
use crate::file::File;
use crate::file::find::NAME;
use crate::model::{Cloud, SubscriptionId};
use crate::sandbox;
use crate::show::NamedBy;

/// The variables that name a subscription, in order.
const VARIABLES: [&str; 2] = ["AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID"];

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
    for variable_name in VARIABLES {
        if let Some(id) = variable(variable_name) {
            return checked(&id, NamedBy::Variable(variable_name), variable_name);
        }
    }
    let is_empty = |name: &&str| std::env::var_os(name).is_some();
    if let Some(empty) = VARIABLES.into_iter().find(is_empty).filter(|_| in_ci()) {
        // The default of `az` may be another subscription.
        let message = format!("no subscription given: {empty} is empty");
        let help = format!("set {empty}: CI leaves it empty if its secret is not defined");
        return Err(Trouble::new(message, help));
    }
    let found = match Profile::load() {
        Ok(Some(profile)) => profile.default_subscription(),
        Ok(None) => Err(None),
        Err(trouble) => Err(Some(format!("azlin {}", trouble.message))),
    };
    match found {
        Ok(AzDefault {
            subscription: id,
            // The id exists only in that cloud.
            cloud,
        }) => Ok(Subscription {
            id,
            cloud,
            from: NamedBy::Az,
        }),
        Err(reason) => Err(none_given(name, reason)),
    }
}

/// The trouble if nothing names a subscription. `name` is the file's name; `reason` says why the default of `az` cannot be used.
fn none_given(name: Option<&str>, reason: Option<String>) -> Trouble {
    let (message, first) = match name {
        Some(name) => {
            let reason = reason.as_deref().unwrap_or("`az` has no default");
            (
                format!(
                    "no subscription given: it is not in {name} or in the environment, and {reason}"
                ),
                "set `subscription = \"…\"` under [azure]",
            )
        }
        None => {
            let reason = reason.map(|reason| format!("; {reason}"));
            let reason = reason.unwrap_or_default();
            (
                format!(
                    "no subscription given, and no {NAME} found in this folder or any above it{reason}"
                ),
                "change to the folder that has one",
            )
        }
    };
    let help = if in_ci() {
        format!("{first}, pass --subscription, or set AZURE_SUBSCRIPTION_ID")
    } else {
        format!("{first}, pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`")
    };
    Trouble::new(message, help)
}
