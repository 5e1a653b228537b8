//! Waits for Ctrl-C.

use std::cell::Cell;

/// Waits for the next Ctrl-C, or forever if the system does not report any.
pub(super) async fn next() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Completes when a Ctrl-C should end azlin at once. While `writing`, the first one does not, because azlin then finishes the
/// writes in progress.
pub(super) async fn at_once(writing: &Cell<bool>) {
    next().await;
    while writing.replace(false) {
        next().await;
    }
}
