//! OpenSSH for a single test: servers on loopback, and a client that ignores the developer's configuration.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tempfile::TempDir;

use super::{Project, skip};

/// The addresses on which servers can listen, all at [`OpenSsh::port`].
pub const ADDRESSES: [&str; 3] = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];

/// The client's settings in place of `~/.ssh/config` and `/etc/ssh/ssh_config`. A test can override them.
const ISOLATED: &str = r#"
UserKnownHostsFile "FOLDER/known_hosts"
GlobalKnownHostsFile /dev/null
IdentitiesOnly yes
IdentityAgent none
BatchMode yes
ConnectTimeout 20
LogLevel ERROR
"#;

/// The server's settings. Its home directory is the test's, so that it reads no other dot files.
const SERVER: &str = r#"
HostKey "FOLDER/HOST"
AuthorizedKeysFile "FOLDER/user.pub"
AuthenticationMethods publickey
StrictModes no
UsePAM no
PidFile none
PrintMotd no
LogLevel VERBOSE
SetEnv "HOME=FOLDER/home"
"#;

/// One client, its key, and a free port for the servers that let this key in.
pub struct OpenSsh {
    folder: TempDir,
    ssh: PathBuf,
    sshd: PathBuf,
    /// The user who runs the tests, the only one that a server without privileges can log in.
    pub user: String,
    pub port: u16,
}

/// A running server; it ends when it is dropped.
pub struct Sshd {
    process: Child,
    log: Option<JoinHandle<String>>,
}

impl OpenSsh {
    /// Returns a new one. Returns none, and skips the test, if OpenSSH is not installed.
    pub fn here() -> Option<Self> {
        Self::find().map_err(|missing| skip(&missing)).ok()
    }

    fn find() -> Result<Self, String> {
        let ssh = program("ssh")?;
        // Debian and others install it outside the PATH of an ordinary user.
        let sshd = program("sshd")?;
        program("ssh-keygen")?;
        let port = free_port()?;
        let new = Self {
            folder: TempDir::new().unwrap(),
            ssh,
            sshd,
            user: said(Command::new("id").arg("-un")),
            port,
        };
        if said(Command::new("id").arg("-u")) == "0" {
            // Debian's sshd requires this folder for its chroot. Elsewhere the package creates it.
            let _ = std::fs::create_dir_all("/run/sshd");
        }
        std::fs::create_dir(new.path("home")).unwrap();
        new.keygen("user");
        new.write_stand_in();
        new.accept_new();
        Ok(new)
    }

    /// From now on, the client trusts a new host and remembers it. This is the default.
    pub fn accept_new(&self) {
        self.configure(&self.usual("accept-new"));
    }

    /// From now on, the client trusts only hosts that it knows.
    pub fn be_strict(&self) {
        self.configure(&self.usual("yes"));
    }

    /// The settings that the client requires to log in.
    pub fn usual(&self, strict: &str) -> String {
        format!(
            "StrictHostKeyChecking {strict}\nPort {}\nIdentityFile \"{}\"\n",
            self.port,
            self.key()
        )
    }

    /// From now on, the client's configuration has these lines besides those that isolate it.
    pub fn configure(&self, lines: &str) {
        let isolated = ISOLATED.replace("FOLDER", self.folder.path().to_str().unwrap());
        std::fs::write(self.path("ssh_config"), format!("{lines}{isolated}")).unwrap();
    }

    /// The private key of the user.
    pub fn key(&self) -> String {
        self.path("user").to_str().unwrap().to_owned()
    }

    /// The path of a file or folder of this test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The hosts that the client knows: the names and addresses in its known_hosts.
    pub fn known_hosts(&self) -> Vec<String> {
        let known = std::fs::read_to_string(self.path("known_hosts")).unwrap_or_default();
        let name = |line: &str| line.split(' ').next().unwrap().to_owned();
        known.lines().map(name).collect()
    }

    /// A project on the sandbox with the sessions `file`, the fleet `vms` and this `ssh`.
    pub fn project(&self, file: &str, vms: Vec<Value>) -> Project {
        let project = Project::sandbox(file);
        project.set_fleet(vms);
        self.client_of(project)
    }

    /// `project`, with this `ssh` on its PATH.
    pub fn client_of(&self, project: Project) -> Project {
        let path = std::env::var("PATH").unwrap();
        let bin = self.path("bin");
        project.with_env("PATH", &format!("{}:{path}", bin.display()))
    }

    /// Starts a server at `addresses` with the key of `host`. A host has the same key at every address.
    pub fn serve(&self, host: &str, addresses: &[&str]) -> Sshd {
        let host = format!("host-{host}");
        self.keygen(&host);
        let config = self.path(&format!("{host}.sshd_config"));
        let listen = |address: &&str| format!("ListenAddress {address}\n");
        let mut lines: String = addresses.iter().map(listen).collect();
        lines.push_str(&format!("Port {}\n", self.port));
        lines.push_str(&SERVER.replace("FOLDER", self.folder.path().to_str().unwrap()));
        std::fs::write(&config, lines.replace("HOST", &host)).unwrap();
        let mut process = Command::new(&self.sshd)
            .args(["-D", "-e", "-f"])
            .arg(&config)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut log = String::new();
        while log.matches("Server listening on ").count() < addresses.len() {
            let read = stderr.read_line(&mut log).unwrap();
            let refused = read == 0 || log.contains("Bind to port ");
            assert!(!refused, "sshd does not listen at {addresses:?}:\n{log}");
        }
        let rest = thread::spawn(move || {
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        Sshd {
            process,
            log: Some(rest),
        }
    }

    fn keygen(&self, name: &str) {
        let key = self.path(name);
        if !key.exists() {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]);
            said(keygen.arg(&key));
        }
    }

    /// Writes a program `ssh` that runs the real one with this test's configuration.
    fn write_stand_in(&self) {
        let bin = self.path("bin");
        std::fs::create_dir(&bin).unwrap();
        let (ssh, config) = (self.ssh.display(), self.path("ssh_config"));
        let script = format!("#!/bin/sh\nexec {ssh} -F {} \"$@\"\n", config.display());
        std::fs::write(bin.join("ssh"), script).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(bin.join("ssh"), executable).unwrap();
    }
}

impl Sshd {
    /// Ends it and returns its log, with those of all sessions.
    pub fn stop(mut self) -> String {
        self.end();
        self.log.take().unwrap().join().unwrap()
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.end();
    }
}

fn program(name: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
    std::env::split_paths(&path)
        .chain(more.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .ok_or_else(|| format!("{name} not found; install OpenSSH's client and server"))
}

/// Runs `command`, which must succeed, and returns its output.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A port that is free at all addresses, and a different one for each test that runs at the same time. It is below the ports that
/// systems use for outgoing connections, so that another server can reuse it after one ends.
fn free_port() -> Result<u16, String> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id().wrapping_mul(31);
    loop {
        let turn = u32::from(TAKEN.fetch_add(1, Ordering::SeqCst));
        let port = 20_000 + u16::try_from((first.wrapping_add(turn)) % 12_000).unwrap();
        let listen = |address: &&str| TcpListener::bind((*address, port));
        match ADDRESSES.iter().map(listen).collect::<Result<Vec<_>, _>>() {
            Ok(_) => return Ok(port),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(format!("this machine lacks one of {ADDRESSES:?}: {error}")),
        }
    }
}
