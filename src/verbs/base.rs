//! `plan --base`: the plan that the files at an older revision would have made.

use super::context::Context;
use super::document::Document;
use super::git;
use super::planning::Planned;
use crate::file::{self, Diagnostic, File, Member, Source};
use crate::model::{Basis, Desired};
use crate::plan;
use crate::text::escape;

/// Marks what in `planned` the edit of the files since `rev` causes, and what had drifted before.
pub(super) fn mark(planned: &mut Planned, context: &Context, rev: &str) {
    let rev = git::short(rev);
    let desired = desired_at(context, rev);
    let desired: Vec<&Desired> = desired.iter().collect();
    let then = plan::plan(&desired, &planned.live, &planned.aim);
    plan::mark_since(&mut planned.plan, &then, rev);
}

/// The sessions that the files wanted at `rev`. A file that was not there or not valid wanted none.
fn desired_at(context: &Context, rev: &str) -> Vec<Desired> {
    let streams = context.streams;
    let shown = escape(rev);
    let mut all: Vec<(File, Source, Desired)> = Vec::new();
    for part in context.parts() {
        let Some(bytes) = &part.document.base else {
            streams.note(&format!("{} is not in {shown}", part.name));
            continue;
        };
        let (then, _, source) = file::read(&part.document.source.name, bytes);
        let Some(then) = then else {
            streams.warn(&format!(
                "{} was invalid at {shown}, so all its changes count as new",
                part.name
            ));
            continue;
        };
        if !is_same_azure(&then, &part.document) {
            streams.warn(&format!(
                "{} was for another Azure or tag at {shown}, so all its changes count as new",
                part.name
            ));
            continue;
        }
        let desired = then.desired(Basis {
            owner: then.owner.clone(),
            ..part.desired.basis.clone()
        });
        all.push((then, source, desired));
    }
    let members: Vec<Member<'_>> = all
        .iter()
        .map(|(file, source, desired)| Member {
            file,
            source,
            subscription: Some(&desired.basis.subscription),
        })
        .collect();
    if file::check_between(&members)
        .iter()
        .any(Diagnostic::is_error)
    {
        streams.warn(&format!(
            "the files conflicted with each other at {shown}, so all changes count as new"
        ));
        return Vec::new();
    }
    all.into_iter().map(|(.., desired)| desired).collect()
}

/// True if the file wanted its sessions in the same Azure `then` as now, in the same tag.
fn is_same_azure(then: &File, now: &Document) -> bool {
    let (then, now) = (&then.azure, &now.file.azure);
    then.subscription == now.subscription
        && then.cloud == now.cloud
        && then.endpoint == now.endpoint
        && then.tag == now.tag
}
