//! [`Cache`]: a file that keeps live names for a few minutes, so that TAB does not wait for Azure.
//!
//! It is only a convenience. azlin ignores a file that it cannot read, or that is damaged, too old, too large or from another
//! version. If azlin cannot write it, the command still succeeds.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etcetera::{BaseStrategy as _, choose_base_strategy};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::candidates::Name;
use crate::file::AzureSettings;
use crate::model::Hex;
use crate::model::{Cloud, Scope, SessionName, SubscriptionId, VmPath};
use crate::replace::plain::{check_own, open};
use crate::replace::{private_folder, put_private};

/// The maximum age of names on offer.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// The minimum time between two requests to Azure, however often the user presses TAB.
const PAUSE: Duration = Duration::from_secs(10);

/// The largest file to read or write, in bytes. It holds some hundred thousand VMs.
const MAX_BYTES: u64 = 16 << 20;

/// The version of the file format. Another version of azlin may use another one.
const FORMAT: u32 = 1;

/// The cached names of one Azure, as one `sessions.toml` sees it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cache {
    path: PathBuf,
    /// The subscription of the VMs.
    subscription: SubscriptionId,
}

#[derive(Serialize, Deserialize)]
struct Content {
    format_version: u32,
    /// The time at which azlin read Azure, in seconds since 1970.
    read_at: u64,
    vms: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    group: String,
    vm: String,
    session: Option<String>,
}

impl Cache {
    /// The cache for the `[azure]` table of a file in `folder`. None if the user has no folder for caches.
    ///
    /// `elsewhere` is the endpoint that replaces the file's, if a flag or variable names one.
    pub fn of(
        azure: &AzureSettings,
        subscription: &SubscriptionId,
        folder: &Path,
        elsewhere: Option<&str>,
    ) -> Option<Self> {
        let folders = choose_base_strategy().ok()?;
        let file = file_name(azure, subscription, folder, elsewhere)?;
        Some(Self {
            path: folders.cache_dir().join("azlin").join(file),
            subscription: subscription.clone(),
        })
    }

    /// The names, if azlin read them within [`MAX_AGE`] before `now`.
    pub fn read(&self, now: SystemTime) -> Option<Vec<Name>> {
        let mut bytes = Vec::new();
        check_own(self.path.parent()?).ok()?;
        let file = open(File::options().read(true), &self.path).ok()?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
        if bytes.len() as u64 > MAX_BYTES {
            return None;
        }
        let content: Content = serde_json::from_slice(&bytes).ok()?;
        let is_usable =
            content.format_version == FORMAT && is_within(MAX_AGE, content.read_at, seconds(now));
        let names = content.vms.iter().filter_map(|entry| self.name(entry));
        is_usable.then(|| names.collect())
    }

    /// The names in `entry`, validated again: whoever can write the file must not be able to write a command line.
    fn name(&self, entry: &Entry) -> Option<Name> {
        let session = entry.session.as_deref();
        Some(Name {
            subscription: Some(self.subscription.clone()),
            vm: VmPath::new(&entry.group, &entry.vm).ok()?,
            session: session.and_then(|session| SessionName::new(session).ok()),
        })
    }

    /// Replaces the cache with `names`, which were read at `now`.
    pub fn write(&self, names: Vec<Name>, now: SystemTime) -> io::Result<()> {
        let entry = |name: Name| Entry {
            group: name.vm.group().to_owned(),
            vm: name.vm.name().to_owned(),
            session: name.session.map(String::from),
        };
        let content = Content {
            format_version: FORMAT,
            read_at: seconds(now),
            vms: names.into_iter().map(entry).collect(),
        };
        let bytes = serde_json::to_vec(&content)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Ok(());
        }
        self.make_folder()?;
        put_private(&self.path, |file| file.write_all(&bytes))
    }

    /// Returns true if the caller should read Azure: no process is reading it now or started to within [`PAUSE`].
    pub fn claim(&self, now: SystemTime) -> bool {
        self.try_claim(now).unwrap_or(false)
    }

    fn try_claim(&self, now: SystemTime) -> io::Result<bool> {
        let marker = self.marker()?;
        if marker.try_lock().is_err() {
            return Ok(false);
        }
        let claimed = io::read_to_string((&marker).take(32)).unwrap_or_default();
        let claimed = claimed.trim().parse();
        if claimed.is_ok_and(|claimed| is_within(PAUSE, claimed, seconds(now))) {
            return Ok(false);
        }
        marker.set_len(0)?;
        (&marker).rewind()?;
        writeln!(&marker, "{}", seconds(now))?;
        Ok(true)
    }

    /// Waits for the turn to read Azure. No other process can claim it while the returned file is open.
    pub fn take_turn(&self) -> io::Result<File> {
        let marker = self.marker()?;
        marker.lock()?;
        Ok(marker)
    }

    /// The file beside the cache that holds the time of the last claim.
    fn marker(&self) -> io::Result<File> {
        self.make_folder()?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        open(&mut options, &self.path.with_extension("asked"))
    }

    fn make_folder(&self) -> io::Result<()> {
        let Some(folder) = self.path.parent() else {
            return Ok(());
        };
        private_folder(folder)?;
        check_own(folder)
    }
}

