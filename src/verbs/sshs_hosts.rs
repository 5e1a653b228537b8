//! Reads the names that `ssh` already knows: from ssh_config files and all that they include, known_hosts, and `/etc/hosts`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::sshs_home;
use crate::ssh::{Known, Leads};
use crate::text::{fits, shown};

/// The files outside the user's home folder.
pub(super) struct System {
    /// The folders that may hold the system's ssh_config. They differ between systems and builds of `ssh`.
    folders: Vec<PathBuf>,
    /// The names and addresses of hosts.
    hosts: PathBuf,
}

impl System {
    #[cfg(not(windows))]
    pub(super) fn here() -> Self {
        const FOLDERS: [&str; 4] = [
            "/etc/ssh",
            "/usr/etc/ssh",
            "/usr/local/etc/ssh",
            "/opt/homebrew/etc/ssh",
        ];
        Self {
            folders: FOLDERS.map(PathBuf::from).into(),
            hosts: "/etc/hosts".into(),
        }
    }

    #[cfg(windows)]
    pub(super) fn here() -> Self {
        let folder = |name| PathBuf::from(std::env::var_os(name).unwrap_or_default());
        Self {
            folders: vec![folder("ProgramData").join("ssh")],
            hosts: folder("SystemRoot").join("System32/drivers/etc/hosts"),
        }
    }
}

/// Adds all that `ssh` knows to `known`, except from azlin's own files `ours`. It reads the user's files in `home`, and asks neither
/// `ssh` nor the network.
pub(super) fn add_to(known: &mut Known, home: Option<&Path>, system: &System, ours: &[PathBuf]) {
    let ours = ours.iter().map(|file| canonical(file)).collect();
    let mut reader = Reader {
        known,
        home,
        seen: ours,
    };
    if let Some(home) = home {
        let folder = home.join(".ssh");
        reader.read_config(&folder.join("config"), &folder);
        for file in reader.matching("azlin.d/*.conf", &folder) {
            reader.read_config(&file, &folder);
        }
        for file in ["known_hosts", "known_hosts2"] {
            reader.read_host_keys(file, &folder);
        }
    }
    for folder in &system.folders {
        reader.read_config(&folder.join("ssh_config"), folder);
        for file in ["ssh_known_hosts", "ssh_known_hosts2"] {
            reader.read_host_keys(file, folder);
        }
    }
    if let Some(text) = reader.text_of(&system.hosts) {
        reader.known.add_addresses(&shown(&system.hosts), &text);
    }
}

struct Reader<'a> {
    known: &'a mut Known,
    home: Option<&'a Path>,
    /// The files that were read, or that do not count.
    seen: BTreeSet<PathBuf>,
}

