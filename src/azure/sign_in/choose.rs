//! Picks the credential from the flag and the environment variables.
//!
//! azlin never tries one after another. On a machine without a managed identity, trying it takes two minutes. And a credential
//! that fails is an error that its owner wants to see, not a reason to go on as someone else.

use super::way::Way;
use crate::text::{and, or, quote};
use crate::trouble::Trouble;

/// A credential, and the reason for it as a phrase such as "AZURE_CLIENT_SECRET is set".
type Choice = (Way, String);

/// The credentials that azlin looks for by default, in order.
const ANNOUNCED: [Way; 7] = [
    Way::Token,
    Way::Secret,
    Way::Certificate,
    Way::Workload,
    Way::GitHub,
    Way::Pipelines,
    Way::Managed,
];

/// Returns true if an environment variable is set and not empty.
type IsSet<'a> = dyn Fn(&str) -> bool + 'a;

/// The credential that `flag` (`--auth`) names, else the one that `AZURE_TOKEN_CREDENTIALS` names, else the first one that the
/// environment sets up completely, else `az`, or `azd` if only that is installed.
///
/// `AZURE_TOKEN_CREDENTIALS` is `prod`, `dev` or a credential's name, as in Azure's other SDKs (Microsoft's documentation of
/// `DefaultAzureCredential`). An empty variable counts as not set. `installed` returns true if a program is on the PATH.
///
/// # Errors
/// The named credential is unknown or not set up, or one is set up in part and none completely. The message names the missing
/// variables.
pub(super) fn choose(
    flag: Option<&str>,
    environment: impl Fn(&str) -> Option<String>,
    installed: impl Fn(&str) -> bool,
) -> Result<Choice, Trouble> {
    let value = |name: &str| environment(name).filter(|value| !value.is_empty());
    let is_set = |name: &str| value(name).is_some();
    if let Some(name) = flag {
        let Some((_, way)) = Way::NAMES.iter().find(|(known, _)| *known == name) else {
            let names = Way::NAMES.map(|(name, _)| name);
            return Err(Trouble::new(
                format!("invalid value for --auth: {}", quote(name)),
                format!("choose {}", or(&names)),
            ));
        };
        return demanded(*way, format!("--auth {name} is set"), &is_set);
    }
    let asked = value("AZURE_TOKEN_CREDENTIALS").unwrap_or_default();
    let mut by = format!("AZURE_TOKEN_CREDENTIALS={asked} is set");
    let (ways, last) = match asked.to_ascii_lowercase().as_str() {
        "" => (&ANNOUNCED[..], None),
        "dev" => (&[Way::Token][..], None),
        "prod" => (&ANNOUNCED[..], Some(Way::Managed)),
        "environmentcredential" => (&[Way::Secret, Way::Certificate][..], Some(Way::Secret)),
        _ => return demanded(by_the_sdks_name(&asked)?, by, &is_set),
    };
    if let Some(choice) = announced(ways, &is_set)? {
        return Ok(choice);
    }
    match last {
        Some(Way::Managed) => by.push_str(", and no other credential is set up"),
        None if !installed("az") && installed("azd") => {
            let why = "no other credential is set up, and `az` is not installed";
            return Ok((Way::Azd, why.to_owned()));
        }
        None if asked.is_empty() => by = "no other credential is set up".to_owned(),
        _ => {}
    }
    demanded(last.unwrap_or(Way::Az), by, &is_set)
}

/// `way`, if it is set up. `why` is the reason for choosing it.
fn demanded(way: Way, why: String, is_set: &IsSet<'_>) -> Result<Choice, Trouble> {
    let missing = missing(way, is_set);
    // Without these variables it is the VM's own identity, whose endpoint has a fixed address.
    if missing.is_empty() || way == Way::Managed {
        return Ok((way, why));
    }
    let trouble = half(way, &missing);
    let message = format!("{why}, but {}", trouble.message);
    Err(Trouble { message, ..trouble })
}

/// The first of `ways` that the environment sets up completely.
fn announced(ways: &[Way], is_set: &IsSet<'_>) -> Result<Option<Choice>, Trouble> {
    for way in ways {
        // Service Fabric sets this variable, and `azure_identity` cannot use its identities.
        let is_anothers = *way == Way::Managed && is_set("IDENTITY_SERVER_THUMBPRINT");
        if is_anothers || !missing(*way, is_set).is_empty() {
            continue;
        }
        let needs = way.needs().iter();
        let by: Vec<&str> = needs.filter_map(|any| first(any, is_set)).collect();
        let why = format!("{} {} set", and(&by), is_or_are(&by));
        return Ok(Some((*way, why)));
    }
    for way in ways {
        let announced_by = way.announced_by();
        if !announced_by.is_empty() && announced_by.iter().all(|name| is_set(name)) {
            let trouble = half(*way, &missing(*way, is_set));
            let help = format!("{}, or choose another credential with --auth", trouble.help);
            return Err(Trouble { help, ..trouble });
        }
    }
    Ok(None)
}

