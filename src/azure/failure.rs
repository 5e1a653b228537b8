//! [`Failure`]: a failed request, explained to the person who reads it in a log.

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use azure_core::error::ErrorKind;
use azure_core::http::headers::{HeaderName, Headers};

use super::arm::DEADLINE;
use super::denial::{Denial, minutes};
use super::reason::shown;
use crate::sandbox;
use crate::text::{escape, quote};
use crate::trouble::Trouble;

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The purpose of the request, as a phrase that follows "cannot ".
    pub doing: String,
    /// The reason.
    pub kind: Kind,
    /// The seconds that the answer asks to wait before the next attempt.
    pub retry_after: Option<u64>,
    /// Azure's id of the request, if errors should show it.
    pub request: Option<String>,
}

/// The reason why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Azure rejected the request.
    Refused(Box<Denial>),
    /// An answer, with its HTTP status, that is not valid for Azure, such as a proxy's page.
    NotAzure(u16, String),
    /// A successful answer, with its HTTP status, whose body ends too early. The text is the start of the body.
    Short(u16, String),
    /// An answer larger than any of Azure's.
    TooLarge(TooLarge),
    /// No answer, with the system's reason.
    Unreachable(String),
    /// Azure accepted the write, or did half of it, and nothing shows that it is complete.
    Unconfirmed,
    /// The read shows the state before azlin's own last write.
    Old,
    /// Someone interrupted azlin first.
    Interrupted,
    /// A failure that a retry cannot fix: no token, no time left, another host. If it was a write, Azure did not carry it out.
    /// The trouble is printed as it is, so any text from outside is already escaped.
    Final(Trouble),
}

/// The help if something other than Azure answered.
pub(super) const NOT_AZURE: &str =
    "check the network: a proxy or a sign-in page may have answered instead of Azure";

/// An answer that has more of something than azlin reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge(String);

impl TooLarge {
    /// An answer of more than `most` bytes.
    pub(super) fn bytes(most: usize) -> Self {
        Self(format!("more than {} MB", most / (1024 * 1024)))
    }

    /// An answer of more than `most` JSON values.
    pub(super) fn values(most: usize) -> Self {
        Self(format!("more than {most} values"))
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the response is too large: {}", self.0)
    }
}

impl Error for TooLarge {}

/// Carries it through the SDK.
impl From<TooLarge> for azure_core::Error {
    fn from(large: TooLarge) -> Self {
        let message = large.to_string();
        Self::with_error(ErrorKind::Io, large, message)
    }
}

/// The number of bytes of a refusal that azlin reads.
const MOST_REASON: usize = 256 * 1024;

/// The help if an answer was incomplete.
const SHORT: &str =
    "run the same command again; if the answer stays incomplete, check the network and its proxy";

/// The help if nothing answered.
pub(super) const NO_ANSWER: &str =
    "check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again";

impl Failure {
    /// A failure of `doing`, a phrase that follows "cannot ".
    pub(super) fn new(doing: &str, kind: Kind) -> Self {
        Self {
            doing: doing.to_owned(),
            kind,
            retry_after: None,
            request: None,
        }
    }

    /// The next action, if azlin knows one.
    pub fn help(&self) -> Option<String> {
        if self.is_throttled() || (self.passes() && self.retry_after.is_some()) {
            return Some(later(self.retry_after));
        }
        let help = match &self.kind {
            Kind::Refused(refusal) => return refusal.help(),
            Kind::Final(trouble) => &trouble.help,
            Kind::NotAzure(..) | Kind::TooLarge(_) => NOT_AZURE,
            Kind::Short(..) => SHORT,
            Kind::Unreachable(_) => NO_ANSWER,
            Kind::Unconfirmed | Kind::Old | Kind::Interrupted => {
                "run the same command again to continue where this one stopped"
            }
        };
        Some(help.to_owned())
    }

    /// Returns true if a write that failed like this certainly changed nothing.
    pub(super) fn is_definite(&self) -> bool {
        match &self.kind {
            Kind::Refused(refusal) => (400..500).contains(&refusal.status) && refusal.status != 408,
            kind => matches!(kind, Kind::Final(_)),
        }
    }

    /// The pause before the next attempt, if one may help: Azure throttles or is overloaded, the connection broke, or someone else
    /// wrote at the same time. `attempts` counts those so far.
    pub(super) fn pause(&self, attempts: u32) -> Option<Duration> {
        const MOST_ATTEMPTS: u32 = 5;
        // An overload ends when Azure says so. The other failures may never end.
        let has_end = self.retry_after.is_some() && matches!(self.status(), Some(429 | 503));
        if !self.passes() || (attempts >= MOST_ATTEMPTS && !has_end) {
            return None;
        }
        let own =
            Duration::from_millis(200) * 2_u32.saturating_pow(attempts.saturating_sub(1).min(8));
        Some(own.max(Duration::from_secs(self.retry_after.unwrap_or(0))))
    }

