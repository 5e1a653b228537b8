//! [`Renew`]: a token that Azure no longer takes is replaced once.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::TokenRequestOptions;
use azure_core::http::headers::Headers;
use azure_core::http::policies::auth::{Authorizer, OnChallenge};
use azure_core::http::{Context, Request};

use super::discreet::token;
use super::sign_in::Kept;

/// Gives the SDK's policy a new token after a 401 with a challenge: tokens are revoked, and a laptop that slept has an old
/// one. The policy then sends the request once more, a write too: a request that was answered so was not carried out.
#[derive(Debug)]
pub(super) struct Renew {
    pub kept: Arc<Kept>,
    pub scope: String,
}

#[async_trait]
impl OnChallenge for Renew {
    async fn on_challenge(
        &self,
        _: &Context,
        request: &mut Request,
        authorizer: &dyn Authorizer,
        _: &Headers,
    ) -> azure_core::Result<()> {
        self.kept.forget(token(request).unwrap_or_default()).await;
        authorizer
            .authorize(request, &[&self.scope], TokenRequestOptions::default())
            .await
    }
}
