//! What a 401 means: a token that is too old, too little, or of another tenant.

use super::Kind;
use super::sign_in::{NoToken, Way};
use crate::model::Guid;

/// A 401 with Azure's `code` and `message` and the `challenge` of its header, after a new token has been tried where one
/// could be had. `way` is how the token was come by.
pub(super) fn unauthorized(
    code: &str,
    message: &str,
    challenge: Option<&str>,
    way: Option<Way>,
) -> Kind {
    let message = message.trim_end_matches('.');
    let said = match (code, message) {
        ("", "") => "Azure answered 401".to_owned(),
        (code, "") => format!("Azure answered 401 {code}"),
        (code, message) => format!("Azure answered 401 {code}: {message}"),
    };
    if code == "InvalidAuthenticationTokenTenant" {
        return wrong_tenant(&said, message, way).into();
    }
    let help = match (challenge, way) {
        (Some("insufficient_claims"), Some(Way::Az)) => {
            "the tenant asks for a new sign-in (Conditional Access, or a session that was revoked): az logout, then az login"
        }
        (Some("insufficient_claims"), Some(Way::Azd)) => {
            "the tenant asks for a new sign-in (Conditional Access, or a session that was revoked): azd auth login"
        }
        (Some("insufficient_claims"), _) => {
            "the tenant's Conditional Access wants more than this identity shows: ask who manages it"
        }
        (_, Some(Way::Token)) => {
            "the token in AZURE_ACCESS_TOKEN is too old or not for Azure's management API; a new one: az account \
             get-access-token --query accessToken --output tsv"
        }
        (_, Some(Way::Az)) => "a new token was refused too: sign in again with `az login`",
        (_, Some(Way::Azd)) => "a new token was refused too: sign in again with `azd auth login`",
        _ => {
            "a new token was refused too: check that `cloud`, --endpoint and --audience are the identity's own"
        }
    };
    NoToken::new(said, help).into()
}

/// The subscription is another tenant's; the message names both by URL, first the token's, then the subscription's.
fn wrong_tenant(said: &str, message: &str, way: Option<Way>) -> NoToken {
    let words = message.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let mut tenants = words.filter_map(|word| Guid::new(word).ok());
    let (Some(has), Some(needs)) = (tenants.next(), tenants.next()) else {
        let help = "sign in to the subscription's tenant: az login --tenant TENANT";
        return NoToken::new(said, help);
    };
    let (has, needs) = (has.as_str(), needs.as_str());
    let help = match way {
        Some(Way::Az) => format!("sign in to the subscription's tenant: az login --tenant {needs}"),
        Some(Way::Azd) => {
            format!("sign in to the subscription's tenant: azd auth login --tenant-id {needs}")
        }
        Some(Way::Token) => format!(
            "get a token of the subscription's tenant: az account get-access-token --tenant {needs} --query accessToken \
             --output tsv"
        ),
        _ => format!(
            "use an identity of the tenant {needs} (AZURE_TENANT_ID), or check the subscription's id"
        ),
    };
    NoToken::new(
        format!("the token is of the tenant {has}, and the subscription belongs to {needs}"),
        help,
    )
}
