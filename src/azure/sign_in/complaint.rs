//! [`Complaint`]: explains what `az` or `azd` printed when it failed.

use serde_json::Value;

use super::entra::{self, Reader, without_trace};
use super::explain::{by_hand, guids, without_tokens};
use super::way::Way;
use crate::azure::proxy::Proxy;
use crate::trouble::Trouble;

/// The line above the frames of a Python exception.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// The failure of a tool.
#[derive(Clone, Debug)]
pub(super) struct Complaint<'c> {
    pub way: Way,
    /// The subscription that the token is for.
    pub subscription: &'c str,
    pub reader: Reader,
    /// The proxy that the tool uses.
    pub proxy: Option<Proxy>,
}

impl Complaint<'_> {
    /// The trouble if the tool is not installed.
    pub fn not_installed(&self) -> Trouble {
        let tool = self.way.name();
        let help = if self.reader.is_ci {
            "install it in the job, or set up another credential (azlin guide sign-in)".to_owned()
        } else {
            let login = self.way.login(None);
            format!(
                "install it and run `{login}`, or set up another credential (azlin guide sign-in)"
            )
        };
        Trouble::new(format!("`{tool}` is not installed"), help)
    }

    /// The trouble behind the tool's `stderr`.
    pub fn explain(&self, stderr: &str) -> Trouble {
        let printed = message(stderr);
        let cause = without_passwords(&without_tokens(cause(&printed)));
        // The code in a traceback mentions errors that did not happen.
        let is_raised = printed.contains(TRACEBACK);
        let known = self
            .refused(&cause, &printed)
            .or_else(|| self.cannot_connect(&cause))
            .or_else(|| self.lacks_account(if is_raised { &cause } else { &printed }));
        known.unwrap_or_else(|| self.unknown(&cause))
    }

    /// The trouble if Microsoft Entra refused a token.
    fn refused(&self, cause: &str, printed: &str) -> Option<Trouble> {
        let (way, reader) = (self.way, self.reader);
        let code = entra::code(cause)?;
        let login = way.login(tenant(printed).as_deref());
        let help = entra::help(way, code, &login, reader).unwrap_or_else(|| {
            let tool = way.name();
            format!("check the step that signs in `{tool}`, or set up another credential (azlin guide sign-in)")
        });
        let ids = entra::ids(printed, reader);
        let line = without_trace(cause);
        let message = format!("`{}` cannot get a token: {line}{ids}", way.name());
        Some(Trouble::new(message, help))
    }

    /// The trouble if a certificate or a proxy keeps the tool from its servers.
    fn cannot_connect(&self, cause: &str) -> Option<Trouble> {
        let trouble = self.untrusted(cause).or_else(|| self.proxy_failed(cause))?;
        Some(trouble.within(&format!("`{}` cannot connect", self.way.name())))
    }

    /// The trouble if the tool does not trust the certificate of a server.
    fn untrusted(&self, cause: &str) -> Option<Trouble> {
        let said = cause.to_lowercase();
        let is_bundle = said.contains("ca certificate bundle");
        if !is_bundle
            && !said.contains("certificate_verify_failed")
            && !said.contains("certificate verification failed")
            && !said.contains("x509:")
        {
            return None;
        }
        let why = if is_bundle {
            cause
        } else {
            reason(cause, "certificate verify failed: ")
                .or_else(|| reason(cause, "x509: "))
                .unwrap_or("the certificate is not trusted")
        };
        let variable = match self.way {
            Way::Azd => "SSL_CERT_FILE",
            _ => "REQUESTS_CA_BUNDLE",
        };
        let tool = self.way.name();
        Some(Trouble::new(
            format!("TLS failed ({why})"),
            format!(
                "if a proxy inspects TLS, set {variable} for `{tool}` and SSL_CERT_FILE for azlin to a PEM file with its CA \
                 certificate"
            ),
        ))
    }

    /// The trouble if the tool cannot use its proxy.
    fn proxy_failed(&self, cause: &str) -> Option<Trouble> {
        let said = cause.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let names_proxy = says(&[
            "proxyerror",
            "proxy url",
            "proxyurl",
            "proxyscheme",
            "proxyconnect",
            "to proxy",
            "tunnel",
        ]);
        let fault = self.proxy.as_ref().and_then(|proxy| proxy.check().err());
        if fault.is_some() && (names_proxy || says(&["failed to parse", "invalid", "connect"])) {
            return fault;
        }
        if !names_proxy {
            return None;
        }
        let Some(proxy) = &self.proxy else {
            let what = format!("the proxy failed: {}", shortened(cause));
            return Some(Trouble::new(what, "check this machine's proxy settings"));
        };
        if says(&["407"]) {
            return Some(proxy.wants_password());
        }
        let why = if says(&["connection refused"]) {
            "connection refused"
        } else {
            shortened(cause)
        };
        Some(Trouble::new(format!("{proxy} failed: {why}"), proxy.help()))
    }

    /// The trouble if the tool has no account, or none for the subscription.
    fn lacks_account(&self, said: &str) -> Option<Trouble> {
        let (tool, is_ci) = (self.way.name(), self.reader.is_ci);
        if said.contains("az login") || said.contains("azd auth login") {
            let help = if is_ci {
                format!(
                    "sign `{tool}` in earlier in the job, or set up another credential (azlin guide sign-in)"
                )
            } else {
                format!("sign in: {}", self.way.login(tenant(said).as_deref()))
            };
            return Some(Trouble::new(format!("`{tool}` is not signed in"), help));
        }
        let subscription = self.subscription;
        if !said.to_lowercase().contains("subscription") || !said.contains(subscription) {
            return None;
        }
        let help = if is_ci {
            "check the subscription id, and that the pipeline's identity has a role on the subscription"
        } else {
            "check the subscription id and `az cloud show`; if the subscription is in another tenant, run `az login --tenant TENANT`"
        };
        let message = format!("subscription {subscription} not found in the account of `{tool}`");
        Some(Trouble::new(message, help))
    }

    fn unknown(&self, cause: &str) -> Trouble {
        let mut why = " without a message".to_owned();
        if !cause.is_empty() {
            why = format!(": {cause}");
        }
        let mut help = format!("run `{}` to see the error", by_hand(self.way));
        if !self.reader.is_ci {
            help += &format!("; `{}` fixes most causes", self.way.login(None));
        }
        Trouble::new(format!("`{}` failed{why}", self.way.name()), help)
    }
}

