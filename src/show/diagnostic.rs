//! Shows a diagnostic of the file: its message, and the lines with the underlines.

use std::fmt::Write as _;

use console::{StyledObject, measure_text_width, truncate_str};

use super::Paint;
use crate::file::{Diagnostic, Label, Severity, Source};
use crate::text::{escape, inert};

/// The width of the quoted part of a long line, and the part of it before the underline, in columns.
const WINDOW: usize = 140;
const LEAD: usize = 50;

/// `diagnostic` as text that ends in a newline, with the lines of `sources` that its labels point at, the culprit's first.
pub fn diagnostic(sources: &[&Source], diagnostic: &Diagnostic, paint: Paint) -> String {
    let severity = diagnostic.severity;
    let head = coloured(level(severity), Some(severity), paint);
    let mut text = format!("{head}: {}\n", paint.bold(&diagnostic.message));
    let mut blocks: Vec<(usize, &Source, Vec<&Label>)> = Vec::new();
    let mut last = 1;
    for label in &diagnostic.labels {
        let Some(source) = sources.get(label.file) else {
            continue;
        };
        last = source.line_of(label.span.start).max(last);
        match blocks.iter_mut().find(|(file, ..)| *file == label.file) {
            Some((.., labels)) => labels.push(label),
            None => blocks.push((label.file, source, vec![label])),
        }
    }
    let gutter = last.to_string().len();
    let mut culprit = Some(severity);
    for (_, source, labels) in blocks {
        quote(&mut text, source, labels, culprit.take(), gutter, paint);
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "{}: {help}", paint.green("help"));
    }
    text
}

/// `error` or `warning`.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// `text` in the colour of `severity`, or else in the colour of a secondary label.
fn coloured<T>(text: T, severity: Option<Severity>, paint: Paint) -> StyledObject<T> {
    match severity {
        Some(Severity::Error) => paint.red(text),
        Some(Severity::Warning) => paint.yellow(text),
        None => paint.blue(text),
    }
}

/// Adds the lines of `source` that `labels` point at. If there is a `culprit`, it is the first label, with this severity.
fn quote(
    text: &mut String,
    source: &Source,
    mut labels: Vec<&Label>,
    culprit: Option<Severity>,
    gutter: usize,
    paint: Paint,
) {
    let Some(primary) = labels.first().copied() else {
        return;
    };
    let at = primary.span.start;
    let (line, column) = (source.line_of(at), source.column_of(at));
    let arrow = paint.blue(if culprit.is_some() { "-->" } else { ":::" });
    let (bar, name) = (paint.blue("|"), escape(&source.name));
    let _ = writeln!(text, "{:gutter$} {arrow} {name}:{line}:{column}", "");
    let _ = writeln!(text, "{:gutter$}  {bar}", "");
    labels.sort_by_key(|label| label.span.start);
    let mut shown = 0;
    for label in labels {
        let line = source.line_of(label.span.start);
        let quoted = Quoted::new(source, line, label);
        if line != shown {
            let number = paint.blue(format!("{line:>gutter$}"));
            let _ = writeln!(text, " {number} {bar} {}", quoted.line);
            shown = line;
        }
        let severity = culprit.filter(|_| std::ptr::eq(primary, label));
        let mark = if severity.is_some() { "^" } else { "-" };
        let underline = format!("{} {}", mark.repeat(quoted.width), label.text);
        let underline = coloured(underline.trim_end(), severity, paint);
        let indent = quoted.indent;
        let _ = writeln!(text, "{:gutter$}  {bar} {:indent$}{underline}", "", "");
    }
}

/// The shown part of a line, and the position of the label's underline in it, in columns.
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
        let lead = if line.len() <= WINDOW { WINDOW } else { LEAD };
        let before = lead_up(line.get(..from).unwrap_or_default(), lead);
        let indent = measure_text_width(&before);
        let marked = cut(line.get(from..to), WINDOW.saturating_sub(indent));
        let width = measure_text_width(&marked);
        let mut rest = line.get(to..).unwrap_or_default();
        let mut more = "";
        if label.hides_value {
            (rest, more) = without_value(rest);
        }
        let after = cut(Some(rest), WINDOW.saturating_sub(indent + width)) + more;
        Self {
            line: format!("{before}{marked}{after}").trim_end().to_owned(),
            indent,
            width: width.max(1),
        }
    }
}

/// `rest`, which follows a key, without the key's value, and the mark that stands for it.
fn without_value(rest: &str) -> (&str, &'static str) {
    let end = rest.find(['=', ']']).map_or(0, |at| at + 1);
    let (key, value) = rest.split_at(end);
    if value.trim_matches([']', ' ']).is_empty() {
        (rest, "")
    } else {
        (key, " …")
    }
}

/// The first `columns` columns of a quoted text, with `…` if that cuts it.
fn cut(text: Option<&str>, columns: usize) -> String {
    let text = text.unwrap_or_default();
    let end = text.char_indices().nth(WINDOW + 1);
    let end = end.map_or(text.len(), |(end, _)| end);
    let shown = shown(text.get(..end).unwrap_or_default());
    truncate_str(&shown, columns, "…").into_owned()
}

/// The last `most` characters of `text`, with `…` if that cuts it.
fn lead_up(text: &str, most: usize) -> String {
    match text.char_indices().rev().nth(most) {
        Some((cut, c)) => {
            let kept = text.get(cut + c.len_utf8()..).unwrap_or_default();
            format!("…{}", shown(kept))
        }
        None => shown(text),
    }
}

/// Quoted text, made inert, with tabs as spaces so that columns are right.
fn shown(text: &str) -> String {
    inert(text).replace('\t', "    ")
}
