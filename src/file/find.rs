//! Which `sessions.toml`, or which several: the one file of this room that looks at the disk.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::text::shown;
use crate::trouble::Trouble;

/// The name under which the file is looked for.
pub const NAME: &str = "sessions.toml";

/// The largest file that is read, in bytes: some hundred times what the largest subscription needs.
const MAX_BYTES: u64 = 16 << 20;

/// A file that was found and read.
#[derive(Debug)]
pub struct Found {
    /// Where it is.
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

/// The files that `named` (`--file` or `AZLIN_FILE`) names, each once: of a folder, those in it that end in `.toml`, in the
/// order of their names. Where nothing is named, the first [`NAME`] from the working directory upwards, else the user's own
/// in `config` (`$XDG_CONFIG_HOME/azlin`), if there is one.
///
/// # Errors
/// A folder cannot be read, or has no such file: what happened, and what to do now.
pub fn locate(named: &[PathBuf], config: Option<&Path>) -> Result<Vec<PathBuf>, Trouble> {
    if named.is_empty() {
        let users = config.map(|config| config.join(NAME));
        let users = users.filter(|path| path.is_file());
        return Ok(upwards().or(users).into_iter().collect());
    }
    let mut files: Vec<PathBuf> = Vec::new();
    let mut seen = BTreeSet::new();
    for path in named {
        let of_it = if path.is_dir() {
            in_folder(path)?
        } else {
            vec![path.clone()]
        };
        // One that is not there is told of when it is read.
        let new = |file: &PathBuf| seen.insert(fs::canonicalize(file).unwrap_or(file.clone()));
        files.extend(of_it.into_iter().filter(new));
    }
    Ok(files)
}

/// The files of a folder, but for hidden ones and those of its own folders.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let help = "check the path, and that you can read the folder";
    let cannot = |error: io::Error| Trouble::cannot("read", folder, &error, help);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        // In the working directory itself by its bare name, which is how a diagnostic then shows it.
        let path = if folder == Path::new(".") {
            PathBuf::from(&name)
        } else {
            folder.join(&name)
        };
        let is_hidden = name.to_string_lossy().starts_with('.');
        if path.extension().is_some_and(|end| end == "toml") && !is_hidden && !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Trouble::new(
            format!("no .toml file found in {}", shown(folder)),
            "name a folder that has .toml files; azlin does not search subfolders",
        ));
    }
    files.sort();
    Ok(files)
}

/// The trouble that [`locate`] finds no file.
pub fn none() -> Trouble {
    Trouble::new(
        format!("{NAME} not found in this folder or any above it"),
        "change to the folder that has one, or name the file with --file or AZLIN_FILE",
    )
}

/// Reads the file at `path`.
///
/// # Errors
/// The file cannot be read, or has more than 16 MB: what happened, and what to do now.
pub fn read(path: PathBuf) -> Result<Found, Trouble> {
    let help = "check the path, and that you can read the file; --file or AZLIN_FILE names another";
    let cannot = |error: io::Error| Trouble::cannot("read", &path, &error, help);
    let mut bytes = Vec::new();
    let file = fs::File::open(&path).map_err(cannot)?;
    let mut file = file.take(MAX_BYTES + 1);
    file.read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Trouble::new(
            format!("{} is larger than {} MB", shown(&path), MAX_BYTES >> 20),
            format!("check the path: {NAME} has one short line per VM"),
        ));
    }
    Ok(Found { path, bytes })
}

/// The first [`NAME`] from the working directory upwards; in the working directory itself by its bare name, which is how a
/// diagnostic then shows it.
fn upwards() -> Option<PathBuf> {
    if Path::new(NAME).is_file() {
        return Some(PathBuf::from(NAME));
    }
    let here = std::env::current_dir().ok()?;
    let mut above = here.ancestors().map(|folder| folder.join(NAME));
    above.find(|path| path.is_file())
}
