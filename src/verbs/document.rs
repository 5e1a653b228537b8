//! [`Document`]: a file of a command, found, read and checked with the others.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy as _, choose_base_strategy};

use super::{Streams, Trouble, git, runner, today};
use crate::cli::Common;
use crate::file::find::{self, Found, Located};
use crate::file::{self, Diagnostic, File, Member, Source};
use crate::model::Hex;
use crate::replace::replace;
use crate::show;
use crate::text::{escape, plain, shown};

/// The number of diagnostics to show for a file. A file with more has the same error many times.
pub(super) const MOST_DIAGNOSTICS: usize = 200;

/// The byte order mark.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A valid file, or an empty one if there is none.
pub(super) struct Document {
    pub path: PathBuf,
    /// False if the command runs without a file.
    pub is_there: bool,
    pub file: File,
    pub source: Source,
    /// True if the file begins with a byte order mark, which `source` lacks.
    pub has_mark: bool,
    /// The SHA-256 of its bytes.
    pub sha256: Hex,
    /// Its bytes at the revision of `plan --base`, if it was there.
    pub base: Option<Vec<u8>>,
}

impl Document {
    /// The empty file in place of a missing one.
    pub fn none() -> Self {
        Self {
            path: PathBuf::from(find::NAME),
            is_there: false,
            file: File::default(),
            source: Source::new(find::NAME, ""),
            has_mark: false,
            sha256: Hex::sha256(b""),
            base: None,
        }
    }

    /// The folder that holds the file.
    pub fn folder(&self) -> &Path {
        find::folder(&self.path)
    }

    /// The file's name for a message.
    pub fn name(&self) -> String {
        escape(&self.source.name).into_owned()
    }

    /// The text of the file now, to edit it: someone may have changed it while azlin waited for Azure.
    ///
    /// # Errors
    /// The reason why it cannot be read, or not be edited, as a sentence.
    pub fn text_now(&self) -> Result<String, String> {
        let name = self.name();
        if !self.path.is_file() {
            return Err(format!("{name} is not a regular file"));
        }
        fs::read_to_string(&self.path)
            .map_err(|error| format!("cannot read {name}: {}", plain(&error)))
    }

    /// The file as one of several, with the subscription that it names itself.
    pub fn member(&self) -> Member<'_> {
        Member {
            file: &self.file,
            source: &self.source,
            subscription: self.file.azure.subscription.as_ref(),
        }
    }
}

/// The files that `--file`, `AZLIN_FILE` or the search finds, readable or not.
pub(super) fn locate(common: &Common) -> Result<Located, Trouble> {
    // `$XDG_CONFIG_HOME/azlin`, `~/.config/azlin`, or on Windows `%APPDATA%\azlin`.
    let folders = choose_base_strategy().ok();
    let config = folders.map(|folders| folders.config_dir().join("azlin"));
    find::locate(&named(common), config.as_deref())
}

/// The files. There must be at least one.
pub(super) fn find(common: &Common) -> Result<Located, Trouble> {
    let located = locate(common)?;
    if located.files.is_empty() {
        return Err(find::none());
    }
    Ok(located)
}

/// The paths in `--file` or `AZLIN_FILE`.
pub(super) fn named(common: &Common) -> Vec<PathBuf> {
    if !common.file.is_empty() {
        return common.file.clone();
    }
    let name = std::env::var_os("AZLIN_FILE").filter(|name| !name.is_empty());
    name.map(PathBuf::from).into_iter().collect()
}

/// The files that `paths` and `--file` name, read; else the one that every command uses. `-` is stdin.
///
/// # Errors
/// There is none, or `-` is not the only one.
pub(super) fn given(
    common: &Common,
    paths: &[PathBuf],
    streams: Streams,
) -> Result<Given, Trouble> {
    let named = [common.file.as_slice(), paths].concat();
    let is_stdin = named.iter().any(|path| path.as_os_str() == "-");
    if is_stdin && named.len() > 1 {
        let message = "- stands for stdin, and other files are given too";
        return Err(Trouble::new(message, "pass - alone, or only files"));
    }
    let files = if is_stdin {
        vec![find::read_from(PathBuf::from("stdin"), std::io::stdin())]
    } else if paths.is_empty() {
        load(find(common)?, streams)
    } else {
        load(find::locate(&named, None)?, streams)
    };
    Ok(Given { files, is_stdin })
}