/// The message in `stderr`, which `azd` wraps in JSON.
fn message(stderr: &str) -> String {
    let wrapped = stderr.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line.pointer("/data/message")?.as_str()?.to_owned())
    });
    wrapped.unwrap_or_else(|| stderr.to_owned())
}

/// The line of a tool's output that says what went wrong, without `ERROR:` and the modules of a Python exception.
///
/// It is the line with a code of Microsoft Entra, else the exception below the last traceback, else the first line.
fn cause(printed: &str) -> &str {
    let coded = meaningful(printed).find(|line| line.contains("AADSTS"));
    // Below a traceback's indented frames stands the exception.
    let raised = printed.rsplit_once(TRACEBACK).and_then(|(_, frames)| {
        let mut lines = meaningful(frames.trim_start_matches(':'));
        lines.find(|line| !line.starts_with([' ', '\t']))
    });
    let line = coded.or(raised).or_else(|| meaningful(printed).next());
    let line = line.unwrap_or_default().trim();
    let line = line.strip_prefix("ERROR:").unwrap_or(line).trim_start();
    match line.find("AADSTS") {
        Some(at) => line.get(at..).unwrap_or(line),
        None => without_trace(exception(line).unwrap_or(line)),
    }
}

/// The lines of a tool's output without warnings and the phrases that `az` puts around a traceback.
fn meaningful(printed: &str) -> impl Iterator<Item = &str> {
    const NOISE: [&str; 5] = [
        "WARNING",
        "The command failed with an unexpected error",
        TRACEBACK,
        "To open an issue",
        "To check existing issues",
    ];
    printed.lines().filter(|line| {
        let text = line.trim().trim_start_matches("ERROR:").trim_start();
        !text.is_empty() && !NOISE.iter().any(|noise| text.starts_with(noise))
    })
}

