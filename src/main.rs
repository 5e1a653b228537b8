//! argv → verb → exit code.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use azlin::azure;
use azlin::cli::{self, Usage};
use azlin::show::annotation::uncommanded;
use azlin::text::{inert, is_unprintable};
use azlin::verbs::{self, Exit};

/// Writes a line to stderr, even if that is closed or full.
macro_rules! tell {
    ($($text:tt)*) => {{
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

fn main() -> ExitCode {
    if verbs::answer() {
        return ExitCode::from(Exit::Done as u8);
    }
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(usage) => return ExitCode::from(refuse(usage) as u8),
    };
    log();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(verbs::run(cli));
            // Without waiting for a question that nobody answers any more.
            runtime.shutdown_background();
            ExitCode::from(exit as u8)
        }
        Err(error) => {
            tell!(
                "error: cannot start: {error}\nhelp: check the limits on open files and threads (ulimit -a)"
            );
            ExitCode::from(Exit::Error as u8)
        }
    }
}

/// Reports why azlin does not run the command line. Returns the exit status.
fn refuse(usage: Usage) -> Exit {
    match usage {
        Usage::Clap(usage) => {
            say(&usage);
            // clap would exit with 2, which means that there are changes.
            if usage.use_stderr() {
                Exit::Error
            } else {
                Exit::Done
            }
        }
        Usage::Refused(trouble) => {
            tell!("error: {}\nhelp: {}", trouble.message, trouble.help);
            trouble.exit
        }
    }
}

/// Prints clap's message. clap repeats words of the command line unescaped, so azlin escapes the whole message, and its colours
/// with it, if a word could act on a terminal or command a pipeline.
fn say(usage: &clap::Error) {
    let acts = |word: OsString| {
        let word = word.to_string_lossy();
        word.chars().any(is_unprintable) || word.contains("::") || word.contains("##")
    };
    if usage.use_stderr() && std::env::args_os().any(acts) {
        let uncoloured = usage.render().to_string();
        let mut said = String::new();
        for line in uncoloured.lines() {
            said += &inert(line);
            said.push('\n');
        }
        let _ = std::io::stderr().write_all(uncommanded(&said).as_bytes());
    } else {
        let _ = usage.print();
    }
}

/// The log on stderr. What the libraries log may come from outside, so it must not command a pipeline.
struct Log;

impl std::io::Write for Log {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        std::io::stderr().write_all(uncommanded(&text).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Logs what the libraries do to stderr, for `AZLIN_LOG=debug` or `AZLIN_LOG=azure_core=trace,hyper=debug`.
fn log() {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::prelude::*;
    let filter = std::env::var("AZLIN_LOG").unwrap_or_default();
    if filter.is_empty() {
        return;
    }
    let layer = tracing_subscriber::fmt::layer().with_writer(|| Log);
    match filter.parse::<Targets>() {
        Ok(targets) => tracing_subscriber::registry()
            .with(layer.with_ansi(false))
            .with(targets.with_target(azure::NOISE, LevelFilter::OFF))
            .init(),
        Err(error) => {
            tell!("warning: cannot parse AZLIN_LOG, so nothing is logged: {error}");
        }
    }
}