/// The files of a command that needs no Azure.
pub(super) struct Given {
    pub files: Vec<Result<Found, Trouble>>,
    pub is_stdin: bool,
}

/// Reads the bytes of all files of `located`. A note names those that it skipped.
pub(super) fn load(located: Located, streams: Streams) -> Vec<Result<Found, Trouble>> {
    let Located {
        files,
        skipped,
        special,
        how,
    } = located;
    let none = "no table that azlin knows";
    let (one, several) = (format!("it has {none}"), format!("they have {none}"));
    note_skipped(&skipped, &one, &several, streams);
    let (one, several) = ("it is not a regular file", "they are not regular files");
    note_skipped(&special, one, several, streams);
    let read = |path: PathBuf| {
        runner::check_inside(&path)?;
        find::read(path, how)
    };
    files.into_iter().map(read).collect()
}

/// Files, read and checked.
pub(super) struct Checked {
    pub files: Vec<Seen>,
    /// The reasons why files cannot be read.
    pub troubles: Vec<Trouble>,
}

/// A file, valid or not.
pub(super) struct Seen {
    pub path: PathBuf,
    pub file: Result<Document, Source>,
    /// The diagnostics of this file alone.
    pub found: Vec<Diagnostic>,
    /// The length of its byte order mark; none if the file is not UTF-8.
    pub mark: Option<usize>,
}

impl Checked {
    pub fn of(files: Vec<Result<Found, Trouble>>) -> Self {
        let mut checked = Self {
            files: Vec::new(),
            troubles: Vec::new(),
        };
        for found in files {
            let found = match found {
                Ok(found) => found,
                Err(trouble) => {
                    checked.troubles.push(trouble);
                    continue;
                }
            };
            let (file, wrong, source) = file::read(&found.path.to_string_lossy(), &found.bytes);
            let text = found.bytes.strip_prefix(MARK);
            let has_mark = text.is_some();
            let is_utf8 = text.unwrap_or(&found.bytes) == source.text.as_bytes();
            let document = match file {
                Some(file) => Ok(Document {
                    sha256: Hex::sha256(&found.bytes),
                    has_mark,
                    path: found.path.clone(),
                    is_there: true,
                    file,
                    source,
                    base: None,
                }),
                None => Err(source),
            };
            checked.files.push(Seen {
                path: found.path,
                file: document,
                found: wrong,
                mark: is_utf8.then_some(if has_mark { MARK.len() } else { 0 }),
            });
        }
        checked
    }
}

/// Reports the errors in each of `files` and between them in one run, and returns the files. With the revision `since`, an error about
/// several lines tells which of them are new since then.
///
/// # Errors
/// A file cannot be read, or is invalid.
pub(super) fn read(
    files: Vec<Result<Found, Trouble>>,
    since: Option<&str>,
    streams: Streams,
) -> Result<Vec<Document>, Trouble> {
    let is_one = files.len() == 1;
    let Checked {
        files,
        mut troubles,
    } = Checked::of(files);
    let (mut valid, mut invalid, mut errors) = (Vec::new(), Vec::new(), 0);
    for Seen {
        path,
        file,
        mut found,
        ..
    } in files
    {
        let base = match since.map(|rev| git::file_at(&path, rev)).transpose() {
            Ok(base) => base.flatten(),
            Err(trouble) => {
                troubles.push(trouble);
                continue;
            }
        };
        let source = file
            .as_ref()
            .map_or_else(|source| source, |file| &file.source);
        if let Some(rev) = since {
            tell_since(&mut found, &[(source, base.as_deref())], rev);
        }
        match file {
            Ok(document) => {
                say(found, &[&document.source], streams);
                valid.push(Document { base, ..document });
            }
            Err(source) => {
                errors += say(found, &[&source], streams);
                invalid.push(escape(&source.name).into_owned());
            }
        }
    }
    if !invalid.is_empty() {
        // Report conflicts of the valid files in the same run, so that a person can fix all files in one go.
        let bases: Vec<_> = valid.iter().map(|valid| valid.base.as_deref()).collect();
        let since = since.map(|rev| (rev, bases.as_slice()));
        errors += clashes(valid.iter().map(Document::member).collect(), since, streams);
        let files = if is_one { "file" } else { "files" };
        let help = format!("fix the {files}; nothing was read from Azure");
        troubles.push(invalid_files(&invalid, errors, &help));
    }
    streams.fail_with(troubles)?;
    Ok(valid)
}

