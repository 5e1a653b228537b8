//! [`Target`]: the three places that a request can go to, below the pipeline.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{CONTENT_TYPE, HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};

use super::discreet::{Discreet, token};
use super::record::Recorder;
use crate::model::Cloud;
use crate::sandbox::{self, Sandbox};

/// How long a connection may take to come up, and an answer to go on. A page of 500 VMs takes some seconds.
const CONNECT: Duration = Duration::from_secs(20);
const READ: Duration = Duration::from_secs(60);

/// Where requests go.
#[derive(Clone, Debug)]
pub enum Target {
    /// A cloud of Microsoft's, over TLS.
    Cloud(Cloud),
    /// An Azure Resource Manager somewhere else (Azure Stack, a private cloud), over TLS: its origin and its audience.
    Elsewhere(String, String),
    /// An emulator on this machine, over plain HTTP.
    Loopback(SocketAddr),
    /// The embedded Azure, in this process.
    Sandbox(Arc<Sandbox>),
}

impl Target {
    /// The base of every URL, and the audience that tokens are asked for.
    pub(super) fn base(&self) -> (String, String) {
        let (base, audience) = match self {
            Self::Cloud(Cloud::Public) => ("management.azure.com", "management.azure.com"),
            Self::Cloud(Cloud::UsGovernment) => (
                "management.usgovcloudapi.net",
                "management.usgovcloudapi.net",
            ),
            Self::Cloud(Cloud::China) => {
                ("management.chinacloudapi.cn", "management.chinacloudapi.cn")
            }
            // No host has this name (RFC 2606), so not even a mistake can send a request there.
            Self::Sandbox(_) | Self::Cloud(Cloud::Sandbox) => {
                ("sandbox.invalid", "sandbox.invalid")
            }
            Self::Elsewhere(origin, audience) => return (origin.clone(), audience.clone()),
            Self::Loopback(address) => {
                return (
                    format!("https://{address}"),
                    "https://management.azure.com".to_owned(),
                );
            }
        };
        (format!("https://{base}"), format!("https://{audience}"))
    }

    /// The emulator's address.
    pub(super) fn emulator(&self) -> Option<SocketAddr> {
        match self {
            Self::Loopback(address) => Some(*address),
            Self::Cloud(_) | Self::Elsewhere(..) | Self::Sandbox(_) => None,
        }
    }

    pub(super) fn client(self) -> Result<Arc<dyn HttpClient>, String> {
        let client: Arc<dyn HttpClient> = match self {
            Self::Sandbox(sandbox) => Arc::new(Sandboxed(sandbox)),
            // Nothing here speaks TLS, and a proxy must not see the token.
            Self::Loopback(address) => Arc::new(Loopback {
                client: reqwest(|builder| builder.no_proxy().tls_certs_only([]))?,
                address,
            }),
            Self::Cloud(_) | Self::Elsewhere(..) => Arc::new(reqwest(|builder| builder)?),
        };
        Recorder::wrap(Arc::new(Discreet(client)))
    }
}

/// An HTTP client that follows no redirect, so that nothing but the pipeline decides where a request goes. It takes the
/// system's certificates, or those that `SSL_CERT_FILE` names, and `HTTPS_PROXY` from the environment.
pub(super) fn reqwest(
    with: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, String> {
    // Already installed is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .redirect(reqwest::redirect::Policy::none())
        .gzip(true);
    with(builder)
        .build()
        .map_err(|error| super::failure::root(&error))
}

/// The pipeline refuses a token over plain HTTP, rightly. For an emulator on loopback, where no wire is, the URL says https
/// up to here and http from here on.
#[derive(Debug)]
struct Loopback {
    client: reqwest::Client,
    address: SocketAddr,
}

#[async_trait]
impl HttpClient for Loopback {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        plainly(&self.client, request, self.address.port()).await
    }
}

/// Sends a request whose URL says https over plain HTTP, to `port`.
pub(super) async fn plainly(
    client: &reqwest::Client,
    request: &Request,
    port: u16,
) -> azure_core::Result<AsyncRawResponse> {
    let mut request = request.clone();
    let url = request.url_mut();
    // The scheme first: a port that is the scheme's own is not kept.
    let changed = url
        .set_scheme("http")
        .and_then(|()| url.set_port(Some(port)));
    changed.map_err(|()| Error::with_message(ErrorKind::Other, "the address has no URL"))?;
    client.execute_request(&request).await
}

#[derive(Debug)]
struct Sandboxed(Arc<Sandbox>);

#[async_trait]
impl HttpClient for Sandboxed {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Body::Bytes(body) = request.body() else {
            let message = "the sandbox takes no streamed body";
            return Err(Error::with_message(ErrorKind::Other, message));
        };
        let headers = request.headers();
        let answer = self.0.answer(&sandbox::Request {
            method: request.method().as_ref(),
            target: &request.path_and_query(),
            origin: &request.url().origin().ascii_serialization(),
            authorized: token(request).is_some(),
            content_type: headers.get_optional_str(&CONTENT_TYPE),
            body,
        });
        let answer = answer.whole().ok_or_else(|| {
            let message = "the connection was closed before the answer was complete";
            Error::with_message(ErrorKind::Io, message)
        })?;
        let mut headers = Headers::new();
        for (name, value) in answer.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
        Ok(AsyncRawResponse::from_bytes(
            answer.status.into(),
            headers,
            answer.body,
        ))
    }
}
