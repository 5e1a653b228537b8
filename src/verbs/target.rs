//! Which Azure, and how azlin signs in to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Trouble;
use crate::azure::sign_in::{SignIn, Wanted, variable};
use crate::azure::{Origin, Target};
use crate::cli::Common;
use crate::file::File;
use crate::model::{Cloud, SubscriptionId};
use crate::sandbox::{self, Sandbox};

/// An Azure that can be asked.
pub(super) struct Opened {
    pub target: Target,
    pub sign_in: SignIn,
    /// The Azure, as the user knows it: "the sandbox", "subscription 0000…".
    pub place: String,
}

/// The Azure that a person names, else the file in `folder`. No request leaves yet.
pub(super) fn open(
    common: &Common,
    file: &File,
    folder: &Path,
    id: &SubscriptionId,
    cloud: Cloud,
) -> Result<Opened, Trouble> {
    let elsewhere = named("--endpoint", common.endpoint.as_deref(), "AZLIN_ENDPOINT")?;
    let (target, place) = match (elsewhere, file.azure.endpoint) {
        (Some(origin), _) => {
            let place = format!("subscription {id} at {origin}");
            (elsewhere_target(origin, common), place)
        }
        // A file in someone's repository does not decide where a token goes that was not made for it.
        (None, Some(address)) => {
            return Ok(Opened {
                target: Target::Loopback(address),
                sign_in: SignIn::emulator(common.auth.as_deref())?,
                place: format!("subscription {id} at {address}"),
            });
        }
        (None, None) if cloud == Cloud::Sandbox => {
            let sandbox = Sandbox::open(state(folder), sandbox::DEFAULT_PAGE_SIZE);
            return Ok(Opened {
                target: Target::Sandbox(Arc::new(sandbox)),
                sign_in: SignIn::sandbox(),
                place: "the sandbox".to_owned(),
            });
        }
        (None, None) => (Target::Cloud(cloud), format!("subscription {id}")),
    };
    let authority = common.authority.as_deref();
    let wanted = Wanted {
        flag: common.auth.as_deref(),
        subscription: id,
        cloud,
        authority: named("--authority", authority, "AZURE_AUTHORITY_HOST")?,
    };
    Ok(Opened {
        target,
        sign_in: SignIn::open(wanted)?,
        place,
    })
}

/// The endpoint that a person names instead of the file's cloud.
pub(super) fn endpoint(common: &Common) -> Option<String> {
    common
        .endpoint
        .clone()
        .or_else(|| variable("AZLIN_ENDPOINT"))
}

/// Where the sandbox of the file in `folder` lives.
pub(super) fn state(folder: &Path) -> PathBuf {
    folder.join(".azlin").join("sandbox.json")
}

fn elsewhere_target(origin: Origin, common: &Common) -> Target {
    match origin {
        Origin::Loopback(address) => Target::Loopback(address),
        Origin::Tls(origin) => {
            let given = common.audience.clone();
            let audience = given.or_else(|| variable("AZLIN_AUDIENCE"));
            let audience = audience.unwrap_or_else(|| origin.clone());
            Target::Elsewhere(origin, audience.trim_end_matches('/').to_owned())
        }
    }
}

/// The place that a flag or else a variable names.
fn named(flag: &str, given: Option<&str>, name: &str) -> Result<Option<Origin>, Trouble> {
    let (from, url) = match (given, variable(name)) {
        (Some(url), _) => (flag, url.to_owned()),
        (None, Some(url)) => (name, url),
        (None, None) => return Ok(None),
    };
    let origin = Origin::parse(&url);
    let origin =
        origin.map_err(|rule| Trouble::new(format!("{from} {rule}"), format!("correct {from}")))?;
    Ok(Some(origin))
}
