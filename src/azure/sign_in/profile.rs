//! [`Profile`]: the accounts of `az`, and which subscription is its default.

use std::path::PathBuf;

use serde_json::Value;
use serde_json::error::Category;

use super::ci::in_ci;
use super::way::variable;
use crate::model::{Cloud, SubscriptionId};
use crate::text::{is_unprintable, quote, shown};
use crate::trouble::Trouble;

/// The content of `azureProfile.json`, in which `az` stores its accounts.
#[derive(Clone, Debug)]
pub struct Profile {
    entries: Vec<Entry>,
}

/// The default subscription of `az`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzDefault {
    /// Its id.
    pub subscription: SubscriptionId,
    /// Its cloud.
    pub cloud: Cloud,
}

#[derive(Clone, Debug)]
struct Entry {
    id: SubscriptionId,
    name: Option<String>,
    is_default: bool,
    cloud: Option<String>,
    tenant: Option<String>,
    /// The account's name and kind.
    user: Option<[String; 3]>,
}

impl Profile {
    /// The profile on this machine, if there is one.
    ///
    /// # Errors
    /// The file exists, but azlin cannot read it. The message names its path.
    pub fn load() -> Result<Option<Self>, Trouble> {
        let folder = match variable("AZURE_CONFIG_DIR") {
            Some(folder) => Some(PathBuf::from(folder)),
            None => std::env::home_dir().map(|home| home.join(".azure")),
        };
        let Some(path) = folder.map(|folder| folder.join("azureProfile.json")) else {
            return Ok(None);
        };
        let help = if in_ci() {
            "delete the file"
        } else {
            "run `az login`, which writes the file again, or delete it"
        };
        match std::fs::read(&path) {
            Ok(bytes) => Self::read(&bytes).map(Some).map_err(|reason| {
                let message = format!("cannot read {}: {reason}", shown(&path));
                Trouble::new(message, help)
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let help = "check the file's permissions, and AZURE_CONFIG_DIR";
                Err(Trouble::cannot("read", &path, &error, help))
            }
        }
    }

    /// The profile in `bytes`, the content of the file, which starts with a byte order mark. Leaves out entries that it cannot
    /// understand.
    ///
    /// # Errors
    /// The file is damaged. The error says how.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if json.trim_ascii().is_empty() {
            return Err("the file is empty".to_owned());
        }
        let file: Value = serde_json::from_slice(json).map_err(|error| match error.classify() {
            Category::Eof => "the file is truncated".to_owned(),
            _ => format!("the file is not valid JSON (line {})", error.line()),
        })?;
        let entries = match (&file, file.get("subscriptions")) {
            (_, Some(Value::Array(entries))) => entries.as_slice(),
            // Before the first sign-in, the file has only an installation id.
            (Value::Object(_), None | Some(Value::Null)) => &[],
            _ => return Err("the file has no list of subscriptions".to_owned()),
        };
        let entries = entries.iter().filter_map(Entry::read).collect();
        Ok(Self { entries })
    }

    /// Returns true if `az` is signed in to an account.
    pub fn has_account(&self) -> bool {
        !self.entries.is_empty()
    }

    /// The default subscription.
    ///
    /// # Errors
    /// There is none, or azlin cannot use it. The error is a phrase that says why, or none if there is nothing to say.
    pub fn default_subscription(&self) -> Result<AzDefault, Option<String>> {
        let entry = self.entries.iter().find(|entry| entry.is_default);
        let entry = entry.ok_or(None)?;
        if entry.is_tenant() {
            let reason = "the default account of `az` is a tenant without a subscription";
            return Err(Some(reason.to_owned()));
        }
        let cloud = match entry.cloud.as_deref() {
            None | Some("AzureCloud") => Cloud::Public,
            Some("AzureUSGovernment") => Cloud::UsGovernment,
            Some("AzureChinaCloud") => Cloud::China,
            // Only `az` knows a cloud that someone registered with `az cloud`.
            Some(other) => {
                let cloud = quote(other);
                return Err(Some(format!(
                    "the default subscription of `az` is in a cloud that azlin does not know, {cloud}"
                )));
            }
        };
        Ok(AzDefault {
            subscription: entry.id.clone(),
            cloud,
        })
    }

    /// The account for which `az` returns a token of `subscription`: its tenant, name, kind and managed identity.
    pub fn account_of(&self, subscription: &SubscriptionId) -> Option<[String; 4]> {
        let entry = self.entry(subscription)?;
        let [name, kind, assigned] = entry.user.clone()?;
        Some([entry.tenant.clone()?, name, kind, assigned])
    }

    /// The name of `subscription` that `az` remembers, if it can be shown as it is.
    pub fn name_of(&self, subscription: &SubscriptionId) -> Option<String> {
        let name = self.entry(subscription)?.name.clone()?;
        let is_plain = !name.is_empty() && !name.chars().any(is_unprintable);
        is_plain.then_some(name)
    }

    fn entry(&self, subscription: &SubscriptionId) -> Option<&Entry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.id == *subscription && !entry.is_tenant())
    }
}

impl Entry {
    /// The entry in `value`, or none if it has no valid id.
    fn read(value: &Value) -> Option<Self> {
        let text = |pointer: &str| Some(value.pointer(pointer)?.as_str()?.to_owned());
        // `az` stores one user name for every user-assigned identity; only this tells them apart.
        let assigned = text("/user/assignedIdentityInfo").unwrap_or_default();
        let user = || Some([text("/user/name")?, text("/user/type")?, assigned]);
        Some(Self {
            id: SubscriptionId::new(&text("/id")?).ok()?,
            name: text("/name"),
            is_default: value.get("isDefault") == Some(&Value::Bool(true)),
            cloud: text("/environmentName"),
            tenant: text("/tenantId"),
            user: user(),
        })
    }

