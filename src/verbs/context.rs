//! [`Context`]: the files of a command, and the subscriptions that they manage.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures::{StreamExt as _, stream};

use super::document::{self, Document};
use super::part::{Opener, Part};
use super::subscription::subscription;
use super::{Streams, Trouble, today};
use crate::apply::Place;
use crate::azure::fleet::{self, Details};
use crate::azure::{Failure, Patience};
use crate::cli::Common;
use crate::file::Member;
use crate::file::find::{self, Located};
use crate::model::{Declared, Desired, Gaps, Live, Scope, SubscriptionId, Vm, VmId};
use crate::show::Ids;

/// The files of a command, checked alone and together, with an open connection to each subscription.
pub(super) struct Context {
    /// The first file; an empty one without a file.
    pub first: Part,
    /// The other files, if you name several.
    others: Vec<Part>,
    /// The index of the file that declares each VM.
    declaring: HashMap<VmId, usize>,
    /// How much of a VM's id tells it from the others of this run.
    pub ids: Ids,
    pub streams: Streams,
}

/// How many subscriptions are read at once: each takes up to four connections.
const AT_ONCE: usize = 16;

/// The part of Azure that a command reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Which VMs hold which sessions.
    Sessions,
    /// Sessions and addresses, for a command that writes both down.
    Addresses,
    /// Sessions and power states, for a command that only looks: a forbidden subscription among several is a gap, not an error.
    States,
    /// Everything, for a command that only looks.
    Visible,
    /// Everything, with resource groups spelled as Azure spells them, whatever the files say: for `list`.
    Listed,
}

impl What {
    /// The details beside the sessions.
    fn details(self) -> Details {
        match self {
            Self::Sessions => Details::None,
            Self::Addresses => Details::Addresses,
            Self::States => Details::States,
            Self::Visible | Self::Listed => Details::All,
        }
    }

    /// True if a forbidden subscription among several is a gap, not an error.
    fn may_lack(self) -> bool {
        matches!(self, Self::States | Self::Visible | Self::Listed)
    }
}

impl Context {
    /// Reads the files and opens their subscriptions. azlin sends no request until all files are valid.
    pub fn open(common: &Common, streams: Streams) -> Result<Self, Trouble> {
        Self::start(common, document::find(common)?, None, streams)
    }

    /// Opens a context as [`Self::open`] does, with each file also as it was at the git revision `since`.
    pub fn open_since(
        common: &Common,
        since: Option<&str>,
        streams: Streams,
    ) -> Result<Self, Trouble> {
        Self::start(common, document::find(common)?, since, streams)
    }

    /// Opens a context for a command that works without a file. The subscription then comes from a flag, the environment or `az`.
    pub fn open_without_file(common: &Common, streams: Streams) -> Result<Self, Trouble> {
        Self::start(common, document::locate(common)?, None, streams)
    }

    /// Opens a context without looking for a file.
    pub fn open_no_file(common: &Common, streams: Streams) -> Result<Self, Trouble> {
        Self::start(common, Located::default(), None, streams)
    }

    fn start(
        common: &Common,
        located: Located,
        since: Option<&str>,
        streams: Streams,
    ) -> Result<Self, Trouble> {
        let mut documents = document::read(document::load(located, streams), since, streams)?;
        if documents.is_empty() {
            documents.push(Document::none());
        }
        let several = documents.len() > 1;
        let mut files = Vec::new();
        for document in documents {
            let name = document.name();
            let named = document.is_there.then_some(name.as_str());
            let subscription = subscription(common, &document.file, named)?;
            let own = document.file.azure.subscription.as_ref();
            if let Some(own) = own.filter(|own| several && **own != subscription.id) {
                // `--subscription` must not redirect a file that names another one.
                let message =
                    format!("--subscription conflicts with {name}, which sets subscription {own}");
                let help = "remove --subscription, or pass only one file";
                return Err(Trouble::new(message, help));
            }
            files.push((document, subscription));
        }
        let members = files.iter().map(|(document, subscription)| Member {
            subscription: Some(&subscription.id),
            ..document.member()
        });
        let bases = files.iter().map(|(document, _)| document.base.as_deref());
        let bases: Vec<Option<&[u8]>> = bases.collect();
        let since = since.map(|rev| (rev, bases.as_slice()));
        document::check_together(members.collect(), since, streams)?;
        let deadline = Duration::from_secs(common.deadline);
        let patience = Patience::new(deadline, move |failure, pause| {
            let seconds = pause.as_secs_f32().ceil();
            let (doing, kind) = (&failure.doing, &failure.kind);
            streams.say_above(&format!("retrying in {seconds} s ({doing}): {kind}\n"));
        });
        let mut opener = Opener::new(common, patience, streams);
        let mut parts = Vec::new();
        for (document, subscription) in files {
            parts.push(opener.open(document, subscription)?);
        }
        let notes = parts
            .iter()
            .filter_map(|part| part.arm.sign_in().note.as_deref());
        for note in notes.collect::<BTreeSet<_>>() {
            streams.note(note);
        }
        let ids = Ids::over(parts.iter().map(|part| part.arm.subscription()));
        let declaring = declaring(parts.iter());
        let mut all = parts.into_iter();
        Ok(Self {
            first: all.next().ok_or_else(find::none)?,
            others: all.collect(),
            declaring,
            ids,
            streams,
        })
    }

