//! Finds and reads `sessions.toml`, one or several. Only this file of the room touches the disk.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::is_sessions_file;
use crate::text::{and, shown};
use crate::trouble::Trouble;

/// The name of the file that azlin looks for.
pub const NAME: &str = "sessions.toml";

/// The size limit for a file, in bytes: about a hundred times what the largest subscription needs.
const MAX_BYTES: u64 = 16 << 20;

/// The files of a command.
#[derive(Debug, Default)]
pub struct Located {
    /// The paths of the files.
    pub files: Vec<PathBuf>,
    /// The `.toml` files in folders that are not for azlin.
    pub skipped: Vec<PathBuf>,
    /// The pipes, devices and sockets in folders that are called `.toml`.
    pub special: Vec<PathBuf>,
    /// How azlin came by the files.
    pub how: How,
}

/// How azlin came by a file, which decides whose it may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum How {
    /// The user named it or keeps it in their own folder. It may be anyone's, and a pipe.
    #[default]
    Named,
    /// azlin looked for it from the working directory upwards. Anyone may have put it into a shared folder, so it has to be the
    /// user's or root's.
    Found,
}

/// A file, found and read.
#[derive(Debug)]
pub struct Found {
    /// Its path.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The folder that holds `file`.
pub fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns the files that `named` (`--file` or `AZLIN_FILE`) names, each once. A folder stands for its `.toml` files with keys of a
/// [`NAME`], sorted by name. If nothing is named, returns the first [`NAME`] from the working directory upwards, or else the user's own in `config`
/// (`$XDG_CONFIG_HOME/azlin`), if either exists.
///
/// # Errors
/// A folder cannot be read, or has no such file. The file that it finds upwards, or its folder, belongs to another user.
pub fn locate(named: &[PathBuf], config: Option<&Path>) -> Result<Located, Trouble> {
    if named.is_empty() {
        if let Some(path) = upwards() {
            trust(&path)?;
            return Ok(Located {
                files: vec![path],
                how: How::Found,
                ..Located::default()
            });
        }
        let users = config.map(|config| config.join(NAME));
        return Ok(Located {
            files: users.into_iter().filter(|path| path.is_file()).collect(),
            ..Located::default()
        });
    }
    let mut located = Located::default();
    let mut seen = BTreeSet::new();
    for path in named {
        let of_it = if path.is_dir() {
            let inside = in_folder(path)?;
            located.skipped.extend(inside.skipped);
            located.special.extend(inside.special);
            inside.files
        } else {
            vec![path.clone()]
        };
        // A missing file is reported later, when it is read.
        let new = |file: &PathBuf| seen.insert(fs::canonicalize(file).unwrap_or(file.clone()));
        located.files.extend(of_it.into_iter().filter(new));
    }
    Ok(located)
}

/// The `.toml` files directly in a folder, except hidden ones.
fn in_folder(folder: &Path) -> Result<Located, Trouble> {
    let help = "check the path, and that you can read the folder";
    let cannot = |error: io::Error| Trouble::cannot("read", folder, &error, help);
    let (mut files, mut special) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        // A file in the working directory goes by its bare name, and diagnostics show it that way.
        let path = if folder == Path::new(".") {
            PathBuf::from(&name)
        } else {
            folder.join(&name)
        };
        let is_hidden = name.to_string_lossy().starts_with('.');
        if path.extension().is_none_or(|end| end != "toml") || is_hidden {
            continue;
        }
        match fs::metadata(&path) {
            Ok(there) if there.is_dir() => {}
            Ok(there) if !there.is_file() => special.push(path),
            // A file that cannot be read stays, and is reported when it is.
            _ => files.push(path),
        }
    }
    if files.is_empty() && special.is_empty() {
        return Err(Trouble::new(
            format!("no .toml file found in {}", shown(folder)),
            "pass a folder that contains .toml files; azlin does not search subfolders",
        ));
    }
    files.sort();
    special.sort();
    let is_ours = |path: &PathBuf| {
        let found = read(path.clone(), How::Named);
        found.map_or(true, |found| is_sessions_file(&found.bytes))
    };
    let (files, skipped): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(is_ours);
    if files.is_empty() {
        let names = skipped.iter().chain(&special);
        let names: Vec<String> = names.map(|path| shown(path)).collect();
        let (folder, names) = (shown(folder), and(&names));
        return Err(Trouble::new(
            format!("no sessions file found in {folder} (skipped {names})"),
            "pass a folder that contains sessions files, or the path of one",
        ));
    }
    Ok(Located {
        files,
        skipped,
        special,
        how: How::Named,
    })
}

