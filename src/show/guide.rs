//! The guide: its list of topics, and a chapter's Markdown for a terminal.

use console::{Alignment, measure_text_width, pad_str};

use super::Paint;
use crate::guide::Chapter;

/// The topics of `chapters`, one a line with its summary, and how to read one.
pub fn topics(chapters: &[Chapter], paint: Paint) -> String {
    let names = chapters.iter().map(|chapter| chapter.name.len());
    let width = names.max().unwrap_or_default();
    let mut list = "The guide has these topics:\n\n".to_owned();
    for chapter in chapters {
        let name = paint.bold(format!("{:width$}", chapter.name));
        list.push_str(&format!("  {name}   {}\n", chapter.summary()));
    }
    list + "\nRead one with `azlin guide TOPIC`. The name of a command works too.\n"
}

/// The Markdown `text` with its headings bold, its code coloured and its blocks indented; without colour, as it is.
pub fn chapter(text: &str, paint: Paint) -> String {
    if !paint.on {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(2 * text.len());
    let mut in_block = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            in_block = !in_block;
            continue;
        }
        if in_block {
            shown.push_str(&block_line(line, paint));
        } else if line.starts_with('|') {
            let mut rows = vec![line];
            while let Some(row) = lines.next_if(|next| next.starts_with('|')) {
                rows.push(row);
            }
            shown.push_str(&table(&rows, paint));
            continue;
        } else if line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim_start();
            shown.push_str(&paint.bold(heading).to_string());
        } else {
            shown.push_str(&prose(line, paint));
        }
        shown.push('\n');
    }
    shown
}

/// A table in aligned columns, its head bold and without the rule below it.
fn table(rows: &[&str], paint: Paint) -> String {
    let cells = |row: &&str| -> Vec<String> {
        let row = row.trim_matches('|');
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let is_rule = |row: &&&str| row.chars().all(|c| "|-: ".contains(c));
    let rows: Vec<Vec<String>> = rows.iter().filter(|row| !is_rule(row)).map(cells).collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            let width = measure_text_width(cell);
            match widths.get_mut(at) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let padded = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None).into_owned());
        let line = padded.collect::<Vec<_>>().join("  ");
        let line = line.trim_end();
        text += "  ";
        text += &match at {
            0 => paint.bold(line).to_string(),
            _ => prose(line, paint),
        };
        text.push('\n');
    }
    text
}

/// A line of a code block; what you type is coloured.
fn block_line(line: &str, paint: Paint) -> String {
    match line.strip_prefix("$ ") {
        Some(command) => format!("    $ {}", paint.code(command)),
        None if line.is_empty() => String::new(),
        None => format!("    {line}"),
    }
}

/// A line of text. Backquotes stay, so that the columns of a table do.
fn prose(line: &str, paint: Paint) -> String {
    let mut shown = String::with_capacity(2 * line.len());
    for (at, piece) in line.split('`').enumerate() {
        if at % 2 == 0 {
            shown.push_str(piece);
        } else {
            shown.push_str(&paint.code(format!("`{piece}`")).to_string());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n\nRun `azlin plan`.\n\n| a | bb |\n|---|---|\n| `ccc` | d |\n\n```console\n$ azlin plan\nNo `changes`.\n\n```\n";

    #[test]
    fn without_colour_a_chapter_is_its_markdown() {
        assert_eq!(chapter(TEXT, Paint { on: false }), TEXT);
    }

    #[test]
    fn with_colour_headings_are_bold_and_code_stands_out() {
        let shown = chapter(TEXT, Paint { on: true });
        insta::assert_snapshot!(shown.replace('\x1b', "^"), @"
        ^[1mTitle^[0m

        Run ^[36m`azlin plan`^[0m.

          ^[1ma      bb^[0m
          ^[36m`ccc`^[0m  d

            $ ^[36mazlin plan^[0m
            No `changes`.
        ");
    }
}
