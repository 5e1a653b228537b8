//! The identity that azlin has in Azure: the token's account, the subscription, and the permissions on it.

use azure_core::base64::decode_url_safe;
use azure_core::credentials::TokenCredential as _;
use serde::Deserialize;
use wildmatch::WildMatch;

use super::arm::Arm;
use super::{Failure, Kind};

const SUBSCRIPTIONS: (&str, &str) = ("api-version", "2022-12-01");
const PERMISSIONS: (&str, &str) = ("api-version", "2022-04-01");

/// The account that a token names. It is not verified: people may read it, but nothing may depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The name of a person, or the id of an app, if the token has one.
    pub name: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
}

/// A subscription in Azure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// Its display name.
    pub display_name: String,
    /// Its tenant.
    pub tenant_id: Option<String>,
}

/// The actions that a role allows, minus those that it excludes. `*` stands for any text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Permission {
    actions: Vec<String>,
    not_actions: Vec<String>,
}

/// The account that the token is for.
///
/// # Errors
/// azlin has no token.
pub async fn account(arm: &Arm) -> Result<Account, Failure> {
    let token = arm.sign_in().kept.get_token(&[&arm.scope], None).await;
    let token = token.map_err(|error| Failure::new("sign in", Kind::unanswered(&error)))?;
    Ok(claims(token.token.secret()))
}

/// The subscription's name and tenant.
///
/// # Errors
/// Azure did not answer, or this tenant and cloud have no such subscription.
pub async fn subscription(arm: &Arm) -> Result<Known, Failure> {
    let doing = format!("read the subscription {}", arm.subscription());
    arm.get(&doing, arm.url(&[], &[SUBSCRIPTIONS])).await
}

/// The identity's permissions on the whole subscription. They do not include roles on single resource groups.
///
/// # Errors
/// Azure did not answer, or rejected the request.
pub async fn permissions(arm: &Arm) -> Result<Vec<Permission>, Failure> {
    let url = arm.url(
        &["providers", "Microsoft.Authorization", "permissions"],
        &[PERMISSIONS],
    );
    arm.list("read the permissions on the subscription", url)
        .await?
        .whole()
}

/// Returns true if one of `permissions` allows `action` and does not exclude it (Microsoft's documentation of role definitions).
/// Ignores case.
pub fn allows(permissions: &[Permission], action: &str) -> bool {
    let fits = |pattern: &String| WildMatch::new_case_insensitive(pattern).matches(action);
    permissions
        .iter()
        .any(|role| role.actions.iter().any(fits) && !role.not_actions.iter().any(fits))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    tid: Option<String>,
    upn: Option<String>,
    unique_name: Option<String>,
    preferred_username: Option<String>,
    appid: Option<String>,
    azp: Option<String>,
    oid: Option<String>,
}

/// The account in a JSON Web Token, or an empty one if `token` has another format.
fn claims(token: &str) -> Account {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = decode_url_safe(payload).unwrap_or_default();
    let claims: Claims = serde_json::from_slice(&payload).unwrap_or_default();
    let person = claims
        .upn
        .or(claims.preferred_username)
        .or(claims.unique_name);
    let app = claims.appid.or(claims.azp).map(|id| format!("app {id}"));
    let object = claims.oid.map(|id| format!("object {id}"));
    Account {
        name: person.or(app).or(object),
        tenant: claims.tid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(actions: &[&str], not_actions: &[&str]) -> Permission {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        Permission {
            actions: owned(actions),
            not_actions: owned(not_actions),
        }
    }

    #[test]
    fn a_role_allows_its_actions_except_the_excluded_ones() {
        let write = "Microsoft.Resources/tags/write";
        let cases = [
            (vec![role(&["*"], &[])], true),
            (vec![role(&["*/read"], &[])], false),
            (vec![role(&["microsoft.resources/TAGS/*"], &[])], true),
            (vec![role(&["*"], &["Microsoft.Resources/*"])], false),
            (
                vec![role(&["*"], &["*/tags/write"]), role(&[write], &[])],
                true,
            ),
            (vec![role(&["Microsoft.*/tags/wri*"], &[])], true),
            (vec![role(&["Microsoft.*/write/*"], &[])], false),
            (
                vec![role(&["Microsoft.Resources/tags/write/more"], &[])],
                false,
            ),
            (vec![role(&["Microsoft.Resources/tags"], &[])], false),
            (vec![], false),
        ];
        for (roles, expected) in cases {
            assert_eq!(allows(&roles, write), expected, "{roles:?}");
        }
    }

    #[test]
    fn a_token_names_its_account_or_nothing() {
        let token = |claims: &str| format!("h.{}.s", azure_core::base64::encode_url_safe(claims));
        let person = claims(&token(
            r#"{"tid":"t","upn":"maria@example.com","appid":"x","oid":"o"}"#,
        ));
        assert_eq!(person.name.as_deref(), Some("maria@example.com"));
        assert_eq!(person.tenant.as_deref(), Some("t"));
        assert_eq!(
            claims(&token(r#"{"appid":"x","oid":"o"}"#)).name.as_deref(),
            Some("app x")
        );
        assert_eq!(
            claims(&token(r#"{"oid":"o"}"#)).name.as_deref(),
            Some("object o")
        );
        for token in ["", "opaque", "a.b.c", "..", &token(r#"{"tid":5}"#)] {
            assert_eq!(claims(token), Account::default(), "{token}");
        }
    }
}
