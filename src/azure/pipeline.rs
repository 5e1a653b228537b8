//! [`Arm`]: one Azure Resource Manager, and one way of asking it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers, RETRY_AFTER};
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{
    ClientOptions, Context, HttpClient, Method, Pipeline, PipelineSendOptions, Request,
    RetryOptions, Transport, Url,
};
use serde_json::Value;
use serde_json::error::Category;
use tokio::time::{Instant, timeout_at};

use super::pace::{Pace, Turn};
use super::patience::{Patience, Stopping};
use super::renew::Renew;
use super::sign_in::{SignIn, challenge, unauthorized};
use super::transport::Target;
use super::{Failure, Kind};
use crate::model::{SubscriptionId, VmId};
use crate::text::quote;
use crate::trouble::Trouble;

/// The time limit for all requests of a run together, unless someone says otherwise. Azure has been seen to ask for twenty
/// minutes (`Retry-After: 1200`); most people would rather be told.
pub const DEADLINE: Duration = Duration::from_secs(600);

/// The number of writes that are left (Microsoft's documentation of its throttling).
const WRITES_LEFT: HeaderName =
    HeaderName::from_static("x-ms-ratelimit-remaining-subscription-writes");
/// The id by which Microsoft's support finds a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

/// One subscription of one Azure, opened with one credential.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Sends a request once: the SDK would send a write again without a new look at the VM, and wait for as long as a
    /// server asks.
    pipeline: Pipeline,
    /// Below the pipeline: its connections, which other subscriptions of the same Azure share.
    client: Arc<dyn HttpClient>,
    patience: Arc<Patience>,
    pace: Arc<Pace>,
    /// True if errors name the request.
    names_requests: bool,
    pub(super) base: Url,
    pub(super) emulator: Option<SocketAddr>,
    subscription: SubscriptionId,
    sign_in: SignIn,
    /// The scope that tokens are asked for.
    pub(super) scope: String,
}

/// An answer, whatever it says.
pub(super) struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub body: azure_core::Bytes,
}

impl Arm {
    /// Opens `target`; no request leaves yet.
    ///
    /// # Errors
    /// The system's certificates or proxy settings cannot be used.
    pub fn open(
        target: Target,
        subscription: SubscriptionId,
        sign_in: SignIn,
    ) -> Result<Self, Trouble> {
        let (base, audience) = target.base();
        let base = Url::parse(&base).map_err(|error| {
            let message = format!("{} is not a URL: {error}", quote(&base));
            Trouble::new(message, "correct the endpoint")
        })?;
        let emulator = target.emulator();
        let client = target
            .client()
            .map_err(|trouble| trouble.within("cannot open a connection to Azure"))?;
        let scope = format!("{audience}/.default");
        Ok(Self {
            pipeline: pipeline(client.clone(), &sign_in, &scope),
            client,
            patience: Arc::new(Patience::new(DEADLINE, |_, _| {})),
            pace: Arc::new(Pace::new()),
            names_requests: false,
            base,
            emulator,
            subscription,
            sign_in,
            scope,
        })
    }

    /// Another subscription of the same Azure, over the same connections and within the same time. Azure counts writes by
    /// subscription.
    pub fn beside(&self, subscription: SubscriptionId, sign_in: SignIn) -> Self {
        Self {
            pipeline: pipeline(self.client.clone(), &sign_in, &self.scope),
            pace: Arc::new(Pace::new()),
            subscription,
            sign_in,
            ..self.clone()
        }
    }

    /// Replaces its patience, which is [`DEADLINE`] and tells nobody. Several may share one.
    pub fn with_patience(self, patience: impl Into<Arc<Patience>>) -> Self {
        Self {
            patience: patience.into(),
            ..self
        }
    }

    /// Makes errors name the request.
    pub fn naming_requests(self, names_requests: bool) -> Self {
        Self {
            names_requests,
            ..self
        }
    }

