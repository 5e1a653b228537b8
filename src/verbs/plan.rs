//! `azlin plan`.

use std::io;
use std::path::PathBuf;

use super::context::Context;
use super::part::Part;
use super::planning;
use super::{Exit, Streams, Trouble, base, blame, runner};
use crate::cli::{Common, Format, Plan};
use crate::file::CannotEdit;
use crate::model::Owner;
use crate::plan;
use crate::replace::replace;
use crate::show;
use crate::text::shown;

pub(super) async fn run(common: &Common, args: &Plan, streams: Streams) -> Result<Exit, Trouble> {
    if let Some(out) = &args.out {
        runner::check_output(out)?;
    }
    let context = Context::open_since(common, args.base.as_deref(), streams)?;
    let mut planned = planning::make(&context, &args.planning).await?;
    if let Some(rev) = &args.base {
        base::mark(&mut planned, &context, rev);
    }
    if args.blame {
        blame::mark(&mut planned, &context).await;
    }
    let plan = &planned.plan;
    if args.diff {
        for (at, part) in context.parts().enumerate() {
            diff(plan, at, part, streams)?;
        }
        if plan.is_empty() {
            let (place, name) = (context.place(), context.name());
            streams.note(&format!("no diff to show: {place} matches {name}"));
        }
    } else {
        planning::print(&planned, &context, args.output.format)?;
    }
    planning::guard(&planned).inspect_err(|_| {
        if let Some(out) = &args.out {
            streams.note(&format!("the plan was not saved to {}", shown(out)));
        }
    })?;
    if let Some(out) = &args.out {
        let json = planned.json(&context);
        save(out.clone(), json).await.map_err(|error| {
            let help = "check that the folder exists, and that you may write to it or to the file";
            Trouble::cannot("write", out, &error, help)
        })?;
        let (out, files) = (shown(out), common.files());
        let next = if plan.blocked() == 0 {
            let mut words = vec![format!("azlin apply{files} {out}")];
            words.extend(show::permissions(&planned.aim.options, context.ids));
            let command = words.join(" ");
            format!(" To apply exactly this plan, run: {command}")
        } else {
            String::new()
        };
        streams.say(&format!("Saved the plan to {out}.{next}\n"));
    }
    planning::refuse_blocked(plan, &context, "")?;
    let is_for_people = args.diff || args.output.format == Format::Text;
    if args.out.is_none() && is_for_people && !plan.changes.is_empty() {
        let with = if args.planning.is_default() {
            ""
        } else {
            " with the same options"
        };
        let files = common.files();
        streams.say(&format!(
            "Run azlin apply{files}{with} to make these changes.\n"
        ));
    }
    if args.detailed_exitcode && !plan.changes.is_empty() {
        return Ok(Exit::Changes);
    }
    Ok(Exit::Done)
}

/// Writes the plan to `out`. Ctrl-C still works while a pipe waits for its reader.
async fn save(out: PathBuf, json: String) -> io::Result<()> {
    let writing = move || replace(&out, json.as_bytes(), false);
    let written = tokio::task::spawn_blocking(writing).await;
    written.unwrap_or_else(|failed| Err(io::Error::other(failed)))
}

/// Prints the diff of the file at `at`. If azlin would write although the diff is empty, a note says why.
fn diff(plan: &plan::Plan, at: usize, part: &Part, streams: Streams) -> Result<(), Trouble> {
    let (name, document) = (&part.name, &part.document);
    let mark = if document.has_mark { "\u{feff}" } else { "" };
    let text = format!("{mark}{}", document.source.text);
    let diff = show::diff(plan, at, &text, name, streams.stdout).map_err(|CannotEdit| {
        let message =
            format!("cannot show the plan for {name} as a diff: azlin cannot edit this file");
        Trouble::new(message, "run azlin plan without --diff")
    })?;
    streams.print(&diff)?;
    let adopted = plan.changes_of(at).count();
    if diff.is_empty() && adopted > 0 {
        let (vms, tag) = (show::count(adopted, "VM"), Owner::TAG);
        streams.note(&format!(
            "no diff to show: the sessions in Azure match {name}, and apply only adds the owner tag {tag} to {vms}"
        ));
    }
    Ok(())
}
