//! Azure: sends requests over the SDK's pipeline, and returns the answers as types of [`crate::model`].
//!
//! # Who builds a request
//!
//! Azure's own crates build the requests on one VM: `azure_mgmt_resources` those on its tags, `azure_mgmt_compute` those that
//! start it and read its state. The `bridge` hands each request to [`Arm`], which sends it, and azlin's own lenient types read
//! the answer. The same requests written by hand are identical to the byte. They change neither the speed of `plan`, `list` and
//! `apply` nor the size of the program (7.8 MB).
//!
//! azlin builds the requests for lists itself. The crates offer lists only as streams. These parse a page strictly, so that one
//! odd VM fails the whole page, and they rewrite a `nextLink`. Using one only for the first page's request adds 0.6 MB for a
//! parser that never runs. `azure_mgmt_network` would be a third crate for two more lists.
//!
//! # Boundaries
//!
//! Only this room names Azure's crates. The bearer token does not leave it. Requests go only to the host that was opened, and
//! to the hosts that issue tokens.

pub mod activity;
mod addresses;
mod arm;
mod bridge;
pub mod compute;
mod connection;
mod denial;
mod details;
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
mod proxy;
mod reason;
mod record;
pub mod sign_in;
pub mod tag_write;
pub mod tags;
mod transport;
mod violation;
mod vm;
pub mod who;
mod wording;

pub use arm::{Arm, DEADLINE};
pub use bridge::NOISE;
pub use denial::Denial;
pub use failure::{Failure, Kind};
pub use origin::Origin;
pub use patience::{Patience, Stopping};
pub use record::unrecorded;
pub use transport::Target;
