//! [`Target`]: the destinations of requests, below the pipeline.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{CONTENT_TYPE, HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};

use super::discreet::{discreet, token};
use super::http::{self, Peer};
use super::origin::Origin;
use super::record::Recorder;
use crate::model::Cloud;
use crate::sandbox::{self, Sandbox};
use crate::trouble::Trouble;

/// The destination of requests.
#[derive(Clone, Debug)]
pub enum Target {
    /// One of Microsoft's clouds, over TLS.
    Cloud(Cloud),
    /// Another Azure Resource Manager (Azure Stack, a private cloud), over TLS: its origin and its audience.
    Elsewhere(String, String),
    /// An emulator on this machine, over plain HTTP.
    Loopback(SocketAddr),
    /// The embedded Azure, in this process.
    Sandbox(Arc<Sandbox>),
}

impl Target {
    /// The base of every URL, and the audience of tokens.
    pub(super) fn base(&self) -> (Origin, String) {
        let host = match self {
            Self::Cloud(Cloud::Public) => "https://management.azure.com",
            Self::Cloud(Cloud::UsGovernment) => "https://management.usgovcloudapi.net",
            Self::Cloud(Cloud::China) => "https://management.chinacloudapi.cn",
            // No host has this name (RFC 2606), so not even a bug can send a request there.
            Self::Sandbox(_) | Self::Cloud(Cloud::Sandbox) => "https://sandbox.invalid",
            Self::Elsewhere(origin, audience) => {
                return (Origin::Tls(origin.clone()), audience.clone());
            }
            Self::Loopback(address) => {
                let audience = "https://management.azure.com".to_owned();
                return (Origin::Loopback(*address), audience);
            }
        };
        (Origin::Tls(host.to_owned()), host.to_owned())
    }

    /// The HTTP client for this destination.
    ///
    /// # Errors
    /// The system's certificates, the proxy settings or the file in `AZLIN_RECORD` cannot be used.
    pub(super) fn client(self) -> Result<Arc<dyn HttpClient>, Trouble> {
        let connected = |peer| {
            let failed = |trouble: Trouble| trouble.within("cannot open a connection to Azure");
            http::client(peer).map_err(failed)
        };
        let client = match self {
            Self::Sandbox(sandbox) => Arc::new(Sandboxed(sandbox)),
            Self::Loopback(address) => connected(Peer::Emulator(address))?,
            Self::Cloud(_) | Self::Elsewhere(..) => connected(Peer::Remote)?,
        };
        Recorder::wrap(discreet(client))
    }
}

#[derive(Debug)]
struct Sandboxed(Arc<Sandbox>);

#[async_trait]
impl HttpClient for Sandboxed {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Body::Bytes(body) = request.body() else {
            let message = "the sandbox does not accept a streamed body";
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
        let (status, mut headers) = (answer.status.into(), Headers::new());
        for (name, value) in answer.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
        Ok(AsyncRawResponse::from_bytes(status, headers, answer.body))
    }
}
