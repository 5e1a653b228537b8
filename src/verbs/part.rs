//! [`Part`]: one file of a command, with its Azure.

use std::cell::OnceCell;
use std::rc::Rc;

use super::document::Document;
use super::subscription::Subscription;
use super::target::{self, Where};
use super::{Streams, Trouble, git};
use crate::azure::sign_in::Profile;
use crate::azure::{Arm, Patience};
use crate::cli::Common;
use crate::file::Member;
use crate::model::{Basis, Cloud, Desired, Hex, Shown, SubscriptionId};
use crate::show::NamedBy;

/// A valid file with its Azure, opened.
pub(super) struct Part {
    pub document: Document,
    /// The file's desired sessions, with their Azure.
    pub desired: Desired,
    /// The file's name for a message.
    pub name: String,
    /// The source of the subscription's id.
    pub subscription_from: NamedBy,
    pub arm: Arm,
    /// The cloud of its subscription.
    pub cloud: Cloud,
    /// True if its Azure is the sandbox beside the file, where VMs have no machines behind them.
    pub is_sandbox: bool,
    /// The endpoint that the user named instead of the file's cloud.
    pub elsewhere: Option<String>,
}

impl Part {
    /// The Azure in text: "the sandbox" or "subscription 0000…".
    pub fn place(&self) -> &str {
        self.desired.basis.place.as_str()
    }

    /// The file as one of several.
    pub fn member(&self) -> Member<'_> {
        Member {
            subscription: Some(self.arm.subscription()),
            ..self.document.member()
        }
    }

    /// Puts the edited file `document` in the place of its own. Only lines may differ.
    pub fn replace(&mut self, document: Document) {
        self.desired = document.file.desired(Basis {
            file_sha256: document.sha256.clone(),
            ..self.desired.basis.clone()
        });
        self.document = document;
    }

    /// The commit that is checked out in the file's folder, if that is in a git repository and `git` runs.
    pub fn commit(&self) -> Option<Hex> {
        git::head(self.document.folder())
    }
}

/// Opens the Azures of files, one after the other. They share all they can: connections to one Azure, its sign-in, the pace of
/// writes to a subscription, and the deadline for the whole command.
pub(super) struct Opener<'c> {
    common: &'c Common,
    patience: Rc<Patience>,
    /// Each open subscription, with its place and the first file that names it.
    opened: Vec<(Where, String, Arm)>,
    /// The subscriptions that `az` knows, once they are read.
    profile: OnceCell<Option<Profile>>,
    streams: Streams,
}

impl<'c> Opener<'c> {
    pub fn new(common: &'c Common, patience: Patience, streams: Streams) -> Self {
        Self {
            common,
            patience: Rc::new(patience),
            opened: Vec::new(),
            profile: OnceCell::new(),
            streams,
        }
    }

    /// Opens the Azure of `document`, in `subscription`.
    pub fn open(
        &mut self,
        document: Document,
        Subscription { id, cloud, from }: Subscription,
    ) -> Result<Part, Trouble> {
        let (name, file) = (document.name(), &document.file);
        let place = Where::of(self.common, file, document.folder(), cloud)?;
        let arm = self.arm(&place, &name, &id, cloud)?;
        let desired = file.desired(Basis {
            place: Shown::new(&place.place(&id, || self.name_of(&id))),
            subscription: id,
            tag: file.azure.tag.clone(),
            owner: file.owner.clone(),
            file: Shown::new(&document.source.name),
            file_sha256: document.sha256.clone(),
            commit: None,
        });
        Ok(Part {
            document,
            desired,
            name,
            subscription_from: from,
            arm,
            cloud,
            is_sandbox: matches!(place, Where::Sandbox(_)),
            elsewhere: target::endpoint(self.common),
        })
    }

    /// The name of subscription `id`, where `az` remembers it.
    fn name_of(&self, id: &SubscriptionId) -> Option<String> {
        self.profile()?.name_of(id)
    }

    /// The profile of `az`, which azlin does without if it is damaged.
    fn profile(&self) -> Option<&Profile> {
        let load = || {
            Profile::load().unwrap_or_else(|Trouble { message, help, .. }| {
                self.streams.warn(&format!("{message}; {help}"));
                None
            })
        };
        self.profile.get_or_init(load).as_ref()
    }

    /// True if the token for `arm` is valid for subscription `id` too.
    fn is_signed_in(&self, arm: &Arm, id: &SubscriptionId) -> bool {
        let same_account = || {
            let profile = self.profile()?;
            let account = profile.account_of(id)?;
            Some(profile.account_of(arm.subscription())? == account)
        };
        arm.sign_in().is_for_any_subscription() || same_account().unwrap_or(false)
    }

    fn arm(
        &mut self,
        place: &Where,
        name: &str,
        id: &SubscriptionId,
        cloud: Cloud,
    ) -> Result<Arm, Trouble> {
        let mut opened = self.opened.iter();
        let same = opened.find(|(.., arm)| arm.subscription() == id);
        if let Some((other_place, other, arm)) = same {
            if other_place == place {
                return Ok(arm.clone());
            }
            let message =
                format!("{other} and {name} use subscription {id}, but on different endpoints");
            let help = "use the same `cloud` and `endpoint` in both files (for the sandbox, put both in one folder), or change one \
                        `subscription`";
            return Err(Trouble::new(message, help));
        }
        let neighbours = self.opened.iter().filter(|(other, ..)| other == place);
        let mut neighbours = neighbours.map(|(.., arm)| arm);
        let sign_in = match neighbours.clone().find(|arm| self.is_signed_in(arm, id)) {
            Some(arm) => arm.sign_in().clone(),
            None => place.sign_in(self.common, id, cloud)?,
        };
        let arm = match neighbours.next() {
            Some(arm) => arm.beside(id.clone(), sign_in),
            None => Arm::open(place.target(self.common), id.clone(), sign_in)?
                .with_patience(self.patience.clone())
                .verbose(self.common.verbose),
        };
        self.opened
            .push((place.clone(), name.to_owned(), arm.clone()));
        Ok(arm)
    }
}
