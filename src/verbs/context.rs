//! What a command starts from: the file, and the Azure that it speaks of.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use super::names::{self, Cache};
use super::subscription::{Subscription, subscription};
use super::target::{self, Opened};
use super::{Streams, Trouble};
use crate::azure::{Arm, Patience, fleet};
use crate::cli::Common;
use crate::file::find::{self, Found};
use crate::file::{self, File, Severity};
use crate::model::{Live, Scope};
use crate::plan::Basis;
use crate::show::NamedBy;
use crate::{plan, show, text};

/// How many diagnostics are shown. A file with more has one thing wrong with it, many times.
const MOST_DIAGNOSTICS: usize = 200;

/// A valid file, and its Azure, opened.
pub(super) struct Context {
    /// The file; an empty one where there is none.
    pub file: File,
    /// Where the file is, if there is one.
    pub path: Option<PathBuf>,
    /// The file's name, as the user knows it.
    pub name: String,
    /// The file's text, and the SHA-256 of its bytes.
    pub text: String,
    pub sha256: String,
    /// The folder that holds the file.
    pub folder: PathBuf,
    /// The Azure, as the user knows it: "the sandbox", "subscription 0000…".
    pub place: String,
    /// What named the subscription.
    pub subscription_from: NamedBy,
    pub arm: Arm,
    /// The endpoint that a person named instead of the file's cloud.
    elsewhere: Option<String>,
    streams: Streams,
}

impl Context {
    /// Reads the file and opens its Azure. No request leaves before the file is valid.
    pub fn open(common: &Common, streams: Streams) -> Result<Self, Trouble> {
        Self::start(common, Some(find(common)?), streams)
    }

    /// The same for a command that needs no file: where there is none, the subscription is named in another way.
    pub fn open_without_file(common: &Common, streams: Streams) -> Result<Self, Trouble> {
        let found = locate(common).map(|_| find(common)).transpose()?;
        Self::start(common, found, streams)
    }

    fn start(common: &Common, found: Option<Found>, streams: Streams) -> Result<Self, Trouble> {
        let read = found.as_ref().map(|found| read(found, streams));
        let (file, text) = read.transpose()?.unwrap_or_default();
        let path = found.as_ref().map(|found| found.path.clone());
        let shown = path.as_deref().unwrap_or(Path::new(find::NAME));
        let name = text::escape(&shown.to_string_lossy()).into_owned();
        let folder = find::folder(shown).to_owned();
        let elsewhere = target::endpoint(common);
        let is_there = path.is_some();
        let Subscription { id, cloud, from } =
            subscription(common, &file, &name, is_there, elsewhere.is_some())?;
        let Opened {
            target,
            sign_in,
            place,
        } = target::open(common, &file, &folder, &id, cloud)?;
        let patience = Patience::new(
            Duration::from_secs(common.deadline),
            move |failure, pause| {
                streams.say_above(&format!(
                    "waiting {} s to {}: {}\n",
                    pause.as_secs_f32().ceil(),
                    failure.doing,
                    failure.kind
                ));
            },
        );
        let arm = Arm::open(target, id, sign_in)?
            .with_patience(patience)
            .naming_requests(common.verbose);
        Ok(Self {
            file,
            path,
            name,
            text,
            sha256: plan::sha256(&found.map(|found| found.bytes).unwrap_or_default()),
            folder,
            place,
            subscription_from: from,
            arm,
            elsewhere,
            streams,
        })
    }

    /// What a plan for this file is made from.
    pub fn basis(&self) -> Basis {
        Basis {
            subscription: self.arm.subscription().clone(),
            tag: self.file.azure.tag.clone(),
            owner: self.file.desired.owner.clone(),
            file: self.name.clone(),
            file_sha256: self.sha256.clone(),
            commit: commit(&self.folder),
        }
    }

    async fn patiently<T>(&self, reading: impl Future<Output = T>) -> T {
        let what = || format!("reading {}", self.place);
        self.streams.patiently(what, reading).await
    }

