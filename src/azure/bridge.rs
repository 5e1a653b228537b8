//! The legacy SDK on today's pipeline.
//!
//! `azure_mgmt_compute` ends at 0.21, on an `azure_core` that writes bearer tokens to its debug log (RUSTSEC-2026-0275) and
//! brings an HTTP stack of its own. So it is given neither: its credential is a placeholder, and its HTTP client is the
//! pipeline of `azure_core` 1.x, which drops the placeholder and adds the real token where the legacy crate cannot see it.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{Method, Request};
use azure_core::time::{Duration, OffsetDateTime};
use azure_core_legacy as legacy;
use legacy::error::{Error, ErrorKind};

use super::arm::Arm;
use super::exchange::Answer;

#[derive(Debug)]
struct Placeholder;

#[async_trait]
impl legacy::auth::TokenCredential for Placeholder {
    async fn get_token(&self, _scopes: &[&str]) -> legacy::Result<legacy::auth::AccessToken> {
        let end = OffsetDateTime::now_utc() + Duration::hours(1);
        Ok(legacy::auth::AccessToken::new("placeholder", end))
    }

    async fn clear_cache(&self) -> legacy::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct OnPipeline {
    arm: Arm,
    /// What the client is used for, as a phrase that follows "cannot ".
    doing: String,
}

#[async_trait]
impl legacy::HttpClient for OnPipeline {
    async fn execute_request(&self, request: &legacy::Request) -> legacy::Result<legacy::Response> {
        let method = match request.method() {
            legacy::Method::Get => Method::Get,
            legacy::Method::Post => Method::Post,
            other => return Err(unsupported(format!("method {other}"))),
        };
        let legacy::Body::Bytes(body) = request.body() else {
            return Err(unsupported("a streamed body".to_owned()));
        };
        let mut bridged = Request::new(request.url().clone(), method);
        for (name, value) in request.headers().iter() {
            if !matches!(name.as_str(), "authorization" | "user-agent") {
                bridged.insert_header(name.as_str().to_owned(), value.as_str().to_owned());
            }
        }
        bridged.set_body(body.clone());
        let Answer {
            status,
            headers,
            body,
        } = self.repeatedly(bridged).await?;
        let status = legacy::StatusCode::try_from(status)
            .map_err(|_| unsupported(format!("status {status}")))?;
        let headers = headers.iter().map(|(name, value)| {
            let name = legacy::headers::HeaderName::from(name.as_str().to_owned());
            (
                name,
                legacy::headers::HeaderValue::from(value.as_str().to_owned()),
            )
        });
        let headers: std::collections::HashMap<_, _> = headers.collect();
        let body = Box::pin(futures::stream::once(async move { Ok(body) }));
        Ok(legacy::Response::new(status, headers.into(), body))
    }
}

impl OnPipeline {
    /// Sends `request`, again where the failure is one that passes; what it is used for may be repeated.
    async fn repeatedly(&self, request: Request) -> legacy::Result<Answer> {
        let send = || self.arm.exchange(&self.doing, request.clone());
        let sent = self.arm.retry(None, send).await;
        // Not `Io`, which the legacy layer would retry.
        sent.map_err(|failure| Error::new(ErrorKind::Other, failure))
    }
}

fn unsupported(what: String) -> Error {
    Error::message(
        ErrorKind::Other,
        format!("{what} has no counterpart in the pipeline"),
    )
}

/// What a legacy client takes instead of a credential and an HTTP stack.
pub(super) fn parts(
    arm: &Arm,
    doing: &str,
) -> (
    Arc<dyn legacy::auth::TokenCredential>,
    legacy::ClientOptions,
) {
    let (arm, doing) = (arm.clone(), doing.to_owned());
    let transport = legacy::TransportOptions::new(Arc::new(OnPipeline { arm, doing }));
    let options = legacy::ClientOptions::default().retry(legacy::RetryOptions::none());
    (Arc::new(Placeholder), options.transport(transport))
}
