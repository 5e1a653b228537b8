//! Paths that name an open file of a process: `/dev/stdout`, `/dev/fd/3`, `/proc/self/fd/1`.
//!
//! Such a path looks like a link to a file, but replacing that file would miss everyone who has it open.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// The open file that `path` names as a descriptor; `there` is its metadata. None for any other path.
///
/// The streams of this process keep their position, so that nothing overwrites what they print. Any other file is appended to.
#[cfg(unix)]
pub(super) fn opened(path: &Path, there: &Metadata) -> io::Result<Option<File>> {
    use std::os::fd::AsFd as _;
    if !is_descriptor(path) {
        return Ok(None);
    }
    let (stdout, stderr) = (io::stdout(), io::stderr());
    for stream in [stdout.as_fd(), stderr.as_fd()] {
        let stream = File::from(stream.try_clone_to_owned()?);
        if is_same(&stream.metadata()?, there) {
            return Ok(Some(stream));
        }
    }
    File::options().append(true).open(path).map(Some)
}

/// Windows has no such paths.
#[cfg(not(unix))]
pub(super) fn opened(_path: &Path, _there: &Metadata) -> io::Result<Option<File>> {
    Ok(None)
}

/// True if `path` leads to an entry in the folder of a process's descriptors.
#[cfg(unix)]
fn is_descriptor(path: &Path) -> bool {
    const MOST_LINKS: usize = 8;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        let Some(folder) = folder else {
            return false;
        };
        if folder == Path::new("/dev/fd") || (folder.starts_with("/proc") && folder.ends_with("fd"))
        {
            return true;
        }
        match path.read_link() {
            Ok(link) => path = folder.join(link),
            Err(_) => return false,
        }
    }
    false
}

/// True if both are about the same file.
#[cfg(unix)]
pub(super) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}
