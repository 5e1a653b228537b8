//! Which `sessions.toml`: the one file of this room that looks at the disk.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::text::plain;

/// The name under which the file is looked for.
pub const NAME: &str = "sessions.toml";

/// The largest file that is read, in bytes: some hundred times what the largest subscription needs.
pub const MAX_BYTES: u64 = 16 << 20;

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

/// The file that `named` (`--file` or `AZLIN_FILE`) names, else the first [`NAME`] from the working directory upwards,
/// else the user's own in `config` (`$XDG_CONFIG_HOME/azlin`).
pub fn locate(named: Option<&Path>, config: Option<&Path>) -> Option<PathBuf> {
    named
        .map(Path::to_owned)
        .or_else(upwards)
        .or_else(|| users(config))
}

/// Reads the file that [`locate`] finds.
///
/// # Errors
/// That there is none, that it cannot be read, or that it is larger than [`MAX_BYTES`]: what happened, and what to do now.
pub fn find(named: Option<&Path>, config: Option<&Path>) -> Result<Found, (String, String)> {
    let path = locate(named, config).ok_or_else(|| {
        (
            format!("no {NAME} in this folder or any above it"),
            "go to the folder that has one, or name it with --file or AZLIN_FILE".to_owned(),
        )
    })?;
    let shown = crate::text::escape(&path.to_string_lossy()).into_owned();
    let cannot = |error: std::io::Error| {
        let help = "check the name, and that you may read it; --file and AZLIN_FILE name the file"
            .to_owned();
        (format!("cannot read {shown}: {}", plain(&error)), help)
    };
    let mut bytes = Vec::new();
    let file = fs::File::open(&path).map_err(cannot)?;
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err((
            format!("{shown} is larger than {} MB", MAX_BYTES >> 20),
            format!("{NAME} is one short line for each VM; is this the right file?"),
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
    here.ancestors()
        .map(|folder| folder.join(NAME))
        .find(|path| path.is_file())
}

fn users(config: Option<&Path>) -> Option<PathBuf> {
    config
        .map(|config| config.join(NAME))
        .filter(|path| path.is_file())
}