/// The credential that Azure's SDKs call `name`, in any case.
fn by_the_sdks_name(name: &str) -> Result<Way, Trouble> {
    let mut known = Way::SDK_NAMES.into_iter();
    let known = known.find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map(|(_, way)| way).ok_or_else(|| {
        let name = quote(name);
        Trouble::new(
            format!("unsupported credential in AZURE_TOKEN_CREDENTIALS: {name}"),
            "set it to dev, prod, EnvironmentCredential, WorkloadIdentityCredential, ManagedIdentityCredential, \
             AzureCliCredential or AzureDeveloperCliCredential, or pass --auth",
        )
    })
}

fn first<'n>(any: &[&'n str], is_set: &IsSet<'_>) -> Option<&'n str> {
    any.iter().find(|name| is_set(name)).copied()
}

/// The missing variables of `way`, each by its first name.
fn missing(way: Way, is_set: &IsSet<'_>) -> Vec<&'static str> {
    let needs = way.needs().iter();
    let lacking = needs.filter(|any| first(any, is_set).is_none());
    lacking.filter_map(|any| any.first().copied()).collect()
}

/// The trouble with `way`, whose variables in `missing` are not set.
fn half(way: Way, missing: &[&str]) -> Trouble {
    let for_the_job = if missing.iter().any(|name| name.starts_with("ACTIONS_")) {
        "; GitHub does so in a job with `permissions: id-token: write`"
    } else if missing.contains(&"SYSTEM_ACCESSTOKEN") {
        " in the step: `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`"
    } else {
        ""
    };
    let (what, names, are) = (way.what(), and(missing), is_or_are(missing));
    Trouble::new(
        format!("{what} requires {names}, which {are} not set"),
        format!("set {names}{for_the_job}"),
    )
}

fn is_or_are(names: &[&str]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(flag: Option<&str>, set: &[&str]) -> Result<Way, String> {
        with(flag, set, &["az", "azd"])
    }

    /// Variables as NAME or NAME=VALUE.
    fn with(flag: Option<&str>, set: &[&str], installed: &[&str]) -> Result<Way, String> {
        let value = |name: &str| {
            let held = set
                .iter()
                .map(|held| held.split_once('=').unwrap_or((held, "x")));
            held.rev()
                .find(|(held, _)| *held == name)
                .map(|(_, value)| value.to_owned())
        };
        let choice = choose(flag, value, |program| installed.contains(&program));
        choice
            .map(|(way, _)| way)
            .map_err(|trouble| format!("{} | {}", trouble.message, trouble.help))
    }

    const PRINCIPAL: [&str; 2] = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"];

    #[test]
    fn the_first_complete_credential_wins_and_az_is_last() {
        let all = [
            ("AZURE_ACCESS_TOKEN", Way::Token),
            ("AZURE_CLIENT_SECRET", Way::Secret),
            ("AZURE_CLIENT_CERTIFICATE_PATH", Way::Certificate),
            ("AZURE_FEDERATED_TOKEN_FILE", Way::Workload),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", Way::GitHub),
            ("SYSTEM_OIDCREQUESTURI", Way::Pipelines),
            ("IDENTITY_ENDPOINT", Way::Managed),
        ];
        let mut set = PRINCIPAL.to_vec();
        set.extend(all.map(|(name, _)| name));
        set.extend([
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "SYSTEM_ACCESSTOKEN",
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            "IDENTITY_HEADER",
        ]);
        for (name, way) in all {
            assert_eq!(chosen(None, &set), Ok(way));
            set.retain(|held| *held != name);
        }
        assert_eq!(chosen(None, &PRINCIPAL), Ok(Way::Az));
        assert_eq!(chosen(None, &[]), Ok(Way::Az));
    }

    #[test]
    fn azd_is_used_only_if_az_is_not_installed() {
        assert_eq!(with(None, &[], &["azd"]), Ok(Way::Azd));
        assert_eq!(
            with(None, &[], &[]),
            Ok(Way::Az),
            "its error says what to install"
        );
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert_eq!(
            chosen(None, &["AZURE_ACCESS_TOKEN=", "AZURE_TOKEN_CREDENTIALS="]),
            Ok(Way::Az)
        );
    }

    #[test]
    fn an_incomplete_credential_is_an_error_unless_another_is_complete() {
        let half = ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID"];
        assert_eq!(
            chosen(None, &half).unwrap_err(),
            "a service principal with a secret requires AZURE_TENANT_ID, which is not set | set AZURE_TENANT_ID, or choose \
             another credential with --auth"
        );
        let whole = [half[0], half[1], "IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
        assert_eq!(chosen(None, &whole), Ok(Way::Managed));
        assert_eq!(chosen(Some("az"), &half), Ok(Way::Az));
    }

    #[test]
    fn variables_that_every_job_has_do_not_replace_az() {
        let github = [
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        ];
        assert_eq!(chosen(None, &github), Ok(Way::Az));
        let with_client = [github[0], github[1], "AZURE_CLIENT_ID"];
        assert!(
            chosen(None, &with_client)
                .unwrap_err()
                .contains("requires AZURE_TENANT_ID")
        );
        let task = [
            "SYSTEM_OIDCREQUESTURI",
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            "AZURESUBSCRIPTION_CLIENT_ID",
            "AZURESUBSCRIPTION_TENANT_ID",
        ];
        assert_eq!(chosen(None, &task), Ok(Way::Az));
        assert_eq!(
            chosen(None, &[&task[..], &["SYSTEM_ACCESSTOKEN"]].concat()),
            Ok(Way::Pipelines)
        );
        // In Cloud Shell `az` is signed in. On Service Fabric, azure_identity cannot use the identities.
        let fabric = [
            "IDENTITY_ENDPOINT",
            "IDENTITY_HEADER",
            "IDENTITY_SERVER_THUMBPRINT",
        ];
        assert_eq!(chosen(None, &fabric), Ok(Way::Az));
        assert_eq!(chosen(None, &["MSI_ENDPOINT"]), Ok(Way::Az));
    }

    #[test]
    fn a_requested_credential_must_be_set_up() {
        assert_eq!(
            chosen(Some("github"), &PRINCIPAL).unwrap_err(),
            "--auth github is set, but the identity of this GitHub Actions job requires ACTIONS_ID_TOKEN_REQUEST_URL and \
             ACTIONS_ID_TOKEN_REQUEST_TOKEN, which are not set | set ACTIONS_ID_TOKEN_REQUEST_URL and \
             ACTIONS_ID_TOKEN_REQUEST_TOKEN; GitHub does so in a job with `permissions: id-token: write`"
        );
        assert_eq!(
            chosen(Some("managed"), &["AZURE_ACCESS_TOKEN"]),
            Ok(Way::Managed)
        );
        assert!(
            chosen(Some("browser"), &[])
                .unwrap_err()
                .contains("choose token, secret")
        );
    }

    #[test]
    fn azures_variable_narrows_the_choice_and_the_flag_overrides_it() {
        let chosen_by = |name: &str, set: &[&str]| {
            let asked = format!("AZURE_TOKEN_CREDENTIALS={name}");
            chosen(None, &[set, &[asked.as_str()]].concat())
        };
        let secret = [PRINCIPAL[0], PRINCIPAL[1], "AZURE_CLIENT_SECRET"];
        assert_eq!(chosen_by("dev", &secret), Ok(Way::Az));
        assert_eq!(chosen_by("Prod", &secret), Ok(Way::Secret));
        assert_eq!(chosen_by("prod", &[]), Ok(Way::Managed));
        assert_eq!(chosen_by("EnvironmentCredential", &secret), Ok(Way::Secret));
        assert_eq!(chosen_by("azureclicredential", &secret), Ok(Way::Az));
        assert_eq!(
            chosen_by("AzureDeveloperCliCredential", &secret),
            Ok(Way::Azd)
        );
        assert_eq!(
            chosen_by("ManagedIdentityCredential", &secret),
            Ok(Way::Managed)
        );
        assert!(
            chosen_by("EnvironmentCredential", &[])
                .unwrap_err()
                .contains("requires AZURE_CLIENT_SECRET")
        );
        assert!(
            chosen_by("WorkloadIdentityCredential", &secret)
                .unwrap_err()
                .contains("AZURE_FEDERATED_TOKEN_FILE")
        );
        assert!(
            chosen_by("VisualStudioCredential", &[])
                .unwrap_err()
                .contains("`VisualStudioCredential`")
        );
        assert_eq!(
            chosen(
                Some("secret"),
                &[&secret[..], &["AZURE_TOKEN_CREDENTIALS=dev"]].concat()
            ),
            Ok(Way::Secret)
        );
    }
}