/// The trouble with files that are invalid: their `names`, and the number of `errors` in all of them.
pub(super) fn invalid_files(names: &[String], errors: usize, help: &str) -> Trouble {
    let are = if names.len() > 1 { "are" } else { "is" };
    let (names, errors) = (show::names(names), show::count(errors, "error"));
    Trouble::new(format!("{names} {are} invalid: {errors}"), help)
}

/// Writes `text` into the sessions file at `path`.
pub(super) fn rewrite(path: &Path, text: &str) -> Result<(), Trouble> {
    let help = "check that you can write to the file";
    replace(path, text.as_bytes(), false)
        .map_err(|error| Trouble::cannot("write", path, &error, help))
}

/// Says that a folder has `files` that azlin skipped, and why: in words for `one`, and for `several`.
fn note_skipped(files: &[PathBuf], one: &str, several: &str, streams: Streams) {
    let names: Vec<String> = files.iter().map(|path| shown(path)).collect();
    let why = match names.len() {
        0 => return,
        1 => one,
        _ => several,
    };
    streams.note(&format!("skipped {}: {why}", show::names(&names)));
}

/// Reports the diagnostics of the files `sources`, and returns the number of errors.
pub(super) fn say(
    mut diagnostics: Vec<Diagnostic>,
    sources: &[&Source],
    streams: Streams,
) -> usize {
    let errors = diagnostics.iter().filter(|found| found.is_error()).count();
    let unsaid = diagnostics.len().saturating_sub(MOST_DIAGNOSTICS);
    if unsaid > 0 {
        // Errors first, so that only warnings are left out where possible.
        diagnostics.sort_by_key(|found| !found.is_error());
    }
    for diagnostic in diagnostics.iter().take(MOST_DIAGNOSTICS) {
        let text = show::diagnostic(sources, diagnostic, streams.stderr);
        streams.say(&format!("{text}\n"));
        if let Some(source) = sources.get(diagnostic.file()) {
            streams.annotate(&source.name, |runner, file| {
                show::annotation::of_diagnostic(runner, file, source, diagnostic)
            });
        }
    }
    if unsaid > 0 {
        streams.say(&format!("… and {unsaid} more\n\n"));
    }
    errors
}

/// Warns of each line of `document` that has expired.
pub(super) fn warn_expired(document: &Document, streams: Streams) {
    say(
        file::expired(&document.file, today()),
        &[&document.source],
        streams,
    );
}

/// A revision, and the bytes of each file at that revision.
pub(super) type Since<'a> = (&'a str, &'a [Option<&'a [u8]>]);

/// Checks that the files do not conflict, and reports where they do.
pub(super) fn check_together(
    members: Vec<Member<'_>>,
    since: Option<Since<'_>>,
    streams: Streams,
) -> Result<(), Trouble> {
    match clashes(members, since, streams) {
        0 => Ok(()),
        errors => {
            let errors = show::count(errors, "error");
            let message = format!("the files conflict with each other: {errors}");
            let help = "fix the files; nothing was read from Azure";
            Err(Trouble::new(message, help))
        }
    }
}

/// Reports the conflicts between the files, and returns the number of errors.
fn clashes(members: Vec<Member<'_>>, since: Option<Since<'_>>, streams: Streams) -> usize {
    let sources: Vec<&Source> = members.iter().map(|member| member.source).collect();
    let mut found = file::check_between(&members);
    if let Some((rev, bases)) = since {
        let files: Vec<_> = sources.iter().copied().zip(bases.iter().copied()).collect();
        tell_since(&mut found, &files, rev);
    }
    say(found, &sources, streams)
}

/// Adds to the errors about several lines which of them are new since `rev`.
fn tell_since(found: &mut [Diagnostic], files: &[(&Source, Option<&[u8]>)], rev: &str) {
    let texts = files.iter().map(|(source, base)| {
        let base = base.and_then(|bytes| std::str::from_utf8(bytes).ok());
        (*source, base)
    });
    file::tell_since(found, &texts.collect::<Vec<_>>(), &escape(git::short(rev)));
}
