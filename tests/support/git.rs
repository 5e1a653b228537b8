//! A git repository in a project's folder, with fixed authors and dates.

use std::path::Path;
use std::process::Command;

use super::Project;

/// Runs `git` in `folder` and returns its output.
pub fn git_in(folder: &Path, words: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args([
        "-c",
        "init.defaultBranch=main",
        "-c",
        "protocol.file.allow=always",
    ])
    .args(words)
    .current_dir(folder)
    .env_clear()
    .env("PATH", std::env::var_os("PATH").unwrap_or_default())
    .env("HOME", folder)
    .env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "Ada L.")
            .env(format!("GIT_{who}_EMAIL"), "ada@example.com")
            .env(format!("GIT_{who}_DATE"), "2026-03-01T10:00:00Z");
    }
    let output = git.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "git {words:?}: {output:?}");
    text.trim().to_owned()
}

impl Project {
    /// Runs `git` in the project's folder.
    pub fn git(&self, words: &[&str]) -> String {
        git_in(self.path(), words)
    }

    /// Makes the folder a repository, with its files as the first commit.
    pub fn in_git(self) -> Self {
        self.git(&["init", "-q"]);
        std::fs::write(self.path().join(".gitignore"), ".azlin\n").unwrap();
        self.commit("first");
        self
    }

    /// Commits everything, and returns the commit.
    pub fn commit(&self, subject: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Replaces the text of `sessions.toml`.
    pub fn write(&self, text: &str) {
        std::fs::write(self.path().join("sessions.toml"), text).unwrap();
    }
}
