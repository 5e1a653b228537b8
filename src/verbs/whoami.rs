//! `azlin whoami`.

use super::context::Context;
use super::{Exit, Streams, Trouble};
use crate::azure::sign_in::Way;
use crate::azure::who;
use crate::cli::{Common, Whoami, WhoamiFormat};
use crate::show::{Right, Who};

/// What azlin asks of Azure, and what for.
const RIGHTS: [(&str, &str); 7] = [
    ("Microsoft.Compute/virtualMachines/read", "every command"),
    (
        "Microsoft.Network/networkInterfaces/read",
        "connect, list, ssh-config",
    ),
    (
        "Microsoft.Network/publicIPAddresses/read",
        "connect, list, ssh-config",
    ),
    ("Microsoft.Resources/tags/read", "apply, session, tag"),
    ("Microsoft.Resources/tags/write", "apply, session, tag"),
    (
        "Microsoft.Compute/virtualMachines/start/action",
        "connect --start",
    ),
    (
        "Microsoft.Compute/virtualMachines/instanceView/read",
        "connect --start",
    ),
];

pub(super) async fn run(common: &Common, args: &Whoami, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let arm = &context.arm;
    let sign_in = arm.sign_in();
    let mut known = Who {
        way: sign_in.way.map_or("sandbox", Way::name),
        what: sign_in.way.map_or("nothing", Way::what),
        why: sign_in.why.clone(),
        account: None,
        tenant: None,
        subscription: arm.subscription().clone(),
        name: None,
        named_by: context.subscription_from.clone(),
        endpoint: arm.endpoint(),
        rights: None,
    };
    let what = || format!("asking {}", context.place);
    let account = streams.patiently(what, who::account(arm)).await;
    let account = match account {
        Ok(account) => account,
        Err(failure) => {
            if args.format == WhoamiFormat::Text {
                streams.print(&known.text(streams.stdout))?;
            }
            return Err(failure.into());
        }
    };
    (known.account, known.tenant) = (account.name, account.tenant);
    let asking = async { tokio::join!(who::subscription(arm), who::permissions(arm)) };
    let (subscription, permissions) = streams.patiently(what, asking).await;
    let found = subscription.map(|found| {
        known.name = Some(found.display_name);
        known.tenant = known.tenant.take().or(found.tenant_id);
    });
    let rights = permissions.map(|permissions| {
        let right = |(action, used_by)| Right {
            action,
            granted: who::allows(&permissions, action),
            used_by,
        };
        known.rights = Some(RIGHTS.map(right).to_vec());
    });
    let trouble = found.err();
    match args.format {
        WhoamiFormat::Text => streams.print(&known.text(streams.stdout))?,
        WhoamiFormat::Json if trouble.is_some() => {}
        WhoamiFormat::Json => {
            let json = known.json();
            let json = json.map_err(|error| Trouble::new(error.to_string(), "report this"))?;
            streams.print(&json)?;
        }
    }
    match (trouble, rights) {
        (Some(failure), _) => Err(failure.into()),
        (None, Err(failure)) => {
            streams.warn(&format!("which rights there are is not known: {failure}"));
            Ok(Exit::Done)
        }
        (None, Ok(())) => Ok(Exit::Done),
    }
}
