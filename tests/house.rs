//! Checks the invariants of src/lib.rs that the code itself shows: the rooms that may use each crate and module.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the core: pure, so that a test is a call.
const CORE: [&str; 14] = [
    "model",
    "file",
    "guide",
    "plan",
    "show",
    "ssh",
    "resolve.rs",
    "importing.rs",
    "moving.rs",
    "blaming.rs",
    "listing.rs",
    "tagging.rs",
    "json.rs",
    "text.rs",
];

/// The names that do I/O, or belong to a room that does.
const WORLD: [&str; 21] = [
    "std::fs",
    "std::env",
    "std::process",
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "std::thread",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "SystemTime",
    "Instant",
    "now_utc",
    "now_local",
    "tokio",
    "reqwest",
    "tempfile",
    "crate::apply",
    "crate::verbs",
    "crate::sandbox",
    "crate::cli",
];

/// Azure's crates, and the one file of `src/azure/` that is pure.
const SDK: [&str; 4] = ["azure_core", "azure_identity", "azure_mgmt_", "legacy::"];

/// A line of code in `src/`, outside tests and comments.
struct Line {
    file: PathBuf,
    number: usize,
    text: String,
}

/// Every file in `folders` and below.
fn files(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// Every line of code in `src/`.
fn lines() -> Vec<Line> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lines = Vec::new();
    for path in files(vec![src.clone()]) {
        if path.extension().is_some_and(|end| end == "rs") {
            let file = path.strip_prefix(&src).unwrap().to_owned();
            lines.extend(code(&file, &fs::read_to_string(path).unwrap()));
        }
    }
    assert!(lines.len() > 5_000, "the code was not found");
    lines
}

/// The lines of code in `text`. A file's tests are at its end.
fn code(file: &Path, text: &str) -> Vec<Line> {
    let is_tests =
        |line: &&str| !line.starts_with("#[cfg(test)]") && !line.starts_with("#[cfg(all(test");
    let numbered = text.lines().take_while(is_tests).zip(1..);
    let code = numbered.filter(|(line, _)| !line.trim_start().starts_with("//"));
    code.map(|(text, number)| Line {
        file: file.to_owned(),
        number,
        text: text.to_owned(),
    })
    .collect()
}

/// The `lines` that contain any of `words`, as `file:line: text`.
fn naming<'l>(lines: impl Iterator<Item = &'l Line>, words: &[&str]) -> Vec<String> {
    let names = lines.filter(|line| words.iter().any(|word| line.text.contains(word)));
    names
        .map(|line| {
            format!(
                "src/{}:{}: {}",
                line.file.display(),
                line.number,
                line.text.trim()
            )
        })
        .collect()
}

fn is_core(line: &&Line) -> bool {
    CORE.iter().any(|room| line.file.starts_with(room)) && line.file != Path::new("file/find.rs")
}

#[test]
fn the_core_acts_on_nothing_and_sees_no_type_of_the_sdks() {
    let lines = lines();
    let words: Vec<&str> = WORLD.iter().chain(&SDK).copied().collect();
    let found = naming(lines.iter().filter(is_core), &words);
    assert_eq!(
        found, [""; 0],
        "move what acts into verbs/, apply/ or azure/"
    );
    // The spelling of a VM's id in ARM is plain text.
    let mut found = naming(lines.iter().filter(is_core), &["crate::azure"]);
    found.retain(|line| !line.contains("crate::azure::id"));
    assert_eq!(found, [""; 0], "the core stands below azure/");
}

#[test]
fn azure_alone_names_azures_crates_and_one_file_each_legacy_one() {
    let lines = lines();
    let outside = |line: &&Line| !line.file.starts_with("azure");
    assert_eq!(
        naming(lines.iter().filter(outside), &SDK),
        [""; 0],
        "ask src/azure/ instead"
    );
    for (krate, home) in [
        ("azure_mgmt_compute", "azure/compute.rs"),
        ("azure_mgmt_resources", "azure/tags.rs"),
    ] {
        let elsewhere = |line: &&Line| line.file != Path::new(home);
        let found = naming(lines.iter().filter(elsewhere), &[krate]);
        assert_eq!(found, [""; 0], "its home is src/{home}");
    }
}

#[test]
fn no_token_leaves_azure() {
    let lines = lines();
    let outside = |line: &&Line| !line.file.starts_with("azure");
    let token = ["AccessToken", "TokenCredential", ".secret()", "get_token"];
    assert_eq!(naming(lines.iter().filter(outside), &token), [""; 0]);
}

/// Phrases that readers had to read twice. A plain one says who does what.
const STILTED: [&str; 11] = [
    " is no word",
    "is said to be",
    "is said so",
    " mend ",
    " mends ",
    "such as there",
    "to be had",
    "stands twice",
    "make it again",
    "is asked too much",
    "cannot be carried out",
];

#[test]
fn no_text_has_to_be_read_twice() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    texts.extend(files(vec![
        root.join("src"),
        root.join("examples"),
        root.join(".github"),
    ]));
    for path in texts {
        let text = fs::read_to_string(&path).unwrap();
        for (line, number) in text.lines().zip(1..) {
            let found = STILTED.iter().find(|phrase| line.contains(**phrase));
            assert_eq!(found, None, "{}:{number}: {line}", path.display());
            let opens_badly = ["/// What ", "/// That ", "/// The same, but"]
                .iter()
                .any(|start| line.trim_start().starts_with(start));
            assert!(
                !opens_badly,
                "{}:{number}: a doc comment opens with what the item is: {line}",
                path.display()
            );
        }
    }
}

#[test]
fn a_breach_is_found() {
    let text = "// std::fs in a comment\nuse std::fs;\n#[cfg(test)]\nmod tests { use std::fs; }\n";
    let lines = code(Path::new("plan/mod.rs"), text);
    assert_eq!(
        naming(lines.iter().filter(is_core), &WORLD),
        ["src/plan/mod.rs:2: use std::fs;"]
    );
}

#[test]
fn every_attack_in_the_security_policy_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let policy = fs::read_to_string(root.join(".github/SECURITY.md")).unwrap();
    let mut code = String::new();
    for path in files(vec![root.join("src"), root.join("tests")]) {
        if path.extension().is_some_and(|end| end == "rs") {
            code += &fs::read_to_string(path).unwrap();
        }
    }
    let attacks = policy
        .lines()
        .filter(|line| line.starts_with("- ") && line.contains(" → "));
    let mut all = 0;
    for attack in attacks {
        let (_, tests) = attack.rsplit_once(" | ").expect(attack);
        for test in tests.split(", ") {
            let name = test.trim_matches('`');
            assert!(
                code.contains(&format!("fn {name}(")),
                "no test {name}: {attack}"
            );
            all += 1;
        }
    }
    assert!(all > 80, "the list was read: {all}");
}
