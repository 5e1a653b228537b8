//! [`Denial`]: an answer in which Azure rejects a request, in Azure's words and in azlin's.

use std::collections::BTreeSet;
use std::fmt;

use super::reason::{Reason, plain_words};
use super::violation::identified;
use super::wording::{between, locks, missing_permission, missing_resource, named, role, versions};
use crate::model::SubscriptionId;
use crate::text::{and, escape};

/// An answer in which Azure rejects a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denial {
    /// The HTTP status.
    pub status: u16,
    /// Azure's code for the reason, such as `AuthorizationFailed`. May be empty.
    pub code: String,
    /// Azure's explanation. May be empty.
    pub message: String,
    /// The whole reason, with its details and policies.
    reason: Reason,
    /// The subscription of the request.
    pub(super) subscription: Option<SubscriptionId>,
    /// True if nothing is cut from messages.
    pub(super) is_whole: bool,
}

/// The starts of the parts of a message that only Microsoft's support needs.
const IDS: [&str; 9] = [
    " Policy identifiers:",
    " See error details for policy resource IDs",
    " Diagnostic information:",
    " For more details please go to ",
    " Tracking id",
    " Correlation id",
    " RequestId:",
    " Request id",
    " Trace ID:",
];

impl Denial {
    /// The denial in an answer, or none if the body is not Azure's.
    pub(super) fn read(status: u16, body: &[u8]) -> Option<Self> {
        match Reason::read(body) {
            Some(reason) => Some(Self::of(status, reason)),
            None if body.is_empty() => Some(Self::of(status, Reason::default())),
            None => None,
        }
    }

    /// The denial in an answer of Azure's whose `body` is a page or a text.
    pub(super) fn in_words(status: u16, body: &[u8]) -> Self {
        let message = plain_words(body);
        Self::of(
            status,
            Reason {
                message,
                ..Reason::default()
            },
        )
    }

    fn of(status: u16, mut reason: Reason) -> Self {
        // A code that repeats the status says nothing.
        if reason.code == status.to_string() {
            reason.code.clear();
        }
        Self {
            status,
            code: reason.code.clone(),
            message: reason.message.clone(),
            reason,
            subscription: None,
            is_whole: false,
        }
    }

    /// Azure's own words, not yet escaped.
    pub(super) fn said(&self) -> String {
        let (code, message) = (&self.code, self.readable(&self.message));
        let space = if code.is_empty() { "" } else { " " };
        let colon = if message.is_empty() { "" } else { ": " };
        let details = self.details(&message);
        format!(
            "Azure returned {}{space}{code}{colon}{message}{details}",
            self.status
        )
    }

