//! A diagnostic of the file: the lines that it is about, and the caret under them.

use std::fmt::Write as _;

use console::measure_text_width;

use super::Paint;
use crate::file::{Diagnostic, Label, Severity, Source};
use crate::text::{escape, inert};

/// How many columns of a long line are quoted, and how many of them stand before what the label underlines.
const WINDOW: usize = 140;
const LEAD: usize = 50;

/// `diagnostic` as text, ending in a newline, with the lines of the `sources` that it is about: the culprit's first.
pub fn diagnostic(sources: &[&Source], diagnostic: &Diagnostic, paint: Paint) -> String {
    let mut text = head(diagnostic, paint);
    let mut blocks: Vec<(&Source, Vec<&Label>)> = Vec::new();
    for label in &diagnostic.labels {
        let Some(source) = sources.get(label.file) else {
            continue;
        };
        match blocks
            .iter_mut()
            .find(|(other, _)| std::ptr::eq(*other, *source))
        {
            Some((_, labels)) => labels.push(label),
            None => blocks.push((source, vec![label])),
        }
    }
    let gutters = blocks.iter().map(|(source, labels)| gutter(source, labels));
    let gutter = gutters.max().unwrap_or(1);
    for (at, (source, labels)) in blocks.into_iter().enumerate() {
        let culprit = (at == 0).then_some(diagnostic.severity);
        quote(&mut text, source, labels, culprit, gutter, paint);
    }
    text + &foot(diagnostic, paint)
}

fn head(diagnostic: &Diagnostic, paint: Paint) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => paint.red("error"),
        Severity::Warning => paint.yellow("warning"),
    };
    format!("{severity}: {}\n", paint.bold(&diagnostic.message))
}

fn foot(diagnostic: &Diagnostic, paint: Paint) -> String {
    let help = diagnostic.help.as_ref();
    help.map_or(String::new(), |help| {
        format!("{}: {help}\n", paint.green("help"))
    })
}

/// How wide the numbers are of the lines that `labels` are on.
fn gutter(source: &Source, labels: &[&Label]) -> usize {
    let lines = labels.iter().map(|label| source.line_of(label.span.start));
    lines.max().unwrap_or(1).to_string().len()
}

/// The lines of `source` that `labels` are on. The first label is the culprit, of this severity, where there is one.
fn quote(
    text: &mut String,
    source: &Source,
    mut labels: Vec<&Label>,
    culprit: Option<Severity>,
    gutter: usize,
    paint: Paint,
) {
    let primary = labels.first().copied();
    labels.sort_by_key(|label| label.span.start);
    if let Some(primary) = primary {
        let at = primary.span.start;
        let (name, line, column) = (
            escape(&source.name),
            source.line_of(at),
            source.column_of(at),
        );
        let arrow = if culprit.is_some() { "-->" } else { ":::" };
        let _ = writeln!(
            text,
            "{:gutter$} {} {name}:{line}:{column}",
            "",
            paint.blue(arrow)
        );
        let _ = writeln!(text, "{:gutter$}  {}", "", paint.blue("|"));
    }
    let mut shown = 0;
    for label in labels {
        let line = source.line_of(label.span.start);
        let quoted = Quoted::new(source, line, label);
        if line != shown {
            let number = paint.blue(format!("{line:>gutter$}"));
            let _ = writeln!(text, " {number} {} {}", paint.blue("|"), quoted.line);
            shown = line;
        }
        let is_primary = primary.is_some_and(|primary| std::ptr::eq(primary, label));
        let severity = culprit.filter(|_| is_primary);
        let mark = if severity.is_some() { "^" } else { "-" };
        let underline = format!("{} {}", mark.repeat(quoted.width), label.text);
        let underline = match severity {
            None => paint.blue(underline.trim_end()),
            Some(Severity::Error) => paint.red(underline.trim_end()),
            Some(Severity::Warning) => paint.yellow(underline.trim_end()),
        };
        let (bar, indent) = (paint.blue("|"), quoted.indent);
        let _ = writeln!(text, "{:gutter$}  {bar} {:indent$}{underline}", "", "");
    }
}

/// The part of a line that is shown, and where in it the label's underline goes, in columns.
struct Quoted {
    line: String,
    indent: usize,
    width: usize,
}

impl Quoted {
    fn new(source: &Source, number: usize, label: &Label) -> Self {
        let (line, start) = (source.line(number), source.start_of(number));
        let from = label.span.start.saturating_sub(start).min(line.len());
        let to = label.span.end.saturating_sub(start).clamp(from, line.len());
        let marked = shown(line.get(from..to).unwrap_or_default(), WINDOW);
        let after = shown(line.get(to..).unwrap_or_default(), WINDOW);
        let lead = if line.len() <= WINDOW { WINDOW } else { LEAD };
        let before = lead_up(line.get(..from).unwrap_or_default(), lead);
        let indent = measure_text_width(&before);
        let marked = first_columns(&marked, WINDOW.saturating_sub(indent));
        let width = measure_text_width(&marked);
        let after = first_columns(&after, WINDOW.saturating_sub(indent + width));
        Self {
            line: format!("{before}{marked}{after}").trim_end().to_owned(),
            indent,
            width: width.max(1),
        }
    }
}

/// The first `most` characters of a quoted line, inert, and with tabs as spaces, so that columns add up.
fn shown(text: &str, most: usize) -> String {
    let end = text
        .char_indices()
        .nth(most + 1)
        .map_or(text.len(), |(end, _)| end);
    inert(text.get(..end).unwrap_or_default()).replace('\t', "    ")
}

fn first_columns(text: &str, columns: usize) -> String {
    match text.chars().nth(columns) {
        Some(_) => text
            .chars()
            .take(columns.saturating_sub(1))
            .chain(['…'])
            .collect(),
        None => text.to_owned(),
    }
}

/// The last `most` characters of `text`, with a mark where that leaves some out.
fn lead_up(text: &str, most: usize) -> String {
    match text.char_indices().rev().nth(most) {
        Some((cut, c)) => {
            let kept = text.get(cut + c.len_utf8()..).unwrap_or_default();
            format!("…{}", shown(kept, most))
        }
        None => shown(text, most),
    }
}
