//! [`Origin`]: a host given by URL, of an Azure Resource Manager or of an authority that issues tokens.

use std::net::SocketAddr;

use azure_core::http::Url;

use crate::text::quote;

/// A destination for requests: a host over TLS, or this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `https://host` or `https://host:port`.
    Tls(String),
    /// An address on this machine, over plain HTTP.
    Loopback(SocketAddr),
}

impl Origin {
    /// The origin in `url`, which is `https://…` or `http://` with a loopback address. A bare host name means https, as in
    /// Azure's other SDKs.
    ///
    /// # Errors
    /// The URL is something else, such as plain HTTP over the network, which would expose the token. The error is a phrase that
    /// follows the name of the flag or variable.
    pub fn parse(url: &str) -> Result<Self, String> {
        let refusal = || {
            format!(
                "must be https://HOST, or http:// with a loopback address such as 127.0.0.1:8999, not {}",
                quote(url)
            )
        };
        let mut whole = url.to_owned();
        if !url.contains("://") {
            whole.insert_str(0, "https://");
        }
        if let Some(address) = whole.strip_prefix("http://") {
            let address: Option<SocketAddr> = address.trim_end_matches('/').parse().ok();
            let here = address.filter(|address| address.ip().is_loopback());
            return here.map(Self::Loopback).ok_or_else(refusal);
        }
        let url = Url::parse(&whole).map_err(|_| refusal())?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        if url.scheme() == "https" && url.has_host() && is_bare && is_anonymous {
            Ok(Self::Tls(url.origin().ascii_serialization()))
        } else {
            Err(refusal())
        }
    }

    /// The URL for the SDK, which accepts only https. The loopback transport changes it back to http.
    pub(super) fn https(&self) -> String {
        match self {
            Self::Tls(origin) => origin.clone(),
            Self::Loopback(address) => format!("https://{address}"),
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tls(origin) => f.write_str(origin),
            Self::Loopback(address) => write!(f, "http://{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_and_loopback_urls_are_accepted() {
        let shown = |url: &str| Origin::parse(url).map(|origin| origin.to_string());
        assert_eq!(
            shown("https://Login.example.com/"),
            Ok("https://login.example.com".to_owned())
        );
        assert_eq!(
            shown("login.example.com"),
            Ok("https://login.example.com".to_owned())
        );
        assert_eq!(
            shown("https://arm.local:8443"),
            Ok("https://arm.local:8443".to_owned())
        );
        assert_eq!(
            shown("http://127.0.0.1:80/"),
            Ok("http://127.0.0.1:80".to_owned())
        );
        assert_eq!(
            shown("http://[::1]:8999"),
            Ok("http://[::1]:8999".to_owned())
        );
        for url in [
            "http://example.com",
            "http://10.0.0.1:80",
            "http://localhost:80",
            "http://127.0.0.1:1@example.com",
            "https://user@example.com",
            "https://example.com/adfs",
            "https://example.com?x",
            "ftp://example.com",
            "https://",
            "",
        ] {
            assert!(Origin::parse(url).is_err(), "{url}");
        }
    }
}