    /// Returns true if the same request may succeed later.
    fn passes(&self) -> bool {
        match &self.kind {
            Kind::Refused(refusal) => refusal.passes(),
            Kind::NotAzure(status, _) => matches!(status, 408 | 429 | 500..=599),
            Kind::Short(..) | Kind::Unreachable(_) | Kind::Old => true,
            Kind::TooLarge(_) | Kind::Unconfirmed | Kind::Interrupted | Kind::Final(_) => false,
        }
    }

    /// Returns true if Azure accepts no requests for a while.
    fn is_throttled(&self) -> bool {
        self.status() == Some(429)
    }

    /// The HTTP status of the answer.
    fn status(&self) -> Option<u16> {
        match &self.kind {
            Kind::Refused(refusal) => Some(refusal.status),
            Kind::NotAzure(status, _) | Kind::Short(status, _) => Some(*status),
            _ => None,
        }
    }

    /// Returns true if Azure says that the identity lacks the permission.
    pub fn is_forbidden(&self) -> bool {
        matches!(&self.kind, Kind::Refused(refusal) if refusal.status == 403)
    }

    /// Returns true if Azure says that the resource group does not exist.
    pub(super) fn is_no_such_group(&self) -> bool {
        matches!(&self.kind, Kind::Refused(refusal) if refusal.code == "ResourceGroupNotFound")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.kind)?;
        if let Some(seconds) = self.retry_after.filter(|seconds| *seconds > 0) {
            write!(f, "; retry after {}", minutes(seconds))?;
        }
        match &self.request {
            Some(id) => write!(f, " (request {})", escape(id)),
            None => Ok(()),
        }
    }
}

impl Error for Failure {}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let help = failure.help().unwrap_or_else(|| {
            "look up the error code in Azure's documentation; AZLIN_LOG=debug shows the requests"
                .to_owned()
        });
        Self::new(failure.to_string(), help)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NotAzure(status, what) => {
                write!(f, "the response ({status}) is not from Azure: {what}")
            }
            Self::Short(status, start) if start.is_empty() => {
                write!(f, "the response ({status}) is empty")
            }
            Self::Short(status, start) => {
                write!(f, "the response ({status}) is incomplete: {}", quote(start))
            }
            Self::TooLarge(large) => large.fmt(f),
            Self::Unreachable(why) => write!(f, "no response: {}", escape(why)),
            Self::Unconfirmed => f.write_str("Azure did not confirm it"),
            Self::Old => f.write_str("Azure still shows the tags that azlin replaced"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Final(trouble) => trouble.fmt(f),
        }
    }
}

impl Kind {
    /// The reason for a missing answer: no token, too much of an answer, or the system's message.
    pub(super) fn unanswered(error: &azure_core::Error) -> Self {
        if let Some(trouble) = find::<Trouble>(error) {
            Self::Final(trouble.clone())
        } else if let Some(large) = find::<TooLarge>(error) {
            Self::TooLarge(large.clone())
        } else {
            Self::Unreachable(root(error))
        }
    }

    /// The reason in an answer whose status is not a success.
    ///
    /// A page or a text is Azure's if its headers are: the gateways of Azure Resource Manager answer so when they are overloaded.
    /// So is a 429, because azlin is throttled whoever says so.
    pub(super) fn refusal(status: u16, headers: &Headers, body: &[u8]) -> Self {
        const ARMS_OWN: [HeaderName; 2] = [
            HeaderName::from_static("x-ms-request-id"),
            HeaderName::from_static("x-ms-correlation-request-id"),
        ];
        // Azure's reasons have a few kilobytes. The rest of a larger body explains nothing, and would only cost memory.
        let body = body.get(..MOST_REASON).unwrap_or(body);
        if (300..400).contains(&status) {
            let what = "it redirects to another page, as sign-in pages do".to_owned();
            return Self::NotAzure(status, what);
        }
        if let Some(denial) = Denial::read(status, body) {
            let refused = |denial| Self::Refused(Box::new(denial));
            return of_sandboxs_file(&denial).map_or_else(|| refused(denial), Self::Final);
        }
        let is_azures = ARMS_OWN
            .iter()
            .any(|name| headers.get_optional_str(name).is_some());
        if is_azures || status == 429 {
            return Self::Refused(Box::new(Denial::in_words(status, body)));
        }
        Self::NotAzure(status, shown(body))
    }
}

