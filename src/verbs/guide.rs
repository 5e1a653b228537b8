//! `azlin guide`.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use super::interrupt::Interrupts;
use super::{Exit, Streams, Trouble};
use crate::cli::Guide;
use crate::guide::{self, CHAPTERS};
use crate::show;
use crate::text::{nearest, or, quote};

pub(super) async fn run(
    args: &Guide,
    streams: Streams,
    interrupts: &Interrupts,
) -> Result<Exit, Trouble> {
    let Some(topic) = &args.topic else {
        streams.print(&show::guide::topics(CHAPTERS, streams.stdout))?;
        return Ok(Exit::Done);
    };
    let chapter = guide::chapter(topic).ok_or_else(|| unknown(topic))?;
    let text = show::guide::chapter(chapter.text, streams.stdout);
    if io::stdout().is_terminal() {
        let pager = pager(std::env::var("PAGER").ok().as_deref());
        if let Some(exit) = page(pager, text.clone(), interrupts).await {
            return Ok(exit);
        }
    }
    streams.print(&text)?;
    Ok(Exit::Done)
}

fn unknown(topic: &str) -> Trouble {
    let names = CHAPTERS.iter().map(|chapter| chapter.name);
    let commands = CHAPTERS
        .iter()
        .flat_map(|chapter| chapter.explains.iter().copied());
    let near = nearest(topic, names.clone().chain(commands), 3);
    let help = if near.is_empty() {
        format!("choose a topic: {}", or(&names.collect::<Vec<_>>()))
    } else {
        format!("did you mean {}?", or(&near))
    };
    Trouble::new(format!("the guide has no topic {}", quote(topic)), help)
}

/// The words of the command that `variable`, the value of `PAGER`, names; `less` if it is unset. Empty: no pager.
fn pager(variable: Option<&str>) -> Vec<String> {
    let words = shlex::split(variable.unwrap_or("less")).unwrap_or_default();
    if words == ["cat"] { Vec::new() } else { words }
}

/// Shows `text` in `pager` until you quit it. None if the pager is not installed.
async fn page(pager: Vec<String>, text: String, interrupts: &Interrupts) -> Option<Exit> {
    interrupts.hold();
    let mut paging = tokio::task::spawn_blocking(move || feed(&pager, &text));
    let mut signals = 0;
    loop {
        tokio::select! {
            shown = &mut paging => return shown.unwrap_or_default().then_some(Exit::Done),
            // Ctrl-C belongs to the pager: it would lose its terminal to the shell if azlin ended first.
            exit = interrupts.nth(signals) => match exit {
                Exit::Interrupted => signals += 1,
                exit => return Some(exit),
            }
        }
    }
}

fn feed(pager: &[String], text: &str) -> bool {
    let Some((program, arguments)) = pager.split_first() else {
        return false;
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // As git does: end at once if the text fits the screen, show colours, leave the text on the screen.
        command.env("LESS", "FRX");
    }
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    if let Some(mut stdin) = child.stdin.take() {
        // You may quit before the end.
        let _ = stdin.write_all(text.as_bytes());
    }
    let _ = child.wait();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pager_is_the_variables_else_less() {
        assert_eq!(pager(None), ["less"]);
        assert_eq!(pager(Some("less -S 'a b'")), ["less", "-S", "a b"]);
        for none in ["", "cat", "'unfinished"] {
            assert_eq!(pager(Some(none)), [""; 0], "{none}");
        }
    }
}
