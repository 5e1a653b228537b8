//! `ssh-config`.

use clap::Args;

/// `azlin ssh-config`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin ssh-config                         show the Host blocks
  azlin ssh-config --write                 then: scp notes.txt project-alpha:")]
pub struct SshConfig {
    /// Put them into a file in ~/.ssh/azlin.d, which ~/.ssh/config is made to include
    #[arg(long)]
    pub write: bool,
}
