//! How much waits on each work list, for the navigation of every page. However many pages are open,
//! it is counted once in a while; nobody looks, nobody counts.

use axum::Json;
use axum::extract::State;
use chassis::clock;
use contracts::Timestamp;
use jiff::SignedDuration;
use serde::Serialize;
use tokio::sync::Mutex;

use super::{parked, table};
use crate::access::{May, act};
use crate::http::Api;
use crate::http::problem::Problem;
use crate::store;

/// For so long what was counted is good enough.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(4);

/// How much waits on each list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Counted {
    holds: i64,
    shorts: i64,
    reviews: i64,
    /// Missing if a service did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    parked: Option<usize>,
}

/// What was counted last, and when.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<Option<(Timestamp, Counted)>>);

impl Counts {
    /// Has it counted anew the next time.
    pub(super) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

pub(super) async fn show(
    State(api): State<Api>,
    _: May<act::ReadWork>,
) -> Result<Json<Counted>, Problem> {
    let now = clock::now();
    // Held while it is counted: who comes meanwhile gets the same.
    let mut kept = api.live.counts.0.lock().await;
    let counted = match *kept {
        Some((at, counted)) if now.duration_since(at) < GOOD_FOR => counted,
        _ => count(&api, now).await?,
    };
    if kept.is_none_or(|it| it.1 != counted || now.duration_since(it.0) >= GOOD_FOR) {
        *kept = Some((now, counted));
    }
    Ok(Json(counted))
}

async fn count(api: &Api, now: Timestamp) -> Result<Counted, Problem> {
    let store::Waiting { holds, shorts, reviews } =
        store::waiting(&api.db, &table::open_names(), now).await?;
    let parked = parked::ask_all(api).await;
    let parked = parked.silent.is_empty().then_some(parked.inputs.len());
    Ok(Counted { holds, shorts, reviews, parked })
}
