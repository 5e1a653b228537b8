//! Answers that try to hold azlin or to fill its memory.

#![cfg(unix)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use support::azure::{Azure, body, with_body};
use support::{Project, vms};

/// A server on loopback that answers each request with `answer`, which gets the request and the connection. Returns a project whose file
/// points there.
fn server(
    answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> Project {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            std::thread::spawn(move || {
                let mut request = [0; 16 * 1024];
                while let Ok(1..) = stream.read(&mut request) {
                    let text = String::from_utf8_lossy(&request).into_owned();
                    if answer(&text, &mut stream).is_err() {
                        return;
                    }
                }
            });
        }
    });
    let subscription = azlin::sandbox::SUBSCRIPTION;
    let file = format!(
        "azure.endpoint = 'http://{endpoint}'\nazure.subscription = '{subscription}'\n[sessions.rg]\na = 'x'\n"
    );
    Project::new(&file).with_env("AZURE_ACCESS_TOKEN", "secret-token")
}

/// A server whose every answer has this status, these headers and this body.
fn always(status: u16, headers: &'static str, body: Vec<u8>) -> Project {
    server(move |_, stream| {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-ms-request-id: 1\r\n{headers}content-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)
    })
}

/// Runs azlin with at most a gigabyte of address space, of which it uses a small part.
fn run_in_little_memory(project: &Project, arguments: &str) -> (Option<i32>, String) {
    let azlin = project.command(&[]);
    let mut shell = Command::new("sh");
    let script = format!("ulimit -v 1000000; exec \"$0\" {arguments}");
    shell.args(["-c", &script]).arg(azlin.get_program());
    shell.current_dir(project.path());
    for (name, value) in azlin.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let Output { status, stderr, .. } = shell.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// `{"value":[` and then gigabytes of `byte`, compressed: about a two hundredth.
fn bomb(start: &str, byte: u8, gigabytes: usize) -> Vec<u8> {
    // A gzip header, then one block with the fixed codes of RFC 1951.
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let (mut held, mut count) = (0_u32, 0);
    let mut put = |bits: u32, length: u32| {
        held |= bits << count;
        count += length;
        while count >= 8 {
            bytes.push(held as u8);
            held >>= 8;
            count -= 8;
        }
    };
    let reversed = |code: u32, length: u32| code.reverse_bits() >> (32 - length);
    put(0b011, 3);
    for byte in start.bytes().chain([byte]) {
        assert!(byte < 144);
        put(reversed(0x30 + u32::from(byte), 8), 8);
    }
    for _ in 0..gigabytes * 1024 * 1024 * 1024 / 258 {
        // Repeat the last byte 258 times: code 285, distance 1.
        put(reversed(0b1100_0101, 8), 8);
        put(0, 5);
    }
    put(0, 7);
    put(0, 16);
    bytes
}

#[test]
fn a_few_compressed_megabytes_do_not_become_gigabytes() {
    let project = always(
        200,
        "content-encoding: gzip\r\n",
        bomb("{\"value\":[", b' ', 2),
    );
    let (code, said) = run_in_little_memory(&project, "plan");
    assert_eq!(code, Some(1), "{said}");
    let told = "error: cannot list the VMs: the response is too large: more than 64 MB\n";
    assert!(said.contains(told), "{said}");
}

#[test]
fn neither_do_many_tiny_values_nor_deep_ones() {
    for (start, middle) in [("{\"value\":[", "{},"), ("{\"value\":[", "["), ("", "[")] {
        let body = start.to_owned() + &middle.repeat(10_000_000);
        let (code, said) = run_in_little_memory(&always(200, "", body.into_bytes()), "plan");
        assert_eq!(code, Some(1), "{said}");
        let told = "the response is too large: more than 2000000 values\n";
        assert!(said.contains(told), "{middle}: {said}");
    }
}

#[test]
fn a_refusal_is_read_only_at_its_start() {
    let body = "{\"error\":{\"code\":\"X\",\"message\":\"m\",\"details\":[".to_owned()
        + &"[],".repeat(10_000_000);
    let (code, said) = run_in_little_memory(&always(403, "", body.into_bytes()), "plan");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("error: cannot list the VMs: "), "{said}");
    assert!(said.len() < 2_000, "{}", said.len());
}

#[test]
fn a_body_that_drips_is_not_waited_for_past_the_deadline() {
    let project = server(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{")?;
        stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        loop {
            // Nobody sends anything more, so this waits.
            let _ = stream.read(&mut [0]);
            stream.write_all(b" ")?;
        }
    });
    let start = Instant::now();
    let ran = project.run(&["plan", "--deadline", "1"]);
    assert_eq!(ran.code(), 1, "{ran}");
    let told = "error: cannot list the VMs: deadline of 1 s exceeded\n";
    assert!(ran.stderr.contains(told), "{ran}");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_list_of_ever_new_pages_ends_and_is_incomplete() {
    let fleet = Project::new("");
    fleet.set_fleet(vms(&[("rg/a", None)]));
    let azure = Azure::serve(fleet.state(), None, |asked, answer| {
        let (path, page) = asked
            .target
            .split_once("&page=")
            .unwrap_or((&asked.target, "0"));
        let next: usize = page.parse::<usize>().unwrap() + 1;
        if next > 1 {
            let link = format!("http://{}{path}&page={next}", asked.host);
            return support::azure::saying(200, &json!({ "value": [], "nextLink": link }));
        }
        let whole = answer();
        let mut first = body(&whole);
        first["nextLink"] = json!(format!("http://{}{path}&page={next}", asked.host));
        with_body(whole, &first)
    });
    let project = azure.project("[sessions.rg]\na = 'x'\n");
    let ran = project.run(&["apply", "-y"]);
    // As for any other gap in the list.
    assert_eq!(ran.code(), 4, "{ran}");
    let told = "Azure's list does not end: azlin stopped after 10000 pages with ";
    assert!(ran.stderr.contains(told), "{ran}");
    assert_eq!(fleet.sessions(), ["rg/a -"]);
}

#[test]
fn a_link_longer_than_any_is_not_followed() {
    let fleet = Project::new("").with_fleet(&[]);
    let azure = Azure::serve(fleet.state(), None, |asked, _| {
        let link = format!("http://{}/{}", asked.host, "x".repeat(20_000));
        support::azure::saying(200, &json!({ "value": [], "nextLink": link }))
    });
    let ran = azure.project("").run(&["plan"]);
    assert_eq!(ran.code(), 1, "{ran}");
    let told = "the link to the next page is too long\n";
    assert!(ran.stderr.contains(told), "{ran}");
    assert_eq!(azure.asked().len(), 1);
}
