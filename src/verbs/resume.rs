//! A saved plan → what is left of it to do.

use std::path::Path;

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble};
use crate::model::Desired;
use crate::plan::{Saved, Standing};
use crate::show;
use crate::text::escape;

/// What is left to do of the plan that was saved in `path`.
pub(super) async fn resume(
    context: &Context,
    path: &Path,
    streams: Streams,
) -> Result<Planned, Trouble> {
    let saved = planning::read(path)?;
    let name = escape(&path.to_string_lossy()).into_owned();
    let files = in_its_order(context, &saved, &name)?;
    let planned = planning::make_again(context, &files, &saved).await?;
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

/// The files of `context` in the order of the plan that was `saved` for them, which is called `name`.
fn in_its_order<'c>(
    context: &'c Context,
    saved: &Saved,
    name: &str,
) -> Result<Vec<&'c Desired>, Trouble> {
    let files = context.desired();
    let now: Vec<_> = files.iter().map(|desired| &desired.basis).collect();
    let places = saved
        .places(&now)
        .map_err(|why| show::unusable(&why, name))?;
    Ok(places
        .iter()
        .filter_map(|at| files.get(*at).copied())
        .collect())
}
