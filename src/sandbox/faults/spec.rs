//! A fault as a person writes it: `[vm=NAME:|subscription=ID:]KIND[:key=value,…]`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::fault::{Fault, Kind, Place, Reach, Scope, Share, VmName};
use crate::sandbox::guid;
use crate::sandbox::route::Resource;

/// The kinds, each with the keys of its own. Those that begin with `on` can be told which requests to meet.
pub const KINDS: &[(&str, &[&str])] = &[
    ("throttle", &["on", "list", "retry-after", "body"]),
    (
        "budget",
        &["writes", "per-second", "reads", "reads-per-second"],
    ),
    ("status", &["on", "list", "status", "when"]),
    ("drop", &["on", "list", "when"]),
    ("cut", &["on", "list"]),
    ("not-json", &["on", "list"]),
    ("html", &["on", "list", "status"]),
    ("conflict", &[]),
    ("expired-token", &["on", "list"]),
    ("claims", &["on", "list"]),
    ("wrong-tenant", &["on", "list"]),
    ("forbidden", &["on", "list"]),
    ("scope-locked", &["at"]),
    ("policy-denied", &[]),
    ("policy-modified", &["value", "drop", "tag"]),
    ("disabled-subscription", &[]),
    ("accepted", &["shows-after"]),
    ("stale", &["reads"]),
    ("tag-limit", &[]),
    ("gone", &[]),
    ("group-gone", &[]),
    ("odd-vm", &["how"]),
];

/// The keys of every kind.
const COMMON: &[&str] = &["every", "first", "rate", "seed"];

impl Fault {
    /// Reads one fault.
    ///
    /// # Errors
    /// What is wrong with the text, and what there is instead.
    pub fn parse(text: &str) -> Result<Fault, String> {
        let (scope, rest) = Scope::read(text)?;
        let (name, settings) = rest.split_once(':').unwrap_or((rest, ""));
        let Some((name, own)) = KINDS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            return Err(unknown("fault", name, "the kinds are", &names));
        };
        let settings = Settings::read(name, own, settings)?;
        let kind = Kind::read(name, &settings)?;
        Ok(Fault {
            name,
            reach: reach(&kind, &scope, &settings)?,
            kind,
            scope,
            every: settings.number("every", 1, 1..=u64::MAX)?,
            first: settings.optional("first")?,
            share: settings.share()?,
        })
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        Fault::parse(text)
    }
}

impl Scope {
    /// Whom a fault's text names in front, and the rest of the text.
    fn read(text: &str) -> Result<(Scope, &str), String> {
        let kind_after = |what| format!("after `{what}:` comes the kind of the fault");
        if let Some(rest) = text.strip_prefix("vm=") {
            let split = rest.split_once(':');
            let (vm, rest) = split.ok_or_else(|| kind_after("vm=NAME"))?;
            return Ok((Scope::Vm(VmName::parse(vm)?), rest));
        }
        if let Some(rest) = text.strip_prefix("subscription=") {
            let split = rest.split_once(':');
            let (id, rest) = split.ok_or_else(|| kind_after("subscription=ID"))?;
            let guid = guid::parse(id).ok_or_else(|| {
                let shown = id.escape_debug();
                format!("`subscription={shown}` is no subscription: write its id, a GUID")
            })?;
            return Ok((Scope::Subscription(guid), rest));
        }
        Ok((Scope::All, text))
    }
}

impl VmName {
    fn parse(text: &str) -> Result<VmName, String> {
        let (group, name) = match text.split_once('/') {
            Some((group, name)) => (Some(group), name),
            None => (None, text),
        };
        if name.is_empty() || name.contains('/') || group.is_some_and(str::is_empty) {
            let shown = text.escape_debug();
            return Err(format!(
                "`vm={shown}` is neither `vm=NAME` nor `vm=GROUP/NAME`"
            ));
        }
        Ok(VmName {
            group: group.map(str::to_owned),
            name: name.to_owned(),
        })
    }
}

impl Kind {
    fn read(name: &str, settings: &Settings<'_>) -> Result<Kind, String> {
        let any = 0..=u64::MAX;
        let after = || Ok::<_, String>(settings.choice("when", &["before", "after"])? == "after");
        Ok(match name {
            "throttle" => Kind::Throttle {
                retry_after: settings.number("retry-after", 2, any)?,
                compute: settings.choice("body", &["arm", "compute"])? == "compute",
            },
            "budget" => Kind::Budget {
                writes: settings.number("writes", 200, 1..=1_000_000)?,
                per_second: settings.number("per-second", 10, 1..=1_000_000)?,
                reads: settings.number("reads", 250, 1..=1_000_000)?,
                reads_per_second: settings.number("reads-per-second", 25, 1..=1_000_000)?,
            },
            "status" => Kind::Status {
                status: settings.status(&["500", "408", "502", "503", "504"])?,
                after: after()?,
            },
            "drop" => Kind::Drop { after: after()? },
            "cut" => Kind::Cut,
            "not-json" => Kind::NotJson,
            "html" => Kind::Html {
                status: settings.status(&["200", "403", "502", "503"])?,
            },
            "conflict" => Kind::Conflict,
            "expired-token" => Kind::ExpiredToken,
            "claims" => Kind::Claims,
            "wrong-tenant" => Kind::WrongTenant,
            "forbidden" => Kind::Forbidden,
            "scope-locked" => Kind::ScopeLocked {
                at: match settings.choice("at", &["vm", "group", "subscription"])? {
                    "vm" => Place::Vm,
                    "group" => Place::Group,
                    _ => Place::Subscription,
                },
            },
            "policy-denied" => Kind::PolicyDenied,
            "policy-modified" => {
                let drop = settings.choice("drop", &["false", "true"])? == "true";
                let value = settings.text("value", "policy-name");
                Kind::PolicyModified {
                    tag: settings.text("tag", "azlin_session").to_owned(),
                    value: (!drop).then(|| value.to_owned()),
                }
            }
            "disabled-subscription" => Kind::DisabledSubscription,
            "accepted" => Kind::Accepted {
                shows_after: settings.number("shows-after", 2, any)?,
            },
            "stale" => Kind::Stale {
                reads: settings.number("reads", 2, any)?,
            },
            "tag-limit" => Kind::TagLimit,
            "gone" => Kind::Gone,
            "group-gone" => Kind::GroupGone,
            _ => Kind::OddVm {
                unreadable: settings.choice("how", &["fields", "id"])? == "id",
            },
        })
    }
}

