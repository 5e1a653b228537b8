//! Terraform's flags, which many people type by habit. azlin reads those that make sense as its own flags.

use std::ffi::OsString;

use crate::text::quote;
use crate::trouble::Trouble;

/// The way azlin reads one of Terraform's flags.
enum Meaning {
    /// As this flag of azlin, with the value after `=`, if any.
    Flag(&'static str),
    /// Ignored, because azlin behaves that way anyway.
    Nothing,
    /// Ignored with this value, else read as the second field says.
    Unless(&'static str, &'static Meaning),
    /// An error whose help is this text.
    Refused(&'static str),
}

use Meaning::{Flag, Nothing, Refused, Unless};

/// The answer to flags that would skip reading the live state.
const ALWAYS_LIVE: Meaning =
    Refused("remove it: azlin keeps no state file, so every plan reads Azure");

/// Each flag's name in Terraform, without dashes, and its meaning here.
const FLAGS: [(&str, Meaning); 37] = [
    // azlin's own flags, as Terraform would spell them.
    ("allow-incomplete", Flag("--allow-incomplete")),
    ("check", Flag("--check")),
    ("diff", Flag("--diff")),
    ("file", Flag("--file")),
    ("format", Flag("--format")),
    ("max-removals", Flag("--max-removals")),
    ("partial", Flag("--partial")),
    ("subscription", Flag("--subscription")),
    ("take-ownership", Flag("--take-ownership")),
    ("take-ownership-from", Flag("--take-ownership-from")),
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
    ("chdir", Refused("use --file DIR/sessions.toml instead")),
    ("var", Refused("write the value into sessions.toml")),
    (
        "var-file",
        Refused("use --file FILE to choose another sessions file"),
    ),
    (
        "state",
        Refused("remove it: the tags in Azure are the state"),
    ),
    (
        "state-out",
        Refused("remove it: the tags in Azure are the state"),
    ),
    (
        "backup",
        Refused("remove it: azlin keeps no state file to back up"),
    ),
    (
        "backend",
        Refused("remove it: the tags in Azure are the state"),
    ),
    (
        "backend-config",
        Refused("remove it: the tags in Azure are the state"),
    ),
    ("upgrade", Refused("remove it: azlin has no providers")),
    (
        "generate-config-out",
        Refused("write the sessions into sessions.toml"),
    ),
];

/// `words` with Terraform's flags, of one dash or two, replaced by azlin's. The words after `--` stay as they are, and so do
/// those after `connect`, where single letters belong to ssh.
///
/// # Errors
/// A flag asks for something that azlin does not do; the help says what to do instead.
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

/// The line at a TAB, with Terraform's flags in azlin's spelling. The number of words stays the same, because the shell says
/// which of them the cursor is on.
pub fn for_completion(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let ours = words.map(|word| match meaning(&word) {
        Some(Ok(Some(flag))) => flag,
        _ => word,
    });
    ours.collect()
}

/// azlin's flag for `word`, or nothing if azlin ignores it. None if `word` is not one of Terraform's flags.
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
        // azlin's switches take no value.
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
        insta::assert_snapshot!(read("azlin plan -refresh=false"), @"azlin has no flag `-refresh=false`; remove it: azlin keeps no state file, so every plan reads Azure");
        insta::assert_snapshot!(read("azlin plan -destroy"), @"azlin has no flag `-destroy`; delete the lines from sessions.toml, then run azlin apply");
        insta::assert_snapshot!(read("azlin plan -var-file=prod.tfvars"), @"azlin has no flag `-var-file=prod.tfvars`; use --file FILE to choose another sessions file");
    }
}
