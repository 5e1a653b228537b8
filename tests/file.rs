//! `sessions.toml`: valid files, and the diagnostics of invalid ones.

use std::fmt::Write as _;

use azlin::file::{self, Severity};
use azlin::model::{Cloud, Scope};
use azlin::show::{Paint, diagnostic};
use insta::assert_snapshot;
use proptest::prelude::*;

/// All diagnostics of a file with this text, as a person sees them.
fn told(text: &str) -> String {
    told_of(text.as_bytes())
}

fn told_of(bytes: &[u8]) -> String {
    let (file, diagnostics, source) = file::read("sessions.toml", bytes);
    let mut told = String::new();
    for found in &diagnostics {
        let acts = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        for text in found.help.iter().chain([&found.message]) {
            assert!(!text.contains(acts), "{text:?}");
        }
        let _ = writeln!(
            told,
            "{}",
            diagnostic(&[&source], found, Paint::default()).trim_end()
        );
    }
    let errors = diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error);
    assert_eq!(
        file.is_none(),
        errors,
        "there is a file exactly when nothing is an error:\n{told}"
    );
    told
}

fn valid(text: &str) -> azlin::file::File {
    let (file, _, _) = file::read("sessions.toml", text.as_bytes());
    file.unwrap_or_else(|| panic!("not valid:\n{}", told(text)))
}

#[test]
fn a_file_says_which_vm_holds_which_session() {
    let file = valid(
        r#"
[azure]
subscription = "5A4DB0E5-0000-4000-8000-000000000000"
cloud = "usgovernment"
tag = "team_session"
scope = "groups"

[sessions.rg-ml]
gpu-vm-1 = "bert-training-run-1"

[sessions."rg.Dev"]
dev-vm-2 = { session = "john-backend" }
dev-vm-1 = "sarah-frontend"

[ssh]
user = "azureuser"
jump = "me@bastion.example.com:2222"
command = "tmux new-session -A -s {session}"
"#,
    );
    let lines: Vec<String> = file
        .lines
        .iter()
        .map(|line| format!("{}: {} = {}", line.line, line.vm, line.session))
        .collect();
    assert_eq!(
        lines,
        [
            "9: rg-ml/gpu-vm-1 = bert-training-run-1",
            "12: rg.Dev/dev-vm-2 = john-backend",
            "13: rg.Dev/dev-vm-1 = sarah-frontend",
        ]
    );
    assert_eq!(
        file.azure.subscription.unwrap().as_str(),
        "5a4db0e5-0000-4000-8000-000000000000"
    );
    assert_eq!(file.azure.cloud, Cloud::UsGovernment);
    assert_eq!(file.azure.tag.as_str(), "team_session");
    let groups = ["rg-ml".to_owned(), "rg.dev".to_owned()];
    assert_eq!(file.azure.scope, Scope::Groups(groups.into()));
    assert_eq!(file.ssh.user.unwrap().as_str(), "azureuser");
    assert_eq!(
        file.ssh.jump.unwrap().as_str(),
        "me@bastion.example.com:2222"
    );
    assert_eq!(
        file.ssh.command.unwrap(),
        "tmux new-session -A -s {session}"
    );
}

#[test]
fn an_empty_file_is_valid_and_wants_nothing() {
    assert_eq!(told(""), "");
    assert!(valid("").lines.is_empty());
}

