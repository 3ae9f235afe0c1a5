//! A crowd: many more buyers than there is to sell. No unit is ever sold twice, and none is left.

use anyhow::ensure;
use contracts::allocation::{SaveRuleset, SaveRulesetAnswer};
use contracts::{Actor, OrderId};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
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
        nobody_waits_for(shop, "FINAL-").await?;
        for round in 0..ROUNDS {
            // Every other time nobody may wait for more: who gets none is told so.
            let waiting = round.is_multiple_of(2);
            let sku = format!("{}{round}", if waiting { "SCARCE-" } else { "FINAL-" });
            let item = shop.sells(&sku, 9_900, &[("WH-A", UNITS)]).await?;
            let wanted = storm(shop, round, &item, if waiting { 3 } else { 1 }).await?;
            shop.is_quiet().await?;
            let [good, reserved, allocated] = shop.shelf(&item, "WH-A").await?;
            let claimed = [good, reserved + allocated, shop.waiting(&item).await?];
            let waits = if waiting { wanted - UNITS } else { 0 };
            ensure!(claimed == [UNITS, UNITS, waits], "round {round}: {claimed:?}, of {wanted}");
            if round % 10 == 9 {
                shop.audit().await?;
            }
        }
        Ok(())
    })
    .await
}

/// All of them at once, half over NATS and half over HTTP; half prepaid and half on account; each for
/// one unit to so many. How many units that was.
async fn storm(shop: &Shop, round: u32, item: &Item, most: u32) -> anyhow::Result<i64> {
    let mut buyers = FuturesUnordered::new();
    let mut wanted = 0;
    for nth in 0..BUYERS {
        let units = i64::from(1 + nth % most);
        wanted += units;
        buyers.push(async move {
            let name = format!("{round}-{nth}");
            let draft = match nth & 1 {
                0 => Draft::prepaid(&name)?,
                _ => Draft::on_account(&name, "C-CROWD")?,
            };
            let order = draft.line(item, units).order();
            if nth & 2 == 0 {
                return shop.web.place(&order).await;
            }
            let (status, answer) = shop.web.post(&serde_json::to_value(order)?, None).await?;
            ensure!([200, 201].contains(&status), "{status}: {answer}");
            Ok(serde_json::from_value::<OrderId>(answer["order"].clone())?)
        });
    }
    let mut placed = std::collections::BTreeSet::new();
    while let Some(order) = buyers.next().await {
        placed.insert(order?);
    }
    ensure!(placed.len() == BUYERS as usize, "{} orders for {BUYERS} buyers", placed.len());
    Ok(wanted)
}

/// Puts a ruleset into force by which nobody waits for items whose names begin so.
async fn nobody_waits_for(shop: &Shop, prefix: &str) -> anyhow::Result<()> {
    let rules = json!({
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
    });
    let (ruleset, by) = ("cn-default".to_owned(), Actor("test".to_owned()));
    let answer = shop.answer(SaveRuleset { ruleset, rules, by }).await?;
    ensure!(matches!(&answer[..], [SaveRulesetAnswer::RulesetSaved(_)]), "{answer:?}");
    Ok(())
}
