use clap::Args;
use serde_json::{Value, json};

use super::{amount, moment, text};
use crate::cli::http::{Answered, Gateway, refused};
use crate::cli::{End, paper};

/// Shows an order: where it is, its lines, its shipments, and what happened to it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kontor order show K-000042")]
pub(super) struct Show {
    /// Its id, or its number.
    order: String,
}

impl Show {
    pub(super) async fn carry_out(self, gateway: &Gateway, as_json: bool) -> anyhow::Result<End> {
        let order = match gateway.get(&["v1", "orders", &self.order], &[]).await? {
            Answered::Done(_, order) => order,
            Answered::Refused(problem) => return refused(&problem, as_json),
        };
        let (path, all) = (["v1", "orders", &self.order, "timeline"], ("limit", "1000".to_owned()));
        let timeline = match gateway.get(&path, &[all]).await? {
            Answered::Done(_, timeline) => timeline,
            Answered::Refused(problem) => return refused(&problem, as_json),
        };
        if as_json {
            paper::json(&json!({ "order": order, "timeline": timeline["entries"] }))?;
        } else {
            for line in heads(&order).into_iter().chain(lines(&order)).chain(entries(&timeline)) {
                paper::line(&line)?;
            }
        }
        Ok(End::Fine)
    }
}

fn heads(it: &Value) -> Vec<String> {
    let status = text(&it["status"]);
    let colour = paper::status_colour(&status);
    let because = text(&it["reason"]);
    let because = if because.is_empty() { because } else { format!(" ({because})") };
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let mut rows = vec![
        row("name", format!("{} of {}", text(&it["external_id"]), text(&it["channel"]))),
        row("customer", format!("{}, {}", text(&it["customer"]), text(&it["tier"]))),
        row("total", amount(&it["total"], &it["currency"]) + ", " + &text(&it["terms"])),
        row("placed", moment(&it["placed_at"]) + " by " + &text(&it["entered_by"])),
    ];
    let credit = &it["credit"];
    if credit.is_object() {
        let class = text(&credit["class"]);
        rows.push(row("credit", format!("{}, class {class}", text(&credit["state"]))));
    }
    if it["sourcing"].is_object() {
        rows.push(row("sourcing", text(&it["sourcing"]["state"])));
    }
    for shipment in it["shipments"].as_array().into_iter().flatten() {
        let of = ["warehouse", "state", "carrier", "tracking_no"].map(|it| text(&shipment[it]));
        rows.push(row("shipment", of.join(" ").trim_end().to_owned()));
    }
    let since = moment(&it["status_at"]);
    let first = format!("{}  {status}{because} since {since}", text(&it["order_no"]));
    let first = paper::paint(colour, &first);
    let id = format!("  {}", text(&it["order"]));
    let rest = paper::table(&rows).into_iter().map(|it| format!("  {it}"));
    [first, id].into_iter().chain(rest).collect()
}

fn lines(it: &Value) -> Vec<String> {
    let line = |line: &Value| {
        vec![
            line["quantity"].to_string(),
            text(&line["sku"]),
            amount(&line["net"], &it["currency"]),
            text(&line["name"]),
        ]
    };
    let rows: Vec<_> = it["lines"].as_array().into_iter().flatten().map(line).collect();
    let lines = paper::table(&rows).into_iter().map(|it| format!("  {it}"));
    std::iter::once("Lines (net)".to_owned()).chain(lines).collect()
}

fn entries(timeline: &Value) -> Vec<String> {
    let entry = |it: &Value| {
        let said = format!("{} {}", text(&it["service"]), text(&it["what"]));
        vec![moment(&it["at"]), said, text(&it["who"]), text(&it["why"])]
    };
    let rows: Vec<_> = timeline["entries"].as_array().into_iter().flatten().map(entry).collect();
    let lines = paper::table(&rows).into_iter().map(|it| format!("  {it}"));
    std::iter::once("What happened".to_owned()).chain(lines).collect()
}
