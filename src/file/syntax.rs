//! An error of the TOML parser → a diagnostic whose help is the edit to make.
//!
//! The parser names what its grammar expects. A person wants to know what to write instead, so this looks at the line.

use std::ops::Range;

use super::{Diagnostic, Source};
use crate::model::SessionName;
use crate::text::{escape, typed};

/// The quotes of word processors and chats, which are none in TOML.
const FANCY: [char; 9] = ['“', '”', '„', '‘', '’', '«', '»', '`', '´'];

/// A line with an error.
struct Broken<'s> {
    /// The line without blanks around it.
    line: &'s str,
    /// The bytes of `line` in the file.
    span: Range<usize>,
    /// The byte of the error in `line`.
    at: usize,
}

/// The diagnostic for `error` in `source`.
pub(super) fn explain(error: &toml::de::Error, source: &Source) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let number = source.line_of(span.start);
    let (whole, start) = (source.line(number), source.start_of(number));
    let line = whole.trim();
    let start = start + whole.len() - whole.trim_start().len();
    let broken = Broken {
        line,
        span: start..start + line.len(),
        at: span.start.saturating_sub(start).min(line.len()),
    };
    let known = broken.whole_line().or_else(|| match error.message() {
        message if message.starts_with("missing comma") => broken.no_comma(source),
        message if message.starts_with("missing escaped value") => broken.backslash(),
        message if message.starts_with("invalid date") => broken.date(),
        message if message.starts_with("unexpected key or value") => broken.rest(),
        message if message.starts_with("extra `=`") => {
            let at = broken.at..broken.at + 1;
            Some(broken.error("`=` appears twice", at, "delete the second `=`"))
        }
        message if message.contains("key") || message.contains("assignment") => broken.key(),
        message if is_about_value(message) => broken.value(),
        _ => None,
    });
    known.unwrap_or_else(|| {
        let message = format!("invalid TOML: {}", escape(error.message()));
        let help = "fix this line; azlin guide file shows a complete example";
        Diagnostic::error(message, span, "here").help(help)
    })
}

/// True if `message` is about a value that the parser cannot read.
fn is_about_value(message: &str) -> bool {
    let quotes = ["must be quoted", "opening quote", "string, expected"];
    let kinds = ["float", "integer", "boolean", "number", "unclosed array"];
    quotes.iter().any(|words| message.contains(words))
        || kinds.iter().any(|kind| message.contains(kind))
}

