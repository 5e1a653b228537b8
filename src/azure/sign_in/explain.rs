//! The trouble behind a credential of the SDK's that gave no token, for the person who has to fix it.

use std::error::Error as _;

use azure_core::error::{Error, ErrorKind};

use super::said::without_trace;
use super::tool_answer::not_a_token;
use super::way::Way;
use crate::azure::cause::{find, root};
use crate::azure::origin::Origin;
use crate::trouble::Trouble;

const NO_IDENTITY: &str =
    "azlin must run on Azure, on a machine that has an identity; or choose another way with --auth";

/// Explains why `way` gave no token, from its credential's `error`. `authority` gives out tokens.
///
/// The text of an answer that could not be read is left out: it may be a token.
pub(super) fn explain(way: Way, authority: &Origin, error: &Error) -> Trouble {
    if let Some(trouble) = find::<Trouble>(error) {
        return trouble.clone();
    }
    let mut innermost = error;
    let mut cause = error.source();
    while let Some(found) = cause {
        innermost = found.downcast_ref().unwrap_or(innermost);
        cause = found.source();
    }
    let place = match way {
        Way::Managed => "the managed identity's endpoint".to_owned(),
        Way::Pipelines => format!("Azure Pipelines or {authority}"),
        _ => authority.to_string(),
    };
    match innermost.kind() {
        ErrorKind::HttpResponse { status, .. } => {
            refused(way, &place, u16::from(*status), &innermost.to_string())
        }
        ErrorKind::Connection | ErrorKind::Io => Trouble::new(
            format!("no answer from {place}: {}", root(innermost)),
            match way {
                Way::Managed => NO_IDENTITY,
                _ => {
                    "check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and AZURE_AUTHORITY_HOST"
                }
            },
        ),
        ErrorKind::DataConversion if matches!(way, Way::Az | Way::Azd) => not_a_token(way),
        ErrorKind::DataConversion => Trouble::new(
            format!("the answer from {place} is not Azure's"),
            "check the network: a proxy or a sign-in page may have answered instead",
        ),
        // What the SDK finds wrong with the values of the variables; the rest of what it says is about its own code.
        _ => {
            let said = root(innermost);
            Trouble::new(said.split(". ").next().unwrap_or(&said), help(way, ""))
        }
    }
}

/// The trouble with a token that did not come within `seconds`.
pub(super) fn too_slow(way: Way, authority: &Origin, seconds: u64) -> Trouble {
    if way == Way::Managed {
        let message = format!("the managed identity's endpoint did not answer in {seconds} s");
        return Trouble::new(message, NO_IDENTITY);
    }
    Trouble::new(
        format!("{authority} gave no token in {seconds} s"),
        "check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again",
    )
}

/// The trouble behind `place`'s answer with `status`, in which it `said` why.
fn refused(way: Way, place: &str, status: u16, said: &str) -> Trouble {
    if way == Way::Pipelines && said.contains("OIDC endpoint") {
        let message = format!(
            "Azure Pipelines gave no token for the service connection: it answered {status}"
        );
        return Trouble::new(message, help(way, ""));
    }
    let said = without_trace(said.lines().next().unwrap_or_default());
    let mut message = format!("{place} answered {status}");
    if !said.is_empty() {
        message = format!("{message}: {said}");
    }
    Trouble::new(message, help(way, said))
}

/// The help for an answer of Microsoft Entra, by the codes that Microsoft's documentation lists.
fn help(way: Way, said: &str) -> &'static str {
    let code = said
        .split([':', ' '])
        .find_map(|word| word.strip_prefix("AADSTS"));
    match (code, way) {
        (Some("7000215"), _) => {
            "check AZURE_CLIENT_SECRET: it must be the secret's value, not its id, and belong to this app"
        }
        (Some("7000222"), _) => {
            "the secret has expired: create a new one and set AZURE_CLIENT_SECRET"
        }
        (Some("700016"), _) => {
            "the app is not in this tenant: check AZURE_CLIENT_ID, AZURE_TENANT_ID and the cloud"
        }
        (Some("90002" | "900023"), _) => "check AZURE_TENANT_ID, and that `cloud` is the tenant's",
        (Some("700027"), _) => {
            "upload the certificate to the app, or check AZURE_CLIENT_CERTIFICATE_PATH"
        }
        (Some("70021" | "700211" | "700212" | "700213"), _) => {
            "add a federated credential to the app, with exactly this issuer, subject and audience"
        }
        (_, Way::Managed) => {
            "give this machine an identity; AZURE_CLIENT_ID names one where there are several"
        }
        (_, Way::Pipelines) => {
            "check the service connection's id, and that SYSTEM_ACCESSTOKEN is mapped into the step"
        }
        _ => {
            "check AZURE_TENANT_ID and AZURE_CLIENT_ID, and what proves them; `azlin whoami` says what is used"
        }
    }
}
