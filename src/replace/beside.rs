//! The new file beside the one that it will replace.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// The start and the end of the name of a new file.
const NAME: (&str, &str) = (".azlin-", ".new");

/// The length of the part between them, which is random.
const RANDOM: usize = 6;

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Whoever the user lets read new files.
    Usual,
    /// Its owner only.
    Private,
}

/// A new file beside `path`, which disappears unless it is moved to its place. Removes those that a killed azlin left there.
///
/// Whoever writes a new file holds its lock, so that no other azlin removes it.
pub(super) fn beside(path: &Path, mode: Mode) -> io::Result<NamedTempFile> {
    const MOST_TRIES: usize = 16;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    sweep(folder);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if mode == Mode::Private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    for _ in 0..MOST_TRIES {
        let new = tempfile::Builder::new()
            .prefix(NAME.0)
            .suffix(NAME.1)
            .rand_bytes(RANDOM)
            .make_in(folder, |new| options.open(new))?;
        // Another azlin may have taken it for a leftover before it was locked. A file system without locks has no sweepers.
        let is_taken = matches!(new.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && new.path().exists() {
            return Ok(new);
        }
    }
    Err(io::Error::other("another process keeps removing new files"))
}

/// Removes the new files in `folder` that no azlin writes any more. A killed one leaves them behind.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let random = name.strip_prefix(NAME.0);
        let random = random.and_then(|rest| rest.strip_suffix(NAME.1));
        if random.is_some_and(|random| random.len() == RANDOM) {
            let _ = remove_unused(&entry.path());
        }
    }
}

fn remove_unused(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true);
    // Anyone may have put something else there.
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() && file.try_lock().is_ok() {
        fs::remove_file(path)?;
    }
    Ok(())
}
