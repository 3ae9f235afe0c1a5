//! People who look at the process table while orders come in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::task;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::Suite;

/// The first page of the table, once a viewer.
const ROWS: usize = 50;

/// So many pages of the table that are open. They close when this is dropped.
pub(super) struct Viewers {
    pages: Vec<JoinHandle<()>>,
    bytes: Arc<AtomicU64>,
}

impl Viewers {
    /// Opens the pages, and waits until each is followed.
    pub(super) async fn open(suite: &Suite, many: usize) -> anyhow::Result<Self> {
        let gateway = suite.gateway().context("the gateway listens nowhere")?;
        let key = suite.operator().context("there is no operator")?;
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build()?;
        let orders: Value = http
            .get(format!("{gateway}/v1/orders?limit={ROWS}"))
            .bearer_auth(key)
            .send()
            .await?
            .json()
            .await?;
        let orders = orders["orders"].as_array().context("there are no orders to look at")?;
        let shown = |it: &Value| Some(format!("{}.{}", it["order"].as_str()?, it["version"]));
        let shown: Vec<String> = orders.iter().filter_map(shown).collect();
        ensure!(!shown.is_empty(), "an order has neither name nor version");
        let url = format!("{gateway}/console/live?also=yes&watch={}", shown.join(","));
        let mut viewers = Self { pages: vec![], bytes: Arc::default() };
        for _ in 0..many {
            let mut page = http.get(&url).bearer_auth(key).send().await?.error_for_status()?;
            let bytes = viewers.bytes.clone();
            viewers.pages.push(task::spawn("bench: viewer", async move {
                while let Ok(Some(chunk)) = page.chunk().await {
                    bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                }
            }));
        }
        Ok(viewers)
    }

    /// How many bytes all of them were sent so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Viewers {
    fn drop(&mut self) {
        self.pages.iter().for_each(JoinHandle::abort);
    }
}
