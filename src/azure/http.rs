//! The HTTP clients below the SDK's pipelines, and the one function that sends a request through a pipeline.

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

/// The time limit for connecting.
const CONNECT: Duration = Duration::from_secs(20);
/// The time limit for the next part of an answer. A page of 500 VMs takes a few seconds.
const READ: Duration = Duration::from_secs(60);

/// An HTTP client that follows no redirect, so that only the pipeline decides where a request goes.
///
/// It uses the system's certificates or those in `SSL_CERT_FILE`, and the proxy in `HTTPS_PROXY`, unless `with` changes that. It
/// speaks plain HTTP to the server at `loopback`.
///
/// # Errors
/// The certificates or the proxy settings cannot be used.
pub(super) fn client(
    loopback: Option<SocketAddr>,
    with: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Arc<dyn HttpClient>, Trouble> {
    // It fails if a provider is installed already, which is fine.
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
/// The SDK rightly refuses to send a token over plain HTTP. A loopback connection never leaves the machine, so the URL is https up
/// to this client and http from here on. Requests to any other address stay as they are.
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
            // Set the scheme first, because it drops its own default port. Neither call fails for an IP address.
            let _ = url.set_scheme("http");
            let _ = url.set_port(Some(port));
        }
        self.client.execute_request(&plain).await
    }
}

/// A pipeline with azlin's name as user agent, and the policies `per_try` below the SDK's own.
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
