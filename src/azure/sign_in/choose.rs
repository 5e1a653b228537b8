//! Which way of signing in, from what the flag and the environment say.
//!
//! Nothing is tried: the managed identity of a machine that has none takes two minutes to say so, and a way that fails is
//! an error that its owner wants to see, not a reason to go on as somebody else.

use super::way::Way;
use crate::text::quote;

/// Which way, and why this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The way.
    pub way: Way,
    /// What decided, as a phrase for a person, such as "AZURE_CLIENT_SECRET is set".
    pub why: String,
}

/// Why no way can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// What is wrong.
    pub why: String,
    /// What to do now.
    pub help: String,
}

/// The ways that are looked for without being asked for, in their order.
const ANNOUNCED: [Way; 7] = [
    Way::Token,
    Way::Secret,
    Way::Certificate,
    Way::Workload,
    Way::GitHub,
    Way::Pipelines,
    Way::Managed,
];

/// The way that `flag` names (`--auth`), else the one that `AZURE_TOKEN_CREDENTIALS` names, else the first that the
/// environment sets up completely, else `az`, or `azd` where only that is installed.
///
/// `AZURE_TOKEN_CREDENTIALS` is `prod`, `dev` or a credential's name, as in Azure's other SDKs (Microsoft's documentation of
/// `DefaultAzureCredential`). An empty variable counts as none. `installed` says whether a program is on the PATH.
///
/// # Errors
/// What is asked for is not known or not set up, or a way is set up in part and none completely: the message names what is
/// missing.
pub fn choose(
    flag: Option<&str>,
    environment: impl Fn(&str) -> Option<String>,
    installed: impl Fn(&str) -> bool,
) -> Result<Choice, Undecided> {
    let is_set = |name: &&str| environment(name).is_some_and(|value| !value.is_empty());
    let by_hand = |way: Way, by: String| match missing(way, is_set) {
        // Without an announcement it is the machine's own, which has one address everywhere.
        missing if missing.is_empty() || way == Way::Managed => Ok(Choice { way, why: by }),
        missing => Err(half(way, &missing, &format!("{by}, but "))),
    };
    if let Some(name) = flag {
        let known = Way::NAMES.iter().find(|(known, _)| *known == name);
        let (name, way) = known.ok_or_else(|| Undecided {
            why: format!("--auth cannot be {}", quote(name)),
            help: format!("the choices are {}", names()),
        })?;
        return by_hand(*way, format!("--auth {name} asks for it"));
    }
    let asked = environment("AZURE_TOKEN_CREDENTIALS").filter(|name| !name.is_empty());
    let asked = asked.as_deref();
    let by = || {
        format!(
            "AZURE_TOKEN_CREDENTIALS={} asks for it",
            asked.unwrap_or("")
        )
    };
    let (announced, on) = match asked.map(str::to_ascii_lowercase).as_deref() {
        None => (&ANNOUNCED[..], Last::Tool),
        Some("dev") => (&[Way::Token][..], Last::Tool),
        Some("prod") => (&ANNOUNCED[..], Last::Machine),
        Some("environmentcredential") => (&[Way::Secret, Way::Certificate][..], Last::None),
        Some(name) => return by_hand(by_the_sdks_name(name, asked)?, by()),
    };
    let is_whole = |way: &&Way| {
        let is_ours = **way != Way::Managed || !is_set(&"IDENTITY_SERVER_THUMBPRINT");
        is_ours && missing(**way, is_set).is_empty()
    };
    if let Some(way) = announced.iter().find(is_whole) {
        let by: Vec<&str> = way
            .needs()
            .iter()
            .filter_map(|any| first(any, is_set))
            .collect();
        let why = format!(
            "{} {} set",
            and(&by),
            if by.len() == 1 { "is" } else { "are" }
        );
        return Ok(Choice { way: *way, why });
    }
    let begun = |way: &&Way| {
        let announced_by = way.announced_by();
        !announced_by.is_empty() && announced_by.iter().all(is_set)
    };
    if let Some(way) = announced.iter().find(begun) {
        return Err(half(*way, &missing(*way, is_set), ""));
    }
    match on {
        Last::Tool if !installed("az") && installed("azd") => Ok(Choice {
            way: Way::Azd,
            why: "nothing else is set up, and `az` is not installed".to_owned(),
        }),
        Last::Tool => Ok(Choice {
            way: Way::Az,
            why: match asked {
                Some(_) => by(),
                None => "nothing else is set up".to_owned(),
            },
        }),
        Last::Machine => Ok(Choice {
            way: Way::Managed,
            why: format!("{}, and nothing else is set up", by()),
        }),
        Last::None => Err(half(
            Way::Secret,
            &missing(Way::Secret, is_set),
            &format!("{}, but ", by()),
        )),
    }
}

/// What is taken when the environment announces nothing.
enum Last {
    Tool,
    Machine,
    None,
}

