//! The guide: its list of topics, and a chapter's Markdown for a terminal.

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
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
            continue;
        }
        if in_block {
            shown.push_str(&block_line(line, paint));
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

    const TEXT: &str =
        "# Title\n\nRun `azlin plan`.\n\n```console\n$ azlin plan\nNo `changes`.\n\n```\n";

    #[test]
    fn without_colour_a_chapter_is_its_markdown() {
        assert_eq!(chapter(TEXT, Paint { on: false }), TEXT);
    }

    #[test]
    fn with_colour_headings_are_bold_and_code_stands_out() {
        let shown = chapter(TEXT, Paint { on: true });
        insta::assert_snapshot!(shown.replace('\x1b', "^"), @r"
        ^[1mTitle^[0m

        Run ^[36m`azlin plan`^[0m.

            $ ^[36mazlin plan^[0m
            No `changes`.
        ");
    }
}
