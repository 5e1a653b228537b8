//! Mistakes in `sessions.toml`: the diagnostic of each in `tests/gallery.md`, and the proof that its help, followed to the letter,
//! makes the file valid and say what was meant.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use azlin::file::{self, Diagnostic, Source};
use azlin::show::{Paint, diagnostic};

/// A mistake, and the file that was meant. A file without its first line begins with `[sessions.rg]`.
const MISTAKES: &[(&str, &str)] = &[
    ("vm-1 = atlas", "vm-1 = 'atlas'"),
    ("vm-1 = project-alpha # x", "vm-1 = 'project-alpha' # x"),
    ("vm-1 = my name", "vm-1 = 'my-name'"),
    ("vm-1 = \"atlas\nvm-2 = 'b'", "vm-1 = 'atlas'\nvm-2 = 'b'"),
    ("vm-1 = 'atlas", "vm-1 = 'atlas'"),
    ("vm-1 = atlas\"", "vm-1 = 'atlas'"),
    ("vm-1 = \"atlas'", "vm-1 = 'atlas'"),
    ("vm-1 = “atlas”", "vm-1 = 'atlas'"),
    ("vm-1 = `atlas`", "vm-1 = 'atlas'"),
    ("vm-1: \"atlas\"", "vm-1 = 'atlas'"),
    ("vm-1: atlas", "vm-1 = 'atlas'"),
    ("vm-1 => \"atlas\"", "vm-1 = 'atlas'"),
    ("vm-1 == \"atlas\"", "vm-1 = 'atlas'"),
    ("vm-1 \"atlas\"", "vm-1 = 'atlas'"),
    ("vm-1", "vm-1 = 'project-alpha'"),
    ("vm-1 = \"atlas\",", "vm-1 = 'atlas'"),
    ("vm-1 = \"atlas\";", "vm-1 = 'atlas'"),
    ("vm-1 = 'a' vm-2 = 'b'", "vm-1 = 'a'\nvm-2 = 'b'"),
    ("vm-1 = 'a' // mine", "vm-1 = 'a' # mine"),
    ("// mine\nvm-1 = 'a'", "# mine\nvm-1 = 'a'"),
    ("; mine\nvm-1 = 'a'", "# mine\nvm-1 = 'a'"),
    ("+vm-1 = 'a'", "vm-1 = 'a'"),
    ("vm 1 = 'a'", "vm-1 = 'a'"),
    ("größe = 'a'", "\"größe\" = 'a'"),
    ("rg/vm-1 = 'a'", "vm-1 = 'a'"),
    ("vm-1 = { session: 'a' }", "vm-1 = 'a'"),
    ("vm-1 = { \"session\": \"a\" }", "vm-1 = 'a'"),
    ("vm-1 = { session = atlas }", "vm-1 = 'atlas'"),
    (
        "vm-1 = { session = 'a'\nvm-2 = 'b'",
        "vm-1 = 'a'\nvm-2 = 'b'",
    ),
    ("vm-1 = { name = 'a' }", "vm-1 = 'a'"),
    ("vm-1 = { sesion = 'a' }", "vm-1 = 'a'"),
    ("vm-1 = { }", "vm-1 = 'project-alpha'"),
    ("vm-1 = ['a']", "vm-1 = 'a'"),
    ("vm-1 = ['a'", "vm-1 = 'a'"),
    ("vm-1 = 7", "vm-1 = 'session-7'"),
    ("vm-1 = true", "vm-1 = 'true'"),
    ("vm-1 = yes", "vm-1 = 'yes'"),
    ("vm-1 = null", "vm-1 = 'null'"),
    ("vm-1 = 2030-01-01", "vm-1 = '2030-01-01'"),
    ("vm-1 = 1.2.3", "vm-1 = 'session-1.2.3'"),
    ("vm-1 = ''", "vm-1 = 'project-alpha'"),
    ("vm-1 = 'debug john'", "vm-1 = 'debug-john'"),
    ("vm-1 = 'team/x'", "vm-1 = 'team-x'"),
    ("vm-1 = '-x'", "vm-1 = 'x'"),
    ("vm-1 = '10.0.0.1'", "vm-1 = 'session-10.0.0.1'"),
    ("vm-1 = '42'", "vm-1 = 'session-42'"),
    ("vm-1 = 'a'\nvm-1 = 'b'", "vm-1 = 'a'"),
    ("vm-1 = 'a'\nvm-2 = 'a'", "vm-1 = 'a'"),
    (
        "vm-1 = 'a'\n[sessions.RG]\nVM-1 = 'b'",
        "vm-1 = 'a'\n[sessions.RG]",
    ),
    (
        "vm-1 = 'vm-2'\nvm-2 = 'x'",
        "vm-1 = 'vm-2-session'\nvm-2 = 'x'",
    ),
    ("vm.web = 'a'", "\"vm.web\" = 'a'"),
    (
        "vm-1 = 'a'\n[sessions.rg]\nvm-2 = 'b'",
        "vm-1 = 'a'\nvm-2 = 'b'",
    ),
    (
        "vm-1 = 'a'\nowner = 'org/repo'",
        "owner = 'org/repo'\n[sessions.rg]\nvm-1 = 'a'",
    ),
    (
        "vm-1 = 'a'\ncloud = 'china'",
        "[azure]\ncloud = 'china'\n[sessions.rg]\nvm-1 = 'a'",
    ),
    ("[sessions.rg\nvm-1 = 'a'", "vm-1 = 'a'"),
    ("sessions.rg]\nvm-1 = 'a'", "vm-1 = 'a'"),
    ("[sessions.rg]]\nvm-1 = 'a'", "vm-1 = 'a'"),
    ("[[sessions.rg]]\nvm-1 = 'a'", "vm-1 = 'a'"),
    ("[sessions/rg]\nvm-1 = 'a'", "vm-1 = 'a'"),
    (
        "[sessions.my group]\nvm-1 = 'a'",
        "[sessions.my-group]\nvm-1 = 'a'",
    ),
    (
        "[sessions.rg(1)]\nvm-1 = 'a'",
        "[sessions.\"rg(1)\"]\nvm-1 = 'a'",
    ),
    (
        "[sessions.rg.dev]\nvm-1 = 'a'",
        "[sessions.\"rg.dev\"]\nvm-1 = 'a'",
    ),
    ("[sessions.rg] vm-1 = 'a'", "vm-1 = 'a'"),
    ("[session.rg]\nvm-1 = 'a'", "vm-1 = 'a'"),
    (
        "[azure]\n[rg]\nvm-1 = 'a'",
        "[azure]\n[sessions.rg]\nvm-1 = 'a'",
    ),
    ("[sessions]\nvm-1 = 'a'", "[sessions.GROUP]\nvm-1 = 'a'"),
    ("[sessions.]\nvm-1 = 'a'", "[sessions.GROUP]\nvm-1 = 'a'"),
    (
        "owner = platform-team\n[ssh]",
        "owner = 'platform-team'\n[ssh]",
    ),
    (
        "owner = 'platform team'\n[ssh]",
        "owner = 'platform-team'\n[ssh]",
    ),
    ("owner = ''\n[ssh]", "owner = 'my-team'\n[ssh]"),
    ("owner = 7\n[ssh]", "owner = '7'\n[ssh]"),
    ("Owner = 'x'\n[ssh]", "owner = 'x'\n[ssh]"),
    ("[azure]\nowner = 'us'", "owner = 'us'\n[azure]"),
    (
        "[azure]\ncloud = 'AzureUSGovernment'",
        "[azure]\ncloud = 'usgovernment'",
    ),
    ("[azure]\nscope = 'group'", "[azure]\nscope = 'groups'"),
    ("[azure]\nregion = 'eastus'", "[azure]"),
    ("[azure]\ntag = 'a/b'", "[azure]\ntag = 'a-b'"),
    (
        "[azure]\ntag = 'azlin_owner'",
        "[azure]\ntag = 'azlin_session'",
    ),
    (
        "[azure]\nsubscription = '/subscriptions/00000000-0000-0000-0000-000000000000'",
        "[azure]\nsubscription = '00000000-0000-0000-0000-000000000000'",
    ),
    (
        "subscription = '00000000-0000-0000-0000-000000000000'\n[ssh]",
        "[azure]\nsubscription = '00000000-0000-0000-0000-000000000000'\n[ssh]",
    ),
    (
        "[azure]\nendpoint = 'http://localhost:8999'",
        "[azure]\nendpoint = 'http://127.0.0.1:8999'",
    ),
    ("[azure]\nendpoint = 'https://evil.example.com'", "[azure]"),
    ("[ssh]\nuser = 'my user'", "[ssh]\nuser = 'my-user'"),
    (
        "[ssh]\nuser = \"CORP\\maria\"",
        "[ssh]\nuser = 'CORP\\maria'",
    ),
    ("[ssh]\njump = 'ssh://bastion'", "[ssh]\njump = 'bastion'"),
    ("[ssh]\njump = '::1'", "[ssh]\njump = '[::1]'"),
    ("[ssh]\nport = 22", "[ssh]"),
    (
        "[ssh]\ncommand = \"C:\\tools\"",
        "[ssh]\ncommand = 'C:\\tools'",
    ),
    (
        "vm-1 = { session = 'a', expires = 2030-06-30 }",
        "owner = 'my-team'\n[sessions.rg]\nvm-1 = { session = 'a', expires = 2030-06-30 }",
    ),
    (
        "O vm-1 = { session = 'a', expires = '2030-06-30' }",
        "O vm-1 = { session = 'a', expires = 2030-06-30 }",
    ),
    (
        "O vm-1 = { session = 'a', expires = 2030-06-30T00:00:00Z }",
        "O vm-1 = { session = 'a', expires = 2030-06-30 }",
    ),
    (
        "O vm-1 = { session = 'a', expires = 2030-6-3 }",
        "O vm-1 = { session = 'a', expires = 2030-06-03 }",
    ),
    (
        "O vm-1 = { session = 'a', expires = '30.6.2030' }",
        "O vm-1 = { session = 'a', expires = 2030-06-30 }",
    ),
    (
        "O vm-1 = { session = 'a' expires = 2030-06-30 }",
        "O vm-1 = { session = 'a', expires = 2030-06-30 }",
    ),
    (
        "O vm-1 = { session = 'a', expire = 2030-06-30 }",
        "O vm-1 = { session = 'a', expires = 2030-06-30 }",
    ),
    (
        "O vm-1 = { expires = 2030-06-30 }",
        "O vm-1 = { session = 'project-alpha', expires = 2030-06-30 }",
    ),
    (
        "O vm-1 = 'a', expires = 2030-06-30",
        "O vm-1 = { session = 'a', expires = 2030-06-30 }",
    ),
];

