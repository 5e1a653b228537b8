//! [`Arm`]: one Azure Resource Manager, opened.

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

/// The time limit for all requests of a run together, unless someone says otherwise. Azure has been seen to ask for twenty
/// minutes (`Retry-After: 1200`); most people would rather be told.
pub const DEADLINE: Duration = Duration::from_secs(600);

/// One subscription of one Azure, opened with one credential.
#[derive(Clone)]
pub struct Arm {
    /// Sends a request once: the SDK would send a write again without a new look at the VM, and wait for as long as a
    /// server asks.
    pub(super) pipeline: Pipeline,
    /// Below the pipeline: its connections, which other subscriptions of the same Azure share.
    client: Arc<dyn HttpClient>,
    pub(super) patience: Rc<Patience>,
    pub(super) pace: Rc<Pace>,
    /// True if errors name the request.
    pub(super) names_requests: bool,
    pub(super) base: Url,
    pub(super) origin: Origin,
    subscription: SubscriptionId,
    pub(super) sign_in: SignIn,
    /// The scope that tokens are asked for.
    pub(super) scope: String,
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
        let (origin, audience) = target.base();
        let base = Url::parse(&origin.https()).map_err(|error| {
            let message = format!("invalid endpoint URL {}: {error}", quote(&origin.https()));
            Trouble::new(message, "fix the endpoint")
        })?;
        let client = target
            .client()
            .map_err(|trouble| trouble.within("cannot open a connection to Azure"))?;
        let scope = format!("{audience}/.default");
        Ok(Self {
            pipeline: pipeline(client.clone(), &sign_in, &scope),
            client,
            patience: Rc::new(Patience::new(DEADLINE, |_, _| {})),
            pace: Rc::new(Pace::new()),
            names_requests: false,
            base,
            origin,
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
            pace: Rc::new(Pace::new()),
            subscription,
            sign_in,
            ..self.clone()
        }
    }

    /// Replaces its patience, which is [`DEADLINE`] and tells nobody. Several may share one.
    pub fn with_patience(self, patience: Rc<Patience>) -> Self {
        Self { patience, ..self }
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

    /// A copy with a `limit` of its own from now, for what has to be done although the time is over.
    pub fn with_more_time(&self, limit: Duration) -> Self {
        Self {
            patience: Rc::new(self.patience.another(limit)),
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
        self.origin.to_string()
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
    http::pipeline(options, vec![Arc::new(authorization)])
}

/// Gives the SDK's policy a new token after a 401 with a challenge: tokens are revoked, and a laptop that slept has an old
/// one. The policy then sends the request once more, a write too: a request that was answered so was not carried out.
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
