//! [`Way`]: a credential, and the environment variables that set it up.

/// A credential, in the order in which azlin looks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A given token.
    Token,
    /// A service principal with a secret.
    Secret,
    /// A service principal with a certificate.
    Certificate,
    /// A token that Kubernetes writes to a file (Microsoft Entra Workload ID).
    Workload,
    /// The identity of a GitHub Actions job.
    GitHub,
    /// A service connection of Azure Pipelines.
    Pipelines,
    /// The identity of the machine that azlin runs on.
    Managed,
    /// The account of the Azure CLI.
    Az,
    /// The account of the Azure Developer CLI.
    Azd,
}

/// The value of an environment variable, if it is not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| is_defined(value))
}

/// Returns false for the values that CI gives to an undefined variable: nothing, or, in Azure Pipelines, the reference `$(NAME)`.
pub(super) fn is_defined(value: &str) -> bool {
    let is_reference = value.starts_with("$(") && value.ends_with(')');
    !value.is_empty() && !is_reference
}

/// The variables that several ways read.
pub(super) const TENANT: &str = "AZURE_TENANT_ID";
pub(super) const CLIENT: &str = "AZURE_CLIENT_ID";

impl Way {
    /// Every credential with its name in `--auth`.
    pub const NAMES: [(&'static str, Self); 9] = [
        ("token", Self::Token),
        ("secret", Self::Secret),
        ("certificate", Self::Certificate),
        ("workload", Self::Workload),
        ("github", Self::GitHub),
        ("pipelines", Self::Pipelines),
        ("managed", Self::Managed),
        ("az", Self::Az),
        ("azd", Self::Azd),
    ];

    /// Its name in `--auth`.
    pub fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, way)| *way == self);
        found.map_or("", |(name, _)| name)
    }

    /// The credentials that Azure's other SDKs have too, by their names there.
    pub(super) const SDK_NAMES: [(&'static str, Self); 7] = [
        ("ClientSecretCredential", Self::Secret),
        ("ClientCertificateCredential", Self::Certificate),
        ("WorkloadIdentityCredential", Self::Workload),
        ("AzurePipelinesCredential", Self::Pipelines),
        ("ManagedIdentityCredential", Self::Managed),
        ("AzureCliCredential", Self::Az),
        ("AzureDeveloperCliCredential", Self::Azd),
    ];

    /// The command that signs in to the tool, to `tenant` if it is known.
    pub(super) fn login(self, tenant: Option<&str>) -> String {
        let (command, option) = match self {
            Self::Azd => ("azd auth login", "--tenant-id"),
            _ => ("az login", "--tenant"),
        };
        match tenant {
            Some(tenant) => format!("{command} {option} {tenant}"),
            None => command.to_owned(),
        }
    }

    /// A description for a person.
    pub fn what(self) -> &'static str {
        match self {
            Self::Token => "a token in AZURE_ACCESS_TOKEN",
            Self::Secret => "a service principal with a secret",
            Self::Certificate => "a service principal with a certificate",
            Self::Workload => "workload identity",
            Self::GitHub => "the identity of this GitHub Actions job",
            Self::Pipelines => "a service connection of Azure Pipelines",
            Self::Managed => "this machine's managed identity",
            Self::Az => "the account of the Azure CLI",
            Self::Azd => "the account of the Azure Developer CLI",
        }
    }

    /// The required values: for each, the variables that may hold it, in order of preference.
    pub(super) fn needs(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Token => &[&["AZURE_ACCESS_TOKEN"]],
            Self::Secret => &[&["AZURE_CLIENT_SECRET"], &[TENANT], &[CLIENT]],
            Self::Certificate => &[&["AZURE_CLIENT_CERTIFICATE_PATH"], &[TENANT], &[CLIENT]],
            Self::Workload => &[&["AZURE_FEDERATED_TOKEN_FILE"], &[TENANT], &[CLIENT]],
            Self::GitHub => &[
                &["ACTIONS_ID_TOKEN_REQUEST_URL"],
                &["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
                &[TENANT],
                &[CLIENT],
            ],
            // The names that the tasks AzureCLI and AzurePowerShell set (Microsoft's documentation of both).
            Self::Pipelines => &[
                &["SYSTEM_OIDCREQUESTURI"],
                &["SYSTEM_ACCESSTOKEN"],
                &["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"],
                &["AZURESUBSCRIPTION_TENANT_ID", TENANT],
                &["AZURESUBSCRIPTION_CLIENT_ID", CLIENT],
            ],
            // App Service and Functions set these. azure_identity does not support Azure Arc, Service Fabric, Azure ML or Cloud
            // Shell; in Cloud Shell `az` is signed in anyway.
            Self::Managed => &[&["IDENTITY_ENDPOINT"], &["IDENTITY_HEADER"]],
            Self::Az | Self::Azd => &[],
        }
    }

    /// The variables that show that this credential is intended, because they are set for no other reason.
    ///
    /// Other variables do not show that: GitHub and Azure Pipelines set some in every job, even if the job uses `az`.
    pub(super) fn announced_by(self) -> &'static [&'static str] {
        match self {
            Self::Secret => &["AZURE_CLIENT_SECRET"],
            Self::Certificate => &["AZURE_CLIENT_CERTIFICATE_PATH"],
            Self::Workload => &["AZURE_FEDERATED_TOKEN_FILE"],
            Self::GitHub => &["ACTIONS_ID_TOKEN_REQUEST_URL", CLIENT],
            Self::Pipelines => &[
                "SYSTEM_ACCESSTOKEN",
                "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            ],
            Self::Token => &["AZURE_ACCESS_TOKEN"],
            Self::Managed | Self::Az | Self::Azd => &[],
        }
    }
}