/// Mistakes of which only the person knows what was meant. The help says what to find out.
const OPEN: &[&str] = &[
    "vm-1 =",
    "= 'atlas'",
    "<<<<<<< HEAD\nvm-1 = 'a'\n=======\nvm-1 = 'b'\n>>>>>>> theirs",
    "'vm.' = 'a'",
    "'vm 1' = 'a'",
    "[sessions.'rg/x']\nvm-1 = 'a'\nvm-2 = 'b'",
    "[azure]\nsubscription = 'dev'",
    "[azure]\ncloud = 'AzureCloud'",
    "azure = 'public'",
    "owner = ['a', 'b']",
    "[ssh]\ncommand = \"a\\nb\"",
    "O vm-1 = { session = 'a', expires = 2030-02-30 }",
];

/// The text of a whole file.
fn whole(text: &str) -> String {
    if let Some(lines) = text.strip_prefix("O ") {
        return format!("owner = 'us'\n[sessions.rg]\n{lines}\n");
    }
    let starts = [
        "[",
        "owner",
        "Owner",
        "azure",
        "subscription",
        "sessions",
        "{",
    ];
    if starts.iter().any(|start| text.starts_with(start)) {
        format!("{text}\n")
    } else {
        format!("[sessions.rg]\n{text}\n")
    }
}

