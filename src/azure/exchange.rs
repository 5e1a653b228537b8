//! Sends one request to [`Arm`] and reads its answer.

use std::time::{Duration, SystemTime};

use azure_core::http::headers::{HeaderName, Headers, RETRY_AFTER};
use azure_core::http::{Method, RawResponse, Request, Url};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use tokio::time::{Instant, timeout_at};

use super::arm::Arm;
use super::failure::TooLarge;
use super::patience::Patience;
use super::reason::{shown, without_mark};
use super::sign_in::unauthorized;
use super::{Failure, Kind, http};

/// The number of writes that Azure still accepts (Microsoft's documentation of its throttling).
const WRITES_LEFT: HeaderName =
    HeaderName::from_static("x-ms-ratelimit-remaining-subscription-writes");
/// The id by which Microsoft's support finds a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

/// The time that a write has for its answer, even past the deadline: giving up would leave its outcome unknown.
const WRITE: Duration = Duration::from_secs(60);

/// The most JSON values in an answer. Each costs azlin up to 200 bytes, whatever it costs on the wire. A page of 500 VMs with
/// every tag that Azure allows has 100,000.
const MOST_VALUES: usize = 2_000_000;

impl Arm {
    /// The content of the answer to a GET of `url`, with retries. A body that ends too early is requested again.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        doing: &str,
        url: Url,
    ) -> Result<T, Failure> {
        let request = Request::new(url, Method::Get);
        let attempt = async || content(doing, &self.once(doing, request.clone()).await?);
        self.patience.retry(None, attempt).await
    }

    /// The answer to `request`, which is safe to repeat.
    pub(super) async fn ask(&self, doing: &str, request: Request) -> Result<RawResponse, Failure> {
        let attempt = || self.once(doing, request.clone());
        self.patience.retry(None, attempt).await
    }

    /// Sends `request` once and returns the answer if it is a success. `doing` is the purpose, for the error.
    ///
    /// The deadline covers the whole body. A write has at least [`WRITE`].
    ///
    /// # Errors
    /// azlin has no token, no answer or no time left, or Azure rejects the request.
    pub(super) async fn once(&self, doing: &str, request: Request) -> Result<RawResponse, Failure> {
        let too_late = || Failure::new(doing, self.patience.too_late());
        let (start, mut end) = (Instant::now(), self.patience.end());
        if start >= end {
            return Err(too_late());
        }
        let is_write = request.method() == Method::Patch;
        if is_write {
            end = end.max(start + WRITE);
        }
        let sent = match timeout_at(end, http::send(&self.pipeline, request)).await {
            Ok(sent) => sent,
            Err(_) if is_write => {
                let waited = format!("azlin waited {} s", start.elapsed().as_secs());
                return Err(Failure::new(doing, Kind::Unreachable(waited)));
            }
            Err(_) => return Err(too_late()),
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

/// The wait in seconds that an answer asks for, in seconds or as an HTTP date, at most a day. A date in the past is 0.
pub(super) fn retry_after(headers: &Headers) -> Option<u64> {
    const DATE: HeaderName = HeaderName::from_static("date");
    let asked = headers.get_optional_str(&RETRY_AFTER)?.trim();
    let most = Patience::MOST.as_secs();
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(asked.parse().unwrap_or(most).min(most));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    // The clock of the server, which wrote both, may not be this machine's.
    let date = headers.get_optional_str(&DATE);
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let wait = until.duration_since(now.unwrap_or_else(SystemTime::now));
    // The fraction of a second that a clock here adds must not shorten the wait.
    let wait = wait.unwrap_or_default().as_secs_f64().ceil() as u64;
    Some(wait.min(most))
}

/// The content of a successful answer.
///
/// # Errors
/// The body is not the expected JSON, has too many values, or ends too early.
pub(super) fn content<T: DeserializeOwned>(
    doing: &str,
    answer: &RawResponse,
) -> Result<T, Failure> {
    let body = without_mark(answer.body());
    if values(body) > MOST_VALUES {
        let large = TooLarge::values(MOST_VALUES);
        return Err(Failure::new(doing, Kind::TooLarge(large)));
    }
    serde_json::from_slice(body).map_err(|error| {
        let status = answer.status().into();
        // The error itself would quote more of the body.
        let kind = match error.classify() {
            Category::Eof => {
                let start = body.get(..200).unwrap_or(body);
                Kind::Short(status, String::from_utf8_lossy(start).into_owned())
            }
            Category::Data => Kind::NotAzure(status, format!("{} (unexpected JSON)", shown(body))),
            Category::Io | Category::Syntax => {
                Kind::NotAzure(status, format!("{} (not JSON)", shown(body)))
            }
        };
        Failure::new(doing, kind)
    })
}

/// The number of values in the JSON `body`, or more: it also counts the commas and brackets within text.
pub(super) fn values(body: &[u8]) -> usize {
    let begins_value = |byte: &&u8| matches!(byte, b',' | b'[' | b'{');
    body.iter().filter(begins_value).count()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::sync::Arc;

    use async_trait::async_trait;
    use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, StatusCode, Transport};
    use futures::stream;

    use super::*;
    use crate::azure::bridge::tests::arm;

    /// A server whose body never ends.
    #[derive(Debug)]
    struct Dripping;

    #[async_trait]
    impl HttpClient for Dripping {
        async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
            let body = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_secs(7)).await;
                Some((Ok(b" ".as_slice().into()), ()))
            });
            let (status, headers) = (StatusCode::Ok, Headers::new());
            Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_holds_a_read_to_the_deadline_and_a_write_for_a_minute() {
        let options = ClientOptions {
            transport: Some(Transport::new(Arc::new(Dripping))),
            ..ClientOptions::default()
        };
        for (limit, method, seconds) in [
            (5, Method::Get, 5),
            (5, Method::Patch, 60),
            (90, Method::Get, 90),
            (90, Method::Patch, 90),
        ] {
            let patience = Patience::new(Duration::from_secs(limit), |_, _| {});
            let mut arm = arm().with_patience(Rc::new(patience));
            arm.pipeline = http::pipeline(options.clone(), Vec::new());
            let (start, is_write) = (Instant::now(), method == Method::Patch);
            let url = Url::parse("https://sandbox.invalid/").unwrap();
            let failure = arm
                .once("ask", Request::new(url, method))
                .await
                .unwrap_err();
            assert_eq!(start.elapsed().as_secs(), seconds);
            assert_eq!(failure.is_definite(), !is_write, "{failure}");
        }
    }

    #[test]
    fn a_wait_is_read_in_seconds_or_as_a_date() {
        const NOW: &str = "Wed, 25 Nov 2026 18:00:00 GMT";
        let read = |asked: &'static str| {
            let mut headers = Headers::new();
            headers.insert("retry-after", asked);
            headers.insert("date", NOW);
            retry_after(&headers)
        };
        for (asked, seconds) in [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("99999999999999999999999", Some(86_400)),
            ("Wed, 25 Nov 2026 18:01:30 GMT", Some(90)),
            ("Wednesday, 25-Nov-26 18:01:30 GMT", Some(90)),
            ("Wed Nov 25 18:01:30 2026", Some(90)),
            (NOW, Some(0)),
            ("Wed, 25 Nov 2026 17:00:00 GMT", Some(0)),
            ("Fri, 25 Dec 2026 18:00:00 GMT", Some(86_400)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(read(asked), seconds, "{asked}");
        }
        assert_eq!(retry_after(&Headers::new()), None);
    }
}
