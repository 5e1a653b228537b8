//! The output of `azlin whoami`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Paint;
use crate::json;
use crate::model::SubscriptionId;
use crate::text::escape;

/// The findings of `azlin whoami`. A field is empty if Azure did not return it.
#[derive(Clone, Debug, Serialize)]
pub struct Who {
    /// The credential's name in `--auth`, or "sandbox".
    pub way: &'static str,
    /// A description of the credential.
    #[serde(skip)]
    pub what: &'static str,
    /// The reason why azlin uses this credential.
    #[serde(skip)]
    pub why: String,
    /// The account that the token names.
    pub account: Option<String>,
    /// The tenant of the token.
    pub tenant: Option<String>,
    /// The subscription.
    pub subscription: Subscription,
    /// The address that requests go to.
    pub endpoint: String,
    /// The permissions that azlin uses.
    pub rights: Option<Vec<Right>>,
}

/// The subscription of a command.
#[derive(Clone, Debug, Serialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Azure's name for it.
    pub name: Option<String>,
    /// The source of its id.
    pub named_by: NamedBy,
}

/// The source of a subscription's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum NamedBy {
    /// `--subscription`.
    Flag,
    /// The file of this name.
    File(String),
    /// The environment variable.
    Variable(&'static str),
    /// The default subscription of `az`.
    Az,
    /// The sandbox, which has a default subscription.
    Sandbox,
}

/// A permission on the subscription.
#[derive(Clone, Debug, Serialize)]
pub struct Right {
    /// Its name in Azure.
    pub action: &'static str,
    /// True if the identity has it.
    pub granted: bool,
    /// The commands that require it.
    #[serde(skip)]
    pub used_by: &'static str,
}

/// The word in JSON.
impl From<NamedBy> for &'static str {
    fn from(named_by: NamedBy) -> Self {
        match named_by {
            NamedBy::Flag => "flag",
            NamedBy::File(_) => "file",
            NamedBy::Variable(_) => "environment",
            NamedBy::Az => "az",
            NamedBy::Sandbox => "sandbox",
        }
    }
}

impl Who {
    /// Text for people. Omits unknown values.
    pub fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        let mut say = |name: &str, value: &str| text += &format!("{name:<14}{value}\n");
        let why = escape(&self.why);
        say("credential", &format!("{} ({why})", self.what));
        for (name, value) in [("account", &self.account), ("tenant", &self.tenant)] {
            if let Some(value) = value {
                say(name, &escape(value));
            }
        }
        let Subscription { id, name, named_by } = &self.subscription;
        let by = match named_by {
            NamedBy::Flag => "--subscription",
            NamedBy::File(name) => name,
            NamedBy::Variable(name) => name,
            NamedBy::Az => "az's default",
            NamedBy::Sandbox => "the sandbox",
        };
        let name = name.as_ref().map(|name| format!("{} ", escape(name)));
        let name = name.unwrap_or_default();
        say("subscription", &format!("{name}{id} (from {by})"));
        say("endpoint", &self.endpoint);
        text + &self.rights(paint)
    }

    fn rights(&self, paint: Paint) -> String {
        let Some(rights) = &self.rights else {
            return String::new();
        };
        let widths = rights.iter().map(|right| right.action.len());
        let width = widths.max().unwrap_or(0);
        let mut text =
            "\npermissions on the whole subscription, and the commands that require them:\n"
                .to_owned();
        let mut lacks_one = false;
        for right in rights {
            let mut word = paint.green("yes");
            if !right.granted {
                word = paint.red("no ");
                lacks_one = true;
            }
            text += &format!("  {word}  {:<width$}  {}\n", right.action, right.used_by);
        }
        if lacks_one {
            text += "This leaves out roles on single resource groups. Reader and Tag Contributor cover everything except starting VMs.\n";
        }
        text
    }
}

/// JSON for programs: one object for one subscription, a list for several.
pub fn whoami_json(all: &[&Who]) -> String {
    #[derive(Serialize)]
    struct Document<T> {
        format_version: &'static str,
        #[serde(flatten)]
        body: T,
    }
    let format_version = json::FORMAT;
    let document = |body| Document {
        format_version,
        body,
    };
    let documents: Vec<_> = all.iter().map(document).collect();
    if let [only] = documents.as_slice() {
        return json::ascii(only);
    }
    let body = BTreeMap::from([("subscriptions", documents)]);
    json::ascii(&Document {
        format_version,
        body,
    })
}
