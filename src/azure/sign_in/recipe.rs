//! [`Recipe`]: gets a token with one of the SDK's credentials.

use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport, Url};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, AzurePipelinesCredential, AzurePipelinesCredentialOptions,
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use serde_json::Value;

use super::certificate::Certificate;
use super::entra::Reader;
use super::explain::{explain, too_slow, without_tokens};
use super::github::GitHub;
use super::tool::{PATIENCE, Patient};
use super::way::{CLIENT, Way, variable};
use crate::azure::discreet::{Rewritten, discreet};
use crate::azure::http::{self, Peer};
use crate::azure::origin::Origin;
use crate::model::{Cloud, SubscriptionId};
use crate::text::{escape, plain, quote};
use crate::trouble::Trouble;

type Credential = azure_core::Result<Arc<dyn TokenCredential>>;

/// The time limit for a managed identity. Without a limit, the SDK tries an unreachable address for two minutes.
const MANAGED: Duration = Duration::from_secs(20);
/// The time limit for any other credential, including the SDK's retries.
const LONGEST: Duration = Duration::from_secs(60);

/// Everything that a token depends on, except the environment variables, which azlin reads when it fetches the token.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub way: Way,
    /// `az` returns a token for the tenant of this subscription, which may not be the tenant of its default account.
    pub subscription: SubscriptionId,
    /// Decides the audience of GitHub's assertion.
    pub cloud: Cloud,
    /// The authority that issues tokens.
    pub authority: Origin,
    pub reader: Reader,
}

impl Recipe {
    /// A new token.
    ///
    /// # Errors
    /// The credential returned none.
    pub async fn token(&self, scopes: &[&str]) -> Result<AccessToken, Trouble> {
        let patience = match self.way {
            Way::Managed => MANAGED,
            _ => LONGEST,
        };
        let fetching = async { self.credential()?.get_token(scopes, None).await };
        let trouble = match tokio::time::timeout(patience, fetching).await {
            Ok(Ok(token)) if token.token.secret().is_empty() => Trouble::new(
                "the response contains no token",
                "check the network: a proxy or a sign-in page may have answered instead of Azure",
            ),
            Ok(Ok(token)) => return Ok(token),
            Ok(Err(error)) => explain(self.way, &self.authority, &error, self.reader),
            Err(_) => too_slow(self.way, &self.authority, patience.as_secs()),
        };
        let message = without_tokens(&trouble.message);
        Err(Trouble::new(escape(&message), escape(&trouble.help)))
    }

