//! [`GitHub`]: the identity of a job on GitHub Actions, which the SDK has no credential for.

use async_trait::async_trait;
use azure_core::credentials::Secret;
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::{
    ClientMethodOptions, Context, Method, Pipeline, PipelineSendOptions, Request, Url,
};
use azure_identity::ClientAssertion;
use serde::Deserialize;

use crate::azure::cause::root;
use crate::trouble::Trouble;

/// Where a job asks for the token that says which job it is, and what it asks with (GitHub's documentation of OpenID
/// Connect). That token lasts for minutes, so each sign-in takes a new one.
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
        request.insert_header("accept", "application/json");
        request.insert_header(AUTHORIZATION, format!("Bearer {}", self.token.secret()));
        let options = PipelineSendOptions {
            skip_checks: true,
            ..Default::default()
        };
        let answered = self
            .pipeline
            .send(&Context::new(), &mut request, Some(options))
            .await;
        let response = answered.map_err(|error| {
            Trouble::new(
                format!("GitHub gave no token for this job: {}", root(&error)),
                "run the job again; on a runner of your own, check its network",
            )
        })?;
        let status = u16::from(response.status());
        let body = response.into_body();
        match serde_json::from_slice::<Answer>(&body) {
            Ok(answer) if status == 200 => Ok(answer.value.secret().to_owned()),
            _ => Err(Trouble::new(
                format!("GitHub gave no token for this job: it answered {status}"),
                "give the job `permissions: id-token: write`",
            )
            .into()),
        }
    }
}
