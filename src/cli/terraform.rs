//! Terraform's flags, which many hands type: those that mean something to azlin are read as its own.

use std::ffi::OsString;

use crate::text::quote;
use crate::trouble::Trouble;

/// How azlin takes one of Terraform's flags.
enum Meaning {
    /// As this flag of azlin's, with the value behind `=` if there is one.
    Flag(&'static str),
    /// As nothing: azlin does so anyway.
    Nothing,
    /// As nothing with this value, else as the meaning behind it.
    Unless(&'static str, &'static Meaning),
    /// As an error, with what to do instead.
    Refused(&'static str),
}

use Meaning::{Flag, Nothing, Refused, Unless};

/// A flag that reads live state anyway cannot leave it out.
const ALWAYS_LIVE: Meaning =
    Refused("leave it out: azlin keeps no state file, so every plan reads Azure");

/// By the flag's name in Terraform, without dashes.
const FLAGS: [(&str, Meaning); 27] = [
    ("auto-approve", Flag("--auto-approve")),
    ("detailed-exitcode", Flag("--detailed-exitcode")),
    ("out", Flag("--out")),
    ("parallelism", Flag("--parallelism")),
    ("target", Flag("--target")),
    ("help", Flag("--help")),
    ("version", Flag("--version")),
    ("json", Flag("--format=json")),
    ("no-color", Flag("--color=never")),
    ("input", Unless("true", &Flag("--no-input"))),
    ("compact-warnings", Nothing),
    ("lock", Nothing),
    ("lock-timeout", Nothing),
    ("refresh", Unless("true", &ALWAYS_LIVE)),
    (
        "refresh-only",
        Refused("run azlin plan --detailed-exitcode, which exits with 2 if Azure has drifted"),
    ),
    (
        "destroy",
        Refused("delete the lines from sessions.toml, then run azlin apply"),
    ),
    (
        "replace",
        Refused("run azlin apply --target VM, which changes only that VM"),
    ),
    (
        "chdir",
        Refused("name the file instead: --file DIR/sessions.toml"),
    ),
    ("var", Refused("write the value into sessions.toml")),
    (
        "var-file",
        Refused("name another file of sessions instead: --file FILE"),
    ),
    (
        "state",
        Refused("leave it out: the tags in Azure are the state"),
    ),
    (
        "state-out",
        Refused("leave it out: the tags in Azure are the state"),
    ),
    (
        "backup",
        Refused("leave it out: azlin keeps no state file to back up"),
    ),
    (
        "backend",
        Refused("leave it out: the tags in Azure are the state"),
    ),
    (
        "backend-config",
        Refused("leave it out: the tags in Azure are the state"),
    ),
    ("upgrade", Refused("leave it out: azlin has no providers")),
    (
        "generate-config-out",
        Refused("write the sessions into sessions.toml"),
    ),
];

/// Reads `words` with Terraform's flags as azlin's. Terraform takes one dash or two; azlin's own flags are left as they are, and
/// so is all behind `--`, and the whole line of `connect`, where the letters are ssh's.
///
/// # Errors
/// A flag that would promise what azlin does not do; the help says azlin's way.
pub fn in_our_words(words: impl Iterator<Item = OsString>) -> Result<Vec<OsString>, Trouble> {
    let mut ours = Vec::new();
    let mut words = words.peekable();
    while let Some(word) = words.next_if(|word| word != "--" && word != "connect" && word != "ssh")
    {
        match meaning(&word) {
            None => ours.push(word),
            Some(Ok(flag)) => ours.extend(flag),
            Some(Err(trouble)) => return Err(trouble),
        }
    }
    ours.extend(words);
    Ok(ours)
}

/// The line that is being typed, with those of Terraform's flags that are spelled otherwise in azlin's own spelling: as many words
/// as before.
pub fn for_completion(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let ours = words.map(|word| match meaning(&word) {
        Some(Ok(Some(flag))) => flag,
        _ => word,
    });
    ours.collect()
}

/// azlin's flag for `word`, if `word` is a flag of Terraform's: none of those that azlin ignores.
fn meaning(word: &OsString) -> Option<Result<Option<OsString>, Trouble>> {
    let text = word.to_str()?;
    let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
    let (name, value) = match name.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (name, None),
    };
    let (_, meaning) = FLAGS.iter().find(|(flag, _)| *flag == name)?;
    Some(taken(meaning, text, value))
}

fn taken(meaning: &Meaning, text: &str, value: Option<&str>) -> Result<Option<OsString>, Trouble> {
    match meaning {
        Nothing => Ok(None),
        Unless(harmless, _) if value.unwrap_or("true") == *harmless => Ok(None),
        Unless(_, meaning) => taken(meaning, text, None),
        // A switch of azlin's takes no value.
        Flag(flag) => Ok(match (value, *flag) {
            (Some("true"), "--auto-approve" | "--detailed-exitcode") | (None, _) => {
                Some(OsString::from(flag))
            }
            (Some("false"), "--auto-approve" | "--detailed-exitcode") => None,
            (Some(_), "--format=json" | "--color=never" | "--no-input") => {
                Some(OsString::from(flag))
            }
            (Some(value), flag) => Some(OsString::from(format!("{flag}={value}"))),
        }),
        Refused(way) => {
            let message = format!("azlin has no flag {}", quote(text));
            Err(Trouble::new(message, *way))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let words = line.split(' ').map(OsString::from);
        match in_our_words(words) {
            Ok(words) => {
                let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
                words.join(" ")
            }
            Err(trouble) => format!("{}; {}", trouble.message, trouble.help),
        }
    }

    #[test]
    fn a_line_of_terraforms_means_the_same_to_azlin() {
        for (terraforms, ours) in [
            (
                "azlin plan -out=p.json -input=false",
                "azlin plan --out=p.json --no-input",
            ),
            ("azlin plan -out p.json", "azlin plan --out p.json"),
            (
                "azlin plan -no-color -json",
                "azlin plan --color=never --format=json",
            ),
            ("azlin plan --no-color", "azlin plan --color=never"),
            (
                "azlin apply -auto-approve -lock=false -lock-timeout=5m",
                "azlin apply --auto-approve",
            ),
            ("azlin apply -auto-approve=false", "azlin apply"),
            ("azlin apply -refresh=true -input=true", "azlin apply"),
            ("azlin plan -compact-warnings", "azlin plan"),
            ("azlin plan -target=rg/vm", "azlin plan --target=rg/vm"),
            ("azlin plan -h", "azlin plan -h"),
            ("azlin tag add vm -- -out=1", "azlin tag add vm -- -out=1"),
            (
                "azlin connect vm -input -json",
                "azlin connect vm -input -json",
            ),
        ] {
            assert_eq!(read(terraforms), ours);
        }
    }

    #[test]
    fn a_flag_that_would_promise_too_much_is_refused_by_its_whole_name() {
        insta::assert_snapshot!(read("azlin plan -refresh=false"), @"azlin has no flag `-refresh=false`; leave it out: azlin keeps no state file, so every plan reads Azure");
        insta::assert_snapshot!(read("azlin plan -destroy"), @"azlin has no flag `-destroy`; delete the lines from sessions.toml, then run azlin apply");
        insta::assert_snapshot!(read("azlin plan -var-file=prod.tfvars"), @"azlin has no flag `-var-file=prod.tfvars`; name another file of sessions instead: --file FILE");
    }
}
