//! People at desks, over HTTP: a clerk who decides about held credit, and a buyer who sees to it that
//! there is always something to sell.

use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock;
use contracts::inventory::StockView;
use reqwest::Method;
use serde_json::{Value, json};
use tracing::debug;

use super::catalogue::{self, Shelf};
use super::dice::Dice;
use super::stage::Stage;

/// How often the clerk looks at what is held.
const ROUND: Duration = Duration::from_secs(6);

/// So many orders are left for the person who looks at the console; of more, the oldest are decided.
const LEFT: usize = 10;

/// How often the buyer looks at one of the items.
const LOOK: Duration = Duration::from_millis(900);

/// The gateway, as somebody with a name and a tier.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) stage: Stage,
    http: reqwest::Client,
    gateway: String,
    name: &'static str,
    tier: u16,
}

impl Desk {
    pub(super) fn new(stage: Stage, gateway: &str, (name, tier): (&'static str, u16)) -> Self {
        Self { stage, http: reqwest::Client::new(), gateway: gateway.to_owned(), name, tier }
    }

    /// Asks the gateway. Whoever proves to it who they are, does so here.
    async fn asks(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.gateway);
        let mut request = self.http.request(method, url);
        request = request.header("Kontor-Actor", self.name).header("Kontor-Tier", self.tier);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).with_context(|| format!("{path}: {text}"))
    }

    /// Decides about held credit, but for what is left to others.
    pub(super) async fn decides(self) -> anyhow::Result<()> {
        loop {
            tokio::time::sleep(ROUND).await;
            if let Err(error) = self.looks_at_holds().await {
                debug!(%error, "the demo's clerk could not decide: {error:#}");
            }
        }
    }

    async fn looks_at_holds(&self) -> anyhow::Result<()> {
        let path = "/v1/orders?status=credit_hold&sort=oldest&limit=100";
        let page = self.asks(Method::GET, path, None).await?;
        let held = page["orders"].as_array().context("a page has orders")?;
        let beyond = held.len().saturating_sub(LEFT);
        for (nth, order) in held.iter().enumerate() {
            let (Some(id), Some(no)) = (order["order"].as_str(), order["order_no"].as_str()) else {
                continue;
            };
            let mut dice = Dice::of(self.stage.play.seed, &format!("hold {no}"));
            let is_for_others = dice.percent(75);
            if is_for_others && nth >= beyond {
                continue;
            }
            let (what, reason) = if dice.percent(65) {
                ("release", "老客户 known for years")
            } else {
                ("refuse", "欠款未清 owes too much already")
            };
            let path = format!("/v1/orders/{id}/credit/{what}");
            // Refused if somebody else was faster, or if it takes a higher tier.
            if let Err(error) =
                self.asks(Method::POST, &path, Some(json!({ "reason": reason }))).await
            {
                debug!(%error, "{no} was not decided: {error:#}");
            }
        }
        Ok(())
    }

    /// Looks at one item after the other, and receives what there is too little of.
    pub(super) async fn buys(self) -> anyhow::Result<()> {
        let shelves = catalogue::shelves();
        let items: Vec<&str> = catalogue::items().map(|it| it.0).collect();
        for sku in items.into_iter().cycle() {
            self.stage.takes(LOOK.as_millis().try_into()?).await;
            let kept: Vec<Shelf> = shelves.iter().filter(|it| it.sku == sku).copied().collect();
            if let Err(error) = self.looks_at(sku, &kept).await {
                debug!(%error, "the demo's buyer could not buy {sku}: {error:#}");
            }
        }
        Ok(())
    }

    async fn looks_at(&self, sku: &str, shelves: &[Shelf]) -> anyhow::Result<()> {
        let stock = self.asks(Method::GET, &format!("/v1/stock/{sku}"), None).await?;
        let found: Vec<StockView> = serde_json::from_value(stock["warehouses"].clone())?;
        // Backorders are of an item, wherever it comes from.
        let mut awaited = found.iter().map(|it| it.backordered).sum::<i64>();
        for shelf in shelves {
            let there = found.iter().find(|it| it.warehouse.as_str() == shelf.warehouse);
            let free = there.map_or(0, |it| it.good - it.reserved - it.allocated);
            let lacking = shelf.target - free + std::mem::take(&mut awaited);
            if lacking <= 0 || lacking * 3 < shelf.target * 2 {
                continue;
            }
            let receipt = json!({
                "sku": sku,
                "warehouse": shelf.warehouse,
                "quantity": lacking,
                "unit_cost": shelf.unit_cost,
                "document": format!("DN-{}", clock::now().as_millisecond()),
            });
            self.asks(Method::POST, "/v1/stock/receipts", Some(receipt)).await?;
        }
        Ok(())
    }
}
