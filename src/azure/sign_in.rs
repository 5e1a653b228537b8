//! Which credential: chosen from what the environment says, never by trying.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};

use super::{Failure, Kind};
use crate::model::SubscriptionId;

/// What to do where there is no token.
pub(super) const SIGN_IN: &str =
    "run `az login`, or set AZURE_ACCESS_TOKEN to a token for Azure's management API";

/// A token that was given, or that nothing checks.
#[derive(Debug)]
struct Given(Secret);

#[async_trait]
impl TokenCredential for Given {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        // Its real end is unknown; Azure says so when it comes.
        let end = OffsetDateTime::now_utc() + Duration::hours(1);
        Ok(AccessToken::new(self.0.clone(), end))
    }
}

/// The credential for Azure: the token in `AZURE_ACCESS_TOKEN`, else the account that `az` is signed in to.
///
/// # Errors
/// `az` cannot be used.
pub fn azure(subscription: &SubscriptionId) -> Result<Arc<dyn TokenCredential>, Failure> {
    if let Some(token) = given() {
        return Ok(token);
    }
    let options = AzureCliCredentialOptions {
        // Its tenant may be another than that of az's default account.
        subscription: Some(subscription.to_string()),
        ..Default::default()
    };
    match AzureCliCredential::new(Some(options)) {
        Ok(credential) => Ok(credential),
        Err(error) => Err(Failure::new(
            "sign in with `az`",
            Kind::SignIn {
                why: super::failure::root(&error),
                help: SIGN_IN,
            },
        )),
    }
}

/// The credential for an emulator: the token in `AZURE_ACCESS_TOKEN` and nothing else, because a file may name the emulator.
///
/// # Errors
/// It is not set.
pub fn emulator() -> Result<Arc<dyn TokenCredential>, Failure> {
    given().ok_or_else(|| {
        Failure::new(
            "sign in to `endpoint`",
            Kind::SignIn {
                why: "an endpoint is sent AZURE_ACCESS_TOKEN only, which is not set".to_owned(),
                help: "set AZURE_ACCESS_TOKEN; an emulator takes any value",
            },
        )
    })
}

/// The credential for the embedded Azure, which takes any.
pub fn sandbox() -> Arc<dyn TokenCredential> {
    Arc::new(Given(Secret::new("any-token-opens-the-sandbox")))
}

fn given() -> Option<Arc<dyn TokenCredential>> {
    let token = std::env::var("AZURE_ACCESS_TOKEN")
        .ok()
        .filter(|token| !token.is_empty())?;
    Some(Arc::new(Given(Secret::new(token))))
}
