//! [`Recipe`]: from a way of signing in to a token, by the SDK's credentials.

use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::http::{
    ClientOptions, ExponentialRetryOptions, HttpClient, Pipeline, RetryOptions, Transport, Url,
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, AzurePipelinesCredential, AzurePipelinesCredentialOptions,
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};

use super::certificate::Certificate;
use super::github::GitHub;
use super::login;
use super::no_token::{NoToken, explain};
use super::tool::{PATIENCE, Patient};
use super::way::{CLIENT, Way};
use crate::azure::origin::Origin;
use crate::model::{Cloud, SubscriptionId};
use crate::text::{plain, quote};

/// How long a machine's identity may take: an address that leads nowhere is asked for two minutes otherwise.
const MANAGED: Duration = Duration::from_secs(20);
/// How long a token may take in any other way, with what the SDK tries again.
const LONGEST: Duration = Duration::from_secs(60);

/// All that a token depends on, besides the values of the way's variables, which are read when it is fetched.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub way: Way,
    /// `az` is asked for a token of this subscription's tenant, which may be another than that of its default account.
    pub subscription: SubscriptionId,
    /// Decides the audience of the assertion that GitHub makes.
    pub cloud: Cloud,
    /// Who gives out tokens.
    pub authority: Origin,
}

impl Recipe {
    /// A new token.
    ///
    /// # Errors
    /// There is none.
    pub async fn token(&self, scopes: &[&str]) -> Result<AccessToken, NoToken> {
        let patience = match self.way {
            Way::Managed => MANAGED,
            _ => LONGEST,
        };
        let fetching = async { self.credential()?.get_token(scopes, None).await };
        let fetched = match tokio::time::timeout(patience, fetching).await {
            Ok(fetched) => fetched.map_err(|error| explain(self, &error)),
            Err(_) => Err(self.too_slow(patience)),
        };
        let checked = fetched.and_then(|token| match token.token.secret().is_empty() {
            true => Err(NoToken::new(
                "the answer has no token in it",
                "check the network: something else than Azure may have answered",
            )),
            false => Ok(token),
        });
        checked.map_err(|no| NoToken::new(super::without_tokens(&no.why), no.help))
    }

    fn too_slow(&self, patience: Duration) -> NoToken {
        let seconds = patience.as_secs();
        match self.way {
            Way::Managed => NoToken::new(
                format!("the managed identity's endpoint did not answer in {seconds} s"),
                "azlin must run on Azure, on a machine that has an identity; or choose another way with --auth",
            ),
            _ => NoToken::new(
                format!("{} gave no token in {seconds} s", self.authority),
                "check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again",
            ),
        }
    }

