//! The users who run azlin in a test about files: the current one and, if that is root, an ordinary one too.

use std::os::unix::fs::{chown, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::Project;

/// The ids of two ordinary users, who need no account.
pub const ADA: u32 = 1000;
pub const BOB: u32 = 1001;

/// True if the tests run as root, who may act as anyone.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs `test` as the current user, and as an ordinary one if the tests run as root. The test gets the user's id.
pub fn as_each_user(test: impl Fn(u32)) {
    test(rustix::process::geteuid().as_raw());
    if !is_root() {
        return eprintln!("skipped: only root can also act as another user");
    }
    let mut azlin = Command::new(env!("CARGO_BIN_EXE_azlin"));
    match azlin.arg("--version").uid(ADA).gid(ADA).output() {
        Ok(ran) if ran.status.success() => test(ADA),
        _ => super::skip("an ordinary user may not run the binary in this folder"),
    }
}

/// Gives `path` to a user. Only root can give to another.
pub fn give(path: &Path, user: u32) {
    lchown(path, Some(user), Some(user)).unwrap();
}

impl Project {
    /// Gives the folder and its file to `user`, who then runs its commands.
    pub fn of_user(mut self, user: u32) -> Self {
        if is_root() {
            for path in [self.path().to_owned(), self.path().join("sessions.toml")] {
                chown(path, Some(user), Some(user)).unwrap();
            }
        }
        self.user = Some(user);
        self
    }
}
