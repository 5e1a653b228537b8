//! Sends one request to [`Arm`] and reads its answer.

use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers, RETRY_AFTER};
use azure_core::http::{Method, RawResponse, Request, Url};
use serde::Deserialize;
use serde_json::error::Category;
use tokio::time::{Instant, timeout_at};

use super::arm::Arm;
use super::patience::Patience;
use super::reason::{shown, without_mark};
use super::sign_in::unauthorized;
use super::{Failure, Kind, http};

/// The number of writes that Azure still accepts (Microsoft's documentation of its throttling).
const WRITES_LEFT: HeaderName =
    HeaderName::from_static("x-ms-ratelimit-remaining-subscription-writes");
/// The id by which Microsoft's support finds a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

impl Arm {
    /// The answer to a GET of `url`, with retries.
    pub(super) async fn get(&self, doing: &str, url: Url) -> Result<RawResponse, Failure> {
        self.ask(doing, Request::new(url, Method::Get)).await
    }

    /// The answer to `request`, which is safe to repeat.
    pub(super) async fn ask(&self, doing: &str, request: Request) -> Result<RawResponse, Failure> {
        let attempt = || self.once(doing, request.clone());
        self.patience.retry(None, attempt).await
    }

    /// Sends `request` once and returns the answer if it is a success. `doing` is the purpose, for the error.
    ///
    /// # Errors
    /// azlin has no token, no answer or no time left, or Azure rejects the request.
    pub(super) async fn once(&self, doing: &str, request: Request) -> Result<RawResponse, Failure> {
        let too_late = || Failure::new(doing, self.patience.too_late());
        let end = self.patience.end();
        if Instant::now() >= end {
            return Err(too_late());
        }
        let is_write = request.method() == Method::Patch;
        let sending = http::send(&self.pipeline, request);
        // azlin waits for a write past the deadline: giving up would leave its outcome unknown.
        let sent = if is_write {
            sending.await
        } else {
            timeout_at(end, sending).await.map_err(|_| too_late())?
        };
        let answer = sent.map_err(|error| Failure::new(doing, Kind::unanswered(&error)))?;
        if is_write {
            self.note_pace(&answer);
        }
        if !answer.status().is_success() {
            return Err(self.refusal(doing, &answer));
        }
        Ok(answer)
    }

    /// The failure in `answer`, whose status is not a success.
    fn refusal(&self, doing: &str, answer: &RawResponse) -> Failure {
        let headers = answer.headers();
        let mut kind = Kind::refusal(answer.status().into(), headers, answer.body());
        if let Kind::Refused(denial) = &mut kind {
            denial.is_whole = self.is_verbose;
            denial.subscription = Some(self.subscription().clone());
            if denial.status == 401 {
                kind = Kind::Final(unauthorized(denial, headers, self.sign_in.way));
            }
        }
        let mut failure = Failure::new(doing, kind);
        failure.retry_after = retry_after(headers);
        if self.is_verbose {
            failure.request = headers.get_optional_str(&REQUEST_ID).map(str::to_owned);
        }
        failure
    }

    /// Records how many writes Azure still accepts, from the answer to one.
    fn note_pace(&self, answer: &RawResponse) {
        let left = answer.headers().get_optional_str(&WRITES_LEFT);
        if let Some(left) = left.and_then(|left| left.parse().ok()) {
            self.pace.is_left(left);
        }
        if answer.status() == 429
            && let Some(seconds) = retry_after(answer.headers())
        {
            self.pace.close(Duration::from_secs(seconds));
        }
    }
}

/// The wait in seconds that an answer asks for, at most a day.
pub(super) fn retry_after(headers: &Headers) -> Option<u64> {
    let seconds: u64 = headers.get_optional_str(&RETRY_AFTER)?.parse().ok()?;
    Some(seconds.min(Patience::MOST.as_secs()))
}

/// The content of a successful answer.
///
/// # Errors
/// The body is not the expected JSON.
pub(super) fn content<'a, T: Deserialize<'a>>(
    doing: &str,
    answer: &'a RawResponse,
) -> Result<T, Failure> {
    let body = without_mark(answer.body());
    serde_json::from_slice(body).map_err(|error| {
        // The error itself would quote more of the body.
        let what = match error.classify() {
            Category::Eof => "truncated",
            Category::Data => "unexpected JSON",
            Category::Io | Category::Syntax => "not JSON",
        };
        let what = format!("{} ({what})", shown(body));
        Failure::new(doing, Kind::NotAzure(answer.status().into(), what))
    })
}
