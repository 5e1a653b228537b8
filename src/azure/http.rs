//! The HTTP clients below the SDK's pipelines.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use super::cause::root;
use crate::trouble::Trouble;

/// The time limit for a connection to come up.
const CONNECT: Duration = Duration::from_secs(20);
/// The time limit for the next part of an answer. A page of 500 VMs takes some seconds.
const READ: Duration = Duration::from_secs(60);

/// An HTTP client that follows no redirect, so that nothing but the pipeline decides where a request goes. It takes the
/// system's certificates, or those that `SSL_CERT_FILE` names, and `HTTPS_PROXY` from the environment, unless `with` says
/// otherwise.
///
/// # Errors
/// The certificates or the proxy settings cannot be used.
pub(super) fn client(
    with: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<reqwest::Client, Trouble> {
    // Already installed is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .redirect(Policy::none())
        .gzip(true);
    with(builder).build().map_err(|error| {
        Trouble::new(
            root(&error),
            "check the system's certificates and the proxy settings (HTTPS_PROXY)",
        )
    })
}

/// A client for a server on loopback, which speaks plain HTTP.
///
/// The SDK refuses to send a token over plain HTTP, rightly. Here no wire is involved, so the URL says https up to this
/// client and http from here on. Requests for any other address are sent as they are.
#[derive(Debug)]
pub(super) struct Loopback {
    pub client: reqwest::Client,
    pub address: SocketAddr,
}

#[async_trait]
impl HttpClient for Loopback {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url();
        let (host, port) = (
            url.host_str().unwrap_or_default(),
            url.port_or_known_default(),
        );
        let asked = format!("{host}:{}", port.unwrap_or_default());
        if url.scheme() != "https" || asked != self.address.to_string() {
            return self.client.execute_request(request).await;
        }
        let mut plain = request.clone();
        let url = plain.url_mut();
        // The scheme first: a port that is the scheme's own is not kept.
        let changed = url.set_scheme("http").and_then(|()| url.set_port(port));
        changed.map_err(|()| Error::with_message(ErrorKind::Other, "the address has no URL"))?;
        self.client.execute_request(&plain).await
    }
}
