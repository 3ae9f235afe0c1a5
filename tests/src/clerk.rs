use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, ensure};
use contracts::{OrderId, Sku};
use serde_json::{Value, json};

/// People at a desk, who sign in, and read and decide over HTTP; and the operator, who lets them in.
pub struct Clerk {
    http: reqwest::Client,
    gateway: String,
    operator: String,
    /// The cookies of those who signed in, by their tier.
    sessions: Mutex<BTreeMap<u8, String>>,
}

impl Clerk {
    pub(crate) fn new(gateway: &str, operator: &str) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            http: http.build().unwrap_or_default(),
            gateway: gateway.to_owned(),
            operator: operator.to_owned(),
            sessions: Mutex::default(),
        }
    }

    /// Makes a key for a storefront of this channel, or the warehouse of this name.
    pub async fn makes_key(&self, role: &str, of: &str) -> anyhow::Result<String> {
        let bound = if role == "storefront" { "channel" } else { "warehouse" };
        let body = json!({ "name": of, "roles": [role], bound: of });
        let url = format!("{}/v1/keys", self.gateway);
        let made = self.http.post(url).bearer_auth(&self.operator).json(&body).send().await?;
        ensure!(made.status() == 201, "no key for {of}: {}", made.text().await?);
        let made: Value = made.json().await?;
        Ok(made["key"].as_str().context("no key")?.to_owned())
    }

    /// Makes a person known, who may sign in from then on: roles, tier and password.
    pub async fn lets_in(&self, name: &str, person: &Value) -> anyhow::Result<()> {
        let url = format!("{}/v1/people/{name}", self.gateway);
        let put = self.http.put(url).bearer_auth(&self.operator).json(person).send().await?;
        ensure!(put.status() == 200, "{name}: {}", put.text().await?);
        Ok(())
    }

    /// What there is at this path.
    pub async fn reads(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.http.get(format!("{}{path}", self.gateway)).bearer_auth(&self.operator);
        let response = request.send().await?;
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
        let session = self.session(tier).await?;
        let response = self
            .http
            .post(format!("{}{path}", self.gateway))
            .header("Cookie", session)
            .header("Sec-Fetch-Site", "same-origin")
            .json(&body)
            .send()
            .await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// The cookie of a person of this tier, who is made known and signs in when they come first.
    async fn session(&self, tier: u8) -> anyhow::Result<String> {
        let known = |it: &Self| {
            it.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(&tier).cloned()
        };
        if let Some(known) = known(self) {
            return Ok(known);
        }
        let (name, password) = (format!("clerk-of-tier-{tier}"), "a long sentence is good");
        let person =
            json!({ "roles": ["clerk", "credit", "ops"], "tier": tier, "password": password });
        self.lets_in(&name, &person).await?;
        let form = format!("name={name}&password={}", password.replace(' ', "+"));
        let signed_in = self
            .http
            .post(format!("{}/sign-in", self.gateway))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Sec-Fetch-Site", "same-origin")
            .body(form)
            .send()
            .await?;
        let cookie = signed_in.headers().get("set-cookie").and_then(|it| it.to_str().ok());
        let cookie = cookie.and_then(|it| it.split(';').next()).context("nobody signed in")?;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(tier, cookie.to_owned());
        Ok(cookie.to_owned())
    }

    /// Sends a table, for this channel.
    pub async fn brings(
        &self,
        path: &str,
        channel: &str,
        table: &str,
    ) -> anyhow::Result<(u16, Value)> {
        let request = self.http.post(format!("{}{path}", self.gateway));
        let request = request.bearer_auth(&self.operator).header("Kontor-Channel", channel);
        let request = request.body(table.to_owned());
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
