//! Sends requests to the sandbox as a client would.

mod activity;
mod fault_specs;
mod faults;
mod lists;
mod network;
mod refusals;
mod serve;
mod shapes;
mod start;
mod subscriptions;
mod tags;

use std::path::PathBuf;

use serde_json::Value;

use super::{Request, Response, SUBSCRIPTION, Sandbox};

const ORIGIN: &str = "https://sandbox.invalid";
const COMPUTE: &str = "api-version=2024-03-01";
const NETWORK: &str = "api-version=2023-11-01";
const TAGS: &str = "api-version=2021-04-01";

/// A sandbox whose file is deleted with it.
struct Box {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
}

fn new() -> Box {
    with_page_size(200)
}

fn with_page_size(page_size: usize) -> Box {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::open(folder.path().join(".azlin/sandbox.json"), page_size);
    Box { folder, sandbox }
}

/// A sandbox with these VMs in its file, in JSON.
fn holding(vms: &str) -> Box {
    let sandbox = new();
    std::fs::create_dir(sandbox.state().parent().unwrap()).unwrap();
    std::fs::write(sandbox.state(), format!("{{\"vms\":[{vms}]}}")).unwrap();
    sandbox
}

impl Box {
    fn state(&self) -> PathBuf {
        self.folder.path().join(".azlin/sandbox.json")
    }

    fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "")
    }

    fn send(&self, method: &str, target: &str, body: &str) -> Answer {
        Answer::of(
            self.sandbox
                .answer(&request(method, target, body))
                .whole()
                .unwrap(),
        )
    }

    fn patch_tags(&self, vm: &str, body: &str) -> Answer {
        self.send("PATCH", &tags_of(vm), body)
    }

    /// The tags of a VM (`group/name`) as JSON text.
    fn tags(&self, vm: &str) -> String {
        self.get(&tags_of(vm)).ok()["properties"]["tags"].to_string()
    }
}

fn request<'a>(method: &'a str, target: &'a str, body: &'a str) -> Request<'a> {
    Request {
        method,
        target,
        origin: ORIGIN,
        authorized: true,
        content_type: (!body.is_empty()).then_some("application/json"),
        body: body.as_bytes(),
    }
}

/// The path of a VM, `group/name`.
fn vm(vm: &str) -> String {
    let (group, name) = vm.split_once('/').unwrap();
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    )
}

fn tags_of(name: &str) -> String {
    format!(
        "{}/providers/Microsoft.Resources/tags/default?{TAGS}",
        vm(name)
    )
}

/// The path of a provider's list in the whole subscription.
fn all(kind: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/providers/{kind}")
}

fn in_group(group: &str, kind: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{kind}")
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Answer {
    fn of(response: Response) -> Answer {
        let body = if response.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&response.body).unwrap()
        };
        Answer {
            status: response.status,
            headers: response.headers,
            body,
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(held, _)| *held == name)?;
        Some(value)
    }

    /// The body of a 200.
    fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// The error on one line.
    fn refusal(self) -> String {
        let error = &self.body["error"];
        let text = |key: &str| error[key].as_str().unwrap().to_owned();
        format!("{} {}: {}", self.status, text("code"), text("message"))
    }
}
