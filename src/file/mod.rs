//! `sessions.toml`: what a team wants, as it wrote it.
//!
//! [`read`] turns the file's bytes into [`File`], or into every reason why not, in one run; [`check`] says what the lines of one
//! or several files have against each other. Only [`find`] touches the disk.

mod check;
mod diagnostic;
mod edit;
pub mod find;
mod read;
mod sessions;
mod table;

pub use check::{Member, check};
pub use diagnostic::{Diagnostic, Label, Severity, Source};
pub use edit::{CannotEdit, Edit, edit};
pub use read::read;

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
    /// Who this file is. Without an owner it only ever sets and changes, and never clears.
    pub owner: Option<Owner>,
    /// `[azure]`: where the VMs are.
    pub azure: AzureSettings,
    /// `[sessions.<group>]`: which VM holds which session.
    pub lines: Vec<Line>,
    /// `[ssh]`: the team's defaults for `connect`.
    pub ssh: SshDefaults,
    /// The bytes of the owner.
    pub owner_span: Range<usize>,
    /// The bytes of the name of the table `[azure]`.
    pub azure_span: Range<usize>,
}

/// One line: which session a VM is to hold.
#[derive(Clone, Debug)]
pub struct Line {
    /// The VM.
    pub vm: VmPath,
    /// The session.
    pub session: SessionName,
    /// The last day on which it is wanted.
    pub expires: Option<Date>,
    /// The line's number in the file, from 1.
    pub line: usize,
    /// The bytes of the VM.
    pub vm_span: Range<usize>,
    /// The bytes of the session.
    pub session_span: Range<usize>,
}

/// `[azure]`.
#[derive(Clone, Debug, Default)]
pub struct AzureSettings {
    /// The subscription, unless a flag or the environment names it.
    pub subscription: Option<SubscriptionId>,
    /// The cloud; `public` when the file says nothing.
    pub cloud: Cloud,
    /// The tag that carries the session.
    pub tag: TagKey,
    /// An emulator of Azure on this machine, instead of a cloud. Loopback only: a file in someone's repository must not
    /// decide where a token goes.
    pub endpoint: Option<SocketAddr>,
    /// Which VMs count.
    pub scope: Scope,
}

impl File {
    /// What the file wants of the Azure that `basis` names.
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
