use anyhow::{Context, ensure};
use contracts::{OrderId, Sku};
use serde_json::{Value, json};

/// A person at a desk, who reads and decides over HTTP.
pub struct Clerk {
    http: reqwest::Client,
    gateway: String,
}

impl Clerk {
    pub(crate) fn new(gateway: &str) -> Self {
        Self { http: reqwest::Client::new(), gateway: gateway.to_owned() }
    }

    /// What there is at this path.
    pub async fn reads(&self, path: &str) -> anyhow::Result<Value> {
        let response = self.http.get(format!("{}{path}", self.gateway)).send().await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).with_context(|| format!("{path}: {body}"))
    }

    /// The order as the gateway shows it.
    pub async fn order(&self, order: OrderId) -> anyhow::Result<Value> {
        self.reads(&format!("/v1/orders/{order}")).await
    }

    /// Decides something, as a person of this tier.
    pub async fn decides(&self, path: &str, tier: u8, body: Value) -> anyhow::Result<(u16, Value)> {
        let response = self
            .http
            .post(format!("{}{path}", self.gateway))
            .header("Kontor-Actor", format!("clerk-of-tier-{tier}"))
            .header("Kontor-Tier", tier.to_string())
            .json(&body)
            .send()
            .await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// Sends a table, for this channel.
    pub async fn brings(
        &self,
        path: &str,
        channel: &str,
        table: &str,
    ) -> anyhow::Result<(u16, Value)> {
        let request = self.http.post(format!("{}{path}", self.gateway));
        let request = request.header("Kontor-Channel", channel).body(table.to_owned());
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// Releases the order's credit.
    pub async fn releases(&self, order: OrderId, tier: u8) -> anyhow::Result<(u16, Value)> {
        let reason = json!({ "reason": "known for long" });
        self.decides(&format!("/v1/orders/{order}/credit/release"), tier, reason).await
    }

    /// Refuses the order's credit.
    pub async fn refuses(&self, order: OrderId) -> anyhow::Result<(u16, Value)> {
        let reason = json!({ "reason": "owes too much" });
        self.decides(&format!("/v1/orders/{order}/credit/refuse"), 3, reason).await
    }

    /// Ends the order, as far as it can be ended.
    pub async fn cancels(&self, order: OrderId) -> anyhow::Result<(u16, Value)> {
        let reason = json!({ "reason": "ordered twice" });
        self.decides(&format!("/v1/orders/{order}/cancel"), 1, reason).await
    }

    /// Says how many of the item were counted.
    pub async fn counts(&self, sku: &Sku, warehouse: &str, counted: i64) -> anyhow::Result<()> {
        let document = format!("count-{counted}");
        let count = json!({ "sku": sku, "warehouse": warehouse, "counted": counted,
            "document": document });
        let (status, answer) = self.decides("/v1/stock/counts", 1, count).await?;
        ensure!(status == 200, "the count was not booked: {answer}");
        Ok(())
    }
}