    /// The files, in the order of the command line.
    pub fn parts(&self) -> impl Iterator<Item = &Part> + Clone {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// True if there is more than one file.
    pub fn has_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// Puts the edited file `document` in the place of the one at `at`.
    pub fn replace(&mut self, at: usize, document: Document) {
        let part = match at.checked_sub(1) {
            None => Some(&mut self.first),
            Some(at) => self.others.get_mut(at),
        };
        if let Some(part) = part {
            part.replace(document);
        }
        self.declaring = declaring(self.parts());
    }

    /// The desired sessions of each file, in the order of the command line.
    pub fn desired(&self) -> Vec<&Desired> {
        self.parts().map(|part| &part.desired).collect()
    }

    /// The file that decides about `vm`: the one that declares it, else the first of its subscription.
    pub fn part_of(&self, vm: &VmId) -> &Part {
        let declaring = self.declaring.get(vm).and_then(|at| self.parts().nth(*at));
        declaring
            .or_else(|| self.parts_in(vm.subscription()).next())
            .unwrap_or(&self.first)
    }

    /// The file that decides about a live VM: the one with a line for it today, else the one whose owner set its session, else
    /// [`Self::part_of`].
    pub fn part_managing(&self, vm: &Vm) -> &Part {
        let part = self.part_of(&vm.id);
        if part.desired.line_of(&vm.id, today()).is_some() {
            return part;
        }
        let owns = |part: &&Part| vm.held.is_owned_by(part.desired.owner());
        self.parts_in(vm.id.subscription())
            .find(owns)
            .unwrap_or(part)
    }

    /// The name of the file that declares `vm`, or whose owner set its session. None with a single file.
    pub fn file_of(&self, vm: &Vm) -> Option<&str> {
        let part = self.has_several().then(|| self.part_managing(vm))?;
        let manages = part.desired.line_of(&vm.id, today()).is_some()
            || vm.held.is_owned_by(part.desired.owner());
        manages.then_some(part.name.as_str())
    }

    /// The line that gives the name `session` to a VM today, and the name of its file.
    pub fn line_giving(&self, session: &str) -> Option<(&str, &Declared)> {
        self.parts().find_map(|part| {
            let line = part.desired.line_giving(session, today())?;
            Some((part.name.as_str(), line))
        })
    }

    /// The name of each file, in the order of the command line.
    pub fn names(&self) -> Vec<&str> {
        self.parts().map(|part| part.name.as_str()).collect()
    }

    /// A name for the files together, for a sentence about all of them.
    pub fn name(&self) -> String {
        match self.others.as_slice() {
            [] => self.first.name.clone(),
            [other] => format!("{} and {}", self.first.name, other.name),
            others => format!("the {} files", others.len() + 1),
        }
    }

    /// The subscriptions in words: "the sandbox", "5 subscriptions".
    pub fn place(&self) -> String {
        match self.subscriptions().count() {
            1 => self.first.place().to_owned(),
            n => format!("{n} subscriptions"),
        }
    }

    /// Where `apply` writes: each subscription with its tag key.
    pub fn places(&self) -> Vec<Place<'_>> {
        let places = self.subscriptions().map(|part| Place {
            arm: &part.arm,
            tag: &part.desired.basis.tag,
        });
        places.collect()
    }

    /// The first file of each subscription.
    pub fn subscriptions(&self) -> impl Iterator<Item = &Part> {
        let mut seen = BTreeSet::new();
        self.parts()
            .filter(move |part| seen.insert(part.arm.subscription()))
    }

