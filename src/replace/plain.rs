//! Opens files of azlin's own, in folders where someone else may have planted something in their place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens the file at `path`, but neither follows a link nor waits for a pipe.
pub(crate) fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags);
    }
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(unusual(path));
    }
    options.open(path)
}

/// The error if `path` is something that azlin does not create there.
pub(crate) fn unusual(path: &Path) -> io::Error {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let kind = if path.is_symlink() {
        "a link, which azlin does not follow here"
    } else {
        "not a regular file"
    };
    io::Error::other(format!("{} is {kind}", name.display()))
}

/// Checks that `folder` is a folder of this user and not a link to one, for files that nobody asked for.
///
/// # Errors
/// It is a link, or another user's.
pub(crate) fn check_own(folder: &Path) -> io::Result<()> {
    let there = fs::symlink_metadata(folder)?;
    if !there.is_dir() {
        return Err(unusual(folder));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&there) != rustix::process::geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(())
}
