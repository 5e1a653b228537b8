//! What a command starts from: the files, and the Azures that they speak of.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use futures::{StreamExt as _, stream};

use super::files::{self, Valid};
use super::part::{Located, Opener, Part, locate};
use super::{Streams, Trouble, today};
use crate::apply::Place;
use crate::azure::{Failure, Patience, fleet};
use crate::cli::Common;
use crate::model::{Declared, Desired, Gaps, Live, Scope, SubscriptionId, Vm, VmId};
use crate::show::{Ids, NamedBy};

/// The files of a command, valid and held against each other, and their Azures, opened.
pub(super) struct Context {
    /// The first file; an empty one where there is none.
    pub first: Part,
    /// The others, where several are named.
    others: Vec<Part>,
    /// Of several, the place of the one that declares each VM.
    declaring: HashMap<VmId, usize>,
    /// How much of a VM's id tells it from the others of this run.
    pub ids: Ids,
    streams: Streams,
}

/// How many subscriptions are read at once: each takes up to four connections.
const AT_ONCE: usize = 16;

/// What is read of Azure.
#[derive(Clone, Copy)]
enum What {
    /// Which VMs hold which sessions.
    Sessions,
    /// Which VMs run besides, and which addresses they have.
    Everything,
    /// The same of what the identity may see.
    Visible,
}

impl Context {
    /// Reads the files and opens their Azures. No request leaves before all of them are valid.
    pub fn open(common: &Common, streams: Streams) -> Result<Self, Trouble> {
        let files = files::read(files::find(common)?, streams)?;
        Self::start(common, files, streams)
    }

    /// The same for a command that needs no file: where there is none, the subscription is named in another way.
    pub fn open_without_file(common: &Common, streams: Streams) -> Result<Self, Trouble> {
        let files = files::read(files::locate(common)?, streams)?;
        Self::start(common, files, streams)
    }

    fn start(common: &Common, files: Vec<Valid>, streams: Streams) -> Result<Self, Trouble> {
        let mut files = files.into_iter();
        let first = locate(common, files.next())?;
        let others = files.map(|file| locate(common, Some(file)));
        let others: Vec<Located> = others.collect::<Result<_, _>>()?;
        if !others.is_empty() {
            let all = || std::iter::once(&first).chain(&others);
            let valid = all().filter_map(|one| Some((one.valid.as_ref()?, &one.subscription.id)));
            check_flag(all())?;
            files::check_together(valid.map(|(valid, id)| (valid, Some(id))), streams)?;
        }
        let patience = Patience::new(
            Duration::from_secs(common.deadline),
            move |failure, pause| {
                streams.say_above(&format!(
                    "retrying in {} s ({}): {}\n",
                    pause.as_secs_f32().ceil(),
                    failure.doing,
                    failure.kind
                ));
            },
        );
        let mut opener = Opener::new(common, Rc::new(patience));
        let first = opener.open(first)?;
        let others = others.into_iter().map(|one| opener.open(one));
        let others: Vec<Part> = others.collect::<Result<_, _>>()?;
        let mut declaring = HashMap::new();
        if !others.is_empty() {
            for (at, part) in std::iter::once(&first).chain(&others).enumerate() {
                for line in &part.desired.sessions {
                    declaring.insert(line.vm.clone(), at);
                }
            }
        }
        let all = std::iter::once(&first).chain(&others);
        Ok(Self {
            ids: Ids::over(all.map(|part| part.arm.subscription())),
            first,
            others,
            declaring,
            streams,
        })
    }

