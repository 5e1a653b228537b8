//! What a person sees: pure text, made from plain data.
//!
//! Nothing that Azure or the file says leaves this room unescaped ([`crate::text::escape`]).

pub mod annotation;
mod diagnostic;
mod diff;
mod markdown;
mod miss;
mod outcome;
mod paint;
mod plan;
mod refusal;
mod unusable;
mod words;

pub use diagnostic::diagnostic;
pub use diff::diff;
pub use markdown::markdown;
pub use miss::miss;
pub use outcome::{After, outcome, verdict};
pub use paint::Paint;
pub use plan::{Columns, plan};
pub use refusal::refusal;
pub use unusable::unusable;
pub use words::why;
