use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::provision::Deployment;
use crate::permissions;

/// Writes who may say and hear what, as a part of the NATS server's configuration.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor permissions --config kontor.toml --clients clients")]
pub(super) struct Permissions {
    #[command(flatten)]
    of: Deployment,
    /// Where to write it, if not to standard output.
    #[arg(long)]
    output: Option<PathBuf>,
}

impl Permissions {
    pub(super) fn carry_out(self) -> anyhow::Result<()> {
        let (configuration, clients) = self.of.read()?;
        let block = permissions::of_deployment(&configuration, &clients)?;
        match self.output {
            Some(file) => std::fs::write(&file, block).with_context(|| file.display().to_string()),
            None => io::stdout().write_all(block.as_bytes()).map_err(Into::into),
        }
    }
}
