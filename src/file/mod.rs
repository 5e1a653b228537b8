//! `sessions.toml`: the sessions that a team wants, as it wrote them.
//!
//! [`read`] turns the file's bytes into a [`File`], or reports every error in one run. [`check`] finds conflicts between the
//! lines of one or several files. Only [`find`] touches the disk.

mod check;
mod diagnostic;
mod dotted;
mod edit;
mod encoding;
pub mod find;
mod foreign;
mod format;
mod keys;
mod likely;
mod read;
mod schema;
mod sessions;
mod since;
mod starter;
mod syntax;
mod table;
mod twice;

pub use check::{Member, check, check_between, expired};
pub use diagnostic::{Diagnostic, Label, Severity, Source};
pub use edit::{CannotEdit, Edit, Ends, comments_gone, edit};
pub use foreign::is_sessions_file;
pub use format::{CannotFormat, format};
pub use read::read;
pub use schema::schema;
pub use since::tell_since;
pub use starter::{Starter, starter};

use std::net::SocketAddr;
use std::ops::Range;

use time::Date;

use crate::model::{
    Basis, Cloud, Declared, Desired, Owner, Scope, SessionName, SubscriptionId, TagKey, VmId,
    VmPath,
};
use crate::ssh::SshDefaults;

/// A valid `sessions.toml`.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The file's owner. A file without an owner sets and changes sessions, and never clears one.
    pub owner: Option<Owner>,
    /// `[azure]`: the Azure of the VMs.
    pub azure: AzureSettings,
    /// `[sessions.<group>]`: the VMs and their sessions.
    pub lines: Vec<Line>,
    /// `[ssh]`: the team's defaults for `connect`.
    pub ssh: SshDefaults,
    /// The bytes that spell the owner.
    pub owner_span: Range<usize>,
    /// The bytes that spell the name of the table `[azure]`.
    pub azure_span: Range<usize>,
}

/// One line: a VM and the session assigned to it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The VM.
    pub vm: VmPath,
    /// The session.
    pub session: SessionName,
    /// The last day on which the line counts.
    pub expires: Option<Date>,
    /// The line's number in the file, from 1.
    pub line: usize,
    /// The bytes that spell the VM.
    pub vm_span: Range<usize>,
    /// The bytes that spell the session.
    pub session_span: Range<usize>,
}

/// The settings in `[azure]`.
#[derive(Clone, Debug, Default)]
pub struct AzureSettings {
    /// The subscription, unless a flag or the environment names it.
    pub subscription: Option<SubscriptionId>,
    /// The cloud; `public` by default.
    pub cloud: Cloud,
    /// The tag that carries the session.
    pub tag: TagKey,
    /// An emulator of Azure on this machine, instead of a cloud. Only loopback addresses are valid, because a file in someone's
    /// repository must not decide where a token goes.
    pub endpoint: Option<SocketAddr>,
    /// The VMs that count.
    pub scope: Scope,
}

impl File {
    /// The sessions that the file wants in the Azure that `basis` names.
    pub fn desired(&self, basis: Basis) -> Desired {
        let mut sessions = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            sessions.push(Declared {
                vm: VmId::new(&basis.subscription, line.vm.clone()),
                session: line.session.clone(),
                expires: line.expires,
                line: line.line,
            });
        }
        Desired {
            basis,
            scope: self.azure.scope.clone(),
            sessions,
        }
    }
}
