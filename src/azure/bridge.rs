//! The legacy SDK on today's pipeline.
//!
//! `azure_mgmt_compute` ends at 0.21, on an `azure_core` that writes bearer tokens to its debug log (RUSTSEC-2026-0275) and
//! brings an HTTP stack of its own. So it is given neither: its credential is a placeholder, and its HTTP client is the
//! pipeline of `azure_core` 1.x, which drops the placeholder and adds the real token where the legacy crate cannot see it.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{Context, Method, Pipeline, PipelineSendOptions, Request};
use azure_core::time::{Duration, OffsetDateTime};
use azure_core_legacy as legacy;
use legacy::error::{Error, ErrorKind};

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
struct OnPipeline(Pipeline);

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
        let options = PipelineSendOptions {
            skip_checks: true,
            ..Default::default()
        };
        let sent = self
            .0
            .send(&Context::new(), &mut bridged, Some(options))
            .await;
        // Not `Io`, which the legacy layer would retry: the pipeline has done so already.
        let response = sent.map_err(|error| Error::new(ErrorKind::Other, error))?;
        let (status, headers, body) = response.deconstruct();
        let status = legacy::StatusCode::try_from(u16::from(status))
            .map_err(|_| unsupported(format!("status {status}")))?;
        let headers = headers.iter().map(|(name, value)| {
            let name = legacy::headers::HeaderName::from(name.as_str().to_owned());
            (
                name,
                legacy::headers::HeaderValue::from(value.as_str().to_owned()),
            )
        });
        let headers: std::collections::HashMap<_, _> = headers.collect();
        let body: azure_core::Bytes = body.into();
        let body = Box::pin(futures::stream::once(async move { Ok(body) }));
        Ok(legacy::Response::new(status, headers.into(), body))
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
    pipeline: &Pipeline,
) -> (
    Arc<dyn legacy::auth::TokenCredential>,
    legacy::ClientOptions,
) {
    let transport = legacy::TransportOptions::new(Arc::new(OnPipeline(pipeline.clone())));
    let options = legacy::ClientOptions::default().retry(legacy::RetryOptions::none());
    (Arc::new(Placeholder), options.transport(transport))
}