    /// The parts of `subscription`.
    fn parts_in(&self, subscription: &SubscriptionId) -> impl Iterator<Item = &Part> {
        self.parts()
            .filter(move |part| part.arm.subscription() == subscription)
    }

    /// Reads all subscriptions, up to [`AT_ONCE`] at a time. `scope` turns each subscription's own scope into the one to read.
    pub async fn read(&self, what: What, scope: &dyn Fn(&Scope) -> Scope) -> Result<Live, Trouble> {
        self.read_for(what, scope, None).await
    }

    /// Reads as [`Self::read`] does, for a command about one `group`: where the identity may not read the subscription, this reads
    /// the group only, and the result says that it is incomplete.
    pub async fn read_for(
        &self,
        what: What,
        scope: &dyn Fn(&Scope) -> Scope,
        group: Option<&str>,
    ) -> Result<Live, Trouble> {
        let readings = self.subscriptions().map(|part| {
            let scope = scope(&self.scope_of(part.arm.subscription()));
            async move { (part, read_part(part, what, &scope, group).await) }
        });
        let reading = || format!("reading {}", self.place());
        let readings = stream::iter(readings).buffered(AT_ONCE).collect();
        let read: Vec<_> = self.streams.patiently(reading, readings).await;
        let may_lack = what.may_lack() && read.iter().any(|(_, live)| live.is_ok());
        let mut all = Live::default();
        let mut troubles = Vec::new();
        for (part, live) in read {
            let subscription = part.arm.subscription();
            match live {
                Ok(mut live) => {
                    let files = self.parts_in(subscription).filter(|_| what != What::Listed);
                    live.spell_like(files.map(|part| &part.desired));
                    all.extend(live);
                }
                Err(failure) if may_lack && failure.is_forbidden() => {
                    let mut gaps = Gaps::default();
                    gaps.incomplete.push(failure.to_string());
                    all.gaps.insert(subscription.clone(), gaps);
                }
                Err(failure) => {
                    let trouble = Trouble::from(failure);
                    troubles.push(match self.ids {
                        Ids::InGroup => trouble,
                        Ids::InFull => trouble.within(part.place()),
                    });
                }
            }
        }
        self.streams.fail_with(troubles)?;
        Ok(all)
    }

    /// Reads the sessions in each subscription's own scope, for a suggestion. What it cannot read is missing.
    pub async fn glance(&self) -> Live {
        let readings = self.subscriptions().map(|part| async move {
            let scope = self.scope_of(part.arm.subscription());
            fleet::sessions(&part.arm, &scope, &part.desired.basis.tag).await
        });
        let readings = stream::iter(readings).buffered(AT_ONCE).collect();
        let looking = || format!("reading {}", self.place());
        let read: Vec<_> = self.streams.patiently(looking, readings).await;
        let mut all = Live::default();
        for live in read.into_iter().flatten() {
            all.extend(live);
        }
        all.spell_like(self.desired().into_iter());
        all
    }

    /// The scope in `subscription`: the union of the scopes of its files.
    pub fn scope_of(&self, subscription: &SubscriptionId) -> Scope {
        let mut groups = BTreeSet::new();
        for part in self.parts_in(subscription) {
            match &part.desired.scope {
                Scope::Subscription => return Scope::Subscription,
                Scope::Groups(some) => groups.extend(some.iter().cloned()),
            }
        }
        Scope::Groups(groups)
    }
}

/// The index of the file that declares each VM.
fn declaring<'p>(parts: impl Iterator<Item = &'p Part>) -> HashMap<VmId, usize> {
    let mut declaring = HashMap::new();
    for (at, part) in parts.enumerate() {
        for line in &part.desired.sessions {
            declaring.insert(line.vm.clone(), at);
        }
    }
    declaring
}

/// Reads the subscription of `part`, or only `group` if the identity may not read the rest.
async fn read_part(
    part: &Part,
    what: What,
    scope: &Scope,
    group: Option<&str>,
) -> Result<Live, Failure> {
    let (arm, tag) = (&part.arm, &part.desired.basis.tag);
    let read = fleet::read(arm, scope, tag, what.details()).await;
    match (read, group) {
        (Err(failure), Some(group)) if failure.is_forbidden() && *scope == Scope::Subscription => {
            let own = Scope::of_group(group);
            let mut live = fleet::read(arm, &own, tag, what.details()).await?;
            let gaps = live.gaps.entry(arm.subscription().clone()).or_default();
            gaps.incomplete.insert(0, failure.to_string());
            Ok(live)
        }
        (read, _) => read,
    }
}
