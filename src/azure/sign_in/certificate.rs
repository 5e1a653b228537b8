//! [`Certificate`]: a service principal's certificate, which signs azlin's assertion of its identity.
//!
//! The SDK's own credential for certificates requires OpenSSL, and so do PKCS #12 files and encrypted keys. For PEM, the
//! cryptography behind TLS is enough, which azlin contains anyway.

use async_trait::async_trait;
use azure_core::base64::encode_url_safe;
use azure_core::http::ClientMethodOptions;
use azure_core::time::OffsetDateTime;
use azure_identity::ClientAssertion;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use crate::text::{plain, quote};
use crate::trouble::Trouble;

/// The lifetime of an assertion. azlin uses it at once.
const SECONDS: i64 = 300;

/// A certificate and its key, for one app and one authority.
#[derive(Debug)]
pub(super) struct Certificate {
    key: RsaKeyPair,
    thumbprint: String,
    client: String,
    audience: String,
}

impl Certificate {
    /// The certificate and the RSA key in the PEM file `path`, for the app `client`; `audience` is the URL of the tokens.
    pub fn read(path: &str, client: &str, audience: String) -> Result<Self, Trouble> {
        let name = quote(path);
        let pem = std::fs::read(path).map_err(|error| {
            Trouble::new(
                format!("cannot read the certificate {name}: {}", plain(&error)),
                "check the path in AZURE_CLIENT_CERTIFICATE_PATH",
            )
        })?;
        let unusable = |what: &str| {
            Trouble::new(
                format!("the certificate file {name} {what}"),
                "provide a PEM file with an unencrypted RSA key; to convert a PKCS #12 file: openssl pkcs12 -in cert.pfx \
                 -nodes -out cert.pem; to decrypt a key: openssl pkey -in old.pem -out key.pem",
            )
        };
        // The app's own certificate comes first, then its issuers.
        let Some(Ok(certificate)) = CertificateDer::pem_slice_iter(&pem).next() else {
            return Err(unusable("contains no PEM certificate"));
        };
        if String::from_utf8_lossy(&pem).contains("ENCRYPTED") {
            return Err(unusable("has an encrypted private key"));
        }
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| unusable("contains no PEM private key"))?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(unusable("has a key that is not RSA")),
        };
        Ok(Self {
            key: key.map_err(|_| unusable("has a key that is not RSA with at least 2048 bits"))?,
            thumbprint: encode_url_safe(digest(&SHA256, &certificate)),
            client: client.to_owned(),
            audience,
        })
    }

    /// A signed assertion of the app's identity (Microsoft's documentation of certificate credentials).
    fn assertion(&self, now: i64) -> Option<String> {
        let random = SystemRandom::new();
        let mut id = [0; 16];
        random.fill(&mut id).ok()?;
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": self.audience, "iss": self.client, "sub": self.client,
            "jti": encode_url_safe(id), "nbf": now, "iat": now, "exp": now + SECONDS,
        });
        let part = |value: serde_json::Value| encode_url_safe(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature)
            .ok()?;
        Some(format!("{signed}.{}", encode_url_safe(signature)))
    }
}

#[async_trait]
impl ClientAssertion for Certificate {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let assertion = self.assertion(OffsetDateTime::now_utc().unix_timestamp());
        assertion.ok_or_else(|| {
            let help = "check that the file in AZURE_CLIENT_CERTIFICATE_PATH is complete";
            Trouble::new("cannot sign with the certificate's key", help).into()
        })
    }
}
