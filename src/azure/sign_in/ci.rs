//! Detects CI, where nobody can sign in by hand.

use super::way::variable;

/// The variables by which CI systems make themselves known.
const MARKS: [&str; 8] = [
    "CI",
    "GITHUB_ACTIONS",
    "TF_BUILD",
    "GITLAB_CI",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "BITBUCKET_BUILD_NUMBER",
    "CODEBUILD_BUILD_ID",
];

/// Returns true if azlin runs in CI.
pub fn in_ci() -> bool {
    is_ci(&variable)
}

/// Returns true if these environment variables are those of a CI system.
pub(super) fn is_ci(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_off = |value: &str| matches!(value, "" | "0") || value.eq_ignore_ascii_case("false");
    MARKS.iter().any(|name| {
        let value = variable(name);
        value.is_some_and(|value| !is_off(&value))
    })
}
