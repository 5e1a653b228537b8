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
use futures::StreamExt as _;
use reqwest::redirect;

use super::connection::Explained;
use super::failure::{TooLarge, root};
use super::proxy::Proxy;
use crate::text::quote;
use crate::trouble::Trouble;

/// The time limit for connecting.
const CONNECT: Duration = Duration::from_secs(20);
/// The time limit for the next part of an answer. A page of 500 VMs takes a few seconds.
const READ: Duration = Duration::from_secs(60);
/// The most bytes of an answer, after decompression. 500 VMs with every tag that Azure allows would be 20 MB.
const MOST: usize = 64 * 1024 * 1024;

/// The server that a client is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    /// An emulator on this machine, over plain HTTP only.
    Emulator(SocketAddr),
    /// A server on this machine or its host that issues tokens, which no proxy may see. It speaks plain HTTP at the address.
    Local(Option<SocketAddr>),
    /// Any other, over TLS.
    Remote,
}

/// An HTTP client for `peer` that follows no redirect, so that only the pipeline decides where a request goes.
///
/// It uses the system's certificates or those in `SSL_CERT_FILE`, and for a remote peer the proxy in `HTTPS_PROXY`. Its errors
/// name the certificate or the proxy that is to blame. It reads at most [`MOST`] bytes of an answer.
///
/// # Errors
/// The certificates or the proxy settings cannot be used.
pub(super) fn client(peer: Peer) -> Result<Arc<dyn HttpClient>, Trouble> {
    // It fails if a provider is installed already, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .redirect(redirect::Policy::none())
        .gzip(true);
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut proxy = None;
    match peer {
        Peer::Emulator(_) => builder = builder.no_proxy().tls_certs_only([]),
        Peer::Local(_) => builder = builder.no_proxy(),
        Peer::Remote => proxy = Proxy::of(set),
    }
    if let Some(proxy) = &proxy {
        proxy.check()?;
    }
    let client = builder.build().map_err(|error| {
        let help = match set("SSL_CERT_FILE") {
            Some(file) => format!("check that SSL_CERT_FILE ({}) is a PEM file with certificates", quote(&file)),
            None => "install the system's CA certificates, or name a PEM file with them in SSL_CERT_FILE".to_owned(),
        };
        let why = root(&error);
        Trouble::new(why.trim_start_matches("unexpected error: "), help)
    })?;
    let client: Arc<dyn HttpClient> = match peer {
        Peer::Emulator(address) | Peer::Local(Some(address)) => {
            Arc::new(Loopback { client, address })
        }
        Peer::Local(None) | Peer::Remote => Arc::new(client),
    };
    Ok(Arc::new(Capped(Arc::new(Explained { client, proxy }))))
}

/// A client that reads at most [`MOST`] bytes of an answer. It counts them after decompression, as they arrive, because a few
/// compressed megabytes can become gigabytes.
#[derive(Debug)]
struct Capped(Arc<dyn HttpClient>);

#[async_trait]
impl HttpClient for Capped {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.0.execute_request(request).await?;
        let (status, headers, body) = answer.deconstruct();
        let mut room = MOST;
        let body = body.map(move |part| {
            let part = part?;
            match room.checked_sub(part.len()) {
                Some(left) => room = left,
                None => return Err(TooLarge::bytes(MOST).into()),
            }
            Ok(part)
        });
        Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
    }
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
