//! Picks the credential from the flag and the environment variables.
//!
//! azlin never tries one after another. On a machine without a managed identity, trying it takes two minutes. And a credential
//! that fails is an error that its owner wants to see, not a reason to go on as someone else.

use super::ci::is_ci;
use super::way::{CLIENT, TENANT, Way, is_defined};
use crate::text::{and, or, quote};
use crate::trouble::Trouble;

/// A chosen credential.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub way: Way,
    /// The reason, as a phrase such as "AZURE_CLIENT_SECRET is set".
    pub why: String,
    /// A note for the user: the choice leaves out what someone began to set up.
    pub note: Option<String>,
}

impl Choice {
    fn new(way: Way, why: impl Into<String>) -> Self {
        Self {
            way,
            why: why.into(),
            note: None,
        }
    }
}

/// The circumstances of a choice, besides the flag.
pub(super) struct Machine<'m> {
    /// The value of an environment variable, which may be empty.
    pub variable: &'m dyn Fn(&str) -> Option<String>,
    /// Returns true if a program is on the PATH.
    pub is_installed: &'m dyn Fn(&str) -> bool,
    /// Returns true if `az` has an account.
    pub is_az_signed_in: &'m dyn Fn() -> bool,
}

impl Machine<'_> {
    fn value(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| is_defined(value))
    }

    fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Returns true if someone set the variable to nothing, as CI does with an undefined secret.
    fn is_empty(&self, name: &str) -> bool {
        (self.variable)(name).is_some() && !self.is_set(name)
    }

    fn is_ci(&self) -> bool {
        is_ci(self.variable)
    }
}

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

/// The variables that prove the identity of a service principal.
const PROOFS: [&str; 3] = [
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
];

/// The credential for `flag` (`--auth`) on `machine`: the first of these that applies.
///
/// 1. The one that `flag` names.
/// 2. The one that `AZURE_TOKEN_CREDENTIALS` names. It is `prod`, `dev` or a credential's name, as in Azure's other SDKs
///    (Microsoft's documentation of `DefaultAzureCredential`).
/// 3. The first one that the environment sets up completely. An empty variable counts as not set.
/// 4. `az`, or `azd` if only that is installed, unless the environment sets up another one in part. Then it is an error. But on
///    a person's machine where `az` is signed in, half of a service principal is a leftover: it is `az`, with a note.
///
/// # Errors
/// The named credential is unknown or not set up, or one is set up in part. The message names the credential and the missing
/// variables.
pub(super) fn choose(flag: Option<&str>, machine: &Machine<'_>) -> Result<Choice, Trouble> {
    if let Some(name) = flag {
        let Some((_, way)) = Way::NAMES.iter().find(|(known, _)| *known == name) else {
            let names = Way::NAMES.map(|(name, _)| name);
            return Err(Trouble::new(
                format!("invalid value for --auth: {}", quote(name)),
                format!("choose {}", or(&names)),
            ));
        };
        return demanded(*way, format!("--auth {name} is set"), machine);
    }
    let asked = machine.value("AZURE_TOKEN_CREDENTIALS").unwrap_or_default();
    let by = format!("AZURE_TOKEN_CREDENTIALS={asked} is set");
    let (ways, last) = match asked.to_ascii_lowercase().as_str() {
        "" => (&ANNOUNCED[..], None),
        "dev" => (&[Way::Token][..], None),
        "prod" => (&ANNOUNCED[..], Some(Way::Managed)),
        "environmentcredential" => (&[Way::Secret, Way::Certificate][..], Some(Way::Secret)),
        _ => return demanded(by_the_sdks_name(&asked)?, by, machine),
    };
    if let Some(choice) = complete(ways, machine) {
        return Ok(choice);
    }
    if let Some(begun) = begun(ways, last, machine) {
        if last.is_none() && begun.is_leftover(machine) {
            return Ok(despite_leftovers(machine));
        }
        return Err(begun.trouble(machine));
    }
    match last {
        Some(Way::Managed) => {
            let why = format!("{by}, and no other credential is set up");
            Ok(Choice::new(Way::Managed, why))
        }
        Some(way) => demanded(way, by, machine),
        None if !(machine.is_installed)("az") && (machine.is_installed)("azd") => {
            let why = "no other credential is set up, and `az` is not installed";
            Ok(Choice::new(Way::Azd, why))
        }
        None if asked.is_empty() => Ok(Choice::new(Way::Az, "no other credential is set up")),
        None => Ok(Choice::new(Way::Az, by)),
    }
}