/// The trouble if `denial` is about the sandbox's file, which is on a disk and not in Azure.
fn of_sandboxs_file(denial: &Denial) -> Option<Trouble> {
    let help = match denial.code.as_str() {
        sandbox::INVALID => "fix the file, or start over: azlin sandbox reset",
        sandbox::UNUSABLE => {
            "check that you may read and write this file and its folder, and that their disk is not full"
        }
        _ => return None,
    };
    Some(Trouble::new(escape(&denial.message), help))
}

/// The help if Azure asks to wait, or throttles without saying how long.
fn later(seconds: Option<u64>) -> String {
    match seconds {
        None => "run the same command again later".to_owned(),
        Some(0) => "run the same command again".to_owned(),
        // A longer wait than the default deadline allows, and one that `--deadline` accepts.
        Some(seconds) if (DEADLINE.as_secs()..86_340).contains(&seconds) => format!(
            "run the same command again in {}, or let azlin wait: --deadline {}",
            minutes(seconds),
            seconds + 60
        ),
        Some(seconds) => format!("run the same command again in {}", minutes(seconds)),
    }
}

/// The `T` among `error` and its causes, including those inside an I/O error.
pub(super) fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    causes(error).find_map(|cause| {
        let carried = cause.downcast_ref().and_then(io::Error::get_ref);
        cause.downcast_ref().or_else(|| carried?.downcast_ref())
    })
}

/// The message of the innermost cause, which says what happened. The others only say where.
pub(super) fn root(error: &(dyn Error + 'static)) -> String {
    let text = causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string);
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

/// `error` and its causes, from the outside in.
pub(super) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// Carries a trouble through the SDK.
impl From<Trouble> for azure_core::Error {
    fn from(trouble: Trouble) -> Self {
        let message = trouble.message.clone();
        Self::with_error(ErrorKind::Credential, trouble, message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Bodies of any bytes, any text, and any JSON with the keys of errors.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            r"(perform action '|over scope '|are locked: |api-version '|[a-z'/,. \x1b]){0,8}"
                .prop_map(Value::from),
        ];
        let keys =
            "error|Code|code|message|details|additionalInfo|info|target|policyAssignmentName";
        let json = leaf.prop_recursive(6, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(keys, inner, 0..5).prop_map(|map| json!(map)),
            ]
        });
        prop_oneof![
            any::<Vec<u8>>(),
            any::<String>().prop_map(String::into_bytes),
            json.prop_map(|value| value.to_string().into_bytes()),
        ]
    }

    const CODES: [&str; 6] = [
        "AuthorizationFailed",
        "ScopeLocked",
        "RequestDisallowedByPolicy",
        "ResourceNotFound",
        "InvalidApiVersionParameter",
        "MissingSubscriptionRegistration",
    ];

    fn is_safe(text: &str) -> bool {
        !text.chars().any(crate::text::is_unprintable)
    }

    proptest! {
        #[test]
        fn no_body_panics_or_controls_a_terminal(
            body in bodies(),
            status in 300_u16..600,
            retry_after in proptest::option::of(any::<u64>()),
        ) {
            let mut headers = Headers::new();
            for is_azures in [false, true] {
                if is_azures {
                    headers.insert("x-ms-request-id", "1");
                }
                let mut failure = Failure::new("list the VMs", Kind::refusal(status, &headers, &body));
                failure.retry_after = retry_after;
                let trouble = Trouble::from(failure.clone());
                prop_assert!(is_safe(&trouble.message), "{}", trouble.message);
                prop_assert!(is_safe(&trouble.help), "{}", trouble.help);
                prop_assert!(failure.pause(1).is_none_or(|pause| !pause.is_zero()));
            }
        }

        #[test]
        fn no_message_of_a_known_code_controls_a_terminal(
            code in prop::sample::select(&CODES[..]),
            message in r"(perform action '|over scope '|are locked: '/|The Resource '|api-version '|supported versions are '|namespace '|object id '|[a-z'/,. \x1b\u{202e}]){0,12}",
        ) {
            let body = json!({ "code": code, "message": message }).to_string();
            let failure = Failure::new("x", Kind::refusal(403, &Headers::new(), body.as_bytes()));
            let trouble = Trouble::from(failure);
            prop_assert!(is_safe(&trouble.message) && is_safe(&trouble.help), "{}", trouble.message);
        }
    }
}
