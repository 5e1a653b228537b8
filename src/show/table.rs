//! A small table: a frame, a header, and columns as wide as their content.

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use super::Paint;

/// A column: its head, its minimum width if there is room, and its minimum width if there is not. A cell that does not fit is
/// cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column(pub &'static str, pub usize, pub usize);

/// A cell of the table, already safe for a terminal.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub text: String,
    /// A mark after the text; it is never cut.
    pub mark: String,
    pub tone: Tone,
}

/// The emphasis of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    #[default]
    Plain,
    Head,
    Good,
    Dim,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

impl Cell {
    fn width(&self) -> usize {
        measure_text_width(&self.text) + measure_text_width(&self.mark)
    }

    /// The cell, exactly `width` columns wide.
    fn fitted(&self, width: usize, paint: Paint) -> String {
        let room = width.saturating_sub(measure_text_width(&self.mark));
        let text = truncate_str(&self.text, room, "…");
        let mut shown = match self.tone {
            Tone::Plain => text.into_owned(),
            Tone::Head => paint.bold(text).to_string(),
            Tone::Good => paint.green(text).to_string(),
            Tone::Dim => paint.dim(text).to_string(),
        };
        if !self.mark.is_empty() {
            shown += &paint.yellow(&self.mark).to_string();
        }
        pad_str(&shown, width, Alignment::Left, None).into_owned()
    }
}

/// The table as text. With `room`, it is at most that wide if the columns' minimum widths allow; the widest columns are cut
/// first.
pub(super) fn table(
    columns: &[Column],
    rows: &[Vec<Cell>],
    room: Option<usize>,
    paint: Paint,
) -> String {
    let heads = columns.iter().map(|Column(head, ..)| Cell {
        tone: Tone::Head,
        ..(*head).to_owned().into()
    });
    let heads: Vec<Cell> = heads.collect();
    let widths = widths(columns, &heads, rows, room);
    let rule = |left: &str, between: &str, right: &str| {
        let parts: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}\n", parts.join(between))
    };
    let line = |row: &Vec<Cell>| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| cell.fitted(*width, paint));
        format!("│ {} │\n", cells.collect::<Vec<_>>().join(" │ "))
    };
    let mut text = rule("╭", "┬", "╮") + &line(&heads) + &rule("├", "┼", "┤");
    text.extend(rows.iter().map(line));
    text + &rule("╰", "┴", "╯")
}

fn widths(
    columns: &[Column],
    heads: &[Cell],
    rows: &[Vec<Cell>],
    room: Option<usize>,
) -> Vec<usize> {
    let mut widths: Vec<usize> = heads.iter().map(Cell::width).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let frame = 3 * columns.len() + 1;
    let whole = |widths: &[usize]| widths.iter().sum::<usize>() + frame;
    let least = columns.iter().zip(&widths);
    let least = least.map(|(Column(_, least, _), width)| *least.max(width));
    let comfortable: Vec<usize> = least.collect();
    let Some(room) = room.filter(|room| whole(&comfortable) > *room) else {
        return comfortable;
    };
    while whole(&widths) > room {
        let pairs = widths.iter_mut().zip(columns);
        let wide = pairs.filter(|(width, Column(.., floor))| **width > *floor);
        match wide.max_by_key(|(width, _)| **width) {
            Some((width, _)) => *width -= 1,
            None => break,
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] = [Column("Name", 6, 4), Column("What", 4, 4)];

    fn shown(rows: &[(&str, &str, &str)], room: usize) -> String {
        let row = |(name, what, mark): &(&str, &str, &str)| {
            let mut what = Cell::from((*what).to_owned());
            what.mark = (*mark).to_owned();
            vec![Cell::from((*name).to_owned()), what]
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        table(&COLUMNS, &rows, Some(room), Paint::default())
    }

    #[test]
    fn wide_characters_take_two_columns() {
        insta::assert_snapshot!(shown(&[("東京", "大阪", " !"), ("a", "größe", "")], 80), @r"
        ╭────────┬────────╮
        │ Name   │ What   │
        ├────────┼────────┤
        │ 東京   │ 大阪 ! │
        │ a      │ größe  │
        ╰────────┴────────╯
        ");
    }

    #[test]
    fn the_widest_column_is_cut_first_and_its_mark_stays() {
        insta::assert_snapshot!(shown(&[("short", "東京東京東京東京", " !"), ("b", "0123456789abcdef", "")], 22), @r"
        ╭───────┬────────────╮
        │ Name  │ What       │
        ├───────┼────────────┤
        │ short │ 東京東… !  │
        │ b     │ 012345678… │
        ╰───────┴────────────╯
        ");
    }

    #[test]
    fn a_terminal_that_is_narrower_than_all_floors_gets_them() {
        let narrow = shown(&[("abcdefgh", "abcdefgh", "")], 3);
        assert!(narrow.contains("│ abc… │ abc… │"), "{narrow}");
    }

    #[test]
    fn colour_does_not_move_a_column() {
        let cell = Cell {
            text: "ab".to_owned(),
            mark: " !".to_owned(),
            tone: Tone::Good,
        };
        let coloured = cell.fitted(8, Paint { on: true });
        assert!(coloured.contains("\u{1b}["), "{coloured:?}");
        assert_eq!(measure_text_width(&coloured), 8);
    }
}
