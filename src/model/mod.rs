//! The words everything else is written in.
//!
//! A value of one of these types has been checked once, where it entered; what takes it need not check again. What others
//! wrote into Azure without asking azlin ([`LiveName`]) is a type of its own, so that it cannot pass for a name that was
//! checked.

/// Text, display and checked conversion for a word that is text.
macro_rules! text_as {
    ($word:ty) => {
        impl $word {
            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $word {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $word {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                Self::new(&text)
            }
        }

        impl From<$word> for String {
            fn from(word: $word) -> Self {
                word.0.to_string()
            }
        }
    };
}
mod azure;
mod namesakes;
mod owner;
mod session_name;
mod vm_id;

pub use azure::{Cloud, Scope, SubscriptionId, TagKey};
pub use namesakes::{Doubt, VmNames};
pub use owner::Owner;
pub use session_name::{LiveName, SessionName};
pub use uuid::Uuid as Guid;
pub use vm_id::{VmId, VmPath};

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::Date;

/// All tags of a VM, as Azure spells their keys.
pub type Tags = BTreeMap<String, String>;

/// What a file wants: one session for each VM that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// Which file, and where its VMs are.
    pub basis: Basis,
    /// Which VMs it may clear: what counts for it alone, whatever counts for others.
    pub scope: Scope,
    /// In the order of the file, each VM and each session once.
    pub sessions: Vec<Declared>,
}

/// What a file's plan is made from, besides Azure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The subscription of all its VMs.
    pub subscription: SubscriptionId,
    /// The Azure of its VMs, as a person knows it: "the sandbox", "subscription 0000…".
    pub place: String,
    /// The key of the session's tag.
    pub tag: TagKey,
    /// Who the file is. Without an owner it only ever sets and changes, and never clears.
    pub owner: Option<Owner>,
    /// The file's name.
    pub file: String,
    /// The SHA-256 of the file's bytes.
    pub file_sha256: String,
    /// The git commit that was checked out, where a plan is saved.
    pub commit: Option<String>,
}

impl Desired {
    /// What is desired of `subscription` where there is no file: nothing.
    pub fn nothing(subscription: &SubscriptionId) -> Self {
        Self {
            basis: Basis {
                subscription: subscription.clone(),
                place: String::new(),
                tag: TagKey::default(),
                owner: None,
                file: String::new(),
                file_sha256: String::new(),
                commit: None,
            },
            scope: Scope::default(),
            sessions: Vec::new(),
        }
    }

    /// Who the file is.
    pub fn owner(&self) -> Option<&Owner> {
        self.basis.owner.as_ref()
    }

    /// True if it has a line for `vm`, expired or not.
    pub fn declares(&self, vm: &VmId) -> bool {
        self.sessions.iter().any(|line| line.vm == *vm)
    }

    /// The line that says what `vm` is to hold on the day `today`.
    pub fn line_of(&self, vm: &VmId, today: Date) -> Option<&Declared> {
        let counts = |line: &&Declared| line.vm == *vm && !line.is_over(today);
        self.sessions.iter().find(counts)
    }

    /// The line that gives the name `session` to a VM on the day `today`.
    pub fn line_giving(&self, session: &str, today: Date) -> Option<&Declared> {
        let counts = |line: &&Declared| line.session.as_str() == session && !line.is_over(today);
        self.sessions.iter().find(counts)
    }
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The VM that the line names.
    pub vm: VmId,
    /// The session that it is to hold.
    pub session: SessionName,
    /// The last day on which it is wanted.
    pub expires: Option<Date>,
    /// The line's number in the file, from 1.
    pub line: usize,
}

impl Declared {
    /// True if the last day on which it is wanted was before `today`.
    pub fn is_over(&self, today: Date) -> bool {
        self.expires.is_some_and(|day| day < today)
    }
}

/// What Azure reports: every VM in scope.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Each VM once, in the order of its id whatever the order in which Azure answered.
    pub vms: BTreeMap<VmId, Vm>,
    /// What the lists lack, by subscription.
    pub gaps: BTreeMap<SubscriptionId, Gaps>,
}

/// What is not known although it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// How many VMs Azure listed whose id or name azlin cannot use.
    pub unreadable: usize,
    /// Why VMs may be missing from the list, if they may.
    pub incomplete: Vec<String>,
    /// Why states and addresses may be missing, if they may.
    pub details_missing: Vec<String>,
}

impl Live {
    /// Adds the VMs of another subscription.
    pub fn extend(&mut self, other: Self) {
        self.vms.extend(other.vms);
        self.gaps.extend(other.gaps);
    }

    /// Why VMs may be missing, if they may.
    pub fn incomplete(&self) -> impl Iterator<Item = &String> {
        self.gaps.values().flat_map(|gaps| &gaps.incomplete)
    }