    /// The subscription that was opened.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// Waits until Azure takes one more write. `doing` says what for.
    ///
    /// # Errors
    /// Azure takes none in time.
    pub(super) async fn turn(&self, doing: &str) -> Result<Turn<'_>, Failure> {
        let turn = self.pace.turn(self.patience.end()).await;
        turn.map_err(|wait| {
            let seconds = wait.as_secs();
            Failure::new(doing, Kind::Closed { seconds })
        })
    }

    /// A copy with a `limit` of its own from now, for what has to be done although the time is over.
    pub fn with_more_time(&self, limit: Duration) -> Self {
        Self {
            patience: Arc::new(self.patience.another(limit)),
            ..self.clone()
        }
    }

    /// Begins the time anew: what has passed so far was a person's.
    pub fn restart_time(&self) {
        self.patience.restart();
    }

    /// The way in which azlin signed in.
    pub fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// The URL that requests go to, for a person: an emulator is not reached by https.
    pub fn endpoint(&self) -> String {
        match self.emulator {
            Some(address) => format!("http://{address}"),
            None => self.base.origin().ascii_serialization(),
        }
    }

    /// The URL of `segments` within the subscription; each segment is encoded, so that no name can leave its place.
    pub(super) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        self.url_in(&self.subscription, segments, query)
    }

    fn url_in(
        &self,
        subscription: &SubscriptionId,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear()
                .extend(["subscriptions", subscription.as_str()])
                .extend(segments);
        }
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// The URL of `rest` within `vm`, in its subscription.
    pub(super) fn vm_url(&self, vm: &VmId, rest: &[&str], query: &[(&str, &str)]) -> Url {
        let mut segments = vec!["resourceGroups", vm.group()];
        segments.extend([
            "providers",
            "Microsoft.Compute",
            "virtualMachines",
            vm.name(),
        ]);
        segments.extend(rest);
        self.url_in(vm.subscription(), &segments, query)
    }

    /// The answer to a reading.
    pub(super) async fn get(&self, doing: &str, url: Url) -> Result<Answer, Failure> {
        self.retry(None, || self.once(doing, Method::Get, url.clone(), None))
            .await
    }

    /// Repeats `attempt` while it fails in a way that passes; see [`Patience::retry`].
    pub(super) async fn retry<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        stopping: Option<&Stopping>,
        attempt: impl FnMut() -> F,
    ) -> Result<T, Failure> {
        self.patience.retry(stopping, attempt).await
    }

    /// Sends a request once; see [`Self::exchange`].
    pub(super) async fn once(
        &self,
        doing: &str,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::new(url, method);
        request.insert_header("accept", "application/json");
        if let Some(body) = body {
            request.insert_header("content-type", "application/json");
            request.set_body(body.to_string().into_bytes());
        }
        self.exchange(doing, request).await
    }

    /// Sends `request` once and returns the answer, if it is a success. `doing` says what for.
    ///
    /// # Errors
    /// There is no token, no answer, or no time left; or Azure says no.
    pub(super) async fn exchange(
        &self,
        doing: &str,
        mut request: Request,
    ) -> Result<Answer, Failure> {
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

/// Sends requests by `client`, with the token of `sign_in` for `scope`.
fn pipeline(client: Arc<dyn HttpClient>, sign_in: &SignIn, scope: &str) -> Pipeline {
    let kept = sign_in.kept.clone();
    let scope = scope.to_owned();
    let mut authorization = BearerTokenAuthorizationPolicy::new(kept.clone(), [scope.clone()]);
    if kept.can_renew() {
        authorization = authorization.with_on_challenge(Arc::new(Renew { kept, scope }));
    }
    let options = ClientOptions {
        transport: Some(Transport::new(client)),
        retry: RetryOptions::none(),
        ..Default::default()
    };
    Pipeline::new(
        Some(env!("CARGO_PKG_NAME")),
        Some(env!("CARGO_PKG_VERSION")),
        options,
        Vec::new(),
        vec![Arc::new(authorization)],
        None,
    )
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
