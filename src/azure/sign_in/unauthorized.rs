//! Explains a 401 of Azure Resource Manager: the token has expired, allows too little, or is for another tenant.

use azure_core::http::headers::{Headers, WWW_AUTHENTICATE};

use super::ci::in_ci;
use super::explain::guids;
use super::way::Way;
use crate::azure::denial::Denial;
use crate::model::Guid;
use crate::text::escape;
use crate::trouble::Trouble;

/// The trouble behind a 401 with these `headers`, after azlin tried a new token if it could get one. `way` is the credential.
pub(in crate::azure) fn unauthorized(
    refusal: &Denial,
    headers: &Headers,
    way: Option<Way>,
) -> Trouble {
    let said = escape(&refusal.said()).into_owned();
    // In CI nobody can sign in to a tool again.
    let is_tool = matches!(way, Some(Way::Az | Way::Azd));
    let way = way.filter(|_| !(is_tool && in_ci()));
    if refusal.code == "InvalidAuthenticationTokenTenant" {
        return wrong_tenant(said, way);
    }
    let lacks_claims = challenge(headers) == Some("insufficient_claims");
    let help = match way {
        Some(tool @ (Way::Az | Way::Azd)) if lacks_claims => format!(
            "sign in again (Conditional Access or a revoked session requires it): {}{}",
            if tool == Way::Az { "az logout, then " } else { "" },
            tool.login(None)
        ),
        _ if lacks_claims => {
            "ask whoever manages the tenant: its Conditional Access rejects this identity's token"
                .to_owned()
        }
        Some(Way::Token) => "set AZURE_ACCESS_TOKEN to a new token (this one has expired, or is not for Azure's management API): az account \
                             get-access-token --query accessToken --output tsv"
            .to_owned(),
        Some(tool @ (Way::Az | Way::Azd)) => format!(
            "sign in again with `{}`: Azure rejected a new token too",
            tool.login(None)
        ),
        _ => "check that `cloud`, --endpoint and --audience match the identity: Azure rejected a new token too"
            .to_owned(),
    };
    Trouble::new(said, help)
}

/// The trouble with a subscription in another tenant. Azure's message has the URLs of both tenants, first the token's.
fn wrong_tenant(said: String, way: Option<Way>) -> Trouble {
    let tenants: Vec<Guid> = guids(&said).collect();
    let [has, needs, ..] = tenants.as_slice() else {
        let help =
            "use an identity of the subscription's tenant; `azlin whoami` shows the token's tenant";
        return Trouble::new(said, help);
    };
    let help = match way {
        Some(tool @ (Way::Az | Way::Azd)) => {
            let login = tool.login(Some(&needs.to_string()));
            format!("sign in to the subscription's tenant: {login}")
        }
        Some(Way::Token) => format!(
            "get a token for the subscription's tenant: az account get-access-token --tenant {needs} --query accessToken \
             --output tsv"
        ),
        _ => format!(
            "use an identity of the tenant {needs} (AZURE_TENANT_ID), or check the subscription's id"
        ),
    };
    let message = format!(
        "the token is for tenant {has}, but the subscription belongs to tenant {needs} (401 InvalidAuthenticationTokenTenant)"
    );
    Trouble::new(message, help)
}

/// The `error` in the challenge of a 401 (RFC 6750), which says what is wrong with the token.
fn challenge(headers: &Headers) -> Option<&str> {
    let challenge = headers.get_optional_str(&WWW_AUTHENTICATE)?;
    let mut parameters = challenge.split([' ', ',']);
    let value = parameters.find_map(|word| word.strip_prefix("error=\""))?;
    value.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_found_among_other_parameters_of_a_challenge() {
        let said = |text: &'static str| {
            let mut headers = Headers::new();
            headers.insert(WWW_AUTHENTICATE, text);
            challenge(&headers).map(str::to_owned)
        };
        let expired = r#"Bearer authorization_uri="https://login.windows.net/x", error="invalid_token", error_description="The access token has expired.""#;
        assert_eq!(said(expired).as_deref(), Some("invalid_token"));
        assert_eq!(
            said(r#"Bearer claims="e", error="insufficient_claims""#).as_deref(),
            Some("insufficient_claims")
        );
        assert_eq!(said(r#"Bearer no_error="invalid_token""#), None);
        assert_eq!(said("Bearer"), None);
        assert_eq!(challenge(&Headers::new()), None);
    }
}
