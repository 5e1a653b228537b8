//! [`Patient`]: `az` and `azd`, run with a limit.

use std::ffi::OsStr;
use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use azure_identity::Executor;

use super::tool_answer::{no_answer, token_in};
use super::way::Way;

/// The time limit for a tool. `az` takes a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Runs a tool for the SDK, and ends it with all that it started when it takes too long.
#[derive(Debug)]
pub(super) struct Patient {
    pub way: Way,
    /// The subscription whose token `az` is asked for.
    pub subscription: String,
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
        let child = command.spawn()?;
        let mut group = Group(child.id());
        let output = tokio::time::timeout(self.patience, child.wait_with_output());
        let Ok(output) = output.await else {
            return Err(io::Error::other(no_answer(
                self.way,
                self.patience.as_secs(),
            )));
        };
        group.0 = None;
        token_in(self.way, &self.subscription, output?).map_err(io::Error::other)
    }
}

/// A program with all that it started, which ends when nobody waits for it any more: a shell starts `az`, which is a script
/// that starts Python, and the end of the first leaves the others.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let Some(leader) = self.0 else { return };
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
            if let Some(leader) = leader {
                // It may have ended by itself.
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn patient(way: Way, patience: Duration) -> Patient {
        Patient {
            way,
            subscription: "00000000-0000-0000-0000-000000000000".to_owned(),
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
    async fn what_hangs_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        // As `az` does: a script that starts another program, which is the one that hangs.
        let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
        let start = std::time::Instant::now();
        let error = run(&patient(Way::Az, Duration::from_millis(1000)), &script)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`az` gave no answer in 1 s, and was ended"
        );
        assert!(start.elapsed() < Duration::from_secs(10));
        let child: i32 = std::fs::read_to_string(pid)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let child = rustix::process::Pid::from_raw(child).unwrap();
        // It is gone, or waits to be taken note of by whoever adopted it.
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
        panic!("the program that the script started goes on");
    }

    #[tokio::test]
    async fn a_run_that_nobody_waits_for_any_more_ends_too() {
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
