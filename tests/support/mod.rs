//! Builders for the tests: a project folder with its file and its fleet, the built binary in that folder, and an Azure on
//! loopback with faults.

#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

pub mod azure;
pub mod git;
pub mod plans;
pub mod schema;
pub mod sdk;
pub mod server;
pub mod spellings;
#[cfg(unix)]
pub mod sshd;
#[cfg(unix)]
pub mod users;

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a `sessions.toml`, and a fleet of its own or the standard one.
pub struct Project {
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// The user who runs its commands, if that is another.
    user: Option<u32>,
}

impl Project {
    /// A project on the sandbox, with `sessions` below `cloud = "sandbox"`.
    pub fn sandbox(sessions: &str) -> Self {
        Self::new(&format!("[azure]\ncloud = \"sandbox\"\n\n{sessions}"))
    }

    /// A project with exactly this `sessions.toml`.
    pub fn new(file: &str) -> Self {
        Self::bytes(file.as_bytes())
    }

    /// A project whose `sessions.toml` has exactly these bytes.
    pub fn bytes(file: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("sessions.toml"), file).unwrap();
        Self {
            folder,
            environment: Vec::new(),
            user: None,
        }
    }

    /// The project's own sample file on the standard fleet, as `azlin init --sandbox` writes it.
    pub fn sample() -> Self {
        Self::new(azlin::sandbox::sample())
    }

    pub fn with_fleet(self, fleet: &[(&str, Option<&str>)]) -> Self {
        self.set_fleet(vms(fleet));
        self
    }

    /// Replaces the fleet with `vms`, each in the form of the sandbox's file.
    pub fn set_fleet(&self, vms: Vec<Value>) {
        let state = self.state();
        std::fs::create_dir_all(state.parent().unwrap()).unwrap();
        let document = json!({ "format": 1, "vms": vms });
        std::fs::write(state, document.to_string()).unwrap();
    }

    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The variables that its commands get.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone()
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn state(&self) -> PathBuf {
        self.path().join(".azlin").join("sandbox.json")
    }

    /// The sandbox's file, parsed.
    pub fn fleet(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.state()).unwrap()).unwrap()
    }

    /// The sessions in the sandbox's file, as `group/vm session`.
    pub fn sessions(&self) -> Vec<String> {
        let fleet = self.fleet();
        let vms = fleet["vms"].as_array().unwrap();
        let line = |vm: &Value| {
            let session = vm["tags"]["azlin_session"].as_str().unwrap_or("-");
            format!(
                "{}/{} {session}",
                vm["group"].as_str().unwrap(),
                vm["name"].as_str().unwrap()
            )
        };
        vms.iter().map(line).collect()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(env!("CARGO_BIN_EXE_azlin"), arguments)
    }

    /// A shell that runs `script` here; `"$0"` in it is the built binary.
    pub fn shell(&self, script: &str) -> Command {
        self.prepared("sh", &["-c", script, env!("CARGO_BIN_EXE_azlin")])
    }

    fn prepared(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .stdin(Stdio::null());
        for name in ["PATH", "AZLIN_RECORD", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        #[cfg(unix)]
        if let Some(user) = self.user.filter(|_| users::is_root()) {
            std::os::unix::process::CommandExt::uid(&mut command, user);
            std::os::unix::process::CommandExt::gid(&mut command, user);
        }
        command
    }

    /// Runs the built binary here and waits for its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(arguments, self.command(arguments).output().unwrap())
    }

    /// Runs the built binary here after `setup`, a shell's commands.
    pub fn run_after(&self, setup: &str, arguments: &[&str]) -> Ran {
        let mut shell = self.shell(&format!("{setup}; exec \"$0\" \"$@\""));
        Ran::of(arguments, shell.args(arguments).output().unwrap())
    }

    /// Runs `script` in a shell here and waits for its end.
    pub fn run_shell(&self, script: &str) -> Ran {
        Ran::of(&[script], self.shell(script).output().unwrap())
    }

    /// Runs the built binary here with `input` on its stdin.
    pub fn run_with(&self, input: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A run may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(arguments, child.wait_with_output().unwrap())
    }
}

/// Reports that a test is skipped because of `missing`. With `AZLIN_TEST_EVERYTHING`, that is a failure.
pub fn skip(missing: &str) {
    let everything = std::env::var_os("AZLIN_TEST_EVERYTHING");
    assert!(everything.is_none(), "cannot be tested: {missing}");
    eprintln!("skipped: {missing}");
}

/// VMs in the form of the sandbox's file, each from `rg/vm` and its session, if any.
pub fn vms(fleet: &[(&str, Option<&str>)]) -> Vec<Value> {
    let vm = |(at, (id, session)): (usize, &(&str, Option<&str>))| {
        let (group, name) = id.split_once('/').unwrap();
        let tags = session.map_or(json!({}), |session| json!({ "azlin_session": session }));
        let (high, low) = (at / 200, at % 200 + 4);
        json!({
            "group": group, "name": name, "tags": tags,
            "private_ip": format!("10.0.{high}.{low}"), "public_ip": format!("203.0.{high}.{low}"),
        })
    };
    fleet.iter().enumerate().map(vm).collect()
}

/// The result of a run of the binary, displayed as a terminal would show it.
#[derive(Debug)]
pub struct Ran {
    pub arguments: String,
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(arguments: &[&str], output: Output) -> Self {
        Self {
            arguments: arguments.join(" "),
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn code(&self) -> i32 {
        self.status
            .unwrap_or_else(|| panic!("no exit status:\n{self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self
            .status
            .map_or("killed".to_owned(), |code| code.to_string());
        writeln!(f, "$ azlin {} -> {status}", self.arguments)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "--- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}
