//! Sign-in: the built binary, with Azure and the token services on loopback.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};

use azlin::sandbox::{self, Response};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::{Asked, Azure, saying};
use support::{Project, Ran};
use tempfile::TempDir;

const TENANT: &str = "00000000-0000-4000-8000-00000000000a";
const OTHER_TENANT: &str = "00000000-0000-4000-8000-00000000000b";
const CLIENT: &str = "00000000-0000-4000-8000-00000000000c";

/// A secret that no output may contain.
const SECRETS: [&str; 6] = [
    "secret-token",
    "s3cret-of-the-app",
    "job-s3cret",
    "system-s3cret",
    "machine-s3cret",
    "an-assertion",
];

type Fault = fn(&Asked) -> Option<Response>;

/// Azure and the token services. If `fault` returns an answer, they send that. Tokens are numbered.
fn cloud(fault: Fault) -> (TempDir, Azure) {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, None).unwrap();
    let (tokens, assertions) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let next = |of: &AtomicUsize| of.fetch_add(1, Ordering::SeqCst) + 1;
    let azure = Azure::serve(state, None, move |asked, answer| {
        if let Some(response) = fault(asked) {
            return response;
        }
        let path = asked.target.split('?').next().unwrap();
        let token = || format!("secret-token-{}", next(&tokens));
        match path.rsplit('/').next().unwrap() {
            "token" => saying(
                200,
                &json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token() }),
            ),
            "github" => saying(
                200,
                &json!({ "value": format!("an-assertion-{}", next(&assertions)) }),
            ),
            "pipelines" => saying(
                200,
                &json!({ "oidcToken": "an-assertion-of-the-connection" }),
            ),
            "managed" => saying(
                200,
                &json!({ "access_token": token(), "expires_on": "4102444800", "token_type": "Bearer", "resource": "x" }),
            ),
            _ => answer(),
        }
    });
    (folder, azure)
}

fn faithful(_: &Asked) -> Option<Response> {
    None
}

fn is_arm(asked: &Asked) -> bool {
    asked.target.starts_with("/subscriptions")
}

fn arm(azure: &Azure) -> Vec<Asked> {
    azure.asked().into_iter().filter(is_arm).collect()
}

/// The requests to the token services.
fn logins(azure: &Azure) -> Vec<Asked> {
    azure
        .asked()
        .into_iter()
        .filter(|asked| !is_arm(asked))
        .collect()
}

/// A project without an endpoint of its own; the environment names it.
fn project(azure: &Azure, set: &[(&str, &str)]) -> Project {
    let subscription = sandbox::SUBSCRIPTION;
    let file = format!("[azure]\nsubscription = '{subscription}'\n");
    let project = Project::new(&file)
        .with_env("AZLIN_ENDPOINT", &azure.endpoint)
        .with_env("AZURE_AUTHORITY_HOST", &azure.endpoint);
    set.iter().fold(project, |project, (name, value)| {
        project.with_env(name, &value.replace("AZURE", &azure.endpoint))
    })
}

const SECRET: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", TENANT),
    ("AZURE_CLIENT_ID", CLIENT),
    ("AZURE_CLIENT_SECRET", "s3cret-of-the-app"),
];
const CERTIFICATE: [(&str, &str); 3] = [
    SECRET[0],
    SECRET[1],
    (
        "AZURE_CLIENT_CERTIFICATE_PATH",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/certificate.pem"),
    ),
];
const WORKLOAD: [(&str, &str); 3] = [
    SECRET[0],
    SECRET[1],
    ("AZURE_FEDERATED_TOKEN_FILE", "assertion"),
];
const GITHUB: [(&str, &str); 4] = [
    SECRET[0],
    SECRET[1],
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "AZURE/github?api-version=2.0",
    ),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-s3cret"),
];
const PIPELINES: [(&str, &str); 5] = [
    ("AZURESUBSCRIPTION_TENANT_ID", TENANT),
    ("AZURESUBSCRIPTION_CLIENT_ID", CLIENT),
    ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "connection"),
    ("SYSTEM_OIDCREQUESTURI", "AZURE/pipelines"),
    ("SYSTEM_ACCESSTOKEN", "system-s3cret"),
];
const MANAGED: [(&str, &str); 2] = [
    ("IDENTITY_ENDPOINT", "AZURE/managed"),
    ("IDENTITY_HEADER", "machine-s3cret"),
];
const TOKEN: [(&str, &str); 1] = [("AZURE_ACCESS_TOKEN", "secret-token-given")];

