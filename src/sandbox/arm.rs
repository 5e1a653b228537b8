//! [`Sandbox`]: checks a request and answers it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde_json::{Value, json};

use super::activity;
use super::errors;
use super::faults::{self, Fault, Faults, Outcome, Shadows};
use super::guid::{self, Guid};
use super::route::{self, Resource, Route, Target};
use super::store::Store;
use super::tags::Twist;
use super::{network, start, subscriptions, tags, versions, vms};

pub(super) const TENANT: &str = "5a4db0e5-0000-4000-8000-00000000aad0";

/// The parts of a request on which the answer depends.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The HTTP method, in upper case.
    pub method: &'a str,
    /// Path and query, as sent.
    pub target: &'a str,
    /// Scheme and authority, such as `http://127.0.0.1:8999`. The links in an answer start with it.
    pub origin: &'a str,
    /// True if it has an `Authorization: Bearer` header with any token.
    pub authorized: bool,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The body, which may be empty.
    pub body: &'a [u8],
}

/// An answer. Header names are in lower case.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers, each name once.
    pub headers: Vec<(&'static str, String)>,
    /// The body, which may be empty.
    pub body: Vec<u8>,
}

impl Response {
    pub(super) fn empty(status: u16) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(super) fn with_body(status: u16, body: Vec<u8>) -> Response {
        let content_type = "application/json; charset=utf-8".to_owned();
        Response {
            status,
            headers: vec![("content-type", content_type)],
            body,
        }
    }

    pub(super) fn json(status: u16, body: &impl Serialize) -> Response {
        // This fails only for a map whose keys are not text, and no answer has one.
        Response::with_body(status, serde_json::to_vec(body).unwrap_or_default())
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.push((name, value.into()));
        self
    }
}

/// Adds a member to a JSON object.
pub(super) fn add(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

/// ARM's answer to a request. The error is a rejection.
pub(super) type Answer = Result<Response, Response>;

/// The outcome of a request. Without faults it is always `Whole`.
#[derive(Debug)]
pub enum Reply {
    /// The complete answer.
    Whole(Response),
    /// The connection breaks within the answer, after this part of its body.
    Cut(Response),
    /// The connection breaks without an answer.
    Lost,
}

impl Reply {
    /// The answer, if it arrives completely.
    pub fn whole(self) -> Option<Response> {
        match self {
            Reply::Whole(response) => Some(response),
            Reply::Cut(_) | Reply::Lost => None,
        }
    }
}

/// An ARM over the fleet in one file. Several sandboxes may share the file, in one process or in several.
#[derive(Debug)]
pub struct Sandbox {
    store: Store,
    page_size: usize,
    answered: AtomicU64,
    faults: Faults,
}

/// A request with a valid route.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) target: &'a Target<'a>,
    pub(super) route: &'a Route,
    /// The subscription in the route, or nil if it has none.
    pub(super) subscription: Guid,
    pub(super) api_version: &'a str,
    pub(super) store: &'a Store,
    pub(super) page_size: usize,
    pub(super) shadows: &'a Shadows,
    pub(super) twist: Twist<'a>,
}

impl Sandbox {
    /// A sandbox over the fleet in the file `state`, with lists in pages of `page_size`.
    ///
    /// This does not touch the disk. While the file does not exist, the sandbox shows the standard fleet.
    pub fn open(state: impl Into<PathBuf>, page_size: usize) -> Sandbox {
        Sandbox {
            store: Store::new(state.into()),
            page_size,
            answered: AtomicU64::new(0),
            faults: Faults::default(),
        }
    }

    /// This sandbox with these faults instead of its own. For each request, it checks them in this order.
    pub fn with_faults(self, faults: Vec<Fault>) -> Sandbox {
        Sandbox {
            faults: Faults::of(faults),
            ..self
        }
    }

