//! Files and Azure → what `blame` reports on a name or a VM.

use serde::Serialize;
use similar::{Algorithm, TextDiff};
use time::{OffsetDateTime, UtcOffset};

use crate::model::{Declared, Desired, Held, Hex, Live, LiveName, Shown, Vm, VmId, Written};
use crate::resolve::{self, By, Miss};

/// The VMs and the line that a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject<'d> {
    /// The kind of the name: that of a VM or of a session.
    pub by: By,
    /// The VM of this name, or the VMs that hold the session now. If none does, the VM that the line names, if Azure has it.
    pub vms: Vec<VmId>,
    /// The line about it, with the place of its file.
    pub line: Option<(usize, &'d Declared)>,
}

/// Returns what `name` means: a VM by its name or `GROUP/VM`, ignoring case, or else a session. The VM or the line may be missing in
/// Azure or in `files`, but not in both.
///
/// # Errors
/// Several VMs have this name, or nothing does.
pub fn subject<'d>(
    files: &[&'d Desired],
    live: &Live,
    name: &str,
    group: Option<&str>,
) -> Result<Subject<'d>, Miss> {
    let is_it = |id: &VmId| id.answers_to(name) && group.is_none_or(|group| id.path().is_in(group));
    let mut lines = files.iter().enumerate().flat_map(|(file, desired)| {
        let lines = desired.sessions.iter();
        lines.map(move |line| (file, line))
    });
    let declared = lines.clone().map(|(_, line)| &line.vm);
    let mut vms: Vec<VmId> = live
        .vms
        .keys()
        .chain(declared)
        .filter(|id| is_it(id))
        .cloned()
        .collect();
    vms.sort();
    vms.dedup();
    if let [vm] = vms.as_slice() {
        let line = lines.find(|(_, line)| line.vm == *vm);
        vms.retain(|vm| live.vms.contains_key(vm));
        return Ok(Subject {
            by: By::Name,
            vms,
            line,
        });
    }
    if !vms.is_empty() {
        return Err(Miss::Ambiguous { by: By::Name, vms });
    }
    let in_group = |vm: &&Vm| group.is_none_or(|group| vm.id.path().is_in(group));
    let holders = live
        .vms
        .values()
        .filter(in_group)
        .filter(|vm| vm.held.is(name));
    let mut vms: Vec<VmId> = holders.map(|vm| vm.id.clone()).collect();
    let line = lines.find(|(_, line)| line.session.as_str() == name);
    if vms.is_empty() && line.is_none() {
        return Err(match resolve::resolve(live, name) {
            Err(miss) => miss,
            Ok(_) => Miss::NotFound {
                nearest: Vec::new(),
                sessions: Vec::new(),
                among: live.vms.len(),
            },
        });
    }
    let declared = line.map(|(_, line)| &line.vm);
    if let (true, Some(vm)) = (vms.is_empty(), declared.and_then(|vm| live.vms.get(vm))) {
        vms.push(vm.id.clone());
    }
    Ok(Subject {
        by: By::Session,
        vms,
        line,
    })
}

/// The report of `blame`.
#[derive(Clone, Debug, Serialize)]
pub struct Blame {
    /// The kind of the name: that of a VM or of a session.
    #[serde(skip)]
    pub by: By,
    /// The VMs of [`Subject::vms`], as they are now.
    pub vms: Vec<Holder>,
    /// The line in the file, if there is one.
    pub line: Option<Line>,
}

/// A VM, and the last write of its tags.
#[derive(Clone, Debug, Serialize)]
pub struct Holder {
    /// The VM.
    pub vm: VmId,
    /// Its session now.
    pub session: Option<LiveName>,
    /// The owner of its session.
    pub owner: Option<LiveName>,
    /// The last write of its tags in the activity log.
    pub written: Option<Written>,
    /// The reason why `written` is missing.
    pub unknown: Option<Shown>,
}

impl Holder {
    /// `vm` with its tags, and what the activity log has on it.
    pub fn new(vm: &VmId, held: &Held, written: Result<Option<Written>, Shown>) -> Self {
        let (written, unknown) = match written {
            Ok(Some(written)) => (Some(written), None),
            Ok(None) => (None, Some(Shown::new(NO_ENTRY))),
            Err(why) => (None, Some(why)),
        };
        Self {
            vm: vm.clone(),
            session: held.session.clone(),
            owner: held.owner.clone(),
            written,
            unknown,
        }
    }
}

/// The reason if the activity log has no write.
const NO_ENTRY: &str =
    "Azure's activity log has no write in the last 89 days; a write shows after some minutes";

/// A line of a file, and the commit that it comes from.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The file.
    pub file: Shown,
    /// The line's number, from 1.
    pub line: usize,
    /// The VM that it names.
    pub vm: VmId,
    /// The session that it assigns.
    pub session: String,
    /// The commit that last changed it.
    pub commit: Option<Commit>,
    /// The reason why `commit` is missing.
    pub unknown: Option<Shown>,
}

/// A commit of a git repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its id.
    pub id: Hex,
    /// The author's name.
    pub author: Shown,
    /// The author's address, in angle brackets.
    pub email: Shown,
    /// The time at which the author wrote it, as `2026-01-05T08:00:00Z`.
    pub at: Shown,
    /// The first line of its message.
    pub summary: Shown,
    /// True if the repository has no older commit, as in a shallow clone: the line may come from an earlier one.
    pub is_oldest: bool,
}

impl Commit {
    /// Reads the output of `git blame --porcelain` for one line. None if the line is not committed.
    pub fn read(porcelain: &str) -> Option<Self> {
        let mut lines = porcelain.lines();
        let id = lines.next()?.split(' ').next()?;
        if id.bytes().all(|digit| digit == b'0') {
            return None;
        }
        let mut commit = Self {
            id: Hex::new(id).ok()?,
            author: Shown::default(),
            email: Shown::default(),
            at: Shown::default(),
            summary: Shown::default(),
            is_oldest: false,
        };
        // The content of the line begins with a tab.
        for line in lines.take_while(|line| !line.starts_with('\t')) {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("author", name) => commit.author = Shown::new(name),
                ("author-mail", mail) => commit.email = Shown::new(mail),
                ("author-time", time) => commit.at = Shown::new(&spelled(time)?),
                ("summary", text) => commit.summary = Shown::new(text),
                ("boundary", _) => commit.is_oldest = true,
                _ => {}
            }
        }
        Some(commit)
    }
}

/// The number in `then` of the line that is line `line` of `now`, both from 1. None if the line is new. Line ends do not count.
pub fn line_in(then: &str, now: &str, line: usize) -> Option<usize> {
    let then: Vec<&str> = then.trim_start_matches('\u{feff}').lines().collect();
    let now: Vec<&str> = now.lines().collect();
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_slices(&then, &now);
    let mut changes = diff.iter_all_changes();
    let same = changes.find(|change| change.new_index().is_some_and(|new| new + 1 == line))?;
    same.old_index().map(|old| old + 1)
}

/// `seconds` since 1970 as a time in UTC.
fn spelled(seconds: &str) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok()?;
    let time = time.to_offset(UtcOffset::UTC);
    let (hour, minute, second) = time.to_hms();
    Some(format!(
        "{}T{hour:02}:{minute:02}:{second:02}Z",
        time.date()
    ))
}
