//! One request to [`Arm`] and its answer.

use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers, RETRY_AFTER};
use azure_core::http::{Context, Method, PipelineSendOptions, Request, Url};
use serde_json::error::Category;
use tokio::time::{Instant, timeout_at};

use super::arm::Arm;
use super::patience::{Patience, Stopping};
use super::sign_in::{challenge, unauthorized};
use super::{Failure, Kind};
use crate::text::quote;

/// The number of writes that are left (Microsoft's documentation of its throttling).
const WRITES_LEFT: HeaderName =
    HeaderName::from_static("x-ms-ratelimit-remaining-subscription-writes");
/// The id by which Microsoft's support finds a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

/// An answer, whatever it says.
pub(super) struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub body: azure_core::Bytes,
}

impl Arm {
    /// The answer to a reading of `url`.
    pub(super) async fn get(&self, doing: &str, url: Url) -> Result<Answer, Failure> {
        self.ask(doing, Request::new(url, Method::Get)).await
    }

    /// The answer to `request`, which may be repeated.
    pub(super) async fn ask(&self, doing: &str, request: Request) -> Result<Answer, Failure> {
        self.retry(None, || self.once(doing, request.clone())).await
    }

    /// Repeats `attempt` while it fails in a way that passes; see [`Patience::retry`].
    pub(super) async fn retry<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        stopping: Option<&Stopping>,
        attempt: impl FnMut() -> F,
    ) -> Result<T, Failure> {
        self.patience.retry(stopping, attempt).await
    }

    /// Sends `request` once and returns the answer, if it is a success. `doing` says what for.
    ///
    /// # Errors
    /// There is no token, no answer, or no time left; or Azure says no.
    pub(super) async fn once(&self, doing: &str, mut request: Request) -> Result<Answer, Failure> {
        request.insert_header("accept", "application/json");
        let too_late = || {
            let seconds = self.patience.limit().as_secs();
            Failure::new(doing, Kind::TooLate { seconds })
        };
        let end = self.patience.end();
        if Instant::now() >= end {
            return Err(too_late());
        }
        let is_write = request.method() == Method::Patch;
        let options = PipelineSendOptions {
            skip_checks: true,
            ..Default::default()
        };
        let context = Context::new();
        let sending = self.pipeline.send(&context, &mut request, Some(options));
        // What was sent to be written is waited for: half of it would be known otherwise.
        let sent = if is_write {
            sending.await
        } else {
            timeout_at(end, sending).await.map_err(|_| too_late())?
        };
        let response = sent.map_err(|error| Failure::new(doing, Kind::unanswered(&error)))?;
        let (status, headers, body) = response.deconstruct();
        let answer = Answer {
            status: u16::from(status),
            headers,
            body: body.into(),
        };
        if is_write {
            self.note_pace(&answer);
        }
        if !(200..300).contains(&answer.status) {
            return Err(self.refusal(doing, &answer));
        }
        Ok(answer)
    }

    /// The failure in `answer`, which is no success.
    fn refusal(&self, doing: &str, answer: &Answer) -> Failure {
        let headers = &answer.headers;
        let mut kind = Kind::refusal(answer.status, &answer.body, retry_after(headers));
        if let Kind::Refused(refusal) = &kind
            && refusal.status == 401
        {
            let challenge = challenge(headers);
            kind = Kind::SignIn(unauthorized(
                refusal,
                challenge.as_deref(),
                self.sign_in.way,
            ));
        }
        let mut failure = Failure::new(doing, kind);
        if self.names_requests {
            failure.request = headers.get_optional_str(&REQUEST_ID).map(str::to_owned);
        }
        failure
    }

    /// Takes note of how many more writes Azure takes, by the answer to one.
    fn note_pace(&self, answer: &Answer) {
        let left = answer.headers.get_optional_str(&WRITES_LEFT);
        if let Some(left) = left.and_then(|left| left.parse().ok()) {
            self.pace.is_left(left);
        }
        if let (429, Some(seconds)) = (answer.status, retry_after(&answer.headers)) {
            self.pace.close(Duration::from_secs(seconds));
        }
    }
}

/// The seconds that an answer asks to wait, a day at the most.
fn retry_after(headers: &Headers) -> Option<u64> {
    let seconds: u64 = headers.get_optional_str(&RETRY_AFTER)?.parse().ok()?;
    Some(seconds.min(Patience::MOST.as_secs()))
}

/// The trouble with a successful answer whose body is not what Azure sends.
pub(super) fn not_azure(answer: &Answer, error: &serde_json::Error) -> Kind {
    let start = String::from_utf8_lossy(answer.body.get(..200).unwrap_or(&answer.body));
    // The error itself would quote more of it.
    let what = match error.classify() {
        Category::Eof => "cut short",
        Category::Data => "unexpected JSON",
        Category::Io | Category::Syntax => "not JSON",
    };
    Kind::NotAzure {
        status: answer.status,
        what: format!("{} ({what})", quote(&start)),
    }
}
