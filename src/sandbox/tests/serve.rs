use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::sandbox::{Fault, Sandbox, serve};

/// A client that reads and writes a socket without the `io-util` feature, which nothing else needs.
struct Client(TcpStream);

impl Client {
    async fn connect(address: SocketAddr, request: &str) -> Client {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut rest = request.as_bytes();
        while !rest.is_empty() {
            stream.writable().await.unwrap();
            if let Ok(written) = stream.try_write(rest) {
                rest = &rest[written..];
            }
        }
        Client(stream)
    }

    /// Reads until `enough` returns true for the text, or the connection closes.
    async fn read(&self, enough: impl Fn(&str) -> bool) -> String {
        let (mut text, mut buffer) = (String::new(), [0; 4096]);
        while !enough(&text) {
            self.0.readable().await.unwrap();
            match self.0.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => text.push_str(std::str::from_utf8(&buffer[..read]).unwrap()),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        text
    }

    async fn read_to_end(&self) -> String {
        self.read(|_| false).await
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn sandbox() -> (tempfile::TempDir, Arc<Sandbox>) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("sandbox.json");
    (folder, Arc::new(Sandbox::open(state, 3)))
}

/// The raw HTTP answer to one request. `HOST` stands for the listener's address.
async fn answer(request: &str) -> String {
    answer_under("throttle:first=0", request).await
}

/// The raw HTTP answer of a sandbox with this fault.
async fn answer_under(fault: &str, request: &str) -> String {
    let (folder, _) = sandbox();
    let state = folder.path().join("sandbox.json");
    let sandbox = Sandbox::open(state, 3).with_faults(vec![Fault::parse(fault).unwrap()]);
    let sandbox = Arc::new(sandbox);
    let (listener, address) = listen().await;
    let request = request.replace("HOST", &address.to_string());
    let client = Client::connect(address, &request).await;
    tokio::select! {
        text = client.read_to_end() => text.replace(&address.to_string(), "HOST"),
        ended = serve(listener, sandbox, Duration::ZERO, |_| {}) => panic!("{ended:?}"),
    }
}

fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n{headers}connection: close\r\n\r\n")
}

const LIST: &str = "/subscriptions/5a4db0e5-0000-4000-8000-000000000000/providers/Microsoft.Compute/virtualMachines?api-version=2024-03-01";
const HEADERS: &str = "Host: HOST\r\nAuthorization: Bearer x\r\n";

#[tokio::test]
async fn links_lead_to_the_host_that_the_client_named() {
    let text = answer(&get(LIST, HEADERS)).await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(
        text.contains(&format!("\"nextLink\":\"http://HOST{LIST}&$skiptoken=")),
        "{text}"
    );
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection() {
    assert_eq!(answer_under("drop", &get(LIST, HEADERS)).await, "");
}

#[tokio::test]
async fn a_cut_answer_begins_as_the_whole_one_and_breaks_off() {
    let text = answer_under("cut", &get(LIST, HEADERS)).await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("transfer-encoding: chunked"), "{text}");
    assert!(text.contains("{\"value\":[{"), "{text}");
    // A chunk of length 0 would end the body.
    assert!(!text.ends_with("\r\n0\r\n\r\n"), "{text}");
}

#[tokio::test]
async fn a_token_is_a_bearer_token_that_is_not_empty() {
    for (authorization, status) in [
        ("Authorization: bearer x\r\n", "200"),
        ("Authorization: Bearer \r\n", "401"),
        ("Authorization: Basic x\r\n", "401"),
        ("", "401"),
    ] {
        let headers = format!("Host: localhost:1\r\n{authorization}");
        let text = answer(&get(LIST, &headers)).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
    }
}

#[tokio::test]
async fn another_host_name_is_refused() {
    for host in [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "",
    ] {
        let headers = format!("Host: {host}\r\nAuthorization: Bearer x\r\n");
        let text = answer(&get(LIST, &headers)).await;
        assert!(text.starts_with("HTTP/1.1 421 "), "{host}: {text}");
    }
    let text = answer(&get(LIST, "Authorization: Bearer x\r\n")).await;
    assert!(text.starts_with("HTTP/1.1 421 "), "{text}");
    let text = answer(&get(&format!("http://evil.example{LIST}"), HEADERS)).await;
    assert!(text.starts_with("HTTP/1.1 421 "), "{text}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let head = "PATCH / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4194305\r\n\r\n";
    let text = answer(head).await;
    assert!(text.starts_with("HTTP/1.1 413 "), "{text}");
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let (_folder, sandbox) = sandbox();
    let (listener, address) = listen().await;
    let two = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2);
    let client = Client::connect(address, &two).await;
    let answers = |text: &str| text.matches("MissingApiVersionParameter").count();
    tokio::select! {
        text = client.read(|text| answers(text) == 2) => assert_eq!(answers(&text), 2, "{text}"),
        ended = serve(listener, sandbox, Duration::ZERO, |_| {}) => panic!("{ended:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_the_latency_in_parallel() {
    let (_folder, sandbox) = sandbox();
    let (listener, address) = listen().await;
    let request = get("/", "Host: localhost\r\n");
    let one = Client::connect(address, &request).await;
    let other = Client::connect(address, &request).await;
    let hour = Duration::from_secs(3600);
    let before = Instant::now();
    let both = async { tokio::join!(one.read_to_end(), other.read_to_end()) };
    tokio::select! {
        (one, other) = both => assert!(one.contains("HTTP/1.1 400") && other.contains("HTTP/1.1 400")),
        ended = serve(listener, sandbox, hour, |_| {}) => panic!("{ended:?}"),
    }
    let waited = before.elapsed();
    assert!(waited >= hour && waited < 2 * hour, "{waited:?}");
}

#[tokio::test]
async fn a_dropped_server_closes_its_connections() {
    let (_folder, sandbox) = sandbox();
    let (listener, address) = listen().await;
    let client = Client::connect(address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let answered = |text: &str| text.contains("MissingApiVersionParameter");
    tokio::select! {
        text = client.read(answered) => assert!(answered(&text)),
        ended = serve(listener, sandbox, Duration::ZERO, |_| {}) => panic!("{ended:?}"),
    }
    assert_eq!(client.read_to_end().await, "");
}
