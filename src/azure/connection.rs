//! [`Explained`]: an HTTP client whose errors name the proxy or the certificate that is to blame.

use std::sync::Arc;
use std::{fmt, io};

use async_trait::async_trait;
use azure_core::error::Error;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use rustls::CertificateError;

use super::failure::{causes, root};
use super::proxy::Proxy;
use crate::trouble::Trouble;

/// A client that explains why it could not connect.
#[derive(Debug)]
pub(super) struct Explained {
    pub client: Arc<dyn HttpClient>,
    /// The proxy that it uses for some hosts.
    pub proxy: Option<Proxy>,
}

#[async_trait]
impl HttpClient for Explained {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.client.execute_request(request).await;
        answer.map_err(|error| {
            let host = request.url().host_str().unwrap_or_default();
            explained(error, host, self.proxy.as_ref())
        })
    }
}

/// A failure of the proxy that may pass. Its text names the proxy.
#[derive(Debug)]
struct ProxyFailed(String);

impl fmt::Display for ProxyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProxyFailed {}

/// `error`, or a better one if a certificate or the proxy is its cause. It becomes a [`Trouble`] if a retry cannot help.
fn explained(error: Error, host: &str, proxy: Option<&Proxy>) -> Error {
    if let Some(rustls::Error::InvalidCertificate(reason)) = tls_error(&error) {
        return untrusted(host, reason).into();
    }
    let Some(proxy) = proxy else { return error };
    // The type of this error is private to hyper-util.
    let tunnel = causes(&error).find_map(|cause| {
        let text = cause.to_string();
        let what = text.strip_prefix("tunnel error: ")?.to_owned();
        Some((what, cause.source().map(root)))
    });
    let what = match tunnel {
        None => return error,
        Some((what, _)) if what.contains("authorization required") => {
            return proxy.wants_password().into();
        }
        Some((_, Some(reason))) => format!("{proxy} failed: {reason}"),
        Some((what, None)) if what == "unsuccessful" => {
            format!("{proxy} refused to connect to {host}")
        }
        Some((what, None)) => format!("{proxy} failed: {what}"),
    };
    let kind = error.kind().clone();
    Error::with_error(kind, ProxyFailed(what.clone()), what)
}

/// The error of TLS behind `error`. It may be inside several I/O errors, one in the other.
fn tls_error(error: &Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| {
        let mut inner = cause.downcast_ref::<io::Error>()?.get_ref()?;
        loop {
            if let Some(found) = inner.downcast_ref() {
                return Some(found);
            }
            inner = inner.downcast_ref::<io::Error>()?.get_ref()?;
        }
    })
}

/// The trouble with the certificate of `host`.
fn untrusted(host: &str, reason: &CertificateError) -> Trouble {
    let (why, help) = match reason {
        CertificateError::UnknownIssuer | CertificateError::Other(_) => (
            "its issuer is not trusted here".to_owned(),
            "if a proxy inspects TLS, add its CA certificate to the system's, or set SSL_CERT_FILE to a PEM file with it",
        ),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => (
            "it has expired, or is not valid yet".to_owned(),
            "check this machine's clock, and whether a proxy answers instead of Azure",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "it is for another host".to_owned(),
            "check the endpoint, and whether a proxy or a sign-in page answers instead of Azure",
        ),
        other => (
            other.to_string(),
            "check whether a proxy answers instead of Azure",
        ),
    };
    let message = format!("the certificate of {host} is not valid: {why}");
    Trouble::new(message, help)
}