    /// `message` without its last full stop, and without ids and what no one reads on, unless messages are whole.
    fn readable(&self, message: &str) -> String {
        const MOST: usize = 1000;
        if self.is_whole {
            return message.trim_end_matches('.').to_owned();
        }
        let ids = IDS.iter().filter_map(|start| message.find(start)).min();
        let text = message
            .get(..ids.unwrap_or(message.len()))
            .unwrap_or(message);
        match text.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
            None => text.trim_end_matches('.').to_owned(),
        }
    }

    /// The details of the reason in brackets, except what is already in `told`.
    fn details(&self, told: &str) -> String {
        const MOST: usize = 5;
        let mut told = vec![told.to_owned()];
        let mut shown: Vec<String> = Vec::new();
        for detail in self.reason.all().into_iter().skip(1) {
            let (code, message) = (&detail.code, self.readable(&detail.message));
            let colon = if code.is_empty() || message.is_empty() {
                ""
            } else {
                ": "
            };
            let text = format!("{code}{colon}{message}");
            let news = if message.is_empty() { code } else { &message };
            if !news.is_empty() && !told.iter().any(|old| old.contains(news)) {
                told.push(text.clone());
                shown.push(text);
            }
        }
        let more = shown.len().saturating_sub(MOST);
        if more > 0 && !self.is_whole {
            shown.truncate(MOST);
            shown.push(format!("and {more} more, see --verbose"));
        }
        if shown.is_empty() {
            return String::new();
        }
        format!(" ({})", shown.join("; "))
    }

    /// Returns true if the same request may succeed later.
    pub(super) fn passes(&self) -> bool {
        matches!(self.status, 408 | 429 | 500 | 502 | 503 | 504)
            || self.code == "ConflictingConcurrentWriteNotAllowed"
    }

    /// The reason in azlin's words, if they are clearer than Azure's. They are escaped.
    fn words(&self) -> Option<String> {
        let message = self.message.as_str();
        let words = match self.code.as_str() {
            _ if self.status == 429 => self.throttling(),
            "AuthorizationFailed" => missing_permission(message)?,
            "ScopeLocked" => format!("blocked by {}", locks(message)?),
            "ResourceNotFound" => missing_resource(message)?,
            "ResourceGroupNotFound" => {
                let group = between(message, "Resource group '", "'")?;
                format!("the resource group {} was not found", named(group))
            }
            "ReadOnlyDisabledSubscription" => "the subscription is disabled".to_owned(),
            "ConflictingConcurrentWriteNotAllowed" => {
                "someone else is writing to the VM at the same time".to_owned()
            }
            "TooManyTags" => "the VM already has 50 tags, the most that Azure allows".to_owned(),
            "MissingSubscriptionRegistration" => {
                let namespace = self.namespace()?;
                format!(
                    "the subscription is not registered for the resource provider {}",
                    named(namespace)
                )
            }
            "InvalidApiVersionParameter" | "NoRegisteredProviderFound" | "InvalidResourceType" => {
                versions(message, self.is_whole)?
            }
            // A denial by policies may have another code, and theirs in its details.
            _ => self.policies()?,
        };
        Some(words)
    }

    /// The words for a 429, with Azure's first sentence: it says which limit was exceeded.
    fn throttling(&self) -> String {
        let sentence = self.message.split(". ").next().unwrap_or_default();
        let sentence = self.readable(sentence);
        let colon = if sentence.is_empty() { "" } else { ": " };
        let details = self.details(&self.message);
        let limit = format!("{colon}{sentence}{details}");
        format!("Azure is throttling requests{}", escape(&limit))
    }

    /// The words if policies deny the request: each policy, Azure's message and the reasons that it lacks.
    fn policies(&self) -> Option<String> {
        let all = self.reason.all();
        let violations: Vec<_> = all.iter().flat_map(|reason| &reason.violations).collect();
        let mut names: Vec<String> = Vec::new();
        for violation in &violations {
            names.push(violation.policy.clone());
        }
        if names.is_empty() {
            names = identified(&self.message);
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let names: Vec<String> = names.iter().map(|name| named(name)).collect();
        let mut words = match names.as_slice() {
            [] => return None,
            [one] => format!("denied by the policy {one}"),
            several => format!("denied by the policies {}", and(several)),
        };
        let said = self.readable(&self.message);
        if !said.is_empty() {
            words += &format!(": {}", escape(&said));
        }
        for violation in violations {
            let reason = violation.reason.trim_end_matches('.');
            if !reason.is_empty() && !said.contains(reason) {
                words += &format!("; {}: {}", named(&violation.policy), escape(reason));
            }
        }
        Some(words + &escape(&self.details(&said)))
    }

    /// The resource provider for which the subscription is not registered, if its name is safe in a command.
    fn namespace(&self) -> Option<&str> {
        let all = self.reason.all();
        let mut names = all.into_iter().flat_map(|reason| {
            [
                between(&reason.message, "namespace '", "'"),
                Some(&*reason.target),
            ]
        });
        let is_safe = |name: &str| {
            let mut parts = name.split('.');
            name.contains('.')
                && parts
                    .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        };
        names.find_map(|name| name.filter(|name| is_safe(name)))
    }

    /// The next action, if azlin knows one: for the reason, or for one of its details.
    pub(super) fn help(&self) -> Option<String> {
        let all = self.reason.all();
        let known = all.iter().find_map(|reason| self.help_with(reason));
        let is_azures_fault = self.status >= 500;
        known.or_else(|| {
            let help = "run the same command again later: this is a fault in Azure (see azure.status.microsoft)";
            is_azures_fault.then(|| help.to_owned())
        })
    }

    fn help_with(&self, reason: &Reason) -> Option<String> {
        let help = match reason.code.as_str() {
            "AuthorizationFailed" => {
                return Some(format!(
                    "ask for {}; a new role assignment takes a few minutes to take effect",
                    role(&reason.message)
                ));
            }
            "MissingSubscriptionRegistration" => {
                let namespace = self.namespace()?;
                let subscription = self.subscription.as_ref();
                let flag =
                    subscription.map_or_else(String::new, |id| format!(" --subscription {id}"));
                return Some(format!(
                    "register it: az provider register --namespace {namespace}{flag}"
                ));
            }
            "InvalidApiVersionParameter" | "NoRegisteredProviderFound" | "InvalidResourceType"
                if versions(&reason.message, true).is_some() =>
            {
                "check `cloud` and --endpoint, or ask whoever runs this Azure to update it: azlin requires that api-version"
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
            "ScopeLocked" => "remove the lock, or ask whoever set it to remove it",
            "TooManyTags" => "remove a tag: azlin tag list VM, then azlin tag remove VM KEY",
            _ => return None,
        };
        Some(help.to_owned())
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn denial(status: u16, error: &Value) -> Denial {
        let body = json!({ "error": error }).to_string();
        Denial::read(status, body.as_bytes()).unwrap()
    }

    fn said(status: u16, code: &str, message: &str) -> String {
        denial(status, &json!({ "code": code, "message": message })).to_string()
    }

    #[test]
    fn fifty_tags_are_concluded_from_the_code_alone() {
        let message = "Invalid tags on the resource: 50 characters are the most for a key.";
        assert_eq!(
            said(400, "InvalidTagName", message),
            "Azure returned 400 InvalidTagName: Invalid tags on the resource: 50 characters are the most for a key"
        );
        assert_eq!(
            said(400, "TooManyTags", "Zu viele."),
            "the VM already has 50 tags, the most that Azure allows (400 TooManyTags)"
        );
    }

    #[test]
    fn azures_words_stay_where_azlin_has_no_better_ones() {
        for (code, message, expected) in [
            (
                "AuthorizationFailed",
                "No.",
                "Azure returned 403 AuthorizationFailed: No",
            ),
            (
                "AuthorizationFailed",
                "The client 'id' with object id 'id' does not have authorization to perform action 'a/read' over scope '/s' or the scope is invalid.",
                "the identity `id` lacks the permission `a/read` on /s (403 AuthorizationFailed)",
            ),
            (
                "LinkedAuthorizationFailed",
                "The client has permission to perform action 'a' on scope '/s'; however, it lacks 'b' on '/t'.",
                "Azure returned 403 LinkedAuthorizationFailed: The client has permission to perform action 'a' on scope '/s'; however, it lacks 'b' on '/t'",
            ),
            (
                "ScopeLocked",
                "The scope 'x' cannot perform write operation because following scope(s) are locked: '/subscriptions/s,/subscriptions/s/resourceGroups/g'. Please remove the lock and try again.",
                "blocked by a lock on the subscription, scope /subscriptions/s and a lock on the resource group `g`, scope /subscriptions/s/resourceGroups/g (403 ScopeLocked)",
            ),
            (
                "ScopeLocked",
                "locks are locked: '/subscriptions/s/providers/Microsoft.Authorization/locks/keep'.",
                "blocked by the lock `keep` on the subscription, scope /subscriptions/s (403 ScopeLocked)",
            ),
            (
                "ScopeLocked",
                "It is locked.",
                "Azure returned 403 ScopeLocked: It is locked",
            ),
            (
                "ResourceNotFound",
                "The Resource 'Microsoft.Network/networkInterfaces/n' under resource group 'g' was not found. For more details please go to https://aka.ms/x",
                "the resource `Microsoft.Network/networkInterfaces/n` was not found in the resource group `g` (403 ResourceNotFound)",
            ),
            (
                "RequestDisallowedByPolicy",
                r#"No. Policy identifiers: '[{"policyAssignment":{"name":"P"}}]'."#,
                "denied by the policy `P`: No (403 RequestDisallowedByPolicy)",
            ),
            ("403", "No.", "Azure returned 403: No"),
            (
                "X",
                "Failed. Diagnostic information: 7",
                "Azure returned 403 X: Failed",
            ),
            ("X", "a\u{1b}[2Jb", r"Azure returned 403 X: a\u{1b}[2Jb"),
        ] {
            assert_eq!(said(403, code, message), expected);
        }
    }

    #[test]
    fn details_are_told_once_and_not_without_end() {
        let detail = |code: &str, message: &str| json!({ "code": code, "message": message });
        let all = |details: Vec<Value>| {
            let error =
                json!({ "code": "Multiple", "message": "See details.", "details": details });
            denial(409, &error).to_string()
        };
        assert_eq!(
            all(vec![
                detail("A", "one."),
                detail("A", "one."),
                detail("B", "See details.")
            ]),
            "Azure returned 409 Multiple: See details (A: one)"
        );
        let many = (0..9).map(|number| detail(&format!("C{number}"), &format!("m{number}")));
        assert_eq!(
            all(many.collect()),
            "Azure returned 409 Multiple: See details (C0: m0; C1: m1; C2: m2; C3: m3; C4: m4; and 4 more, see --verbose)"
        );
    }

    #[test]
    fn policies_are_named_from_details_too() {
        let info = |name: &str| json!([{ "type": "PolicyViolation", "info": { "policyAssignmentName": name } }]);
        let detail = |name: &str| json!({ "code": "RequestDisallowedByPolicy", "message": format!("{name} says no."), "additionalInfo": info(name) });
        let error = json!({ "code": "InvalidTemplateDeployment", "message": "Failed.", "details": [detail("P"), detail("Q"), detail("P")] });
        let denial = denial(400, &error);
        assert_eq!(
            denial.to_string(),
            "denied by the policies `P` and `Q`: Failed (RequestDisallowedByPolicy: P says no; RequestDisallowedByPolicy: Q says no) (400 InvalidTemplateDeployment)"
        );
        assert!(denial.help().unwrap().contains("exemption"));
    }

    #[test]
    fn a_detail_has_its_help() {
        let error = json!({ "code": "MultipleErrorsOccurred", "details": [{ "code": "ScopeLocked", "message": "x" }] });
        let help = denial(409, &error).help();
        assert_eq!(
            help.as_deref(),
            Some("remove the lock, or ask whoever set it to remove it")
        );
    }

    #[test]
    fn only_a_plain_namespace_gets_into_a_command() {
        let help = |namespace: &str| {
            let message =
                format!("The subscription is not registered to use namespace '{namespace}'.");
            denial(
                409,
                &json!({ "code": "MissingSubscriptionRegistration", "message": message }),
            )
            .help()
        };
        assert_eq!(
            help("Microsoft.Compute").as_deref(),
            Some("register it: az provider register --namespace Microsoft.Compute")
        );
        for odd in ["", ".", "Microsoft", "a.b; rm -rf x", "a.$(x)", "a.`x`"] {
            assert_eq!(help(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_versions_on_offer_are_told() {
        let text = "The api-version '2024-03-01' is invalid. The supported versions are '2020-06-01,2019-03-01'.";
        assert_eq!(
            said(400, "InvalidApiVersionParameter", text),
            "this Azure does not support the api-version `2024-03-01`; it supports 2019-03-01 and 2020-06-01 (400 InvalidApiVersionParameter)"
        );
        let text = "The resource type 'x' could not be found in the namespace 'Microsoft.X' for api version '1'.";
        assert!(said(404, "InvalidResourceType", text).starts_with("Azure returned 404"));
    }
}
