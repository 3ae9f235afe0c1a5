use clap::Args;
use serde_json::{Value, json};

use super::{amount, moment, text};
use crate::cli::http::{Answered, Gateway, refused};
use crate::cli::{End, paper};

/// The most that the gateway gives at once.
const PAGE: usize = 200;

/// Lists orders, the newest first.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor order list --status credit_hold,backordered --limit 20")]
pub(super) struct List {
    /// Only orders that are there; several are parted by commas.
    #[arg(long)]
    status: Option<String>,
    /// Only orders that came in this way.
    #[arg(long)]
    channel: Option<String>,
    /// Only orders of this customer.
    #[arg(long)]
    customer: Option<String>,
    /// Only orders that are paid so.
    #[arg(long, value_parser = ["prepaid", "on_account"])]
    terms: Option<String>,
    /// Only orders that were placed then or later: 2026-11-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    placed_from: Option<String>,
    /// Only orders that were placed before.
    #[arg(long, value_name = "TIME")]
    placed_to: Option<String>,
    /// Which come first.
    #[arg(long, default_value = "newest", value_parser = ["newest", "oldest", "largest", "smallest"])]
    sort: String,
    /// So many at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

impl List {
    pub(super) async fn carry_out(self, gateway: &Gateway, json: bool) -> anyhow::Result<End> {
        let (mut orders, mut after): (Vec<Value>, Option<String>) = (Vec::new(), None);
        while orders.len() < self.limit {
            let query = self.query(self.limit - orders.len(), after);
            let mut page = match gateway.get(&["v1", "orders"], &query).await? {
                Answered::Done(_, page) => page,
                Answered::Refused(problem) => return refused(&problem, json),
            };
            orders.extend(page["orders"].as_array_mut().map(std::mem::take).unwrap_or_default());
            after = page["next"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        if json {
            paper::json(&json!({ "orders": orders }))?;
        } else {
            show(&orders)?;
        }
        Ok(End::Fine)
    }

    fn query(&self, wanted: usize, after: Option<String>) -> Vec<(&'static str, String)> {
        let asked = [
            ("status", self.status.clone()),
            ("channel", self.channel.clone()),
            ("customer", self.customer.clone()),
            ("terms", self.terms.clone()),
            ("placed_from", self.placed_from.clone()),
            ("placed_to", self.placed_to.clone()),
            ("sort", Some(self.sort.clone())),
            ("limit", Some(wanted.min(PAGE).to_string())),
            ("after", after),
        ];
        asked.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn show(orders: &[Value]) -> anyhow::Result<()> {
    let heads = ["ORDER", "STATUS", "PLACED", "CHANNEL", "NAME", "CUSTOMER", "TOTAL"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(orders.iter().map(|it| {
        vec![
            text(&it["order_no"]),
            text(&it["status"]),
            moment(&it["placed_at"]),
            text(&it["channel"]),
            text(&it["external_id"]),
            text(&it["customer"]),
            amount(&it["total"], &it["currency"]),
        ]
    }));
    let statuses = std::iter::once(None).chain(orders.iter().map(|it| it["status"].as_str()));
    for (row, status) in paper::table(&rows).iter().zip(statuses) {
        paper::line(&paper::paint(status.and_then(paper::status_colour), row))?;
    }
    Ok(())
}
