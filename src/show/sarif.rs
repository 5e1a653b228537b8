//! The diagnostics of `validate` as SARIF 2.1.0, for code scanning.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::CheckedFile;
use super::diagnostic::level;
use crate::file::{Diagnostic, Label, Severity, Source};
use crate::json::ascii;

/// The kinds of result, by severity.
const RULES: [(&str, Severity, &str); 2] = [
    (
        "invalid",
        Severity::Error,
        "The file is invalid: azlin reads nothing from Azure until it is fixed.",
    ),
    (
        "unwise",
        Severity::Warning,
        "The file is valid, but someone should look at this line.",
    ),
];

/// The characters of a path to escape in a URI.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// `found` in `files` as a SARIF log of one run. Columns are in UTF-16 code units, SARIF's default.
pub fn sarif(files: &[CheckedFile<'_>], found: &[Diagnostic]) -> String {
    let mut rules = Vec::new();
    for (id, severity, text) in RULES {
        rules.push(json!({
            "id": id,
            "shortDescription": { "text": text },
            "defaultConfiguration": { "level": level(severity) },
        }));
    }
    let results: Vec<Value> = found.iter().map(|found| result(files, found)).collect();
    ascii(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "azlin",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    }))
}

fn result(files: &[CheckedFile<'_>], found: &Diagnostic) -> Value {
    let mut rules = RULES.iter().enumerate();
    let rule = rules.find(|(_, (_, severity, _))| *severity == found.severity);
    let mut text = plain(&found.message);
    if let Some(help) = &found.help {
        text += "\nhelp: ";
        text += &plain(help);
    }
    let mut places = found.labels.iter().filter_map(|label| place(files, label));
    let first: Vec<Value> = places.next().into_iter().collect();
    json!({
        "ruleId": rule.map(|(_, (id, ..))| id),
        "ruleIndex": rule.map(|(at, _)| at),
        "level": level(found.severity),
        "message": { "text": text },
        "locations": first,
        "relatedLocations": places.collect::<Vec<Value>>(),
    })
}

/// The location of `label`, with its text.
fn place(files: &[CheckedFile<'_>], label: &Label) -> Option<Value> {
    let CheckedFile { source, path, .. } = files.get(label.file)?;
    let Range { start, end } = label.span;
    let artifact = if path.starts_with('/') {
        json!({ "uri": format!("file://{}", utf8_percent_encode(path, ESCAPED)) })
    } else {
        // Relative to the root of the repository.
        json!({ "uri": utf8_percent_encode(path, ESCAPED).to_string(), "uriBaseId": "%SRCROOT%" })
    };
    let physical = json!({
        "artifactLocation": artifact,
        "region": {
            "startLine": source.line_of(start),
            "startColumn": column(source, start),
            "endLine": source.line_of(end),
            "endColumn": column(source, end),
        },
    });
    if label.text.is_empty() {
        return Some(json!({ "physicalLocation": physical }));
    }
    Some(json!({ "physicalLocation": physical, "message": { "text": plain(&label.text) } }))
}

/// The column of the byte `offset`, in UTF-16 code units, from 1.
fn column(source: &Source, offset: usize) -> usize {
    let start = source.start_of(source.line_of(offset));
    let before = source.text.get(start..offset.min(source.text.len()));
    before.unwrap_or_default().encode_utf16().count() + 1
}

/// `text` without what a viewer takes for a link: `[text](target)`.
fn plain(text: &str) -> String {
    text.replace("](", "] (")
}
