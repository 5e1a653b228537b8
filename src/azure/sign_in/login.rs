//! The HTTP client that fetches tokens.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::HeaderName;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request, Url};
use serde_json::Value;

use crate::azure::origin::Origin;
use crate::azure::transport::{plainly, reqwest};

/// A client for `authority` and, over any scheme that they name, for the endpoints around it.
///
/// What is on this machine or beside it (`is_local`) is not asked through a proxy, which would see the token.
///
/// # Errors
/// The system's certificates or proxy settings cannot be used.
pub(super) fn client(authority: &Origin, is_local: bool) -> Result<Arc<dyn HttpClient>, String> {
    let client: Arc<dyn HttpClient> = match authority {
        Origin::Loopback(address) => Arc::new(Loopback {
            client: reqwest(|builder| builder.no_proxy())?,
            address: *address,
        }),
        Origin::Tls(_) if is_local => Arc::new(reqwest(|builder| builder.no_proxy())?),
        Origin::Tls(_) => Arc::new(reqwest(|builder| builder)?),
    };
    Ok(Arc::new(Discreet(client)))
}

/// Takes what proved who asks out of an answer that is no success: whatever repeats it there would end in an error, and with
/// it in a log.
#[derive(Debug)]
struct Discreet(Arc<dyn HttpClient>);

#[async_trait]
impl HttpClient for Discreet {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let response = self.0.execute_request(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers, body) = response.deconstruct();
        let body = body.collect().await?;
        let hidden = |text: String, proof: &String| text.replace(proof.as_str(), "[secret]");
        let text = proofs(request).iter().fold(in_one_line(&body), hidden);
        Ok(AsyncRawResponse::from_bytes(
            status,
            headers,
            text.into_bytes(),
        ))
    }
}

/// An error of Microsoft Entra's with its description in one line. The SDK borrows the description from the answer, and so
/// cannot read one with an escape in it, which every line break is.
fn in_one_line(body: &[u8]) -> String {
    let Ok(Value::Object(mut error)) = serde_json::from_slice(body) else {
        return String::from_utf8_lossy(body).into_owned();
    };
    if let Some(Value::String(description)) = error.get_mut("error_description") {
        let plain = |c: char| match c {
            '"' => '\'',
            '\\' => '/',
            c if c.is_control() => ' ',
            c => c,
        };
        *description = description.chars().map(plain).collect();
    }
    Value::Object(error).to_string()
}

/// What in `request` proves who asks, as it was sent and as it is meant.
fn proofs(request: &Request) -> Vec<String> {
    /// What is shorter is what someone made up, and would be found in any word.
    const SHORTEST: usize = 8;
    let header = |name| {
        request
            .headers()
            .get_optional_str(&HeaderName::from_static(name))
    };
    let bearer = header("authorization").and_then(|value| value.split_once(' '));
    let mut proofs: Vec<String> = bearer
        .into_iter()
        .map(|(_, token)| token.to_owned())
        .collect();
    proofs.extend(header("x-identity-header").map(str::to_owned));
    if let Body::Bytes(body) = request.body() {
        let body = String::from_utf8_lossy(body);
        let fields = body.split('&').filter_map(|field| field.split_once('='));
        for (name, value) in fields {
            if matches!(name, "client_secret" | "client_assertion") {
                proofs.push(value.to_owned());
                let decoded = Url::parse(&format!("form:?{name}={value}")).ok();
                let decoded = decoded.iter().flat_map(|form| form.query_pairs());
                proofs.extend(decoded.map(|(_, value)| value.into_owned()));
            }
        }
    }
    proofs.retain(|proof| proof.len() >= SHORTEST);
    proofs
}

/// The SDK takes no authority over plain HTTP, rightly. For one on loopback, where no wire is, the URL says https up to here
/// and http from here on; any other URL is left as it is.
#[derive(Debug)]
struct Loopback {
    client: ::reqwest::Client,
    address: SocketAddr,
}

#[async_trait]
impl HttpClient for Loopback {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url();
        let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
        let port = url.port_or_known_default().unwrap_or_default();
        match scheme == "https" && format!("{host}:{port}") == self.address.to_string() {
            true => plainly(&self.client, request, self.address.port()).await,
            false => self.client.execute_request(request).await,
        }
    }
}