/// `line` without the modules of the exception that it starts with, as in `requests.exceptions.SSLError: …`.
fn exception(line: &str) -> Option<&str> {
    let (class, _) = line.split_once(':')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    let name = class.rsplit('.').next().unwrap_or(class);
    let is_class = name.starts_with(|c: char| c.is_ascii_uppercase())
        && class.chars().all(is_name)
        && class != "ERROR";
    let start = class.len() - name.len();
    is_class.then(|| line.get(start..)).flatten()
}

/// The words after `label`, up to the end of the quotation.
fn reason<'c>(cause: &'c str, label: &str) -> Option<&'c str> {
    let (_, after) = cause.split_once(label)?;
    let end = after.find(['\'', '"', '(', ')']).unwrap_or(after.len());
    Some(after.get(..end)?.trim())
}

/// The innermost reason in the text of a failed connection, which Python nests in parentheses.
fn shortened(cause: &str) -> &str {
    let (_, inner) = cause.rsplit_once("Caused by ").unwrap_or(("", cause));
    inner.trim_end_matches(')')
}

/// `text` without the user names and passwords of its URLs.
fn without_passwords(text: &str) -> String {
    let mut parts = text.split("://");
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '>'));
        let (url, rest) = part.split_at(end.unwrap_or(part.len()));
        written += "://";
        match url.rsplit_once('@') {
            Some((_, host)) => written += &format!("[secret]@{host}"),
            None => written += url,
        }
        written += rest;
    }
    written
}

