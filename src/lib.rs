//! Session names for Azure VMs as code.
//!
//! A team declares in `sessions.toml` which VM holds which session name. There is no state file: the name stands in a tag
//! of the VM, and the tags are the state. What the file wants is *desired*, what Azure reports is *live*, their difference
//! is the *plan*.
//!
//! ```text
//!  sessions.toml ──file──▶ Desired ─┐
//!                                   ├──plan──▶ Plan ──show──▶ text · JSON · Markdown · diff
//!  Azure ──azure::fleet──▶ Live ────┘            │
//!             │                                  └──apply──▶ azure::tags ──▶ Azure
//!             └──resolve (name → VM)──▶ ssh
//! ```
//!
//! Several files make several of each and one plan for each of them, made together: a VM's id then carries its subscription, so
//! that what holds within one holds over all by the same code.
//!
//! Data flows left to right and never back. Everything between the two ends is pure: no clock, no network, no file, no
//! terminal, so that a test is a call.
//!
//! # What always holds
//!
//! 1. The core ([`model`], [`mod@file`] except [`file::find`], [`plan`], [`resolve`], [`ssh`], [`listing`], [`tagging`], [`show`], [`json`],
//!    [`text`]) does no I/O and sees no
//!    type of the SDK's. `plan` cannot write, because nothing it is handed can.
//! 2. [`azure`] alone names Azure's crates: `compute` alone `azure_mgmt_compute`, `resources` alone `azure_mgmt_resources`.
//! 3. The bearer token stays in [`azure`], on `azure_core` 1.x's pipeline. The legacy crates build requests and send none.
//! 4. No request leaves for a host other than the one that was opened, whatever an answer or the file says.
//! 5. Only the session's tag and the owner's are ever written, and others only where `tag` names them; through the Tags API.
//! 6. No prefix of the steps of plans made together puts a name on more VMs than held it before.
//! 7. Planning is deterministic; applying a plan and planning again yields nothing to do.
//! 8. What Azure or the file says reaches a terminal, Markdown, CSV, an ssh_config or a pipeline's log only escaped or validated.

#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod apply;
pub mod azure;
pub mod cli;
pub mod file;
pub mod json;
pub mod listing;
pub mod model;
pub mod plan;
mod replace;
pub mod resolve;
pub mod sandbox;
pub mod show;
pub mod ssh;
pub mod tagging;
pub mod text;
pub mod trouble;
pub mod verbs;
