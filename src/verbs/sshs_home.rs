//! The home folder of `ssh`, which takes it from the user database and ignores `HOME`.

use std::path::{Path, PathBuf};

/// The home folder that `ssh` uses, if it differs from `home`.
///
/// The two differ in containers and under `sudo`, where `HOME` is often someone else's. azlin reads the local user database only:
/// for a user of a directory service it finds nothing, and says nothing.
#[cfg(unix)]
pub(super) fn other_than(home: &Path) -> Option<PathBuf> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let id = rustix::process::getuid().as_raw();
    let sshs = home_of(&users, |_, of| of.parse() == Ok(id))?;
    (real(&sshs) != real(home)).then_some(sshs)
}

/// The home folder of another user, as in `~ada/hosts`.
#[cfg(unix)]
pub(super) fn of(user: &str) -> Option<PathBuf> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    home_of(&users, |name, _| name == user)
}

/// On Windows, `ssh` knows no `~ada`.
#[cfg(not(unix))]
pub(super) fn of(_user: &str) -> Option<PathBuf> {
    None
}

/// Windows has one home folder.
#[cfg(not(unix))]
pub(super) fn other_than(_home: &Path) -> Option<PathBuf> {
    None
}

/// The home folder of the user whose name and id `is` accepts, in `users`, the text of `/etc/passwd`.
#[cfg(unix)]
fn home_of(users: &str, is: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    for line in users.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        if let [name, _password, id, _group, _comment, home, ..] = fields.as_slice()
            && is(name, id)
            && !home.is_empty()
        {
            return Some(PathBuf::from(home));
        }
    }
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_user_database_names_the_home_of_an_id() {
        let users = "root:x:0:0:root:/root:/bin/bash\nnoise\nada:x:1000:1000:Ada,,,:/home/ada:/bin/sh\nghost:x:7:7:::\n";
        let home = |wanted| {
            let home = home_of(users, |_, id| id == wanted);
            home.map(|home| home.display().to_string())
        };
        assert_eq!(home("0").as_deref(), Some("/root"));
        assert_eq!(home("1000").as_deref(), Some("/home/ada"));
        assert_eq!((home("7"), home("8")), (None, None));
    }
}
