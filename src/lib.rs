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
//! Data flows left to right and never back. Everything between the two ends is pure: no clock, no network, no file, no
//! terminal, so that a test is a call. One file or several, one subscription or several: it is the same code, because a VM's id
//! always carries its subscription and one [`plan::Plan`] covers them all.
//!
//! # The rooms
//!
//! | room | what it holds |
//! |---|---|
//! | [`cli`] | the command line: clap types, nothing else |
//! | [`verbs`] | one file a command: read, call the core, show; no decision lives here |
//! | [`model`] | the words everything else is written in: [`model::VmId`], [`model::SessionName`], [`model::Desired`], [`model::Live`] |
//! | [`mod@file`] | `sessions.toml`: [`file::find`] it, [`file::read()`] it, [`file::check()`] one or many, [`file::edit()`] it |
//! | [`plan`] | desired and live → who changes, in which order, what is blocked or refused; saved plans; what came of an apply |
//! | [`mod@apply`] | steps → Azure, side by side where the order allows, each checked before and after its write |
//! | [`mod@resolve`] | a name → the VM it means, or why not |
//! | [`ssh`] | a VM → how to reach it → ssh's arguments, or an ssh_config |
//! | [`listing`], [`tagging`] | the decisions of `list` and `tag` |
//! | [`show`] | plain data → what a person or a program reads |
//! | [`mod@guide`] | the chapters of `azlin guide`, as text |
//! | [`azure`] | requests and answers: sign-in, sending, lists, tags, starting a VM |
//! | [`mod@sandbox`] | an Azure over a small fleet; knows nothing of the rest |
//! | [`trouble`], [`text`], [`json`], `replace` | the ground floor: a failure, text made safe, JSON, a file put in place of another |
//!
//! # To change something
//!
//! | to change | go to |
//! |---|---|
//! | what the file may say | `file/read.rs` or `file/sessions.rs`, the type in `file/mod.rs`, and `file/edit/` if azlin writes it |
//! | a rule about names | `model/session_name.rs` for one name, `model/namesakes.rs` and `file/check.rs` for names beside each other |
//! | who changes, and what is in the way | `plan/diff.rs`, `plan/blocked.rs` |
//! | what is refused | `plan/guard.rs` |
//! | the plan's JSON | the types in `plan/mod.rs`, then `examples/plan.schema.json` |
//! | an output format | a file in `show/`, its name in `cli/`, one arm each in `verbs/planning.rs`, `verbs/apply.rs` and `verbs/show.rs` |
//! | a message | the file in `show/` named for it; a failure of Azure's in `azure/failure.rs` or `azure/denial.rs` |
//! | how VMs are read | `azure/fleet.rs`, with `azure/addresses.rs` for their addresses |
//! | how a VM is written | `azure/tag_write.rs`; the requests are built in `azure/tags.rs` |
//! | which kinds of machine there are | `model/vm_id.rs`, and `azure/id.rs` for how Azure spells them |
//! | how azlin signs in | `azure/sign_in/` |
//! | how a VM is reached | `ssh/mod.rs` decides the route, `ssh/arguments.rs` and `ssh/config.rs` spell it |
//! | the guide | the chapter in `guide/`; `AZLIN_DOCS=write cargo test --test docs` puts in what the commands print |
//! | a command | its file in `verbs/`, its arguments in `cli/` |
//! | what the sandbox answers | `sandbox/route.rs`, then the file of that resource; its misbehaviour in `sandbox/faults/` |
//!
//! # What always holds
//!
//! `tests/house.rs` reads the first three off the code.
//!
//! 1. The core ([`model`], [`mod@file`] except [`file::find`], [`plan`], [`mod@resolve`], [`ssh`], [`listing`], [`tagging`], [`show`],
//!    [`json`], [`text`]) does no I/O and sees no type of the SDK's. `plan` cannot write, because nothing it is handed can.
//! 2. [`azure`] alone names Azure's crates: `compute` alone `azure_mgmt_compute`, `tags` alone `azure_mgmt_resources`.
//! 3. The bearer token stays in [`azure`], on `azure_core` 1.x's pipeline. The legacy crates build requests and send none.
//! 4. No request leaves for a host other than the one that was opened, whatever an answer or the file says.
//! 5. `azlin tag` alone writes any tag but the session's and the owner's; all writes go through the Tags API.
//! 6. No prefix of a plan's steps puts a name on more VMs than held it before.
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
pub mod guide;
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
