//! Ctrl-C.

use std::cell::Cell;

/// Waits for a Ctrl-C; for ever, where the system tells of none.
pub(super) async fn next() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Ends when Ctrl-C is to end azlin at once: the first one while `writing` is only noted, for the writes under way are
/// finished; any other counts.
pub(super) async fn at_once(writing: &Cell<bool>) {
    next().await;
    while writing.replace(false) {
        next().await;
    }
}