/// The name of the cache file: a hash of everything that decides which names Azure returns.
fn file_name(
    azure: &AzureSettings,
    subscription: &SubscriptionId,
    folder: &Path,
    elsewhere: Option<&str>,
) -> Option<String> {
    let place = match (azure.endpoint, azure.cloud) {
        _ if elsewhere.is_some() => json!(elsewhere),
        (Some(address), _) => json!(address),
        (None, Cloud::Sandbox) => json!(fs::canonicalize(folder).ok()?.to_string_lossy()),
        (None, cloud) => json!(Cloud::NAMES.iter().position(|(_, known)| *known == cloud)),
    };
    let groups = match &azure.scope {
        Scope::Subscription => None,
        Scope::Groups(groups) => Some(groups),
    };
    let key = json!([subscription, place, azure.tag, groups]).to_string();
    let hash = Hex::sha256(key.as_bytes());
    Some(format!("names-{}.json", hash.as_str().get(..16)?))
}

/// Returns true if `then` is at most `span` before `now`. A time in the future does not count: someone set the clock back.
fn is_within(span: Duration, then: u64, now: u64) -> bool {
    now.checked_sub(then)
        .is_some_and(|age| age <= span.as_secs())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const NOW: SystemTime = UNIX_EPOCH;

    fn after(seconds: u64) -> SystemTime {
        NOW + Duration::from_secs(1_000_000 + seconds)
    }

    fn cache(folder: &Path) -> Cache {
        Cache {
            path: folder.join("azlin").join("names-1.json"),
            subscription: subscription('1'),
        }
    }

    fn subscription(last: char) -> SubscriptionId {
        SubscriptionId::new(&format!("00000000-0000-0000-0000-00000000000{last}")).unwrap()
    }

    fn content(read_at: u64, session: &str) -> String {
        json!({
            "format_version": FORMAT, "read_at": read_at,
            "vms": [{ "group": "rg", "vm": "a", "session": session }]
        })
        .to_string()
    }

    fn put(cache: &Cache, content: &str) {
        cache.make_folder().unwrap();
        fs::write(&cache.path, content).unwrap();
    }

    #[test]
    fn names_are_offered_for_ten_minutes_and_not_before_they_were_read() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        put(&cache, &content(1_000_000, "web"));
        let is_offered = |seconds| cache.read(after(seconds)).is_some();
        assert!(is_offered(0) && is_offered(600));
        assert!(!is_offered(601) && cache.read(NOW).is_none());
    }

    #[test]
    fn a_file_that_is_damaged_or_of_another_version_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        assert!(cache.read(after(0)).is_none());
        let good = content(1_000_000, "web");
        put(&cache, &good);
        assert!(cache.read(after(0)).is_some());
        for bad in [
            "",
            "[]",
            "\u{0}",
            &good[..good.len() - 2],
            &good.replace("\"format_version\":1", "\"format_version\":2"),
            &good.replace("1000000", "-1"),
        ] {
            put(&cache, bad);
            assert!(cache.read(after(0)).is_none(), "{bad}");
        }
        let padding = " ".repeat(MAX_BYTES as usize + 1);
        put(&cache, &format!("{good}{padding}"));
        assert!(cache.read(after(0)).is_none());
    }

    #[test]
    fn an_invalid_name_in_the_file_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        put(&cache, &content(1_000_000, "$(id)"));
        let names = cache.read(after(0)).unwrap();
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].session, None);
        put(&cache, &content(1_000_000, "x").replace("\"a\"", "\"a b\""));
        assert_eq!(cache.read(after(0)).unwrap(), []);
    }

    #[test]
    fn a_written_cache_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let name = |vm, session| Name {
            subscription: Some(subscription('1')),
            vm: VmPath::new("rg", vm).unwrap(),
            session: SessionName::new(session).ok(),
        };
        let written = vec![name("a", "web"), name("b", "")];
        cache.write(written.clone(), after(0)).unwrap();
        assert_eq!(cache.read(after(5)), Some(written));
        assert_eq!(
            fs::read_dir(folder.path().join("azlin")).unwrap().count(),
            1
        );
    }

    #[test]
    fn one_process_claims_at_a_time_and_not_again_for_ten_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        assert!(cache.claim(after(0)));
        assert!(!cache.claim(after(10)));
        assert!(cache.claim(after(11)));
        let turn = cache.take_turn().unwrap();
        assert!(!cache.claim(after(60)));
        drop(turn);
        assert!(cache.claim(after(60)));
        assert!(cache.claim(after(0)), "the clock was set back");
    }

    #[test]
    fn another_azure_has_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let id = subscription;
        let public = AzureSettings::default();
        let sandbox = AzureSettings {
            cloud: Cloud::Sandbox,
            ..AzureSettings::default()
        };
        let endpoint = AzureSettings {
            endpoint: Some("127.0.0.1:80".parse().unwrap()),
            ..AzureSettings::default()
        };
        let groups = AzureSettings {
            scope: Scope::Groups(BTreeSet::from(["rg".to_owned()])),
            ..AzureSettings::default()
        };
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let names: BTreeSet<String> = [
            file_name(&public, &id('1'), folder.path(), Some("https://x")),
            file_name(&public, &id('1'), folder.path(), None),
            file_name(&public, &id('2'), folder.path(), None),
            file_name(&endpoint, &id('1'), folder.path(), None),
            file_name(&groups, &id('1'), folder.path(), None),
            file_name(&sandbox, &id('1'), folder.path(), None),
            file_name(&sandbox, &id('1'), &inner, None),
        ]
        .into_iter()
        .flatten()
        .collect();
        assert_eq!(names.len(), 7);
    }
}
