//! `AZLIN_RECORD=FILE`: records each request to Azure and its answer, one exchange a line, for a bug report or a validator.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use serde_json::{Value, json};

use super::discreet::without_proofs;
use crate::trouble::Trouble;

/// An HTTP client that records its exchanges, without the `authorization` header.
#[derive(Debug)]
pub(super) struct Recorder {
    inner: Arc<dyn HttpClient>,
    file: File,
}

impl Recorder {
    /// `client`, wrapped in a recorder if `AZLIN_RECORD` names a file.
    ///
    /// # Errors
    /// The file cannot be appended to.
    pub(super) fn wrap(client: Arc<dyn HttpClient>) -> Result<Arc<dyn HttpClient>, Trouble> {
        let named = std::env::var_os("AZLIN_RECORD").filter(|path| !path.is_empty());
        let Some(path) = named else {
            return Ok(client);
        };
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| {
            let help = "set AZLIN_RECORD to a file that you can write to";
            Trouble::cannot("record requests in", Path::new(&path), &error, help)
        })?;
        Ok(Arc::new(Self {
            inner: client,
            file,
        }))
    }
}

#[async_trait]
impl HttpClient for Recorder {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (status, headers, body) = self.inner.execute_request(request).await?.deconstruct();
        let body = body.collect().await?;
        let sent = match request.body() {
            Body::Bytes(bytes) => parsed(bytes),
            Body::SeekableStream(_) => Value::Null,
        };
        let exchange = json!({
            "method": request.method().as_ref(),
            "url": request.url().as_str(),
            "reqHeaders": written(request.headers()),
            "reqBody": sent,
            "status": u16::from(status),
            "resHeaders": written(&headers),
            "resBody": parsed(&body),
        });
        let whole = format!("{exchange}\n");
        let line = without_proofs(&whole, request);
        // One write for each line, because several processes may record to one file.
        let _ = (&self.file).write_all(line.as_bytes());
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

fn written(headers: &Headers) -> Value {
    let named = headers.iter();
    let named = named.map(|(name, value)| (name.as_str(), value.as_str()));
    named.filter(|(name, _)| *name != "authorization").collect()
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}
