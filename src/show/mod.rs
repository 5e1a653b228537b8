//! What a person sees: pure text, made from plain data.
//!
//! Nothing that Azure or the file says leaves this room unescaped ([`escape`]).

mod diagnostic;
mod escape;
mod miss;
mod outcome;
mod paint;
mod plan;
mod refusal;

pub use diagnostic::diagnostic;
pub use escape::{escape, is_unprintable, quote};
pub use miss::miss;
pub use outcome::{outcome, verdict};
pub use paint::Paint;
pub use plan::{Columns, plan};
pub use refusal::refusal;
