//! [`GitHub`]: the identity of a GitHub Actions job, for which the SDK has no credential.

use async_trait::async_trait;
use azure_core::credentials::Secret;
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::{ClientMethodOptions, Method, Pipeline, Request, Url};
use azure_identity::ClientAssertion;
use serde::Deserialize;

use crate::azure::failure::{find, root};
use crate::azure::http;
use crate::trouble::Trouble;

/// The endpoint that issues a job's identity token, and the token that authorizes the request (GitHub's documentation of OpenID
/// Connect). An identity token is valid for minutes, so each sign-in requests a new one.
#[derive(Debug)]
pub(super) struct GitHub {
    pub url: Url,
    pub token: Secret,
    pub audience: &'static str,
    pub pipeline: Pipeline,
}

#[derive(Deserialize)]
struct Answer {
    value: Secret,
}

#[async_trait]
impl ClientAssertion for GitHub {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("audience", self.audience);
        let mut request = Request::new(url, Method::Get);
        request.insert_header(AUTHORIZATION, format!("Bearer {}", self.token.secret()));
        let failed = |why: &str, help| {
            Trouble::new(format!("GitHub issued no token for this job: {why}"), help)
        };
        let response = http::send(&self.pipeline, request).await.map_err(|error| {
            if let Some(trouble) = find::<Trouble>(&error) {
                return trouble.clone();
            }
            let help = "run the job again; if the runner is self-hosted, check its network";
            failed(&root(&error), help)
        })?;
        let status = u16::from(response.status());
        match serde_json::from_slice::<Answer>(response.body()) {
            Ok(answer) if status == 200 => Ok(answer.value.secret().to_owned()),
            _ => {
                let help = "give the job `permissions: id-token: write`";
                Err(failed(&format!("status {status}"), help).into())
            }
        }
    }
}
