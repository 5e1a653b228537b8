//! A file put in place of another, whole or not at all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Puts `bytes` in place of what `path` holds. A link is followed; a device or a pipe is written to.
///
/// A `private` file is its owner's alone; another keeps the permissions that it has, and one that may not be written is not.
///
/// # Errors
/// The folder or the file cannot be written.
pub(crate) fn replace(path: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let path = resolved(path)?;
    let old = fs::metadata(&path).ok().map(|old| old.permissions());
    if old.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(ErrorKind::PermissionDenied.into());
    }
    put(&path, private, |file| {
        if let Some(old) = old.filter(|_| !private) {
            file.set_permissions(old)?;
        }
        file.write_all(bytes)?;
        file.sync_all()
    })
}

/// Makes a new file, has `fill` write it, and puts it at `path`: a crash in the middle leaves what was there. A link at `path`
/// is replaced, not followed, and neither is one that somebody planted beside it.
///
/// # Errors
/// The folder cannot be written, or `fill` fails.
pub(crate) fn put<T>(
    path: &Path,
    private: bool,
    fill: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<T> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut new = tempfile::Builder::new()
        .prefix(".azlin-")
        .suffix(".new")
        .make_in(folder, |new| options.open(new))?;
    let filled = fill(new.as_file_mut())?;
    new.persist(path)?;
    Ok(filled)
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

/// Makes the folder and those above it, for their owner alone.
///
/// # Errors
/// It is not there and cannot be made.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_keeps_its_permissions_and_the_link_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink("file", &link).unwrap();
        replace(&link, b"new", false).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&link, b"newer", false).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"newer");
        assert_eq!((mode(&file), count(folder.path())), (0o640, 2));
        assert!(link.is_symlink());
        replace(&file, b"mine", true).unwrap();
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn what_may_not_be_written_stays_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        let error = replace(&file, b"new", false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        let full = |_: &mut File| Err::<(), _>(ErrorKind::StorageFull.into());
        assert!(put(&file, false, full).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn a_link_is_replaced_where_it_is_not_to_be_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        fs::write(&victim, "precious").unwrap();
        symlink("victim", &link).unwrap();
        put(&link, false, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(fs::read(&link).unwrap(), b"new");
    }
}
