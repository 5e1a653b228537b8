//! [`Failure`]: a failed request, explained to the person who reads it in a log.

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use azure_core::error::ErrorKind;

use super::denial::{Denial, minutes};
use crate::text::{escape, quote};
use crate::trouble::Trouble;

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The purpose of the request, as a phrase that follows "cannot ".
    pub doing: String,
    /// The reason.
    pub kind: Kind,
    /// Azure's id of the request, if errors should show it.
    pub request: Option<String>,
}

/// The reason why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Azure rejected the request.
    Refused(Box<Denial>),
    /// An answer, with its HTTP status, that is not valid for Azure: a proxy's page, or a truncated one.
    NotAzure(u16, String),
    /// No answer, with the system's reason.
    Unreachable(String),
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

/// The help if nothing answered.
pub(super) const NO_ANSWER: &str =
    "check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again";

impl Failure {
    /// A failure of `doing`, a phrase that follows "cannot ".
    pub(super) fn new(doing: &str, kind: Kind) -> Self {
        Self {
            doing: doing.to_owned(),
            kind,
            request: None,
        }
    }

    /// The next action, if azlin knows one.
    pub fn help(&self) -> Option<String> {
        let help = match &self.kind {
            Kind::Refused(refusal) => return refusal.help(),
            Kind::Final(trouble) => &trouble.help,
            Kind::NotAzure(..) => NOT_AZURE,
            Kind::Unreachable(_) => NO_ANSWER,
            Kind::Old | Kind::Interrupted => {
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
        let (asked, is_throttled) = match &self.kind {
            Kind::Refused(refusal) if refusal.passes() => {
                (refusal.retry_after, refusal.status == 429)
            }
            Kind::NotAzure(408 | 429 | 500..=599, _) | Kind::Unreachable(_) | Kind::Old => {
                (None, false)
            }
            _ => return None,
        };
        // Throttling ends when Azure says so. The other failures may never end.
        if attempts >= MOST_ATTEMPTS && !(is_throttled && asked.is_some()) {
            return None;
        }
        let own =
            Duration::from_millis(200) * 2_u32.saturating_pow(attempts.saturating_sub(1).min(8));
        Some(own.max(Duration::from_secs(asked.unwrap_or(0))))
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
        if let Kind::Refused(denial) = &self.kind
            && let Some(seconds) = denial.retry_after
        {
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
            Self::Unreachable(why) => write!(f, "no response: {}", escape(why)),
            Self::Old => f.write_str("Azure still shows the tags that azlin replaced"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Final(trouble) => trouble.fmt(f),
        }
    }
}

impl Kind {
    /// The reason for a missing answer: no token, or the system's message.
    pub(super) fn unanswered(error: &azure_core::Error) -> Self {
        match find::<Trouble>(error) {
            Some(trouble) => Self::Final(trouble.clone()),
            None => Self::Unreachable(root(error)),
        }
    }

    /// The reason in an answer whose status is not a success.
    pub(super) fn refusal(status: u16, body: &[u8], retry_after: Option<u64>) -> Self {
        if (300..400).contains(&status) {
            let what = "it redirects to another page, as sign-in pages do".to_owned();
            return Self::NotAzure(status, what);
        }
        match Denial::read(status, body, retry_after) {
            Some(refusal) => Self::Refused(Box::new(refusal)),
            None => Self::NotAzure(status, quote(&String::from_utf8_lossy(body))),
        }
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
