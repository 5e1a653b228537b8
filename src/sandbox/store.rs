//! The file that holds the fleet.
//!
//! Readers take no lock, because a write replaces the whole file. Writers, in this and other processes, take turns with a lock
//! file, and each reads what the previous one wrote. So no concurrent change is lost.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::fleet::Fleet;
use super::standard;
use crate::replace::plain::{open, unusual};
use crate::replace::put;
use crate::text::plain;

/// The largest file to read. azlin never writes one this large: the largest fleet takes a tenth of it.
const MAX_FILE: u64 = 512 * 1024 * 1024;

/// The largest log to keep, in bytes: a few thousand writes.
const MAX_LOG: u64 = 1024 * 1024;

/// A fleet in a file, cached as long as the file stays the same.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    remembered: Mutex<Option<Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    /// None while the file does not exist.
    version: Option<Version>,
    fleet: Arc<Fleet>,
}

/// A version of the file, recognised without reading the file.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    inode: u64,
    modified: Option<SystemTime>,
    length: u64,
}

impl Version {
    fn of(metadata: &Metadata) -> Version {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Version {
            inode,
            modified: metadata.modified().ok(),
            length: metadata.len(),
        }
    }
}

impl Store {
    pub(super) fn new(path: PathBuf) -> Store {
        Store {
            path,
            remembered: Mutex::new(None),
        }
    }

    /// The current fleet, or the standard one while the file does not exist.
    pub(super) fn read(&self) -> io::Result<Arc<Fleet>> {
        let mut remembered = self.remembered();
        let current = self.current(remembered.take())?;
        let fleet = Arc::clone(&current.fleet);
        *remembered = Some(current);
        Ok(fleet)
    }

    /// Changes the fleet exclusively. An `edit` that returns an error must leave the fleet as it was, and nothing is written.
    pub(super) fn update<T, E: From<io::Error>>(
        &self,
        edit: impl FnOnce(&mut Fleet) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = take_turn(&self.path).map_err(|e| self.error("cannot lock", &plain(&e)))?;
        let mut remembered = self.remembered();
        let mut current = self.current(remembered.take())?;
        let outcome = edit(Arc::make_mut(&mut current.fleet));
        if outcome.is_ok() {
            let version = replace(&self.path, &current.fleet)
                .map_err(|e| self.error("cannot write", &plain(&e)))?;
            current.version = Some(version);
        }
        *remembered = Some(current);
        outcome
    }

    /// Adds `line` to the log beside the file. A log that has grown long loses its older half.
    pub(super) fn log(&self, line: &str) -> io::Result<()> {
        let _turn = take_turn(&self.path)?;
        let path = log_of(&self.path);
        if fs::metadata(&path).is_ok_and(|log| log.len() > MAX_LOG) {
            let old = self.logged()?;
            let half = old
                .get(old.len() / 2..)
                .and_then(|half| half.split_once('\n'));
            let (_, kept) = half.unwrap_or_default();
            put(&path, |file| file.write_all(kept.as_bytes()))?;
        }
        let mut log = open(File::options().create(true).append(true), &path)?;
        log.write_all(format!("{line}\n").as_bytes())
    }

    /// The log beside the file; empty if there is none.
    pub(super) fn logged(&self) -> io::Result<String> {
        let mut text = Vec::new();
        match open(File::options().read(true), &log_of(&self.path)) {
            Ok(log) => log.take(2 * MAX_LOG).read_to_end(&mut text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(self.error("cannot read the log beside", &error)),
        };
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn remembered(&self) -> MutexGuard<'_, Option<Remembered>> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self, remembered: Option<Remembered>) -> io::Result<Remembered> {
        let unreadable = |error: io::Error| self.error("cannot read", &plain(&error));
        let opened =
            check_folder(&self.path).and_then(|()| open(File::options().read(true), &self.path));
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let known = remembered.filter(|r| r.version.is_none());
                return Ok(known.unwrap_or_else(|| Remembered {
                    version: None,
                    fleet: Arc::new(standard::fleet(None)),
                }));
            }
            Err(error) => return Err(unreadable(error)),
        };
        let metadata = file.metadata().map_err(unreadable)?;
        let version = Some(Version::of(&metadata));
        if let Some(known) = remembered.filter(|r| r.version == version) {
            return Ok(known);
        }
        if metadata.len() > MAX_FILE {
            return Err(self.invalid("it is too large"));
        }
        let mut text = Vec::new();
        file.take(MAX_FILE)
            .read_to_end(&mut text)
            .map_err(unreadable)?;
        let fleet = Fleet::read(&text).map_err(|what| self.invalid(&what))?;
        Ok(Remembered {
            version,
            fleet: Arc::new(fleet),
        })
    }

    fn invalid(&self, cause: &str) -> io::Error {
        let error = self.error("invalid sandbox file", &cause);
        io::Error::new(io::ErrorKind::InvalidData, error.to_string())
    }

    fn error(&self, what: &str, cause: &dyn std::fmt::Display) -> io::Error {
        io::Error::other(format!("{what} {}: {cause}", self.path.display()))
    }
}

