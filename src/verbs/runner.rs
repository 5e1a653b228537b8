//! The pipeline that azlin runs in, and how it names a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::azure::sign_in::variable;
use crate::show::annotation::Runner;

/// The service that reads this job's log, and the variable with the folder into which it checks out the repository.
pub(super) fn runner() -> Option<(Runner, &'static str)> {
    let is_true = |name| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_true("GITHUB_ACTIONS") {
        Some((Runner::GitHub, "GITHUB_WORKSPACE"))
    } else if is_true("TF_BUILD") {
        Some((Runner::AzurePipelines, "BUILD_SOURCESDIRECTORY"))
    } else {
        None
    }
}

/// The path of `file` relative to the root of its repository, or `file` itself outside any. The root is the nearest folder above
/// the file that git knows, or else the folder that `checkout` names.
pub(super) fn in_repository(file: &str, checkout: &str) -> String {
    let path = resolved(Path::new(file));
    let workspace = variable(checkout).and_then(|folder| fs::canonicalize(folder).ok());
    let workspace = workspace.filter(|folder| path.starts_with(folder));
    let mut root = None;
    for folder in path.ancestors().skip(1) {
        if folder.join(".git").exists() {
            root = Some(folder.to_owned());
        }
        if root.is_some() || workspace.as_deref() == Some(folder) {
            break;
        }
    }
    let relative = root.or(workspace);
    let relative = relative.and_then(|root| path.strip_prefix(root).ok().map(Path::to_owned));
    match relative {
        Some(relative) => relative.to_string_lossy().replace('\\', "/"),
        None => file.to_owned(),
    }
}

/// The absolute path of `path`. Its folder is without links, but a link as the file itself stays: git knows the link.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or(path.to_owned());
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return path;
    };
    fs::canonicalize(folder).map_or(path.clone(), |folder| folder.join(name))
}
