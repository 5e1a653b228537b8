//! Runs `git`, without a shell and without a word that could be an option of it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Trouble;
use crate::blaming::line_in;
use crate::model::Hex;
use crate::text::{escape, is_unprintable, plain, quote, shown};

/// Settings of a repository that make `git` run other programs, switched off.
const QUIET: [&str; 4] = [
    "--no-pager",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
];

/// The reason why `git` gave no answer.
pub(super) enum Failed {
    /// It does not run.
    Missing(std::io::Error),
    /// It ended with an error: its first line, which may be empty.
    Refused(String),
}

impl Failed {
    /// The trouble that azlin cannot do `what`.
    pub fn trouble(self, what: &str, help: &str) -> Trouble {
        match self {
            Self::Missing(error) => {
                let message = format!("{what}: cannot run git: {}", plain(&error));
                Trouble::new(message, "install git")
            }
            Self::Refused(why) if why.contains("dubious ownership") => {
                let help = "if you trust the repository, run: git config --global --add safe.directory \"$PWD\" (in its folder)";
                Trouble::new(format!("{what}: git says: {}", escape(&why)), help)
            }
            Self::Refused(why) => Trouble::new(format!("{what}: git says: {}", escape(&why)), help),
        }
    }
}

/// The output of `git` with these `words` in `folder`.
pub(super) fn git(folder: &Path, words: &[&str]) -> Result<Vec<u8>, Failed> {
    let mut git = Command::new("git");
    git.args(QUIET)
        .args(words)
        .current_dir(folder)
        // A hook sets these for its own folder, and the file may be in another.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_COMMON_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_PREFIX")
        // A partial clone would run the programs that its remote names.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    let output = git.output().map_err(Failed::Missing)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().next().unwrap_or_default();
    Err(Failed::Refused(
        line.trim_start_matches("fatal: ").to_owned(),
    ))
}

/// The commit that is checked out in `folder`, if that is in a repository and `git` runs.
pub(super) fn head(folder: &Path) -> Option<Hex> {
    let commit = git(folder, &["rev-parse", "--verify", "HEAD"]).ok()?;
    Hex::new(String::from_utf8(commit).ok()?.trim()).ok()
}

/// The bytes of the file at `path` in the commit that `rev` names; none if the file is not in it.
///
/// # Errors
/// `git` does not run, `path` is in no repository, or the repository does not have `rev`.
pub(super) fn file_at(path: &Path, rev: &str) -> Result<Option<Vec<u8>>, Trouble> {
    let odd = |c: char| is_unprintable(c) || "^:".contains(c);
    if rev.is_empty()
        || rev.starts_with('-')
        || rev.starts_with(odd)
        || rev.contains(is_unprintable)
    {
        let message = format!("--base: invalid revision {}", quote(rev));
        return Err(Trouble::new(
            message,
            "name a commit, a branch or a tag, such as origin/main",
        ));
    }
    // git knows the file itself, not a link to it.
    let path = path
        .canonicalize()
        .map_err(|error| Trouble::cannot("find", path, &error, "check the path"))?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(None);
    };
    let what = format!(
        "--base: cannot read {} at {}",
        shown(Path::new(name)),
        quote(short(rev))
    );
    let help = "run this in a clone of the repository, or without --base";
    let shallow = git(folder, &IS_SHALLOW).map_err(|failed| failed.trouble(&what, help))?;
    let Ok(commit) = commit(folder, rev) else {
        let message = format!("{what}: the repository has no such commit");
        let help = missing(rev, shallow.starts_with(b"true"));
        return Err(Trouble::new(message, help));
    };
    let help = "fetch the whole commit, or run this without --base";
    blob(folder, &commit, name).map_err(|failed| failed.trouble(&what, help))
}

const IS_SHALLOW: [&str; 2] = ["rev-parse", "--is-shallow-repository"];

/// The id of the commit that `rev` names.
fn commit(folder: &Path, rev: &str) -> Result<Hex, Failed> {
    let spec = format!("{rev}^{{commit}}");
    let words = [
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        &spec,
    ];
    let found = git(folder, &words)?;
    let found = String::from_utf8_lossy(&found);
    Hex::new(found.trim()).map_err(Failed::Refused)
}

/// The bytes of the file `name` of `folder` in `commit`; none if the file is not in it.
fn blob(folder: &Path, commit: &Hex, name: &OsStr) -> Result<Option<Vec<u8>>, Failed> {
    let name = format!("./{}", name.to_string_lossy());
    // `MODE blob ID<TAB>NAME`
    let entry = git(folder, &["ls-tree", commit.as_str(), &name])?;
    let entry = String::from_utf8_lossy(&entry);
    let Some(id) = entry.split([' ', '\t']).nth(2) else {
        return Ok(None);
    };
    let id = Hex::new(id).map_err(Failed::Refused)?;
    git(folder, &["cat-file", "blob", id.as_str()]).map(Some)
}

/// The output of `git blame --porcelain` for line `line` of `now`, the text of the file at `path`. None if the checked-out commit
/// does not have that line.
///
/// It asks about the commit, not about the file: git would run the filters that a repository sets up on the file.
pub(super) fn blame(path: &Path, now: &str, line: usize) -> Result<Option<String>, Failed> {
    let path = path.canonicalize().map_err(Failed::Missing)?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Failed::Refused("not a file".to_owned()));
    };
    let shallow = git(folder, &IS_SHALLOW)?;
    let Ok(head) = commit(folder, "HEAD") else {
        return Ok(None);
    };
    let Some(then) = blob(folder, &head, name)? else {
        return Ok(None);
    };
    let Some(line) = line_in(&String::from_utf8_lossy(&then), now, line) else {
        return Ok(None);
    };
    let mut words = vec!["blame", "--no-textconv", "--porcelain"];
    if !shallow.starts_with(b"true") {
        // Without this, git marks the first commit like the oldest one of a shallow clone.
        words.push("--root");
    }
    let lines = format!("{line},{line}");
    let name = format!("./{}", name.to_string_lossy());
    words.extend(["-L", &lines, head.as_str(), "--", &name]);
    let output = git(folder, &words)?;
    Ok(Some(String::from_utf8_lossy(&output).into_owned()))
}

/// `rev` in text: the start of a commit's id, or else the name that the user gave it.
pub(super) fn short(rev: &str) -> &str {
    const ENOUGH: usize = 10;
    let is_id = rev.len() == 40 && rev.bytes().all(|byte| byte.is_ascii_hexdigit());
    rev.get(..ENOUGH).filter(|_| is_id).unwrap_or(rev)
}

/// The help for a revision that the repository does not have.
fn missing(rev: &str, is_shallow: bool) -> String {
    if !is_shallow {
        return "check the name; a branch of another clone is called origin/NAME".to_owned();
    }
    let rev = shlex::try_quote(rev).unwrap_or_default();
    format!(
        "this clone is shallow: fetch the commit with git fetch --depth=1 origin {}, or clone more of the history (fetch-depth: 0)",
        escape(&rev)
    )
}
