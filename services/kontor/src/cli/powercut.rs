//! Is all there after a power cut that was acknowledged?

use clap::Args;

use super::{End, paper, say};
use crate::powercut::{self, Outcome};

/// Cuts the power of a server again and again while it acknowledges writes, and looks whether all
/// is there that it acknowledged. On a server of its own, on a disk in a file; needs root and loop
/// devices.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kontor powercut nats --times 100\n  kontor powercut postgres --seed 7",
    after_long_help = "Example:\n  kontor powercut nats --times 100\n  kontor powercut postgres \
        --seed 7\n\nIt ends with 1 if anything was lost, or if no disk can be mounted here."
)]
pub(super) struct Powercut {
    #[command(flatten)]
    of: powercut::Powercut,
}

impl Powercut {
    pub(super) async fn carry_out(self) -> anyhow::Result<End> {
        match Box::pin(powercut::run(&self.of, &say)).await? {
            Outcome::Done(report) => {
                paper::line(&report.to_string())?;
                Ok(if report.lost.is_empty() { End::Fine } else { End::Wrong })
            }
            Outcome::Impossible(why) => {
                paper::line(&format!("SKIPPED: {why}"))?;
                Ok(if self.of.skip_if_impossible { End::Fine } else { End::Wrong })
            }
        }
    }
}
