//! Colour, or none.

use console::{StyledObject, style};

/// Whether a stream takes colour; decided once, at the edge, for each of stdout and stderr.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    /// Write escape sequences.
    pub on: bool,
}

impl Paint {
    fn of<T>(self, text: T) -> StyledObject<T> {
        style(text).force_styling(self.on)
    }

    /// What went wrong, what goes away.
    pub fn red<T>(self, text: T) -> StyledObject<T> {
        self.of(text).red().bold()
    }

    /// What changes, what to look at.
    pub fn yellow<T>(self, text: T) -> StyledObject<T> {
        self.of(text).yellow().bold()
    }

    /// What comes, what worked.
    pub fn green<T>(self, text: T) -> StyledObject<T> {
        self.of(text).green().bold()
    }

    /// What points.
    pub fn blue<T>(self, text: T) -> StyledObject<T> {
        self.of(text).blue().bold()
    }

    /// What sums up.
    pub fn bold<T>(self, text: T) -> StyledObject<T> {
        self.of(text).bold()
    }

    /// What stands beside.
    pub fn dim<T>(self, text: T) -> StyledObject<T> {
        self.of(text).dim()
    }
}
