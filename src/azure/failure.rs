//! [`Failure`]: what went wrong between azlin and Azure, for the person who reads it in a log.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::text::{escape, quote};

/// A request that did not do what it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the request was for, as a phrase that follows "cannot ".
    pub doing: String,
    /// What happened to it.
    pub kind: Kind,
}

/// What happened to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Azure said no.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Azure's own word for the reason, such as `AuthorizationFailed`; may be empty.
        code: String,
        /// Azure's explanation; may be empty.
        message: String,
        /// How long Azure asks to wait before the next attempt, in seconds.
        retry_after: Option<u64>,
    },
    /// What answered does not speak as Azure does: a proxy's page, an answer cut short.
    NotAzure {
        /// The HTTP status.
        status: u16,
        /// How the answer starts, or what is wrong with it.
        what: String,
    },
    /// No answer.
    Unreachable {
        /// What the system said.
        why: String,
    },
    /// No token, or none that Azure takes.
    SignIn {
        /// What is wrong with it.
        why: String,
        /// What to do about it.
        help: String,
    },
    /// Azure's answer names another host to go on at; the token does not go there.
    Foreign {
        /// That host.
        host: String,
    },
    /// The VM did not start.
    NotStarted {
        /// Azure's word for the reason, such as `AllocationFailed`.
        why: String,
    },
    /// Azure accepted the request and did not carry it out in time.
    TooSlow {
        /// How long azlin waited, in seconds.
        seconds: u64,
    },
}

impl Failure {
    /// What to do now, where azlin knows.
    pub fn help(&self) -> Option<String> {
        let help = match &self.kind {
            Kind::Refused { status: 429, .. } => {
                "Azure is asked too much just now; run the same command again later"
            }
            Kind::Refused { code, .. } => match code.as_str() {
                "AuthorizationFailed" => {
                    "the identity needs the roles Reader, and Tag Contributor to apply, on the subscription"
                }
                "SubscriptionNotFound" => {
                    "this tenant and cloud have no such subscription: check its id, `cloud`, and that you are signed in to its \
                     tenant (`azlin whoami` says to which). It is no missing right: that would be AuthorizationFailed"
                }
                "ConflictingConcurrentWriteNotAllowed" => {
                    "somebody else writes to this VM; run the same command again"
                }
                "ScopeLocked" => "a lock forbids the write: remove it, or leave this VM out",
                _ => return None,
            },
            Kind::NotAzure { .. } => {
                "check the network: a proxy or a sign-in page may have answered instead"
            }
            Kind::Unreachable { .. } => {
                "check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again"
            }
            Kind::SignIn { help, .. } => return Some(escape(help).into_owned()),
            Kind::NotStarted { .. } => {
                "look at the VM in the portal: its size may be sold out in its region or zone"
            }
            Kind::Foreign { .. } => {
                "something between you and Azure changes its answers; nothing was sent to that host"
            }
            Kind::TooSlow { .. } => {
                "look at the VM in the portal; running the same command again is safe"
            }
        };
        Some(help.to_owned())
    }

    /// Whether it is certain that a write which ended so did nothing: Azure refused it.
    pub fn is_definite(&self) -> bool {
        match &self.kind {
            Kind::Refused { status, .. } => (400..500).contains(status) && *status != 408,
            Kind::SignIn { .. } => true,
            _ => false,
        }
    }

    /// How long to wait before attempt number `attempt` + 1, where another may help: throttled, overloaded, broken off, or
    /// somebody else wrote at the same moment. A wait that is longer than a person's patience is not begun.
    pub fn pause(&self, attempt: u32) -> Option<Duration> {
        const MOST_ATTEMPTS: u32 = 5;
        const PATIENCE: Duration = Duration::from_secs(60);
        let asked = match &self.kind {
            Kind::Refused {
                status: 408 | 429 | 500 | 502 | 503 | 504,
                retry_after,
                ..
            } => *retry_after,
            Kind::Refused { code, .. } if code == "ConflictingConcurrentWriteNotAllowed" => None,
            Kind::NotAzure {
                status: 408 | 429 | 500..=599,
                ..
            }
            | Kind::Unreachable { .. } => None,
            _ => return None,
        };
        let own = Duration::from_millis(200) * 2_u32.saturating_pow(attempt.saturating_sub(1));
        let pause = asked.map_or(own, |seconds| own.max(Duration::from_secs(seconds)));
        (attempt < MOST_ATTEMPTS && pause <= PATIENCE).then_some(pause)
    }

    /// Whether Azure says that the identity may not do this.
    pub fn is_forbidden(&self) -> bool {
        matches!(&self.kind, Kind::Refused { status: 403, .. })
    }

    /// Whether Azure says that the resource group does not exist.
    pub fn is_no_such_group(&self) -> bool {
        matches!(&self.kind, Kind::Refused { code, .. } if code == "ResourceGroupNotFound")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.kind)
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused {
                status,
                code,
                message,
                retry_after,
            } => {
                write!(f, "Azure answered {status}")?;
                if !code.is_empty() {
                    write!(f, " {}", escape(code))?;
                }
                if !message.is_empty() {
                    write!(f, ": {}", escape(message.trim_end_matches('.')))?;
                }
                match retry_after {
                    Some(seconds) => write!(f, " (it asks to wait {seconds} s)"),
                    None => Ok(()),
                }
            }
            Self::NotAzure { status, what } => {
                write!(f, "what answered ({status}) is not Azure: {what}")
            }
            Self::Unreachable { why } => write!(f, "no answer: {}", escape(why)),
            Self::NotStarted { why } => write!(f, "it did not start: {}", escape(why)),
            Self::SignIn { why, .. } => f.write_str(&escape(why)),
            Self::Foreign { host } => {
                write!(
                    f,
                    "the answer sends azlin on to another host, {}",
                    quote(host)
                )
            }
            Self::TooSlow { seconds } => write!(f, "not done after {seconds} s"),
        }
    }
}

/// Azure's error body; Compute leaves the wrapper out of its 429s (Microsoft's documentation of its throttling).
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Wrapped { error: Reason },
    Bare(Reason),
}

#[derive(Default, Deserialize)]
struct Reason {
    code: String,
    #[serde(default)]
    message: String,
}

impl Kind {
    /// The refusal in an answer with a status that is no success.
    pub(super) fn refusal(status: u16, body: &[u8], retry_after: Option<u64>) -> Self {
        let reason = match serde_json::from_slice(body) {
            Ok(Body::Wrapped { error: reason } | Body::Bare(reason)) => reason,
            Err(_) if body.is_empty() => Reason::default(),
            Err(_) => {
                let what = quote(&String::from_utf8_lossy(body));
                return Self::NotAzure { status, what };
            }
        };
        let Reason { code, message } = reason;
        Self::Refused {
            status,
            code,
            message,
            retry_after,
        }
    }
}

/// The innermost of an error and its causes: the one that says what happened, where the others only say where.
pub(super) fn root(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}