/// A form's fields, decoded.
fn form(asked: &Asked) -> Vec<(String, String)> {
    let body = String::from_utf8(asked.body.clone()).unwrap();
    let decoded = |text: &str| {
        let mut parts = text.split('%');
        let mut decoded = parts.next().unwrap().to_owned();
        for part in parts {
            decoded.push(char::from(u8::from_str_radix(&part[..2], 16).unwrap()));
            decoded.push_str(&part[2..]);
        }
        decoded
    };
    let fields = body.split('&').map(|field| field.split_once('=').unwrap());
    fields
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn field(asked: &Asked, name: &str) -> String {
    let found = form(asked).into_iter().find(|(held, _)| held == name);
    found.unwrap_or_else(|| panic!("no {name} in {asked:?}")).1
}

/// Checks a request to the sign-in service, and returns the field `proof`, which proves the identity.
fn asked_entra(asked: &Asked, proof: &str) -> String {
    assert_eq!(asked.target, format!("/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(field(asked, "grant_type"), "client_credentials");
    assert_eq!(field(asked, "client_id"), CLIENT);
    assert_eq!(
        field(asked, "scope"),
        "https://management.azure.com/.default"
    );
    field(asked, proof)
}

/// Checks that the run succeeded, and that Azure got this token.
fn arm_got(azure: &Azure, ran: &Ran, token: &str) {
    assert_eq!(ran.code(), 0, "{ran}");
    let arm = arm(azure);
    assert!(!arm.is_empty());
    assert!(arm.iter().all(|asked| asked.token == token), "{arm:?}");
}

#[test]
fn a_secret_is_sent_to_the_tenants_own_place() {
    let (_folder, azure) = cloud(faithful);
    let ran = project(&azure, &SECRET).run(&["plan"]);
    arm_got(&azure, &ran, "secret-token-1");
    let [login] = &logins(&azure)[..] else {
        panic!()
    };
    assert_eq!(asked_entra(login, "client_secret"), "s3cret-of-the-app");
}

#[test]
fn a_certificate_signs_what_is_sent_and_stays_here() {
    let (_folder, azure) = cloud(faithful);
    let ran = project(&azure, &CERTIFICATE).run(&["plan"]);
    arm_got(&azure, &ran, "secret-token-1");
    let [login] = &logins(&azure)[..] else {
        panic!()
    };
    let assertion = asked_entra(login, "client_assertion");
    assert_eq!(
        field(login, "client_assertion_type"),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let parts: Vec<&str> = assertion.split('.').collect();
    let parsed = |part: &str| serde_json::from_slice::<Value>(&base64(part)).unwrap();
    let (header, claims) = (parsed(parts[0]), parsed(parts[1]));
    assert_eq!(
        header,
        json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": "Y87yDlWnCkAkiv3B3DH6c2BM-pIUEgsWJTyH-EuQvYs" })
    );
    let audience = format!(
        "{}/{TENANT}/oauth2/v2.0/token",
        azure.endpoint.replace("http:", "https:")
    );
    assert_eq!(
        (&claims["aud"], &claims["iss"], &claims["sub"]),
        (&json!(audience), &json!(CLIENT), &json!(CLIENT))
    );
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(),
        300
    );
    let pem = std::fs::read_to_string(CERTIFICATE[2].1).unwrap();
    let (_, key) = pem.split_once("-----BEGIN PRIVATE KEY-----").unwrap();
    let (key, _) = key.split_once("-----END").unwrap();
    let key = base64(&key.replace('\n', "").replace('+', "-").replace('/', "_"));
    let key = ring::signature::RsaKeyPair::from_pkcs8(&key).unwrap();
    let public = ring::signature::UnparsedPublicKey::new(
        &ring::signature::RSA_PSS_2048_8192_SHA256,
        key.public(),
    );
    let signed = format!("{}.{}", parts[0], parts[1]);
    public.verify(signed.as_bytes(), &base64(parts[2])).unwrap();
}

/// The bytes behind Base64 in the alphabet for URLs.
fn base64(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(alphabet.find(c).unwrap()).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

#[test]
fn a_certificate_that_cannot_be_used_says_how_to_make_one_that_can() {
    let (_folder, azure) = cloud(faithful);
    let with = |path: &str| {
        project(
            &azure,
            &[
                SECRET[0],
                SECRET[1],
                ("AZURE_CLIENT_CERTIFICATE_PATH", path),
            ],
        )
    };
    assert_snapshot!(with("cert.pfx").run(&["plan"]).stderr, @"
    error: cannot list the VMs: cannot read the certificate `cert.pfx`: no such file or directory
    help: check the path in AZURE_CLIENT_CERTIFICATE_PATH
    ");
    let project = with("cert.pfx");
    std::fs::write(project.path().join("cert.pfx"), [0x30, 0x82, 0xff]).unwrap();
    assert_snapshot!(project.run(&["plan"]).stderr, @"
    error: cannot list the VMs: the certificate file `cert.pfx` contains no PEM certificate
    help: provide a PEM file with an unencrypted RSA key; to convert a PKCS #12 file: openssl pkcs12 -in cert.pfx -nodes -out cert.pem; to decrypt a key: openssl pkey -in old.pem -out key.pem
    ");
    let whole = std::fs::read_to_string(CERTIFICATE[2].1).unwrap();
    let (key, certificate) = whole.split_at(whole.find("-----BEGIN CERTIFICATE").unwrap());
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (pem, what) in [
        (certificate.to_owned(), "contains no PEM private key"),
        (key.to_owned(), "contains no PEM certificate"),
        (encrypted + certificate, "has an encrypted private key"),
        (
            whole.replace("MII", "AAA"),
            "has a key that is not RSA with at least 2048 bits",
        ),
    ] {
        std::fs::write(project.path().join("cert.pfx"), pem).unwrap();
        let ran = project.run(&["plan"]);
        assert!(ran.stderr.contains(what), "{what}: {ran}");
    }
    assert_eq!(azure.asked().len(), 0);
}

#[test]
fn a_pod_sends_the_token_that_kubernetes_wrote() {
    let (_folder, azure) = cloud(faithful);
    let project = project(&azure, &WORKLOAD);
    let missing = project.run(&["plan"]);
    assert_eq!(missing.code(), 1);
    assert_snapshot!(missing.stderr, @"
    error: cannot list the VMs: cannot read the token in `assertion`: no such file or directory
    help: check AZURE_FEDERATED_TOKEN_FILE, and that Kubernetes mounts this file into the pod
    ");
    std::fs::write(project.path().join("assertion"), "an-assertion-of-the-pod").unwrap();
    arm_got(&azure, &project.run(&["plan"]), "secret-token-1");
    let [login] = &logins(&azure)[..] else {
        panic!()
    };
    assert_eq!(
        asked_entra(login, "client_assertion"),
        "an-assertion-of-the-pod"
    );
}

#[test]
fn a_github_job_asks_github_who_it_is() {
    let (_folder, azure) = cloud(faithful);
    let ran = project(&azure, &GITHUB).run(&["plan"]);
    arm_got(&azure, &ran, "secret-token-1");
    let [github, login] = &logins(&azure)[..] else {
        panic!()
    };
    assert_eq!(
        github.target,
        "/github?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange"
    );
    assert_eq!(github.token, "job-s3cret");
    assert_eq!(asked_entra(login, "client_assertion"), "an-assertion-1");
}

#[test]
fn a_github_job_without_the_right_to_a_token_is_told_which() {
    let (_folder, azure) = cloud(|asked| {
        asked
            .target
            .starts_with("/github")
            .then(|| saying(403, &json!({})))
    });
    assert_snapshot!(project(&azure, &GITHUB).run(&["plan"]).stderr, @"
    error: cannot list the VMs: GitHub issued no token for this job: status 403
    help: give the job `permissions: id-token: write`
    ");
}

#[test]
fn a_jobs_token_goes_nowhere_over_plain_http() {
    let (_folder, azure) = cloud(faithful);
    for (ways, name) in [(&GITHUB[..], GITHUB[2].0), (&PIPELINES[..], PIPELINES[3].0)] {
        let ran = project(&azure, ways)
            .with_env(name, "http://runner.example.com/x")
            .run(&["plan"]);
        assert_eq!(ran.code(), 1);
        assert!(
            ran.stderr.contains(&format!(
                "{name} is not an https URL: `http://runner.example.com/x`"
            )),
            "{ran}"
        );
    }
}

#[test]
fn a_pipeline_uses_its_service_connection() {
    let (_folder, azure) = cloud(faithful);
    let ran = project(&azure, &PIPELINES).run(&["plan"]);
    arm_got(&azure, &ran, "secret-token-1");
    let [connection, login] = &logins(&azure)[..] else {
        panic!()
    };
    assert_eq!(
        connection.target,
        "/pipelines?api-version=7.1&serviceConnectionId=connection"
    );
    assert_eq!(connection.token, "system-s3cret");
    assert_eq!(
        asked_entra(login, "client_assertion"),
        "an-assertion-of-the-connection"
    );
}

#[test]
fn a_service_connection_that_is_not_there_is_told() {
    let (_folder, azure) = cloud(|asked| {
        let at_the_pipeline = asked.target.starts_with("/pipelines");
        at_the_pipeline.then(|| saying(404, &json!({})))
    });
    assert_snapshot!(project(&azure, &PIPELINES).run(&["plan"]).stderr, @"
    error: cannot list the VMs: Azure Pipelines issued no token for the service connection: status 404
    help: check the service connection's id, and that SYSTEM_ACCESSTOKEN is mapped into the step
    ");
}

#[test]
fn github_is_asked_again_when_it_stumbles() {
    static STUMBLED: AtomicUsize = AtomicUsize::new(0);
    let (_folder, azure) = cloud(|asked| {
        let first =
            asked.target.starts_with("/github") && STUMBLED.fetch_add(1, Ordering::SeqCst) == 0;
        first.then(|| saying(503, &json!({})))
    });
    arm_got(
        &azure,
        &project(&azure, &GITHUB).run(&["plan"]),
        "secret-token-1",
    );
}

#[test]
fn a_machine_asks_for_its_own_identity() {
    let (_folder, azure) = cloud(faithful);
    let ran = project(&azure, &MANAGED)
        .with_env("AZURE_CLIENT_ID", CLIENT)
        .run(&["plan"]);
    arm_got(&azure, &ran, "secret-token-1");
    let [login] = &logins(&azure)[..] else {
        panic!()
    };
    assert_eq!(
        login.target,
        format!(
            "/managed?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com&client_id={CLIENT}"
        )
    );
    assert_eq!(login.identity_header, "machine-s3cret");
}

#[test]
fn a_given_token_asks_nobody() {
    let (_folder, azure) = cloud(faithful);
    let ran = project(&azure, &[&SECRET[..], &TOKEN].concat()).run(&["plan"]);
    arm_got(&azure, &ran, "secret-token-given");
    assert_eq!(logins(&azure).len(), 0);
}

/// Replaces the program `name` with a shell script.
#[cfg(unix)]
fn stand_in(project: Project, name: &str, script: &str) -> Project {
    let folder = project.path().join("bin");
    let _ = std::fs::create_dir(&folder);
    program(&folder.join(name), script);
    let path = folder.to_str().unwrap().to_owned();
    project.with_env("PATH", &path)
}

#[cfg(unix)]
fn program(path: &std::path::Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn az_is_asked_for_the_subscriptions_tenant_when_nothing_else_is_set_up() {
    let (_folder, azure) = cloud(faithful);
    let project = project(&azure, &[]);
    let asked = project.path().join("asked");
    let script = format!(
        "echo \"$*\" >> {}; echo '{{\"accessToken\":\"secret-token-az\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}}'",
        asked.display()
    );
    let project = stand_in(project, "az", &script);
    let ran = project.run(&["connect", "sarah-frontend", "--print"]);
    arm_got(&azure, &ran, "secret-token-az");
    assert_eq!(arm(&azure).len(), 4);
    assert_eq!(
        std::fs::read_to_string(asked).unwrap(),
        format!(
            "account get-access-token -o json --scope https://management.azure.com/.default --subscription {}\n",
            sandbox::SUBSCRIPTION
        ),
        "once for four requests"
    );
}

#[cfg(unix)]
#[test]
fn what_az_cannot_do_is_told_with_the_command_that_mends_it() {
    let (_folder, azure) = cloud(faithful);
    let told = |script: &str| {
        let ran = stand_in(project(&azure, &[]), "az", script).run(&["plan"]);
        assert_eq!(ran.code(), 1, "{ran}");
        ran.stderr
    };
    assert_snapshot!(told("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1"), @"
    error: cannot list the VMs: `az` is not signed in
    help: sign in: az login
    ");
    assert_snapshot!(told(&format!("echo 'ERROR: AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication. Trace ID: x
    Interactive authentication is needed. Please run:
    az login --tenant \"{TENANT}\" --scope \"https://management.azure.com/.default\"' >&2; exit 1")), @"
    error: cannot list the VMs: `az` cannot get a token: AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication
    help: sign in again with multi-factor authentication: az login --tenant 00000000-0000-4000-8000-00000000000a
    ");
    assert_snapshot!(told(&format!("echo \"ERROR: Subscription '{}' not found. Check the spelling and casing and try again.\" >&2; exit 1", sandbox::SUBSCRIPTION)), @"
    error: cannot list the VMs: subscription 5a4db0e5-0000-4000-8000-000000000000 not found in the account of `az`
    help: check the subscription id and `az cloud show`; if the subscription is in another tenant, run `az login --tenant TENANT`
    ");
    assert_snapshot!(told("echo 'WARNING: x' >&2; echo 'ERROR: the cache is locked\u{1b}[2J' >&2; exit 1"), @r"
    error: cannot list the VMs: `az` failed: the cache is locked\u{1b}[2J
    help: run `az account get-access-token --output json` to see the error; `az login` fixes most causes
    ");
    assert_snapshot!(told("exit 3"), @"
    error: cannot list the VMs: `az` failed without a message
    help: run `az account get-access-token --output json` to see the error; `az login` fixes most causes
    ");
    assert_snapshot!(told("echo 'A new version is available'; echo '\"secret-token-az\"'"), @"
    error: cannot list the VMs: `az` did not print a token in JSON
    help: run `az account get-access-token --output json` to see what it prints; azlin requires Azure CLI 2.54 or newer
    ");
    assert_snapshot!(told("echo '{\"accessToken\":\"secret-token-az\",\"expiresOn\":\"2030-01-01\"}'"), @"
    error: cannot list the VMs: `az` did not print a token in JSON
    help: run `az account get-access-token --output json` to see what it prints; azlin requires Azure CLI 2.54 or newer
    ");
    assert_snapshot!(stand_in(project(&azure, &[]), "other", "").run(&["plan"]).stderr, @r#"
    error: cannot list the VMs: `az` is not installed
    help: install it and run `az login`, or set up another credential (azlin guide sign-in)
    "#);
    assert_eq!(azure.asked().len(), 0);
}

/// A project whose `az` prints `stderr` and fails.
#[cfg(unix)]
fn failing_az(azure: &Azure, set: &[(&str, &str)], stderr: &str) -> Project {
    let project = project(azure, set);
    std::fs::write(project.path().join("stderr"), stderr).unwrap();
    let file = project.path().join("stderr");
    let script = format!("/bin/cat {} >&2; exit 1", file.display());
    stand_in(project, "az", &script)
}

/// A refusal of a token, in the words that `az` prints.
const AADSTS: [(&str, &str); 8] = [
    (
        "700024",
        "Client assertion is not within its valid time range.",
    ),
    (
        "7000222",
        "The provided client secret keys for app 'a' are expired.",
    ),
    (
        "53003",
        "Access has been blocked by Conditional Access policies.",
    ),
    (
        "50020",
        "User account 'm' from identity provider 'live.com' does not exist in tenant 't'.",
    ),
    (
        "50076",
        "Due to a configuration change made by your administrator, you must use multi-factor authentication.",
    ),
    (
        "50079",
        "Due to a configuration change made by your administrator, you must enroll in multi-factor authentication.",
    ),
    (
        "65001",
        "The user or administrator has not consented to use the application with ID 'a'.",
    ),
    (
        "700016",
        "Application with identifier 'a' was not found in the directory 't'.",
    ),
];

/// The helps for each code of [`AADSTS`] with these variables, as a table.
#[cfg(unix)]
fn helps(set: &[(&str, &str)]) -> String {
    let (_folder, azure) = cloud(faithful);
    let rows = AADSTS.map(|(code, said)| {
        let stderr = format!(
            "ERROR: AADSTS{code}: {said} Trace ID: 0a-1 Correlation ID: 0b-2 Timestamp: 2026-01-01 00:00:00Z\n\
             Interactive authentication is needed. Please run:\naz login --tenant \"{TENANT}\"\n"
        );
        let ran = failing_az(&azure, set, &stderr).run(&["plan"]);
        assert_eq!(ran.code(), 1, "{ran}");
        let (error, help) = ran.stderr.split_once("help: ").unwrap();
        let expected = format!(
            "error: cannot list the VMs: `az` cannot get a token: AADSTS{code}: {}\n",
            said.trim_end_matches('.')
        );
        assert_eq!(error, expected);
        format!("{code} {help}")
    });
    assert_eq!(azure.asked().len(), 0);
    rows.concat()
}

#[cfg(unix)]
#[test]
fn each_refusal_of_azs_has_its_own_help() {
    assert_snapshot!(helps(&[]), @"
    700024 sign in again: az login --tenant 00000000-0000-4000-8000-00000000000a
    7000222 create a new secret for the app and sign `az` in with it: the old one has expired
    53003 ask your administrator which Conditional Access policy blocks this sign-in: it may require another network or device
    50020 sign in with an account of this tenant (az login --tenant 00000000-0000-4000-8000-00000000000a), or ask its administrator to invite yours as a guest
    50076 sign in again with multi-factor authentication: az login --tenant 00000000-0000-4000-8000-00000000000a
    50079 sign in again with multi-factor authentication: az login --tenant 00000000-0000-4000-8000-00000000000a
    65001 sign in again and give consent: az login --tenant 00000000-0000-4000-8000-00000000000a; if you may not, ask an administrator of the tenant
    700016 check the app's id, and the tenant and cloud that `az` is signed in to: this tenant does not have the app
    ");
    let in_ci = helps(&[("CI", "true")]);
    assert!(!in_ci.contains("az login"), "{in_ci}");
    assert_snapshot!(in_ci, @"
    700024 sign `az` in right before this step: the job's token is valid for minutes only; or let azlin sign in itself (azlin guide sign-in)
    7000222 create a new secret for the app and sign `az` in with it: the old one has expired
    53003 ask your administrator which Conditional Access policy blocks this sign-in: it may require another network or device
    50020 use an identity of this tenant, or ask its administrator to invite the account as a guest
    50076 use a service principal, OIDC or a managed identity: this account requires multi-factor authentication, which needs a person
    50079 use a service principal, OIDC or a managed identity: this account requires multi-factor authentication, which needs a person
    65001 ask an administrator of the tenant to grant consent to the application
    700016 check the app's id, and the tenant and cloud that `az` is signed in to: this tenant does not have the app
    ");
}

#[test]
fn each_refusal_of_an_apps_sign_in_has_its_own_help() {
    // The tenant's name is the code.
    let (_folder, azure) = cloud(|asked| {
        let code = asked.target.strip_suffix("/oauth2/v2.0/token")?;
        let said = format!(
            "AADSTS{}: No. Trace ID: 1\r\nTimestamp: 3",
            code.trim_start_matches("/c")
        );
        let body = json!({ "error": "x", "error_description": said });
        Some(saying(400, &body))
    });
    let rows = AADSTS.map(|(code, _)| {
        let project = project(&azure, &SECRET).with_env("AZURE_TENANT_ID", &format!("c{code}"));
        let ran = project.with_env("CI", "true").run(&["plan"]);
        let (error, help) = ran.stderr.split_once("help: ").unwrap();
        assert!(
            error.ends_with(&format!(" returned 400: AADSTS{code}: No\n")),
            "{ran}"
        );
        format!("{code} {help}")
    });
    assert_snapshot!(rows.concat(), @"
    700024 check this machine's clock: azlin got this assertion just now
    7000222 create a new secret and set AZURE_CLIENT_SECRET to it: the old one has expired
    53003 ask your administrator which Conditional Access policy blocks this sign-in: it may require another network or device
    50020 use an identity of this tenant, or ask its administrator to invite the account as a guest
    50076 use a service principal, OIDC or a managed identity: this account requires multi-factor authentication, which needs a person
    50079 use a service principal, OIDC or a managed identity: this account requires multi-factor authentication, which needs a person
    65001 ask an administrator of the tenant to grant consent to the application
    700016 check AZURE_CLIENT_ID, AZURE_TENANT_ID and `cloud`: this tenant does not have the app
    ");
}

#[cfg(unix)]
#[test]
fn in_ci_nobody_is_told_to_log_in() {
    let (_folder, azure) = cloud(faithful);
    let ci = [("GITHUB_ACTIONS", "true")];
    let told = |stderr: &str| {
        let ran = failing_az(&azure, &ci, stderr).run(&["plan"]);
        assert!(!ran.stderr.contains("az login"), "{ran}");
        ran.stderr
    };
    assert_snapshot!(told("ERROR: Please run 'az login' to setup account."), @"
    error: cannot list the VMs: `az` is not signed in
    help: sign `az` in earlier in the job, or set up another credential (azlin guide sign-in)
    ");
    assert_snapshot!(told(&format!("ERROR: Subscription '{}' not found.", sandbox::SUBSCRIPTION)), @"
    error: cannot list the VMs: subscription 5a4db0e5-0000-4000-8000-000000000000 not found in the account of `az`
    help: check the subscription id, and that the pipeline's identity has a role on the subscription
    ");
    assert_snapshot!(told("ERROR: AADSTS90094: No."), @"
    error: cannot list the VMs: `az` cannot get a token: AADSTS90094: No
    help: check the step that signs in `az`, or set up another credential (azlin guide sign-in)
    ");
    assert_snapshot!(told("ERROR: the cache is locked"), @"
    error: cannot list the VMs: `az` failed: the cache is locked
    help: run `az account get-access-token --output json` to see the error
    ");
    assert_snapshot!(stand_in(project(&azure, &ci), "other", "").run(&["plan"]).stderr, @"
    error: cannot list the VMs: `az` is not installed
    help: install it in the job, or set up another credential (azlin guide sign-in)
    ");
    let (_folder, azure) = cloud(|asked| {
        is_arm(asked).then(|| {
            refusal(
                "InvalidAuthenticationToken",
                "More is needed.",
                "insufficient_claims",
            )
        })
    });
    assert_snapshot!(stand_in(project(&azure, &ci), "az", AZ).run(&["plan"]).stderr, @"
    error: cannot list the VMs: Azure returned 401 InvalidAuthenticationToken: More is needed
    help: ask whoever manages the tenant: its Conditional Access rejects this identity's token
    ");
    let nothing = Project::new("").with_env("CI", "1").run(&["plan"]);
    assert!(!nothing.stderr.contains("az login"), "{nothing}");
}

#[cfg(unix)]
#[test]
fn the_cause_is_found_behind_azs_traceback() {
    let (_folder, azure) = cloud(faithful);
    let pool = "HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded with url: /organizations";
    let told = |set: &[(&str, &str)], last: &str| {
        let stderr = format!(
            "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: {pool}\n\
             Traceback (most recent call last):\n  File \"/opt/az/bin/x.py\", line 703, in urlopen\n    httplib_response = y(\n\
             ssl.SSLError: first\n\nDuring handling of the above exception, another exception occurred:\n\n\
             Traceback (most recent call last):\n  File \"/opt/az/bin/x.py\", line 1, in z\n    raise x\n{last}\n\
             To check existing issues, please visit: https://github.com/Azure/azure-cli/issues\n"
        );
        failing_az(&azure, set, &stderr).run(&["plan"]).stderr
    };
    assert_snapshot!(told(&[], "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"), @"
    error: cannot list the VMs: `az` failed: JSONDecodeError: Expecting value: line 1 column 1 (char 0)
    help: run `az account get-access-token --output json` to see the error; `az login` fixes most causes
    ");
    let untrusted = format!(
        "requests.exceptions.SSLError: {pool} (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] \
         certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1007)')))"
    );
    assert_snapshot!(told(&[], &untrusted), @"
    error: cannot list the VMs: `az` cannot connect: TLS failed (self-signed certificate in certificate chain)
    help: if a proxy inspects TLS, set REQUESTS_CA_BUNDLE for `az` and SSL_CERT_FILE for azlin to a PEM file with its CA certificate
    ");
    let proxy = [(
        "HTTPS_PROXY",
        "http://user:s3cret-of-the-proxy@proxy.corp:8080",
    )];
    let wants = format!(
        "requests.exceptions.ProxyError: {pool} (Caused by ProxyError('Cannot connect to proxy.', OSError('Tunnel connection \
         failed: 407 Proxy Authentication Required')))"
    );
    assert_snapshot!(told(&proxy, &wants), @"
    error: cannot list the VMs: `az` cannot connect: the proxy `proxy.corp:8080` (HTTPS_PROXY) requires authentication (407)
    help: check the user name and password in HTTPS_PROXY
    ");
    let refused = format!(
        "requests.exceptions.ProxyError: {pool} (Caused by ProxyError('Cannot connect to proxy.', NewConnectionError('<x>: Failed \
         to establish a new connection: [Errno 111] Connection refused')))"
    );
    assert_snapshot!(told(&proxy, &refused), @"
    error: cannot list the VMs: `az` cannot connect: the proxy `proxy.corp:8080` (HTTPS_PROXY) failed: connection refused
    help: check that HTTPS_PROXY names a running proxy, or unset it; NO_PROXY names hosts that azlin and `az` reach without it
    ");
    let malformed = "requests.exceptions.InvalidProxyURL: Please check proxy URL. It is malformed and could be missing the host.";
    assert_snapshot!(told(&[("HTTPS_PROXY", "http://proxy.corp:port")], malformed), @"
    error: cannot list the VMs: `az` cannot connect: invalid proxy URL in HTTPS_PROXY: `[hidden]`
    help: set HTTPS_PROXY to http://HOST:PORT; write special characters of a user name or password as %XX
    ");
    assert_eq!(azure.asked().len(), 0);
}

#[cfg(unix)]
#[test]
fn entras_ids_are_shown_with_verbose() {
    let said = "AADSTS50076: No. Trace ID: 0a-1 Correlation ID: 0b-2 Timestamp: 3";
    let (_folder, azure) = cloud(|asked| {
        let body = json!({ "error": "x", "error_description": "AADSTS7000222: Expired. Trace ID: 0a-1 Correlation ID: 0b-2\r\nTimestamp: 3" });
        asked.target.ends_with("/token").then(|| saying(401, &body))
    });
    let az = failing_az(&azure, &[], said);
    let app = project(&azure, &SECRET);
    for project in [az, app] {
        let brief = project.run(&["plan"]).stderr;
        assert!(
            !brief.contains("0a-1") && !brief.contains("0b-2"),
            "{brief}"
        );
        let verbose = project.run(&["plan", "--verbose"]).stderr;
        assert!(
            verbose.contains(" (trace 0a-1, correlation 0b-2)\n"),
            "{verbose}"
        );
    }
}

/// A server that answers each connection with `answer`, for as long as the test runs.
fn server(answer: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap());
        }
    });
    address
}

/// A proxy that answers each request with `status`.
fn proxy(status: &'static str) -> String {
    use std::io::{Read as _, Write as _};
    server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    })
}

/// A project whose Azure is `https://ENDPOINT`.
fn over_tls(endpoint: &str, set: &[(&str, &str)]) -> Project {
    let file = format!("[azure]\nsubscription = '{}'\n", sandbox::SUBSCRIPTION);
    let project = Project::new(&file).with_env("AZLIN_ENDPOINT", &format!("https://{endpoint}"));
    set.iter().fold(project, |project, (name, value)| {
        project.with_env(name, value)
    })
}

#[test]
fn a_proxy_that_fails_is_named_with_its_variable() {
    let told = |url: &str, set: &[(&str, &str)]| {
        let ran = over_tls("arm.example.com", &[set, &[("HTTPS_PROXY", url)]].concat()).run(&[
            "plan",
            "--deadline",
            "5",
        ]);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(!ran.stderr.contains("s3cret"), "{ran}");
        let last = ran.stderr.find("error: ").unwrap();
        ran.stderr[last..].to_owned()
    };
    let address = proxy("407 Proxy Authentication Required");
    let without = told(&format!("http://{address}"), &TOKEN);
    assert_snapshot!(without.replace(&address, "PROXY"), @"
    error: cannot list the VMs: the proxy `PROXY` (HTTPS_PROXY) requires authentication (407)
    help: set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT
    ");
    let with = told(&format!("http://user:s3cret@{address}"), &TOKEN);
    assert_snapshot!(with.replace(&address, "PROXY"), @"
    error: cannot list the VMs: the proxy `PROXY` (HTTPS_PROXY) requires authentication (407)
    help: check the user name and password in HTTPS_PROXY
    ");
    // The sign-in service is behind the same proxy.
    let login = told(&format!("http://{address}"), &SECRET);
    assert_snapshot!(login.replace(&address, "PROXY"), @"
    error: cannot list the VMs: the proxy `PROXY` (HTTPS_PROXY) requires authentication (407)
    help: set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT
    ");
    let address = proxy("403 Forbidden");
    assert_snapshot!(told(&address, &TOKEN).replace(&address, "PROXY"), @"
    error: cannot list the VMs: no response: the proxy `PROXY` (HTTPS_PROXY) refused to connect to arm.example.com
    help: check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again
    ");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap().to_string();
    drop(listener);
    assert_snapshot!(told(&nobody, &TOKEN).replace(&nobody, "PROXY"), @"
    error: cannot list the VMs: no response: the proxy `PROXY` (HTTPS_PROXY) failed: connection refused
    help: check the network and the proxy settings (HTTPS_PROXY, NO_PROXY), then try again
    ");
    assert_snapshot!(told("http://user:s3cret@proxy.corp:port", &TOKEN), @"
    error: cannot open a connection to Azure: invalid proxy URL in HTTPS_PROXY: `[secret]@proxy.corp:port`
    help: set HTTPS_PROXY to http://HOST:PORT; write special characters of a user name or password as %XX
    ");
    assert_snapshot!(told("socks5://127.0.0.1:1080", &TOKEN), @"
    error: cannot open a connection to Azure: unsupported proxy in HTTPS_PROXY: `socks5://127.0.0.1:1080`
    help: set HTTPS_PROXY to an http:// or https:// proxy
    ");
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_with_the_setting() {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let _ = rustls::crypto::ring::default_provider().install_default();
    let pem = std::fs::read(CERTIFICATE[2].1).unwrap();
    let certificate = CertificateDer::from_pem_slice(&pem).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pem).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = std::sync::Arc::new(config);
    let address = server(move |mut stream| {
        let mut tls = rustls::ServerConnection::new(config.clone()).unwrap();
        while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
    });
    let ran = over_tls(&address, &TOKEN).run(&["plan", "--deadline", "5"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert_snapshot!(ran.stderr, @"
    error: cannot list the VMs: the certificate of 127.0.0.1 is not valid: its issuer is not trusted here
    help: if a proxy inspects TLS, add its CA certificate to the system's, or set SSL_CERT_FILE to a PEM file with it
    ");
    let set = [TOKEN[0], ("SSL_CERT_FILE", "nowhere.pem")];
    let ran = over_tls(&address, &set).run(&["plan"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert_snapshot!(ran.stderr, @"
    error: cannot open a connection to Azure: No CA certificates were loaded from the system
    help: check that SSL_CERT_FILE (`nowhere.pem`) is a PEM file with certificates
    ");
}

/// Adds a file for each of subscriptions 2 to 4.
fn with_three_more(project: Project) -> Project {
    for number in 2..=4 {
        let file = format!(
            "[azure]\nsubscription = '{}'\n",
            sandbox::subscription_id(number)
        );
        let name = format!("{number}.toml");
        std::fs::write(project.path().join(name), file).unwrap();
    }
    project
}

#[test]
fn one_token_opens_all_subscriptions_of_a_service_principal() {
    let (folder, azure) = cloud(faithful);
    sandbox::reset_several(&folder.path().join("sandbox.json"), Some(3), 4).unwrap();
    let project = with_three_more(project(&azure, &SECRET));
    let ran = project.run(&["plan", "--file", "."]);
    arm_got(&azure, &ran, "secret-token-1");
    assert_eq!((arm(&azure).len(), logins(&azure).len()), (4, 1));
}

#[cfg(unix)]
#[test]
fn az_is_asked_once_for_the_subscriptions_of_one_account() {
    let (folder, azure) = cloud(faithful);
    sandbox::reset_several(&folder.path().join("sandbox.json"), Some(3), 4).unwrap();
    let project = with_three_more(project(&azure, &[]).with_env("AZURE_CONFIG_DIR", "."));
    // The profile lacks the fourth.
    let known =
        [(1, "a", "ada"), (2, "a", "bob"), (3, "a", "ada")].map(|(number, tenant, user)| {
            json!({
                "id": sandbox::subscription_id(number).to_uppercase(), "tenantId": tenant,
                "user": { "name": user, "type": "user" },
            })
        });
    let profile = json!({ "subscriptions": known }).to_string();
    std::fs::write(project.path().join("azureProfile.json"), profile).unwrap();
    let asked = project.path().join("asked");
    let script = format!(
        "for word; do :; done; echo $word >> {}; echo '{{\"accessToken\":\"secret-token-az\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}}'",
        asked.display()
    );
    // `sessions.toml`, for the first subscription, is the last by name.
    let project = stand_in(project, "az", &script);
    let ran = project.run(&["plan", "--file", "."]);
    arm_got(&azure, &ran, "secret-token-az");
    let asked = std::fs::read_to_string(asked).unwrap();
    let mut asked: Vec<&str> = asked.lines().collect();
    asked.sort();
    let once = [2, 3, 4].map(sandbox::subscription_id);
    assert_eq!(asked, once, "the first shares the token of the third");
}

#[test]
fn the_subscription_goes_by_the_name_that_az_remembers() {
    let (_folder, azure) = cloud(faithful);
    let project = project(&azure, &[("AZURE_ACCESS_TOKEN", "secret-token")]);
    let config = project.path().to_str().unwrap().to_owned();
    let project = project.with_env("AZURE_CONFIG_DIR", &config);
    let profile = json!({ "subscriptions": [{ "id": sandbox::SUBSCRIPTION, "name": "dev" }] });
    std::fs::write(
        project.path().join("azureProfile.json"),
        profile.to_string(),
    )
    .unwrap();
    let ran = project.run(&["plan"]);
    let named = format!("subscription dev ({}) at ", sandbox::SUBSCRIPTION);
    assert!(ran.stdout.contains(&named), "{ran}");
}

#[cfg(unix)]
#[test]
fn az_that_fails_is_asked_once_for_all_requests() {
    let (_folder, azure) = cloud(faithful);
    let project = project(&azure, &[]);
    let asked = project.path().join("asked");
    let project = stand_in(
        project,
        "az",
        &format!("echo x >> {}; exit 1", asked.display()),
    );
    assert_eq!(
        project
            .run(&["connect", "sarah-frontend", "--print"])
            .code(),
        1
    );
    assert_eq!(std::fs::read_to_string(asked).unwrap(), "x\n");
}

#[cfg(unix)]
#[test]
fn a_token_for_an_endpoint_elsewhere_is_good_for_nothing_else() {
    let (_folder, azure) = cloud(faithful);
    let scope = |arguments: &[&str]| {
        let project = project(&azure, &[]);
        let asked = project.path().join("asked");
        let project = stand_in(
            project,
            "az",
            &format!("echo \"$6\" >> {}; exit 1", asked.display()),
        );
        let ran = project.run(&[&["plan"], arguments].concat());
        assert_eq!(ran.code(), 1, "{ran}");
        std::fs::read_to_string(asked).unwrap()
    };
    let endpoint = "https://arm.stack.example.com";
    assert_eq!(
        scope(&["--endpoint", endpoint]),
        format!("{endpoint}/.default\n")
    );
    let audience = [
        "--endpoint",
        endpoint,
        "--audience",
        "https://management.stack.example.com/x",
    ];
    assert_eq!(
        scope(&audience),
        "https://management.stack.example.com/x/.default\n"
    );
}

#[test]
fn an_endpoint_of_the_files_gets_no_other_token() {
    let (_folder, azure) = cloud(faithful);
    let file = format!(
        "[azure]\nendpoint = '{}'\nsubscription = '{}'\n",
        azure.endpoint,
        sandbox::SUBSCRIPTION
    );
    let project = SECRET
        .iter()
        .fold(Project::new(&file), |project, (name, value)| {
            project.with_env(name, value)
        });
    for arguments in [&["plan"][..], &["plan", "--auth", "secret"]] {
        let ran = project.run(arguments);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(ran.stderr.starts_with("error: cannot sign in to the file's `endpoint`: azlin sends it only AZURE_ACCESS_TOKEN, "), "{ran}");
    }
    assert_eq!(azure.asked().len(), 0);
}

#[cfg(unix)]
#[test]
fn azd_is_used_when_asked_for_or_alone() {
    let (_folder, azure) = cloud(faithful);
    let script = "echo '{\"token\":\"secret-token-azd\",\"expiresOn\":\"2100-01-01T00:00:00Z\"}'";
    let ran = stand_in(project(&azure, &[]), "azd", script).run(&["plan"]);
    arm_got(&azure, &ran, "secret-token-azd");
    let told = |script: &str| {
        stand_in(project(&azure, &SECRET), "azd", script)
            .run(&["plan", "--auth", "azd"])
            .stderr
    };
    assert_snapshot!(told("echo '{\"type\":\"consoleMessage\",\"data\":{\"message\":\"\\nERROR: not logged in, run `azd auth login` to login\\n\"}}' >&2; exit 1"), @"
    error: cannot list the VMs: `azd` is not signed in
    help: sign in: azd auth login
    ");
    assert_snapshot!(told("echo no"), @"
    error: cannot list the VMs: `azd` did not print a token in JSON
    help: run `azd auth token --output json` to see what it prints
    ");
}

#[test]
fn what_the_sign_in_service_says_no_to_is_told_in_its_words_and_with_what_to_do() {
    let told = |fault: Fault| {
        let (_folder, azure) = cloud(fault);
        let ran = project(&azure, &SECRET).run(&["plan"]);
        assert_eq!((ran.code(), arm(&azure).len()), (1, 0), "{ran}");
        ran.stderr.replace(&azure.endpoint, "http://HERE")
    };
    fn entra(asked: &Asked, status: u16, body: &Value) -> Option<Response> {
        asked
            .target
            .ends_with("/token")
            .then(|| saying(status, body))
    }
    assert_snapshot!(told(|asked| entra(asked, 401, &json!({
        "error": "invalid_client", "error_codes": [7000215],
        "error_description": "AADSTS7000215: Invalid client secret provided: s3cret-of-the-app. Trace ID: 1 Correlation ID: 2\r\nTimestamp: 3",
    }))), @"
    error: cannot list the VMs: http://HERE returned 401: AADSTS7000215: Invalid client secret provided: [secret]
    help: check AZURE_CLIENT_SECRET: it must be the secret's value, not its id, and belong to this app
    ");
    assert_snapshot!(told(|asked| entra(asked, 400, &json!({
        "error": "unauthorized_client", "error_codes": [700016],
        "error_description": "AADSTS700016: Application with identifier 'x' was not found in the directory 'y'.\r\nTrace ID: 1",
    }))), @"
    error: cannot list the VMs: http://HERE returned 400: AADSTS700016: Application with identifier 'x' was not found in the directory 'y'
    help: check AZURE_CLIENT_ID, AZURE_TENANT_ID and `cloud`: this tenant does not have the app
    ");
    assert_snapshot!(told(|asked| entra(asked, 400, &json!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30.x"))), @"
    error: cannot list the VMs: the response from http://HERE is not a token
    help: check the network: a proxy or a sign-in page may have answered instead of Azure
    ");
    assert_snapshot!(told(|asked| entra(asked, 200, &json!({ "token_type": "Bearer" }))), @"
    error: cannot list the VMs: the response contains no token
    help: check the network: a proxy or a sign-in page may have answered instead of Azure
    ");
    assert_snapshot!(told(|asked| entra(asked, 200, &json!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30.x"))), @"
    error: cannot list the VMs: the response from http://HERE is not a token
    help: check the network: a proxy or a sign-in page may have answered instead of Azure
    ");
}

#[test]
fn a_sign_in_service_that_does_not_answer_is_told_before_patience_ends() {
    let (_folder, azure) = cloud(faithful);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let start = std::time::Instant::now();
    let ran = project(&azure, &SECRET)
        .with_env("AZURE_AUTHORITY_HOST", &nobody)
        .run(&["plan"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(
        ran.stderr.starts_with(&format!(
            "error: cannot list the VMs: no response from {nobody}: "
        )),
        "{ran}"
    );
    assert!(ran.stderr.contains("AZURE_AUTHORITY_HOST"), "{ran}");
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn a_value_that_cannot_be_one_is_told_before_anything_is_sent() {
    let (_folder, azure) = cloud(faithful);
    let ran = project(&azure, &SECRET)
        .with_env("AZURE_TENANT_ID", "my tenant")
        .run(&["plan"]);
    assert_snapshot!(ran.stderr, @"
    error: cannot list the VMs: invalid tenant ID my tenant
    help: check AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or token; `azlin whoami` shows which one azlin uses
    ");
    assert_eq!(azure.asked().len(), 0);
}

#[test]
fn half_a_way_names_what_is_missing() {
    let (_folder, azure) = cloud(faithful);
    let ran = project(&azure, &SECRET)
        .with_env("AZURE_TENANT_ID", "")
        .run(&["plan"]);
    assert_eq!(ran.code(), 1);
    assert_snapshot!(ran.stderr, @"
    error: cannot sign in: a service principal with a secret requires AZURE_TENANT_ID, which is empty
    help: set AZURE_TENANT_ID; to use another credential, pass --auth
    ");
    assert_eq!(azure.asked().len(), 0);
}

/// A stand-in for `az` that prints a token.
#[cfg(unix)]
const AZ: &str = "echo '{\"accessToken\":\"secret-token-az\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}'";

/// Signs `az` in: it has the sandbox's subscription.
fn sign_az_in(project: &Project) {
    let folder = project.path().join(".azure");
    std::fs::create_dir(&folder).unwrap();
    let profile = json!({ "subscriptions": [{ "id": sandbox::SUBSCRIPTION, "isDefault": true }] });
    std::fs::write(folder.join("azureProfile.json"), profile.to_string()).unwrap();
}

#[cfg(unix)]
#[test]
fn in_ci_half_a_way_is_not_replaced_by_az() {
    let told = |set: &[(&str, &str)]| {
        let (_folder, azure) = cloud(faithful);
        let project = stand_in(project(&azure, set), "az", AZ);
        sign_az_in(&project);
        let ran = project.run(&["plan"]);
        assert_eq!((ran.code(), azure.asked().len()), (1, 0), "{ran}");
        arm_got(
            &azure,
            &project.run(&["plan", "--auth", "az"]),
            "secret-token-az",
        );
        ran.stderr
    };
    let [tenant, client, _] = SECRET;
    assert_snapshot!(told(&[("CI", "true"), tenant, client]), @"
    error: cannot sign in: AZURE_TENANT_ID and AZURE_CLIENT_ID are set, but a service principal also requires AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE
    help: set AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE; if an earlier step signs in `az`, pass --auth az instead
    ");
    assert_snapshot!(told(&[("CI", "true"), tenant, client, ("AZURE_CLIENT_SECRET", "")]), @"
    error: cannot sign in: a service principal with a secret requires AZURE_CLIENT_SECRET, which is empty
    help: set AZURE_CLIENT_SECRET (CI leaves a variable empty if its secret is not defined, or not available to a fork); if an earlier step signs in `az`, pass --auth az instead
    ");
    assert_snapshot!(told(&[("GITHUB_ACTIONS", "true"), tenant, client]), @"
    error: cannot sign in: the identity of this GitHub Actions job requires ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN, which are not set
    help: give the job `permissions: id-token: write`; if an earlier step signs in `az`, pass --auth az instead
    ");
    let undefined = ("AZURE_CLIENT_SECRET", "$(AZURE_CLIENT_SECRET)");
    assert_snapshot!(told(&[("TF_BUILD", "True"), tenant, client, undefined]), @"
    error: cannot sign in: a service principal with a secret requires AZURE_CLIENT_SECRET, which is empty
    help: set AZURE_CLIENT_SECRET (CI leaves a variable empty if its secret is not defined, or not available to a fork); if an earlier step signs in `az`, pass --auth az instead
    ");
}

#[cfg(unix)]
#[test]
fn on_a_persons_machine_az_is_used_in_spite_of_leftovers() {
    let (_folder, azure) = cloud(faithful);
    let [tenant, client, _] = SECRET;
    let set = [tenant, client, ("AZURE_CLIENT_SECRET", "")];
    let project = stand_in(project(&azure, &set), "az", AZ);
    let ran = project.run(&["plan"]);
    assert_eq!(ran.code(), 1, "`az` is not signed in: {ran}");
    assert_snapshot!(ran.stderr, @"
    error: cannot sign in: a service principal with a secret requires AZURE_CLIENT_SECRET, which is empty
    help: set AZURE_CLIENT_SECRET; to use another credential, pass --auth
    ");
    sign_az_in(&project);
    let ran = project.run(&["plan"]);
    arm_got(&azure, &ran, "secret-token-az");
    assert_snapshot!(ran.stderr, @"note: using the account of `az`: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (empty) are not a complete service principal; unset them, or pass --auth az");
    let ran = project.run(&["plan", "--auth", "az"]);
    arm_got(&azure, &ran, "secret-token-az");
    assert_eq!(ran.stderr, "");
    let who = project.run(&["whoami"]);
    assert_snapshot!(who.stdout.lines().next().unwrap(), @"credential    the account of the Azure CLI (`az` is signed in, and AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (empty) are not a complete service principal)");
}

#[test]
fn in_ci_an_empty_subscription_is_not_replaced_by_azs_default() {
    let project = Project::new("").with_env("CI", "true");
    sign_az_in(&project);
    let project = project.with_env("AZURE_SUBSCRIPTION_ID", "");
    assert_snapshot!(project.run(&["plan"]).stderr, @"
    error: no subscription given: AZURE_SUBSCRIPTION_ID is empty
    help: set AZURE_SUBSCRIPTION_ID: CI leaves it empty if its secret is not defined
    ");
}

/// A refusal of the token, in the words of Azure Resource Manager.
fn refusal(code: &str, message: &str, error: &str) -> Response {
    let mut response = saying(
        401,
        &json!({ "error": { "code": code, "message": message } }),
    );
    let challenge = format!(
        "Bearer authorization_uri=\"https://login.windows.net/{TENANT}\", error=\"{error}\", error_description=\"{message}\""
    );
    response.headers.push(("www-authenticate", challenge));
    response
}

const EXPIRED: (&str, &str) = (
    "ExpiredAuthenticationToken",
    "The access token expiry UTC time '1/1/2026' is earlier than current UTC time '1/2/2026'.",
);

#[test]
fn a_token_that_azure_refuses_is_replaced_once_for_all_requests() {
    let fault: Fault = |asked| {
        let first = is_arm(asked) && asked.token == "secret-token-1";
        first.then(|| refusal(EXPIRED.0, EXPIRED.1, "invalid_token"))
    };
    let (_folder, azure) = cloud(fault);
    let ran = project(&azure, &GITHUB).run(&["connect", "sarah-frontend", "--print"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let proofs = logins(&azure);
    let proofs: Vec<String> = proofs
        .iter()
        .filter(|asked| asked.target.ends_with("/token"))
        .map(|asked| asked_entra(asked, "client_assertion"))
        .collect();
    assert_eq!(
        proofs,
        ["an-assertion-1", "an-assertion-2"],
        "a new token, from a new assertion"
    );
    let accepted = arm(&azure)
        .iter()
        .filter(|asked| asked.token == "secret-token-2")
        .count();
    assert_eq!(accepted, 4);
}

#[test]
fn a_write_is_sent_again_with_a_new_token() {
    let fault: Fault = |asked| {
        let first = asked.method == "PATCH" && asked.token == "secret-token-1";
        first.then(|| refusal(EXPIRED.0, EXPIRED.1, "invalid_token"))
    };
    let (_folder, azure) = cloud(fault);
    let ran = project(&azure, &SECRET).run(&["session", "dev-vm-2", "mine"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let writes = azure
        .asked()
        .into_iter()
        .filter(|asked| asked.method == "PATCH");
    let writes: Vec<(String, Vec<u8>)> = writes.map(|asked| (asked.token, asked.body)).collect();
    assert_eq!(writes.len(), 2);
    assert_eq!(writes[0].1, writes[1].1, "the same body");
}

#[test]
fn a_second_refusal_ends_it() {
    let told = |set: &[(&str, &str)], fault: Fault, requests: usize| {
        let (_folder, azure) = cloud(fault);
        let ran = project(&azure, set).run(&["plan"]);
        assert_eq!((ran.code(), arm(&azure).len()), (1, requests), "{ran}");
        ran.stderr
    };
    let expired: Fault =
        |asked| is_arm(asked).then(|| refusal(EXPIRED.0, EXPIRED.1, "invalid_token"));
    assert_snapshot!(told(&SECRET, expired, 2), @"
    error: cannot list the VMs: Azure returned 401 ExpiredAuthenticationToken: The access token expiry UTC time '1/1/2026' is earlier than current UTC time '1/2/2026'
    help: check that `cloud`, --endpoint and --audience match the identity: Azure rejected a new token too
    ");
    // There is no other.
    assert_snapshot!(told(&TOKEN, expired, 1), @"
    error: cannot list the VMs: Azure returned 401 ExpiredAuthenticationToken: The access token expiry UTC time '1/1/2026' is earlier than current UTC time '1/2/2026'
    help: set AZURE_ACCESS_TOKEN to a new token (this one has expired, or is not for Azure's management API): az account get-access-token --query accessToken --output tsv
    ");
    let claims: Fault = |asked| {
        is_arm(asked).then(|| {
            refusal(
                "InvalidAuthenticationToken",
                "More is needed.",
                "insufficient_claims",
            )
        })
    };
    assert_snapshot!(told(&SECRET, claims, 2), @"
    error: cannot list the VMs: Azure returned 401 InvalidAuthenticationToken: More is needed
    help: ask whoever manages the tenant: its Conditional Access rejects this identity's token
    ");
    let tenant: Fault = |asked| {
        let message = format!(
            "The access token is from the wrong issuer 'https://sts.windows.net/{TENANT}/'. It must match the tenant \
             'https://sts.windows.net/{OTHER_TENANT}/' associated with this subscription."
        );
        is_arm(asked).then(|| {
            refusal(
                "InvalidAuthenticationTokenTenant",
                &message,
                "invalid_token",
            )
        })
    };
    assert_snapshot!(told(&SECRET, tenant, 2), @"
    error: cannot list the VMs: the token is for tenant 00000000-0000-4000-8000-00000000000a, but the subscription belongs to tenant 00000000-0000-4000-8000-00000000000b (401 InvalidAuthenticationTokenTenant)
    help: use an identity of the tenant 00000000-0000-4000-8000-00000000000b (AZURE_TENANT_ID), or check the subscription's id
    ");
    assert_snapshot!(told(&TOKEN, tenant, 1), @"
    error: cannot list the VMs: the token is for tenant 00000000-0000-4000-8000-00000000000a, but the subscription belongs to tenant 00000000-0000-4000-8000-00000000000b (401 InvalidAuthenticationTokenTenant)
    help: get a token for the subscription's tenant: az account get-access-token --tenant 00000000-0000-4000-8000-00000000000b --query accessToken --output tsv
    ");
}

#[cfg(unix)]
#[test]
fn who_must_sign_in_again_is_told_the_command() {
    let told = |fault: Fault| {
        let (_folder, azure) = cloud(fault);
        let script = "echo '{\"accessToken\":\"secret-token-az\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}'";
        stand_in(project(&azure, &[]), "az", script)
            .run(&["plan"])
            .stderr
    };
    assert_snapshot!(told(|asked| is_arm(asked).then(|| refusal("InvalidAuthenticationToken", "More is needed.", "insufficient_claims"))), @"
    error: cannot list the VMs: Azure returned 401 InvalidAuthenticationToken: More is needed
    help: sign in again (Conditional Access or a revoked session requires it): az logout, then az login
    ");
    assert_snapshot!(told(|asked| {
        let message = format!("The access token is from the wrong issuer 'https://sts.windows.net/{TENANT}/'. It must match the tenant 'https://sts.windows.net/{OTHER_TENANT}/'.");
        is_arm(asked).then(|| refusal("InvalidAuthenticationTokenTenant", &message, "invalid_token"))
    }), @"
    error: cannot list the VMs: the token is for tenant 00000000-0000-4000-8000-00000000000a, but the subscription belongs to tenant 00000000-0000-4000-8000-00000000000b (401 InvalidAuthenticationTokenTenant)
    help: sign in to the subscription's tenant: az login --tenant 00000000-0000-4000-8000-00000000000b
    ");
}

#[test]
fn no_secret_is_said_at_any_level_in_any_way() {
    let ways: [&[(&str, &str)]; 7] = [
        &TOKEN,
        &SECRET,
        &CERTIFICATE,
        &WORKLOAD,
        &GITHUB,
        &PIPELINES,
        &MANAGED,
    ];
    for set in ways {
        for fault in [faithful as Fault, |asked| {
            // The server repeats everything that it was sent.
            let body = format!(
                "{} {} {}",
                asked.token,
                asked.identity_header,
                String::from_utf8_lossy(&asked.body)
            );
            let said =
                json!({ "error": { "code": "No", "message": body }, "error_description": body });
            Some(saying(400, &said))
        }] {
            let (_folder, azure) = cloud(fault);
            let project = project(&azure, set).with_env("AZLIN_LOG", "trace");
            std::fs::write(project.path().join("assertion"), "an-assertion-of-the-pod").unwrap();
            for command in ["whoami", "plan"] {
                let ran = project.run(&[command]);
                assert!(ran.stderr.contains("TRACE"), "the log is on: {ran}");
                for secret in SECRETS {
                    assert!(
                        !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
                        "{set:?}: {ran}"
                    );
                }
            }
            assert!(!azure.asked().is_empty());
        }
    }
}

#[cfg(unix)]
#[test]
fn no_token_of_a_tools_is_said_at_any_level() {
    // A token in Azure's format, which a tool may print in the wrong place.
    let jwt = "eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0In0.c2lnbmF0dXJl";
    let printed = [
        (
            "az",
            format!(
                "echo '{{\"accessToken\":\"{jwt}\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}}'"
            ),
        ),
        ("az", format!("echo {jwt}")),
        (
            "az",
            format!("echo 'ERROR: the cache has {jwt} and more' >&2; exit 1"),
        ),
        (
            "az",
            format!("echo 'ERROR: AADSTS50076: {jwt}' >&2; exit 1"),
        ),
        (
            "azd",
            format!("echo '{{\"token\":\"{jwt}\",\"expiresOn\":\"2100-01-01T00:00:00Z\"}}'"),
        ),
        (
            "azd",
            format!("echo '{{\"token\":\"{jwt}\",\"expiresOn\":\"soon\"}}'"),
        ),
        ("azd", format!("echo 'ERROR: {jwt}' >&2; exit 1")),
    ];
    for (tool, script) in printed {
        let (_folder, azure) = cloud(faithful);
        let project = stand_in(project(&azure, &[]), tool, &script).with_env("AZLIN_LOG", "trace");
        for command in ["whoami", "plan"] {
            let ran = project.run(&[command]);
            assert!(
                !ran.stdout.contains(jwt) && !ran.stderr.contains(jwt),
                "{script}: {ran}"
            );
        }
        let arm = arm(&azure);
        assert!(arm.iter().all(|asked| asked.token == jwt));
    }
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let (_folder, azure) = cloud(faithful);
    let told = |arguments: &[&str]| {
        let ran = project(&azure, &TOKEN).run(arguments);
        assert_eq!(ran.code(), 1);
        ran.stderr
    };
    assert_snapshot!(told(&["plan", "--endpoint", "http://arm.example.com"]), @"
    error: --endpoint must be https://HOST, or http:// with a loopback address such as 127.0.0.1:8999, not `http://arm.example.com`
    help: fix --endpoint
    ");
    assert_snapshot!(told(&["plan", "--authority", "https://login.example.com/adfs"]), @"
    error: --authority must be https://HOST, or http:// with a loopback address such as 127.0.0.1:8999, not `https://login.example.com/adfs`
    help: fix --authority
    ");
    assert_eq!(azure.asked().len(), 0);
}

#[test]
fn the_subscription_is_azs_default_when_nothing_names_one() {
    let (_folder, azure) = cloud(faithful);
    let project = || {
        let project = project(&azure, &TOKEN).with_env("AZURE_CONFIG_DIR", "az");
        std::fs::write(project.path().join("sessions.toml"), "").unwrap();
        std::fs::create_dir(project.path().join("az")).unwrap();
        let profile = json!({ "subscriptions": [
            { "id": "00000000-0000-0000-0000-000000000001", "isDefault": false, "environmentName": "AzureCloud" },
            { "id": sandbox::SUBSCRIPTION, "isDefault": true, "environmentName": "AzureCloud" },
        ] });
        std::fs::write(
            project.path().join("az/azureProfile.json"),
            format!("\u{feff}{profile}"),
        )
        .unwrap();
        project
    };
    let named_by = |project: &Project, arguments: &[&str]| {
        let ran = project.run(&[&["whoami", "--format", "json"], arguments].concat());
        let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
        document["subscription"]["named_by"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(named_by(&project(), &[]), "az");
    let project = project().with_env("ARM_SUBSCRIPTION_ID", sandbox::SUBSCRIPTION);
    assert_eq!(named_by(&project, &[]), "environment");
    let file = format!("[azure]\nsubscription = '{}'\n", sandbox::SUBSCRIPTION);
    std::fs::write(project.path().join("sessions.toml"), file).unwrap();
    assert_eq!(named_by(&project, &[]), "file");
    assert_eq!(
        named_by(&project, &["--subscription", sandbox::SUBSCRIPTION]),
        "flag"
    );
}

/// A project without a subscription whose `azureProfile.json` is `profile`.
fn with_profile(profile: &str) -> Project {
    let project = Project::new("").with_env("AZURE_CONFIG_DIR", ".");
    std::fs::write(project.path().join("azureProfile.json"), profile).unwrap();
    project
}

#[test]
fn a_damaged_profile_of_azs_is_told_with_its_path() {
    let told = |profile: &str| with_profile(profile).run(&["plan"]).stderr;
    assert_snapshot!(told("{\"subscriptions\": ["), @r#"
    error: no subscription given: it is not in sessions.toml or in the environment, and azlin cannot read ./azureProfile.json: the file is truncated
    help: set `subscription = "…"` under [azure], pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`
    "#);
    assert_snapshot!(told("<<<<<<< ours"), @r#"
    error: no subscription given: it is not in sessions.toml or in the environment, and azlin cannot read ./azureProfile.json: the file is not valid JSON (line 1)
    help: set `subscription = "…"` under [azure], pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`
    "#);
    let nowhere = Project::new("").with_env("AZURE_CONFIG_DIR", "sessions.toml");
    assert_snapshot!(nowhere.run(&["plan"]).stderr, @r#"
    error: no subscription given: it is not in sessions.toml or in the environment, and azlin cannot read sessions.toml/azureProfile.json: not a directory
    help: set `subscription = "…"` under [azure], pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`
    "#);
    // Where the subscription is known, azlin does without the profile.
    let (_folder, azure) = cloud(faithful);
    let project = project(&azure, &TOKEN).with_env("AZURE_CONFIG_DIR", ".");
    std::fs::write(project.path().join("azureProfile.json"), "").unwrap();
    let ran = project.run(&["plan"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_snapshot!(ran.stderr, @"warning: cannot read ./azureProfile.json: the file is empty; run `az login`, which writes the file again, or delete it");
}

#[test]
fn an_account_of_azs_without_a_subscription_is_told() {
    let id = "00000000-0000-4000-8000-00000000000a";
    let tenant =
        json!({ "id": id, "tenantId": id, "name": "N/A(tenant level account)", "isDefault": true });
    let profile = json!({ "subscriptions": [tenant] }).to_string();
    assert_snapshot!(with_profile(&profile).run(&["plan"]).stderr, @r#"
    error: no subscription given: it is not in sessions.toml or in the environment, and the default account of `az` is a tenant without a subscription
    help: set `subscription = "…"` under [azure], pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`
    "#);
    let elsewhere =
        json!({ "id": sandbox::SUBSCRIPTION, "isDefault": true, "environmentName": "Stack" });
    let profile = json!({ "subscriptions": [elsewhere] }).to_string();
    assert_snapshot!(with_profile(&profile).run(&["plan"]).stderr, @r#"
    error: no subscription given: it is not in sessions.toml or in the environment, and the default subscription of `az` is in a cloud that azlin does not know, `Stack`
    help: set `subscription = "…"` under [azure], pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`
    "#);
}

#[test]
fn an_odd_entry_of_azs_profile_costs_only_itself() {
    let good = json!({ "id": sandbox::SUBSCRIPTION, "name": "dev", "isDefault": true });
    for odd in [
        json!(null),
        json!({ "id": 7 }),
        json!({ "id": "x", "isDefault": "yes", "user": "m" }),
    ] {
        let profile = json!({ "subscriptions": [odd, good] }).to_string();
        let ran = with_profile(&profile).with_env("PATH", "").run(&["whoami"]);
        let named = format!(
            "subscription  {} (from az's default)",
            sandbox::SUBSCRIPTION
        );
        assert!(ran.stdout.contains(&named), "{ran}");
    }
}

#[test]
fn azs_default_brings_its_cloud_along() {
    let project = Project::new("")
        .with_env("AZURE_CONFIG_DIR", ".")
        .with_env("PATH", "");
    let profile = json!({ "subscriptions": [
        { "id": sandbox::SUBSCRIPTION, "isDefault": true, "environmentName": "AzureUSGovernment" },
    ] });
    std::fs::write(
        project.path().join("azureProfile.json"),
        profile.to_string(),
    )
    .unwrap();
    assert_snapshot!(project.run(&["whoami"]), @r#"
    $ azlin whoami -> 1
    --- stdout
    credential    the account of the Azure CLI (no other credential is set up)
    subscription  5a4db0e5-0000-4000-8000-000000000000 (from az's default)
    endpoint      https://management.usgovcloudapi.net

    --- stderr
    error: cannot sign in: `az` is not installed
    help: install it and run `az login`, or set up another credential (azlin guide sign-in)
    "#);
}

#[test]
fn whoami_says_who_why_where_and_what_may_be_done() {
    let (_folder, azure) = cloud(|asked| {
        let payload = "eyJ0aWQiOiJ0IiwidXBuIjoibWFyaWFAZXhhbXBsZS5jb20ifQ";
        let token = format!("eyJhbGciOiJub25lIn0.{payload}.signature");
        let roles = json!({ "value": [
            { "actions": ["*/read"], "notActions": ["Microsoft.Network/*"] },
            { "actions": ["Microsoft.Resources/tags/*"], "notActions": [] },
        ] });
        match &asked.target {
            login if login.ends_with("/token") => Some(saying(
                200,
                &json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" }),
            )),
            rights
                if rights
                    .contains("Microsoft.Authorization/permissions?api-version=2022-04-01") =>
            {
                Some(saying(200, &roles))
            }
            _ => None,
        }
    });
    let project = project(&azure, &SECRET);
    let ran = project.run(&["whoami"]);
    assert_eq!((ran.code(), arm(&azure).len()), (0, 2), "{ran}");
    assert_snapshot!(ran.stdout.replace(&azure.endpoint, "http://HERE"), @"
    credential    a service principal with a secret (AZURE_CLIENT_SECRET, AZURE_TENANT_ID and AZURE_CLIENT_ID are set)
    account       maria@example.com
    tenant        t
    subscription  azlin sandbox 5a4db0e5-0000-4000-8000-000000000000 (from sessions.toml)
    endpoint      http://HERE

    permissions on the whole subscription, and the commands that require them:
      yes  Microsoft.Compute/virtualMachines/read               every command
      no   Microsoft.Network/networkInterfaces/read             connect, list, ssh-config
      no   Microsoft.Network/publicIPAddresses/read             connect, list, ssh-config
      yes  Microsoft.Resources/tags/read                        apply, session, tag
      yes  Microsoft.Resources/tags/write                       apply, session, tag
      no   Microsoft.Compute/virtualMachines/start/action       connect --start
      yes  Microsoft.Compute/virtualMachines/instanceView/read  connect --start
      yes  Microsoft.Insights/eventtypes/values/read            blame, plan --blame
    This leaves out roles on single resource groups. Reader and Tag Contributor cover everything except starting VMs.
    ");
    let json = project.run(&["whoami", "--format", "json"]).stdout;
    assert_snapshot!(json.replace(&azure.endpoint, "http://HERE"), @r#"
    {
      "format_version": "1.0",
      "way": "secret",
      "account": "maria@example.com",
      "tenant": "t",
      "subscription": {
        "id": "5a4db0e5-0000-4000-8000-000000000000",
        "name": "azlin sandbox",
        "named_by": "file"
      },
      "endpoint": "http://HERE",
      "rights": [
        {
          "action": "Microsoft.Compute/virtualMachines/read",
          "granted": true
        },
        {
          "action": "Microsoft.Network/networkInterfaces/read",
          "granted": false
        },
        {
          "action": "Microsoft.Network/publicIPAddresses/read",
          "granted": false
        },
        {
          "action": "Microsoft.Resources/tags/read",
          "granted": true
        },
        {
          "action": "Microsoft.Resources/tags/write",
          "granted": true
        },
        {
          "action": "Microsoft.Compute/virtualMachines/start/action",
          "granted": false
        },
        {
          "action": "Microsoft.Compute/virtualMachines/instanceView/read",
          "granted": true
        },
        {
          "action": "Microsoft.Insights/eventtypes/values/read",
          "granted": true
        }
      ]
    }
    "#);
}

#[test]
fn whoami_says_what_it_knows_when_something_fails() {
    let (_folder, azure) = cloud(faithful);
    let other = "00000000-0000-0000-0000-000000000000";
    let ran = project(&azure, &TOKEN).run(&["whoami", "--subscription", other]);
    assert_eq!(ran.code(), 1);
    assert_snapshot!(format!("{}{}", ran.stdout, ran.stderr).replace(&azure.endpoint, "http://HERE"), @"
    credential    a token in AZURE_ACCESS_TOKEN (AZURE_ACCESS_TOKEN is set)
    subscription  00000000-0000-0000-0000-000000000000 (from --subscription)
    endpoint      http://HERE
    error: cannot read the subscription 00000000-0000-0000-0000-000000000000: Azure returned 404 SubscriptionNotFound: The subscription '00000000-0000-0000-0000-000000000000' could not be found
    help: check the subscription id, `cloud` and the tenant (azlin whoami shows them); this is not a permissions problem
    ");
    let (_folder, azure) = cloud(|asked| {
        let refused = json!({ "error": { "code": "AuthorizationFailed", "message": "No." } });
        asked
            .target
            .contains("permissions")
            .then(|| saying(403, &refused))
    });
    let ran = project(&azure, &TOKEN).run(&["whoami"]);
    assert_eq!(ran.code(), 0);
    assert_snapshot!(ran.stderr, @"warning: permissions are unknown: cannot read the permissions on the subscription: Azure returned 403 AuthorizationFailed: No");
}

#[test]
fn in_the_sandbox_nobody_signs_in() {
    let ran = Project::sandbox("")
        .with_env("AZURE_CLIENT_SECRET", "half")
        .run(&["whoami"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_snapshot!(ran.stdout, @"
    credential    none (the sandbox accepts anyone)
    tenant        5a4db0e5-0000-4000-8000-00000000aad0
    subscription  azlin sandbox 5a4db0e5-0000-4000-8000-000000000000 (from the sandbox)
    endpoint      https://sandbox.invalid

    permissions on the whole subscription, and the commands that require them:
      yes  Microsoft.Compute/virtualMachines/read               every command
      yes  Microsoft.Network/networkInterfaces/read             connect, list, ssh-config
      yes  Microsoft.Network/publicIPAddresses/read             connect, list, ssh-config
      yes  Microsoft.Resources/tags/read                        apply, session, tag
      yes  Microsoft.Resources/tags/write                       apply, session, tag
      yes  Microsoft.Compute/virtualMachines/start/action       connect --start
      yes  Microsoft.Compute/virtualMachines/instanceView/read  connect --start
      yes  Microsoft.Insights/eventtypes/values/read            blame, plan --blame
    ");
}
