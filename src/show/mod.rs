//! What a person sees: pure text, made from plain data.
//!
//! Nothing that Azure or the file says leaves this room unescaped ([`crate::text::escape`]).

mod diagnostic;
mod miss;
mod outcome;
mod paint;
mod plan;
mod refusal;

pub use diagnostic::diagnostic;
pub use miss::miss;
pub use outcome::{After, outcome, verdict};
pub use paint::Paint;
pub use plan::{Columns, plan};
pub use refusal::refusal;
