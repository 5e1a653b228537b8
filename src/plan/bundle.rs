//! The saved plans of several files, made together, in one JSON.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::saved::{check_version, not_a_plan};
use super::{Saved, Unusable, sha256};
use crate::json::{self, FORMAT};

/// What `plan --out` and `--format json` write for several files.
#[derive(Clone, Serialize, Deserialize)]
struct Bundle {
    format_version: String,
    azlin_version: String,
    plans: Vec<Saved>,
    /// A SHA-256 of all the rest.
    digest: String,
}

/// The JSON of `plans`: of one file's alone, or of several in one bundle.
pub fn write(plans: Vec<Saved>) -> String {
    match <[Saved; 1]>::try_from(plans) {
        Ok([saved]) => saved.write(),
        Err(plans) => {
            let others = plans.len().saturating_sub(1);
            let plans = plans.into_iter().map(|saved| saved.made_with(others));
            let mut bundle = Bundle {
                format_version: FORMAT.to_owned(),
                azlin_version: env!("CARGO_PKG_VERSION").to_owned(),
                plans: plans.collect(),
                digest: String::new(),
            };
            bundle.digest = bundle.digest();
            json::ascii(&bundle)
        }
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
    let is_whole = bundle.digest == bundle.digest()
        && bundle.plans.len() > 1
        && bundle.plans.iter().all(Saved::is_whole)
        && json::ascii(&bundle).as_bytes() == json;
    match is_whole {
        true => Ok(bundle.plans),
        false => Err(Unusable::Edited),
    }
}

impl Bundle {
    fn digest(&self) -> String {
        let without = Self {
            digest: String::new(),
            ..self.clone()
        };
        sha256(&serde_json::to_vec(&without).unwrap_or_default())
    }
}
