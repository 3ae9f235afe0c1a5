use clap::Args;
use serde_json::json;

use super::text;
use crate::cli::http::{Answered, Gateway, refused};
use crate::cli::{End, paper};

/// Cancels an order, or asks the warehouse that has it to leave it alone.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor order cancel K-000042 --reason 'ordered twice'")]
pub(super) struct Cancel {
    /// Its id, or its number.
    order: String,
    /// Why: it stands in the order's timeline.
    #[arg(long)]
    reason: String,
}

impl Cancel {
    pub(super) async fn carry_out(self, gateway: &Gateway, json: bool) -> anyhow::Result<End> {
        let path = ["v1", "orders", &self.order, "cancel"];
        let body = serde_json::to_vec(&json!({ "reason": self.reason }))?;
        let decision = match gateway.post(&path, &[], body).await? {
            Answered::Done(_, decision) => decision,
            Answered::Refused(problem) => return refused(&problem, json),
        };
        gateway.settles(&decision).await;
        if json {
            paper::json(&decision)?;
        } else if decision["outcome"] == "cancelled" {
            paper::line(&format!("{} is cancelled", paper::plain(&self.order)))?;
        } else {
            let (order, came) = (paper::plain(&self.order), text(&decision["outcome"]));
            let asked = "the warehouse is asked; `kontor order show` tells what comes of it";
            paper::line(&format!("{order}: {came}: {asked}"))?;
        }
        Ok(End::Fine)
    }
}
