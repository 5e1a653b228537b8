//! `sessions.toml`: what a team wants, as it wrote it.
//!
//! [`read`] turns the file's bytes into [`File`], or into every reason why not, in one run; [`together`] says what several
//! valid files have against each other. Only [`find`] touches the disk.

mod diagnostic;
pub(crate) mod edit;
pub mod find;
mod read;
mod sessions;
mod table;
mod together;

pub use diagnostic::{Diagnostic, Label, Severity, Source};
pub use edit::{CannotEdit, edit};
pub use read::read;
pub use together::{Clash, Member, together};

use std::net::SocketAddr;
use std::ops::Range;

use crate::model::{Cloud, Desired, Scope, SubscriptionId, TagKey};
use crate::ssh::SshDefaults;

/// A valid `sessions.toml`.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// `[azure]`: where the VMs are.
    pub azure: AzureSettings,
    /// `[sessions.<group>]`: which VM holds which session.
    pub desired: Desired,
    /// `[ssh]`: the team's defaults for `connect`.
    pub ssh: SshDefaults,
    /// Where in its text it says so.
    pub spans: Spans,
}

/// The bytes of a file on which stands what can clash with another file.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    /// The owner.
    pub owner: Range<usize>,
    /// The name of the table `[azure]`.
    pub azure: Range<usize>,
    /// The VM and the session of each line, in the order of [`Desired::sessions`].
    pub lines: Vec<LineSpans>,
}

/// The bytes on which a line's VM and its session stand.
#[derive(Clone, Debug, Default)]
pub struct LineSpans {
    /// The VM.
    pub vm: Range<usize>,
    /// The session.
    pub session: Range<usize>,
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
