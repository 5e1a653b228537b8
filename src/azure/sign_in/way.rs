//! [`Way`]: one way of proving to Azure who is asking, and the environment variables that set it up.

/// One way of signing in, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A token that somebody else got.
    Token,
    /// A service principal with a secret.
    Secret,
    /// A service principal with a certificate.
    Certificate,
    /// A token that Kubernetes writes into a file (Microsoft Entra Workload ID).
    Workload,
    /// The identity of a job on GitHub Actions.
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

/// An environment variable that is not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variables that several ways read.
pub(super) const TENANT: &str = "AZURE_TENANT_ID";
pub(super) const CLIENT: &str = "AZURE_CLIENT_ID";

impl Way {
    /// Every way with the name that `--auth` takes.
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

    /// The name that `--auth` takes.
    pub fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, way)| *way == self);
        found.map_or("", |(name, _)| name)
    }

    /// The credentials that have a name in Azure's other SDKs, by that name.
    pub(super) const SDK_NAMES: [(&'static str, Self); 7] = [
        ("ClientSecretCredential", Self::Secret),
        ("ClientCertificateCredential", Self::Certificate),
        ("WorkloadIdentityCredential", Self::Workload),
        ("AzurePipelinesCredential", Self::Pipelines),
        ("ManagedIdentityCredential", Self::Managed),
        ("AzureCliCredential", Self::Az),
        ("AzureDeveloperCliCredential", Self::Azd),
    ];

    /// The command that signs in to the tool, to `tenant` where one is known.
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

    /// The values that it needs: for each, the variables that may hold it, the first one first.
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
            // What App Service and Functions announce. azure_identity speaks neither with Azure Arc, Service Fabric and
            // Azure ML nor with Cloud Shell, where `az` is signed in anyway.
            Self::Managed => &[&["IDENTITY_ENDPOINT"], &["IDENTITY_HEADER"]],
            Self::Az | Self::Azd => &[],
        }
    }

    /// Of what it needs, the variables that nobody sets for any other reason: with all of them, it is meant.
    ///
    /// GitHub and Azure Pipelines give every job some of theirs, also where `az` is signed in.
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
            Self::Token | Self::Managed | Self::Az | Self::Azd => &[],
        }
    }
}
