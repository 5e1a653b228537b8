//! Files of sessions in every spelling that TOML allows, for the laws of the editor and of `plan --diff`.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// A sequence of choices. A generated file shrinks with it.
pub struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
}

impl<'b> Choices<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes: bytes.iter(),
        }
    }

    /// A number below `n`; 0 after the last choice.
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % n
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// True once in `n` times.
    pub fn rarely(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }
}

/// A VM of a generated file. Its number, session and day are unique, so that each line identifies its VM.
#[derive(Clone, Debug)]
pub struct Line {
    pub group: String,
    pub name: String,
    pub number: usize,
    pub session: String,
    pub expires: Option<String>,
}

/// A generated file. Its comments are `# a…` on lines of their own or about several VMs, and `# eNvM` beside VM number M.
#[derive(Default)]
pub struct File {
    pub text: String,
    pub lines: Vec<Line>,
    /// Whether each string is spelled as the editor would spell it.
    pub plain: bool,
    /// Whether every comma comes after its entry.
    pub commas_behind: bool,
}

pub const GROUPS: [&str; 4] = ["rg", "Web-1", "rg.ML", "größe"];

struct Writer<'c, 'b> {
    choices: &'c mut Choices<'b>,
    comments: usize,
    plain: bool,
    commas_behind: bool,
}

/// A valid file for VMs in the first few of [`GROUPS`].
pub fn file(choices: &mut Choices<'_>) -> File {
    let mut writer = Writer {
        choices,
        comments: 0,
        plain: true,
        commas_behind: true,
    };
    let mut groups = Vec::new();
    let mut number = 0;
    for group in GROUPS.iter().take(writer.choices.below(4)) {
        let mut lines = Vec::new();
        for _ in 0..writer.choices.below(4) {
            let name = writer.choices.one(&["v", "v", "V.", "v_"]);
            let expires = writer.choices.one(&[None, None, Some(2020), Some(2099)]);
            lines.push(Line {
                group: (*group).to_owned(),
                name: format!("{name}{number}"),
                number,
                session: format!("s{number}"),
                expires: expires.map(|year| format!("{year}-01-{:02}", number + 1)),
            });
            number += 1;
        }
        groups.push((*group, lines));
    }
    let text = writer.file(&groups);
    let text = if writer.choices.rarely(4) {
        text.trim_end().to_owned()
    } else {
        text
    };
    let text = if writer.choices.rarely(3) {
        text.replace('\n', "\r\n")
    } else {
        text
    };
    let mark = if writer.choices.rarely(4) {
        "\u{feff}"
    } else {
        ""
    };
    File {
        text: format!("{mark}{text}"),
        plain: writer.plain,
        commas_behind: writer.commas_behind,
        lines: groups.into_iter().flat_map(|(_, lines)| lines).collect(),
    }
}

impl Writer<'_, '_> {
    fn file(&mut self, groups: &[(&str, Vec<Line>)]) -> String {
        let mut text = self.above("") + "owner = 'us'\n";
        let azure = self.choices.one(&["", "azure.cloud = 'sandbox'\n", "\n"]);
        text += azure;
        match self.choices.below(4) {
            0 => {
                let mut entries = Vec::new();
                for (group, lines) in groups {
                    if self.choices.rarely(2) && !lines.is_empty() {
                        for line in lines {
                            let prefix = format!("{}.", self.key(group));
                            entries.push((self.entry(&prefix, line), None));
                        }
                    } else {
                        entries.push((self.group(group, lines), None));
                    }
                }
                let equals = self.equals();
                text += &format!(
                    "sessions{equals}{}{}\n",
                    self.table(entries, false),
                    self.beside(None)
                );
            }
            1 => {
                for (group, lines) in groups {
                    text += &self.statements("sessions.", group, lines);
                }
            }
            _ => text += &self.sections(groups),
        }
        if self.choices.rarely(2) {
            text += &format!(
                "\n{}[ssh]{}\nuser = 'me'\n",
                self.above(""),
                self.beside(None)
            );
        }
        text + &self.above("")
    }

