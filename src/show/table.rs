//! A table with rounded corners, for a terminal.

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use super::Paint;

/// A column's title, and how wide it is at the least, so that short tables look alike.
pub(super) type Column = (&'static str, usize);

/// A cell's text, without anything that acts on a terminal, and how it stands out.
pub(super) struct Cell {
    pub text: String,
    /// The end of it that is not cut.
    pub mark: String,
    pub look: Look,
}

/// How a cell stands out.
#[derive(Clone, Copy)]
pub(super) enum Look {
    Plain,
    Good,
    Dim,
    Marked,
}

/// The narrowest that a column is made.
const NARROWEST: usize = 6;

/// The table, no wider than `width` if there is one: then the widest columns are cut, with an ellipsis.
pub(super) fn table<const N: usize>(
    columns: [Column; N],
    rows: &[[Cell; N]],
    width: Option<usize>,
    paint: Paint,
) -> String {
    let mut widths = columns.map(|(title, least)| measure_text_width(title).max(least));
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            let needed = measure_text_width(&cell.text) + measure_text_width(&cell.mark);
            *width = needed.max(*width);
        }
    }
    if let Some(room) = width {
        shrink(&mut widths, room.saturating_sub(3 * N + 1));
    }
    let rule = |left: &str, middle: &str, right: &str| {
        let bars = widths.map(|width| "─".repeat(width + 2));
        format!("{left}{}{right}\n", bars.join(middle))
    };
    let line = |cells: [String; N]| format!("│ {} │\n", cells.join(" │ "));
    let mut at = 0;
    let titles = columns.map(|(title, _)| {
        let width = widths.get(at).copied().unwrap_or_default();
        at += 1;
        paint.bold(fitted(title, "", width)).to_string()
    });
    let mut table = rule("╭", "┬", "╮") + &line(titles) + &rule("├", "┼", "┤");
    for row in rows {
        let mut cells = row.iter().zip(widths).map(|(cell, width)| {
            let text = fitted(&cell.text, &cell.mark, width);
            match cell.look {
                Look::Plain => text,
                Look::Good => paint.green(text).to_string(),
                Look::Dim => paint.dim(text).to_string(),
                Look::Marked => paint.yellow(text).to_string(),
            }
        });
        table += &line(std::array::from_fn(|_| cells.next().unwrap_or_default()));
    }
    table + &rule("╰", "┴", "╯")
}

/// Takes from the widest columns until all fit into `room`, or are as narrow as they get.
fn shrink(widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

fn fitted(text: &str, mark: &str, width: usize) -> String {
    let room = width.saturating_sub(measure_text_width(mark));
    let cut = truncate_str(text, room, "…");
    pad_str(&format!("{cut}{mark}"), width, Alignment::Left, None).into_owned()
}