    fn credential(&self) -> Credential {
        let needs = self.way.needs().iter();
        let values = needs.map(|names| names.iter().find_map(|name| variable(name)));
        let values: Vec<String> = values.map(Option::unwrap_or_default).collect();
        Ok(match (self.way, values.as_slice()) {
            (Way::Secret, [secret, tenant, client]) => {
                let options = ClientSecretCredentialOptions {
                    client_options: self.options()?,
                };
                let secret = secret.clone().into();
                ClientSecretCredential::new(tenant, client.clone(), secret, Some(options))?
            }
            (Way::Certificate, [path, tenant, client]) => {
                let audience = format!("{}/{tenant}/oauth2/v2.0/token", self.authority.https());
                self.assertion(tenant, client, Certificate::read(path, client, audience)?)?
            }
            (Way::Workload, [file, tenant, client]) => self.workload(file, tenant, client)?,
            (Way::GitHub, [url, token, tenant, client]) => {
                self.assertion(tenant, client, self.github(url, token)?)?
            }
            (Way::Pipelines, [url, token, connection, tenant, client]) => {
                trusted("SYSTEM_OIDCREQUESTURI", url)?;
                let options = AzurePipelinesCredentialOptions {
                    credential_options: self.assertion_options()?,
                };
                let (tenant, client, token) = (tenant.clone(), client.clone(), token.clone());
                AzurePipelinesCredential::new(tenant, client, connection, token, Some(options))?
            }
            (Way::Managed, _) => self.managed()?,
            (Way::Az, _) => AzureCliCredential::new(Some(AzureCliCredentialOptions {
                subscription: Some(self.subscription.to_string()),
                executor: Some(self.tool()),
                ..Default::default()
            }))?,
            (Way::Azd, _) => {
                AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
                    executor: Some(self.tool()),
                    ..Default::default()
                }))?
            }
            // azlin never fetches a given token.
            _ => {
                return Err(Trouble::new(
                    "AZURE_ACCESS_TOKEN is not set",
                    "set AZURE_ACCESS_TOKEN",
                )
                .into());
            }
        })
    }

    fn workload(&self, file: &str, tenant: &str, client: &str) -> Credential {
        std::fs::File::open(file).map_err(|error| {
            let (name, why) = (quote(file), plain(&error));
            Trouble::new(
                format!("cannot read the token in {name}: {why}"),
                "check AZURE_FEDERATED_TOKEN_FILE, and that Kubernetes mounts this file into the pod",
            )
        })?;
        let options = WorkloadIdentityCredentialOptions {
            credential_options: self.assertion_options()?,
            token_file_path: Some(file.into()),
            tenant_id: Some(tenant.to_owned()),
            client_id: Some(client.to_owned()),
        };
        Ok(WorkloadIdentityCredential::new(Some(options))?)
    }

    fn github(&self, url: &str, token: &str) -> azure_core::Result<GitHub> {
        Ok(GitHub {
            url: trusted("ACTIONS_ID_TOKEN_REQUEST_URL", url)?,
            token: token.to_owned().into(),
            audience: audience(self.cloud),
            pipeline: http::pipeline(self.options()?, Vec::new()),
        })
    }

    fn managed(&self) -> Credential {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: variable(CLIENT).map(UserAssignedId::ClientId),
            client_options: self.options()?,
        };
        let credential = ManagedIdentityCredential::new(Some(options)).map_err(|error| {
            let help =
                "choose another credential with --auth; if `az` is signed in here, use --auth az";
            Trouble::new(error.to_string(), help)
        })?;
        Ok(credential)
    }

    fn tool(&self) -> Arc<Patient> {
        Arc::new(Patient {
            way: self.way,
            subscription: self.subscription.to_string(),
            reader: self.reader,
            patience: PATIENCE,
        })
    }

    fn assertion(
        &self,
        tenant: &str,
        client: &str,
        assertion: impl ClientAssertion + 'static,
    ) -> Credential {
        let (tenant, client) = (tenant.to_owned(), client.to_owned());
        let options = Some(self.assertion_options()?);
        Ok(ClientAssertionCredential::new(
            tenant, client, assertion, options,
        )?)
    }

    fn assertion_options(&self) -> azure_core::Result<ClientAssertionCredentialOptions> {
        Ok(ClientAssertionCredentialOptions {
            client_options: self.options()?,
        })
    }

    fn options(&self) -> azure_core::Result<ClientOptions> {
        let peer = match self.authority {
            Origin::Loopback(address) => Peer::Local(Some(address)),
            Origin::Tls(_) if self.way == Way::Managed => Peer::Local(None),
            Origin::Tls(_) => Peer::Remote,
        };
        let client = http::client(peer)?;
        let client = discreet(Arc::new(Rewritten(client, |_, body| in_one_line(body))));
        let mut custom = CustomConfiguration::default();
        custom.authority_host = self.authority.https();
        Ok(ClientOptions {
            transport: Some(Transport::new(client)),
            cloud: Some(Arc::new(CloudConfiguration::from(custom))),
            // The SDK's default retries take longer than the time limit here.
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                initial_delay: azure_core::time::Duration::milliseconds(300),
                max_retries: 3,
                ..Default::default()
            }),
            ..Default::default()
        })
    }
}

/// An error of Microsoft Entra with its description on one line, or none if `body` has no description. The SDK borrows the
/// description from the answer, so it cannot read one with an escape sequence such as a line break.
fn in_one_line(body: &[u8]) -> Option<String> {
    let mut error: Value = serde_json::from_slice(body).ok()?;
    let Some(Value::String(description)) = error.get_mut("error_description") else {
        return None;
    };
    let plain = |c: char| match c {
        '"' => '\'',
        '\\' => '/',
        c if c.is_control() => ' ',
        c => c,
    };
    *description = description.chars().map(plain).collect();
    Some(error.to_string())
}

/// The audience of GitHub's assertion (Microsoft's documentation of workload identity federation).
fn audience(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::UsGovernment => "api://AzureADTokenExchangeUSGov",
        Cloud::China => "api://AzureADTokenExchangeChina",
        Cloud::Public | Cloud::Sandbox => "api://AzureADTokenExchange",
    }
}

/// The URL in the variable `name`, if azlin may send a job's token there.
fn trusted(name: &str, text: &str) -> Result<Url, Trouble> {
    let refusal = || {
        Trouble::new(
            format!("{name} is not an https URL: {}", quote(text)),
            format!("remove your own setting of {name}: the pipeline sets it"),
        )
    };
    let url = Url::parse(text).map_err(|_| refusal())?;
    Origin::parse(&url.origin().ascii_serialization()).map_err(|_| refusal())?;
    Ok(url)
}
