//! TLS and proxies: the certificates that azlin trusts, and the proxy that it uses.

mod support;

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::azure::Azure;
use support::{Project, Ran};

/// An Azure over https with a certificate from its own authority. Returns the port, and the authority as PEM.
fn over_tls(azure: &Azure) -> (u16, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let server = CertificateParams::new(names).unwrap();
    let server = server.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let upstream = azure.endpoint.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, upstream) = (config.clone(), upstream.clone());
            thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                let tls = StreamOwned::new(connection, stream.unwrap());
                // A client that does not trust the certificate disconnects.
                let _ = pass_on(tls, &upstream);
            });
        }
    });
    (port, authority.pem())
}

/// Forwards one request without a body, and returns its answer.
fn pass_on(tls: impl Read + Write, upstream: &str) -> std::io::Result<()> {
    let mut client = BufReader::new(tls);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if client.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    let client = client.get_mut();
    client.write_all(&answer)?;
    client.flush()
}

/// A proxy: its port, and the hosts that clients asked it to connect to.
fn proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = asked.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut client, seen) = (stream.unwrap(), seen.clone());
            thread::spawn(move || {
                let mut lines = BufReader::new(client.try_clone().unwrap()).lines();
                let first = lines.next().unwrap().unwrap();
                let target = first.split(' ').nth(1).unwrap().to_owned();
                seen.lock().unwrap().push(first);
                while !lines.next().unwrap().unwrap().is_empty() {}
                let mut server = TcpStream::connect(target).unwrap();
                client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut from, &mut to));
                let _ = std::io::copy(&mut client, &mut server);
            });
        }
    });
    (port, asked)
}

/// Runs `azlin session dev-vm-1` over https at `port` of this machine, with these variables.
fn ask(port: u16, certificates: &str, variables: &[(&str, &str)]) -> Ran {
    let subscription = azlin::sandbox::SUBSCRIPTION;
    let mut project = Project::new(&format!("[azure]\nsubscription = '{subscription}'\n"))
        .with_env("AZURE_ACCESS_TOKEN", "secret-token")
        .with_env("AZLIN_ENDPOINT", &format!("https://localhost:{port}"));
    let file = project.path().join("authorities.pem");
    std::fs::write(&file, certificates).unwrap();
    project = project.with_env("SSL_CERT_FILE", file.to_str().unwrap());
    for (name, value) in variables {
        project = project.with_env(name, value);
    }
    project.run(&["session", "dev-vm-1", "--deadline", "30"])
}

const FOUND: &str = "Session name for dev-vm-1: project-beta\n";

fn azure() -> Azure {
    Azure::faithful(Project::new("").state())
}

#[test]
fn ssl_cert_file_says_whom_to_trust() {
    let azure = azure();
    let (port, authority) = over_tls(&azure);
    let ran = ask(port, &authority, &[]);
    assert_eq!(ran.stdout, FOUND, "{ran}");
    let asked = azure.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].token, "secret-token");
}

#[test]
fn a_certificate_of_an_unknown_authority_gets_no_token() {
    let azure = azure();
    let (port, _) = over_tls(&azure);
    let (_, another) = over_tls(&azure);
    let ran = ask(port, &another, &[]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
    assert!(ran.stderr.contains("certificate"), "{ran}");
    assert!(azure.asked().is_empty());
}

#[test]
fn requests_go_through_the_proxy_and_around_it() {
    let azure = azure();
    let (port, authority) = over_tls(&azure);
    let (at, asked) = proxy();
    let proxy = format!("http://127.0.0.1:{at}");
    let ran = ask(port, &authority, &[("HTTPS_PROXY", &proxy)]);
    assert_eq!(ran.stdout, FOUND, "{ran}");
    let connect = [format!("CONNECT localhost:{port} HTTP/1.1")];
    assert_eq!(*asked.lock().unwrap(), connect);
    let around = [("HTTPS_PROXY", proxy.as_str()), ("NO_PROXY", "localhost")];
    let ran = ask(port, &authority, &around);
    assert_eq!(ran.stdout, FOUND, "{ran}");
    assert_eq!(*asked.lock().unwrap(), connect, "not asked again");
}
