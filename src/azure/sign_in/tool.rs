//! [`Patient`]: runs `az` and `azd` with a time limit, and reads the token or the error that they print.

use std::ffi::OsStr;
use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use azure_identity::Executor;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::complaint::Complaint;
use super::entra::Reader;
use super::explain::{by_hand, not_a_token};
use super::way::{Way, variable};
use crate::azure::proxy::Proxy;
use crate::trouble::Trouble;

/// The time limit for a tool. `az` takes about a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// The most bytes that azlin reads of a tool's output. A token has a few kilobytes.
const MOST: u64 = 1024 * 1024;

/// Runs a tool for the SDK. If it takes too long, kills it and every process that it started.
#[derive(Debug)]
pub(super) struct Patient {
    pub way: Way,
    /// The subscription that the token is for.
    pub subscription: String,
    pub reader: Reader,
    pub patience: Duration,
}

#[async_trait]
impl Executor for Patient {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut command = tokio::process::Command::new(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let mut group = Group(child.id());
        let output = async {
            let (stdout, stderr) = (start_of(child.stdout.take()), start_of(child.stderr.take()));
            let (stdout, stderr) = tokio::try_join!(stdout, stderr)?;
            let status = child.wait().await?;
            Ok::<_, io::Error>(Output {
                status,
                stdout,
                stderr,
            })
        };
        let Ok(output) = tokio::time::timeout(self.patience, output).await else {
            let (name, seconds) = (self.way.name(), self.patience.as_secs());
            return Err(io::Error::other(Trouble::new(
                format!("`{name}` did not respond within {seconds} s, so azlin stopped it"),
                format!("run `{}` to see what it is waiting for", by_hand(self.way)),
            )));
        };
        group.0 = None;
        let complaint = Complaint {
            way: self.way,
            subscription: &self.subscription,
            reader: self.reader,
            proxy: Proxy::of(variable),
        };
        token_in(&complaint, output?).map_err(io::Error::other)
    }
}

/// The start of what a tool prints, and all of it if it is a token or an error. Then the tool cannot write any more.
async fn start_of(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    if let Some(stream) = stream {
        stream.take(MOST).read_to_end(&mut start).await?;
    }
    Ok(start)
}

/// A program and every process that it started, killed when azlin stops waiting. `az` is a script that starts Python, which would
/// outlive the script.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let Some(leader) = self.0 else { return };
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
            if let Some(leader) = leader {
                // It fails if the group has ended already.
                let _ = kill_process_group(leader, Signal::KILL);
            }
        }
        #[cfg(windows)]
        {
            let mut end = std::process::Command::new("taskkill");
            end.args(["/T", "/F", "/PID", &leader.to_string()]);
            let _ = end.stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
        #[cfg(not(any(unix, windows)))]
        let _ = leader;
    }
}

/// `output`, if it is a token.
fn token_in(complaint: &Complaint<'_>, output: Output) -> Result<Output, Trouble> {
    let said = String::from_utf8_lossy(&output.stderr);
    // A shell exits with 127 if it cannot find the program, and Windows prints a message.
    if output.status.code() == Some(127) || said.contains("' is not recognized") {
        return Err(complaint.not_installed());
    }
    if !output.status.success() {
        return Err(complaint.explain(&said));
    }
    if !is_token(complaint.way, &output.stdout) {
        return Err(not_a_token(complaint.way));
    }
    Ok(output)
}

fn is_token(way: Way, stdout: &[u8]) -> bool {
    let answer: Value = serde_json::from_slice(stdout).unwrap_or_default();
    let has = |name, is: fn(&Value) -> bool| answer.get(name).is_some_and(is);
    match way {
        Way::Azd => has("token", Value::is_string) && has("expiresOn", Value::is_string),
        _ => has("accessToken", Value::is_string) && has("expires_on", Value::is_i64),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn patient(way: Way, patience: Duration) -> Patient {
        Patient {
            way,
            subscription: "00000000-0000-0000-0000-000000000000".to_owned(),
            reader: Reader::default(),
            patience,
        }
    }

    async fn run(patient: &Patient, script: &str) -> io::Result<Output> {
        patient
            .run(
                OsStr::new("/bin/sh"),
                &[OsStr::new("-c"), OsStr::new(script)],
            )
            .await
    }

    #[tokio::test]
    async fn a_hanging_tool_is_killed_with_its_child_processes() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        // Like `az`: a script that starts another program, which hangs.
        let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
        let start = std::time::Instant::now();
        let error = run(&patient(Way::Az, Duration::from_millis(1000)), &script)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`az` did not respond within 1 s, so azlin stopped it"
        );
        assert!(start.elapsed() < Duration::from_secs(10));
        let child: i32 = std::fs::read_to_string(pid)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let child = rustix::process::Pid::from_raw(child).unwrap();
        // It has ended, or is a zombie that its new parent has not reaped.
        let ended = || {
            let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            rustix::process::test_kill_process(child).is_err() || state.contains(") Z ")
        };
        for _ in 0..100 {
            if ended() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the program that the script started still runs");
    }

    #[tokio::test]
    async fn a_tool_that_prints_without_end_fills_no_memory() {
        let error = run(&patient(Way::Az, PATIENCE), "yes").await.unwrap_err();
        assert!(error.to_string().starts_with("`az` "), "{error}");
    }

    #[tokio::test]
    async fn an_abandoned_run_is_killed_too() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let script = format!("sleep 0.5; touch {}", mark.display());
        let patient = patient(Way::Az, PATIENCE);
        let short = Duration::from_millis(100);
        assert!(
            tokio::time::timeout(short, run(&patient, &script))
                .await
                .is_err()
        );
        std::thread::sleep(Duration::from_secs(1));
        assert!(!mark.exists());
    }
}
