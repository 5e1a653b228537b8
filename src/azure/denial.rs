//! [`Denial`]: an answer in which Azure rejects a request, in Azure's words and in azlin's.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::text::{escape, quote};

/// An answer in which Azure rejects a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denial {
    /// The HTTP status.
    pub status: u16,
    /// Azure's code for the reason, such as `AuthorizationFailed`. May be empty.
    pub code: String,
    /// Azure's explanation. May be empty.
    pub message: String,
    /// The display name of the policy that denies the request.
    pub policy: Option<String>,
    /// The seconds that Azure asks to wait before the next attempt.
    pub retry_after: Option<u64>,
}

/// Azure's error body. Compute omits the wrapper from its 429s (Microsoft's documentation of its throttling).
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Wrapped { error: Reason },
    Bare(Reason),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reason {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    additional_info: Vec<Value>,
}

impl Reason {
    /// The name of the policy that denied the request (Microsoft's documentation of `RequestDisallowedByPolicy`).
    fn policy(&self) -> Option<&str> {
        const NAMES: [&str; 3] = [
            "policyAssignmentDisplayName",
            "policyDefinitionDisplayName",
            "policyAssignmentName",
        ];
        let infos = self.additional_info.iter();
        let infos = infos.filter_map(|one| one.get("info"));
        let mut named = infos.flat_map(|info| NAMES.map(|name| info.get(name)?.as_str()));
        let named = named.find_map(|name| name.filter(|name| !name.is_empty()));
        named.or_else(|| between(&self.message, "\"policyAssignment\":{\"name\":\"", "\""))
    }
}

impl Denial {
    /// The denial in an answer, or none if the body is not Azure's.
    pub(super) fn read(status: u16, body: &[u8], retry_after: Option<u64>) -> Option<Self> {
        let reason = match serde_json::from_slice(body) {
            Ok(Body::Wrapped { error: reason } | Body::Bare(reason)) => reason,
            Err(_) if body.is_empty() => Reason::default(),
            Err(_) => return None,
        };
        Some(Self {
            status,
            policy: reason.policy().map(str::to_owned),
            code: reason.code,
            message: reason.message,
            retry_after,
        })
    }

    /// Azure's own words, not yet escaped.
    pub(super) fn said(&self) -> String {
        let (code, message) = (&self.code, self.message.trim_end_matches('.'));
        let space = if code.is_empty() { "" } else { " " };
        let colon = if message.is_empty() { "" } else { ": " };
        format!(
            "Azure returned {}{space}{code}{colon}{message}",
            self.status
        )
    }

    /// Returns true if the same request may succeed later.
    pub(super) fn passes(&self) -> bool {
        matches!(self.status, 408 | 429 | 500 | 502 | 503 | 504)
            || self.code == "ConflictingConcurrentWriteNotAllowed"
    }

    /// The reason in azlin's words, if they are clearer than Azure's.
    fn words(&self) -> Option<String> {
        let words = match self.code.as_str() {
            _ if self.status == 429 => "Azure is throttling requests".to_owned(),
            "AuthorizationFailed" => {
                let action = between(&self.message, "perform action '", "'")?;
                let identity = between(&self.message, "The client '", "'").map(quote);
                let scope = between(&self.message, "over scope '", "'");
                format!(
                    "the identity{} lacks the permission {}{}",
                    identity.map_or(String::new(), |name| format!(" {name}")),
                    quote(action),
                    scope.map_or(String::new(), |scope| format!(" on {}", escape(scope)))
                )
            }
            "ScopeLocked" => {
                let locked = between(&self.message, "are locked: '", "'")?;
                format!("blocked by {}", lock(locked))
            }
            "RequestDisallowedByPolicy" => {
                let policy = quote(self.policy.as_ref()?);
                let said = self.message.split(" Policy identifiers:").next();
                match said.unwrap_or_default().trim_end_matches('.') {
                    "" => format!("denied by the policy {policy}"),
                    said => format!("denied by the policy {policy}: {}", escape(said)),
                }
            }
            "ResourceNotFound" => "the VM was not found".to_owned(),
            "ReadOnlyDisabledSubscription" => "the subscription is disabled".to_owned(),
            "ResourceGroupNotFound" => "the resource group was not found".to_owned(),
            "ConflictingConcurrentWriteNotAllowed" => {
                "someone else is writing to the VM at the same time".to_owned()
            }
            _ if self.is_full() => {
                "the VM already has 50 tags, the most that Azure allows".to_owned()
            }
            _ => return None,
        };
        Some(words)
    }

