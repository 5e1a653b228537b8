//! `AZLIN_RECORD=FILE`: records each request to Azure and how it ended, one exchange a line, for a bug report or a validator.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use serde_json::{Value, json};

use super::discreet::without_proofs;
use super::failure::root;
use crate::trouble::Trouble;

/// An HTTP client that records its exchanges, without the `authorization` header.
///
/// After an exchange that it could not record, it sends nothing more. That exchange itself ends as Azure answered it: a write
/// that Azure carried out must not look like a failed one.
#[derive(Debug)]
pub(super) struct Recorder {
    inner: Arc<dyn HttpClient>,
    path: PathBuf,
    file: File,
}

/// The reason why an exchange of this process is not in the file. One file serves all connections.
static UNRECORDED: OnceLock<Trouble> = OnceLock::new();

/// The trouble if `AZLIN_RECORD` names a file in which azlin could not record an exchange.
pub fn unrecorded() -> Option<&'static Trouble> {
    UNRECORDED.get()
}

impl Recorder {
    /// `client`, wrapped in a recorder if `AZLIN_RECORD` names a file.
    ///
    /// # Errors
    /// The file cannot be appended to, or others could read it.
    pub(super) fn wrap(client: Arc<dyn HttpClient>) -> Result<Arc<dyn HttpClient>, Trouble> {
        let named = std::env::var_os("AZLIN_RECORD").filter(|path| !path.is_empty());
        let Some(path) = named.map(PathBuf::from) else {
            return Ok(client);
        };
        let file = open(&path).map_err(|error| {
            let help = "set AZLIN_RECORD to a new file, in a folder that you can write to";
            Trouble::cannot("record requests in", &path, &error, help)
        })?;
        Ok(Arc::new(Self {
            inner: client,
            path,
            file,
        }))
    }

    fn record(&self, request: &Request, end: &Value) {
        let sent = match request.body() {
            Body::Bytes(bytes) => parsed(bytes),
            Body::SeekableStream(_) => Value::Null,
        };
        let mut exchange = json!({
            "method": request.method().as_ref(),
            "url": request.url().as_str(),
            "reqHeaders": written(request.headers()),
            "reqBody": sent,
        });
        if let (Some(exchange), Some(end)) = (exchange.as_object_mut(), end.as_object()) {
            exchange.extend(end.clone());
        }
        let whole = format!("{exchange}\n");
        let line = without_proofs(&whole, request);
        // One write for each line, because several processes may record to one file.
        if let Err(error) = (&self.file).write_all(line.as_bytes()) {
            let help = "free some space, or set AZLIN_RECORD to a file on another disk; azlin sent no more requests after this";
            let trouble = Trouble::cannot("record requests in", &self.path, &error, help);
            // Only the first counts.
            let _ = UNRECORDED.set(trouble);
        }
    }
}

#[async_trait]
impl HttpClient for Recorder {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if let Some(trouble) = unrecorded() {
            return Err(trouble.clone().into());
        }
        let mut pending = Pending {
            recorder: self,
            request,
            end: json!({ "error": "azlin stopped waiting for an answer" }),
        };
        let answer = self.inner.execute_request(request).await;
        let answer = answer.inspect_err(|error| pending.end = json!({ "error": root(error) }))?;
        let (status, headers, body) = answer.deconstruct();
        let body = body.collect().await;
        let body = body.inspect_err(|error| pending.end = json!({ "error": root(error) }))?;
        pending.end = json!({
            "status": u16::from(status),
            "resHeaders": written(&headers),
            "resBody": parsed(&body),
        });
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// A request until it ends, which records it even if azlin stops waiting.
struct Pending<'r> {
    recorder: &'r Recorder,
    request: &'r Request,
    end: Value,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.recorder.record(self.request, &self.end);
    }
}

/// Opens the file at `path` to append to it, and makes it private.
///
/// # Errors
/// It is not a regular file of this user. In a shared folder, someone else could have put a link or a file of their own there.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{
        FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    };

    use rustix::fs::OFlags;

    // A pipe without a reader must not make azlin wait.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.create(true).read(true).append(true).mode(0o600);
    options.custom_flags(flags.bits().cast_signed());
    let irregular = || io::Error::other("it is a link, a folder, a pipe or a device");
    let file = options.open(path).map_err(|error| {
        let there = fs::symlink_metadata(path);
        if there.is_ok_and(|there| !there.is_file()) {
            return irregular();
        }
        error
    })?;
    let opened = file.metadata()?;
    if !opened.is_file() {
        return Err(irregular());
    }
    if opened.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to someone else"));
    }
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    // The last line is cut off if the disk was full.
    let mut last = [b'\n'];
    if let Some(at) = opened.len().checked_sub(1) {
        file.read_exact_at(&mut last, at)?;
    }
    if last != [b'\n'] {
        (&file).write_all(b"\n")?;
    }
    Ok(file)
}

/// Opens the file at `path` to append to it. On Windows, it inherits the permissions of its folder.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn written(headers: &Headers) -> Value {
    let named = headers.iter();
    let named = named.map(|(name, value)| (name.as_str(), value.as_str()));
    named.filter(|(name, _)| *name != "authorization").collect()
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}
