//! Plain data → the text that a person or a program reads.
//!
//! All text from Azure or the file is escaped here ([`crate::text::escape`]).

pub mod annotation;
mod blame;
mod checkup;
mod diagnostic;
mod diff;
pub mod guide;
mod ids;
mod importing;
mod list;
mod list_data;
pub mod manual;
mod markdown;
mod moving;
mod options;
mod outcome;
mod paint;
mod picker;
mod plan;
mod reach;
mod refusal;
mod report;
mod route;
mod sarif;
mod stale;
mod table;
mod tags;
mod whoami;
mod words;

pub use blame::{blame, blame_json};
pub use checkup::{CheckedFile, checkup_json};
pub use diagnostic::diagnostic;
pub use diff::{azure, changed, diff};
pub use ids::Ids;
pub use importing::not_imported;
pub use list::{list, marks, unseen};
pub use list_data::{list_csv, list_json};
pub use markdown::markdown;
pub use moving::{moved, no_move, removed_with_it};
pub use options::{flags, permissions};
pub use outcome::{After, changed_since, doubled, failed, outcome, verdict};
pub use paint::Paint;
pub use picker::picker;
pub use plan::{plan, vm_column};
pub use reach::{astray, left_out, meant, miss};
pub use refusal::{Applying, no_rename, not_by_hand, owns_nothing, refusal, taking, unusable, why};
pub use report::{report, stale_markdown};
pub use route::{is_down, never_starts, no_address, private, stateless};
pub use sarif::sarif;
pub use stale::stale;
pub use tags::{session, tag_altered, tag_refusal, tags, tags_in_doubt};
pub use whoami::{NamedBy, Right, Subscription, Who, whoami_json};
pub use words::{count, names};

use refusal::shadowed;
