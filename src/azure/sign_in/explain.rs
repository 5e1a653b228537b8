//! Explains to the person who has to fix it why a credential of the SDK returned no token.

use azure_core::error::{Error, ErrorKind};

use super::entra::{self, Reader, without_trace};
use super::way::Way;
use crate::azure::failure::{NO_ANSWER, NOT_AZURE, causes, find, root};
use crate::azure::origin::Origin;
use crate::model::Guid;
use crate::text::guid;
use crate::trouble::Trouble;

const NO_IDENTITY: &str = "run azlin on an Azure machine with a managed identity, or choose another credential with --auth";

/// Explains why `way` returned no token, from its credential's `error`. `authority` issues the tokens.
///
/// It omits the text of an answer that could not be read, because that may be a token.
pub(super) fn explain(way: Way, authority: &Origin, error: &Error, reader: Reader) -> Trouble {
    if let Some(trouble) = find::<Trouble>(error) {
        return trouble.clone();
    }
    let innermost = causes(error).filter_map(|cause| cause.downcast_ref());
    let innermost = innermost.last().unwrap_or(error);
    let place = match way {
        Way::Managed => "the managed identity's endpoint".to_owned(),
        Way::Pipelines => format!("Azure Pipelines or {authority}"),
        _ => authority.to_string(),
    };
    match innermost.kind() {
        ErrorKind::HttpResponse { status, .. } => {
            let said = innermost.to_string();
            refused(way, &place, u16::from(*status), &said, reader)
        }
        ErrorKind::Connection | ErrorKind::Io => {
            let help = if way == Way::Managed {
                NO_IDENTITY
            } else {
                "check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and AZURE_AUTHORITY_HOST"
            };
            let message = format!("no response from {place}: {}", root(innermost));
            Trouble::new(message, help)
        }
        ErrorKind::DataConversion if matches!(way, Way::Az | Way::Azd) => not_a_token(way),
        ErrorKind::DataConversion => Trouble::new(
            format!("the response from {place} is not a token"),
            NOT_AZURE,
        ),
        // The SDK rejects the value of a variable. Only the first sentence is about the value; the rest is about its own code.
        _ => {
            let said = root(innermost);
            Trouble::new(said.split(". ").next().unwrap_or(&said), general(way))
        }
    }
}

/// The trouble if no token arrives within `seconds`.
pub(super) fn too_slow(way: Way, authority: &Origin, seconds: u64) -> Trouble {
    if way == Way::Managed {
        let message = format!("the managed identity's endpoint did not answer within {seconds} s");
        return Trouble::new(message, NO_IDENTITY);
    }
    Trouble::new(
        format!("{authority} issued no token within {seconds} s"),
        NO_ANSWER,
    )
}

/// The trouble if `place` answers with `status`; `said` is its reason.
fn refused(way: Way, place: &str, status: u16, said: &str, reader: Reader) -> Trouble {
    if way == Way::Pipelines && said.contains("OIDC endpoint") {
        let message =
            format!("Azure Pipelines issued no token for the service connection: status {status}");
        return Trouble::new(message, general(way));
    }
    let first = without_trace(said.lines().next().unwrap_or_default());
    let colon = if first.is_empty() { "" } else { ": " };
    let ids = entra::ids(said, reader);
    let help = entra::code(first).and_then(|code| entra::help(way, code, "", reader));
    let message = format!("{place} returned {status}{colon}{first}{ids}");
    Trouble::new(message, help.unwrap_or_else(|| general(way).to_owned()))
}

/// The help for an error without a known code.
fn general(way: Way) -> &'static str {
    match way {
        Way::Managed => {
            "assign a managed identity to this machine; if it has several, set AZURE_CLIENT_ID to choose one"
        }
        Way::Pipelines => {
            "check the service connection's id, and that SYSTEM_ACCESSTOKEN is mapped into the step"
        }
        _ => {
            "check AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or token; `azlin whoami` shows which one azlin uses"
        }
    }
}

/// The trouble with a tool that printed something other than a token. It does not show the output, which may be a token after all.
pub(super) fn not_a_token(way: Way) -> Trouble {
    let version = match way {
        Way::Azd => "",
        _ => "; azlin requires Azure CLI 2.54 or newer",
    };
    Trouble::new(
        format!("`{}` did not print a token in JSON", way.name()),
        format!("run `{}` to see what it prints{version}", by_hand(way)),
    )
}

/// The command that shows a person the tool's output.
pub(super) fn by_hand(way: Way) -> &'static str {
    match way {
        Way::Azd => "azd auth token --output json",
        _ => "az account get-access-token --output json",
    }
}

/// `text` with anything that looks like a JSON Web Token replaced. Such a token starts with `eyJ`, the Base64 of `{"`.
pub(super) fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=');
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, token) = rest.split_at(at);
        let end = token.find(|c| !is_part(c)).unwrap_or(token.len());
        let (token, after) = token.split_at(end);
        written.push_str(before);
        written.push_str(if token.len() < 20 { token } else { "[token]" });
        rest = after;
    }
    written + rest
}

/// The GUIDs in a message, in order.
pub(super) fn guids(text: &str) -> impl Iterator<Item = Guid> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    words.filter_map(guid)
}
