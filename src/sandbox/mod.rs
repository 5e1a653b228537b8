//! An embedded Azure Resource Manager (ARM) over a small fleet of VMs in a JSON file, in one or more subscriptions.
//!
//! It answers the REST requests that azlin sends, in Azure's own format and as strictly as Azure: a request that passes here is
//! one that Azure would recognise. So every command runs the same code as against Azure, without an account or a network.
//! Commands use it in process, below the pipeline in place of the network ([`Sandbox::answer`]). Other clients use it over HTTP
//! on loopback ([`serve`]).
//!
//! ```text
//! Request ──route──▶ faults ──▶ vms · start · network · tags · activity ──▶ Response
//!                       │  page (lists)  errors (refusals)
//!                       ▼
//!                     store ──▶ fleet (the JSON file), or the standard fleet while there is none
//! ```
//!
//! The sandbox uses nothing of azlin except its ground floor (`text`, `replace`). Only a budget of requests and the activity log
//! depend on the time: otherwise the same file, faults and requests give the same answers.

mod activity;
mod arm;
mod errors;
mod faults;
mod fleet;
mod guid;
mod network;
mod page;
mod reset;
mod route;
mod serve;
mod standard;
mod start;
mod store;
mod subscriptions;
mod tag_set;
mod tags;
mod versions;
mod vms;

#[cfg(test)]
mod tests;

pub use arm::{Reply, Request, Response, Sandbox};
pub use errors::{INVALID, UNUSABLE};
pub use faults::Fault;
pub use page::DEFAULT_PAGE_SIZE;
pub use reset::{MAX_VMS, reset, reset_for_sample, reset_several, sample, subscription_id};
pub use serve::serve;
pub use subscriptions::SUBSCRIPTION;
