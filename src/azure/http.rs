//! The HTTP clients below the SDK's pipelines, and the one way to send a request by a pipeline.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::policies::Policy;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, Context, HttpClient, Pipeline, PipelineSendOptions,
    RawResponse, Request,
};
use reqwest::{ClientBuilder, redirect};

use super::failure::root;
use crate::trouble::Trouble;

/// The time limit for a connection to come up.
const CONNECT: Duration = Duration::from_secs(20);
/// The time limit for the next part of an answer. A page of 500 VMs takes some seconds.
const READ: Duration = Duration::from_secs(60);

/// An HTTP client that follows no redirect, so that nothing but the pipeline decides where a request goes. It takes the
/// system's certificates, or those that `SSL_CERT_FILE` names, and `HTTPS_PROXY` from the environment, unless `with` says
/// otherwise. The server at `loopback` speaks plain HTTP.
///
/// # Errors
/// The certificates or the proxy settings cannot be used.
pub(super) fn client(
    loopback: Option<SocketAddr>,
    with: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Arc<dyn HttpClient>, Trouble> {
    // Already installed is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .redirect(redirect::Policy::none())
        .gzip(true);
    let client = with(builder).build().map_err(|error| {
        let help = "check the system's certificates and the proxy settings (HTTPS_PROXY)";
        Trouble::new(root(&error), help)
    })?;
    Ok(match loopback {
        Some(address) => Arc::new(Loopback { client, address }),
        None => Arc::new(client),
    })
}

/// A client for a server on loopback, which speaks plain HTTP.
///
/// The SDK refuses to send a token over plain HTTP, rightly. Here no wire is involved, so the URL says https up to this
/// client and http from here on. Requests for any other address are sent as they are.
#[derive(Debug)]
struct Loopback {
    client: reqwest::Client,
    address: SocketAddr,
}

#[async_trait]
impl HttpClient for Loopback {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut plain = request.clone();
        let url = plain.url_mut();
        let port = url.port_or_known_default().unwrap_or_default();
        let asked = format!("{}:{port}", url.host_str().unwrap_or_default());
        if url.scheme() == "https" && asked == self.address.to_string() {
            // The scheme first: a port that is the scheme's own is not kept. Neither fails for an address.
            let _ = url.set_scheme("http");
            let _ = url.set_port(Some(port));
        }
        self.client.execute_request(&plain).await
    }
}

/// A pipeline that names azlin, with the policies `per_try` below the SDK's own.
pub(super) fn pipeline(options: ClientOptions, per_try: Vec<Arc<dyn Policy>>) -> Pipeline {
    Pipeline::new(
        Some(env!("CARGO_PKG_NAME")),
        Some(env!("CARGO_PKG_VERSION")),
        options,
        Vec::new(),
        per_try,
        None,
    )
}

/// The answer to `request`, whatever its status.
pub(super) async fn send(
    pipeline: &Pipeline,
    mut request: Request,
) -> azure_core::Result<RawResponse> {
    request.insert_header("accept", "application/json");
    let options = PipelineSendOptions {
        skip_checks: true,
        ..Default::default()
    };
    pipeline
        .send(&Context::new(), &mut request, Some(options))
        .await
}
