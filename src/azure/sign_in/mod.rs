//! Signing in: who azlin is to Azure, chosen from what the environment says, never by trying.

mod certificate;
mod choose;
mod github;
mod kept;
mod login;
mod no_token;
mod profile;
mod recipe;
mod tool;
mod way;

use std::path::Path;
use std::sync::Arc;

use azure_core::credentials::Secret;

use super::Failure;
use super::origin::Origin;
use crate::model::{Cloud, SubscriptionId};
pub use choose::{Choice, Undecided, choose};
pub(super) use kept::Kept;
use kept::Source;
pub(super) use no_token::NoToken;
pub use profile::{Profile, account_of};
use recipe::Recipe;
pub(crate) use recipe::variable;
pub use way::Way;

/// A way of signing in, chosen, and the token that comes of it. No token is fetched before the first request needs one.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The way; none in the sandbox, which takes anyone.
    pub way: Option<Way>,
    /// What decided for it.
    pub why: String,
    pub(super) kept: Arc<Kept>,
}

/// What a person and a file say about signing in, besides the environment.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// `--auth`.
    pub flag: Option<&'a str>,
    /// The subscription that the token is for.
    pub subscription: &'a SubscriptionId,
    /// The cloud: it decides who gives out tokens, unless `authority` does.
    pub cloud: Cloud,
    /// Who gives out tokens, where it is not the cloud's own.
    pub authority: Option<Origin>,
}

impl SignIn {
    /// Chooses a way; see [`choose`] for the order.
    ///
    /// # Errors
    /// None can be chosen.
    pub fn open(wanted: Wanted<'_>) -> Result<Self, Failure> {
        let Choice { way, why } = choose(wanted.flag, variable, is_installed)
            .map_err(|no| NoToken::new(no.why, no.help).failure("sign in"))?;
        let source = match (way, variable("AZURE_ACCESS_TOKEN")) {
            (Way::Token, Some(token)) => Source::Given(given(&token)),
            _ => Source::Recipe(Recipe {
                way,
                subscription: wanted.subscription.clone(),
                cloud: wanted.cloud,
                authority: wanted.authority.unwrap_or_else(|| authority(wanted.cloud)),
            }),
        };
        Ok(Self {
            way: Some(way),
            why,
            kept: Arc::new(Kept::new(source)),
        })
    }

    /// Whether its tokens open every subscription that the identity may see. Those of `az` are for the subscription's tenant,
    /// and of its account.
    pub fn is_for_any_subscription(&self) -> bool {
        self.way != Some(Way::Az)
    }

    /// For an `endpoint` that a file names: the token in `AZURE_ACCESS_TOKEN` and nothing else, because a file must not decide
    /// where anything else goes. `flag` is `--auth`.
    ///
    /// # Errors
    /// It is not set, or another way is asked for.
    pub fn emulator(flag: Option<&str>) -> Result<Self, Failure> {
        let help = "set AZURE_ACCESS_TOKEN, of which an emulator takes any value; or name the endpoint by --endpoint, for \
                    every way of signing in";
        let refused =
            |why: &str| NoToken::new(why, help).failure("sign in to the file's `endpoint`");
        if flag.is_some_and(|way| way != Way::Token.name()) {
            return Err(refused(
                "it is sent AZURE_ACCESS_TOKEN only, and --auth asks for another way",
            ));
        }
        let token = variable("AZURE_ACCESS_TOKEN")
            .ok_or_else(|| refused("it is sent AZURE_ACCESS_TOKEN only, which is not set"))?;
        Ok(Self {
            way: Some(Way::Token),
            why: "the file's `endpoint` is sent nothing else".to_owned(),
            kept: Arc::new(Kept::new(Source::Given(given(&token)))),
        })
    }

    /// For the embedded Azure, which takes any.
    pub fn sandbox() -> Self {
        Self {
            way: None,
            why: "the sandbox takes anyone".to_owned(),
            kept: Arc::new(Kept::new(Source::Given(Secret::new(
                "any-token-opens-the-sandbox",
            )))),
        }
    }
}

/// A token from a variable, where a line's end may have come along.
fn given(token: &str) -> Secret {
    Secret::new(token.trim().to_owned())
}

/// Who gives out a cloud's tokens (Microsoft's documentation of national clouds).
fn authority(cloud: Cloud) -> Origin {
    let host = match cloud {
        Cloud::Public | Cloud::Sandbox => "https://login.microsoftonline.com",
        Cloud::UsGovernment => "https://login.microsoftonline.us",
        Cloud::China => "https://login.chinacloudapi.cn",
    };
    Origin::Tls(host.to_owned())
}

/// Whether a program of this name is on the PATH. `az` is a script with an ending on Windows.
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let endings: &[&str] = match cfg!(windows) {
        true => &[".cmd", ".exe", ".bat"],
        false => &[""],
    };
    let is_there = |folder: &Path| {
        endings
            .iter()
            .any(|end| folder.join(format!("{program}{end}")).is_file())
    };
    std::env::split_paths(&path).any(|folder| is_there(&folder))
}

/// `text` without what looks like a token: three parts of Base64, of which the first opens a JSON object.
pub(super) fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=');
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, token) = rest.split_at(at);
        let end = token.find(|c| !is_part(c)).unwrap_or(token.len());
        let (token, after) = token.split_at(end);
        written.push_str(before);
        written.push_str(if token.len() < 20 { token } else { "[token]" });
        rest = after;
    }
    written + rest
}
