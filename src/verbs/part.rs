//! [`Part`]: one of the files that a command is about, and the Azure that it speaks of.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

use super::Trouble;
use super::files::Valid;
use super::subscription::{Subscription, azs_profile, subscription};
use super::target::{self, Where};
use crate::azure::{Arm, Patience, sign_in};
use crate::cli::Common;
use crate::file::{File, find};
use crate::model::{Basis, Cloud, Desired, SubscriptionId};
use crate::plan;
use crate::show::NamedBy;
use crate::text;

/// A valid file, and its Azure, opened.
pub(super) struct Part {
    /// What the file says; an empty one where there is none.
    pub file: File,
    /// What it wants of its Azure.
    pub desired: Desired,
    /// Where the file is, if there is one.
    pub path: Option<PathBuf>,
    /// The file's name, as a message shows it.
    pub name: String,
    /// The file's text.
    pub text: String,
    /// The folder that holds the file.
    pub folder: PathBuf,
    /// What named the subscription.
    pub subscription_from: NamedBy,
    pub arm: Arm,
    /// The endpoint that a person named instead of the file's cloud.
    pub elsewhere: Option<String>,
}

impl Part {
    /// The Azure, as the user knows it: "the sandbox", "subscription 0000…".
    pub fn place(&self) -> &str {
        &self.desired.basis.place
    }

    /// The commit that is checked out where the file is, if that is a git repository and `git` can be run.
    pub fn commit(&self) -> Option<String> {
        commit(&self.folder)
    }
}

/// A file whose subscription is known, and nothing opened yet.
pub(super) struct Located {
    pub valid: Option<Valid>,
    /// The file's name, as the user knows it.
    pub name: String,
    folder: PathBuf,
    pub subscription: Subscription,
    place: Where,
}

/// Where `valid` speaks of; where there is no file, what else names the subscription decides.
pub(super) fn locate(common: &Common, valid: Option<Valid>) -> Result<Located, Trouble> {
    let path = valid
        .as_ref()
        .map_or(Path::new(find::NAME), |valid| &valid.path);
    let name = text::escape(&path.to_string_lossy()).into_owned();
    let folder = find::folder(path).to_owned();
    let none = File::default();
    let file = valid.as_ref().map_or(&none, |valid| &valid.file);
    let is_elsewhere = target::endpoint(common).is_some();
    let subscription = subscription(common, file, &name, valid.is_some(), is_elsewhere)?;
    let place = Where::of(common, file, &folder, subscription.cloud)?;
    Ok(Located {
        valid,
        name,
        folder,
        subscription,
        place,
    })
}

/// Opens `located` one after the other. What they can share they do: one Azure's connections, its sign-in, a subscription's
/// pace of writing, and the time that there is for all.
pub(super) struct Opener<'c> {
    common: &'c Common,
    patience: Rc<Patience>,
    /// Each subscription that is open, where it is, and the first file that speaks of it.
    opened: Vec<(Where, String, Arm)>,
    /// What `az` remembers, once that is asked.
    profile: OnceCell<Option<Vec<u8>>>,
}

impl<'c> Opener<'c> {
    pub fn new(common: &'c Common, patience: Rc<Patience>) -> Self {
        Self {
            common,
            patience,
            opened: Vec::new(),
            profile: OnceCell::new(),
        }
    }

    pub fn open(&mut self, located: Located) -> Result<Part, Trouble> {
        let Located {
            valid,
            name,
            folder,
            subscription: Subscription { id, cloud, from },
            place,
        } = located;
        let arm = self.arm(&place, &name, &id, cloud)?;
        let (file, path, text, sha256) = match valid {
            Some(valid) => (
                valid.file,
                Some(valid.path),
                valid.source.text,
                valid.sha256,
            ),
            None => (File::default(), None, String::new(), plan::sha256(b"")),
        };
        let desired = file.desired(Basis {
            place: place.place(&id),
            subscription: id,
            tag: file.azure.tag.clone(),
            owner: file.owner.clone(),
            file: path
                .as_ref()
                .map_or(name.clone(), |path| path.to_string_lossy().into_owned()),
            file_sha256: sha256,
            commit: None,
        });
        Ok(Part {
            file,
            desired,
            path,
            text,
            folder,
            subscription_from: from,
            arm,
            elsewhere: target::endpoint(self.common),
            name,
        })
    }

    /// Whether the token for `arm` opens subscription `id` too.
    fn is_signed_in(&self, arm: &Arm, id: &SubscriptionId) -> bool {
        let same_account = || {
            let profile = self.profile.get_or_init(azs_profile).as_ref()?;
            let account = sign_in::account_of(profile, id)?;
            Some(sign_in::account_of(profile, arm.subscription())? == account)
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
        let same = self
            .opened
            .iter()
            .find(|(.., arm)| arm.subscription() == id);
        if let Some((other_place, other, arm)) = same {
            if other_place == place {
                return Ok(arm.clone());
            }
            let message = format!("{other} and {name} name subscription {id} in two places");
            let help = "each sandbox lives beside its file, and an emulator has one address: give one of the files another \
                        `subscription`, or both the same place";
            return Err(Trouble::new(message, help));
        }
        let neighbours = || {
            let same = self.opened.iter().filter(|(other, ..)| other == place);
            same.map(|(.., arm)| arm)
        };
        let signed_in = neighbours().find(|arm| self.is_signed_in(arm, id));
        let sign_in = match signed_in {
            Some(arm) => arm.sign_in().clone(),
            None => place.sign_in(self.common, id, cloud)?,
        };
        let arm = match neighbours().next() {
            Some(arm) => arm.beside(id.clone(), sign_in),
            None => Arm::open(place.target(self.common), id.clone(), sign_in)?
                .with_patience(self.patience.clone())
                .naming_requests(self.common.verbose),
        };
        self.opened
            .push((place.clone(), name.to_owned(), arm.clone()));
        Ok(arm)
    }
}

/// The commit that is checked out in `folder`, where that is a git repository and `git` can be run.
fn commit(folder: &Path) -> Option<String> {
    let mut git = Command::new("git");
    git.args(["rev-parse", "--verify", "HEAD"])
        .current_dir(folder)
        .stdin(Stdio::null());
    let output = git.output().ok().filter(|output| output.status.success())?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    commit
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then_some(commit)
}
