//! The types that everything else is written in.
//!
//! azlin checks a value once, where it enters. A value of one of these types needs no further check. A name that someone wrote
//! into Azure without azlin has a type of its own, [`LiveName`], so that it cannot pass for a checked name.

/// Implements text, display and checked conversion for a type that wraps text.
macro_rules! text_as {
    ($word:ty) => {
        impl $word {
            /// The text.
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
mod shown;
mod vm_id;
mod written;

pub use azure::{Cloud, Scope, SubscriptionId, TagKey};
pub use namesakes::{Doubt, VmNames};
pub use owner::Owner;
pub use session_name::{LiveName, SessionName};
pub use shown::{Hex, Shown};
pub use uuid::Uuid as Guid;
pub use vm_id::{VmId, VmPath};
pub use written::Written;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::Date;

/// All tags of a VM, as Azure spells their keys.
pub type Tags = BTreeMap<String, String>;

/// The sessions that a file wants: one for each VM that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The file, and the Azure of its VMs.
    pub basis: Basis,
    /// The VMs that this file may clear, whatever the scope of other files.
    pub scope: Scope,
    /// The lines, in the order of the file. Each VM and each session appears once.
    pub sessions: Vec<Declared>,
}

/// The inputs of a file's plan, besides Azure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The subscription of all its VMs.
    pub subscription: SubscriptionId,
    /// The Azure of its VMs in text: "the sandbox" or "subscription 0000…". It is not in JSON, where anyone could write another.
    #[serde(skip)]
    pub place: Shown,
    /// The key of the session's tag.
    pub tag: TagKey,
    /// The file's owner. A file without an owner sets and changes sessions, and never clears one.
    pub owner: Option<Owner>,
    /// The file's name.
    pub file: Shown,
    /// The SHA-256 of the file's bytes.
    pub file_sha256: Hex,
    /// The git commit that was checked out, if the plan is saved.
    pub commit: Option<Hex>,
}

impl Desired {
    /// The desired state of `subscription` without a file: no sessions.
    pub fn nothing(subscription: &SubscriptionId) -> Self {
        Self {
            basis: Basis {
                subscription: subscription.clone(),
                place: Shown::default(),
                tag: TagKey::default(),
                owner: None,
                file: Shown::default(),
                file_sha256: Hex::default(),
                commit: None,
            },
            scope: Scope::default(),
            sessions: Vec::new(),
        }
    }

    /// The file's owner.
    pub fn owner(&self) -> Option<&Owner> {
        self.basis.owner.as_ref()
    }

    /// True if the file has a line for `vm`, expired or not.
    pub fn declares(&self, vm: &VmId) -> bool {
        self.sessions.iter().any(|line| line.vm == *vm)
    }

    /// The resource groups of its lines, in lower case.
    pub fn groups(&self) -> HashSet<&str> {
        let lines = self.sessions.iter();
        lines.map(|line| line.vm.path().folded_group()).collect()
    }

    /// The line for `vm` that counts on the day `today`.
    pub fn line_of(&self, vm: &VmId, today: Date) -> Option<&Declared> {
        let counts = |line: &&Declared| line.vm == *vm && !line.is_over(today);
        self.sessions.iter().find(counts)
    }

    /// The line that assigns `session` to a VM on the day `today`.
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
    /// The session assigned to it.
    pub session: SessionName,
    /// The last day on which the line counts.
    pub expires: Option<Date>,
    /// The line's number in the file, from 1.
    pub line: usize,
}

impl Declared {
    /// True if the line's last day was before `today`.
    pub fn is_over(&self, today: Date) -> bool {
        self.expires.is_some_and(|day| day < today)
    }
}

/// The state that Azure reports: every VM in scope.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Each VM once, in the order of ids, in whatever order Azure answered.
    pub vms: BTreeMap<VmId, Vm>,
    /// The gaps in the lists, by subscription.
    pub gaps: BTreeMap<SubscriptionId, Gaps>,
}

/// Information that azlin asked for and did not get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// The number of listed VMs that azlin cannot read. `incomplete` names them.
    pub unreadable: usize,
    /// The reasons why VMs may be missing from the list, if any.
    pub incomplete: Vec<String>,
    /// The reasons why states and addresses may be missing, if any.
    pub details_missing: Vec<String>,
}

