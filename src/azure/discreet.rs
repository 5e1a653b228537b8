//! [`Discreet`]: an answer never repeats the token.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};

/// Takes the request's token out of an answer: whatever repeats it may end in an error, and with it in a log.
#[derive(Debug)]
pub(super) struct Discreet(pub Arc<dyn HttpClient>);

#[async_trait]
impl HttpClient for Discreet {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let response = self.0.execute_request(request).await?;
        let (status, headers, body) = response.deconstruct();
        let body = body.collect().await?;
        let repeats = |text: &&str| token(request).is_some_and(|token| text.contains(token));
        let body = match std::str::from_utf8(&body).ok().filter(repeats) {
            Some(text) => without_token(text, request).into_bytes().into(),
            None => body,
        };
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// `text` without the token that `request` carries.
pub(super) fn without_token(text: &str, request: &Request) -> String {
    /// What is shorter is what someone made up for an emulator, and would be found in any word.
    const SHORTEST: usize = 8;
    match token(request).filter(|token| token.len() >= SHORTEST) {
        Some(token) => text.replace(token, "[token]"),
        None => text.to_owned(),
    }
}

/// The bearer token that `request` carries.
pub(super) fn token(request: &Request) -> Option<&str> {
    let header = request.headers().get_optional_str(&AUTHORIZATION)?;
    header
        .strip_prefix("Bearer ")
        .filter(|token| !token.is_empty())
}