#[test]
fn a_byte_order_mark_and_crlf_change_nothing() {
    let file = "\u{feff}[sessions.rg]\r\nvm-1 = \"atlas\"\r\nvm-2 = \"zeus\"\r\n";
    let lines: Vec<usize> = valid(file).lines.iter().map(|line| line.line).collect();
    assert_eq!(lines, [2, 3]);
    assert_snapshot!(told("\u{feff}[sessions.rg]\r\nvm-1 = 'a b'\r\n"), @"
    error: invalid session name `a b`: it contains a space; use only letters, digits, `-`, `_` and `.`
      --> sessions.toml:2:8
       |
     2 | vm-1 = 'a b'
       |        ^^^^^ invalid
    help: use a name like `a-b`
    ");
}

#[test]
fn a_session_assigned_twice_points_at_both_lines() {
    let file = "[sessions.rg-dev]\n\n\ndev-vm-1 = \"atlas\"\n\n\ndev-vm-4 = \"atlas\"\n";
    assert_snapshot!(told(file), @r#"
    error: session `atlas` is assigned twice
      --> sessions.toml:7:12
       |
     4 | dev-vm-1 = "atlas"
       |            ------- first here
     7 | dev-vm-4 = "atlas"
       |            ^^^^^^^ again here
    help: give dev-vm-4 another session, or delete one of the lines
    "#);
}

#[test]
fn one_run_tells_everything_that_is_wrong() {
    let file = r#"
ownr = "platform"

[azure]
subscription = "dev"
cloud = "publik"
endpoint = "http://evil.example.com"
scop = 1

[sessions.rg]
VM-01 = "a"
vm-01 = "b"
vm-2 = 7
vm-3 = { sesion = "x" }
vm-4 = "-oProxyCommand=x"
"vm 5" = "c"
vm-6 = "2130706433"

[ssh]
user = "-l"
jump = "host; rm"
command = "x\\u001b[2J"
"#;
    assert_snapshot!(told(file), @r#"
    error: unknown key `ownr` in the file
      --> sessions.toml:2:1
       |
     2 | ownr = "platform"
       | ^^^^ unknown key
    help: did you mean `owner`?
    error: invalid subscription id `dev`: expected a GUID, as in `az account show --query id`
      --> sessions.toml:5:16
       |
     5 | subscription = "dev"
       |                ^^^^^ invalid
    help: write the id that az account show --query id prints
    error: invalid `cloud`: `publik`
      --> sessions.toml:6:9
       |
     6 | cloud = "publik"
       |         ^^^^^^^^ unknown value
    help: did you mean `public`?
    error: `endpoint` requires a loopback address like "http://127.0.0.1:8999", not `http://evil.example.com`: a file must not decide where your token goes
      --> sessions.toml:7:12
       |
     7 | endpoint = "http://evil.example.com"
       |            ^^^^^^^^^^^^^^^^^^^^^^^^^ invalid
    help: delete this line; it can only name an emulator on this machine
    error: unknown key `scop` in [azure]
      --> sessions.toml:8:1
       |
     8 | scop = 1
       | ^^^^ unknown key
    help: did you mean `scope`?
    error: VM `rg/vm-01` appears twice
       --> sessions.toml:12:1
        |
     11 | VM-01 = "a"
        | ----- first here
     12 | vm-01 = "b"
        | ^^^^^ again here
    help: keep one of the lines: Azure ignores case in VM names
    error: `vm-2` takes a session name, not an integer
       --> sessions.toml:13:8
        |
     13 | vm-2 = 7
        |        ^ this is an integer
    help: write a session name in quotes: "session-7"
    error: unknown key `sesion` in a session
       --> sessions.toml:14:10
        |
     14 | vm-3 = { sesion = "x" }
        |          ^^^^^^ unknown key
    help: did you mean `session`?
    error: invalid session name `-oProxyCommand=x`: it contains `=`; use only letters, digits, `-`, `_` and `.`
       --> sessions.toml:15:8
        |
     15 | vm-4 = "-oProxyCommand=x"
        |        ^^^^^^^^^^^^^^^^^^ invalid
    help: use a name like `oProxyCommand-x`
    error: a VM name cannot contain a space
       --> sessions.toml:16:1
        |
     16 | "vm 5" = "c"
        | ^^^^^^ invalid name
    help: write the name that it has in Azure; az vm list shows it
    error: invalid session name `2130706433`: it looks like an IP address or a number
       --> sessions.toml:17:8
        |
     17 | vm-6 = "2130706433"
        |        ^^^^^^^^^^^^ invalid
    help: use a name like `session-2130706433`
    error: a user name cannot start with `-`
       --> sessions.toml:20:8
        |
     20 | user = "-l"
        |        ^^^^ invalid
    help: write `l`
    error: a jump host cannot contain `;`
       --> sessions.toml:21:8
        |
     21 | jump = "host; rm"
        |        ^^^^^^^^^^ invalid
    help: use a host like `bastion.example.com`
    "#);
}

#[test]
fn names_that_ssh_would_take_for_an_address_are_refused() {
    for name in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "10.1",
        "1.5",
        "42",
        "1e5",
    ] {
        let told = told(&format!("[sessions.rg]\nvm = '{name}'"));
        assert!(
            told.starts_with(&format!(
                "error: invalid session name `{name}`: it looks like an IP address or a number"
            )),
            "{name}: {told}"
        );
    }
    for name in ["v1.5", "1.2.3.4.5", "2024.10.1", "a1", "7seas", "run-1"] {
        assert_eq!(told(&format!("[sessions.rg]\nvm = '{name}'")), "", "{name}");
    }
}

#[test]
fn the_longest_session_name_has_256_characters() {
    let file = |length: usize| format!("[sessions.rg]\nvm = '{}'", "a".repeat(length));
    assert!(told(&file(256)).starts_with("warning: "));
    let told = told(&file(257));
    assert!(told.starts_with("error: invalid session name `aaa"));
    assert!(told.contains("…`: it has 257 characters; Azure allows at most 256 in a tag\n"));
}

#[test]
fn names_that_people_would_mix_up_are_warnings() {
    let file =
        "[sessions.rg]\na = 'Alpha'\nb = 'alpha'\nc = 'a-name-of-more-than-thirty-characters'";
    assert_snapshot!(told(file), @"
    warning: session `Alpha` has upper-case letters
      --> sessions.toml:2:5
       |
     2 | a = 'Alpha'
       |     ^^^^^^^
    help: prefer lower case, because `azlin connect` requires the exact spelling
    warning: session `alpha` differs from `Alpha` only in case
      --> sessions.toml:3:5
       |
     2 | a = 'Alpha'
       |     ------- the other
     3 | b = 'alpha'
       |     ^^^^^^^ this one
    help: choose a name that people cannot confuse with it
    warning: session `a-name-of-more-than-thirty-characters` has 37 characters
      --> sessions.toml:4:5
       |
     4 | c = 'a-name-of-more-than-thirty-characters'
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    help: prefer at most 30 characters, which are easier to type and fit the tables
    ");
}

#[test]
fn a_session_may_not_be_the_name_of_another_vm_but_of_its_own() {
    assert_eq!(told("[sessions.rg]\nweb-1 = 'web-1'"), "");
    assert_snapshot!(told("[sessions.rg]\nweb-1 = 'db-1'\nDB-1 = 'x'"), @"
    error: session `db-1` is the name of another VM, rg/DB-1
      --> sessions.toml:2:9
       |
     2 | web-1 = 'db-1'
       |         ^^^^^^ this session
     3 | DB-1 = 'x'
       | ---- that VM
    help: use a name like `db-1-session`: `azlin connect` looks for VM names first
    ");
}

#[test]
fn a_session_expires_on_a_day_in_a_file_that_has_an_owner() {
    let file = "owner = 'us'\n[sessions.rg]\na = { session = 'x', expires = 2026-12-31 }\n";
    assert_eq!(
        valid(file).lines[0].expires.unwrap().to_string(),
        "2026-12-31"
    );
    assert_snapshot!(told("[sessions.rg]\na = { session = 'x', expires = 2026-12-31 }\n"), @r#"
    error: `expires` requires an `owner`: without one, azlin never clears a session
      --> sessions.toml:2:1
       |
     2 | a = { session = 'x', expires = 2026-12-31 }
       | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    help: add `owner = "my-team"` above the first table, with a name for this file alone
    "#);
    assert_snapshot!(told("owner = '-'\n[sessions.rg]\na = { session = 'x', expires = '2026' }\nb = { session = 'y', expires = 2026-12-31T00:00:00Z }"), @"
    error: an owner must start with a letter or a digit
      --> sessions.toml:1:9
       |
     1 | owner = '-'
       |         ^^^ invalid
    help: use a name like `my-team`
    error: `expires` takes a date, the last day of the session
      --> sessions.toml:3:32
       |
     3 | a = { session = 'x', expires = '2026' }
       |                                ^^^^^^ not a date
    help: write the date as YEAR-MONTH-DAY, without quotes: 2030-06-30
    error: `expires` takes a date, the last day of the session
      --> sessions.toml:4:32
       |
     4 | b = { session = 'y', expires = 2026-12-31T00:00:00Z }
       |                                ^^^^^^^^^^^^^^^^^^^^ not a date
    help: write only the date, without quotes: 2026-12-31
    ");
}

#[test]
fn a_group_whose_name_has_a_dot_needs_quotes_and_the_help_says_so() {
    assert_snapshot!(told("[sessions.rg.dev]\nvm-1 = 'x'"), @r#"
    error: resource group `rg.dev` has dots in its name, but no quotes
      --> sessions.toml:1:11
       |
     1 | [sessions.rg.dev]
       |           ^^^^^^
    help: put the whole name in quotes: [sessions."rg.dev"]
    "#);
}

#[test]
fn a_name_with_dots_gets_the_whole_name_in_quotes() {
    assert_snapshot!(told("[sessions.rg]\nvm.web.01 = 'x'\nvm.web.02 = 'y'\na.b = { session = 'z' }\n"), @r#"
    error: VM `vm.web.01` has dots in its name, but no quotes
      --> sessions.toml:2:1
       |
     2 | vm.web.01 = 'x'
       | ^^^^^^^^^
    help: put the whole name in quotes, under [sessions.rg]: "vm.web.01" = …
    error: VM `vm.web.02` has dots in its name, but no quotes
      --> sessions.toml:3:1
       |
     3 | vm.web.02 = 'y'
       | ^^^^^^^^^
    help: put the whole name in quotes, under [sessions.rg]: "vm.web.02" = …
    error: VM `a.b` has dots in its name, but no quotes
      --> sessions.toml:4:1
       |
     4 | a.b = { session = 'z' }
       | ^^^
    help: put the whole name in quotes, under [sessions.rg]: "a.b" = …
    "#);
    assert_snapshot!(told("[sessions.rg.hub.prod]\na = 'x'\n[sessions.rg.hub.dev]\nb = 'y'\n[sessions.rg.vm.web]\nsession = 'z'\n"), @r#"
    error: resource group `rg.hub.prod` has dots in its name, but no quotes
      --> sessions.toml:1:11
       |
     1 | [sessions.rg.hub.prod]
       |           ^^^^^^^^^^^
    help: put the whole name in quotes: [sessions."rg.hub.prod"]
    error: resource group `rg.hub.dev` has dots in its name, but no quotes
      --> sessions.toml:3:1
       |
     3 | [sessions.rg.hub.dev]
       | ^^^^^^^^^^^^^^^^^^^^
    help: put the whole name in quotes: [sessions."rg.hub.dev"]
    error: VM `vm.web` has dots in its name, but no quotes
      --> sessions.toml:5:14
       |
     5 | [sessions.rg.vm.web]
       |              ^^^^^^
    help: put the whole name in quotes, under [sessions.rg]: "vm.web" = …
    "#);
    assert_snapshot!(told("[sessions]\nrg.a.b = 'x'\n'rg.hub'.c.d = 'y'\n"), @r#"
    error: VM `a.b` has dots in its name, but no quotes
      --> sessions.toml:2:4
       |
     2 | rg.a.b = 'x'
       |    ^^^
    help: put the whole name in quotes, under [sessions.rg]: "a.b" = …
    error: VM `c.d` has dots in its name, but no quotes
      --> sessions.toml:3:10
       |
     3 | 'rg.hub'.c.d = 'y'
       |          ^^^
    help: put the whole name in quotes, under [sessions."rg.hub"]: "c.d" = …
    "#);
    let mine = "[sessions.rg]\na = { expire = 2026-01-01 }\nb = {}\n[sessions.rg.c]\nexpires = 2026-01-01\n";
    assert_eq!(
        told(mine).matches("error: missing `session` for").count(),
        3
    );
    let deep = format!("[sessions.rg]\n{}a = 'x'\n", "a.".repeat(500));
    assert!(told(&deep).starts_with("error: "));
}

#[test]
fn a_table_that_appears_twice_shows_both_places_and_its_help_moves_no_vm() {
    assert_snapshot!(told("[sessions.rg]\na = 'x'\n[sessions.other]\nrg = 'y'\n[sessions.rg]\nc = 'z'\n"), @"
    error: table `[sessions.rg]` appears twice
      --> sessions.toml:5:1
       |
     1 | [sessions.rg]
       | ------------- first here
     5 | [sessions.rg]
       | ^^^^^^^^^^^^^ again here
    help: move the lines below this header to the first one, then delete this header
    ");
    assert_snapshot!(told("[sessions.rg]\na = 'x'\n[azure]\ncloud = 'sandbox'\n[sessions.'rg']\nc = 'z'\n[azure]\n"), @"
    error: table `[sessions.'rg']` appears twice
      --> sessions.toml:5:1
       |
     1 | [sessions.rg]
       | ------------- first here
     5 | [sessions.'rg']
       | ^^^^^^^^^^^^^^^ again here
    help: move the lines below this header to the first one, then delete this header
    error: table `[azure]` appears twice
      --> sessions.toml:7:1
       |
     3 | [azure]
       | ------- first here
     7 | [azure]
       | ^^^^^^^ again here
    help: move the lines below this header to the first one, then delete this header
    ");
    assert_snapshot!(told("[sessions.rg]\na = 'x'\n[sessions.rg.a]\nsession = 'y'\n[sessions]\nrg.b = 'z'\n"), @"
    error: `a` appears twice
      --> sessions.toml:3:1
       |
     2 | a = 'x'
       | - first here
     3 | [sessions.rg.a]
       | ^^^^^^^^^^^^^^^ again here
    help: keep one of them; delete a header only together with the lines below it
    error: `rg` appears twice
      --> sessions.toml:6:1
       |
     1 | [sessions.rg]
       | ------------- first here
     6 | rg.b = 'z'
       | ^^ again here
    help: move this line to the table of that name, without the name before the dot
    ");
}

#[test]
fn a_key_that_appears_twice_is_not_mixed_up_with_one_of_another_table() {
    let told =
        told("[sessions.a]\nvm = 'x'\n[sessions.b]\nvm = 'y'\n[sessions.c]\nvm = 'z'\nvm = 'w'\n");
    assert!(
        told.contains(" 6 | vm = 'z'\n   | -- first here\n 7 | vm = 'w'"),
        "{told}"
    );
}

#[test]
fn a_line_that_expires_keeps_its_session_until_it_is_deleted() {
    let file =
        "owner = 'us'\n[sessions.rg]\na = { session = 'x', expires = 2020-01-01 }\nb = 'x'\n";
    assert_snapshot!(told(file), @"
    error: session `x` is assigned twice
      --> sessions.toml:4:5
       |
     3 | a = { session = 'x', expires = 2020-01-01 }
       |                 --- first here, expires after 2020-01-01
     4 | b = 'x'
       |     ^^^ again here
    help: give b another session, or delete one of the lines; an expired line counts until you delete it
    ");
}

#[test]
fn a_vm_without_a_group_is_told_where_to_go() {
    assert_snapshot!(told("[sessions]\nvm-1 = 'x'"), @"
    error: `vm-1` takes a table, not a string
      --> sessions.toml:2:8
       |
     2 | vm-1 = 'x'
       |        ^^^ this is a string
    help: put it under the header of its resource group: [sessions.GROUP], then vm-1 = 'x'
    ");
}

#[test]
fn the_same_vm_twice_is_an_error_in_any_casing_and_any_table() {
    assert_snapshot!(told("[sessions.RG]\nvm = 'a'\n[sessions.rg]\nVM = 'b'\n[sessions.x]\nv = 'c'\nv = 'd'"), @"
    error: VM `rg/VM` appears twice
      --> sessions.toml:4:1
       |
     2 | vm = 'a'
       | -- first here
     4 | VM = 'b'
       | ^^ again here
    help: keep one of the lines: Azure ignores case in VM names
    error: `v` appears twice in this table
      --> sessions.toml:7:1
       |
     6 | v = 'c'
       | - first here
     7 | v = 'd'
       | ^ again here
    help: keep one of the lines
    ");
}

#[test]
fn an_endpoint_is_loopback_only() {
    for endpoint in [
        "http://127.0.0.1:8999",
        "http://127.7.7.7:1/",
        "http://[::1]:8999",
    ] {
        assert_eq!(told(&format!("[azure]\nendpoint = '{endpoint}'")), "");
    }
    for endpoint in [
        "https://127.0.0.1:8999",
        "http://localhost:8999",
        "http://127.0.0.1",
        "http://10.0.0.1:80",
        "http://127.0.0.1:80@evil.example.com:80",
        "http://127.0.0.1:80/path",
        "http://0.0.0.0:80",
    ] {
        let told = told(&format!("[azure]\nendpoint = '{endpoint}'"));
        assert!(
            told.starts_with("error: `endpoint` requires a loopback address"),
            "{endpoint}: {told}"
        );
    }
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    assert_snapshot!(told("[sessions.rg]\nvm-1 = atlas\nvm-2 = 'ok'\nvm-3 = \"open\n[ssh\n"), @r#"
    error: value without quotes
      --> sessions.toml:2:8
       |
     2 | vm-1 = atlas
       |        ^^^^^ here
    help: write it in quotes: "atlas"
    error: string without its closing quote
      --> sessions.toml:4:8
       |
     4 | vm-3 = "open
       |        ^^^^^ here
    help: write it in quotes: "open"
    error: invalid header
      --> sessions.toml:5:1
       |
     5 | [ssh
       | ^^^^ here
    help: write `[ssh]`
    "#);
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    assert_snapshot!(told_of(b"[sessions.rg]\nvm = '\xff'\n"), @"
    error: the file is not UTF-8; it looks like Latin-1
      --> sessions.toml:2:7
       |
     2 | vm = 'ÿ'
       |       ^ here
    help: save the file as UTF-8, which TOML requires
    ");
}

#[test]
fn another_encoding_is_told_by_its_name_with_the_line() {
    assert_snapshot!(told_of(b"[sessions.rg]\nvm = 'x' # gr\xfc\xdfe\n"), @"
    error: the file is not UTF-8; it looks like Latin-1
      --> sessions.toml:2:14
       |
     2 | vm = 'x' # grüße
       |              ^ here
    help: save the file as UTF-8, which TOML requires
    ");
    assert_snapshot!(told_of(b"# \x93smart\x94\n[sessions.rg]\nvm = 'x'\n"), @"
    error: the file is not UTF-8; it looks like Windows-1252
      --> sessions.toml:1:3
       |
     1 | # “smart”
       |   ^ here
    help: save the file as UTF-8, which TOML requires
    ");
    let text = "[sessions.rg]\r\nvm = 'x'\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let expected = "error: the file is not UTF-8; it looks like UTF-16\n  --> sessions.toml:1:1\n   |\n \
                    1 | [sessions.rg]\n   | ^ here\nhelp: save the file as UTF-8, which TOML requires\n";
    for (mark, bytes) in [
        (&b"\xff\xfe"[..], &little),
        (b"\xfe\xff", &big),
        (b"", &little),
        (b"", &big),
    ] {
        assert_eq!(told_of(&[mark, bytes].concat()), expected, "{mark:?}");
    }
    assert!(told_of(b"[ssh]\n\x00\xff\n").starts_with("error: the file is not valid UTF-8\n"));
}

#[test]
fn a_quoted_line_cannot_change_the_terminal() {
    let told = told("[sessions.rg]\nvm = 'a\u{202e}b\tc' # \u{200b}\n\"v\\u001bm\" = 'x'\n");
    assert!(
        !told
            .chars()
            .any(|c| c != '\n' && azlin::text::is_unprintable(c)),
        "{told}"
    );
    assert_snapshot!(told, @r#"
    error: invalid session name `a\u{202e}b\tc`: it contains `\u{202e}`; use only letters, digits, `-`, `_` and `.`
      --> sessions.toml:2:6
       |
     2 | vm = 'a\u{202e}b    c' # \u{200b}
       |      ^^^^^^^^^^^^^^^^^ invalid
    help: use a name like `a-b-c`
    error: a VM name cannot contain `\u{1b}`
      --> sessions.toml:3:1
       |
     3 | "v\u001bm" = 'x'
       | ^^^^^^^^^^ invalid name
    help: write the name that it has in Azure; az vm list shows it
    "#);
}

#[test]
fn a_long_line_is_quoted_around_what_is_wrong() {
    let spaces = " ".repeat(300);
    let file = format!("[sessions.rg]\nvm ={spaces}'a b'{spaces}# end\n");
    assert_snapshot!(told(&file), @"
    error: invalid session name `a b`: it contains a space; use only letters, digits, `-`, `_` and `.`
      --> sessions.toml:2:305
       |
     2 | …                                                  'a b'                                                                                   …
       |                                                    ^^^^^ invalid
    help: use a name like `a-b`
    ");
}

/// Files of a megabyte that are slow to read or deeply nested. The benchmark measures their time.
#[test]
fn hostile_files_have_an_answer() {
    let many = 1 << 20;
    let files = [
        "[".repeat(many),
        "a = ".to_owned() + &"[".repeat(many - 4),
        "a = ".to_owned() + &"{a=".repeat(many / 3),
        "a.".repeat(many / 2) + "a = 1",
        "x = 1\n".repeat(many / 6),
        "= \n".repeat(many / 3),
        "\0".repeat(many),
        format!("[sessions.rg]\nvm = '{}'", "x".repeat(many)),
        format!("[sessions.rg]\n{} = 'x'", "v".repeat(many)),
        format!("{} = 'x'", "v".repeat(many)),
        format!("[sessions.rg]\nvm = '{}'", "\u{202e}".repeat(many / 3)),
        "\"".repeat(many),
        format!("owner = {}", "1".repeat(many)),
        format!("owner = [{}]", "'\u{202e}',".repeat(many / 8)),
        format!("[sessions.rg]\nvm = {}", "\u{202e}“".repeat(many / 6)),
        format!("[sessions.{}\n", "x y.".repeat(many / 4)),
        format!("[[sessions.{}]]\na = 1\n", "x".repeat(many)),
        format!("{}: x", "v".repeat(many)),
        format!("{} 'x'", "v".repeat(many)),
        format!("a = {{ {}", "b = 'c' ".repeat(many / 8)),
        "[a\nb = 1\n".repeat(many / 9),
        "a = {\nb: 1\n".repeat(many / 12),
        format!("[ssh]\ncommand = \"\\t{}\"", "\u{202e}".repeat(many / 3)),
        (0..many / 20).fold("[sessions.rg]\n".to_owned(), |file, n| {
            file + &format!("v{n}='same'\n")
        }),
        (0..many / 12).fold("u = {".to_owned(), |file, n| file + &format!("k{n}=1,")) + "}",
    ];
    for file in files {
        let start: String = file.chars().take(20).collect();
        let (parsed, diagnostics, source) = file::read("sessions.toml", file.as_bytes());
        for found in diagnostics.iter().take(200) {
            assert!(
                diagnostic(&[&source], found, Paint::default()).len() < 5_000,
                "{start}"
            );
        }
        assert!(parsed.is_none() && !diagnostics.is_empty(), "{start}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        told_of(&bytes);
    }

    #[test]
    fn no_text_of_the_files_own_words_makes_it_panic(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "[sessions.rg]", "[sessions]", "[azure]", "[ssh]", "[", "]", "{", "}", "=", "\n", "'a'", "\"b\"", "vm", "VM",
                "session", "cloud", "tag", ".", ",", "1", "'", "\"", "\"\"\"", "\r\n", "\t", "#", "é", "\u{202e}", "\u{0}",
            ]),
            0..60,
        )
    ) {
        told(&words.concat());
        told(&words.join(" "));
    }
}

#[test]
fn a_second_byte_order_mark_is_an_error() {
    assert_snapshot!(told("\u{feff}\u{feff}[sessions.rg]\na = 'x'\n"), @r"
    error: the file starts with two byte order marks
      --> sessions.toml:1:1
       |
     1 | \u{feff}[sessions.rg]
       | ^^^^^^^^ here
    help: save the file as UTF-8 without a byte order mark
    ");
}