    /// Groups below headers, with the groups in `[sessions]` before, after or between them.
    fn sections(&mut self, groups: &[(&str, Vec<Line>)]) -> String {
        let (mut inside, mut headers) = (String::new(), Vec::new());
        for (group, lines) in groups {
            let gap = self.choices.one(&["", "\n"]);
            match self.choices.below(4) {
                0 => inside += &self.statements("", group, lines),
                1 => {
                    for line in lines {
                        let header = self.header(&[group, &line.name]);
                        let beside = self.beside(Some(line));
                        let above = self.above("");
                        let (session, equals) = (self.string(&line.session), self.equals());
                        let mut settings = vec![format!(
                            "session{equals}{session}{}\n",
                            self.beside(Some(line))
                        )];
                        settings
                            .extend(line.expires.iter().map(|day| format!("expires = {day}\n")));
                        if self.choices.rarely(2) {
                            settings.reverse();
                        }
                        let between = self.above("");
                        headers.push(format!(
                            "{gap}{above}{header}{beside}\n{between}{}",
                            settings.concat()
                        ));
                    }
                }
                _ => {
                    let mut text = format!(
                        "{gap}{}{}{}\n",
                        self.above(""),
                        self.header(&[group]),
                        self.beside(None)
                    );
                    for line in lines {
                        let indent = self.choices.one(&["", "", "  "]);
                        text += &self.above(indent);
                        text += &self.statement(indent, "", line);
                    }
                    headers.push(text);
                }
            }
        }
        if !inside.is_empty() || self.choices.rarely(3) {
            let place = self.choices.below(headers.len() + 1);
            headers.insert(place, format!("{}\n{inside}", self.header(&[])));
        }
        headers.concat()
    }

    fn header(&mut self, names: &[&str]) -> String {
        let mut keys = vec![
            self.choices
                .one(&["sessions", "sessions", "'sessions'"])
                .to_owned(),
        ];
        keys.extend(names.iter().map(|name| self.key(name)));
        match self.choices.below(3) {
            0 => format!("[ {} ]", keys.join(" . ")),
            _ => format!("[{}]", keys.join(".")),
        }
    }

    /// A group as dotted lines or as an inline table.
    fn statements(&mut self, prefix: &str, group: &str, lines: &[Line]) -> String {
        if self.choices.rarely(2) {
            let group = self.group(group, lines);
            return format!("{}{prefix}{group}{}\n", self.above(""), self.beside(None));
        }
        let mut text = String::new();
        for line in lines {
            let dot = self.choices.one(&[".", " . "]);
            let prefix = format!("{prefix}{}{dot}", self.key(group));
            text += &self.above("");
            text += &self.statement("", &prefix, line);
        }
        text
    }

    fn group(&mut self, group: &str, lines: &[Line]) -> String {
        let entries: Vec<_> = lines
            .iter()
            .map(|line| (self.entry("", line), Some(line)))
            .collect();
        format!(
            "{}{}{}",
            self.key(group),
            self.equals(),
            self.table(entries, true)
        )
    }

    /// The lines of a VM.
    fn statement(&mut self, indent: &str, prefix: &str, line: &Line) -> String {
        if self.choices.rarely(4) {
            let key = self.key(&line.name);
            let (session, equals) = (self.string(&line.session), self.equals());
            let mut text = format!(
                "{indent}{prefix}{key}.session{equals}{session}{}\n",
                self.beside(Some(line))
            );
            if let Some(day) = &line.expires {
                text += &format!(
                    "{indent}{prefix}{key}.expires = {day}{}\n",
                    self.beside(Some(line))
                );
            }
            return text;
        }
        let entry = self.entry(prefix, line);
        format!("{indent}{entry}{}\n", self.beside(Some(line)))
    }

    /// `vm = session`, in one of its forms.
    fn entry(&mut self, prefix: &str, line: &Line) -> String {
        let (key, equals, session) = (
            self.key(&line.name),
            self.equals(),
            self.string(&line.session),
        );
        if line.expires.is_none() && !self.choices.rarely(3) {
            return format!("{prefix}{key}{equals}{session}");
        }
        let mut settings = vec![format!("session = {session}")];
        settings.extend(line.expires.iter().map(|day| format!("expires = {day}")));
        if self.choices.rarely(2) {
            settings.reverse();
        }
        let table = match self.choices.below(5) {
            0 => format!("{{{}}}", settings.join(",")),
            1 => {
                let above = self.above("    ");
                let beside = self.beside(Some(line));
                format!("{{{beside}\n{above}    {} }}", settings.join(", "))
            }
            _ => format!("{{ {} }}", settings.join(", ")),
        };
        format!("{prefix}{key}{equals}{table}")
    }

