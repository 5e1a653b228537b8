//! Why a saved plan is not carried out.

use crate::plan::{Unusable, What};
use crate::text::{escape, quote};
use crate::trouble::{Exit, Trouble};

/// What is wrong with the saved plan called `name`.
pub fn unusable(unusable: &Unusable, name: &str) -> Trouble {
    let again = "create a new plan: azlin plan --out FILE";
    let trouble = match unusable {
        Unusable::NotAPlan { why } => Trouble::new(
            format!("{name} is not a plan, or was cut short: {}", escape(why)),
            again,
        ),
        Unusable::Newer { format } => Trouble::new(
            format!(
                "{name} was made by a newer azlin: its format is {}",
                quote(format)
            ),
            "use that version of azlin",
        ),
        Unusable::Edited => Trouble::new(format!("{name} was edited since azlin wrote it"), again),
        Unusable::Other {
            what,
            saved,
            now,
            file,
        } => {
            let plan = match file {
                Some(file) => format!("{name}, in its plan for {},", escape(file)),
                None => name.to_owned(),
            };
            let what = match what {
                What::Subscription => "for another subscription",
                What::Tag => "for another tag",
                What::Owner => "for another owner",
                What::File => "from a different version of the file",
                What::Files => "for a different set of files",
            };
            let message = format!(
                "{plan} was made {what}: {}, and this is {}",
                quote(saved),
                quote(now)
            );
            Trouble::new(message, again)
        }
    };
    if unusable.is_stale() {
        return trouble.exit(Exit::Stale);
    }
    trouble
}