    /// The VMs that hold each session, by what stands in its tag.
    pub fn holders(&self) -> HashMap<&str, Vec<&VmId>> {
        let mut holders: HashMap<&str, Vec<&VmId>> = HashMap::with_capacity(self.vms.len());
        for vm in self.vms.values() {
            if let Some(name) = &vm.held.session {
                holders.entry(name.raw()).or_default().push(&vm.id);
            }
        }
        holders
    }

    /// Spells each resource group in one way: as the first of `files` that names it, else as the first VM in it. Azure's lists
    /// were seen with several casings of one group.
    pub fn spell_like<'d>(&mut self, files: impl Iterator<Item = &'d Desired>) {
        let ids: Vec<VmId> = self.vms.keys().cloned().collect();
        let mut spelled: HashMap<(&SubscriptionId, &str), &str> = HashMap::new();
        let lines = files.flat_map(|desired| &desired.sessions);
        for id in lines.map(|line| &line.vm).chain(&ids) {
            let key = (id.subscription(), id.path().folded_group());
            spelled.entry(key).or_insert(id.group());
        }
        for mut vm in std::mem::take(&mut self.vms).into_values() {
            let key = (vm.id.subscription(), vm.id.path().folded_group());
            if let Some(group) = spelled.get(&key) {
                vm.id = vm.id.spelled(group);
            }
            self.vms.insert(vm.id.clone(), vm);
        }
    }
}

/// A VM as Azure reports it. What a command did not ask for is absent.
#[derive(Clone, Debug)]
pub struct Vm {
    /// Where it is.
    pub id: VmId,
    /// Which machine it is, by its `vmId`, which is new for every re-created VM: the only identity that tells "same name,
    /// other machine" (Microsoft's documentation of the VM's properties).
    pub machine: Option<Guid>,
    /// What its two tags say.
    pub held: Held,
    /// All its tags.
    pub tags: Tags,
    /// Where it stands, such as `eastus`; empty where Azure does not say.
    pub region: String,
    /// True if it carries `azlin-session` and not azlin's own tag: another tool's mark, which azlin leaves alone.
    pub foreign_tag: bool,
    /// Its power state; [`Power::Unknown`] where it was not asked for.
    pub power: Power,
    /// How to reach it; empty where it was not asked for.
    pub addresses: Addresses,
}

impl Vm {
    /// The address to reach it by: a public one, where it has one.
    pub fn address(&self) -> Option<IpAddr> {
        let (public, private) = (&self.addresses.public, &self.addresses.private);
        public.first().or(private.first()).copied()
    }
}

/// What a VM's two tags say: the session, and the owner of the file that gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Held {
    /// The session.
    pub session: Option<LiveName>,
    /// The owner; none where a person set the session by hand.
    pub owner: Option<LiveName>,
}

impl Held {
    /// What `tags` say, with the session under `key`.
    pub fn read(tags: &Tags, key: &TagKey) -> Self {
        let value = |found: Option<(&str, &str)>| found.and_then(|(_, value)| LiveName::new(value));
        Self {
            session: value(key.find(tags)),
            owner: value(TagKey::owner().find(tags)),
        }
    }

    /// True if the session is `name`.
    pub fn is(&self, name: &str) -> bool {
        self.session.as_ref().is_some_and(|held| held.raw() == name)
    }

    /// True if someone other than `owner` gave the session.
    pub fn is_anothers(&self, owner: Option<&Owner>) -> bool {
        self.owner.is_some() && !self.is_owned_by(owner)
    }

    /// True if `owner` gave the session.
    pub fn is_owned_by(&self, owner: Option<&Owner>) -> bool {
        let ours = owner.map(Owner::as_str);
        ours.is_some() && ours == self.owner.as_ref().map(LiveName::raw)
    }
}

/// A VM's power state, from the codes `PowerState/…` of its instance view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Power {
    /// Runs.
    Running,
    /// On its way up.
    Starting,
    /// On its way down.
    Stopping,
    /// Shut down, still billed.
    Stopped,
    /// Shut down and released: its dynamic public address is gone.
    Deallocated,
    /// Not said.
    #[default]
    Unknown,
}

impl Power {
    /// All of them, those that one is likely to look for first.
    pub const ALL: [Self; 6] = [
        Self::Running,
        Self::Starting,
        Self::Stopping,
        Self::Stopped,
        Self::Deallocated,
        Self::Unknown,
    ];

    /// True if `ssh` cannot succeed until someone starts the VM.
    pub fn is_down(self) -> bool {
        matches!(self, Self::Stopping | Self::Stopped | Self::Deallocated)
    }

    /// The word by which programs know it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Deallocated => "deallocated",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "in an unknown state",
            known => known.code(),
        })
    }
}

/// A VM's addresses, the primary network interface's first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Reachable from outside.
    pub public: Vec<IpAddr>,
    /// Reachable within its network.
    pub private: Vec<IpAddr>,
}

impl Addresses {
    /// True if `address` is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.public.contains(&address) || self.private.contains(&address)
    }
}
