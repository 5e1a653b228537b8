//! The HTTP client that fetches tokens.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use serde_json::Value;

use crate::azure::discreet::Discreet;
use crate::azure::http::{self, Loopback};
use crate::azure::origin::Origin;
use crate::trouble::Trouble;

/// A client for `authority` and, over any scheme that they name, for the endpoints around it.
///
/// A server on this machine or beside it (`is_local`) is not asked through a proxy, which would see the token.
///
/// # Errors
/// The system's certificates or proxy settings cannot be used.
pub(super) fn client(authority: &Origin, is_local: bool) -> Result<Arc<dyn HttpClient>, Trouble> {
    let client: Arc<dyn HttpClient> = match authority {
        Origin::Loopback(address) => Arc::new(Loopback {
            client: http::client(|builder| builder.no_proxy())?,
            address: *address,
        }),
        Origin::Tls(_) if is_local => Arc::new(http::client(|builder| builder.no_proxy())?),
        Origin::Tls(_) => Arc::new(http::client(|builder| builder)?),
    };
    Ok(Arc::new(Discreet(Arc::new(InOneLine(client)))))
}

/// Puts the description in an error of Microsoft Entra's into one line.
#[derive(Debug)]
struct InOneLine(Arc<dyn HttpClient>);

#[async_trait]
impl HttpClient for InOneLine {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let response = self.0.execute_request(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers, body) = response.deconstruct();
        let text = in_one_line(&body.collect().await?);
        Ok(AsyncRawResponse::from_bytes(status, headers, text))
    }
}

/// An error with its description in one line. The SDK borrows the description from the answer, and so cannot read one with
/// an escape in it, which every line break is.
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