    fn credential(&self) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let read = |at: usize| {
            let names = self.way.needs().get(at).copied().unwrap_or_default();
            names
                .iter()
                .find_map(|name| variable(name))
                .unwrap_or_default()
        };
        Ok(match self.way {
            // Given tokens are never fetched.
            Way::Token => {
                return Err(NoToken::new("AZURE_ACCESS_TOKEN is not set", "set it").into());
            }
            Way::Secret => {
                let options = ClientSecretCredentialOptions {
                    client_options: self.options()?,
                };
                ClientSecretCredential::new(&read(1), read(2), read(0).into(), Some(options))?
            }
            Way::Certificate => {
                let audience = format!("{}/{}/oauth2/v2.0/token", self.authority.https(), read(1));
                let certificate = Certificate::read(&read(0), &read(2), audience)?;
                self.assertion(read(1), read(2), certificate)?
            }
            Way::Workload => {
                let options = WorkloadIdentityCredentialOptions {
                    credential_options: ClientAssertionCredentialOptions {
                        client_options: self.options()?,
                    },
                    token_file_path: Some(read(0).into()),
                    tenant_id: Some(read(1)),
                    client_id: Some(read(2)),
                };
                std::fs::File::open(read(0)).map_err(|error| {
                    let why = format!("cannot read the token in {}: {}", quote(&read(0)), plain(&error));
                    NoToken::new(why, "AZURE_FEDERATED_TOKEN_FILE names the file, which Kubernetes mounts: check the pod")
                })?;
                WorkloadIdentityCredential::new(Some(options))?
            }
            Way::GitHub => {
                let github = GitHub {
                    url: trusted("ACTIONS_ID_TOKEN_REQUEST_URL", &read(0))?,
                    token: read(1).into(),
                    audience: audience(self.cloud),
                    pipeline: Pipeline::new(
                        Some(env!("CARGO_PKG_NAME")),
                        Some(env!("CARGO_PKG_VERSION")),
                        self.options()?,
                        Vec::new(),
                        Vec::new(),
                        None,
                    ),
                };
                self.assertion(read(2), read(3), github)?
            }
            Way::Pipelines => {
                trusted("SYSTEM_OIDCREQUESTURI", &read(0))?;
                let options = AzurePipelinesCredentialOptions {
                    credential_options: ClientAssertionCredentialOptions {
                        client_options: self.options()?,
                    },
                };
                AzurePipelinesCredential::new(read(3), read(4), &read(2), read(1), Some(options))?
            }
            Way::Managed => {
                let options = ManagedIdentityCredentialOptions {
                    user_assigned_id: variable(CLIENT).map(UserAssignedId::ClientId),
                    client_options: self.options()?,
                };
                ManagedIdentityCredential::new(Some(options)).map_err(|error| {
                    NoToken::new(
                        error.to_string(),
                        "choose another way with --auth; `az` may be signed in here",
                    )
                })?
            }
            Way::Az => AzureCliCredential::new(Some(AzureCliCredentialOptions {
                subscription: Some(self.subscription.to_string()),
                executor: Some(Arc::new(Patient::new(self, PATIENCE))),
                ..Default::default()
            }))?,
            Way::Azd => {
                AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
                    executor: Some(Arc::new(Patient::new(self, PATIENCE))),
                    ..Default::default()
                }))?
            }
        })
    }

    fn assertion(
        &self,
        tenant: String,
        client: String,
        assertion: impl ClientAssertion + 'static,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let options = ClientAssertionCredentialOptions {
            client_options: self.options()?,
        };
        Ok(ClientAssertionCredential::new(
            tenant,
            client,
            assertion,
            Some(options),
        )?)
    }

    fn options(&self) -> azure_core::Result<ClientOptions> {
        let mut custom = CustomConfiguration::default();
        custom.authority_host = self.authority.https();
        Ok(ClientOptions {
            transport: Some(Transport::new(self.client()?)),
            cloud: Some(Arc::new(CloudConfiguration::from(custom))),
            // The SDK's own patience is longer than a person's, and than what it may take here at all.
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                initial_delay: azure_core::time::Duration::milliseconds(300),
                max_retries: 3,
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    fn client(&self) -> azure_core::Result<Arc<dyn HttpClient>> {
        login::client(&self.authority, self.way == Way::Managed).map_err(|why| {
            NoToken::new(
                why,
                "check the system's certificates and the proxy settings (HTTPS_PROXY)",
            )
            .into()
        })
    }
}

/// Who an assertion of GitHub's is for (Microsoft's documentation of workload identity federation).
fn audience(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::UsGovernment => "api://AzureADTokenExchangeUSGov",
        Cloud::China => "api://AzureADTokenExchangeChina",
        Cloud::Public | Cloud::Sandbox => "api://AzureADTokenExchange",
    }
}

/// The URL in the variable `name`, if a job's token may go there.
fn trusted(name: &str, text: &str) -> Result<Url, NoToken> {
    let refusal = || {
        NoToken::new(
            format!("{name} is not an https URL: {}", quote(text)),
            "the pipeline sets it; check who changes it",
        )
    };
    let url = Url::parse(text).map_err(|_| refusal())?;
    Origin::parse(&url.origin().ascii_serialization()).map_err(|_| refusal())?;
    Ok(url)
}

/// An environment variable that is not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
