//! The pipeline that azlin runs in, its checkout, and how it names a file.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::Trouble;
use crate::azure::sign_in::{in_ci, variable};
use crate::show::annotation::Runner;
use crate::text::shown;

/// The variables with the folder into which a pipeline checks out its repository.
const CHECKOUTS: [&str; 4] = [
    "GITHUB_WORKSPACE",
    "BUILD_SOURCESDIRECTORY",
    "CI_PROJECT_DIR",
    "WORKSPACE",
];

/// The service that reads this job's log.
pub(super) fn runner() -> Option<Runner> {
    let is_true = |name| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_true("GITHUB_ACTIONS") {
        Some(Runner::GitHub)
    } else if is_true("TF_BUILD") {
        Some(Runner::AzurePipelines)
    } else {
        None
    }
}

/// The path of `file` relative to the root of its repository, or `file` itself outside any.
pub(super) fn in_repository(file: &str) -> String {
    let path = resolved(Path::new(file));
    let root = roots(&path).next();
    match root.and_then(|root| path.strip_prefix(root).ok()) {
        Some(relative) => relative.to_string_lossy().replace('\\', "/"),
        None => file.to_owned(),
    }
}

/// Checks that an output at `path` leads through no link into another file. Only in CI: there, whoever opens a pull request could make
/// azlin overwrite a file of the machine. A descriptor such as `/dev/stdout` is a link, too.
pub(super) fn check_output(path: &Path) -> Result<(), Trouble> {
    let is_descriptor = path.starts_with("/dev") || path.starts_with("/proc");
    if !in_ci() || is_descriptor {
        return Ok(());
    }
    if path.is_symlink() {
        let message = format!(
            "{} is a link, which azlin does not follow in CI",
            shown(path)
        );
        let help = "write to another file, best outside the checkout";
        return Err(Trouble::new(message, help));
    }
    match path.parent() {
        Some(folder) if folder != Path::new("") => check_inside(folder),
        _ => Ok(()),
    }
}

/// Checks that `file` leads to no place outside its repository, nor into git's own folder, where tokens are. Only in CI: there,
/// whoever opens a pull request could make the log print a file of the machine. A person may keep their file where they like.
pub(super) fn check_inside(file: &Path) -> Result<(), Trouble> {
    if !in_ci() {
        return Ok(());
    }
    // A missing file is reported when it is read.
    let Ok(target) = fs::canonicalize(file) else {
        return Ok(());
    };
    let spelled = spelled_out(file);
    let mut around: Vec<PathBuf> = roots(&spelled).map(Path::to_owned).collect();
    let here = std::env::current_dir().unwrap_or_default();
    if spelled.starts_with(&here) && !around.iter().any(|root| here.starts_with(root)) {
        around.push(here);
    }
    // In each of them, because a linked folder may lead into another repository.
    let is_inside = |root: &PathBuf| {
        let root = fs::canonicalize(root).ok();
        let inside = root.and_then(|root| target.strip_prefix(root).ok());
        inside.is_some_and(|inside| inside.iter().all(|part| part != OsStr::new(".git")))
    };
    if around.iter().all(is_inside) {
        return Ok(());
    }
    let file = shown(file);
    Err(Trouble::new(
        format!("{file} leads out of its repository through a link, which is not allowed in CI"),
        "replace the link with the file itself",
    ))
}

/// The roots of the repositories that hold `path`, the nearest first: the folders above it that git knows, or that a pipeline
/// checks out into.
fn roots(path: &Path) -> impl Iterator<Item = &Path> {
    let folders = CHECKOUTS.iter().filter_map(|name| variable(name));
    let checkouts: Vec<PathBuf> = folders
        .filter_map(|folder| fs::canonicalize(folder).ok())
        .collect();
    let is_root =
        move |folder: &&Path| folder.join(".git").exists() || checkouts.iter().any(|c| c == folder);
    path.ancestors().skip(1).filter(is_root)
}

/// The absolute path of `path` as it is spelled, with its links, but without `.` and `..`.
fn spelled_out(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or(path.to_owned());
    let mut spelled = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                spelled.pop();
            }
            other => spelled.push(other),
        }
    }
    spelled
}

/// The absolute path of `path`. Its folder is without links, but a link as the file itself stays: git knows the link.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or(path.to_owned());
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return path;
    };
    fs::canonicalize(folder).map_or(path.clone(), |folder| folder.join(name))
}