    /// Returns true if the VM has no room for another tag. Azure does not document the code, but its message contains the limit.
    fn is_full(&self) -> bool {
        let message = self.message.to_lowercase();
        let says_so = message.contains("tags") && message.contains("50");
        self.status == 400 && (says_so || self.code == "TooManyTags")
    }

    /// The next action, if azlin knows one.
    pub(super) fn help(&self) -> Option<String> {
        let help = match self.code.as_str() {
            _ if self.status == 429 => {
                let Some(seconds) = self.retry_after else {
                    return Some("run the same command again later".to_owned());
                };
                let (wait, deadline) = (minutes(seconds), seconds.saturating_add(60));
                return Some(format!(
                    "run the same command again in {wait}, or let azlin wait: --deadline {deadline}"
                ));
            }
            "AuthorizationFailed" => {
                let role = self.role();
                return Some(format!(
                    "ask for {role}; a new role assignment takes a few minutes to take effect"
                ));
            }
            "RequestDisallowedByPolicy" => {
                "ask the policy's owner for an exemption, or for a name that it allows"
            }
            "ResourceNotFound" | "ResourceGroupNotFound" => {
                "run azlin plan again: someone may have deleted or moved it"
            }
            "SubscriptionNotFound" => {
                "check the subscription id, `cloud` and the tenant (azlin whoami shows them); this is not a permissions problem"
            }
            "ReadOnlyDisabledSubscription" => {
                "check the subscription in the Azure portal: it stays read-only until someone enables it again"
            }
            "ConflictingConcurrentWriteNotAllowed" => "run the same command again",
            "SandboxStateUnusable" => "fix the file, or start over: azlin sandbox reset",
            _ if self.status >= 500 => {
                "run the same command again later: this is a fault in Azure (see azure.status.microsoft)"
            }
            "ScopeLocked" => "remove the lock, or ask whoever set it to remove it",
            _ if self.is_full() => "remove a tag: azlin tag list VM, then azlin tag remove VM KEY",
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// The built-in role that includes the missing permission (Microsoft's list of built-in roles).
    fn role(&self) -> &'static str {
        let action = between(&self.message, "perform action '", "'");
        let action = action.unwrap_or_default().to_lowercase();
        if action.ends_with("/tags/write") {
            "the role Tag Contributor"
        } else if action.ends_with("/start/action") {
            "the role Virtual Machine Contributor"
        } else if action.ends_with("/read") {
            "the role Reader"
        } else {
            "the role that this command requires (see azlin guide sign-in)"
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, code) = (self.status, escape(&self.code));
        match self.words() {
            Some(words) if code.is_empty() => write!(f, "{words} ({status})"),
            Some(words) => write!(f, "{words} ({status} {code})"),
            None => f.write_str(&escape(&self.said())),
        }
    }
}

/// A duration for a message: `90 s`, `20 min`.
pub(super) fn minutes(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    }
}

/// The part of `text` between `start` and the next `end`.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

/// A description of a lock. Azure gives the id of the lock itself, or only that of the locked resource.
fn lock(id: &str) -> String {
    let end = |id: &str| {
        let parts: Vec<&str> = id.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            [_, _] => "the subscription".to_owned(),
            [_, _, _, group] => format!("the resource group {}", quote(group)),
            parts => quote(parts.last().unwrap_or(&id)),
        }
    };
    match id.rsplit_once("/providers/Microsoft.Authorization/locks/") {
        Some((locked, name)) => format!("the lock {} on {}", quote(name), end(locked)),
        None => format!("a lock on {}", end(id)),
    }
}