impl Broken<'_> {
    /// A diagnostic at the bytes `at` of the line.
    fn error(
        &self,
        message: impl Into<String>,
        at: Range<usize>,
        help: impl Into<String>,
    ) -> Diagnostic {
        let start = self.span.start;
        Diagnostic::error(message, start + at.start..start + at.end, "here").help(help)
    }

    /// A diagnostic at the bytes `at`, whose help is to write `new` there.
    fn write(&self, message: &str, at: Range<usize>, new: &str) -> Diagnostic {
        self.error(message, at, format!("write `{}`", typed(new)))
    }

    fn before(&self) -> &str {
        self.line.get(..self.at).unwrap_or_default()
    }

    fn behind(&self) -> &str {
        self.line.get(self.at..).unwrap_or_default()
    }

    /// Mistakes that the whole line shows.
    fn whole_line(&self) -> Option<Diagnostic> {
        let line = self.line;
        let all = 0..line.len();
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
            .iter()
            .any(|mark| line.starts_with(mark))
        {
            let help = "keep one side of the conflict, and delete its three marker lines";
            return Some(self.error("unresolved merge conflict", all, help));
        }
        for mark in ["//", ";", "--", "/*"] {
            if line.starts_with(mark) {
                return Some(self.write("comments start with `#`", 0..mark.len(), "#"));
            }
        }
        if line.starts_with('+') {
            return Some(self.error("`+` before a key", 0..1, "delete the `+`"));
        }
        if let Some(rest) = line.strip_prefix('[') {
            let (inside, behind) = rest.split_once(']').unwrap_or((rest, ""));
            let is_open = !rest.contains(']');
            let is_bare = |name: &str| {
                name.chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_.\"'".contains(c))
            };
            if is_open || (self.at <= inside.len() + 1 && !is_bare(inside)) {
                let end = if is_open {
                    line.len()
                } else {
                    inside.len() + 2
                };
                return Some(self.header(inside, 0..end));
            }
            if let Some(extra) = behind.strip_prefix(']').map(|_| line.len() - behind.len()) {
                return Some(self.error(
                    "`]` appears twice",
                    extra..extra + 1,
                    "delete the second `]`",
                ));
            }
        } else if line.ends_with(']') && !line.contains(['=', '[', '#']) {
            return Some(self.header(line.trim_end_matches(']'), all));
        }
        None
    }

    /// A header, which should have the names `inside`.
    fn header(&self, inside: &str, at: Range<usize>) -> Diagnostic {
        let inside = inside.split('#').next().unwrap_or_default().trim();
        let mut names = Vec::new();
        for name in inside.split(['.', '/']).filter(|name| !name.is_empty()) {
            let name = name.split_whitespace().collect::<Vec<_>>().join("-");
            let is_bare = name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_\"'".contains(c));
            names.push(if is_bare { name } else { format!("\"{name}\"") });
        }
        if names.is_empty() {
            let help = "write `[sessions.GROUP]`, with the name of the resource group";
            return self.error("header without a name", at, help);
        }
        self.write("invalid header", at, &format!("[{}]", names.join(".")))
    }

    /// Mistakes at a key.
    fn key(&self) -> Option<Diagnostic> {
        let line = self.line;
        if line.starts_with('[') {
            let help = "write `[sessions.GROUP]`, with the name of the resource group";
            return Some(self.error("header without a name", 0..line.len(), help));
        }
        let colon = if self.behind().starts_with(':') {
            Some(self.at)
        } else {
            // The parser may take the colon for the end of a key.
            self.before().trim_end().strip_suffix(':').map(str::len)
        };
        if let Some(colon) = colon {
            return Some(self.write("`:` instead of `=`", colon..colon + 1, "="));
        }
        let Some((key, value)) = line.split_once('=') else {
            let (name, value) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            let value = value.trim();
            if name.contains(|c: char| !c.is_alphanumeric() && !"-_.\"'".contains(c)) {
                return None;
            }
            let value = if value.starts_with(['"', '\'', '{']) {
                value.to_owned()
            } else {
                format!("\"{}\"", name_like(value))
            };
            return Some(self.write("missing `=`", 0..line.len(), &format!("{name} = {value}")));
        };
        let name = key.trim();
        if line.starts_with('=') {
            return Some(self.error(
                "missing name before the `=`",
                0..1,
                "write the name of a VM before the `=`",
            ));
        }
        if let Some((group, vm)) = name.split_once('/') {
            let help = format!(
                "put it under the header of its resource group: [sessions.{}], then {} ={}",
                typed(group),
                typed(vm),
                typed(value)
            );
            return Some(self.error("resource group and VM in one key", 0..name.len(), help));
        }
        if name.contains([' ', '\t']) && !name.contains(['"', '\'', '{']) {
            let new = name.split_whitespace().collect::<Vec<_>>().join("-");
            return Some(self.write("space in a name", 0..name.len(), &new));
        }
        if name.contains(['{', '"', '\'']) {
            return None;
        }
        Some(self.write(
            "this name needs quotes",
            0..name.len(),
            &format!("\"{name}\""),
        ))
    }

    /// Mistakes at a value: no quotes, or not the right ones.
    fn value(&self) -> Option<Diagnostic> {
        let start = self
            .line
            .find('=')
            .filter(|equals| *equals < self.at.max(1))?;
        // Between braces, the value belongs to the last key.
        let before = self.line.get(..self.at.max(start + 1))?;
        let start = before.rfind('=')? + 1;
        if self.line.get(start..)?.starts_with('>') {
            return Some(self.write("`=>` instead of `=`", start - 1..start + 1, "="));
        }
        let rest = self.line.get(start..)?;
        let blanks = rest.len() - rest.trim_start().len();
        let mut value = rest.trim_start();
        value = value.split(" #").next()?.trim_end();
        if self.line.get(..start)?.contains('{') {
            value = value.split([',', '}']).next()?.trim_end();
        }
        let at = start + blanks..start + blanks + value.len();
        let bare = value.trim_matches(|c: char| FANCY.contains(&c) || "\"'".contains(c));
        if bare.is_empty() {
            let help = "write a session name in quotes after it: \"project-alpha\"";
            return Some(self.error("missing value", start - 1..self.line.len().max(start), help));
        }
        let message = if value.starts_with(['"', '\'']) {
            "string without its closing quote"
        } else if value.starts_with('[') {
            "list without its closing `]`"
        } else {
            "value without quotes"
        };
        let help = format!("write it in quotes: \"{}\"", name_like(bare));
        Some(self.error(message, at, help))
    }

    /// A string in double quotes that contains a backslash.
    fn backslash(&self) -> Option<Diagnostic> {
        let start = self.before().rfind('"')?;
        let end = self.at + self.behind().find('"')?;
        let inside = self
            .line
            .get(start + 1..end)
            .filter(|text| !text.contains('\''))?;
        let help = format!(
            "write it in single quotes, which keep a backslash: '{}'",
            typed(inside)
        );
        Some(self.error(
            "`\\` has a special meaning in double quotes",
            start..end + 1,
            help,
        ))
    }

    fn date(&self) -> Option<Diagnostic> {
        let behind = self.behind();
        let end = behind.find(|c: char| !c.is_ascii_digit() && !"-/.".contains(c));
        let written = behind.get(..end.unwrap_or(behind.len()))?;
        let mut parts = written.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let padded = format!("{year}-{month:0>2}-{day:0>2}");
        let at = self.at..self.at + written.len();
        if padded != written {
            return Some(self.write("invalid date", at, &padded));
        }
        Some(self.error(
            "there is no such day",
            at,
            "write a day that exists, such as 2030-06-30",
        ))
    }

    /// Something behind a value or a header.
    fn rest(&self) -> Option<Diagnostic> {
        let behind = self.behind();
        let at = self.at..self.line.len();
        if let Some(mark) = ["//", ";;", "--"]
            .iter()
            .find(|mark| behind.starts_with(**mark))
        {
            return Some(self.write(
                "comments start with `#`",
                at.start..at.start + mark.len(),
                "#",
            ));
        }
        if let Some(mark) = behind.chars().next().filter(|c| ",;".contains(*c)) {
            let more = behind.get(1..)?.trim();
            if more.is_empty() || more.starts_with('#') {
                let message = format!("`{mark}` after the value");
                return Some(self.error(
                    message,
                    at.start..at.start + 1,
                    format!("delete the `{mark}`"),
                ));
            }
            if let (true, Some((vm, session))) =
                (more.starts_with("expires"), self.before().split_once('='))
            {
                let new = format!("{} = {{ session = {}, {more} }}", vm.trim(), session.trim());
                return Some(self.write("settings without braces", 0..self.line.len(), &new));
            }
        }
        if behind.starts_with(|c: char| c.is_alphanumeric() || "\"'[".contains(c))
            && !self.before().ends_with(['"', '\''])
        {
            return Some(self.error(
                "two entries on one line",
                at,
                "put this on a line of its own",
            ));
        }
        None
    }

    fn no_comma(&self, source: &Source) -> Option<Diagnostic> {
        if self.at > 0 {
            let at = self.at..self.line.len();
            return Some(self.error("missing `,` before this", at, "put a `,` before it"));
        }
        // The braces of a line above are still open.
        let above = source.text.get(..self.span.start)?;
        let brace = above.rfind('{')?;
        let line = source.line_of(brace);
        let help = format!("close them at the end of line {line}: }}");
        Some(
            Diagnostic::error(
                "braces without their closing `}`",
                brace..brace + 1,
                "opened here",
            )
            .help(help),
        )
    }
}

/// `text` as a session name, or one like it.
fn name_like(text: &str) -> String {
    match SessionName::new(text)
        .ok()
        .or_else(|| SessionName::like(text))
    {
        Some(name) => name.to_string(),
        None => "project-alpha".to_owned(),
    }
}
