//! Requests as the legacy SDK builds them.
//!
//! The last version of `azure_mgmt_compute` and `azure_mgmt_resources` is 0.21. Their `azure_core` writes bearer tokens to its
//! debug log (RUSTSEC-2026-0275), has its own HTTP stack, and fails a whole page on one odd VM. So azlin uses them only to build
//! requests: their credential is a placeholder, and their HTTP client hands each request back instead of sending it.
//! [`Arm`](super::Arm) sends it with the real token, and azlin's own types read the answer.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::Request;
use azure_core::time::{Duration, OffsetDateTime};
use azure_core_legacy as legacy;
use futures::FutureExt as _;
use legacy::error::{Error, ErrorKind};

use super::failure::root;
use super::{Failure, Kind};

/// The log target of the legacy pipeline. It logs 35 lines for each request that it builds; azlin's pipeline logs one when it
/// sends the request.
pub const NOISE: &str = "azure_core::policies";

#[derive(Debug)]
struct Placeholder;

#[async_trait]
impl legacy::auth::TokenCredential for Placeholder {
    async fn get_token(&self, _scopes: &[&str]) -> legacy::Result<legacy::auth::AccessToken> {
        let end = OffsetDateTime::now_utc() + Duration::hours(1);
        Ok(legacy::auth::AccessToken::new("placeholder", end))
    }

    async fn clear_cache(&self) -> legacy::Result<()> {
        Ok(())
    }
}

/// An HTTP client that sends nothing, and returns each request as the error [`Built`].
#[derive(Debug)]
struct HandBack;

#[derive(Debug)]
struct Built(Request);

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("azlin built the request and did not send it")
    }
}

impl std::error::Error for Built {}

#[async_trait]
impl legacy::HttpClient for HandBack {
    async fn execute_request(&self, request: &legacy::Request) -> legacy::Result<legacy::Response> {
        let (legacy::Body::Bytes(body), Ok(method)) =
            (request.body(), request.method().as_ref().parse())
        else {
            let message = "cannot convert a streamed body or an unusual method";
            return Err(Error::message(ErrorKind::Other, message));
        };
        let mut built = Request::new(request.url().clone(), method);
        for (name, value) in request.headers().iter() {
            if !matches!(name.as_str(), "authorization" | "user-agent") {
                built.insert_header(name.as_str().to_owned(), value.as_str().to_owned());
            }
        }
        built.set_body(body.clone());
        Err(Error::new(ErrorKind::Other, Built(built)))
    }
}

/// Placeholders for the arguments of a legacy client: its credential, scopes and options.
pub(super) fn parts() -> (
    Arc<dyn legacy::auth::TokenCredential>,
    Vec<String>,
    legacy::ClientOptions,
) {
    let options = legacy::ClientOptions::default()
        .retry(legacy::RetryOptions::none())
        .transport(legacy::TransportOptions::new(Arc::new(HandBack)));
    (
        Arc::new(Placeholder),
        vec!["placeholder".to_owned()],
        options,
    )
}

/// The request that a legacy client's `send()` builds. It never waits, because nothing is sent.
///
/// # Errors
/// The client built no request.
pub(super) fn request<T>(
    doing: &str,
    send: impl Future<Output = legacy::Result<T>>,
) -> Result<Request, Failure> {
    let failed = |why| Failure::new(doing, Kind::Unreachable(why));
    let Some(Err(error)) = send.now_or_never() else {
        return Err(failed("the SDK built no request".to_owned()));
    };
    let built = error.into_downcast::<Built>();
    built
        .map(|built| built.0)
        .map_err(|error| failed(root(&error)))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use crate::azure::sign_in::SignIn;
    use crate::azure::{Arm, Target};
    use crate::model::SubscriptionId;

    pub fn arm() -> Arm {
        let target = Target::Loopback("127.0.0.1:1".parse().unwrap());
        let subscription = SubscriptionId::new("00000000-0000-0000-0000-000000000001").unwrap();
        Arm::open(target, subscription, SignIn::sandbox()).unwrap()
    }

    /// Names of a group and a VM, most of them invalid: the clients put them into a URL without encoding.
    pub fn names_as_typed() -> impl Strategy<Value = (String, String)> {
        let name = r"[A-Za-c0ßé漢._()-]{0,6}|[a._%/?#\\ \t\n;@:&=+,'~|^\[-]{0,6}";
        (name, name)
    }
}