/// The tenant in a hint such as `az login --tenant "…"`. Accepts only a GUID, because it becomes part of a command line.
fn tenant(said: &str) -> Option<String> {
    let (_, after) = said.split_once("--tenant")?;
    let word = after.trim_start_matches("-id").split_whitespace().next()?;
    Some(guids(word).next()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)], stderr: &str) -> String {
        let set = |name: &str| {
            let mut variables = variables.iter();
            let found = variables.find(|(known, _)| *known == name)?;
            Some(found.1.to_owned())
        };
        let complaint = Complaint {
            way: Way::Az,
            subscription: "00000000-0000-0000-0000-000000000001",
            reader: Reader::default(),
            proxy: Proxy::of(set),
        };
        let trouble = complaint.explain(stderr);
        format!("{} | {}", trouble.message, trouble.help)
    }

    const POOL: &str = "HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded with url: /x";

    /// A traceback as `az` prints it, which ends with `last`.
    fn traceback(last: &str) -> String {
        format!(
            "WARNING: x\nERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: {POOL}\n\
             Traceback (most recent call last):\n  File \"/opt/az/urllib3/connectionpool.py\", line 703, in urlopen\n    \
             raise CLIError(\"Please run 'az login'\")\nssl.SSLError: first\n\n\
             During handling of the above exception, another exception occurred:\n\n\
             Traceback (most recent call last):\n  File \"x.py\", line 1, in y\n    z()\n{last}\n\
             To check existing issues, please visit: https://github.com/Azure/azure-cli/issues\n"
        )
    }

    #[test]
    fn the_cause_is_found_behind_a_traceback() {
        for (printed, expected) in [
            (
                traceback("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
                "JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            ),
            (
                traceback("PermissionError: [Errno 13] Permission denied: '/root/.azure/msal_token_cache.json'"),
                "PermissionError: [Errno 13] Permission denied: '/root/.azure/msal_token_cache.json'",
            ),
            (traceback("KeyboardInterrupt"), "KeyboardInterrupt"),
            (
                traceback("azure.core.exceptions.HttpResponseError: No.\nCode: X\nMessage: Y"),
                "HttpResponseError: No",
            ),
            (
                "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: 'NoneType' object is not \
                 iterable\nTraceback (most recent call last):\n  File \"x.py\", line 1\nTo open an issue, please run: 'az feedback'\n"
                    .to_owned(),
                "'NoneType' object is not iterable",
            ),
            ("WARNING: x\n\nERROR: first\nsecond".to_owned(), "first"),
            (
                "ERROR: x\nERROR: AADSTS50076: Due to … Trace ID: 1".to_owned(),
                "AADSTS50076: Due to … Trace ID: 1",
            ),
            (String::new(), ""),
        ] {
            assert_eq!(cause(&printed), expected);
        }
    }

    #[test]
    fn what_a_proxy_does_is_told_with_its_variable() {
        let set = [("https_proxy", "http://user:s3cret@proxy.corp:8080")];
        let refused = traceback(&format!(
            "requests.exceptions.ProxyError: {POOL} (Caused by ProxyError('Unable to connect to proxy', \
             NewConnectionError('<x>: Failed to establish a new connection: [Errno 111] Connection refused')))"
        ));
        assert_eq!(
            told(&set, &refused),
            "`az` cannot connect: the proxy `proxy.corp:8080` (https_proxy) failed: connection refused | check that https_proxy \
             names a running proxy, or unset it; NO_PROXY names hosts that azlin and `az` reach without it"
        );
        let wants = format!(
            "ERROR: {POOL} (Caused by ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy \
             Authentication Required')))"
        );
        assert_eq!(
            told(&set, &wants),
            "`az` cannot connect: the proxy `proxy.corp:8080` (https_proxy) requires authentication (407) | check the user name \
             and password in https_proxy"
        );
        let odd = [("HTTPS_PROXY", "http://proxy.corp:port")];
        let malformed = traceback(
            "requests.exceptions.InvalidProxyURL: Please check proxy URL. It is malformed and could be missing the host.",
        );
        let expected = "`az` cannot connect: invalid proxy URL in HTTPS_PROXY: `[hidden]` | set HTTPS_PROXY to \
                        http://HOST:PORT; write special characters of a user name or password as %XX";
        assert_eq!(told(&odd, &malformed), expected);
        let parse = traceback(
            "urllib3.exceptions.LocationParseError: Failed to parse: http://proxy.corp:port",
        );
        assert_eq!(told(&odd, &parse), expected);
    }

    #[test]
    fn no_password_of_a_proxy_is_told() {
        let parse =
            "ERROR: Failed to parse: http://user:s3cret@proxy:port, 'https://a@b' <http://c>";
        assert!(
            told(&[], parse).starts_with(
                "`az` failed: Failed to parse: http://[secret]@proxy:port, 'https://[secret]@b' <http://c> | "
            ),
            "{}",
            told(&[], parse)
        );
    }

    #[test]
    fn an_untrusted_certificate_is_told_with_the_settings() {
        let expected = "`az` cannot connect: TLS failed (self-signed certificate in certificate chain) | if a proxy inspects TLS, \
                        set REQUESTS_CA_BUNDLE for `az` and SSL_CERT_FILE for azlin to a PEM file with its CA certificate";
        let untrusted = traceback(&format!(
            "requests.exceptions.SSLError: {POOL} (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] \
             certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1007)')))"
        ));
        assert_eq!(told(&[], &untrusted), expected);
        let short = "ERROR: Certificate verification failed. This typically happens when using Azure CLI behind a proxy that \
                     intercepts traffic with a self-signed certificate.";
        assert!(told(&[], short).contains("REQUESTS_CA_BUNDLE"));
        let missing =
            "ERROR: Could not find a suitable TLS CA certificate bundle, invalid path: /x.pem";
        assert!(told(&[], missing).contains("invalid path: /x.pem) | "));
    }

    #[test]
    fn a_tenant_in_a_hint_must_be_a_guid() {
        let id = "00000000-0000-4000-8000-00000000000A";
        let lower = Some(id.to_lowercase());
        assert_eq!(
            tenant(&format!("run: az login --tenant \"{id}\" --scope x")),
            lower
        );
        assert_eq!(tenant(&format!("azd auth login --tenant-id {id}`")), lower);
        assert_eq!(tenant("az login --tenant \"; rm -rf /\""), None);
        assert_eq!(tenant("az login"), None);
    }
}
