//! [`Written`]: an entry of Azure's activity log.

use serde::{Deserialize, Serialize};

use super::Shown;

/// A write of a VM's tags, as Azure's activity log has it. The log does not hold the values that were written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The time in UTC, as `2026-01-05T08:00:00Z`.
    pub at: Shown,
    /// The person or the app; none if the log does not say.
    pub by: Option<Shown>,
    /// The operation, such as `Microsoft.Resources/tags/write`.
    pub operation: Shown,
    /// The id under which Azure logs everything about the request.
    pub correlation_id: Option<Shown>,
}