fn errors(text: &str) -> (Vec<Diagnostic>, Source) {
    let (_, mut found, source) = file::read("sessions.toml", text.as_bytes());
    found.retain(Diagnostic::is_error);
    (found, source)
}

/// The text of the line at byte `at`, and its bytes with the newline.
fn line_at(text: &str, at: usize) -> (usize, usize) {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline + 1);
    (start, end)
}

/// `text` after the edit that `help` describes, at `label`'s bytes.
fn followed(text: &str, found: &Diagnostic) -> String {
    let help = found.help.as_deref().unwrap();
    let span = found.labels[0].span.clone();
    let (start, end) = line_at(text, span.start);
    let line = text[start..end].trim();
    let without_line = format!("{}{}", &text[..start], &text[end..]);
    let put = |new: &str| format!("{}{new}{}", &text[..span.start], &text[span.end..]);
    let put_in_quotes = |new: &str| {
        let is_string =
            text[span.clone()].starts_with(['"', '\'']) && !new.starts_with(['"', '\'']);
        // A whole line may be underlined, and a key that is a string has no other kind of name.
        put(&if is_string {
            format!("'{new}'")
        } else {
            new.to_owned()
        })
    };
    let quoted = |after: &str| {
        let (_, rest) = help.split_once(after)?;
        let end = rest
            .find("`:")
            .or_else(|| rest.find("`?"))
            .or_else(|| rest.find("`,"))
            .or_else(|| rest.rfind('`'))?;
        Some(rest[..end].to_owned())
    };
    if let Some((_, header)) = help
        .split_once("[sessions.")
        .filter(|_| help.starts_with("put it under the header"))
    {
        let (group, entry) = header.split_once("], then ").unwrap();
        let above = if line.starts_with("rg/") {
            String::new()
        } else {
            format!("[sessions.{group}]\n")
        };
        return format!("{}{above}{entry}\n{}", &text[..start], &text[end..]);
    }
    if let Some((_, name)) = help.split_once("put the whole name in quotes") {
        let (_, name) = name.rsplit_once(": ").unwrap();
        let name = name.trim_end_matches(" = …");
        return if name.starts_with('[') {
            format!("{}{name}\n{}", &text[..start], &text[end..])
        } else {
            put(name)
        };
    }
    if help.starts_with("move `") {
        let line = format!("{line}\n");
        return if help.contains("top of the file") {
            format!("{line}{without_line}")
        } else {
            let (_, header) = help.split_once(" under ").unwrap();
            format!("{header}\n{line}{without_line}")
        };
    }
    if help.starts_with("move the lines below this header to the first one") {
        return without_line;
    }
    if help.starts_with("delete this line")
        || help.starts_with("keep one of the lines")
        || help.contains("or delete one of the lines")
    {
        return without_line;
    }
    if help.starts_with("delete the ") {
        return put("");
    }
    if help == "put this on a line of its own" {
        return format!("{}\n{}", &text[..span.start], &text[span.start..]);
    }
    if help == "put a `,` before it" {
        return format!("{}, {}", text[..span.start].trim_end(), &text[span.start..]);
    }
    if let Some(rest) = help.strip_prefix("close them at the end of line ") {
        let number: usize = rest.strip_suffix(": }").unwrap().parse().unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[number - 1] += " }";
        return lines.join("\n") + "\n";
    }
    if let Some(entry) = quoted("add `") {
        if help.contains("above the first table") {
            return format!("{entry}\n{text}");
        }
        let brace = text[span.end..].find('{').unwrap() + span.end + 1;
        let comma = if text[brace..end].trim() == "}" {
            ""
        } else {
            ","
        };
        return format!("{} {entry}{comma}{}", &text[..brace], &text[brace..]);
    }
    for words in ["in quotes: ", "without quotes: ", "keep a backslash: "] {
        if let Some((_, new)) = help.split_once(words) {
            return put(new);
        }
    }
    for words in [
        "write `",
        "use a name like `",
        "use a key like `",
        "did you mean `",
    ] {
        if let Some(new) = quoted(words) {
            return put_in_quotes(&new);
        }
    }
    panic!("no edit: {help}");
}

