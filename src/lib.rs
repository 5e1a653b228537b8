//! Session names for Azure VMs as code.
//!
//! A team declares in `sessions.toml` which VM holds which session name. azlin keeps no state file: the name is in a tag of the
//! VM, and the tags are the state. The file is the *desired* state, Azure reports the *live* state, and the *plan* is the
//! difference.
//!
//! ```text
//!  sessions.toml ──file──▶ Desired ─┐
//!                                   ├──plan──▶ Plan ──show──▶ text · JSON · Markdown · diff
//!  Azure ──azure::fleet──▶ Live ────┘            │
//!             │                                  └──apply──▶ azure::tags ──▶ Azure
//!             └──resolve (name → VM)──▶ ssh
//! ```
//!
//! Data flows left to right and never back. Everything between the two ends is pure: no clock, no network, no file, no terminal.
//! So a test is a call. One file or several, and one subscription or several, run the same code: a VM's id contains its
//! subscription, and one [`plan::Plan`] covers all files.
//!
//! # The rooms
//!
//! | room | contents |
//! |---|---|
//! | [`cli`] | the command line: only clap types |
//! | [`verbs`] | one file per command: it reads, calls the core and shows the result, and decides nothing |
//! | [`model`] | the types that everything else is written in: [`model::VmId`], [`model::SessionName`], [`model::Desired`], [`model::Live`] |
//! | [`mod@file`] | `sessions.toml`: [`file::find`] it, [`file::read()`] it, [`file::check()`] one or many, [`file::edit()`] it, [`file::format()`] it |
//! | [`plan`] | desired and live → the changes, their order, and the lines and plans to block or refuse; saved plans; the outcomes of an apply |
//! | [`mod@apply`] | steps → Azure, in parallel where the order allows, each checked before and after its write |
//! | [`mod@resolve`] | a name → the VM that it means, or the reason why it finds none |
//! | [`ssh`] | a VM → the route to it → the arguments of `ssh`, or an ssh_config |
//! | [`listing`], [`tagging`], [`importing`], [`moving`], [`blaming`] | the decisions of `list`, `tag`, `import`, `move` and `blame` |
//! | [`show`] | plain data → text for a person or a program |
//! | [`mod@guide`] | the chapters of `azlin guide`, as text |
//! | [`azure`] | requests to Azure: sign-in, lists, tags, starting a VM |
//! | [`mod@sandbox`] | the embedded Azure, over a small fleet; it uses no other room |
//! | [`trouble`], [`text`], [`json`], `replace` | the basics: the shape of an error, safe text, JSON, replacing a file |
//!
//! # To change something
//!
//! | to change | go to |
//! |---|---|
//! | the keys and values of the file | `file/keys.rs`, `file/read.rs` or `file/sessions.rs`, the type in `file/mod.rs`, and `file/edit/` if azlin writes it; `azlin schema` > `examples/sessions.schema.json` |
//! | the form that `fmt` gives the file | `file/format/` |
//! | the help for a mistake in the file | the reader of the value, or `file/syntax.rs` if it isn't TOML; `tests/gallery.rs` |
//! | a rule for names | `model/session_name.rs` for one name, `model/namesakes.rs` and `file/check.rs` for several |
//! | the changes, and the lines that are blocked | `plan/diff.rs`, `plan/blocked.rs` |
//! | the plans to refuse | `plan/guard.rs`; the options that allow them are in `plan/options.rs` |
//! | the plan's JSON | the types in `plan/mod.rs`, then `examples/plan.schema.json` |
//! | an output format | a file in `show/`, its name in `cli/`, one arm each in `verbs/planning.rs`, `verbs/apply.rs` and `verbs/show.rs` |
//! | the commands to a pipeline, and what must not look like one | `show/annotation.rs` |
//! | a message | the file in `show/` named after it; for a failed request, `azure/failure.rs`, or `azure/denial.rs` and `azure/wording.rs` if Azure rejects it |
//! | how azlin reads Azure's errors | `azure/reason.rs`, with `azure/violation.rs` for policies |
//! | how azlin reads VMs | `azure/fleet.rs`, with `azure/details.rs` for their states and addresses |
//! | how azlin writes tags | `azure/tag_write.rs`, with `azure/tags.rs` for the requests |
//! | the kinds of machine | `model/vm_id.rs`, with `azure/id.rs` for their ids in Azure |
//! | how azlin reads the activity log | `azure/activity.rs` |
//! | how azlin runs `git` | `verbs/git.rs`, and `verbs/base.rs` for `plan --base` |
//! | how azlin signs in | `azure/sign_in/`; its messages are in `entra.rs` for Microsoft Entra and `complaint.rs` for `az` |
//! | the errors of proxies and certificates | `azure/proxy.rs`, `azure/connection.rs` |
//! | how azlin reaches a VM | `ssh/mod.rs` for the route, `ssh/arguments.rs` and `ssh/config.rs` for its spelling |
//! | the guide | the chapter in `guide/`; `AZLIN_DOCS=write cargo test --test docs` puts in what the commands print |
//! | a command | its file in `verbs/`, its arguments in `cli/` |
//! | the sandbox's answers | `sandbox/route.rs`, then the file of the resource; its faults are in `sandbox/faults/` |
//!
//! # Invariants
//!
//! `tests/house.rs` checks the first three in the code.
//!
//! 1. The core ([`model`], [`mod@file`] except [`file::find`], [`plan`], [`mod@resolve`], [`ssh`], [`listing`], [`tagging`], [`importing`],
//!    [`moving`], [`blaming`], [`show`], [`json`], [`text`]) does no I/O and uses no type of the SDK. `plan` cannot write, because none of its arguments
//!    can.
//! 2. Only [`azure`] uses Azure's crates: only `compute` uses `azure_mgmt_compute`, and only `tags` uses `azure_mgmt_resources`.
//! 3. The bearer token stays in [`azure`], in the pipeline of `azure_core` 1.x. The legacy crates build requests but never send
//!    one.
//! 4. azlin sends requests only to the host that it opened, whatever an answer or the file says.
//! 5. Only `azlin tag` writes tags other than the session's and the owner's. All writes go through the Tags API.
//! 6. After any number of a plan's steps, no name is newly on two VMs, and no duplicate has grown.
//! 7. Planning is deterministic. Planning again after an apply finds nothing to do.
//! 8. Text from Azure or the file is escaped or validated before it reaches a terminal, Markdown, CSV, an ssh_config or a
//!    pipeline's log.

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
pub mod blaming;
pub mod cli;
pub mod file;
pub mod guide;
pub mod importing;
pub mod json;
pub mod listing;
pub mod model;
pub mod moving;
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