/// The requests that this kind meets: those that it means something to, or those that `on` and `list` name.
fn reach(kind: &Kind, scope: &Scope, settings: &Settings<'_>) -> Result<Reach, String> {
    Ok(match kind {
        Kind::Conflict
        | Kind::ScopeLocked { .. }
        | Kind::PolicyDenied
        | Kind::DisabledSubscription => Reach::Writes,
        Kind::PolicyModified { .. }
        | Kind::Accepted { .. }
        | Kind::Stale { .. }
        | Kind::TagLimit => Reach::TagWrites,
        Kind::Gone => Reach::OfVm,
        Kind::GroupGone => Reach::OfGroup,
        Kind::OddVm { .. } => Reach::List(Resource::Vms),
        _ if settings.given.contains_key("list") => {
            if matches!(scope, Scope::Vm(_)) {
                return Err("`list` goes without `vm=`: a list is of many VMs".to_owned());
            }
            if settings.given.contains_key("on") {
                return Err("`list` goes without `on`: a list is only read".to_owned());
            }
            Reach::List(match settings.choice("list", &["vms", "nics", "ips"])? {
                "vms" => Resource::Vms,
                "nics" => Resource::Nics,
                _ => Resource::PublicIps,
            })
        }
        _ => match settings.choice("on", &["all", "reads", "writes"])? {
            "reads" => Reach::Reads,
            "writes" => Reach::Writes,
            _ => Reach::All,
        },
    })
}

/// The `key=value` part of a fault.
struct Settings<'a> {
    given: BTreeMap<&'a str, &'a str>,
}

impl<'a> Settings<'a> {
    fn read(kind: &str, own: &[&str], text: &'a str) -> Result<Settings<'a>, String> {
        let mut given = BTreeMap::new();
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !own.contains(&key) && !COMMON.contains(&key) {
                let known = [own, COMMON].concat();
                return Err(unknown("key", key, &format!("`{kind}` takes"), &known));
            }
            if value.is_empty() {
                return Err(format!("`{key}` has no value: write `{key}=…`"));
            }
            if given.insert(key, value).is_some() {
                return Err(format!("`{key}` is there twice"));
            }
        }
        Ok(Settings { given })
    }

    fn text<'t>(&'t self, key: &str, default: &'t str) -> &'t str {
        self.given.get(key).copied().unwrap_or(default)
    }

    fn optional(&self, key: &str) -> Result<Option<u64>, String> {
        let number = |_| self.number(key, 0, 0..=u64::MAX);
        self.given.get(key).map(number).transpose()
    }

    fn number(&self, key: &str, default: u64, range: RangeInclusive<u64>) -> Result<u64, String> {
        let Some(text) = self.given.get(key) else {
            return Ok(default);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let shown = text.escape_debug();
            let most = match *range.end() {
                u64::MAX => String::new(),
                most => format!(" up to {most}"),
            };
            format!(
                "`{key}={shown}`: it takes a whole number from {}{most}",
                range.start()
            )
        })
    }

    /// The one of `words` that was chosen; the first of them is the default.
    fn choice<'w>(&self, key: &str, words: &[&'w str]) -> Result<&'w str, String> {
        let default = words.first().copied().unwrap_or_default();
        let text = self.text(key, default);
        let found = words.iter().find(|word| **word == text).copied();
        found.ok_or_else(|| unknown("value", text, &format!("`{key}` takes"), words))
    }

    fn status(&self, words: &[&str]) -> Result<u16, String> {
        Ok(self.choice("status", words)?.parse().unwrap_or(500))
    }

    fn share(&self) -> Result<Option<Share>, String> {
        let seed = self.optional("seed")?;
        let Some(text) = self.given.get("rate") else {
            return match seed {
                Some(_) => Err("`seed` goes with `rate`".to_owned()),
                None => Ok(None),
            };
        };
        let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
        let rate = rate.ok_or_else(|| {
            let shown = text.escape_debug();
            format!("`rate={shown}`: it takes a share from 0 to 1, such as 0.1")
        })?;
        let seed = seed.unwrap_or_default();
        Ok(Some(Share { rate, seed }))
    }
}

/// The message that `word` is unknown, with the nearest of those `known` and all of them.
fn unknown(what: &str, word: &str, takes: &str, known: &[&str]) -> String {
    const LONGEST: usize = 100;
    let shown: String = word.chars().take(LONGEST).collect();
    let nearest = similar::get_close_matches(shown.as_str(), known, 1, 0.6);
    let meant = match nearest.first() {
        Some(nearest) => format!(" (did you mean `{nearest}`?)"),
        None => String::new(),
    };
    let known = known.join(", ");
    format!(
        "unknown {what} `{}`{meant}; {takes} {known}",
        shown.escape_debug()
    )
}
