//! A crowd: many more buyers than there is to sell. No unit is ever sold twice, and none is left.

use anyhow::ensure;
use contracts::allocation::{SaveRuleset, SaveRulesetAnswer};
use contracts::{Actor, OrderId};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::{Value, json};
use whole_house::{Draft, Item, Shop};

use crate::visit;

/// How many want it at the same time.
const BUYERS: u32 = 64;

/// How many units there are.
const UNITS: i64 = 20;

/// How often it is tried.
const ROUNDS: u32 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_twenty() -> anyhow::Result<()> {
    visit("crowd", async |shop| {
        shop.knows("C-CROWD", 1_000_000_000_000, 98).await?;
        refuse_backorders_of("FINAL-").await_by(shop).await?;
        for round in 0..ROUNDS {
            // Every other time nobody may wait for more: who gets none is told so.
            let waiting = round.is_multiple_of(2);
            let sku = format!("{}{round}", if waiting { "SCARCE-" } else { "FINAL-" });
            let item = shop.sells(&sku, 9_900, &[("WH-A", UNITS)]).await?;
            storm(shop, round, &item).await?;
            shop.is_quiet().await?;
            let [good, reserved, allocated, backordered] = shop.shelf(&item, "WH-A").await?;
            let waits = if waiting { i64::from(BUYERS) - UNITS } else { 0 };
            ensure!(
                (good, reserved + allocated) == (UNITS, UNITS) && waits_in(shop, &item).await? == waits,
                "round {round}: of {good}, {reserved} + {allocated} are claimed, {backordered} wait"
            );
            if round % 10 == 9 {
                shop.audit().await?;
            }
        }
        Ok(())
    })
    .await
}

/// All of them at once, half over NATS and half over HTTP; half prepaid and half on account.
async fn storm(shop: &Shop, round: u32, item: &Item) -> anyhow::Result<()> {
    let mut buyers = FuturesUnordered::new();
    for nth in 0..BUYERS {
        buyers.push(async move {
            let name = format!("{round}-{nth}");
            let draft = match nth & 1 {
                0 => Draft::prepaid(&name)?,
                _ => Draft::on_account(&name, "C-CROWD")?,
            };
            let order = draft.line(item, 1).order();
            if nth & 2 == 0 {
                return shop.web.place(&order).await;
            }
            let (status, answer) = shop.web.post(&serde_json::to_value(order)?, None).await?;
            ensure!(status == 201, "{status}: {answer}");
            Ok(serde_json::from_value::<OrderId>(answer["order"].clone())?)
        });
    }
    let mut placed = std::collections::BTreeSet::new();
    while let Some(order) = buyers.next().await {
        placed.insert(order?);
    }
    ensure!(placed.len() == BUYERS as usize, "{} orders for {BUYERS} buyers", placed.len());
    Ok(())
}

/// How many units of the item are waited for.
async fn waits_in(shop: &Shop, item: &Item) -> anyhow::Result<i64> {
    let stock = shop.clerk.reads(&format!("/v1/stock/{}", item.sku)).await?;
    let shelves = stock["warehouses"].as_array().cloned().unwrap_or_default();
    Ok(shelves.iter().filter_map(|it| it["backordered"].as_i64()).max().unwrap_or_default())
}

/// A ruleset by which nobody waits for items whose names begin so.
struct Rules(Value);

fn refuse_backorders_of(prefix: &str) -> Rules {
    Rules(json!({
        "ruleset": "cn-default",
        "effective": { "from": "2025-01-01T00:00:00Z", "to": null },
        "parameters": {},
        "regions": {},
        "rules": [
            {
                "id": "R10-no-waiting", "priority": 10, "stop": true,
                "when": { "field": "lines.sku", "quantifier": "any", "op": "starts_with",
                    "value": prefix },
                "then": [{ "action": "score_all" }],
                "unfillable": "cancel_remainder"
            },
            {
                "id": "R99-default", "priority": 9999, "stop": true,
                "when": { "always": true },
                "then": [{ "action": "score_all" }],
                "unfillable": "backorder"
            }
        ]
    }))
}

impl Rules {
    /// Puts it into force.
    async fn await_by(self, shop: &Shop) -> anyhow::Result<()> {
        let (ruleset, by) = ("cn-default".to_owned(), Actor("test".to_owned()));
        let answer = shop.answer(SaveRuleset { ruleset, rules: self.0, by }).await?;
        let saved = matches!(&answer[..], [SaveRulesetAnswer::RulesetSaved(_)]);
        ensure!(saved, "{answer:?}");
        Ok(())
    }
}
