//! Colour for a stream.

use console::{StyledObject, style};

/// The choice between colour and plain text. azlin makes it once for stdout and once for stderr.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    /// True to write escape sequences.
    pub on: bool,
}

impl Paint {
    fn of<T>(self, text: T) -> StyledObject<T> {
        style(text).force_styling(self.on)
    }

    /// For errors and removals.
    pub fn red<T>(self, text: T) -> StyledObject<T> {
        self.of(text).red().bold()
    }

    /// For changes and warnings.
    pub fn yellow<T>(self, text: T) -> StyledObject<T> {
        self.of(text).yellow().bold()
    }

    /// For additions and success.
    pub fn green<T>(self, text: T) -> StyledObject<T> {
        self.of(text).green().bold()
    }

    /// For marks that point at something else.
    pub fn blue<T>(self, text: T) -> StyledObject<T> {
        self.of(text).blue().bold()
    }

    /// For summaries.
    pub fn bold<T>(self, text: T) -> StyledObject<T> {
        self.of(text).bold()
    }

    /// For code in prose.
    pub fn code<T>(self, text: T) -> StyledObject<T> {
        self.of(text).cyan()
    }

    /// For remarks beside the text.
    pub fn dim<T>(self, text: T) -> StyledObject<T> {
        self.of(text).dim()
    }
}
