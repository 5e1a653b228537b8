//! An Azure Resource Manager (ARM) in a box, over a small fleet of VMs, in one subscription or several,
//! kept in a JSON file.
//!
//! It answers the REST requests that azlin sends, in Azure's own shapes and as strictly as Azure:
//! what passes here is a request that Azure would recognise. So every command runs without an
//! account and without a network, on the same code as against Azure. It is used in two ways: in
//! process, as what stands under the pipeline in place of the network ([`Sandbox::answer`]), and
//! over HTTP on loopback for other clients ([`serve`]).
//!
//! ```text
//! Request ──route──▶ faults ──▶ vms · start · network · tags ──▶ Response
//!                       │  page (lists)  errors (refusals)
//!                       ▼
//!                     store ──▶ fleet (the JSON file), or the standard fleet while there is none
//! ```
//!
//! Nothing here knows the rest of azlin but its ground floor (`text`, `replace`), and nothing here but a budget of requests
//! keeps time: the same file, the same faults and the same requests give the same answers.

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
pub use faults::Fault;
pub use page::DEFAULT_PAGE_SIZE;
pub use reset::{MAX_VMS, reset, reset_several, subscription_id};
pub use serve::serve;
pub use subscriptions::SUBSCRIPTION;