    /// Which VMs hold which sessions now.
    pub async fn sessions(&self) -> Result<Live, Trouble> {
        self.sessions_in(&self.file.azure.scope).await
    }

    /// The same, of a scope that need not be the file's.
    pub async fn sessions_in(&self, scope: &Scope) -> Result<Live, Trouble> {
        let now = SystemTime::now();
        let reading = fleet::sessions(&self.arm, scope, &self.file.azure.tag);
        let mut live = self.patiently(reading).await?;
        live.spell_like(&self.file.desired);
        self.remember(scope, &live, now);
        Ok(live)
    }

    /// Which VMs hold which sessions now, run, and have which addresses.
    pub async fn everything(&self, scope: &Scope) -> Result<Live, Trouble> {
        let now = SystemTime::now();
        let reading = fleet::everything(&self.arm, scope, &self.file.azure.tag);
        let mut live = self.patiently(reading).await?;
        live.spell_like(&self.file.desired);
        self.remember(scope, &live, now);
        Ok(live)
    }

    /// Where the names that this file's Azure has are kept for the shell's completion.
    pub fn names(&self) -> Option<Cache> {
        let (azure, elsewhere) = (&self.file.azure, self.elsewhere.as_deref());
        Cache::of(azure, self.arm.subscription(), &self.folder, elsewhere)
    }

    /// Keeps the names of `live` for the shell's completion, where someone is at work: a script leaves no files behind.
    fn remember(&self, scope: &Scope, live: &Live, now: SystemTime) {
        let is_all = *scope == self.file.azure.scope && live.incomplete.is_empty();
        if is_all
            && self.streams.is_watched()
            && let Some(cache) = self.names()
        {
            // The command has what it needs; the next TAB asks Azure itself.
            let _ = cache.write(names::of_live(live), now);
        }
    }
}

/// The file that `--file`, `AZLIN_FILE` or the folders name.
pub(super) fn find(common: &Common) -> Result<Found, Trouble> {
    find::find(named(common).as_deref(), config().as_deref())
        .map_err(|(message, help)| Trouble::new(message, help))
}

/// Where that file is, whether or not it can be read.
pub(super) fn locate(common: &Common) -> Option<PathBuf> {
    find::locate(named(common).as_deref(), config().as_deref())
}

/// The folder of the user's own file.
fn config() -> Option<PathBuf> {
    let home = |name| {
        std::env::var_os(name)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let config = home("XDG_CONFIG_HOME").or_else(|| Some(home("HOME")?.join(".config")));
    config.map(|config| config.join("azlin"))
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

/// The file that `--file` or `AZLIN_FILE` names.
pub(super) fn named(common: &Common) -> Option<PathBuf> {
    let from_environment = std::env::var_os("AZLIN_FILE").filter(|name| !name.is_empty());
    common.file.clone().or(from_environment.map(PathBuf::from))
}

pub(super) fn read(found: &Found, streams: Streams) -> Result<(File, String), Trouble> {
    let name = found.path.to_string_lossy();
    let (file, mut diagnostics, source) = file::read(&name, &found.bytes);
    if diagnostics.len() > MOST_DIAGNOSTICS {
        // What is left unsaid are warnings, where there are any.
        diagnostics.sort_by_key(|found| found.severity == Severity::Warning);
    }
    for diagnostic in diagnostics.iter().take(MOST_DIAGNOSTICS) {
        streams.say(&show::diagnostic(&source, diagnostic, streams.stderr));
        streams.say("\n");
        streams.annotate(|| show::annotation::of_diagnostic(&source, diagnostic));
    }
    if diagnostics.len() > MOST_DIAGNOSTICS {
        streams.say(&format!(
            "… and {} more\n\n",
            diagnostics.len() - MOST_DIAGNOSTICS
        ));
    }
    file.map(|file| (file, source.text)).ok_or_else(|| {
        let errors = diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .count();
        let errors = match errors {
            1 => "1 error".to_owned(),
            n => format!("{n} errors"),
        };
        let message = format!("{} is not valid: {errors}", text::escape(&name));
        Trouble::new(message, "mend the file; nothing was read from Azure")
    })
}
