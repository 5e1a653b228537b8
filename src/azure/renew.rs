//! [`Renew`]: a token that Azure no longer takes is replaced once.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::{Headers, WWW_AUTHENTICATE};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};

use super::discreet::token;
use super::sign_in::Kept;

/// Sends a request again with a new token after a 401 that says `invalid_token`: tokens are revoked, and a laptop that slept
/// has an old one. A request that was answered so was not carried out, so a write too is sent again.
///
/// It stands before the SDK's policy, which adds the token and forgets one that was refused.
#[derive(Debug)]
pub(super) struct Renew(pub Arc<Kept>);

#[async_trait]
impl Policy for Renew {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let Some((first, rest)) = next.split_first() else {
            let message = "nothing sends the request";
            return Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Other,
                message,
            ));
        };
        let response = first.send(ctx, request, rest).await?;
        let status = u16::from(response.status());
        if status != 401 || challenge(response.headers()).as_deref() != Some("invalid_token") {
            return Ok(response);
        }
        let refused = token(request).unwrap_or_default().to_owned();
        if !self.0.refused(&refused).await {
            return Ok(response);
        }
        request.body_mut().reset().await?;
        first.send(ctx, request, rest).await
    }
}

/// What a 401 says is wrong with the token: the `error` of its challenge (RFC 6750).
pub(super) fn challenge(headers: &Headers) -> Option<String> {
    let challenge = headers.get_optional_str(&WWW_AUTHENTICATE)?;
    let starts = challenge.match_indices("error=\"");
    // Not the end of another word.
    let mut starts = starts.filter(|(at, _)| {
        let before = challenge.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with([' ', ','])
    });
    let (at, key) = starts.next()?;
    let value = challenge.get(at + key.len()..)?;
    value.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_found_among_what_else_a_challenge_says() {
        let said = |text: &'static str| {
            let mut headers = Headers::new();
            headers.insert(WWW_AUTHENTICATE, text);
            challenge(&headers)
        };
        let expired = r#"Bearer authorization_uri="https://login.windows.net/x", error="invalid_token", error_description="The access token has expired.""#;
        assert_eq!(said(expired).as_deref(), Some("invalid_token"));
        assert_eq!(
            said(r#"Bearer claims="e", error="insufficient_claims""#).as_deref(),
            Some("insufficient_claims")
        );
        assert_eq!(said(r#"Bearer no_error="invalid_token""#), None);
        assert_eq!(said("Bearer"), None);
        assert_eq!(challenge(&Headers::new()), None);
    }
}
