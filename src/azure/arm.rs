//! [`Arm`]: an open connection to one Azure Resource Manager.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenRequestOptions;
use azure_core::http::headers::Headers;
use azure_core::http::policies::auth::{Authorizer, BearerTokenAuthorizationPolicy, OnChallenge};
use azure_core::http::{
    ClientOptions, Context, HttpClient, Pipeline, Request, RetryOptions, Transport, Url,
};

use super::discreet::token;
use super::http;
use super::origin::Origin;
use super::pace::Pace;
use super::patience::Patience;
use super::sign_in::{Kept, SignIn};
use super::transport::Target;
use crate::model::SubscriptionId;
use crate::text::quote;
use crate::trouble::Trouble;

/// The default time limit for all requests of a run together. Azure sometimes asks for a wait of twenty minutes
/// (`Retry-After: 1200`); most people prefer an error.
pub const DEADLINE: Duration = Duration::from_secs(600);

/// The time for a last look at what was written, even after the deadline.
pub const LAST_LOOK: Duration = Duration::from_secs(30);

/// One subscription of one Azure, opened with one credential.
#[derive(Clone)]
pub struct Arm {
    /// Sends a request once. The SDK's own retries would repeat a write without reading the VM again, and wait as long as a
    /// server asks.
    pub(super) pipeline: Pipeline,
    /// The client below the pipeline. Other subscriptions of the same Azure share its connections.
    client: Arc<dyn HttpClient>,
    pub(super) patience: Rc<Patience>,
    pub(super) pace: Rc<Pace>,
    /// True if errors name the request and keep every id.
    pub(super) is_verbose: bool,
    pub(super) base: Url,
    pub(super) origin: Origin,
    subscription: SubscriptionId,
    pub(super) sign_in: SignIn,
    /// The scope of the tokens.
    pub(super) scope: String,
}

impl Arm {
    /// Opens `target` without sending a request.
    ///
    /// # Errors
    /// The system's certificates, the proxy settings or the file in `AZLIN_RECORD` cannot be used.
    pub fn open(
        target: Target,
        subscription: SubscriptionId,
        sign_in: SignIn,
    ) -> Result<Self, Trouble> {
        let (origin, audience) = target.base();
        let base = Url::parse(&origin.https()).map_err(|error| {
            let message = format!("invalid endpoint URL {}: {error}", quote(&origin.https()));
            Trouble::new(message, "fix the endpoint")
        })?;
        let client = target.client()?;
        let scope = format!("{audience}/.default");
        Ok(Self {
            pipeline: pipeline(client.clone(), &sign_in, &scope),
            client,
            patience: Rc::new(Patience::new(DEADLINE, |_, _| {})),
            pace: Rc::new(Pace::new()),
            is_verbose: false,
            base,
            origin,
            subscription,
            sign_in,
            scope,
        })
    }

    /// Another subscription of the same Azure, over the same connections and with the same time limit. It has its own pace,
    /// because Azure counts writes by subscription.
    pub fn beside(&self, subscription: SubscriptionId, sign_in: SignIn) -> Self {
        Self {
            pipeline: pipeline(self.client.clone(), &sign_in, &self.scope),
            pace: Rc::new(Pace::new()),
            subscription,
            sign_in,
            ..self.clone()
        }
    }

    /// Replaces the patience, which is [`DEADLINE`] without progress messages by default. Several may share one.
    pub fn with_patience(self, patience: Rc<Patience>) -> Self {
        Self { patience, ..self }
    }

    /// Makes errors name the request, and keep every id that Azure gives.
    pub fn verbose(self, is_verbose: bool) -> Self {
        Self { is_verbose, ..self }
    }

    /// The subscription that was opened.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// A copy with its own `limit` from now on, for work that must be done after the deadline too.
    pub fn with_more_time(&self, limit: Duration) -> Self {
        Self {
            patience: Rc::new(self.patience.another(limit)),
            ..self.clone()
        }
    }

    /// Moves the deadline so that a last look at what was written is possible.
    pub fn allow_last_look(&self) {
        self.patience.allow(LAST_LOOK);
    }

    /// Restarts the deadline, because a person took the time so far.
    pub fn restart_time(&self) {
        self.patience.restart();
    }

    /// The credential, and why azlin chose it.
    pub fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// The URL of requests, as a person knows it: http for an emulator.
    pub fn endpoint(&self) -> String {
        self.origin.to_string()
    }

    /// The URL of `segments` within the subscription. Each segment is encoded, so that no name can leave its place.
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
}

/// A pipeline that sends requests through `client`, with the token of `sign_in` for `scope`.
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
    http::pipeline(options, vec![Arc::new(authorization)])
}

/// Gives the SDK's policy a new token after a 401 with a challenge: the token may be revoked, or too old after a laptop slept.
/// The policy then sends the request once more, even a write: Azure does not carry out a request that it answers with 401.
#[derive(Debug)]
struct Renew {
    kept: Arc<Kept>,
    scope: String,
}

#[async_trait]
impl OnChallenge for Renew {
    async fn on_challenge(
        &self,
        _: &Context,
        request: &mut Request,
        authorizer: &dyn Authorizer,
        _: &Headers,
    ) -> azure_core::Result<()> {
        self.kept.forget(token(request).unwrap_or_default()).await;
        authorizer
            .authorize(request, &[&self.scope], TokenRequestOptions::default())
            .await
    }
}
