//! [`Kept`]: the token of this run, fetched when it is first needed, and again when Azure no longer takes it.

use std::time::Instant;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use futures::lock::Mutex;

use super::recipe::Recipe;
use crate::trouble::Trouble;

/// A credential that knows which token it gave out last.
///
/// The SDK's own credentials keep their tokens for as long as those say they last, and would give one that Azure has refused
/// again. So each token comes from a credential made for it, and what is kept is kept here.
#[derive(Debug)]
pub(in crate::azure) struct Kept {
    /// The way to another token; none where there is only the one that was given.
    recipe: Option<Recipe>,
    last: Mutex<Last>,
}

/// The outcome of the last attempts to get a token.
#[derive(Debug, Default)]
struct Last {
    token: Option<AccessToken>,
    failure: Option<(Instant, Trouble)>,
}

impl Kept {
    pub(super) fn fetched(recipe: Recipe) -> Self {
        Self {
            recipe: Some(recipe),
            last: Mutex::default(),
        }
    }

    /// Keeps `token`, where a line's end may have come along.
    pub(super) fn given(token: &str) -> Self {
        // Its real end is unknown; Azure says so when it comes.
        let end = OffsetDateTime::now_utc() + Duration::days(7);
        let last = Last {
            token: Some(AccessToken::new(token.trim().to_owned(), end)),
            failure: None,
        };
        Self {
            recipe: None,
            last: last.into(),
        }
    }

    /// Returns true if there can be another token than the first.
    pub fn can_renew(&self) -> bool {
        self.recipe.is_some()
    }

    /// Forgets `token`, which Azure refused.
    ///
    /// Of many requests that are refused at once, the first brings a new token and the others get the same.
    pub async fn forget(&self, token: &str) {
        let mut last = self.last.lock().await;
        last.token.take_if(|kept| kept.token.secret() == token);
    }
}

#[async_trait]
impl TokenCredential for Kept {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        // The SDK's policy asks for a new token as long before the end.
        let soon = OffsetDateTime::now_utc() + Duration::minutes(5);
        if let Some(token) = &last.token
            && token.expires_on > soon
        {
            return Ok(token.clone());
        }
        // Of many requests at once, the first waits for a sign-in that fails and the others need not.
        if let Some((failed, trouble)) = &last.failure
            && *failed > asked
        {
            return Err(trouble.clone().into());
        }
        let fetched = match &self.recipe {
            Some(recipe) => recipe.token(scopes).await,
            None => Err(Trouble::new(
                "the token in AZURE_ACCESS_TOKEN has expired",
                "set AZURE_ACCESS_TOKEN to a new token",
            )),
        };
        match &fetched {
            Ok(token) => last.token = Some(token.clone()),
            Err(trouble) => last.failure = Some((Instant::now(), trouble.clone())),
        }
        Ok(fetched?)
    }
}
