//! The profile of `az`: its default subscription ([`Profile`]), and the account of each subscription.

use serde::Deserialize;

use crate::model::{Cloud, SubscriptionId};
use crate::text::is_unprintable;

/// The default subscription of `az`, which `az account set` stores in `azureProfile.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its id.
    pub subscription: SubscriptionId,
    /// Its cloud.
    pub cloud: Cloud,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    subscriptions: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: String,
    name: Option<String>,
    #[serde(default)]
    is_default: bool,
    environment_name: Option<String>,
    tenant_id: Option<String>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The account for which `az` returns a token of `subscription`: its tenant, name and kind. `bytes` is the content of
/// `azureProfile.json`.
pub fn account_of(bytes: &[u8], subscription: &SubscriptionId) -> Option<[String; 3]> {
    let is_it = |entry: &Entry| entry.id.eq_ignore_ascii_case(subscription.as_str());
    let entry = entries(bytes)?.into_iter().find(is_it)?;
    let User { name, kind } = entry.user?;
    Some([entry.tenant_id?, name, kind])
}

/// The name of `subscription` that `az` remembers, if it can be shown as it is. `bytes` is the content of `azureProfile.json`.
pub fn name_of(bytes: &[u8], subscription: &SubscriptionId) -> Option<String> {
    let is_it = |entry: &Entry| entry.id.eq_ignore_ascii_case(subscription.as_str());
    let name = entries(bytes)?.into_iter().find(is_it)?.name?;
    let is_plain = !name.is_empty() && !name.chars().any(is_unprintable);
    is_plain.then_some(name)
}

fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: File = serde_json::from_slice(json).ok()?;
    Some(file.subscriptions)
}

impl Profile {
    /// The default in `bytes`, the content of `azureProfile.json`, which starts with a byte order mark.
    ///
    /// None if azlin cannot use the default: an account without a subscription has the id of its tenant there, and only `az` knows
    /// a cloud that someone registered with `az cloud`.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let entry = entries(bytes)?.into_iter().find(|entry| entry.is_default)?;
        let cloud = match entry.environment_name.as_deref() {
            None | Some("AzureCloud") => Cloud::Public,
            Some("AzureUSGovernment") => Cloud::UsGovernment,
            Some("AzureChinaCloud") => Cloud::China,
            Some(_) => return None,
        };
        let subscription = SubscriptionId::new(&entry.id).ok()?;
        Some(Self {
            subscription,
            cloud,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_found_behind_the_byte_order_mark() {
        let file = r#"{"installationId":"x","subscriptions":[
            {"id":"00000000-0000-0000-0000-000000000001","name":"a","isDefault":false,"environmentName":"AzureCloud"},
            {"id":"00000000-0000-0000-0000-000000000002","name":"b","isDefault":true,"environmentName":"AzureUSGovernment",
             "state":"Enabled","tenantId":"x","user":{"name":"m","type":"user"}}]}"#;
        let found = Profile::read(format!("\u{feff}{file}").as_bytes()).unwrap();
        assert_eq!(
            found.subscription.as_str(),
            "00000000-0000-0000-0000-000000000002"
        );
        assert_eq!(found.cloud, Cloud::UsGovernment);
        assert_eq!(Profile::read(file.as_bytes()), Some(found.clone()));
        let account = |id: &SubscriptionId| account_of(file.as_bytes(), id);
        let known = ["x", "m", "user"].map(str::to_owned);
        assert_eq!(account(&found.subscription), Some(known));
        let other = SubscriptionId::new("00000000-0000-0000-0000-000000000001").unwrap();
        assert_eq!(account(&other), None, "the entry has no account");
        let name = |id: &SubscriptionId| name_of(file.as_bytes(), id);
        assert_eq!(name(&found.subscription).as_deref(), Some("b"));
        let hostile = file.replace("\"name\":\"b\"", "\"name\":\"b\\u001b[2J\"");
        assert_eq!(name_of(hostile.as_bytes(), &found.subscription), None);
    }

    #[test]
    fn without_a_default_there_is_no_profile() {
        for file in [
            "",
            "{}",
            r#"{"subscriptions":[]}"#,
            r#"{"subscriptions":[{"id":"x","isDefault":true}]}"#,
        ] {
            assert_eq!(Profile::read(file.as_bytes()), None);
        }
        let elsewhere = r#"{"subscriptions":[{"id":"00000000-0000-0000-0000-000000000002","isDefault":true,"environmentName":"Stack"}]}"#;
        assert_eq!(Profile::read(elsewhere.as_bytes()), None);
    }
}
