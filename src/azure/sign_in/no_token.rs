//! [`NoToken`]: why there is no token, for the person who has to see to it.

use std::error::Error as _;
use std::{fmt, io};

use azure_core::error::{Error, ErrorKind};

use super::recipe::Recipe;
use super::tool::not_a_token;
use super::way::Way;
use crate::azure::failure::root;
use crate::azure::{Failure, Kind};

/// Why there is no token, and what to do. It travels as the cause of one of the SDK's errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::azure) struct NoToken {
    pub why: String,
    pub help: String,
}

impl NoToken {
    pub fn new(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            help: help.into(),
        }
    }

    pub fn failure(self, doing: &str) -> Failure {
        Failure::new(doing, self.into())
    }

    /// The one among `error` and its causes.
    pub fn find<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut cause = Some(error);
        while let Some(found) = cause {
            let carried = found
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            let here = found.downcast_ref().or_else(|| carried?.downcast_ref());
            if here.is_some() {
                return here;
            }
            cause = found.source();
        }
        None
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for NoToken {}

impl From<NoToken> for Error {
    fn from(no: NoToken) -> Self {
        let message = no.why.clone();
        Self::with_error(ErrorKind::Credential, no, message)
    }
}

impl From<NoToken> for Kind {
    fn from(no: NoToken) -> Self {
        Self::SignIn {
            why: no.why,
            help: no.help,
        }
    }
}

/// What a credential's error means for a person.
///
/// The text of an answer that could not be read is left out: it may be a token.
pub(super) fn explain(recipe: &Recipe, error: &Error) -> NoToken {
    if let Some(no) = NoToken::find(error) {
        return no.clone();
    }
    let way = recipe.way;
    let mut innermost = error;
    let mut cause = error.source();
    while let Some(found) = cause {
        innermost = found.downcast_ref().unwrap_or(innermost);
        cause = found.source();
    }
    let place = match way {
        Way::Managed => "the managed identity's endpoint".to_owned(),
        Way::Pipelines => format!("Azure Pipelines or {}", recipe.authority),
        _ => recipe.authority.to_string(),
    };
    match innermost.kind() {
        ErrorKind::HttpResponse { status, .. } => {
            let said = innermost.to_string();
            if way == Way::Pipelines && said.contains("OIDC endpoint") {
                let why = format!(
                    "Azure Pipelines gave no token for the service connection: it answered {}",
                    u16::from(*status)
                );
                return NoToken::new(why, help(way, ""));
            }
            let said = said.lines().next().unwrap_or_default();
            let said = said
                .split(" Trace ID:")
                .next()
                .unwrap_or(said)
                .trim()
                .trim_end_matches('.');
            let why = match said.is_empty() {
                true => format!("{place} answered {}", u16::from(*status)),
                false => format!("{place} answered {}: {said}", u16::from(*status)),
            };
            NoToken::new(why, help(way, said))
        }
        ErrorKind::Connection | ErrorKind::Io => NoToken::new(
            format!("no answer from {place}: {}", root(innermost)),
            match way {
                Way::Managed => {
                    "azlin must run on Azure, on a machine that has an identity; or choose another way with --auth"
                }
                _ => {
                    "check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and AZURE_AUTHORITY_HOST"
                }
            },
        ),
        ErrorKind::DataConversion if matches!(way, Way::Az | Way::Azd) => not_a_token(way),
        ErrorKind::DataConversion => NoToken::new(
            format!("the answer of {place} is not one of Azure's"),
            "check the network: a proxy or a sign-in page may have answered instead",
        ),
        // What the SDK finds wrong with the values of the variables; the rest of what it says is about its own code.
        _ => {
            let why = root(innermost);
            let why = why.split(". ").next().unwrap_or(&why);
            NoToken::new(why, help(way, ""))
        }
    }
}

/// What to do about an answer of Microsoft Entra, by the codes that Microsoft's documentation lists.
fn help(way: Way, said: &str) -> String {
    let code = said
        .split([':', ' '])
        .find_map(|word| word.strip_prefix("AADSTS"));
    let help = match (code, way) {
        (Some("7000215"), _) => {
            "AZURE_CLIENT_SECRET is not the secret's value, or of another app: check it"
        }
        (Some("7000222"), _) => {
            "the secret has expired: make a new one and set AZURE_CLIENT_SECRET"
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
    };
    help.to_owned()
}
