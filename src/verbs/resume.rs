//! A saved plan → what is left of it to do.

use std::path::Path;

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble};
use crate::plan::{Plan, Saved, Standing, Unusable};
use crate::show;
use crate::text::escape;

/// What is left to do of the plans that were saved in `path`.
pub(super) async fn resume(
    context: &Context,
    path: &Path,
    streams: Streams,
) -> Result<Planned, Trouble> {
    let saved = planning::read(path)?;
    let name = escape(&path.to_string_lossy()).into_owned();
    let saved = in_order(context, saved).map_err(|(file, why)| {
        let named = match file {
            Some(file) => format!("{name}, in its plan for {file},"),
            None => name.clone(),
        };
        let (message, help) = show::unusable(&why, &named);
        let exit = if why.is_stale() {
            Exit::Stale
        } else {
            Exit::Error
        };
        Trouble::new(message, help).exit(exit)
    })?;
    let planned = planning::make_again(context, &saved).await?;
    let standing = saved.iter().zip(&planned.plans.each);
    let standing = standing.map(|(saved, now)| saved.standing(now, &planned.live));
    match standing.max() {
        Some(Standing::Holds) => Ok(planned),
        Some(Standing::Applied) | None => {
            streams.say(&format!("{name} is already applied: nothing to do\n"));
            Ok(planned)
        }
        Some(Standing::Stale) => {
            let shown =
                |plans: &[Plan]| show::plans(&planning::sections(context, plans), streams.stderr);
            let saved: Vec<Plan> = saved.into_iter().map(|saved| saved.plan).collect();
            let (then, now) = (shown(&saved), shown(&planned.plans.each));
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

/// `saved` in the order of the files of `context`, each made for its own, in whatever order the files were named.
///
/// # Errors
/// Why not, with the file, where that is one of several.
fn in_order(
    context: &Context,
    mut saved: Vec<Saved>,
) -> Result<Vec<Saved>, (Option<String>, Unusable)> {
    let files = |names: Vec<String>| names.join(", ");
    let then = saved.iter().map(|saved| saved.basis.file.clone());
    let now = context.parts().map(|part| part.name.clone());
    let others = Unusable::other_files(files(then.collect()), files(now.collect()));
    if let ([only], false) = (saved.as_slice(), context.has_several()) {
        // What it was made for instead is told in full.
        only.check(&context.first.basis())
            .map_err(|why| (None, why))?;
        return Ok(saved);
    }
    let mut ordered = Vec::new();
    for part in context.parts() {
        let basis = part.basis();
        let place = |saved: &Saved| {
            (&saved.basis.subscription, &saved.basis.owner) == (&basis.subscription, &basis.owner)
        };
        let same = |saved: &Saved| place(saved) && saved.basis.file_sha256 == basis.file_sha256;
        let at = saved.iter().position(same);
        let Some(at) = at.or_else(|| saved.iter().position(place)) else {
            return Err((None, others));
        };
        let own = saved.remove(at);
        own.check(&basis)
            .map_err(|why| (Some(part.name.clone()), why))?;
        ordered.push(own);
    }
    match saved.is_empty() {
        true => Ok(ordered),
        false => Err((None, others)),
    }
}
