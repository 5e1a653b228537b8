//! Azure, below everything else: requests over the SDK's pipeline, answers as [`crate::model`]'s words.
//!
//! # Who builds a request
//!
//! Requests on one VM are built by Azure's own crates: its tags by `azure_mgmt_resources`, its start and its state by
//! `azure_mgmt_compute`. The `bridge` hands each of them to [`Arm`], which sends it; azlin's own lenient types read the answer.
//! Compared with the same requests written by hand, they are the same to the byte, `plan`, `list` and `apply` take as long, and
//! the program is as large (7.8 MB).
//!
//! Lists are requests of azlin's own. The crate's lists can only be had as streams, which parse a page strictly, so that one odd
//! VM costs the whole page, and rewrite a `nextLink`. Building just the first page's request by one costs 0.6 MB, for
//! the parser that never runs. `azure_mgmt_network` would be a third crate for two more such lists.
//!
//! # What stays in here
//!
//! This room alone names Azure's crates. The bearer token does not leave it; no request leaves for a host other than the one
//! that was opened, and those that give out tokens.

mod addresses;
mod arm;
mod bridge;
pub mod compute;
mod denial;
mod discreet;
mod exchange;
mod failure;
pub mod fleet;
mod http;
pub mod id;
mod list;
mod origin;
mod pace;
mod patience;
mod record;
pub mod sign_in;
pub mod tag_write;
pub mod tags;
mod transport;
pub mod who;

pub use arm::{Arm, DEADLINE};
pub use bridge::NOISE;
pub use denial::Denial;
pub use failure::{Failure, Kind};
pub use origin::Origin;
pub use patience::{Patience, Stopping};
pub use transport::Target;