/// `way`, if it is set up. `why` is the reason for choosing it.
fn demanded(way: Way, why: String, machine: &Machine<'_>) -> Result<Choice, Trouble> {
    // Without its variables it is the VM's own identity, whose endpoint has a fixed address.
    if way == Way::Managed || missing(way, machine).is_empty() {
        return Ok(Choice::new(way, why));
    }
    let trouble = half(way, machine);
    let message = format!("{why}, but {}", trouble.message);
    Err(Trouble { message, ..trouble })
}

/// The first of `ways` that the environment sets up completely.
fn complete(ways: &[Way], machine: &Machine<'_>) -> Option<Choice> {
    let mut ways = ways.iter();
    let way = ways.find(|way| {
        // Service Fabric sets this variable, and `azure_identity` cannot use its identities.
        let is_anothers = **way == Way::Managed && machine.is_set("IDENTITY_SERVER_THUMBPRINT");
        !is_anothers && missing(**way, machine).is_empty()
    })?;
    let needs = way.needs().iter();
    let by: Vec<&str> = needs.filter_map(|any| first(any, machine)).collect();
    let why = format!("{} {} set", and(&by), is_or_are(&by));
    Some(Choice::new(*way, why))
}

/// A credential that is set up in part.
enum Begun {
    Way(Way),
    /// A service principal's ids, with nothing that proves its identity.
    Ids,
}

/// The first of `ways` that the environment sets up in part. `last` is the credential that comes after them.
fn begun(ways: &[Way], last: Option<Way>, machine: &Machine<'_>) -> Option<Begun> {
    let is_ci = machine.is_ci();
    let is_announced = |way: &Way| {
        let names = way.announced_by();
        // An empty variable counts only where someone means it: in CI, or beside a service principal's id.
        let is_principal = matches!(way, Way::Secret | Way::Certificate);
        let empty_counts = is_ci || (is_principal && machine.is_set(CLIENT));
        let is_there =
            |name: &&str| machine.is_set(name) || (empty_counts && machine.is_empty(name));
        !names.is_empty() && names.iter().all(is_there)
    };
    if let Some(way) = ways.iter().find(|way| is_announced(way)) {
        return Some(Begun::Way(*way));
    }
    // The id may also choose a managed identity, if `last` is that. With `dev`, no service principal is wanted.
    let has_id = machine.is_set(CLIENT) || (is_ci && machine.is_empty(CLIENT));
    if !has_id || last.is_some() || !ways.contains(&Way::Secret) {
        return None;
    }
    if machine.is_set("GITHUB_ACTIONS") {
        return Some(Begun::Way(Way::GitHub));
    }
    Some(Begun::Ids)
}

impl Begun {
    /// Returns true if it is left over on the machine of a person who uses `az`.
    fn is_leftover(&self, machine: &Machine<'_>) -> bool {
        let is_principal = matches!(self, Self::Ids | Self::Way(Way::Secret | Way::Certificate));
        is_principal
            && !machine.is_ci()
            && (machine.is_installed)("az")
            && (machine.is_az_signed_in)()
    }

    fn trouble(&self, machine: &Machine<'_>) -> Trouble {
        let trouble = match self {
            Self::Way(way) => half(*way, machine),
            Self::Ids => ids_only(machine),
        };
        let instead = if machine.is_ci() {
            "if an earlier step signs in `az`, pass --auth az instead"
        } else {
            "to use another credential, pass --auth"
        };
        let help = format!("{}; {instead}", trouble.help);
        Trouble { help, ..trouble }
    }
}

