//! [`Patient`]: `az` and `azd`, run with a limit, and what they say as a person needs it.

use std::ffi::OsStr;
use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use azure_identity::Executor;
use serde_json::Value;

use super::no_token::NoToken;
use super::recipe::Recipe;
use super::way::Way;
use super::without_tokens;
use crate::model::Guid;

/// How long a tool may take. `az` takes a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Runs a tool for the SDK, and ends it with all that it started when it takes too long.
#[derive(Debug)]
pub(super) struct Patient {
    way: Way,
    subscription: String,
    patience: Duration,
}

impl Patient {
    pub fn new(recipe: &Recipe, patience: Duration) -> Self {
        Self {
            way: recipe.way,
            subscription: recipe.subscription.to_string(),
            patience,
        }
    }

    fn tool(&self) -> &'static str {
        self.way.name()
    }

    /// `az login`, to `tenant` where one is known.
    fn login(&self, tenant: Option<&str>) -> String {
        match (self.way, tenant) {
            (Way::Azd, Some(tenant)) => format!("azd auth login --tenant-id {tenant}"),
            (Way::Azd, None) => "azd auth login".to_owned(),
            (_, Some(tenant)) => format!("az login --tenant {tenant}"),
            (_, None) => "az login".to_owned(),
        }
    }

    /// `output`, if it is a token.
    fn judge(&self, output: Output) -> Result<Output, NoToken> {
        let tool = self.tool();
        let said = String::from_utf8_lossy(&output.stderr);
        // 127 is what a shell says of a program that it cannot find, and Windows has a sentence for it.
        if output.status.code() == Some(127) || said.contains("' is not recognized") {
            return Err(NoToken::new(
                format!("`{tool}` is not installed"),
                format!(
                    "install it and run `{}`, or set up another way, as a pipeline does (azlin's README, Signing in)",
                    self.login(None)
                ),
            ));
        }
        if !output.status.success() {
            return Err(self.refused(&said));
        }
        match self.is_token(&output.stdout) {
            true => Ok(output),
            false => Err(not_a_token(self.way)),
        }
    }

    /// What the tool's own error means.
    fn refused(&self, stderr: &str) -> NoToken {
        let tool = self.tool();
        let said = message(stderr);
        let tenant = tenant(&said);
        if said.contains("AADSTS") {
            let line = without_tokens(line(&said));
            return NoToken::new(
                format!("`{tool}` cannot get a token: {line}"),
                format!("sign in again: {}", self.login(tenant.as_deref())),
            );
        }
        if said.contains("az login") || said.contains("azd auth login") {
            let help = format!("run: {}", self.login(tenant.as_deref()));
            return NoToken::new(format!("`{tool}` is not signed in"), help);
        }
        if said.to_lowercase().contains("subscription") && said.contains(&self.subscription) {
            return NoToken::new(
                format!(
                    "the account of `{tool}` has no subscription {}",
                    self.subscription
                ),
                "run `az login --tenant TENANT` for the subscription's tenant, or check the subscription's id and `az cloud show`",
            );
        }
        let why = match line(&said) {
            "" => format!("`{tool}` failed and said nothing"),
            line => format!("`{tool}` failed: {}", without_tokens(line)),
        };
        NoToken::new(
            why,
            format!(
                "run `{}` to see it fail; `{}` mends most",
                by_hand(self.way),
                self.login(None)
            ),
        )
    }

    fn is_token(&self, stdout: &[u8]) -> bool {
        let Ok(Value::Object(answer)) = serde_json::from_slice(stdout) else {
            return false;
        };
        let has = |name, is: fn(&Value) -> bool| answer.get(name).is_some_and(is);
        match self.way {
            Way::Azd => has("token", Value::is_string) && has("expiresOn", Value::is_string),
            _ => has("accessToken", Value::is_string) && has("expires_on", Value::is_i64),
        }
    }
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
        match tokio::time::timeout(self.patience, child.wait_with_output()).await {
            Ok(output) => {
                group.0 = None;
                self.judge(output?).map_err(io::Error::other)
            }
            Err(_) => Err(io::Error::other(NoToken::new(
                format!(
                    "`{}` gave no answer in {} s, and was ended",
                    self.tool(),
                    self.patience.as_secs()
                ),
                format!("run `{}` to see what it waits for", by_hand(self.way)),
            ))),
        }
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

/// What a person runs to see by themselves what the tool says.
fn by_hand(way: Way) -> &'static str {
    match way {
        Way::Azd => "azd auth token --output json",
        _ => "az account get-access-token --output json",
    }
}

/// That a tool printed something else. What it printed is not shown: it may be a token all the same.
pub(super) fn not_a_token(way: Way) -> NoToken {
    let version = match way {
        Way::Azd => "",
        _ => "; azlin needs the Azure CLI 2.54 or newer",
    };
    NoToken::new(
        format!("what `{}` printed is not a token in JSON", way.name()),
        format!("run `{}` to see what it prints{version}", by_hand(way)),
    )
}

/// What stderr says; `azd` wraps it in JSON.
fn message(stderr: &str) -> String {
    let wrapped = stderr.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line.get("data")?.get("message")?.as_str()?.to_owned())
    });
    wrapped.unwrap_or_else(|| stderr.to_owned())
}

/// The first line that says something, without the word that it is an error.
fn line(said: &str) -> &str {
    let lines = said.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with("WARNING"));
    let line = lines.next().unwrap_or_default();
    let line = line.strip_prefix("ERROR:").unwrap_or(line).trim_start();
    line.split(" Trace ID:")
        .next()
        .unwrap_or(line)
        .trim_end_matches('.')
}

/// The tenant in a hint such as `az login --tenant "…"`. Only a GUID is taken: the rest becomes a command line.
fn tenant(said: &str) -> Option<String> {
    let (_, after) = said.split_once("--tenant")?;
    let after = after
        .trim_start_matches("-id")
        .trim_start_matches([' ', '=', '"', '\'']);
    let id: String = after
        .chars()
        .take_while(|c| c.is_ascii_hexdigit() || *c == '-')
        .collect();
    Guid::new(&id).ok().map(|id| id.as_str().to_owned())
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

    #[test]
    fn a_tenant_is_taken_from_a_hint_only_if_it_is_one() {
        let id = "00000000-0000-4000-8000-00000000000A";
        let lower = Some(id.to_lowercase());
        assert_eq!(
            tenant(&format!("run: az login --tenant \"{id}\" --scope x")),
            lower
        );
        assert_eq!(tenant(&format!("azd auth login --tenant-id {id}`")), lower);
        assert_eq!(tenant("az login --tenant \"; rm -rf /\""), None);
        assert_eq!(tenant("az login"), None);
    }
}