/// The form of a valid file, which is the same for all that say the same.
fn form(text: &str) -> String {
    let (file, found, source) = file::read("sessions.toml", text.as_bytes());
    let file = file.unwrap_or_else(|| panic!("{found:#?}\n{text}"));
    file::format(&file, &source.text).unwrap()
}

#[test]
fn each_mistake_has_its_line_and_a_help_and_the_gallery_shows_it() {
    let mut gallery = "# Mistakes in sessions.toml\n\nWhat azlin says about each. `AZLIN_DOCS=write cargo test --test gallery` writes this file.\n".to_owned();
    let mistakes = MISTAKES.iter().map(|(mistake, _)| mistake);
    for mistake in mistakes.chain(OPEN) {
        let text = whole(mistake);
        let (found, source) = errors(&text);
        assert!(!found.is_empty(), "{text}");
        gallery += "\n```text\n";
        for (at, found) in found.iter().enumerate() {
            assert!(found.help.is_some(), "{found:?}\n{text}");
            let label = &found.labels[0].span;
            assert!(
                label.start < text.len() && label.end <= text.len(),
                "{found:?}\n{text}"
            );
            assert!(
                at > 0 || !text[label.clone()].trim().is_empty(),
                "{found:?}\n{text}"
            );
            let shown = diagnostic(&[&source], found, Paint::default());
            assert!(shown.contains('^'), "{shown}");
            let _ = write!(gallery, "{}{shown}", if at > 0 { "\n" } else { "" });
        }
        gallery += "```\n";
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gallery.md");
    if std::env::var_os("AZLIN_DOCS").is_some_and(|value| value == "write") {
        fs::write(&path, &gallery).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == gallery,
        "run: AZLIN_DOCS=write cargo test --test gallery, then read the diff"
    );
    assert!(MISTAKES.len() >= 40);
}

#[test]
fn a_help_followed_to_the_letter_makes_the_file_valid_and_mean_what_was_meant() {
    for (mistake, meant) in MISTAKES {
        let mut text = whole(mistake);
        for _ in 0..4 {
            let (found, _) = errors(&text);
            let Some(first) = found.first() else {
                break;
            };
            text = followed(&text, first);
        }
        assert_eq!(form(&text), form(&whole(meant)), "{mistake}\n--\n{text}");
    }
}

#[test]
fn one_mistake_is_one_error() {
    for (mistake, _) in MISTAKES {
        let text = whole(mistake);
        let (found, _) = errors(&text);
        assert_eq!(found.len(), 1, "{found:#?}\n{text}");
    }
}
