//! [`Kept`]: the token of this run. azlin fetches it for the first request, and again when Azure no longer accepts it.

use std::time::Instant;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use futures::lock::Mutex;

use super::recipe::Recipe;
use crate::trouble::Trouble;

/// A credential that caches its last token.
///
/// The SDK's own credentials cache a token until it expires, and would return one again that Azure has rejected. So azlin creates
/// a new credential for each token, and caches the token here.
#[derive(Debug)]
pub(in crate::azure) struct Kept {
    /// The recipe for a new token. None for a given token, which cannot be renewed.
    recipe: Option<Recipe>,
    last: Mutex<Last>,
}

/// The last token and the last failure to get one.
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

    /// Keeps a given `token`, without the line break that may follow it.
    pub(super) fn given(token: &str) -> Self {
        // azlin does not know when it expires. Azure will say so.
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

    /// Returns true if azlin can get another token.
    pub fn can_renew(&self) -> bool {
        self.recipe.is_some()
    }

    /// Forgets `token`, which Azure rejected.
    ///
    /// If Azure rejects many requests at once, the first one fetches a new token for all of them.
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
        // The SDK's policy renews a token equally long before it expires.
        let soon = OffsetDateTime::now_utc() + Duration::minutes(5);
        if let Some(token) = &last.token
            && token.expires_on > soon
        {
            return Ok(token.clone());
        }
        // If many requests wait for the same sign-in and it fails, only the first one tries.
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