    fn table(&mut self, entries: Vec<(String, Option<&Line>)>, commented: bool) -> String {
        let texts: Vec<&str> = entries.iter().map(|(text, _)| text.as_str()).collect();
        match self.choices.below(6) {
            0 => format!("{{{}}}", texts.join(",")),
            1 if !texts.is_empty() => format!("{{ {}, }}", texts.join(", ")),
            2 => {
                self.commas_behind = false;
                format!("{{ {}\n}}", texts.join("\n  , "))
            }
            3 | 4 => {
                let mut text = "{\n".to_owned();
                let last_comma = self.choices.one(&[",", ""]);
                for (at, (entry, line)) in entries.iter().enumerate() {
                    let comma = if at + 1 < entries.len() {
                        ","
                    } else {
                        last_comma
                    };
                    let beside = if commented {
                        self.beside(*line)
                    } else {
                        String::new()
                    };
                    text += &format!("{}  {entry}{comma}{beside}\n", self.above("  "));
                }
                format!("{text}{}}}", self.above("  "))
            }
            _ => format!("{{ {} }}", texts.join(", ")),
        }
    }

    fn equals(&mut self) -> &'static str {
        self.choices.one(&[" = ", " = ", "=", "   =  "])
    }

    fn key(&mut self, name: &str) -> String {
        let bare = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        match self.choices.below(4) {
            0 => format!("\"{name}\""),
            1 => format!("'{name}'"),
            _ if bare => name.to_owned(),
            _ => format!("\"{name}\""),
        }
    }

    fn string(&mut self, text: &str) -> String {
        match self.choices.below(8) {
            0 => {
                self.plain = false;
                format!("\"\"\"\n{text}\"\"\"")
            }
            1 => {
                self.plain = false;
                format!("'''{text}'''")
            }
            2..=4 => format!("'{text}'"),
            _ => format!("\"{text}\""),
        }
    }

    /// A comment on a line of its own, or nothing.
    fn above(&mut self, indent: &str) -> String {
        if !self.choices.rarely(3) {
            return String::new();
        }
        self.comments += 1;
        format!("{indent}# a{}\n", self.comments)
    }

    /// A comment at the end of a line, about one or several VMs, or nothing.
    fn beside(&mut self, line: Option<&Line>) -> String {
        if !self.choices.rarely(3) {
            return String::new();
        }
        self.comments += 1;
        match line {
            Some(line) => format!(" # e{}v{}", self.comments, line.number),
            None => format!(" # a{}", self.comments),
        }
    }
}

/// The comments of `text`, in its order.
pub fn comments(text: &str) -> Vec<&str> {
    let comments = text.split("# ").skip(1);
    comments
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
        .collect()
}

/// The number of the one VM that a comment is about.
pub fn about(comment: &str) -> Option<usize> {
    comment.rsplit_once('v')?.1.parse().ok()
}

/// `group/vm`, in lower case, to its session and its day.
pub type Said = BTreeMap<String, (String, Option<String>)>;

/// The sessions in `text`, read without azlin.
pub fn said(text: &str) -> Said {
    let text = text.trim_start_matches('\u{feff}');
    let document = DeTable::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut said = Said::new();
    let Some(sessions) = document.get_ref().get("sessions") else {
        return said;
    };
    for (group, vms) in table(sessions.get_ref()) {
        for (vm, value) in table(vms.get_ref()) {
            let id = format!("{}/{}", group.get_ref(), vm.get_ref()).to_lowercase();
            let line = match value.get_ref() {
                DeValue::String(session) => (session.to_string(), None),
                settings => {
                    let settings = table(settings);
                    let session = settings["session"].get_ref().as_str().unwrap().to_owned();
                    let day = settings
                        .get("expires")
                        .map(|day| text[day.span()].to_owned());
                    (session, day)
                }
            };
            assert!(said.insert(id, line).is_none(), "{text}");
        }
    }
    said
}

fn table<'t, 'i>(value: &'t DeValue<'i>) -> &'t DeTable<'i> {
    match value {
        DeValue::Table(table) => table,
        other => panic!("not a table: {other:?}"),
    }
}
