//! Signs in to Azure with a credential picked from the environment variables. azlin never tries one after another.

mod certificate;
mod choose;
mod ci;
mod complaint;
mod entra;
mod explain;
mod github;
mod kept;
mod profile;
mod recipe;
mod tool;
mod unauthorized;
mod way;

use std::sync::Arc;

use super::origin::Origin;
use crate::model::{Cloud, SubscriptionId};
use crate::trouble::Trouble;
use choose::{Choice, Machine, choose};
pub use ci::in_ci;
use entra::Reader;
pub(super) use kept::Kept;
pub use profile::{AzDefault, Profile};
use recipe::Recipe;
pub(super) use unauthorized::unauthorized;
pub use way::Way;
pub(crate) use way::variable;

/// The chosen credential and its token. azlin fetches no token before the first request.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The credential. None in the sandbox, which accepts anyone.
    pub way: Option<Way>,
    /// The reason for choosing it.
    pub why: String,
    /// A note for the user: the choice leaves out what someone began to set up.
    pub note: Option<String>,
    pub(super) kept: Arc<Kept>,
}

impl SignIn {
    /// Chooses a credential for `subscription`; see `choose` for the order. `flag` is `--auth`. `authority` issues the tokens, if
    /// it is not the cloud's own. With `wants_ids`, errors have Microsoft's ids of the sign-in.
    ///
    /// # Errors
    /// No credential can be chosen.
    pub fn open(
        flag: Option<&str>,
        subscription: &SubscriptionId,
        cloud: Cloud,
        authority: Option<Origin>,
        wants_ids: bool,
    ) -> Result<Self, Trouble> {
        let machine = Machine {
            variable: &|name| std::env::var(name).ok(),
            is_installed: &is_installed,
            is_az_signed_in: &is_az_signed_in,
        };
        let Choice { way, why, note } =
            choose(flag, &machine).map_err(|trouble| trouble.within("cannot sign in"))?;
        if let (Way::Token, Some(token)) = (way, variable("AZURE_ACCESS_TOKEN")) {
            return Ok(Self::given(Some(way), &why, &token));
        }
        let recipe = Recipe {
            way,
            subscription: subscription.clone(),
            cloud,
            authority: authority.unwrap_or_else(|| authority_of(cloud)),
            reader: Reader {
                is_ci: in_ci(),
                wants_ids,
            },
        };
        Ok(Self {
            way: Some(way),
            why,
            note,
            kept: Arc::new(Kept::fetched(recipe)),
        })
    }

    fn given(way: Option<Way>, why: &str, token: &str) -> Self {
        Self {
            way,
            why: why.to_owned(),
            note: None,
            kept: Arc::new(Kept::given(token)),
        }
    }

    /// Returns true if its tokens are valid for every subscription that the identity may read. Those of `az` are for the tenant
    /// and account of one subscription.
    pub fn is_for_any_subscription(&self) -> bool {
        self.way != Some(Way::Az)
    }

    /// Signs in to an `endpoint` that a file names. azlin sends it only the token in `AZURE_ACCESS_TOKEN`, because a file must not
    /// decide where another token goes. `flag` is `--auth`.
    ///
    /// # Errors
    /// The variable is not set, or `flag` names another credential.
    pub fn emulator(flag: Option<&str>) -> Result<Self, Trouble> {
        let refused = |why: &str| {
            Err(Trouble::new(
                format!(
                    "cannot sign in to the file's `endpoint`: azlin sends it only AZURE_ACCESS_TOKEN, {why}"
                ),
                "set AZURE_ACCESS_TOKEN (an emulator accepts any value), or pass --endpoint, which allows every credential",
            ))
        };
        if flag.is_some_and(|way| way != Way::Token.name()) {
            return refused("and --auth names another credential");
        }
        let Some(token) = variable("AZURE_ACCESS_TOKEN") else {
            return refused("which is not set");
        };
        let why = "azlin sends nothing else to the file's `endpoint`";
        Ok(Self::given(Some(Way::Token), why, &token))
    }

    /// Signs in to the sandbox, which accepts any token.
    pub fn sandbox() -> Self {
        let why = "the sandbox accepts anyone";
        Self::given(None, why, "any-token-opens-the-sandbox")
    }
}

/// The authority that issues a cloud's tokens (Microsoft's documentation of national clouds).
fn authority_of(cloud: Cloud) -> Origin {
    let host = match cloud {
        Cloud::Public | Cloud::Sandbox => "https://login.microsoftonline.com",
        Cloud::UsGovernment => "https://login.microsoftonline.us",
        Cloud::China => "https://login.chinacloudapi.cn",
    };
    Origin::Tls(host.to_owned())
}

/// Returns true if `az` has an account. If its profile is damaged, `az` has lost its accounts.
fn is_az_signed_in() -> bool {
    let profile = Profile::load().ok().flatten();
    profile.is_some_and(|profile| profile.has_account())
}

/// Returns true if `program` is on the PATH. On Windows, `az` is a script with an extension.
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let endings = if cfg!(windows) {
        [".cmd", ".exe", ".bat"].as_slice()
    } else {
        &[""]
    };
    let files = endings.iter().map(|ending| format!("{program}{ending}"));
    let files: Vec<String> = files.collect();
    std::env::split_paths(&path).any(|folder| files.iter().any(|file| folder.join(file).is_file()))
}
