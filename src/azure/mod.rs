//! Azure, below everything else: requests over the SDK's pipeline, answers as [`crate::model`]'s words.
//!
//! This room alone names Azure's crates. The bearer token does not leave it; no request leaves for a host other than the one
//! that was opened, and those that give out tokens.

mod addresses;
mod arm;
mod bridge;
mod cause;
pub mod compute;
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
mod refusal;
mod renew;
pub mod sign_in;
pub mod tag_write;
pub mod tags;
mod transport;
pub mod who;

pub use arm::{Arm, DEADLINE};
pub use failure::{Failure, Kind};
pub use origin::Origin;
pub use patience::{Patience, Stopping};
pub use refusal::Refusal;
pub use transport::Target;
