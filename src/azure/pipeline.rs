//! [`Arm`]: one Azure Resource Manager, and one way of asking it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use azure_core::http::headers::{Headers, RETRY_AFTER};
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{
    ClientOptions, Context, ExponentialRetryOptions, Method, Pipeline, PipelineSendOptions,
    Request, RetryOptions, Transport, Url,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::sleep;

use super::failure::root;
use super::renew::{Renew, challenge};
use super::sign_in::{NoToken, SignIn};
use super::transport::Target;
use super::unauthorized::unauthorized;
use super::{Failure, Kind};
use crate::model::{SubscriptionId, VmId};

/// One subscription of one Azure, opened with one credential.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Sends a request once: the SDK would send a write again without a new look at the VM, and wait for as long as a
    /// server asks.
    once: Pipeline,
    /// Sends again what the legacy crate sends.
    retrying: Pipeline,
    base: Url,
    emulator: Option<SocketAddr>,
    subscription: SubscriptionId,
    sign_in: SignIn,
    /// What tokens are asked for.
    scope: String,
}

/// An answer that was a success.
pub(super) struct Answer {
    pub status: u16,
    pub body: azure_core::Bytes,
}

/// The items of a list that azlin can read, how many it cannot, and why there may be more.
pub(super) struct Listed<T> {
    pub items: Vec<T>,
    pub unreadable: usize,
    pub incomplete: Vec<Failure>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            unreadable: 0,
            incomplete: Vec::new(),
        }
    }
}

impl<T> Listed<T> {
    /// The items, where half a list is of no use.
    pub fn whole(self) -> Result<Vec<T>, Failure> {
        match self.incomplete.into_iter().next() {
            Some(failure) => Err(failure),
            None => Ok(self.items),
        }
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
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
    ) -> Result<Self, Failure> {
        let (base, audience) = target.base();
        let failure = |why: String| Failure {
            doing: "open a connection to Azure".to_owned(),
            kind: Kind::Unreachable { why },
        };
        let base = Url::parse(&base).map_err(|error| failure(error.to_string()))?;
        let emulator = target.emulator();
        let client = target.client().map_err(failure)?;
        let scope = format!("{audience}/.default");
        let credential = sign_in.kept.clone();
        let renew: Arc<dyn Policy> = Arc::new(Renew(credential.clone()));
        let authorization: Arc<dyn Policy> = Arc::new(BearerTokenAuthorizationPolicy::new(
            credential,
            [scope.clone()],
        ));
        let pipeline = |retry| {
            let options = ClientOptions {
                transport: Some(Transport::new(client.clone())),
                retry,
                ..Default::default()
            };
            Pipeline::new(
                Some(env!("CARGO_PKG_NAME")),
                Some(env!("CARGO_PKG_VERSION")),
                options,
                Vec::new(),
                vec![renew.clone(), authorization.clone()],
                None,
            )
        };
        let retry = ExponentialRetryOptions {
            max_retries: 4,
            ..Default::default()
        };
        Ok(Self {
            once: pipeline(RetryOptions::none()),
            retrying: pipeline(RetryOptions::exponential(retry)),
            base,
            emulator,
            subscription,
            sign_in,
            scope,
        })
    }

    /// The subscription that was opened.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// How azlin signed in to it.
    pub fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// Where requests go, for a person: an emulator is not reached by https.
    pub fn endpoint(&self) -> String {
        match self.emulator {
            Some(address) => format!("http://{address}"),
            None => self.base.origin().ascii_serialization(),
        }
    }

    /// What its tokens are asked for.
    pub(super) fn scope(&self) -> &str {
        &self.scope
    }

    pub(super) fn retrying(&self) -> &Pipeline {
        &self.retrying
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of `segments` within the subscription; each segment is encoded, so that no name can leave its place.
    pub(super) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear()
                .extend(["subscriptions", self.subscription.as_str()])
                .extend(segments);
        }
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// The URL of `rest` within `vm`.
    pub(super) fn vm_url(&self, vm: &VmId, rest: &[&str], query: &[(&str, &str)]) -> Url {
        let mut segments = vec!["resourceGroups", vm.group()];
        segments.extend([
            "providers",
            "Microsoft.Compute",
            "virtualMachines",
            vm.name(),
        ]);
        segments.extend(rest);
        self.url(&segments, query)
    }