/// The trouble if [`locate`] finds no file.
pub fn none() -> Trouble {
    Trouble::new(
        format!("{NAME} not found in this folder or any above it"),
        "create one with azlin init, or pass its path with --file or AZLIN_FILE",
    )
}

/// Reads the file at `path`.
///
/// # Errors
/// The file cannot be read, or is larger than 16 MB. A file that azlin found was exchanged for another user's.
pub fn read(path: PathBuf, how: How) -> Result<Found, Trouble> {
    let file = fs::File::open(&path).map_err(|error| cannot_read(&path, &error))?;
    if how == How::Found {
        let there = file.metadata();
        let there = there.map_err(|error| cannot_read(&path, &error))?;
        check_owner(&path, "the file", &there)?;
    }
    read_from(path, file)
}

/// Reads `input` to its end, as the file at `path`.
///
/// # Errors
/// It cannot be read, or is larger than 16 MB.
pub fn read_from(path: PathBuf, input: impl io::Read) -> Result<Found, Trouble> {
    let mut bytes = Vec::new();
    let mut input = input.take(MAX_BYTES + 1);
    if let Err(error) = input.read_to_end(&mut bytes) {
        return Err(cannot_read(&path, &error));
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Trouble::new(
            format!("{} is larger than {} MB", shown(&path), MAX_BYTES >> 20),
            format!("check the path: {NAME} has one short line per VM"),
        ));
    }
    Ok(Found { path, bytes })
}

fn cannot_read(path: &Path, error: &io::Error) -> Trouble {
    let help = "check the path and the permissions of the file";
    Trouble::cannot("read", path, error, help)
}

/// The first [`NAME`] from the working directory upwards. A file in the working directory goes by its bare name, and diagnostics
/// show it that way.
fn upwards() -> Option<PathBuf> {
    if Path::new(NAME).is_file() {
        return Some(PathBuf::from(NAME));
    }
    let here = std::env::current_dir().ok()?;
    let mut above = here.ancestors().map(|folder| folder.join(NAME));
    above.find(|path| path.is_file())
}

/// Checks that the file that azlin found at `path` is the user's or root's, and so is its folder. For a link, that goes for both
/// ends.
fn trust(path: &Path) -> Result<(), Trouble> {
    let help = "check the permissions of the file and its folder";
    let cannot = |error: io::Error| Trouble::cannot("read", path, &error, help);
    let target = fs::canonicalize(path).map_err(cannot)?;
    for (what, link) in [("the file", path), ("its target", &target)] {
        let there = fs::symlink_metadata(link).map_err(cannot)?;
        check_owner(path, what, &there)?;
        let there = fs::metadata(folder(link)).map_err(cannot)?;
        check_owner(path, "its folder", &there)?;
    }
    Ok(())
}

/// Checks that `what` at `path`, with this metadata, belongs to the user or root. As for git, the user of `sudo` counts too.
#[cfg(unix)]
fn check_owner(path: &Path, what: &str, there: &fs::Metadata) -> Result<(), Trouble> {
    use std::os::unix::fs::MetadataExt as _;
    const ROOT: u32 = 0;
    let user = rustix::process::geteuid().as_raw();
    let owner = there.uid();
    let is_sudos = || {
        let sudos = std::env::var("SUDO_UID").ok();
        user == ROOT && sudos.and_then(|id| id.parse().ok()) == Some(owner)
    };
    if owner == user || owner == ROOT || is_sudos() {
        return Ok(());
    }
    let path = shown(path);
    Err(Trouble::new(
        format!("cannot trust {path}: {what} belongs to another user (id {owner})"),
        format!("if you trust it, name it: --file {path}, or set AZLIN_FILE"),
    ))
}

#[cfg(not(unix))]
fn check_owner(_path: &Path, _what: &str, _there: &fs::Metadata) -> Result<(), Trouble> {
    Ok(())
}
