//! A saved plan → what is left of it to do.

use std::path::Path;

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Trouble};
use crate::model::Desired;
use crate::plan::Standing;
use crate::show;
use crate::text::shown;

/// What is left to do of the plan that was saved in `path`.
pub(super) async fn resume(context: &Context, path: &Path) -> Result<Planned, Trouble> {
    let streams = context.streams;
    let saved = planning::read(path)?;
    let name = shown(path);
    let files = context.desired();
    let now: Vec<_> = files.iter().map(|desired| &desired.basis).collect();
    let places = saved.places(&now);
    let places = places.map_err(|why| show::unusable(&why, &name))?;
    let saved_order = places.iter().filter_map(|at| files.get(*at).copied());
    let saved_order: Vec<&Desired> = saved_order.collect();
    let planned = planning::make_again(context, &saved_order, &saved).await?;
    match saved.standing(&planned.plan, &planned.live) {
        Standing::Holds => Ok(planned),
        Standing::Applied => {
            streams.say(&format!("{name} is already applied: nothing to do\n"));
            Ok(planned)
        }
        Standing::Stale => {
            let then = show::plan(&saved.plan, streams.stderr);
            let now = show::plan(&planned.plan, streams.stderr);
            streams.say(&format!(
                "The saved plan:\n\n{then}\nThe plan now:\n\n{now}\n"
            ));
            let message =
                format!("{name} is out of date: Azure has changed since; nothing was written");
            let help = "look at the new plan, and save it: azlin plan --out FILE";
            Err(Trouble::new(message, help).exit(Exit::Stale))
        }
    }
}
