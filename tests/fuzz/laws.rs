//! What must be true of any bytes, whoever wrote them.

use std::collections::BTreeMap;

use azlin::file::{self, Edit, Ends, File, Severity, comments_gone, edit};
use azlin::model::{SessionName, VmPath};
use azlin::show::{Paint, diagnostic};

/// Reads `bytes` as a sessions file, shows what is wrong with it and, if nothing is, formats it.
pub fn reader(bytes: &[u8]) {
    let (file, found, source) = file::read("sessions.toml", bytes);
    let is_invalid = found.iter().any(|found| found.severity == Severity::Error);
    assert_eq!(file.is_none(), is_invalid, "{found:?}");
    for found in &found {
        for label in &found.labels {
            let part = source.text.get(label.span.clone());
            assert!(part.is_some(), "outside the text: {found:?}");
        }
        let shown = diagnostic(&[&source], found, Paint::default());
        let moves = |c: char| c.is_control() && c != '\n';
        assert!(!shown.contains(moves), "acts on a terminal: {shown:?}");
    }
    let Some(file) = file else { return };

    let Ok(once) = file::format(&file, &source.text) else {
        panic!("a valid file has no form")
    };
    let again = read(&once);
    assert_eq!(meaning(&again), meaning(&file), "{once}");
    // A form has no blanks at the end of a line.
    let lines: Vec<&str> = source.text.lines().map(str::trim_end).collect();
    let text = lines.join("\n");
    assert_eq!(comments_gone(&text, &once), [""; 0], "{once}");
    assert_eq!(comments_gone(&once, &text), [""; 0], "{once}");
    let Ok(twice) = file::format(&again, &once) else {
        panic!("a formatted file has no form:\n{once}")
    };
    assert_eq!(twice, once);
}

/// Edits a sessions file. The first line of `bytes` is the edits, `group/vm=session` or `group/vm` to remove; the rest is the file.
pub fn editor(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Some((first, text)) = text.split_once('\n') else {
        return;
    };
    let (Some(before), ..) = file::read("sessions.toml", text.as_bytes()) else {
        return;
    };
    let mut wanted: Vec<(VmPath, Option<&str>)> = Vec::new();
    for word in first.split(' ') {
        let (vm, session) = match word.split_once('=') {
            Some((vm, session)) => (vm, Some(session)),
            None => (word, None),
        };
        let vm = vm.split_once('/').map(|(group, vm)| VmPath::new(group, vm));
        let is_valid = session.is_none_or(|session| SessionName::new(session).is_ok());
        if let (Some(Ok(vm)), true) = (vm, is_valid) {
            wanted.push((vm, session));
        }
    }
    let edits: Vec<Edit<'_>> = wanted
        .iter()
        .map(|(vm, session)| Edit {
            vm,
            session: *session,
            ends: Ends::Keep,
            from: None,
        })
        .collect();
    let Ok(after) = edit(text, &edits) else {
        // azlin may refuse a table in braces over several lines, whose commas and line ends it can't place.
        let is_open = |line: &str| line.matches('{').count() != line.matches('}').count();
        assert!(text.lines().any(is_open), "cannot be edited: {wanted:?}");
        return;
    };

    let mut expected = meaning(&before);
    let mut removes = false;
    for (vm, session) in &wanted {
        let vm = vm.to_string().to_lowercase();
        match session {
            Some(session) => expected.sessions.entry(vm).or_default().0 = (*session).to_owned(),
            None => removes |= expected.sessions.remove(&vm).is_some(),
        }
    }
    // A name that another line or VM has is an error of the request, not of the edit.
    let (read, found, _) = file::read("sessions.toml", after.as_bytes());
    match read {
        Some(read) => assert_eq!(meaning(&read), expected, "{after}"),
        None => {
            for found in found
                .iter()
                .filter(|found| found.severity == Severity::Error)
            {
                let clashes = ["is assigned twice", "is the name of another VM"];
                let is_asked = clashes.iter().any(|clash| found.message.contains(clash));
                assert!(is_asked, "{found:?}\n{after}");
            }
        }
    }
    if !removes {
        assert_eq!(comments_gone(text, &after), [""; 0], "{after}");
    }
}

/// What a file says, however it is spelled.
#[derive(Debug, PartialEq)]
struct Meaning {
    settings: String,
    sessions: BTreeMap<String, (String, Option<String>)>,
}

fn meaning(file: &File) -> Meaning {
    let sessions = file.lines.iter().map(|line| {
        let day = line.expires.map(|day| day.to_string());
        let vm = line.vm.to_string().to_lowercase();
        (vm, (line.session.as_str().to_owned(), day))
    });
    Meaning {
        settings: format!("{:?} {:?} {:?}", file.owner, file.azure, file.ssh),
        sessions: sessions.collect(),
    }
}

fn read(text: &str) -> File {
    let (file, found, _) = file::read("sessions.toml", text.as_bytes());
    file.unwrap_or_else(|| panic!("{found:?}\n{text}"))
}
