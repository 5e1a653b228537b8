//! `azlin ssh-config` and the names that `ssh` knows already: a tag takes over none of them.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use azlin::ssh::Known;
use proptest::prelude::*;
use support::{Project, skip, vms};

/// A project whose VM `rg/a` holds `session`, with these files in the home folder. `declared` is the session in the file.
fn project(session: &str, declared: &str, files: &[(&str, &str)]) -> Project {
    let project = Project::new(&format!(
        "[azure]\ncloud = \"sandbox\"\n[sessions.rg]\na = \"{declared}\"\n"
    ));
    project.set_fleet(vms(&[("rg/a", Some(session)), ("rg/b", Some("other"))]));
    for (path, text) in files {
        let path = project.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    project
}

/// The warning about `session`, or what is wrong instead.
fn warning(project: &Project, session: &str) -> String {
    let ran = project.run(&["ssh-config"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(ran.stdout.contains("Host other\n"), "{ran}");
    let start = format!("warning: skipped `{session}`: ");
    let warning = ran
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix(&start));
    let is_out = !ran.stdout.contains(&format!("Host {session}\n"));
    assert_eq!(warning.is_some(), is_out, "{ran}");
    warning.unwrap_or("a host").to_owned()
}

const CONFIG: &str = ".ssh/config";
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBHkJ7MIFPDquvHMkdfVsmNG1olhe3anbKm38QB8J/PB";

#[test]
fn a_name_that_ssh_knows_is_left_out_even_if_it_is_declared() {
    // Each line of the config, and the session whose name it knows.
    for (line, session) in [
        ("Host prod-db", "prod-db"),
        ("\t hOST=\"prod-db\"\r", "prod-db"),
        ("Host = prod-db", "prod-db"),
        ("\"Host\" prod-db", "prod-db"),
        ("Host 'prod-db' # the database", "prod-db"),
        ("Host web web.example.com prod-db", "prod-db"),
        ("Host web.example.com", "web.example.com"),
        ("Host Prod-DB", "prod-db"),
        ("Host prod-db", "PROD-DB"),
        ("Host * !prod-db", "prod-db"),
        ("Match host prod-db", "prod-db"),
        ("Match originalhost prod-db", "prod-db"),
        ("match OriginalHost=prod-db", "prod-db"),
        ("Match user ada host web,\"prod-db\",build-*", "prod-db"),
        ("Match host \"web,prod-db\" exec \"true\"", "prod-db"),
        ("Match !host web,prod-db", "prod-db"),
        ("Match final !originalhost prod-db user me", "prod-db"),
        ("Match canonical host prod-db", "prod-db"),
        ("Match exec \"test %h = prod-db\"", "prod-db"),
        (
            "Match exec \"case %n in prod-db) ;; *) false; esac\"",
            "prod-db",
        ),
        ("ProxyJump ada@prod-db:2222,second", "prod-db"),
        ("ProxyJump first,ssh://ada@prod-db:22", "prod-db"),
        ("ProxyCommand ssh -qW %h:%p ada@prod-db", "prod-db"),
        ("HostName prod-db", "prod-db"),
    ] {
        let config = format!("# mine\n{line}\n  Port 22\n");
        let project = project(session, session, &[(CONFIG, &config)]);
        assert_eq!(
            warning(&project, session),
            "ssh already knows this name (~/.ssh/config:2); choose another session name",
            "{line}"
        );
    }
}

#[test]
fn an_included_file_counts_however_it_is_named() {
    for (include, file) in [
        ("Include work.conf", ".ssh/work.conf"),
        ("include=\"work.conf\"", ".ssh/work.conf"),
        ("Include none work.conf", ".ssh/work.conf"),
        ("Include conf.d/*", ".ssh/conf.d/work"),
        ("Include conf.d/*/*.conf", ".ssh/conf.d/team/work.conf"),
        ("Include */hosts/w?rk", ".ssh/team/hosts/work"),
        ("Include conf.d/[a-w]ork", ".ssh/conf.d/work"),
        ("Include conf.d/[!]x]ork", ".ssh/conf.d/work"),
        ("Include \"my hosts/work\"", ".ssh/my hosts/work"),
        ("Include ~/dotfiles/work", "dotfiles/work"),
        ("Include ~/dot*/work", "dotfiles/work"),
        ("Include ${HOME}/dotfiles/work", "dotfiles/work"),
        ("Include %d/dotfiles/work", "dotfiles/work"),
        ("Include hosts-%L", ".ssh/hosts-laptop"),
        ("Include %d/.config/hosts", ".config/hosts"),
        ("Host web\n  Include work.conf", ".ssh/work.conf"),
        (
            "Match exec \"false\"\n  Include work.conf",
            ".ssh/work.conf",
        ),
    ] {
        let files = [(CONFIG, include), (file, "\n\nHost prod-db\n")];
        let project = project("prod-db", "prod-db", &files);
        assert_eq!(
            warning(&project, "prod-db"),
            format!("ssh already knows this name (~/{file}:3); choose another session name"),
            "{include}"
        );
    }
    // An absolute path, and a file that includes others and itself.
    let files = [
        (CONFIG, "Include one config"),
        (".ssh/one", "Include two"),
        (".ssh/two", "Include one three"),
    ];
    let project = project("prod-db", "prod-db", &files);
    let absolute = project.path().join("absolute");
    fs::write(&absolute, "Host prod-db\n").unwrap();
    let include = format!("Include {}\n", absolute.display());
    fs::write(project.path().join(".ssh/three"), include).unwrap();
    assert!(warning(&project, "prod-db").contains("(~/absolute:1)"));
}

#[test]
fn a_host_whose_key_is_known_is_left_out() {
    let known = ".ssh/known_hosts";
    let hashed_01 = "|1|oM96KReTfaTQUslG10H9pLVpFpo=|LcWKdZdN6F2cT4E3heg0n7ywzio=";
    let hashed_02_2222 = "|1|pQB7aDxvYNGWvQUoQIBm5Kjyn1g=|hG3odwI2s0ednOZkybo/Kh/29pA=";
    let hashed_03_2200 = "|1|lE8V9hfvd7u9MYnnOX/bIrcKxP8=|Xyg5nMe3ZskyAVi+GrN4YQlDNSw=";
    for (config, file, hosts, session) in [
        ("", known, "build-01", "build-01"),
        ("", known, "build-01,10.1.0.4", "build-01"),
        ("", known, "10.1.0.4,build-01", "Build-01"),
        ("", known, "[build-01]:2222", "build-01"),
        ("", known, "@cert-authority build-01", "build-01"),
        ("", known, "@revoked build-01", "build-01"),
        ("", known, "*,!build-01", "build-01"),
        ("", known, hashed_01, "hashed-01"),
        ("", known, hashed_01, "HASHED-01"),
        ("", known, hashed_02_2222, "hashed-02"),
        ("Host far\nPort 2200", known, hashed_03_2200, "hashed-03"),
        ("", ".ssh/known_hosts2", "build-01", "build-01"),
        (
            "UserKnownHostsFile ~/a ~/keys",
            "keys",
            "build-01",
            "build-01",
        ),
        (
            "UserKnownHostsFile ${HOME}/keys",
            "keys",
            "build-01",
            "build-01",
        ),
        (
            "Host x\nUserKnownHostsFile=\"%d/my keys\"",
            "my keys",
            "build-01",
            "build-01",
        ),
        (
            "UserKnownHostsFile ~/.ssh/keys/%k",
            ".ssh/keys/build-01",
            "build-01",
            "build-01",
        ),
        (
            "GlobalKnownHostsFile ~/keys",
            "keys",
            "build-01",
            "build-01",
        ),
        (
            "CanonicalDomains x.org corp.example",
            known,
            "build-01.corp.example",
            "build-01",
        ),
        (
            "Host *\nHostName %h.corp.example",
            known,
            "build-01.corp.example",
            "build-01",
        ),
    ] {
        let keys = format!("# keys\n{hosts} {KEY}\n");
        let project = project(session, session, &[(CONFIG, config), (file, &keys)]);
        assert_eq!(
            warning(&project, session),
            format!("ssh already knows this name (~/{file}:2); choose another session name"),
            "{hosts}"
        );
    }
}

#[test]
fn a_name_that_fits_a_pattern_is_left_out_unless_it_is_declared() {
    for (file, text) in [
        (CONFIG, "Host prod-*"),
        (CONFIG, "Host * !prod-*"),
        (CONFIG, "Match host web,prod-??"),
        (CONFIG, "Match originalhost Prod-* user ada"),
        (
            CONFIG,
            "Match exec \"case %n in prod-*) ;; *) false; esac\"",
        ),
        (".ssh/known_hosts", "@cert-authority prod-*,web-* ssh-rsa A"),
    ] {
        let hostile = project("prod-db", "mine", &[(file, text)]);
        let told = warning(&hostile, "prod-db");
        assert!(told.starts_with("ssh has settings for `prod-"), "{told}");
        assert!(
            told.ends_with(&format!(
                "(~/{file}:1); to include it anyway, declare it in sessions.toml"
            )),
            "{told}"
        );
        let declared = project("prod-db", "prod-db", &[(file, text)]);
        assert_eq!(warning(&declared, "prod-db"), "a host", "{text}");
    }
}

#[test]
fn what_names_no_host_or_another_leaves_a_session_in() {
    for (file, text) in [
        (CONFIG, "Host *"),
        (CONFIG, "Host ** ?*"),
        (CONFIG, "Match all"),
        (CONFIG, "Match user prod-db"),
        (CONFIG, "Match exec \"test -f /run/prod-db\""),
        (CONFIG, "Match host 10.0.*"),
        (CONFIG, "# Host prod-db"),
        (CONFIG, "Host web # prod-db"),
        (CONFIG, "User prod-db"),
        (CONFIG, "Host prod-db2 prod xprod-db"),
        (CONFIG, "Include /dev/null ~ . missing ~nobody-here/x"),
        (CONFIG, "Include hosts.d/*"),
        (".ssh/hosts.d/.hidden", "Host prod-db"),
        (".ssh/unrelated", "Host prod-db"),
        (
            ".ssh/known_hosts",
            "# prod-db\n\n|1|nonsense prod-db\nprod prod-db",
        ),
        (".ssh/known_hosts", "@cert-authority * ssh-rsa prod-db"),
        (CONFIG, "UserKnownHostsFile none /dev/null"),
    ] {
        let project = project("prod-db", "mine", &[(file, text)]);
        assert_eq!(warning(&project, "prod-db"), "a host", "{text}");
    }
}

#[test]
fn azlins_own_file_of_the_last_run_takes_no_name() {
    let project = project("prod-db", "mine", &[]);
    for _ in 0..2 {
        let ran = project.run(&["ssh-config", "--write"]);
        assert!(ran.stderr.contains("wrote 2 sessions"), "{ran}");
    }
    // Not even if the config names it by another path.
    let folder = project.path().join(".ssh");
    let include = format!("Include {}/../.ssh/azlin.d/*\n", folder.display());
    fs::write(folder.join("config"), include).unwrap();
    let ran = project.run(&["ssh-config", "--write"]);
    assert!(ran.stderr.contains("wrote 2 sessions"), "{ran}");
}

#[test]
fn the_line_at_the_top_leaves_the_rest_as_it_was() {
    let own =
        "User first\nHost web\n  User second\nMatch host prod-*\n  Port 7\nHost *\n  User third\n";
    let project = project("session-1", "session-1", &[(CONFIG, own)]);
    let settings = |name: &str| {
        let config = fs::read_to_string(project.path().join(CONFIG)).unwrap();
        // ssh takes ~/.ssh from the user database, not from HOME.
        let folder = project.path().join(".ssh/azlin.d");
        let config = config.replace("azlin.d", folder.to_str().unwrap());
        let copy = project.path().join("copy");
        fs::write(&copy, config).unwrap();
        effective(&copy, name)
    };
    let before: Vec<_> = ["web", "prod-1", "x"].map(settings).into();
    if before.contains(&None) {
        return skip("there is no ssh here");
    }
    assert_eq!(project.run(&["ssh-config", "--write"]).code(), 0);
    let after: Vec<_> = ["web", "prod-1", "x"].map(settings).into();
    assert_eq!(before, after);
    assert!(
        settings("session-1")
            .unwrap()
            .contains("hostname 203.0.0.4\n")
    );
}

/// The settings of `ssh` for `name`, with the name itself replaced; none if there is no `ssh` or it rejects the file.
fn effective(config: &Path, name: &str) -> Option<String> {
    let mut ssh = Command::new("ssh");
    ssh.arg("-GF").arg(config).args(["--", name]);
    let told = ssh.output().ok().filter(|ssh| ssh.status.success())?;
    let text = String::from_utf8(told.stdout).unwrap();
    let text = text.replace(name, "NAME");
    Some(text.replace(&name.to_lowercase(), "NAME"))
}

const NAMES: [&str; 5] = ["alpha", "bravo", "web-01", "web-02", "Charlie"];

/// A line of an ssh_config that concerns some of the names, in any spelling that `ssh` accepts.
fn blocks() -> impl Strategy<Value = String> {
    let word = prop::sample::select(
        &[
            "alpha",
            "bravo",
            "web-01",
            "web-*",
            "w*",
            "?ravo",
            "*",
            "!alpha",
            "!web-*",
            "charlie",
            "Charlie",
            "elsewhere",
        ][..],
    );
    let quoted = (word, prop::sample::select(&["", "", "\"", "'"][..]));
    let quoted = quoted.prop_map(|(word, quote)| format!("{quote}{word}{quote}"));
    let words = prop::collection::vec(quoted, 1..4);
    let list = prop::collection::vec(
        prop::sample::select(&["alpha", "bravo", "web-*", "!web-01", "zulu"][..]),
        1..4,
    );
    let keyword = prop::sample::select(&["Host ", "host\t", "HOST=", "host = ", "\"Host\" "][..]);
    let start = prop::sample::select(&["Match ", "match=", "MATCH final ", "Match user * "][..]);
    let criterion = prop::sample::select(
        &[
            "host ",
            "originalhost ",
            "!host ",
            "OriginalHost=",
            "exec true host ",
        ][..],
    );
    prop_oneof![
        (keyword, words).prop_map(|(keyword, words)| keyword.to_owned() + &words.join(" ")),
        (start, criterion, list)
            .prop_map(|(start, criterion, list)| format!("{start}{criterion}{}", list.join(","))),
    ]
}

fn config_of(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn every_name_that_ssh_treats_differently_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(&config, "").unwrap();
    if effective(&config, "alpha").is_none() {
        return skip("there is no ssh here");
    }
    let cases = prop::collection::vec(blocks(), 1..4);
    proptest!(config_of(64), |(blocks in cases)| {
        let mut text = String::new();
        for (at, block) in blocks.iter().enumerate() {
            text += &format!("{block}\n  SendEnv LINE_{at}\n");
        }
        fs::write(&config, &text).unwrap();
        let mut known = Known::default();
        known.add_config("config", &text);
        if let Some(others) = effective(&config, "unlikely-name-1") {
            for name in NAMES {
                let is_known = known.place_of(name).is_some() || known.pattern_for(name).is_some();
                let differs = effective(&config, name).is_some_and(|own| own != others);
                prop_assert!(is_known || !differs, "{} in\n{}", name, text);
            }
        }
    });
}
