//! What a person sees: pure text, made from plain data.
//!
//! Nothing that Azure or the file says leaves this room unescaped ([`crate::text::escape`]).

pub mod annotation;
mod astray;
mod diagnostic;
mod diff;
mod ids;
mod list;
mod list_csv;
mod list_json;
pub mod manual;
mod markdown;
mod miss;
mod outcome;
mod paint;
mod picker;
mod plan;
mod refusal;
mod session;
mod ssh_config;
mod table;
mod tags;
mod unusable;
mod whoami;
mod words;

pub use astray::astray;
pub use diagnostic::diagnostic;
pub use diff::{azure, diff};
pub use ids::Ids;
pub use list::{list, marks, unseen};
pub use list_csv::list_csv;
pub use list_json::list_json;
pub use markdown::{Applied, markdown};
pub use miss::miss;
pub use outcome::{After, outcome, verdict};
pub use paint::Paint;
pub use picker::picker;
pub use plan::{Columns, plan};
pub use refusal::refusal;
pub use session::{doubled, failed, not_by_hand, session};
pub use ssh_config::left_out;
pub use tags::{tag_altered, tag_refusal, tags};
pub use unusable::unusable;
pub use whoami::{NamedBy, Right, Who, whoami_json};
pub use words::{FileOf, count, names, why};
