//! The causes of an error, and [`Trouble`] as one: that is how it passes through the SDK.

use std::error::Error;
use std::io;

use azure_core::error::ErrorKind;

use crate::trouble::Trouble;

/// The `T` among `error` and its causes, those that an I/O error carries included.
pub(super) fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        let carried = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let found = cause.downcast_ref().or_else(|| carried?.downcast_ref());
        if found.is_some() {
            return found;
        }
        next = cause.source();
    }
    None
}

/// The message of the innermost cause: it says what happened, where the others only say where.
pub(super) fn root(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    let text = root.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

impl From<Trouble> for azure_core::Error {
    fn from(trouble: Trouble) -> Self {
        let message = trouble.message.clone();
        Self::with_error(ErrorKind::Credential, trouble, message)
    }
}
