//! [`Where`]: an Azure, and how to sign in to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Trouble;
use crate::azure::sign_in::{SignIn, variable};
use crate::azure::{Origin, Target};
use crate::cli::Common;
use crate::file::File;
use crate::model::{Cloud, SubscriptionId};
use crate::sandbox::{self, Sandbox};

/// The location of an Azure, before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// The endpoint that the user names instead of the file's Azure.
    Named(Origin),
    /// The file's emulator.
    Emulator(SocketAddr),
    /// The sandbox with its state in this file.
    Sandbox(PathBuf),
    /// One of Microsoft's clouds.
    Cloud(Cloud),
}

impl Where {
    /// The Azure that the user names, or else that of the file in `folder`. `cloud` is the cloud of its subscription.
    pub fn of(common: &Common, file: &File, folder: &Path, cloud: Cloud) -> Result<Self, Trouble> {
        let flag = common.sign_in.endpoint.as_deref();
        let elsewhere = named("--endpoint", flag, "AZLIN_ENDPOINT")?;
        Ok(match (elsewhere, file.azure.endpoint) {
            (Some(origin), _) => Self::Named(origin),
            (None, Some(address)) => Self::Emulator(address),
            (None, None) if cloud == Cloud::Sandbox => {
                // One folder has one sandbox, however the path is spelled.
                let canonical = folder.canonicalize();
                Self::Sandbox(state(canonical.as_deref().unwrap_or(folder)))
            }
            (None, None) => Self::Cloud(cloud),
        })
    }

    /// Subscription `id` there, in text: "the sandbox" or "subscription 0000…".
    ///
    /// `name` looks for the subscription's own name in what is known without asking Azure.
    pub fn place(&self, id: &SubscriptionId, name: impl FnOnce() -> Option<String>) -> String {
        let called = || match name() {
            Some(name) => format!("subscription {name} ({id})"),
            None => format!("subscription {id}"),
        };
        match self {
            Self::Named(origin) => format!("{} at {origin}", called()),
            Self::Emulator(address) => format!("subscription {id} at {address}"),
            Self::Sandbox(_) if id.as_str() == sandbox::SUBSCRIPTION => "the sandbox".to_owned(),
            Self::Sandbox(_) => format!("subscription {id} of the sandbox"),
            Self::Cloud(_) => called(),
        }
    }

    /// The target of its requests.
    pub fn target(&self, common: &Common) -> Target {
        match self {
            Self::Named(Origin::Loopback(address)) | Self::Emulator(address) => {
                Target::Loopback(*address)
            }
            Self::Named(Origin::Tls(origin)) => {
                let given = common.sign_in.audience.clone();
                let audience = given.or_else(|| variable("AZLIN_AUDIENCE"));
                let audience = audience.as_ref().unwrap_or(origin).trim_end_matches('/');
                Target::Elsewhere(origin.clone(), audience.to_owned())
            }
            Self::Sandbox(state) => {
                let sandbox = Sandbox::open(state.clone(), sandbox::DEFAULT_PAGE_SIZE);
                Target::Sandbox(Arc::new(sandbox))
            }
            Self::Cloud(cloud) => Target::Cloud(*cloud),
        }
    }

    /// Signs in to subscription `id` there. It does not fetch a token yet.
    pub fn sign_in(
        &self,
        common: &Common,
        id: &SubscriptionId,
        cloud: Cloud,
    ) -> Result<SignIn, Trouble> {
        let authority = match self {
            // A file in someone's repository must not decide where a token for another service goes.
            Self::Emulator(_) => return SignIn::emulator(common.sign_in.auth.as_deref()),
            Self::Sandbox(_) => return Ok(SignIn::sandbox()),
            Self::Named(_) | Self::Cloud(_) => common.sign_in.authority.as_deref(),
        };
        let authority = named("--authority", authority, "AZURE_AUTHORITY_HOST")?;
        let flag = common.sign_in.auth.as_deref();
        SignIn::open(flag, id, cloud, authority, common.verbose)
    }
}

/// The endpoint that the user names instead of the file's cloud.
pub(super) fn endpoint(common: &Common) -> Option<String> {
    let given = common.sign_in.endpoint.clone();
    given.or_else(|| variable("AZLIN_ENDPOINT"))
}

/// The state file of the sandbox beside the file in `folder`.
pub(super) fn state(folder: &Path) -> PathBuf {
    folder.join(".azlin").join("sandbox.json")
}

/// The origin in a flag, or else in a variable.
fn named(flag: &str, given: Option<&str>, name: &str) -> Result<Option<Origin>, Trouble> {
    let (from, url) = match (given, variable(name)) {
        (Some(url), _) => (flag, url.to_owned()),
        (None, Some(url)) => (name, url),
        (None, None) => return Ok(None),
    };
    Origin::parse(&url)
        .map(Some)
        .map_err(|rule| Trouble::new(format!("{from} {rule}"), format!("fix {from}")))
}
