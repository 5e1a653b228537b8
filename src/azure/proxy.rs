//! [`Proxy`]: the proxy that the environment names, and what goes wrong with it.
//!
//! `az` reads the same variables, so its failures get the same words.

use crate::text::quote;
use crate::trouble::Trouble;

/// The variables that name the proxy for https, in order.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// A proxy, and the variable that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    variable: &'static str,
    /// May contain a password.
    value: String,
}

impl Proxy {
    /// The proxy for https in these environment variables, if there is one.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        VARIABLES.into_iter().find_map(|name| {
            let value = variable(name)?;
            Some(Self {
                variable: name,
                value,
            })
        })
    }

    /// Checks the variable's value.
    ///
    /// # Errors
    /// azlin cannot use it. The HTTP client would ignore it, connect without the proxy, and time out.
    pub fn check(&self) -> Result<(), Trouble> {
        let variable = self.variable;
        match self.value.parse::<hyper::Uri>() {
            Ok(uri) if self.is_plain() && has_host(&uri) => match uri.scheme_str() {
                None | Some("http" | "https") => Ok(()),
                Some(_) => Err(Trouble::new(
                    format!("unsupported proxy in {variable}: {}", self.shown()),
                    format!("set {variable} to an http:// or https:// proxy"),
                )),
            },
            _ => Err(self.malformed()),
        }
    }

    /// The trouble if the value is not a URL.
    pub fn malformed(&self) -> Trouble {
        let variable = self.variable;
        Trouble::new(
            format!("invalid proxy URL in {variable}: {}", self.shown()),
            format!(
                "set {variable} to http://HOST:PORT; write special characters of a user name or password as %XX"
            ),
        )
    }

    /// The trouble if the proxy answers 407.
    pub fn wants_password(&self) -> Trouble {
        let variable = self.variable;
        let help = if self.value.contains('@') {
            format!("check the user name and password in {variable}")
        } else {
            format!("set {variable} to http://USER:PASSWORD@HOST:PORT")
        };
        let message = format!("{self} requires authentication (407)");
        Trouble::new(message, help)
    }

    /// The next action if the proxy does not connect.
    pub fn help(&self) -> String {
        let variable = self.variable;
        format!(
            "check that {variable} names a running proxy, or unset it; NO_PROXY names hosts that azlin and `az` reach without it"
        )
    }

    /// Returns true if nothing in the value could hide a second host, and it does not start with an empty scheme.
    fn is_plain(&self) -> bool {
        let is_odd = self.value.starts_with(':') || self.value.contains(char::is_whitespace);
        self.value.matches('@').count() < 2 && !is_odd
    }

    /// The value without its user name and password.
    fn shown(&self) -> String {
        match self.value.rsplit_once('@') {
            Some((_, host)) => quote(&format!("[secret]@{host}")),
            None if self.is_address() => quote(&self.value),
            None => "`[hidden]`".to_owned(),
        }
    }

    /// Returns true if the value is only a host, or a host and a port: anything else may be a password whose `@` is encoded.
    fn is_address(&self) -> bool {
        let (host, port) = self
            .address()
            .split_once(':')
            .unwrap_or((self.address(), ""));
        !host.contains('%') && port.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The proxy's host and port.
    fn address(&self) -> &str {
        let host = self.value.rsplit('@').next().unwrap_or_default();
        let host = host.rsplit("://").next().unwrap_or_default();
        host.trim_end_matches('/')
    }
}

impl std::fmt::Display for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the proxy {} ({})", quote(self.address()), self.variable)
    }
}

/// Returns true if `uri` has a host, and a number for a port.
fn has_host(uri: &hyper::Uri) -> bool {
    uri.authority().is_some_and(|authority| {
        let host = authority.host();
        let has_port = !authority.as_str().ends_with(host);
        !host.is_empty() && (!has_port || authority.port_u16().is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(value: &str) -> Proxy {
        Proxy {
            variable: "HTTPS_PROXY",
            value: value.to_owned(),
        }
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let set = |names: &'static [&str]| {
            Proxy::of(|name| names.contains(&name).then(|| "proxy:1".to_owned()))
        };
        assert_eq!(set(&[]), None);
        let found = |names| set(names).unwrap().variable;
        assert_eq!(found(&["ALL_PROXY", "https_proxy"]), "https_proxy");
        assert_eq!(found(&["all_proxy"]), "all_proxy");
        assert_eq!(set(&["HTTP_PROXY", "NO_PROXY"]), None);
    }

    #[test]
    fn a_proxy_that_the_client_would_ignore_is_an_error() {
        for good in [
            "http://proxy.example.com:8080",
            "http://proxy.example.com:8080/",
            "https://user:p%40ss@proxy.example.com",
            "proxy.example.com:8080",
            "proxy",
            "http://[::1]:3128",
            "HTTP://10.0.0.1:3128",
        ] {
            assert_eq!(proxy(good).check(), Ok(()), "{good}");
        }
        for bad in [
            "http://proxy.example.com:port",
            "http://proxy:99999",
            "http://",
            "http://:8080",
            "http//proxy:8080",
            "://proxy:8080",
            "http:proxy:8080",
            "http://proxy:8080 ",
            "http://user:p@ss@proxy:8080",
            "http://user:pa#ss@proxy:8080",
            "http://user:pa/ss@proxy:8080",
        ] {
            let message = proxy(bad).check().unwrap_err().message;
            assert!(
                message.starts_with("invalid proxy URL in HTTPS_PROXY: "),
                "{bad}"
            );
            assert!(!message.contains("ss@"), "{message}");
        }
        let socks = proxy("socks5://127.0.0.1:1080").check().unwrap_err();
        assert_eq!(
            socks.message,
            "unsupported proxy in HTTPS_PROXY: `socks5://127.0.0.1:1080`"
        );
    }

    #[test]
    fn a_password_is_never_shown() {
        let proxy = proxy("http://user:s3cret@proxy.example.com:8080/");
        let shown = "the proxy `proxy.example.com:8080` (HTTPS_PROXY)";
        assert_eq!(proxy.to_string(), shown);
        let trouble = proxy.wants_password();
        assert_eq!(
            trouble.help,
            "check the user name and password in HTTPS_PROXY"
        );
        assert_eq!(
            proxy.malformed().message,
            "invalid proxy URL in HTTPS_PROXY: `[secret]@proxy.example.com:8080/`"
        );
    }
}