/// `az`, although half of a service principal is set up.
fn despite_leftovers(machine: &Machine<'_>) -> Choice {
    let [secret, certificate, _] = PROOFS;
    let names = [TENANT, CLIENT, secret, certificate];
    let left = names.into_iter().filter_map(|name| {
        if machine.is_empty(name) {
            return Some(format!("{name} (empty)"));
        }
        machine.is_set(name).then(|| name.to_owned())
    });
    let left: Vec<String> = left.collect();
    let (names, are) = (and(&left), is_or_are(&left));
    let them = if left.len() == 1 { "it" } else { "them" };
    Choice {
        way: Way::Az,
        why: format!("`az` is signed in, and {names} {are} not a complete service principal"),
        note: Some(format!(
            "using the account of `az`: {names} {are} not a complete service principal; unset {them}, or pass --auth az"
        )),
    }
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

fn first<'n>(any: &[&'n str], machine: &Machine<'_>) -> Option<&'n str> {
    any.iter().find(|name| machine.is_set(name)).copied()
}

/// The missing variables of `way`, each by its first name.
fn missing(way: Way, machine: &Machine<'_>) -> Vec<&'static str> {
    let needs = way.needs().iter();
    let lacking = needs.filter(|any| first(any, machine).is_none());
    lacking.filter_map(|any| any.first().copied()).collect()
}

/// The trouble with `way`, which is set up in part.
fn half(way: Way, machine: &Machine<'_>) -> Trouble {
    let missing = missing(way, machine);
    let (what, names, are) = (way.what(), and(&missing), is_or_are(&missing));
    let empty = missing.iter().filter(|name| machine.is_empty(name)).count();
    let state = if empty == missing.len() {
        "empty"
    } else if empty > 0 {
        "empty or not set"
    } else {
        "not set"
    };
    Trouble::new(
        format!("{what} requires {names}, which {are} {state}"),
        how_to_set(&missing, machine),
    )
}

/// The action that sets the variables in `missing`.
fn how_to_set(missing: &[&str], machine: &Machine<'_>) -> String {
    let is_githubs = |name: &&&str| name.starts_with("ACTIONS_");
    let own: Vec<&str> = missing
        .iter()
        .filter(|name| !is_githubs(name))
        .copied()
        .collect();
    let mut actions = Vec::new();
    if own.len() < missing.len() {
        actions.push("give the job `permissions: id-token: write`".to_owned());
    }
    if !own.is_empty() {
        actions.push(format!("set {}", and(&own)));
    }
    let mut help = and(&actions);
    if missing.contains(&"SYSTEM_ACCESSTOKEN") {
        help += " in the step: `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`";
    } else if machine.is_ci() && missing.iter().any(|name| machine.is_empty(name)) {
        help += " (CI leaves a variable empty if its secret is not defined, or not available to a fork)";
    }
    help
}

/// The trouble with a service principal that has ids, but no proof of its identity.
fn ids_only(machine: &Machine<'_>) -> Trouble {
    let ids = [TENANT, CLIENT].into_iter();
    let (set, missing): (Vec<&str>, Vec<&str>) = ids.partition(|name| machine.is_set(name));
    let begun = if set.is_empty() {
        format!("{CLIENT} is empty")
    } else {
        format!("{} {} set", and(&set), is_or_are(&set))
    };
    let mut required = vec![or(&PROOFS)];
    if !missing.is_empty() {
        required.insert(0, and(&missing));
    }
    let required = required.join(", and ");
    Trouble::new(
        format!("{begun}, but a service principal also requires {required}"),
        format!("set {required}"),
    )
}

fn is_or_are<T>(names: &[T]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a machine with both tools, where `az` is not signed in.
    fn chosen(flag: Option<&str>, set: &[&str]) -> Result<Way, String> {
        with(flag, set, &["az", "azd"]).map(|choice| choice.way)
    }

    /// Variables as NAME or NAME=VALUE. Of the programs, `az!` is `az`, signed in.
    fn with(flag: Option<&str>, set: &[&str], installed: &[&str]) -> Result<Choice, String> {
        let variable = |name: &str| {
            let held = set
                .iter()
                .map(|held| held.split_once('=').unwrap_or((held, "x")));
            held.rev()
                .find(|(held, _)| *held == name)
                .map(|(_, value)| value.to_owned())
        };
        let is_az_signed_in = || installed.contains(&"az!");
        let machine = Machine {
            variable: &variable,
            is_installed: &|program| {
                installed.contains(&program) || (program == "az" && is_az_signed_in())
            },
            is_az_signed_in: &is_az_signed_in,
        };
        let choice = choose(flag, &machine);
        choice.map_err(|trouble| format!("{} | {}", trouble.message, trouble.help))
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
        assert_eq!(chosen(None, &[]), Ok(Way::Az));
    }

    #[test]
    fn azd_is_used_only_if_az_is_not_installed() {
        let way = |installed: &[&str]| with(None, &[], installed).unwrap().way;
        assert_eq!(way(&["azd"]), Way::Azd);
        assert_eq!(way(&[]), Way::Az, "its error says what to install");
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
            "a service principal with a secret requires AZURE_TENANT_ID, which is not set | set AZURE_TENANT_ID; to use another \
             credential, pass --auth"
        );
        let whole = [half[0], half[1], "IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
        assert_eq!(chosen(None, &whole), Ok(Way::Managed));
        assert_eq!(chosen(Some("az"), &half), Ok(Way::Az));
    }

    /// The error for `set` in CI, where `az` is signed in too.
    fn in_ci(set: &[&str]) -> String {
        with(None, set, &["az!"]).unwrap_err()
    }

    #[test]
    fn in_ci_half_a_credential_is_never_az() {
        let (tenant, client) = (PRINCIPAL[0], PRINCIPAL[1]);
        for (set, message) in [
            (
                &["CI=true", tenant, client][..],
                "AZURE_TENANT_ID and AZURE_CLIENT_ID are set, but a service principal also requires AZURE_CLIENT_SECRET, \
                 AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE",
            ),
            (
                &["TF_BUILD=True", client],
                "AZURE_CLIENT_ID is set, but a service principal also requires AZURE_TENANT_ID, and AZURE_CLIENT_SECRET, \
                 AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE",
            ),
            (
                &["CI=true", tenant, client, "AZURE_CLIENT_SECRET="],
                "a service principal with a secret requires AZURE_CLIENT_SECRET, which is empty",
            ),
            (
                &[
                    "TF_BUILD=True",
                    tenant,
                    client,
                    "AZURE_CLIENT_SECRET=$(APP_SECRET)",
                ],
                "a service principal with a secret requires AZURE_CLIENT_SECRET, which is empty",
            ),
            (
                &[
                    "CI=true",
                    "AZURE_TENANT_ID=",
                    "AZURE_CLIENT_ID=",
                    "AZURE_CLIENT_SECRET=",
                ],
                "a service principal with a secret requires AZURE_CLIENT_SECRET, AZURE_TENANT_ID and AZURE_CLIENT_ID, which are empty",
            ),
            (
                &["CI=true", "AZURE_CLIENT_SECRET=", client],
                "a service principal with a secret requires AZURE_CLIENT_SECRET and AZURE_TENANT_ID, which are empty or not set",
            ),
            (
                &["CI=true", tenant, client, "AZURE_CLIENT_CERTIFICATE_PATH="],
                "a service principal with a certificate requires AZURE_CLIENT_CERTIFICATE_PATH, which is empty",
            ),
            (
                &["CI=true", "AZURE_ACCESS_TOKEN="],
                "a token in AZURE_ACCESS_TOKEN requires AZURE_ACCESS_TOKEN, which is empty",
            ),
            (
                &["CI=true", "AZURE_CLIENT_ID="],
                "AZURE_CLIENT_ID is empty, but a service principal also requires AZURE_TENANT_ID and AZURE_CLIENT_ID, and \
                 AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE",
            ),
            (
                &["GITHUB_ACTIONS=true", tenant, client],
                "the identity of this GitHub Actions job requires ACTIONS_ID_TOKEN_REQUEST_URL and \
                 ACTIONS_ID_TOKEN_REQUEST_TOKEN, which are not set",
            ),
            (
                &[
                    "TF_BUILD=True",
                    "SYSTEM_ACCESSTOKEN=",
                    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
                ],
                "a service connection of Azure Pipelines requires SYSTEM_OIDCREQUESTURI, SYSTEM_ACCESSTOKEN, \
                 AZURESUBSCRIPTION_TENANT_ID and AZURESUBSCRIPTION_CLIENT_ID, which are empty or not set",
            ),
        ] {
            let error = in_ci(set);
            let (found, help) = error.split_once(" | ").unwrap();
            assert_eq!(found, message, "{set:?}");
            let instead = "; if an earlier step signs in `az`, pass --auth az instead";
            assert!(help.ends_with(instead), "{help}");
        }
    }

    #[test]
    fn the_help_says_how_ci_sets_what_is_missing() {
        let help = |set: &[&str]| in_ci(set).split_once(" | ").unwrap().1.to_owned();
        let (tenant, client) = (PRINCIPAL[0], PRINCIPAL[1]);
        assert_eq!(
            help(&["GITHUB_ACTIONS=true", tenant, client]),
            "give the job `permissions: id-token: write`; if an earlier step signs in `az`, pass --auth az instead"
        );
        assert_eq!(
            help(&["GITHUB_ACTIONS=true", client]),
            "give the job `permissions: id-token: write` and set AZURE_TENANT_ID; if an earlier step signs in `az`, pass --auth az \
             instead"
        );
        assert_eq!(
            help(&["CI=true", tenant, client, "AZURE_CLIENT_SECRET="]),
            "set AZURE_CLIENT_SECRET (CI leaves a variable empty if its secret is not defined, or not available to a fork); if an \
             earlier step signs in `az`, pass --auth az instead"
        );
    }

    #[test]
    fn on_a_persons_machine_leftovers_do_not_replace_az() {
        let (tenant, client) = (PRINCIPAL[0], PRINCIPAL[1]);
        for (set, named) in [
            (
                &[tenant, client][..],
                "AZURE_TENANT_ID and AZURE_CLIENT_ID are",
            ),
            (&[client], "AZURE_CLIENT_ID is"),
            (&["CI=false", client], "AZURE_CLIENT_ID is"),
            (
                &[tenant, client, "AZURE_CLIENT_SECRET="],
                "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (empty) are",
            ),
            (
                &[client, "AZURE_CLIENT_SECRET"],
                "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are",
            ),
            (
                &["AZURE_CLIENT_CERTIFICATE_PATH"],
                "AZURE_CLIENT_CERTIFICATE_PATH is",
            ),
        ] {
            let choice = with(None, set, &["az!"]).unwrap();
            assert_eq!(choice.way, Way::Az, "{set:?}");
            let note = choice.note.unwrap();
            let expected = format!("{named} not a complete service principal; unset ");
            assert!(note.contains(&expected), "{note}");
            let error = chosen(None, set).unwrap_err();
            assert!(error.contains("requires"), "`az` is not signed in: {error}");
        }
        // These say nothing about a service principal.
        for set in [
            &[tenant][..],
            &["AZURE_CLIENT_SECRET="],
            &["AZURE_CLIENT_ID="],
        ] {
            let choice = with(None, set, &["az!"]).unwrap();
            assert_eq!((choice.way, choice.note), (Way::Az, None), "{set:?}");
        }
        let pod = ["AZURE_FEDERATED_TOKEN_FILE", client];
        let error = with(None, &pod, &["az!"]).unwrap_err();
        assert!(
            error.starts_with("workload identity requires AZURE_TENANT_ID"),
            "{error}"
        );
    }

    #[test]
    fn the_id_alone_chooses_a_managed_identity_where_that_is_asked_for() {
        let asked = |name: &str| {
            let asked = format!("AZURE_TOKEN_CREDENTIALS={name}");
            chosen(None, &["CI=true", PRINCIPAL[1], &asked])
        };
        assert_eq!(asked("prod"), Ok(Way::Managed));
        assert_eq!(asked("dev"), Ok(Way::Az));
        assert!(asked("").is_err());
        let error = asked("EnvironmentCredential").unwrap_err();
        let asks = "AZURE_TOKEN_CREDENTIALS=EnvironmentCredential is set, but a service principal with a secret requires";
        assert!(error.starts_with(asks), "{error}");
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
             ACTIONS_ID_TOKEN_REQUEST_TOKEN, which are not set | give the job `permissions: id-token: write`"
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
