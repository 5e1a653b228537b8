//! Replaces a file with a new one: completely, or not at all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Replaces the content of `path` with `bytes`. Follows a link; writes into a device or a pipe.
///
/// Only its owner may read and write a `private` file. Any other file keeps its permissions. A read-only file is not replaced.
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

/// Creates a new file, lets `fill` write it, and moves it to `path`. A crash in the middle leaves the old file in place.
///
/// A link at `path` is replaced, not followed. A link that someone planted beside it is not followed either.
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

/// The path at the end of a chain of links, even if nothing exists there.
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

/// Creates the folder and its parents, for their owner only.
///
/// # Errors
/// It does not exist and cannot be created.
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
    fn a_failed_write_keeps_the_old_file_and_leaves_nothing_beside_it() {
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
    fn put_replaces_a_link_instead_of_following_it() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        fs::write(&victim, "precious").unwrap();
        symlink("victim", &link).unwrap();
        put(&link, false, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(fs::read(&link).unwrap(), b"new");
    }
}
