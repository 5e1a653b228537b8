//! Parses a fault: `[vm=NAME:|subscription=ID:]KIND[:key=value,…]`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::fault::{Fault, Reach, Scope, Share};
use super::kinds::{KINDS, Kind, Takes};
use crate::sandbox::guid;
use crate::sandbox::route::Resource;

/// The keys that every kind takes.
const COMMON: [&str; 4] = ["every", "first", "rate", "seed"];

/// The keys that a fault of `kind` takes: the kind's own, then those of every kind.
fn keys(kind: &Kind) -> Vec<&'static str> {
    kind.keys().map(|(key, _)| *key).chain(COMMON).collect()
}

impl Fault {
    /// Every kind of fault, with the keys that it takes.
    pub fn kinds() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
        KINDS.iter().map(|kind| (kind.name, keys(kind)))
    }

    /// Parses one fault.
    ///
    /// # Errors
    /// The text is invalid. The message says why, and lists the valid words.
    pub fn parse(text: &str) -> Result<Fault, String> {
        let (scope, rest) = scope(text)?;
        let (name, settings) = rest.split_once(':').unwrap_or((rest, ""));
        let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            return Err(unknown("fault", name, "the kinds are", &names));
        };
        let given = Settings::read(kind, settings)?;
        let mut values = BTreeMap::new();
        for (key, takes) in kind.keys() {
            values.insert(*key, given.value(key, takes)?);
        }
        Ok(Fault {
            reach: given.reach(kind, &scope, &values)?,
            kind,
            values,
            scope,
            every: given.number("every", &(1..=u64::MAX))?.unwrap_or(1),
            first: given.number("first", &(0..=u64::MAX))?,
            share: given.share()?,
        })
    }
}

/// The scope at the start of a fault's text, and the rest of the text.
fn scope(text: &str) -> Result<(Scope, &str), String> {
    let (form, behind) = match text.split_once('=') {
        Some(("vm", behind)) => ("vm=NAME", behind),
        Some(("subscription", behind)) => ("subscription=ID", behind),
        _ => return Ok((Scope::All, text)),
    };
    let Some((named, rest)) = behind.split_once(':') else {
        return Err(format!("`{form}:` must be followed by a kind of fault"));
    };
    let shown = named.escape_debug();
    if form == "vm=NAME" {
        let parts: Vec<&str> = named.split('/').collect();
        if parts.len() > 2 || parts.contains(&"") {
            return Err(format!(
                "invalid `vm={shown}`: expected `vm=NAME` or `vm=GROUP/NAME`"
            ));
        }
        return Ok((Scope::Vm(named.to_owned()), rest));
    }
    let id = guid::parse(named).map(Scope::Subscription);
    let wrong = || format!("invalid `subscription={shown}`: expected a subscription id (a GUID)");
    Ok((id.ok_or_else(wrong)?, rest))
}

/// The `key=value` part of a fault.
struct Settings<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Settings<'a> {
    fn read(kind: &Kind, text: &'a str) -> Result<Settings<'a>, String> {
        let known = keys(kind);
        let mut given = BTreeMap::new();
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !known.contains(&key) {
                let takes = format!("`{}` takes", kind.name);
                return Err(unknown("key", key, &takes, &known));
            }
            if value.is_empty() {
                return Err(format!("`{key}` requires a value: write `{key}=…`"));
            }
            if given.insert(key, value).is_some() {
                return Err(format!("`{key}` appears twice"));
            }
        }
        Ok(Settings(given))
    }

    /// The given value of a key, or its default.
    fn value(&self, key: &str, takes: &Takes) -> Result<String, String> {
        let given = self.0.get(key).copied();
        match takes {
            Takes::Number(default, range) => {
                let number = self.number(key, range)?;
                Ok(number.unwrap_or(*default).to_string())
            }
            Takes::Text(default) => Ok(given.unwrap_or(default).to_owned()),
            Takes::Word(words) => {
                let default = words.first().copied().unwrap_or_default();
                let word = given.unwrap_or(default);
                if !words.contains(&word) {
                    return Err(unknown("value", word, &format!("`{key}` takes"), words));
                }
                Ok(word.to_owned())
            }
        }
    }

    fn number(&self, key: &str, range: &RangeInclusive<u64>) -> Result<Option<u64>, String> {
        let Some(text) = self.0.get(key) else {
            return Ok(None);
        };
        if let Some(number) = text.parse().ok().filter(|number| range.contains(number)) {
            return Ok(Some(number));
        }
        let (shown, least) = (text.escape_debug(), range.start());
        let most = match *range.end() {
            u64::MAX => String::new(),
            most => format!(" to {most}"),
        };
        Err(format!(
            "invalid `{key}={shown}`: expected a whole number from {least}{most}"
        ))
    }

    /// The requests that a fault meets: those of its kind, or those that `on` and `list` choose.
    fn reach(
        &self,
        kind: &Kind,
        scope: &Scope,
        values: &BTreeMap<&str, String>,
    ) -> Result<Reach, String> {
        if let Some(reach) = kind.reach {
            return Ok(reach);
        }
        let chosen = |key| values.get(key).map_or("", String::as_str);
        if !self.0.contains_key("list") {
            return Ok(match chosen("on") {
                "reads" => Reach::Reads,
                "writes" => Reach::Writes,
                _ => Reach::All,
            });
        }
        if matches!(scope, Scope::Vm(_)) {
            return Err("`list` cannot be combined with `vm=`: a list covers many VMs".to_owned());
        }
        if self.0.contains_key("on") {
            return Err("`list` cannot be combined with `on`: lists are only read".to_owned());
        }
        Ok(match chosen("list") {
            "vms" => Reach::List(Resource::Vms),
            "states" => Reach::StatesList,
            "nics" => Reach::List(Resource::Nics),
            "ips" => Reach::List(Resource::PublicIps),
            _ => Reach::List(Resource::Activity),
        })
    }

    fn share(&self) -> Result<Option<Share>, String> {
        let seed = self.number("seed", &(0..=u64::MAX))?;
        let Some(text) = self.0.get("rate") else {
            return match seed {
                Some(_) => Err("`seed` requires `rate`".to_owned()),
                None => Ok(None),
            };
        };
        let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
        let rate = rate.ok_or_else(|| {
            let shown = text.escape_debug();
            format!("invalid `rate={shown}`: expected a number from 0 to 1, such as 0.1")
        })?;
        let seed = seed.unwrap_or_default();
        Ok(Some(Share { rate, seed }))
    }
}

/// The message that `word` is unknown, with the closest known word and all `known` words.
fn unknown(what: &str, word: &str, takes: &str, known: &[&str]) -> String {
    const LONGEST: usize = 100;
    let shown: String = word.chars().take(LONGEST).collect();
    let nearest = similar::get_close_matches(shown.as_str(), known, 1, 0.6);
    let meant = match nearest.first() {
        Some(nearest) => format!(" (did you mean `{nearest}`?)"),
        None => String::new(),
    };
    let (shown, known) = (shown.escape_debug(), known.join(", "));
    format!("unknown {what} `{shown}`{meant}; {takes} {known}")
}