    /// The files, in the order in which they were named.
    pub fn parts(&self) -> impl Iterator<Item = &Part> + Clone {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Whether there is more than one file.
    pub fn has_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// What each file wants.
    pub fn desired(&self) -> Vec<&Desired> {
        self.parts().map(|part| &part.desired).collect()
    }

    /// The file whose word on `vm` counts: the one that declares it, else the first of its subscription.
    pub fn part_of(&self, vm: &VmId) -> &Part {
        let declaring = self.declaring.get(vm).and_then(|at| self.parts().nth(*at));
        declaring
            .or_else(|| self.parts_in(vm.subscription()).next())
            .unwrap_or(&self.first)
    }

    /// The file whose word on a VM counts that Azure reports: where no line counts for it today, the file whose owner gave it
    /// its session comes first.
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

    /// The name of the file that manages `vm`, where there are several files.
    pub fn file_of(&self, vm: &Vm) -> Option<&str> {
        self.has_several()
            .then(|| self.part_managing(vm).name.as_str())
    }

    /// The line that gives the name `session` to a VM today, and the name of its file.
    pub fn line_giving(&self, session: &str) -> Option<(&str, &Declared)> {
        self.parts().find_map(|part| {
            let line = part.desired.line_giving(session, today())?;
            Some((part.name.as_str(), line))
        })
    }

    /// The files' name, as the user knows it, for a sentence about all of them.
    pub fn name(&self) -> String {
        match self.others.as_slice() {
            [] => self.first.name.clone(),
            [other] => format!("{} and {}", self.first.name, other.name),
            others => format!("the {} files", others.len() + 1),
        }
    }

    /// The Azure, as the user knows it: "the sandbox", "5 subscriptions".
    pub fn place(&self) -> String {
        match self.subscriptions().count() {
            1 => self.first.place().to_owned(),
            n => format!("{n} subscriptions"),
        }
    }

    /// Where VMs are written.
    pub fn places(&self) -> Vec<Place<'_>> {
        let places = self.subscriptions().map(|part| Place {
            arm: &part.arm,
            tag: &part.file.azure.tag,
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

    /// Which VMs hold which sessions now.
    pub async fn sessions(&self) -> Result<Live, Trouble> {
        self.sessions_in(&Scope::clone).await
    }

    /// The same, of a scope that need not be the files': what `scope` makes of it.
    pub async fn sessions_in(&self, scope: &dyn Fn(&Scope) -> Scope) -> Result<Live, Trouble> {
        self.read(What::Sessions, scope).await
    }

    /// Which VMs hold which sessions now, run, and have which addresses.
    pub async fn everything(&self, scope: &dyn Fn(&Scope) -> Scope) -> Result<Live, Trouble> {
        self.read(What::Everything, scope).await
    }

    /// The same, for who only looks: of several subscriptions, one that may not be read is a gap.
    pub async fn visible(&self, scope: &dyn Fn(&Scope) -> Scope) -> Result<Live, Trouble> {
        self.read(What::Visible, scope).await
    }

    /// Reads all subscriptions at the same time, as far as [`AT_ONCE`] goes.
    async fn read(&self, what: What, scope: &dyn Fn(&Scope) -> Scope) -> Result<Live, Trouble> {
        let readings = self.subscriptions().map(|part| {
            let scope = scope(&self.scope_of(part.arm.subscription()));
            async move {
                let (arm, tag) = (&part.arm, &part.file.azure.tag);
                let live = match what {
                    What::Sessions => fleet::sessions(arm, &scope, tag).await,
                    What::Everything | What::Visible => fleet::everything(arm, &scope, tag).await,
                };
                (part, live)
            }
        });
        let reading = || format!("reading {}", self.place());
        let readings = stream::iter(readings).buffered(AT_ONCE).collect();
        let read: Vec<_> = self.streams.patiently(reading, readings).await;
        let is_readable = |(_, live): &(_, Result<Live, Failure>)| live.is_ok();
        let may_lack = matches!(what, What::Visible) && read.iter().any(is_readable);
        let mut all = Live::default();
        let mut troubles = Vec::new();
        for (part, live) in read {
            let mut live = match live {
                Ok(live) => live,
                Err(failure) if may_lack && failure.is_forbidden() => {
                    let gaps = Gaps {
                        incomplete: vec![failure.to_string()],
                        ..Gaps::default()
                    };
                    let subscription = part.arm.subscription().clone();
                    all.gaps.insert(subscription, gaps);
                    continue;
                }
                Err(failure) => {
                    let trouble = Trouble::from(failure);
                    troubles.push(match self.ids {
                        Ids::InGroup => trouble,
                        Ids::InFull => trouble.within(part.place()),
                    });
                    continue;
                }
            };
            let subscription = part.arm.subscription();
            let files = self.parts_in(subscription);
            live.spell_like(files.map(|part| &part.desired));
            all.extend(live);
        }
        self.streams.fail_with(troubles)?;
        Ok(all)
    }

    /// What counts in `subscription`: what any of its files counts.
    pub fn scope_of(&self, subscription: &SubscriptionId) -> Scope {
        let scopes = self
            .parts_in(subscription)
            .map(|part| &part.file.azure.scope);
        let mut groups = BTreeSet::new();
        for scope in scopes {
            match scope {
                Scope::Subscription => return Scope::Subscription,
                Scope::Groups(some) => groups.extend(some.iter().cloned()),
            }
        }
        Scope::Groups(groups)
    }
}

/// That `--subscription` does not send several files' lines to a subscription that one of them does not mean.
fn check_flag<'l>(files: impl Iterator<Item = &'l Located>) -> Result<(), Trouble> {
    for one in files {
        let own = one
            .valid
            .as_ref()
            .and_then(|valid| valid.file.azure.subscription.as_ref());
        if let (NamedBy::Flag, Some(own)) = (&one.subscription.from, own)
            && *own != one.subscription.id
        {
            let message = format!(
                "{} names subscription {own}, and --subscription another",
                one.name
            );
            let help = "leave --subscription out, or name one file only";
            return Err(Trouble::new(message, help));
        }
    }
    Ok(())
}