    /// Reads; again, after a pause, where the failure is one that passes.
    pub(super) async fn get(&self, doing: &str, url: Url) -> Result<Answer, Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.once(doing, Method::Get, url.clone(), None).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => match failure.pause(attempt) {
                    Some(pause) => sleep(pause).await,
                    None => return Err(failure),
                },
            }
        }
    }

    /// Sends a request once and returns the answer if it is a success. `doing` says what for.
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
        let options = PipelineSendOptions {
            skip_checks: true,
            ..Default::default()
        };
        let sent = self
            .once
            .send(&Context::new(), &mut request, Some(options))
            .await;
        let failed = |kind| Failure {
            doing: doing.to_owned(),
            kind,
        };
        let response = sent.map_err(|error| {
            failed(match NoToken::find(&error) {
                Some(no) => no.clone().into(),
                None => Kind::Unreachable { why: root(&error) },
            })
        })?;
        let status = u16::from(response.status());
        let challenge = challenge(response.headers());
        let retry_after = retry_after(response.headers());
        let body = response.into_body().into();
        match status {
            200..300 => Ok(Answer { status, body }),
            _ => Err(failed(match Kind::refusal(status, &body, retry_after) {
                Kind::Refused {
                    status: 401,
                    code,
                    message,
                    ..
                } => unauthorized(&code, &message, challenge.as_deref(), self.sign_in.way),
                kind => kind,
            })),
        }
    }

    /// Every page of a list. `nextLink` is followed as it came, and only to the host that was opened.
    ///
    /// An item that azlin cannot read is counted, and costs no other. A later page that fails leaves the list incomplete.
    ///
    /// # Errors
    /// The first page could not be had.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        doing: &str,
        first: Url,
    ) -> Result<Listed<T>, Failure> {
        let mut listed = Listed::default();
        let mut seen = BTreeSet::from([first.to_string()]);
        let mut next = self.page(doing, first, &mut listed).await?;
        while let Some(url) = next {
            let page = match seen.insert(url.to_string()) {
                true => self.page(doing, url, &mut listed).await,
                false => Err(Failure {
                    doing: doing.to_owned(),
                    kind: Kind::NotAzure {
                        status: 200,
                        what: "its list goes round in a circle".to_owned(),
                    },
                }),
            };
            next = match page {
                Ok(next) => next,
                // Something is wrong that no flag should wave through.
                Err(failure) if matches!(failure.kind, Kind::Foreign { .. }) => {
                    return Err(failure);
                }
                Err(failure) => {
                    listed.incomplete.push(failure);
                    None
                }
            };
        }
        Ok(listed)
    }

    /// Adds one page to `listed`; answers where the next one is.
    async fn page<T: DeserializeOwned>(
        &self,
        doing: &str,
        url: Url,
        listed: &mut Listed<T>,
    ) -> Result<Option<Url>, Failure> {
        let failed = |kind| Failure {
            doing: doing.to_owned(),
            kind,
        };
        let answer = self.get(doing, url).await?;
        let page: Page<'_> = serde_json::from_slice(&answer.body)
            .map_err(|error| failed(not_azure(&answer, &error)))?;
        for item in page.value {
            match serde_json::from_str(item.get()) {
                Ok(item) => listed.items.push(item),
                Err(_) => listed.unreadable += 1,
            }
        }
        let link = page.next_link.filter(|link| !link.is_empty());
        link.map(|link| self.own(&link)).transpose().map_err(failed)
    }

    /// `link` as a URL, if it leads to the host that was opened.
    fn own(&self, link: &str) -> Result<Url, Kind> {
        let foreign = |host: &str| Kind::Foreign {
            host: host.to_owned(),
        };
        let mut url = Url::parse(link).map_err(|_| foreign(link))?;
        let host = url.host_str().unwrap_or(link).to_owned();
        let port = url.port_or_known_default();
        if let Some(emulator) = self.emulator
            && url.scheme() == "http"
            && port == Some(emulator.port())
        {
            // The pipeline wants https even for an emulator, which names itself by http; see `Loopback`.
            let changed = url.set_scheme("https").and_then(|()| url.set_port(port));
            changed.map_err(|()| foreign(&host))?;
        }
        match url.origin() == self.base.origin() && url.username().is_empty() {
            true => Ok(url),
            false => Err(foreign(&host)),
        }
    }
}

/// How long an answer asks to wait, in seconds.
fn retry_after(headers: &Headers) -> Option<u64> {
    headers.get_optional_str(&RETRY_AFTER)?.parse().ok()
}

/// That a successful answer's body is not what Azure sends.
pub(super) fn not_azure(answer: &Answer, error: &serde_json::Error) -> Kind {
    let start = String::from_utf8_lossy(answer.body.get(..200).unwrap_or(&answer.body));
    let what = format!("{} ({error})", crate::text::quote(&start));
    Kind::NotAzure {
        status: answer.status,
        what,
    }
}
