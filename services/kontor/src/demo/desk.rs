//! People at desks, over HTTP: a clerk who decides about held credit, and a buyer who sees to it that
//! there is always something to sell.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock;
use contracts::inventory::StockView;
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tracing::debug;

use super::catalogue::{self, Shelf};
use super::stage::Stage;
use crate::Suite;
use crate::dice::Dice;

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
    password: String,
    /// The cookie of who has signed in.
    session: Arc<Mutex<String>>,
}

impl Desk {
    /// A desk of this person of the shop's crew.
    pub(super) fn of(stage: Stage, suite: &Suite, name: &'static str) -> anyhow::Result<Self> {
        let gateway = suite.gateway().context("the gateway listens nowhere")?;
        let http = reqwest::Client::builder().redirect(Policy::none()).build()?;
        let password = suite.password_of(name)?;
        Ok(Self { stage, http, gateway, name, password, session: Arc::default() })
    }

    /// Asks the gateway. Whoever is not signed in, or not any more, signs in first.
    async fn asks(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        if self.session.lock().await.is_empty() {
            self.signs_in().await?;
        }
        let mut response = self.sends(&method, path, body.as_ref()).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            self.signs_in().await?;
            response = self.sends(&method, path, body.as_ref()).await?;
        }
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).with_context(|| format!("{path}: {text}"))
    }

    async fn sends(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<reqwest::Response> {
        let request = self.http.request(method.clone(), format!("{}{path}", self.gateway));
        let session = self.session.lock().await.clone();
        let request = request.header("Cookie", session).header("Sec-Fetch-Site", "same-origin");
        Ok(body.into_iter().fold(request, reqwest::RequestBuilder::json).send().await?)
    }

    async fn signs_in(&self) -> anyhow::Result<()> {
        let form = format!("name={}&password={}", self.name, self.password);
        let request = self.http.post(format!("{}/sign-in", self.gateway)).body(form);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let response = request.header("Sec-Fetch-Site", "same-origin").send().await?;
        let cookie = response.headers().get("set-cookie").and_then(|it| it.to_str().ok());
        let cookie = cookie.and_then(|it| it.split(';').next());
        let cookie = cookie.with_context(|| format!("{} cannot sign in", self.name))?;
        cookie.clone_into(&mut *self.session.lock().await);
        Ok(())
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