    /// The number of times that faults of this kind, such as `throttle`, fired. Tests use it to prove that they tested something.
    pub fn fired(&self, kind: &str) -> u64 {
        self.faults.fired(kind)
    }

    /// Answers one request. Waits only for its turn to write the file.
    pub fn answer(&self, request: &Request<'_>) -> Reply {
        let target = Target::parse(request.target);
        let signed = |response| self.signed(request, &target, response);
        match self.dispatch(request, &target) {
            Ok(Outcome::Arm(response)) | Err(response) => Reply::Whole(signed(response)),
            Ok(Outcome::Cut(response)) => Reply::Cut(signed(response)),
            Ok(Outcome::Proxy(response)) => Reply::Whole(response),
            Ok(Outcome::Lost) => Reply::Lost,
        }
    }

    /// The response with the headers that ARM adds to each one.
    fn signed(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        mut response: Response,
    ) -> Response {
        let number = self.answered.fetch_add(1, Ordering::Relaxed);
        let id = guid::of_text(&format!("request {number}")).to_string();
        let is_write = request.method != "GET";
        let (ratelimit, untouched) = if is_write {
            ("x-ms-ratelimit-remaining-subscription-writes", 199)
        } else {
            ("x-ms-ratelimit-remaining-subscription-reads", 249)
        };
        let subscription = target.subscription().unwrap_or_default();
        let left = self.faults.left(subscription, is_write);
        response.headers.extend([
            ("cache-control", "no-cache".to_owned()),
            ("x-ms-request-id", id.clone()),
            ("x-ms-correlation-request-id", id),
            (ratelimit, left.unwrap_or(untouched).to_string()),
        ]);
        response
    }

    /// Checks the request in ARM's order: the api-version comes even before the sign-in, and the path before the value of the
    /// version.
    fn dispatch(&self, request: &Request<'_>, target: &Target<'_>) -> Result<Outcome, Response> {
        let api_version = match target.parameter("api-version") {
            Some(version) if !version.is_empty() => version,
            _ => return Err(errors::missing_api_version()),
        };
        if !request.authorized {
            return Err(errors::not_signed_in());
        }
        let Some(route) = Route::find(target) else {
            let (subscription, refusal) = route::unknown(target, api_version);
            if let Some(id) = subscription {
                subscriptions::check(&self.store, &id)?;
            }
            return Err(refusal);
        };
        if !route.subscription.is_empty() {
            subscriptions::check(&self.store, &route.subscription)?;
        }
        let allowed = route.resource.methods();
        if !allowed.split(", ").any(|method| method == request.method) {
            return Err(errors::method_not_allowed(
                request.method,
                target.path,
                allowed,
            ));
        }
        versions::check(&route, api_version)?;
        route::check_parameters(&route, target)?;
        Ok(self.faults.answer(&Call {
            request,
            target,
            route: &route,
            subscription: target.subscription().unwrap_or_default(),
            api_version,
            store: &self.store,
            page_size: self.page_size,
            shadows: &self.faults.shadows,
            twist: Twist::None,
        }))
    }
}

impl Call<'_> {
    /// The answer without faults.
    pub(super) fn answer(&self) -> Answer {
        match self.route.resource {
            Resource::Subscriptions => subscriptions::list(self),
            Resource::Subscription => Ok(subscriptions::get(self)),
            Resource::Permissions => {
                // The permissions of the role Owner.
                let owner = json!({"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []});
                Ok(Response::json(200, &json!({"value": [owner]})))
            }
            Resource::Vms => vms::list(self),
            Resource::Vm => vms::get(self),
            Resource::InstanceView => vms::instance_view(self),
            Resource::Start => start::start(self),
            Resource::Operation => start::status(self),
            Resource::Nics => network::interfaces(self),
            Resource::PublicIps => network::public_ips(self),
            Resource::Tags => tags::answer(self),
            Resource::TagsResult => faults::result(self),
            Resource::Activity => activity::list(self),
        }
    }
}
