//! `azlin whoami`.

use futures::future::join_all;

use super::context::Context;
use super::part::Part;
use super::{Exit, Streams, Trouble};
use crate::azure::sign_in::Way;
use crate::azure::{Failure, who};
use crate::cli::{Common, ReportFormat, Whoami};
use crate::show::{self, Right, Who};

/// The commands that read power states and addresses.
const DETAILS: &str = "connect, list, ssh-config";

/// The commands that write.
const WRITING: &str = "apply, session, tag";

/// The commands that read the activity log.
const BLAME: &str = "blame, plan --blame";

/// The command that starts a VM.
const START: &str = "connect --start";

/// The permissions that azlin uses, each with the commands that require it.
const RIGHTS: [(&str, &str); 8] = [
    ("Microsoft.Compute/virtualMachines/read", "every command"),
    ("Microsoft.Network/networkInterfaces/read", DETAILS),
    ("Microsoft.Network/publicIPAddresses/read", DETAILS),
    ("Microsoft.Resources/tags/read", WRITING),
    ("Microsoft.Resources/tags/write", WRITING),
    ("Microsoft.Compute/virtualMachines/start/action", START),
    ("Microsoft.Compute/virtualMachines/instanceView/read", START),
    ("Microsoft.Insights/eventtypes/values/read", BLAME),
];

/// The findings about one subscription.
struct Found {
    who: Who,
    /// The reason why the rest is unknown.
    failure: Option<Failure>,
    /// The reason why the rights are unknown.
    no_rights: Option<Failure>,
}

pub(super) async fn run(common: &Common, args: &Whoami, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let asking = join_all(context.subscriptions().map(ask));
    let what = || format!("querying {}", context.place());
    let found = streams.patiently(what, asking).await;
    match args.output.format {
        ReportFormat::Text => {
            let texts = found.iter().map(|found| found.who.text(streams.stdout));
            streams.print(&texts.collect::<Vec<_>>().join("\n"))?;
        }
        ReportFormat::Json if found.iter().any(|found| found.failure.is_some()) => {}
        ReportFormat::Json => {
            let all: Vec<&Who> = found.iter().map(|found| &found.who).collect();
            streams.print(&show::whoami_json(&all))?;
        }
    }
    let mut troubles = Vec::new();
    for found in found {
        let mut place = String::new();
        if context.has_several() {
            place = format!("subscription {}: ", found.who.subscription.id);
        }
        if let Some(failure) = found.failure {
            let mut trouble = Trouble::from(failure);
            trouble.message.insert_str(0, &place);
            troubles.push(trouble);
        } else if let Some(failure) = found.no_rights {
            streams.warn(&format!("{place}permissions are unknown: {failure}"));
        }
    }
    streams.fail_with(troubles)?;
    Ok(Exit::Done)
}

/// Reads the identity that azlin has in the subscription of `part`, and its permissions there.
async fn ask(part: &Part) -> Found {
    let arm = &part.arm;
    let sign_in = arm.sign_in();
    let mut found = Found {
        who: Who {
            way: sign_in.way.map_or("sandbox", Way::name),
            what: sign_in.way.map_or("none", Way::what),
            why: sign_in.why.clone(),
            account: None,
            tenant: None,
            subscription: show::Subscription {
                id: arm.subscription().clone(),
                name: None,
                named_by: part.subscription_from.clone(),
            },
            endpoint: arm.endpoint(),
            rights: None,
        },
        failure: None,
        no_rights: None,
    };
    let who = &mut found.who;
    match who::account(arm).await {
        Ok(account) => (who.account, who.tenant) = (account.name, account.tenant),
        Err(failure) => {
            found.failure = Some(failure);
            return found;
        }
    }
    let (subscription, permissions) = tokio::join!(who::subscription(arm), who::permissions(arm));
    match subscription {
        Ok(subscription) => {
            who.subscription.name = Some(subscription.display_name);
            who.tenant = who.tenant.take().or(subscription.tenant_id);
        }
        Err(failure) => found.failure = Some(failure),
    }
    match permissions {
        Ok(permissions) => {
            let right = |(action, used_by)| Right {
                action,
                granted: who::allows(&permissions, action),
                used_by,
            };
            who.rights = Some(RIGHTS.map(right).to_vec());
        }
        Err(failure) => found.no_rights = Some(failure),
    }
    found
}