impl Reader<'_> {
    /// Reads an ssh_config and all that it includes. Relative paths in it start from `folder`.
    fn read_config(&mut self, file: &Path, folder: &Path) {
        let mut files = vec![file.to_owned()];
        while let Some(file) = files.pop() {
            let Some(text) = self.text_of(&file) else {
                continue;
            };
            for leads in self.known.add_config(&self.place(&file), &text) {
                match leads {
                    Leads::Config(path) => files.extend(self.matching(&path, folder)),
                    Leads::HostKeys(path) => self.read_host_keys(&path, folder),
                }
            }
        }
    }

    fn read_host_keys(&mut self, path: &str, folder: &Path) {
        for file in self.matching(path, folder) {
            if let Some(text) = self.text_of(&file) {
                self.known.add_host_keys(&self.place(&file), &text);
            }
        }
    }

    /// The path of `file` as a person writes it.
    fn place(&self, file: &Path) -> String {
        let in_home = self.home.and_then(|home| file.strip_prefix(home).ok());
        let path = in_home.map_or_else(|| file.to_owned(), |path| Path::new("~").join(path));
        shown(&path)
    }

    /// The content of `file`, once. `ssh` itself reports a file that cannot be read.
    fn text_of(&mut self, file: &Path) -> Option<String> {
        let is_file = fs::metadata(file).is_ok_and(|there| there.is_file());
        if !is_file || !self.seen.insert(canonical(file)) {
            return None;
        }
        let text = fs::read(file).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    /// The files that match `path`, as it is written in an ssh_config.
    fn matching(&self, path: &str, folder: &Path) -> Vec<PathBuf> {
        let path = self.expanded(path);
        let mut parts = path.components();
        let mut found = vec![folder.to_owned()];
        if let Some(rest) = path.to_str().and_then(|path| path.strip_prefix('~')) {
            let (user, _) = rest.split_once('/').unwrap_or((rest, ""));
            let home = match user {
                "" => self.home.map(Path::to_owned),
                user => sshs_home::of(user),
            };
            found = home.into_iter().collect();
            parts.next();
        }
        for part in parts {
            found = match part {
                Component::Normal(name) => {
                    let name = name.to_string_lossy();
                    found.iter().flat_map(|at| within(at, &name)).collect()
                }
                part => found.iter().map(|at| at.join(part)).collect(),
            };
        }
        found
    }

    /// `path` with the values of its variables and tokens, and a `*` for each that depends on the connection.
    fn expanded(&self, path: &str) -> PathBuf {
        let mut expanded = String::new();
        let mut rest = path;
        while let Some(at) = rest.find(['%', '$']) {
            let (before, mark) = rest.split_at(at);
            expanded += before;
            let home = || self.home?.to_str();
            if let Some((name, after)) = mark
                .strip_prefix("${")
                .and_then(|mark| mark.split_once('}'))
            {
                expanded += &std::env::var(name).unwrap_or_else(|_| "*".to_owned());
                rest = after;
                continue;
            }
            let mut chars = mark.chars();
            match (chars.next(), chars.next()) {
                (Some('%'), Some('%')) => expanded.push('%'),
                (Some('%'), Some('d')) => expanded += home().unwrap_or("*"),
                (Some('%'), Some(_)) => expanded.push('*'),
                (_, next) => {
                    expanded.push('$');
                    expanded.extend(next);
                }
            }
            rest = chars.as_str();
        }
        (expanded + rest).into()
    }
}

/// The entries of `folder` that match `name`, with the wildcards of a shell. A `[…]` stands for any character: azlin rather reads a
/// file too many.
fn within(folder: &Path, name: &str) -> Vec<PathBuf> {
    let exact = folder.join(name);
    if !name.contains(['*', '?', '[']) {
        return vec![exact];
    }
    let mut found = Vec::new();
    let mut pattern = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        pattern = pattern + before + "?";
        let set = after.strip_prefix(['!', '^']).unwrap_or(after);
        // A `]` at its start belongs to the set.
        let set = set.strip_prefix(']').unwrap_or(set);
        rest = set.split_once(']').map_or("*", |(_, rest)| rest);
    }
    pattern += rest;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if fits(&pattern, &name) && (!name.starts_with('.') || pattern.starts_with('.')) {
            found.push(entry.path());
        }
    }
    if exact.exists() {
        found.push(exact);
    }
    found.sort();
    found
}

/// `path` in the form in which two paths of one file are equal.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_files_are_read_from_their_own_folder() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("ssh/ssh_config", "Include conf.d/*.conf\nHost *\n");
        write("ssh/conf.d/work.conf", "Match originalhost build-01\n");
        write("ssh/ssh_known_hosts", "build-02 ssh-rsa A\n");
        write("usr/ssh_config", "GlobalKnownHostsFile keys ~/keys\n");
        write("usr/keys", "build-03 ssh-rsa A\n");
        write(
            "hosts",
            "# x y\n127.0.0.1 localhost build-04 build-05 # me\n",
        );
        let system = System {
            folders: ["ssh", "usr", "missing"].map(|name| root.join(name)).into(),
            hosts: root.join("hosts"),
        };
        let mut known = Known::default();
        // No home folder: `~` leads nowhere.
        add_to(&mut known, None, &system, &[]);
        let place = |name| known.place_of(name).map(str::to_owned);
        let path = |path: &str| Some(shown(&root.join(path)));
        assert_eq!(place("build-01"), path("ssh/conf.d/work.conf:1"));
        assert_eq!(place("build-02"), path("ssh/ssh_known_hosts:1"));
        assert_eq!(place("build-03"), path("usr/keys:1"));
        assert_eq!(place("build-04"), path("hosts:2"));
        assert_eq!(place("build-05"), path("hosts:2"));
        for unknown in ["x", "y", "me", "127.0.0.1"] {
            assert_eq!(place(unknown), None);
        }
    }
}
