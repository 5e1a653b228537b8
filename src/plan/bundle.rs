//! The saved plans of several files, made together, in one JSON.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::saved::{check_version, not_a_plan};
use super::{Saved, Unusable, sha256};
use crate::json::{self, FORMAT};

/// What `plan --out` and `--format json` write for several files.
#[derive(Serialize, Deserialize)]
struct Bundle {
    format_version: String,
    azlin_version: String,
    plans: Vec<Saved>,
    /// A SHA-256 over the digests of the plans: it tells whether one is left out.
    digest: String,
}

/// The JSON of `plans`: of one file's alone, or of several in one bundle.
pub fn write(plans: Vec<Saved>) -> String {
    match <[Saved; 1]>::try_from(plans) {
        Ok([saved]) => saved.write(),
        Err(plans) => json::ascii(&Bundle {
            format_version: FORMAT.to_owned(),
            azlin_version: env!("CARGO_PKG_VERSION").to_owned(),
            digest: digest(&plans),
            plans,
        }),
    }
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// It is cut short, edited, written by a newer azlin, or something else altogether.
pub fn read(json: &[u8]) -> Result<Vec<Saved>, Unusable> {
    #[derive(Deserialize)]
    struct Kind {
        plans: Option<IgnoredAny>,
    }
    check_version(json)?;
    let kind: Kind = serde_json::from_slice(json).map_err(not_a_plan)?;
    if kind.plans.is_none() {
        return Ok(vec![Saved::read(json)?]);
    }
    let bundle: Bundle = serde_json::from_slice(json).map_err(not_a_plan)?;
    let is_whole = bundle.digest == digest(&bundle.plans)
        && bundle.plans.len() > 1
        && bundle.plans.iter().all(Saved::is_whole)
        && json::ascii(&bundle).as_bytes() == json;
    match is_whole {
        true => Ok(bundle.plans),
        false => Err(Unusable::Edited),
    }
}

fn digest(plans: &[Saved]) -> String {
    let digests: String = plans.iter().map(|saved| saved.digest.as_str()).collect();
    sha256(digests.as_bytes())
}
