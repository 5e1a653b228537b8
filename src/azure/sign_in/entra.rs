//! The errors of Microsoft Entra, by the codes in Microsoft's documentation.

use super::way::Way;

/// The person who reads an error.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reader {
    /// Nobody can sign in by hand.
    pub is_ci: bool,
    /// Wants the ids by which Microsoft's support finds a sign-in.
    pub wants_ids: bool,
}

/// The code in a message of Microsoft Entra, such as `50076` in `AADSTS50076: …`.
pub(super) fn code(said: &str) -> Option<&str> {
    let (_, after) = said.split_once("AADSTS")?;
    let end = after.find(|c: char| !c.is_ascii_digit());
    let code = after.get(..end.unwrap_or(after.len()))?;
    (!code.is_empty()).then_some(code)
}

/// The ids at the end of a message of Microsoft Entra, as in ` (trace …, correlation …)`, if `reader` wants them.
pub(super) fn ids(said: &str, reader: Reader) -> String {
    let ids = [("trace", "Trace ID:"), ("correlation", "Correlation ID:")];
    let found = ids.iter().filter_map(|(name, label)| {
        let (_, after) = said.split_once(label)?;
        let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let id: String = after.trim_start().chars().take_while(is_part).collect();
        (!id.is_empty()).then(|| format!("{name} {id}"))
    });
    let found: Vec<String> = found.collect();
    if found.is_empty() || !reader.wants_ids {
        return String::new();
    }
    format!(" ({})", found.join(", "))
}

/// The next action after an error with this code, if the code decides it. `login` is the command that signs in to the tool `way`.
pub(super) fn help(way: Way, code: &str, login: &str, reader: Reader) -> Option<String> {
    let help = match way {
        Way::Az | Way::Azd => for_tool(way, code, reader)
            .or_else(|| (!reader.is_ci).then(|| for_person(code, login)).flatten()),
        _ => for_app(way, code).map(str::to_owned),
    };
    help.or_else(|| for_all(code).map(str::to_owned))
}

/// The action that is the same for every credential.
fn for_all(code: &str) -> Option<&'static str> {
    Some(match code {
        "50020" => {
            "use an identity of this tenant, or ask its administrator to invite the account as a guest"
        }
        "50076" | "50079" => {
            "use a service principal, OIDC or a managed identity: this account requires multi-factor authentication, which needs \
             a person"
        }
        "53003" => {
            "ask your administrator which Conditional Access policy blocks this sign-in: it may require another network or device"
        }
        "65001" => "ask an administrator of the tenant to grant consent to the application",
        "70021" | "700211" | "700212" | "700213" => {
            "add a federated credential to the app, with exactly this issuer, subject and audience"
        }
        _ => return None,
    })
}

/// The action of whoever set up the variables of `way`.
fn for_app(way: Way, code: &str) -> Option<&'static str> {
    Some(match (code, way) {
        ("7000215", _) => {
            "check AZURE_CLIENT_SECRET: it must be the secret's value, not its id, and belong to this app"
        }
        ("7000222", _) => {
            "create a new secret and set AZURE_CLIENT_SECRET to it: the old one has expired"
        }
        ("700016", _) => {
            "check AZURE_CLIENT_ID, AZURE_TENANT_ID and `cloud`: this tenant does not have the app"
        }
        ("700024", Way::Workload) => {
            "check that Kubernetes renews the token in AZURE_FEDERATED_TOKEN_FILE, and this machine's clock"
        }
        ("700024", _) => "check this machine's clock: azlin got this assertion just now",
        ("90002" | "900023", _) => {
            "check AZURE_TENANT_ID, and that `cloud` is the cloud of that tenant"
        }
        ("700027", _) => {
            "upload the certificate to the app, or check AZURE_CLIENT_CERTIFICATE_PATH"
        }
        _ => return None,
    })
}

/// The action of whoever set up the app that the tool `way` is signed in as.
fn for_tool(way: Way, code: &str, reader: Reader) -> Option<String> {
    let tool = way.name();
    Some(match code {
        "7000215" => format!("sign `{tool}` in with the secret's value, not its id"),
        "7000222" => format!(
            "create a new secret for the app and sign `{tool}` in with it: the old one has expired"
        ),
        "700016" => format!(
            "check the app's id, and the tenant and cloud that `{tool}` is signed in to: this tenant does not have the app"
        ),
        "700024" if reader.is_ci => format!(
            "sign `{tool}` in right before this step: the job's token is valid for minutes only; or let azlin sign in itself \
             (azlin guide sign-in)"
        ),
        "700027" => format!("upload to the app the certificate that `{tool}` is signed in with"),
        "90002" | "900023" => {
            format!("check the tenant, and that `{tool}` is set to that tenant's cloud")
        }
        _ => return None,
    })
}

/// The action of a person, who can sign in with `login`.
fn for_person(code: &str, login: &str) -> Option<String> {
    Some(match code {
        "50020" => format!(
            "sign in with an account of this tenant ({login}), or ask its administrator to invite yours as a guest"
        ),
        "50076" | "50079" => format!("sign in again with multi-factor authentication: {login}"),
        "65001" => format!(
            "sign in again and give consent: {login}; if you may not, ask an administrator of the tenant"
        ),
        "53003" | "70021" | "700211" | "700212" | "700213" => return None,
        _ => format!("sign in again: {login}"),
    })
}

/// A message of Microsoft Entra without the ids at its end, which help only Microsoft.
pub(super) fn without_trace(said: &str) -> &str {
    let message = said.split(" Trace ID:").next().unwrap_or(said);
    message.trim().trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CI: Reader = Reader {
        is_ci: true,
        wants_ids: true,
    };

    #[test]
    fn the_code_is_found_in_a_sentence() {
        assert_eq!(code("ERROR: AADSTS50076: Due to …"), Some("50076"));
        assert_eq!(code("AADSTS7000222"), Some("7000222"));
        assert_eq!(code("AADSTS: …"), None);
        assert_eq!(code("no code"), None);
    }

    #[test]
    fn the_ids_are_shown_to_those_who_want_them() {
        let said = "AADSTS50076: No. Trace ID: 0a-1 Correlation ID: 0b-2\r\nTimestamp: 3";
        assert_eq!(ids(said, CI), " (trace 0a-1, correlation 0b-2)");
        assert_eq!(ids(said, Reader::default()), "");
        assert_eq!(ids("no ids", CI), "");
        assert_eq!(without_trace(said), "AADSTS50076: No");
    }

    /// Every code that has a help of its own.
    const CODES: [&str; 16] = [
        "50020", "50076", "50079", "53003", "65001", "70021", "700211", "700212", "700213",
        "700016", "700024", "700027", "7000215", "7000222", "90002", "900023",
    ];

    #[test]
    fn every_known_code_has_a_help_and_none_in_ci_is_a_login() {
        for (_, way) in Way::NAMES {
            for code in CODES {
                let login = way.login(None);
                let help = help(way, code, &login, CI).unwrap_or_else(|| panic!("{way:?} {code}"));
                assert!(!help.contains("login"), "{way:?} {code}: {help}");
            }
            assert_eq!(help(way, "1", "az login", CI), None);
        }
    }

    #[test]
    fn a_person_signs_in_again_where_that_helps() {
        let told = |code| help(Way::Az, code, "az login", Reader::default()).unwrap();
        for code in [
            "50020", "50076", "50079", "65001", "700024", "70043", "50173",
        ] {
            assert!(told(code).contains("az login"), "{code}");
        }
        for code in ["53003", "7000222", "700016", "700213"] {
            assert!(!told(code).contains("az login"), "{code}");
        }
    }
}