    /// Returns true if it is an account without a subscription, which `az login --allow-no-subscriptions` stores with the id of
    /// its tenant.
    fn is_tenant(&self) -> bool {
        let tenant = self.tenant.as_deref();
        tenant.is_some_and(|tenant| tenant.eq_ignore_ascii_case(self.id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "00000000-0000-0000-0000-000000000001";
    const SECOND: &str = "00000000-0000-0000-0000-000000000002";

    fn id(text: &str) -> SubscriptionId {
        SubscriptionId::new(text).unwrap()
    }

    fn profile(entries: &str) -> Profile {
        let file = format!(r#"{{"installationId":"x","subscriptions":[{entries}]}}"#);
        Profile::read(file.as_bytes()).unwrap()
    }

    #[test]
    fn the_default_is_found_behind_the_byte_order_mark() {
        let file = r#"{"installationId":"x","subscriptions":[
            {"id":"00000000-0000-0000-0000-000000000001","name":"a","isDefault":false,"environmentName":"AzureCloud"},
            {"id":"00000000-0000-0000-0000-000000000002","name":"b","isDefault":true,"environmentName":"AzureUSGovernment",
             "state":"Enabled","tenantId":"x","user":{"name":"m","type":"user"}}]}"#;
        let profile = Profile::read(format!("\u{feff}{file}").as_bytes()).unwrap();
        let found = AzDefault {
            subscription: id(SECOND),
            cloud: Cloud::UsGovernment,
        };
        assert_eq!(profile.default_subscription(), Ok(found.clone()));
        let unmarked = Profile::read(file.as_bytes()).unwrap();
        assert_eq!(unmarked.default_subscription(), Ok(found));
        let known = ["x", "m", "user", ""].map(str::to_owned);
        assert_eq!(profile.account_of(&id(SECOND)), Some(known));
        assert_eq!(
            profile.account_of(&id(FIRST)),
            None,
            "the entry has no account"
        );
        assert_eq!(profile.name_of(&id(SECOND)).as_deref(), Some("b"));
        let hostile = file.replace("\"name\":\"b\"", "\"name\":\"b\\u001b[2J\"");
        let hostile = Profile::read(hostile.as_bytes()).unwrap();
        assert_eq!(hostile.name_of(&id(SECOND)), None);
    }

    #[test]
    fn an_odd_entry_costs_only_itself() {
        let good = format!(r#"{{"id":"{SECOND}","name":"b","isDefault":true}}"#);
        for odd in [
            "null",
            "7",
            r#""text""#,
            "[]",
            "{}",
            r#"{"id":null,"isDefault":true}"#,
            r#"{"id":"x","isDefault":true}"#,
            r#"{"id":"00000000-0000-0000-0000-000000000001","isDefault":"true","user":"m"}"#,
            r#"{"id":"00000000-0000-0000-0000-000000000001","name":7,"tenantId":{},"user":{"name":null}}"#,
        ] {
            let profile = profile(&format!("{odd},{good}"));
            let found = profile.default_subscription().unwrap();
            assert_eq!(found.subscription, id(SECOND), "{odd}");
            assert_eq!(profile.name_of(&id(SECOND)).as_deref(), Some("b"), "{odd}");
        }
    }

    #[test]
    fn an_account_at_tenant_level_is_no_subscription() {
        let upper = "AAAAAAAA-0000-0000-0000-000000000001";
        let lower = upper.to_lowercase();
        let profile = profile(&format!(
            r#"{{"id":"{upper}","tenantId":"{lower}","name":"N/A(tenant level account)","isDefault":true}}"#
        ));
        assert!(profile.has_account());
        let reason = "the default account of `az` is a tenant without a subscription";
        assert_eq!(profile.default_subscription(), Err(Some(reason.to_owned())));
        assert_eq!(profile.name_of(&id(&lower)), None);
    }

    #[test]
    fn a_profile_without_a_usable_default_has_none() {
        for file in ["{}", r#"{"subscriptions":null}"#, r#"{"subscriptions":[]}"#] {
            let profile = Profile::read(file.as_bytes()).unwrap();
            assert_eq!(profile.default_subscription(), Err(None), "{file}");
            assert!(!profile.has_account());
        }
        let elsewhere = profile(&format!(
            r#"{{"id":"{SECOND}","isDefault":true,"environmentName":"Stack"}}"#
        ));
        let reason = elsewhere.default_subscription().unwrap_err().unwrap();
        assert!(reason.contains("a cloud that azlin does not know, `Stack`"));
    }

    #[test]
    fn a_damaged_profile_says_how() {
        let reason = |file: &[u8]| Profile::read(file).unwrap_err();
        assert_eq!(reason(b""), "the file is empty");
        assert_eq!(reason(b"\xef\xbb\xbf\n"), "the file is empty");
        assert_eq!(reason(b"{\"subscriptions\":[{"), "the file is truncated");
        assert_eq!(
            reason(b"{\n<<<<<<< x"),
            "the file is not valid JSON (line 2)"
        );
        for file in ["[]", "7", r#"{"subscriptions":{}}"#] {
            let found = reason(file.as_bytes());
            assert_eq!(found, "the file has no list of subscriptions");
        }
    }
}
