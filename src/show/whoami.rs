//! Who azlin is to Azure.

use serde::Serialize;

use super::Paint;
use crate::json;
use crate::model::SubscriptionId;
use crate::text::escape;

/// What `azlin whoami` found out.
#[derive(Clone, Debug)]
pub struct Who {
    /// The way of signing in as `--auth` takes it, or "sandbox".
    pub way: &'static str,
    /// What that is, for a person.
    pub what: &'static str,
    /// What decided for it.
    pub why: String,
    /// Who the token is for, as it says.
    pub account: Option<String>,
    /// The tenant of the token.
    pub tenant: Option<String>,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// What Azure calls it, once it has said.
    pub name: Option<String>,
    /// What named it.
    pub named_by: NamedBy,
    /// Where requests go.
    pub endpoint: String,
    /// The rights that azlin can use, once Azure has said.
    pub rights: Option<Vec<Right>>,
}

/// What named the subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// `--subscription`.
    Flag,
    /// The file of this name.
    File(String),
    /// The environment variable.
    Variable(&'static str),
    /// The default of `az`.
    Az,
    /// The sandbox, which has one.
    Sandbox,
}

/// A right on the subscription.
#[derive(Clone, Debug, Serialize)]
pub struct Right {
    /// Azure's name of it.
    pub action: &'static str,
    /// Whether the identity has it.
    pub granted: bool,
    /// What for.
    #[serde(skip)]
    pub used_by: &'static str,
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'a str,
    way: &'a str,
    account: &'a Option<String>,
    tenant: &'a Option<String>,
    subscription: Subscription<'a>,
    endpoint: &'a str,
    rights: &'a Option<Vec<Right>>,
}

#[derive(Serialize)]
struct Subscription<'a> {
    id: &'a str,
    name: &'a Option<String>,
    named_by: &'a str,
}

impl NamedBy {
    /// For a person.
    fn phrase(&self) -> String {
        match self {
            Self::Flag => "--subscription".to_owned(),
            Self::File(name) => name.clone(),
            Self::Variable(name) => (*name).to_owned(),
            Self::Az => "az's default".to_owned(),
            Self::Sandbox => "the sandbox".to_owned(),
        }
    }

    /// For a program.
    fn word(&self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::File(_) => "file",
            Self::Variable(_) => "environment",
            Self::Az => "az",
            Self::Sandbox => "sandbox",
        }
    }
}

impl Who {
    /// For people; what is not known yet is left out.
    pub fn text(&self, paint: Paint) -> String {
        let mut lines = vec![(
            "signed in by",
            format!("{} ({})", self.what, escape(&self.why)),
        )];
        let mut known = |name, value: &Option<String>| {
            let value = value.as_ref().map(|value| escape(value).into_owned());
            lines.extend(value.map(|value| (name, value)));
        };
        known("account", &self.account);
        known("tenant", &self.tenant);
        let by = self.named_by.phrase();
        let subscription = match &self.name {
            Some(name) => format!("{} {} (named by {by})", escape(name), self.subscription),
            None => format!("{} (named by {by})", self.subscription),
        };
        lines.push(("subscription", subscription));
        lines.push(("endpoint", self.endpoint.clone()));
        let lines = lines
            .iter()
            .map(|(name, value)| format!("{name:<14}{value}\n"));
        lines.collect::<String>() + &self.rights(paint)
    }

    fn rights(&self, paint: Paint) -> String {
        let Some(rights) = &self.rights else {
            return String::new();
        };
        let width = rights
            .iter()
            .map(|right| right.action.len())
            .max()
            .unwrap_or(0);
        let line = |right: &Right| {
            let word = match right.granted {
                true => paint.green("yes"),
                false => paint.red("no "),
            };
            format!("  {word}  {:<width$}  {}\n", right.action, right.used_by)
        };
        let mut text = "\nrights on the whole subscription, and what needs them:\n".to_owned();
        text.extend(rights.iter().map(line));
        if rights.iter().any(|right| !right.granted) {
            text += "A role on a resource group only is not counted. Reader and Tag Contributor give all but starting VMs.\n";
        }
        text
    }

    fn document(&self) -> Document<'_> {
        Document {
            format_version: json::FORMAT,
            way: self.way,
            account: &self.account,
            tenant: &self.tenant,
            subscription: Subscription {
                id: self.subscription.as_str(),
                name: &self.name,
                named_by: self.named_by.word(),
            },
            endpoint: &self.endpoint,
            rights: &self.rights,
        }
    }
}

/// For programs: of one subscription, or of several in a list.
pub fn whoami_json(all: &[&Who]) -> String {
    #[derive(Serialize)]
    struct Several<'a> {
        format_version: &'a str,
        subscriptions: Vec<Document<'a>>,
    }
    match all {
        [only] => json::ascii(&only.document()),
        all => json::ascii(&Several {
            format_version: json::FORMAT,
            subscriptions: all.iter().map(|who| who.document()).collect(),
        }),
    }
}
