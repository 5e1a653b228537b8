//! Removes from each answer the token or the secret that its request carried.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::{AUTHORIZATION, HeaderName};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request, Url};

/// A client that rewrites the body of an answer if the function returns a new one.
#[derive(Debug)]
pub(super) struct Rewritten(
    pub Arc<dyn HttpClient>,
    pub fn(&Request, &[u8]) -> Option<String>,
);

#[async_trait]
impl HttpClient for Rewritten {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let response = self.0.execute_request(request).await?;
        let (status, headers, body) = response.deconstruct();
        let mut body = body.collect().await?;
        if let Some(text) = (self.1)(request, &body) {
            body = text.into();
        }
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// Wraps `client` to remove tokens and secrets from its answers, which may end up in an error and so in a log.
pub(super) fn discreet(client: Arc<dyn HttpClient>) -> Arc<dyn HttpClient> {
    // Lossily: a body that is not UTF-8 may be shown too.
    let rewrite = |request: &Request, body: &[u8]| match without_proofs(
        &String::from_utf8_lossy(body),
        request,
    ) {
        Cow::Owned(text) => Some(text),
        Cow::Borrowed(_) => None,
    };
    Arc::new(Rewritten(client, rewrite))
}

/// `text` without the tokens and secrets of `request`.
pub(super) fn without_proofs<'t>(text: &'t str, request: &Request) -> Cow<'t, str> {
    /// A shorter one is a dummy for an emulator, and would match parts of ordinary words.
    const SHORTEST: usize = 8;
    let mut text = Cow::Borrowed(text);
    for (proof, instead) in proofs(request) {
        if proof.len() >= SHORTEST && text.contains(&*proof) {
            text = text.replace(&*proof, instead).into();
        }
    }
    text
}

/// The bearer token that `request` carries.
pub(super) fn token(request: &Request) -> Option<&str> {
    let header = request.headers().get_optional_str(&AUTHORIZATION)?;
    let token = header.strip_prefix("Bearer ")?;
    (!token.is_empty()).then_some(token)
}

/// The tokens and secrets in `request`, encoded and decoded, each with its replacement.
fn proofs(request: &Request) -> Vec<(Cow<'_, str>, &'static str)> {
    const IDENTITY: HeaderName = HeaderName::from_static("x-identity-header");
    let mut proofs = Vec::new();
    if let Some(token) = token(request) {
        proofs.push((token.into(), "[token]"));
    }
    if let Some(secret) = request.headers().get_optional_str(&IDENTITY) {
        proofs.push((secret.into(), "[secret]"));
    }
    let Body::Bytes(body) = request.body() else {
        return proofs;
    };
    let form = std::str::from_utf8(body).unwrap_or_default();
    for (name, value) in form.split('&').filter_map(|field| field.split_once('=')) {
        if !matches!(name, "client_secret" | "client_assertion") {
            continue;
        }
        proofs.push((value.into(), "[secret]"));
        let decoded = Url::parse(&format!("form:?{name}={value}")).ok();
        let decoded = decoded.iter().flat_map(Url::query_pairs);
        proofs.extend(decoded.map(|(_, value)| (value.into_owned().into(), "[secret]")));
    }
    proofs
}
