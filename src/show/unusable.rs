//! Why a saved plan is not carried out.

use crate::plan::Unusable;
use crate::text::{escape, quote};

/// The message and the help for the saved plan called `name`.
pub fn unusable(unusable: &Unusable, name: &str) -> (String, String) {
    let again = "make it again: azlin plan --out FILE".to_owned();
    match unusable {
        Unusable::NotAPlan { why } => (
            format!("{name} is no plan, or was cut short: {}", escape(why)),
            again,
        ),
        Unusable::Newer { format } => (
            format!(
                "{name} was made by a newer azlin: its format is {}",
                quote(format)
            ),
            "use that version of azlin".to_owned(),
        ),
        Unusable::Edited => (format!("{name} was edited since azlin wrote it"), again),
        Unusable::Other { what, saved, now } => (
            format!(
                "{name} was made for another {what}: {}, and this is {}",
                quote(saved),
                quote(now)
            ),
            again,
        ),
    }
}