/// A credential by the name that Azure's SDKs give it, in lower case.
fn by_the_sdks_name(name: &str, as_written: Option<&str>) -> Result<Way, Undecided> {
    match name {
        "clientsecretcredential" => Ok(Way::Secret),
        "clientcertificatecredential" => Ok(Way::Certificate),
        "workloadidentitycredential" => Ok(Way::Workload),
        "azurepipelinescredential" => Ok(Way::Pipelines),
        "managedidentitycredential" => Ok(Way::Managed),
        "azureclicredential" => Ok(Way::Az),
        "azuredeveloperclicredential" => Ok(Way::Azd),
        _ => Err(Undecided {
            why: format!(
                "AZURE_TOKEN_CREDENTIALS is {}, which azlin cannot sign in with",
                quote(as_written.unwrap_or(name))
            ),
            help: "set it to dev, prod, EnvironmentCredential, WorkloadIdentityCredential, ManagedIdentityCredential, \
                   AzureCliCredential or AzureDeveloperCliCredential, or pass --auth"
                .to_owned(),
        }),
    }
}

fn first<'n>(any: &[&'n str], is_set: impl Fn(&&str) -> bool) -> Option<&'n str> {
    any.iter().find(|name| is_set(name)).copied()
}

/// The variables that `way` lacks, each by its first name.
fn missing(way: Way, is_set: impl Fn(&&str) -> bool) -> Vec<&'static str> {
    let lacking = way
        .needs()
        .iter()
        .filter(|any| first(any, &is_set).is_none());
    lacking.filter_map(|any| any.first().copied()).collect()
}

fn half(way: Way, missing: &[&str], by: &str) -> Undecided {
    let verb = if missing.len() == 1 { "is" } else { "are" };
    let for_the_job = match missing.iter().any(|name| name.starts_with("ACTIONS_")) {
        true => "; GitHub sets it in a job with `permissions: id-token: write`",
        false if missing.contains(&"SYSTEM_ACCESSTOKEN") => {
            "; map it in the step: `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`"
        }
        false => "",
    };
    let others = match by.is_empty() {
        true => ", or choose another way with --auth",
        false => "",
    };
    Undecided {
        why: format!(
            "{by}{} needs {}, which {verb} not set",
            way.what(),
            and(missing)
        ),
        help: format!("set {}{for_the_job}{others}", and(missing)),
    }
}

fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn names() -> String {
    let names: Vec<&str> = Way::NAMES.iter().map(|(name, _)| *name).collect();
    and(&names)
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
            .map(|choice| choice.way)
            .map_err(|no| format!("{} | {}", no.why, no.help))
    }

    const PRINCIPAL: [&str; 2] = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"];

    #[test]
    fn the_first_complete_way_wins_and_az_is_the_last() {
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
    fn azd_is_taken_only_where_az_is_not_installed() {
        assert_eq!(with(None, &[], &["azd"]), Ok(Way::Azd));
        assert_eq!(
            with(None, &[], &[]),
            Ok(Way::Az),
            "whose error says what to install"
        );
    }

    #[test]
    fn an_empty_variable_is_none() {
        assert_eq!(
            chosen(None, &["AZURE_ACCESS_TOKEN=", "AZURE_TOKEN_CREDENTIALS="]),
            Ok(Way::Az)
        );
    }

    #[test]
    fn half_a_way_is_an_error_unless_another_is_whole() {
        let half = ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID"];
        assert_eq!(
            chosen(None, &half).unwrap_err(),
            "a service principal with a secret needs AZURE_TENANT_ID, which is not set | set AZURE_TENANT_ID, or choose \
             another way with --auth"
        );
        let whole = [half[0], half[1], "IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
        assert_eq!(chosen(None, &whole), Ok(Way::Managed));
        assert_eq!(chosen(Some("az"), &half), Ok(Way::Az));
    }

    #[test]
    fn what_a_pipeline_sets_for_every_job_leaves_az_to_be_used() {
        let github = [
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        ];
        assert_eq!(chosen(None, &github), Ok(Way::Az));
        let with_client = [github[0], github[1], "AZURE_CLIENT_ID"];
        assert!(
            chosen(None, &with_client)
                .unwrap_err()
                .contains("needs AZURE_TENANT_ID")
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
        // Cloud Shell, where az is signed in, and Service Fabric, whose identities azure_identity cannot use.
        let fabric = [
            "IDENTITY_ENDPOINT",
            "IDENTITY_HEADER",
            "IDENTITY_SERVER_THUMBPRINT",
        ];
        assert_eq!(chosen(None, &fabric), Ok(Way::Az));
        assert_eq!(chosen(None, &["MSI_ENDPOINT"]), Ok(Way::Az));
    }

    #[test]
    fn a_way_that_is_asked_for_must_be_set_up() {
        assert_eq!(
            chosen(Some("github"), &PRINCIPAL).unwrap_err(),
            "--auth github asks for it, but the identity of this GitHub Actions job needs ACTIONS_ID_TOKEN_REQUEST_URL and \
             ACTIONS_ID_TOKEN_REQUEST_TOKEN, which are not set | set ACTIONS_ID_TOKEN_REQUEST_URL and \
             ACTIONS_ID_TOKEN_REQUEST_TOKEN; GitHub sets it in a job with `permissions: id-token: write`"
        );
        assert_eq!(
            chosen(Some("managed"), &["AZURE_ACCESS_TOKEN"]),
            Ok(Way::Managed)
        );
        assert!(
            chosen(Some("browser"), &[])
                .unwrap_err()
                .contains("the choices are token, secret")
        );
    }

    #[test]
    fn azures_own_variable_narrows_the_choice_and_the_flag_wins_over_it() {
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
                .contains("needs AZURE_CLIENT_SECRET")
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
