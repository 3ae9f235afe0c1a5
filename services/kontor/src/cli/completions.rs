use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

/// Writes completions for a shell.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kontor completions bash > ~/.local/share/bash-completion/completions/kontor"
)]
pub(super) struct Completions {
    /// Whose: bash, zsh, fish.
    #[arg(value_parser = ["bash", "zsh", "fish"])]
    shell: String,
}

impl Completions {
    pub(super) fn carry_out(self) -> anyhow::Result<()> {
        let shell: Shell = self.shell.parse().map_err(anyhow::Error::msg)?;
        // In memory first: the generator panics where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "kontor", &mut script);
        Ok(io::stdout().write_all(&script)?)
    }
}