/// Waits until no one else writes. No one else will write while the returned file is open.
fn take_turn(state: &Path) -> io::Result<File> {
    check_folder(state)?;
    if let Some(folder) = state.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let turn = open(&mut options, &state.with_extension("lock"))?;
    wait_for(&turn)?;
    Ok(turn)
}

/// Waits for the lock on `turn`, but not forever: whoever may read the file may hold the lock.
fn wait_for(turn: &File) -> io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(5);
    const MOST: Duration = Duration::from_secs(20);
    let mut waited = Duration::ZERO;
    loop {
        match turn.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::Error(error)) => return Err(error),
            Err(fs::TryLockError::WouldBlock) if waited >= MOST => {
                return Err(io::Error::other("another process keeps it locked"));
            }
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
        }
        waited += PAUSE;
    }
}

/// Checks that the folder of `state` is not a link: it comes with the folder around it, which may be a clone of someone's repository.
fn check_folder(state: &Path) -> io::Result<()> {
    match state.parent() {
        Some(folder) if folder.is_symlink() => Err(unusual(folder)),
        _ => Ok(()),
    }
}

/// Writes `fleet` to the file, whatever its content, with an empty log.
pub(super) fn overwrite(state: &Path, fleet: &Fleet) -> io::Result<()> {
    let _turn = take_turn(state)?;
    match fs::remove_file(log_of(state)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    replace(state, fleet).map(drop)
}

/// The path of the log beside `state`.
fn log_of(state: &Path) -> PathBuf {
    state.with_extension("activity")
}

/// Replaces the file `state`. The caller must have the turn.
fn replace(state: &Path, fleet: &Fleet) -> io::Result<Version> {
    let there = fs::metadata(state);
    if there.as_ref().is_ok_and(|m| m.permissions().readonly()) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let before = there.and_then(|m| m.modified()).ok();
    put(state, |file| {
        let mut out = BufWriter::new(&mut *file);
        fleet.write(&mut out)?;
        out.flush()?;
        drop(out);
        // A file system's clock ticks only every few milliseconds, and it reuses inodes. Without this, two versions of the file
        // could look the same to another process.
        if let Some(before) = before
            && file.metadata()?.modified()? <= before
        {
            file.set_modified(before + Duration::from_micros(1))?;
        }
        Ok(Version::of(&file.metadata()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::reset;

    fn count(store: &Store) -> usize {
        store.read().unwrap().vms.len()
    }

    fn drop_one(store: &Store) {
        let pop = |fleet: &mut Fleet| -> Result<(), io::Error> {
            fleet.vms.pop();
            Ok(())
        };
        store.update(pop).unwrap();
    }

    #[test]
    fn reading_shows_the_standard_fleet_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join(".azlin/sandbox.json"));
        assert_eq!(count(&store), 8);
        assert!(!folder.path().join(".azlin").exists());
    }

    #[test]
    fn the_first_write_creates_the_folder_and_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".azlin/sandbox.json");
        drop_one(&Store::new(path.clone()));
        assert_eq!(count(&Store::new(path.clone())), 7);
        assert!(path.with_extension("lock").exists());
        assert!(!path.with_extension("new").exists());
    }

    #[test]
    fn an_unchanged_file_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("sandbox.json"));
        drop_one(&store);
        assert!(Arc::ptr_eq(&store.read().unwrap(), &store.read().unwrap()));
    }

    #[test]
    fn every_quick_write_by_another_store_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.json");
        reset(&path, Some(64)).unwrap();
        let (writer, reader) = (Store::new(path.clone()), Store::new(path));
        for left in (0..64).rev() {
            drop_one(&writer);
            assert_eq!(count(&reader), left);
        }
    }

    #[test]
    fn a_file_that_was_removed_gives_the_standard_fleet_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.json");
        reset(&path, Some(3)).unwrap();
        let store = Store::new(path.clone());
        assert_eq!(count(&store), 3);
        fs::remove_file(&path).unwrap();
        assert_eq!(count(&store), 8);
    }

    #[test]
    fn a_refused_edit_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.json");
        let store = Store::new(path.clone());
        let refused: Result<(), io::Error> = store.update(|_| Err(store.error("no", &"")));
        assert!(refused.is_err() && !path.exists());
    }

    #[test]
    fn a_damaged_file_is_named_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sandbox.json");
        let store = Store::new(path.clone());
        for garbage in [
            "",
            "{\"format\":1,\"vms\":[{\"name\":\"a",
            "\u{0}\u{1}",
            "[1]",
        ] {
            fs::write(&path, garbage).unwrap();
            let error = store.read().unwrap_err().to_string();
            assert!(error.starts_with("invalid sandbox file "), "{error}");
            assert!(error.contains("sandbox.json: "), "{error}");
            assert!(
                store
                    .update(|_| Ok::<_, io::Error>(()))
                    .is_err_and(|e| e.to_string() == error)
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), garbage);
        }
    }
}
