//! What a person sees: pure text, made from plain data.
//!
//! Nothing that Azure or the file says leaves this room unescaped ([`crate::text::escape`]).

pub mod annotation;
mod astray;
mod diagnostic;
mod diff;
mod markdown;
mod miss;
mod outcome;
mod paint;
mod picker;
mod plan;
mod refusal;
mod session;
mod ssh_config;
mod unusable;
mod whoami;
mod words;

pub use astray::astray;
pub use diagnostic::diagnostic;
pub use diff::diff;
pub use markdown::markdown;
pub use miss::miss;
pub use outcome::{After, outcome, verdict};
pub use paint::Paint;
pub use picker::picker;
pub use plan::{Columns, plan};
pub use refusal::refusal;
pub use session::{doubled, failed, not_by_hand, session};
pub use ssh_config::left_out;
pub use unusable::unusable;
pub use whoami::{NamedBy, Right, Who};
pub use words::why;
