//! A file put in place of another, whole or not at all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Puts `bytes` in place of what `path` holds: a crash in the middle leaves the one or the other. A link is followed.
///
/// A `private` file is its owner's alone; another keeps the permissions that it has, and one that may not be written is not.
///
/// # Errors
/// The folder or the file cannot be written.
pub(super) fn replace(path: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    let path = resolved(path)?;
    let old = fs::metadata(&path).ok().map(|old| old.permissions());
    if old.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let (beside, mut file) = new_file(&path, private)?;
    let write = || {
        if let Some(old) = old.filter(|_| !private) {
            file.set_permissions(old)?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    };
    let written = write();
    if written.is_err() {
        // The error in hand says more than one about the left-over could.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Where links lead, even if nothing is there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    const MOST_LINKS: usize = 8;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

/// A file beside `path` that nobody else has made: one that is there already may be a link that somebody planted.
fn new_file(path: &Path, private: bool) -> io::Result<(PathBuf, File)> {
    const MOST_TRIES: u32 = 100;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    for attempt in 0..MOST_TRIES {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}-{attempt}.new", std::process::id()));
        match options.open(&beside) {
            Ok(file) => return Ok((beside.into(), file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Makes the folder and those above it, for their owner alone.
///
/// # Errors
/// It is not there and cannot be made.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
