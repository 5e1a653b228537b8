//! `azlin ssh-config`.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::context::{Context, What};
use super::part::Part;
use super::sshs_hosts::System;
use super::{Exit, Streams, Trouble, names, sshs_home, sshs_hosts};
use crate::cli::{Common, SshConfig};
use crate::model::{Hex, Scope, TagKey, Vm, VmId};
use crate::replace::{private_folder, replace};
use crate::show;
use crate::ssh::{self, Known};
use crate::text::shown;

/// The folder of azlin's files in `~/.ssh`.
const OURS: &str = "azlin.d";

/// azlin's files as `ssh` includes them, relative to `~/.ssh`.
const FILES: &str = "azlin.d/*.conf";

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
    let home = std::env::home_dir();
    let folder = home.as_ref().map(|home| home.join(".ssh"));
    let own = folder.as_deref().map(own_config).transpose()?;
    let known = known(&context, home.as_deref());
    let lines = context.parts().flat_map(|part| &part.desired.sessions);
    let declared: BTreeSet<&str> = lines.map(|line| line.session.as_str()).collect();
    let defaults = |vm: &VmId| &context.part_of(vm).document.file.ssh;
    let config = ssh::config(&live, &defaults, &declared, &known);
    for (name, why) in &config.left_out {
        streams.warn(&show::left_out(name, why, &context.name(), context.ids));
    }
    let folder = folder.filter(|_| args.write);
    if folder.is_none() && args.write {
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
        let Some(folder) = &folder else {
            streams.print(&text)?;
            continue;
        };
        let file = folder.join(file_of(&context, part));
        private_folder(&folder.join(OURS))
            .and_then(|()| replace(&file, text.as_bytes(), true))
            .map_err(|error| Trouble::cannot("write", &file, &error, HELP))?;
        let hosts = show::count(blocks.len(), "session");
        streams.note(&format!("wrote {hosts} to {}", shown(&file)));
    }
    if let Some(folder) = folder {
        let mut vms = live.vms.values();
        if context.parts().all(|part| part.is_sandbox) && !vms.any(Vm::is_on_this_machine) {
            streams.note("these hosts are sandbox VMs, which are not real");
        }
        include(&folder.join("config"), &own.unwrap_or_default(), streams)?;
        if let Some(sshs) = home.as_deref().and_then(sshs_home::other_than) {
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

/// The names that `ssh` already knows, and those that it must not learn anew: this machine's, and the jump hosts'.
fn known(context: &Context, home: Option<&Path>) -> Known {
    let mut known = Known::default();
    known.add("localhost", "this machine");
    for part in context.parts() {
        if let Some(jump) = &part.document.file.ssh.jump {
            let file = &part.desired.basis.file;
            known.add(jump.host(), &format!("the jump host in {file}"));
        }
    }
    // One run writes all of these files, so their hosts do not count.
    let mut ours = Vec::new();
    if let Some(home) = home {
        let files = context.subscriptions().map(|part| file_of(context, part));
        ours.extend(files.map(|file| home.join(".ssh").join(file)));
    }
    sshs_hosts::add_to(&mut known, home, &System::here(), &ours);
    known
}

/// The user's own ssh_config in `folder`, which is empty if there is none.
fn own_config(folder: &Path) -> Result<Vec<u8>, Trouble> {
    let config = folder.join("config");
    match fs::read(&config) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|error| Trouble::cannot("read", &config, &error, HELP)),
    }
}

/// Makes `config`, whose content is `text`, include azlin's files. The line goes to the top, because further down it would belong
/// to the `Host` above it.
fn include(config: &Path, text: &[u8], streams: Streams) -> Result<(), Trouble> {
    if ssh::includes_for_all(&String::from_utf8_lossy(text), FILES) {
        return Ok(());
    }
    let line = format!("Include {FILES}");
    let gap = if text.is_empty() { "\n" } else { "\n\n" };
    let text = [line.as_bytes(), gap.as_bytes(), text].concat();
    replace(config, &text, !config.exists())
        .map_err(|error| Trouble::cannot("write", config, &error, HELP))?;
    streams.note(&format!("added the line `{line}` to {}", shown(config)));
    Ok(())
}
