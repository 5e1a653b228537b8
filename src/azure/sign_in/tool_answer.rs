//! The output of `az` and `azd`: a token, or an error.

use std::process::Output;

use serde_json::Value;

use super::said::{guids, without_tokens, without_trace};
use super::way::Way;
use crate::trouble::Trouble;

/// `output`, if it is a token. `subscription` is the one that it was asked for.
pub(super) fn token_in(way: Way, subscription: &str, output: Output) -> Result<Output, Trouble> {
    let tool = way.name();
    let said = String::from_utf8_lossy(&output.stderr);
    // 127 is what a shell says of a program that it cannot find, and Windows has a sentence for it.
    if output.status.code() == Some(127) || said.contains("' is not recognized") {
        let login = way.login(None);
        return Err(Trouble::new(
            format!("`{tool}` is not installed"),
            format!(
                "install it and run `{login}`, or set up another way, as a pipeline does (azlin's README, Signing in)"
            ),
        ));
    }
    if !output.status.success() {
        return Err(refused(way, subscription, &message(&said)));
    }
    if !is_token(way, &output.stdout) {
        return Err(not_a_token(way));
    }
    Ok(output)
}

/// The trouble behind the tool's own error.
fn refused(way: Way, subscription: &str, said: &str) -> Trouble {
    let tool = way.name();
    let login = way.login(tenant(said).as_deref());
    if said.contains("AADSTS") {
        let line = without_tokens(first_line(said));
        return Trouble::new(
            format!("`{tool}` cannot get a token: {line}"),
            format!("sign in again: {login}"),
        );
    }
    if said.contains("az login") || said.contains("azd auth login") {
        return Trouble::new(
            format!("`{tool}` is not signed in"),
            format!("run: {login}"),
        );
    }
    if said.to_lowercase().contains("subscription") && said.contains(subscription) {
        return Trouble::new(
            format!("the account of `{tool}` has no subscription {subscription}"),
            "run `az login --tenant TENANT` for the subscription's tenant, or check the subscription's id and `az cloud show`",
        );
    }
    let why = match first_line(said) {
        "" => format!("`{tool}` failed and said nothing"),
        line => format!("`{tool}` failed: {}", without_tokens(line)),
    };
    let help = format!(
        "run `{}` to see it fail; `{}` fixes most causes",
        by_hand(way),
        way.login(None)
    );
    Trouble::new(why, help)
}

fn is_token(way: Way, stdout: &[u8]) -> bool {
    let Ok(Value::Object(answer)) = serde_json::from_slice(stdout) else {
        return false;
    };
    let has = |name, is: fn(&Value) -> bool| answer.get(name).is_some_and(is);
    match way {
        Way::Azd => has("token", Value::is_string) && has("expiresOn", Value::is_string),
        _ => has("accessToken", Value::is_string) && has("expires_on", Value::is_i64),
    }
}

/// Trouble with a tool that printed something else. What it printed is not shown: it may be a token all the same.
pub(super) fn not_a_token(way: Way) -> Trouble {
    let version = match way {
        Way::Azd => "",
        _ => "; azlin needs the Azure CLI 2.54 or newer",
    };
    Trouble::new(
        format!("`{}` did not print a token in JSON", way.name()),
        format!("run `{}` to see what it prints{version}", by_hand(way)),
    )
}

/// Trouble with a tool that was ended after `seconds`.
pub(super) fn no_answer(way: Way, seconds: u64) -> Trouble {
    Trouble::new(
        format!(
            "`{}` gave no answer in {seconds} s, and was ended",
            way.name()
        ),
        format!("run `{}` to see what it waits for", by_hand(way)),
    )
}

/// The command that shows a person what the tool says.
fn by_hand(way: Way) -> &'static str {
    match way {
        Way::Azd => "azd auth token --output json",
        _ => "az account get-access-token --output json",
    }
}

/// The message in stderr; `azd` wraps it in JSON.
fn message(stderr: &str) -> String {
    let wrapped = stderr.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line.get("data")?.get("message")?.as_str()?.to_owned())
    });
    wrapped.unwrap_or_else(|| stderr.to_owned())
}

/// The first line that says something, without the word that it is an error.
fn first_line(said: &str) -> &str {
    let mut lines = said.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with("WARNING"));
    let line = line.unwrap_or_default();
    without_trace(line.strip_prefix("ERROR:").unwrap_or(line))
}

/// The tenant in a hint such as `az login --tenant "…"`. Only a GUID is taken: the rest becomes a command line.
fn tenant(said: &str) -> Option<String> {
    let (_, after) = said.split_once("--tenant")?;
    let word = after.trim_start_matches("-id").split_whitespace().next()?;
    Some(guids(word).next()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::tenant;

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
