//! `azlin blame`, and `plan --blame`.

use futures::{StreamExt as _, stream};
use time::{Date, Duration};

use super::context::{Context, What};
use super::git::{self, Failed};
use super::planning::Planned;
use super::{Exit, Streams, Trouble, names, today};
use crate::azure::activity::{self, DAYS};
use crate::blaming::{self, Blame, Commit, Holder, Line};
use crate::cli::{Blame as Args, Common, ReportFormat};
use crate::model::{Declared, Scope, Shown, VmId, Written};
use crate::plan::Action;
use crate::show;

/// The number of requests to the activity log at a time.
const AT_ONCE: usize = 8;

/// The most VMs that `plan --blame` looks up: each takes two requests.
const MOST: usize = 50;

pub(super) async fn run(common: &Common, args: &Args, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let (name, group) = (args.name.as_str(), args.within.rg.as_deref());
    let scope = |own: &Scope| super::scope_with(own, name, group);
    let within = group.or_else(|| VmId::group_in(name));
    let live = names::read_azure_for(&context, What::Sessions, &scope, within).await?;
    let desired = context.desired();
    let subject = match blaming::subject(&desired, &live, name, group) {
        Ok(subject) => subject,
        Err(miss) => {
            return Err(super::missed(&live, name, group, &miss, false, &context).await);
        }
    };
    streams.warn_incomplete(&live);
    let held = subject.vms.iter().filter_map(|vm| live.vms.get(vm));
    let looking = held.map(|vm| async {
        let written = last_write(&context, &vm.id).await;
        Holder::new(&vm.id, &vm.held, written)
    });
    let looking = stream::iter(looking).buffered(AT_ONCE).collect();
    let doing = || "reading Azure's activity log".to_owned();
    let blame = Blame {
        by: subject.by,
        vms: streams.patiently(doing, looking).await,
        line: subject
            .line
            .map(|(file, line)| line_of(&context, file, line)),
    };
    streams.print(&match args.output.format {
        ReportFormat::Text => show::blame(&blame, name, streams.stdout, context.ids),
        ReportFormat::Json => show::blame_json(&blame, name),
    })?;
    Ok(Exit::Done)
}

/// Adds to each change of a session that was set by hand who last wrote the tags. Says in a line where that is unknown.
pub(super) async fn mark(planned: &mut Planned, context: &Context) {
    let changes = planned.plan.changes.iter_mut();
    let by_hand = |change: &&mut crate::plan::Change| {
        matches!(change.action, Action::Change { unowned: true })
    };
    let mut by_hand: Vec<_> = changes.filter(by_hand).collect();
    let all = by_hand.len();
    by_hand.truncate(MOST);
    let looking = by_hand.into_iter().map(|change| async move {
        let written = last_write(context, &change.vm).await;
        match written {
            Ok(written) => {
                let is_known = written.is_some();
                change.written = written;
                Ok((!is_known).then(|| change.vm.clone()))
            }
            Err(why) => Err(why),
        }
    });
    let looking = stream::iter(looking).buffered(AT_ONCE).collect::<Vec<_>>();
    let doing = || "reading Azure's activity log".to_owned();
    let streams = context.streams;
    let (mut missing, mut failures) = (Vec::new(), Vec::new());
    for found in streams.patiently(doing, looking).await {
        match found {
            Ok(vm) => missing.extend(vm),
            Err(why) => failures.push(why),
        }
    }
    if let Some(why) = failures.first() {
        let vms = show::count(failures.len(), "VM");
        streams.warn(&format!(
            "who last wrote the tags of {vms} is unknown: {why}"
        ));
    }
    if !missing.is_empty() {
        let vms = context.ids.names(&missing);
        streams.note(&format!(
            "Azure's activity log has no write of the tags of {vms} in the last {DAYS} days"
        ));
    }
    if all > MOST {
        streams.note(&format!("--blame looked up {MOST} of {all} VMs"));
    }
}

/// The last write of the tags of `vm`, or the reason why that is unknown.
async fn last_write(context: &Context, vm: &VmId) -> Result<Option<Written>, Shown> {
    let arm = &context.part_of(vm).arm;
    let since = today()
        .checked_sub(Duration::days(DAYS))
        .unwrap_or(Date::MIN);
    let written = activity::last_write(arm, vm, since).await;
    written.map_err(|failure| Shown::new(&failure.to_string()))
}

/// `line` of the file at `file`, with the commit that it comes from.
fn line_of(context: &Context, file: usize, line: &Declared) -> Line {
    let part = context.parts().nth(file);
    let mut at = line.line;
    let mut found = Err(Failed::Refused(String::new()));
    if let Some(part) = part {
        let (source, lines) = (&part.document.source, &part.document.file.lines);
        // The session may be on a line of its own, below the VM.
        let own = lines.iter().find(|own| own.vm == *line.vm.path());
        at = own.map_or(at, |own| source.line_of(own.session_span.start));
        found = git::blame(&part.document.path, &source.text, at);
    }
    let commit = match &found {
        Ok(Some(porcelain)) => Commit::read(porcelain),
        Ok(None) | Err(_) => None,
    };
    let unknown = match (&found, &commit) {
        (_, Some(_)) => None,
        (Ok(_), None) => Some("the line is not committed yet".to_owned()),
        (Err(Failed::Missing(_)), None) => Some("git does not run".to_owned()),
        (Err(Failed::Refused(why)), None) => Some(format!("git says: {why}")),
    };
    Line {
        file: Shown::new(part.map_or("", |part| &part.name)),
        line: at,
        vm: line.vm.clone(),
        session: line.session.to_string(),
        commit,
        unknown: unknown.map(|why| Shown::new(&why)),
    }
}
