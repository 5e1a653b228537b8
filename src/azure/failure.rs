//! [`Failure`]: a request that came to nothing, for the person who reads of it in a log.

use std::fmt;
use std::time::Duration;

use super::cause::{find, root};
use super::refusal::{Refusal, minutes};
use crate::text::{escape, quote};
use crate::trouble::Trouble;

/// A request that did not do what it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The purpose of the request, as a phrase that follows "cannot ".
    pub doing: String,
    /// The reason.
    pub kind: Kind,
    /// Azure's id of the request, where errors are to name it.
    pub request: Option<String>,
}

/// The reason why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Azure said no.
    Refused(Box<Refusal>),
    /// An answer that is not Azure's: a proxy's page, or one that was cut short.
    NotAzure {
        /// The HTTP status.
        status: u16,
        /// The start of the answer, or the trouble with it.
        what: String,
    },
    /// No answer.
    Unreachable {
        /// The system's message.
        why: String,
    },
    /// No token, or none that Azure takes.
    SignIn(Trouble),
    /// Azure's answer names another host to go on at; the token does not go there.
    Foreign {
        /// The other host.
        host: String,
    },
    /// The VM did not start.
    NotStarted {
        /// Azure's word for the reason, such as `AllocationFailed`.
        why: String,
    },
    /// A reading from before azlin's own last write.
    Old,
    /// Somebody wanted azlin to end before this.
    Interrupted,
    /// Azure accepts no more writes for longer than there is time.
    Closed {
        /// For how long, in seconds.
        seconds: u64,
    },
    /// The time for all requests together was over before this one.
    TooLate {
        /// The limit, in seconds.
        seconds: u64,
    },
    /// Azure accepted the request and did not carry it out in time.
    TooSlow {
        /// The time that azlin waited, in seconds.
        seconds: u64,
    },
}

impl Failure {
    /// A failure of `doing`, a phrase that follows "cannot ".
    pub(super) fn new(doing: &str, kind: Kind) -> Self {
        Self {
            doing: doing.to_owned(),
            kind,
            request: None,
        }
    }

    /// The next thing to do, where azlin knows one.
    pub fn help(&self) -> Option<String> {
        let help = match &self.kind {
            Kind::Refused(refusal) => return refusal.help(),
            Kind::TooLate { seconds } => {
                return Some(format!(
                    "run the same command again to continue where this one stopped, or give it more time: --deadline {}",
                    seconds.saturating_mul(2).max(60)
                ));
            }
            Kind::Closed { seconds } => {
                return Some(format!(
                    "run the same command again then to continue where this one stopped, or let it wait: --deadline {}",
                    seconds.div_ceil(60) * 60 + 60
                ));
            }
            Kind::NotAzure { .. } => {
                "check the network: a proxy or a sign-in page may have answered instead"
            }
            Kind::Unreachable { .. } => {
                "check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again"
            }
            Kind::SignIn(trouble) => return Some(escape(&trouble.help).into_owned()),
            Kind::NotStarted { .. } => {
                "look at the VM in the portal: its size may be sold out in its region or zone"
            }
            Kind::Old | Kind::Interrupted => {
                "run the same command again to continue where this one stopped"
            }
            Kind::Foreign { .. } => {
                "something between you and Azure is changing its answers; nothing was sent to that host"
            }
            Kind::TooSlow { .. } => {
                "look at the VM in the portal; running the same command again is safe"
            }
        };
        Some(help.to_owned())
    }

    /// Returns true if a write that failed like this is certain to have done nothing.
    pub(super) fn is_definite(&self) -> bool {
        match &self.kind {
            Kind::Refused(refusal) => (400..500).contains(&refusal.status) && refusal.status != 408,
            Kind::SignIn(_) | Kind::TooLate { .. } | Kind::Closed { .. } => true,
            _ => false,
        }
    }

    /// The pause after `attempts`, where another may help: Azure throttles or is overloaded, the connection broke, or somebody
    /// else wrote at the same moment.
    pub(super) fn pause(&self, attempts: u32) -> Option<Duration> {
        const MOST_ATTEMPTS: u32 = 5;
        let (asked, is_throttled) = match &self.kind {
            Kind::Refused(refusal) if refusal.passes() => {
                (refusal.retry_after, refusal.status == 429)
            }
            Kind::NotAzure {
                status: 408 | 429 | 500..=599,
                ..
            }
            | Kind::Unreachable { .. }
            | Kind::Old => (None, false),
            _ => return None,
        };
        // Throttling ends when Azure says; the rest may never end.
        if attempts >= MOST_ATTEMPTS && !(is_throttled && asked.is_some()) {
            return None;
        }
        let own =
            Duration::from_millis(200) * 2_u32.saturating_pow(attempts.saturating_sub(1).min(8));
        Some(own.max(Duration::from_secs(asked.unwrap_or(0))))
    }

    /// Returns true if Azure says that the identity may not do this.
    pub fn is_forbidden(&self) -> bool {
        matches!(&self.kind, Kind::Refused(refusal) if refusal.status == 403)
    }

    /// Returns true if Azure says that the resource group does not exist.
    pub fn is_no_such_group(&self) -> bool {
        matches!(&self.kind, Kind::Refused(refusal) if refusal.code == "ResourceGroupNotFound")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.kind)?;
        match &self.request {
            Some(id) => write!(f, " (request {})", escape(id)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let help = failure.help().unwrap_or_else(|| {
            "look the code up in Azure's documentation; AZLIN_LOG=debug shows the requests"
                .to_owned()
        });
        Self::new(failure.to_string(), help)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Closed { seconds } => {
                write!(f, "Azure accepts no more writes for {}", minutes(*seconds))
            }
            Self::Interrupted => f.write_str("interrupted"),
            Self::Old => f.write_str("Azure still shows the tags that azlin replaced"),
            Self::TooLate { seconds } => write!(f, "deadline of {seconds} s exceeded"),
            Self::NotAzure { status, what } => {
                write!(f, "the answer ({status}) is not from Azure: {what}")
            }
            Self::Unreachable { why } => write!(f, "no answer: {}", escape(why)),
            Self::NotStarted { why } => write!(f, "it did not start: {}", escape(why)),
            Self::SignIn(trouble) => f.write_str(&escape(&trouble.message)),
            Self::Foreign { host } => {
                write!(f, "the answer points to another host, {}", quote(host))
            }
            Self::TooSlow { seconds } => write!(f, "not finished after {seconds} s"),
        }
    }
}

impl Kind {
    /// The reason for no answer: no token, or the system's message.
    pub(super) fn unanswered(error: &azure_core::Error) -> Self {
        match find::<Trouble>(error) {
            Some(trouble) => Self::SignIn(trouble.clone()),
            None => Self::Unreachable { why: root(error) },
        }
    }

    /// The reason in an answer that is no success.
    pub(super) fn refusal(status: u16, body: &[u8], retry_after: Option<u64>) -> Self {
        if (300..400).contains(&status) {
            let what = "it redirects elsewhere, as sign-in pages do".to_owned();
            return Self::NotAzure { status, what };
        }
        match Refusal::read(status, body, retry_after) {
            Some(refusal) => Self::Refused(Box::new(refusal)),
            None => Self::NotAzure {
                status,
                what: quote(&String::from_utf8_lossy(body)),
            },
        }
    }
}