impl Live {
    /// Adds the VMs of another subscription.
    pub fn extend(&mut self, other: Self) {
        self.vms.extend(other.vms);
        self.gaps.extend(other.gaps);
    }

    /// The reasons why VMs may be missing, if any.
    pub fn incomplete(&self) -> impl Iterator<Item = &String> {
        self.gaps.values().flat_map(|gaps| &gaps.incomplete)
    }

    /// The VMs that hold each session, by the value of the tag.
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

/// A VM as Azure reports it. Details that the command did not ask for are absent.
#[derive(Clone, Debug)]
pub struct Vm {
    /// Its id.
    pub id: VmId,
    /// The machine, by its `vmId`. A re-created VM has a new one, so only this tells two machines of one name apart (Microsoft's
    /// documentation of the VM's properties).
    pub machine: Option<Guid>,
    /// The values of its two tags.
    pub held: Held,
    /// All its tags.
    pub tags: Tags,
    /// Its region, such as `eastus`; empty if Azure does not report one.
    pub region: String,
    /// True if it has another tool's tag `azlin-session` and not azlin's own. azlin leaves that tag alone.
    pub foreign_tag: bool,
    /// Its power state; [`Power::Unknown`] if azlin did not ask for it, or Azure does not report it.
    pub power: Power,
    /// The reason why it can never start again, if there is one.
    pub ended: Option<Ended>,
    /// Its addresses; empty if azlin did not ask for them.
    pub addresses: Addresses,
}

impl Vm {
    /// The address to reach it by: a public one, where it has one.
    pub fn address(&self) -> Option<IpAddr> {
        let (public, private) = (&self.addresses.public, &self.addresses.private);
        public.first().or(private.first()).copied()
    }

    /// True if it has a loopback address: a real sshd may be behind it, even in the sandbox.
    pub fn is_on_this_machine(&self) -> bool {
        let (public, private) = (&self.addresses.public, &self.addresses.private);
        public.iter().chain(private).any(IpAddr::is_loopback)
    }
}

/// The values of a VM's two tags: the session, and the owner of the file that set it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Held {
    /// The session.
    pub session: Option<LiveName>,
    /// The owner; none if a person set the session by hand, or a file without an owner did.
    pub owner: Option<LiveName>,
}

impl Held {
    /// Reads the two tags from `tags`, with the session under `key`.
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

    /// True if an owner other than `owner` set the session.
    pub fn is_anothers(&self, owner: Option<&Owner>) -> bool {
        self.owner.is_some() && !self.is_owned_by(owner)
    }

    /// True if `owner` set the session.
    pub fn is_owned_by(&self, owner: Option<&Owner>) -> bool {
        let ours = owner.map(Owner::as_str);
        ours.is_some() && ours == self.owner.as_ref().map(LiveName::raw)
    }
}

/// A VM's power state, from the codes `PowerState/…` of its instance view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Power {
    /// The VM runs.
    Running,
    /// The VM is starting.
    Starting,
    /// The VM is stopping.
    Stopping,
    /// Shut down, still billed.
    Stopped,
    /// Shut down and released: its dynamic public address is gone.
    Deallocated,
    /// Azure did not report it.
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

    /// The word for it in JSON and CSV.
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

/// The reason why a VM can never start again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Azure is deleting it.
    Deleting,
    /// It was generalized, to make images of it (`OSState/generalized` in its instance view).
    Generalized,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deleting => "Azure is deleting it",
            Self::Generalized => "it is generalized, and Azure never starts a generalized VM again",
        })
    }
}

/// A sign in Azure that a VM can be reached from outside although azlin has no public address for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// A public address object of this name, without an address.
    Unassigned(String),
    /// A public address object of this name that is not in Azure's list, because azlin may not read it or the list is incomplete.
    Unlisted(String),
    /// A load balancer's inbound NAT rule.
    NatRule {
        /// The name of the load balancer.
        balancer: String,
        /// The name of the rule.
        rule: String,
    },
}

/// A VM's addresses, the primary network interface's first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The addresses that are reachable from outside.
    pub public: Vec<IpAddr>,
    /// The addresses that are reachable within its network.
    pub private: Vec<IpAddr>,
    /// The ways in from outside of which azlin does not know the address.
    pub unseen: Vec<Unseen>,
}

impl Addresses {
    /// True if `address` is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.public.contains(&address) || self.private.contains(&address)
    }
}
