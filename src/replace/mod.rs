//! Writes a file: completely, or not at all.

mod beside;
mod descriptor;
pub(crate) mod plain;

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use beside::{Mode, beside};

/// Replaces the content of `path` with `bytes`. Follows links; writes into a device, a pipe or a descriptor such as `/dev/stdout`.
///
/// A regular file is replaced in one step, and keeps its owner, group and permissions; a file with other hard links, with an ACL,
/// with an owner that azlin can't give away, or in a folder that isn't writable is written in place instead.
///
/// Writing in place is not atomic: a crash in the middle leaves a mixture of old and new. A full disk leaves the old content.
/// Only its owner may read and write a `private` file. A read-only file is refused.
///
/// # Errors
/// The folder or the file cannot be written.
pub(crate) fn replace(path: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mode = if private { Mode::Private } else { Mode::Usual };
            return put_in(&end_of(path)?, mode, |new| write_out(new, bytes));
        }
        Err(error) => return Err(error),
    };
    if there.is_file() && there.permissions().readonly() {
        let error = "it is read-only";
        return Err(io::Error::new(ErrorKind::PermissionDenied, error));
    }
    if let Some(mut stream) = descriptor::opened(path, &there)? {
        return stream.write_all(bytes);
    }
    // `create` makes the system protect the user from another's file or pipe in a folder like /tmp, as it does for a shell's `>`.
    let mut options = File::options();
    let mut old = options
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    // The path may lead elsewhere by now.
    let there = old.metadata()?;
    if !there.is_file() {
        return old.write_all(bytes);
    }
    let target = end_of(path)?;
    if let Some(mut heir) = heir(&target, &old, &there, private) {
        write_out(heir.as_file_mut(), bytes)?;
        if heir.persist(&target).is_ok() {
            return Ok(());
        }
    }
    if private {
        restrict(&old)?;
    }
    write_into(&mut old, there.len(), bytes)
}

/// Creates a new file, lets `fill` write it, and moves it to `path`. A crash in the middle leaves the old file in place.
///
/// A link at `path` is replaced, not followed. A link that someone planted beside it is not followed either.
///
/// # Errors
/// The folder cannot be written, or `fill` fails.
pub(crate) fn put<T>(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    put_in(path, Mode::Usual, fill)
}

/// As [`put`], for a file that only its owner may read and write.
pub(crate) fn put_private<T>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<T> {
    put_in(path, Mode::Private, fill)
}

fn put_in<T>(
    path: &Path,
    mode: Mode,
    fill: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<T> {
    let mut new = beside(path, mode)?;
    let filled = fill(new.as_file_mut())?;
    new.persist(path)?;
    Ok(filled)
}

/// A new file beside `target` that may take its place: it has the owner, the group and the permissions of `old`. None if there
/// can't be one.
fn heir(target: &Path, old: &File, there: &Metadata, private: bool) -> Option<NamedTempFile> {
    if !is_alone(target, there) {
        return None;
    }
    // Private until it has the owner and the permissions of the old file.
    let heir = beside(target, Mode::Private).ok()?;
    let new = heir.as_file();
    if !give(new, there) || has_acl(old) || has_acl(new) {
        return None;
    }
    if !private {
        new.set_permissions(there.permissions()).ok()?;
    }
    Some(heir)
}

/// True if `target` is the file that `there` is about, and its only name.
#[cfg(unix)]
fn is_alone(target: &Path, there: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::symlink_metadata(target);
    there.nlink() == 1 && found.is_ok_and(|found| descriptor::is_same(&found, there))
}

/// Gives `new` the owner and the group in `there`. False if the user may not.
#[cfg(unix)]
fn give(new: &File, there: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let owned = |new: Metadata| (new.uid(), new.gid()) == (there.uid(), there.gid());
    new.metadata().is_ok_and(owned) || fchown(new, Some(there.uid()), Some(there.gid())).is_ok()
}

/// True if more than the permissions decides who may read `file`.
#[cfg(target_os = "linux")]
fn has_acl(file: &File) -> bool {
    let nothing: &mut [u8] = &mut [];
    rustix::fs::fgetxattr(file, "system.posix_acl_access", nothing).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn has_acl(_file: &File) -> bool {
    false
}

/// Lets only its owner read and write `file`.
#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn is_alone(_target: &Path, _there: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn give(_new: &File, _there: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn restrict(_file: &File) -> io::Result<()> {
    Ok(())
}

fn write_out(new: &mut File, bytes: &[u8]) -> io::Result<()> {
    new.write_all(bytes)?;
    new.sync_all()
}

/// Makes `bytes` the content of `old`, which has this `length`.
fn write_into(old: &mut File, length: u64, bytes: &[u8]) -> io::Result<()> {
    let length_here = usize::try_from(length).unwrap_or(usize::MAX);
    let (head, tail) = bytes.split_at(bytes.len().min(length_here));
    if !tail.is_empty() {
        // Behind the old content first: if the disk is full, that content is still whole.
        old.seek(SeekFrom::Start(length))?;
        old.write_all(tail).inspect_err(|_| {
            let _ = old.set_len(length);
        })?;
    }
    old.rewind()?;
    old.write_all(head)?;
    old.set_len(bytes.len() as u64)?;
    old.sync_all()
}

/// The path at the end of a chain of links, even if nothing exists there.
fn end_of(path: &Path) -> io::Result<PathBuf> {
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
        assert!(put(&file, full).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn put_replaces_a_link_instead_of_following_it() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        fs::write(&victim, "precious").unwrap();
        symlink("victim", &link).unwrap();
        put(&link, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(fs::read(&link).unwrap(), b"new");
    }

    #[test]
    fn a_private_file_that_someone_opened_up_is_private_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();
        fs::hard_link(&file, folder.path().join("other")).unwrap();
        replace(&file, b"new", true).unwrap();
        assert_eq!(mode(&folder.path().join("other")), 0o600);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_keeps_its_acl() {
        use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
        const NAME: &str = "system.posix_acl_access";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();
        // Version 2: the owner and user 1000 may read and write, the group and others may not.
        let mut acl = 2_u32.to_le_bytes().to_vec();
        for (tag, rights, id) in [
            (1_u16, 6_u16, u32::MAX),
            (2, 6, 1000),
            (4, 0, u32::MAX),
            (16, 6, u32::MAX),
            (32, 0, u32::MAX),
        ] {
            acl.extend([tag.to_le_bytes(), rights.to_le_bytes()].concat());
            acl.extend(id.to_le_bytes());
        }
        let open = File::open(&file).unwrap();
        if fsetxattr(&open, NAME, &acl, XattrFlags::empty()).is_err() {
            return eprintln!("skipped: this file system has no ACLs");
        }
        replace(&file, b"new", false).unwrap();
        let mut kept = [0; 64];
        let length = fgetxattr(File::open(&file).unwrap(), NAME, &mut kept).unwrap();
        assert_eq!(
            (&kept[..length], fs::read(&file).unwrap()),
            (&acl[..], b"new".to_vec())
        );
    }
}
