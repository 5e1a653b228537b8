//! `azlin ssh-config`.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::context::{Context, What};
use super::part::Part;
use super::{Exit, Streams, Trouble, names, sshs_home};
use crate::cli::{Common, SshConfig};
use crate::model::{Hex, Scope, TagKey, Vm, VmId};
use crate::replace::{private_folder, replace};
use crate::show;
use crate::ssh;
use crate::text::{fits, shown};

/// The folder of azlin's files in `~/.ssh`.
const OURS: &str = "azlin.d";

/// The line that makes `ssh` read azlin's files. Its path is relative to `~/.ssh`.
const INCLUDE: &str = "Include azlin.d/*.conf";

/// The help for a file that cannot be read or written.
const HELP: &str = "check that you own the file and can write to it";

pub(super) async fn run(
    common: &Common,
    args: &SshConfig,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let live = names::read_azure(&context, What::Addresses, &Scope::clone).await?;
    streams.warn_incomplete(&live);
    let home = std::env::home_dir().map(|home| home.join(".ssh"));
    let (mut own, mut taken) = (Vec::new(), BTreeSet::new());
    if let Some(folder) = &home {
        let config = folder.join("config");
        own = match fs::read(&config) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|error| Trouble::cannot("read", &config, &error, HELP))?,
        };
        // One run writes all of these files, so their hosts do not count as taken.
        let ours = context.subscriptions().map(|part| file_of(&context, part));
        taken = hosts_elsewhere(folder, ours.map(|file| folder.join(file)).collect());
    }
    let lines = context.parts().flat_map(|part| &part.desired.sessions);
    let declared: BTreeSet<&str> = lines.map(|line| line.session.as_str()).collect();
    let defaults = |vm: &VmId| &context.part_of(vm).document.file.ssh;
    let jumps = context
        .parts()
        .filter_map(|part| part.document.file.ssh.jump.as_ref());
    let jumps: BTreeSet<String> = jumps.map(|jump| jump.host().to_lowercase()).collect();
    let config = ssh::config(&live, &defaults, &declared, &taken, &jumps);
    for (name, why) in &config.left_out {
        streams.warn(&show::left_out(name, why, &context.name(), context.ids));
    }
    let home = home.filter(|_| args.write);
    if home.is_none() && args.write {
        let message = "cannot find your home folder";
        return Err(Trouble::new(message, "set HOME, or omit --write"));
    }
    for part in context.subscriptions() {
        let place = part.place();
        let head = format!(
            "# The sessions in {place}, written by `azlin ssh-config`, which overwrites this file each time.\n"
        );
        let subscription = part.arm.subscription();
        let hosts = config.hosts.iter();
        let own = hosts.filter(|host| host.vm.subscription() == subscription);
        let blocks: Vec<&str> = own.map(|host| host.block.as_str()).collect();
        let text = head + &blocks.concat();
        let Some(home) = &home else {
            streams.print(&text)?;
            continue;
        };
        let file = home.join(file_of(&context, part));
        private_folder(&home.join(OURS))
            .and_then(|()| replace(&file, text.as_bytes(), true))
            .map_err(|error| Trouble::cannot("write", &file, &error, HELP))?;
        let hosts = show::count(blocks.len(), "session");
        streams.note(&format!("wrote {hosts} to {}", shown(&file)));
    }
    if let Some(home) = home {
        let mut vms = live.vms.values();
        if context.parts().all(|part| part.is_sandbox) && !vms.any(Vm::is_on_this_machine) {
            streams.note("these hosts are sandbox VMs, which are not real");
        }
        include(&home.join("config"), &own, streams)?;
        if let Some(sshs) = home.parent().and_then(sshs_home::other_than) {
            let sshs = shown(&sshs);
            streams.warn(&format!(
                "ssh ignores HOME and reads {sshs}/.ssh, so it will not find these hosts: run this again with HOME={sshs}"
            ));
        }
    }
    Ok(Exit::Done)
}

/// The file for the sessions of `part`, relative to `~/.ssh`. Different scopes or tags of one subscription have different files.
fn file_of(context: &Context, part: &Part) -> PathBuf {
    let (tag, subscription) = (&part.desired.basis.tag, part.arm.subscription());
    let scope = context.scope_of(subscription);
    let mut name = subscription.to_string();
    if scope != Scope::Subscription || *tag != TagKey::default() {
        let hash = Hex::sha256(format!("{scope:?} {}", tag.as_str()).as_bytes());
        name = name + "-" + hash.as_str().get(..8).unwrap_or_default();
    }
    Path::new(OURS).join(name + ".conf")
}

/// The hosts in `config` in `folder` and in the files that it includes, except those in azlin's own files `ours`.
fn hosts_elsewhere(folder: &Path, ours: BTreeSet<PathBuf>) -> BTreeSet<String> {
    const MOST_FILES: usize = 200;
    let mut hosts = BTreeSet::new();
    let mut files = vec![folder.join("config")];
    files.extend(matching(&folder.join(OURS).join("*.conf")));
    let most = MOST_FILES + ours.len();
    let mut seen = ours;
    while let Some(file) = files.pop() {
        if seen.len() > most || !seen.insert(file.clone()) {
            continue;
        }
        // ssh itself reports a file that cannot be read.
        let text = fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        hosts.extend(ssh::hosts_in(&text));
        for include in ssh::includes_in(&text) {
            let path = match include.strip_prefix("~/") {
                Some(rest) => folder.parent().unwrap_or(folder).join(rest),
                None => folder.join(include),
            };
            files.extend(matching(&path));
        }
    }
    hosts
}

/// The files that match `path`, whose last part may contain a `*`.
fn matching(path: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(pattern)) = (path.parent(), path.file_name()) else {
        return Vec::new();
    };
    let pattern = pattern.to_string_lossy();
    if !pattern.contains('*') {
        return vec![path.to_owned()];
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if fits(&pattern, &text) && !text.starts_with('.') {
            files.push(entry.path());
        }
    }
    files
}

/// Makes `config`, whose content is `text`, include azlin's files. The line goes to the top, because further down it would belong
/// to the `Host` above it.
fn include(config: &Path, text: &[u8], streams: Streams) -> Result<(), Trouble> {
    if ssh::has_for_all(&String::from_utf8_lossy(text), INCLUDE) {
        return Ok(());
    }
    let gap = if text.is_empty() { "\n" } else { "\n\n" };
    let text = [INCLUDE.as_bytes(), gap.as_bytes(), text].concat();
    replace(config, &text, !config.exists())
        .map_err(|error| Trouble::cannot("write", config, &error, HELP))?;
    streams.note(&format!("added the line `{INCLUDE}` to {}", shown(config)));
    Ok(())
}
