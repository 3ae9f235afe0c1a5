//! Rows, as clients are shown them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;

use super::{some_time, time};
use crate::order::{AsOf, EntryView, LineView, OrderDetail, OrderView, status_named};
use crate::summary::Summary;
use crate::views::{colour, is_late, stage};

pub(super) fn detail(row: &PgRow) -> sqlx::Result<OrderDetail> {
    let Json(lines): Json<Vec<LineView>> = row.try_get("lines")?;
    let heard: Option<Json<BTreeMap<String, i64>>> = row.try_get("heard")?;
    let as_of = AsOf {
        partition: row.try_get("partition")?,
        heard: heard.map(|it| it.0).unwrap_or_default(),
        at: some_time(row, "at")?,
    };
    Ok(OrderDetail { order: order(row)?, lines, as_of })
}

pub(super) fn order(row: &PgRow) -> sqlx::Result<OrderView> {
    let status: String = row.try_get("status")?;
    let (is, urgent) = (status_named(&status), row.try_get("urgent")?);
    let (status_at, changed_at) = (time(row, "status_at")?, time(row, "changed_at")?);
    // The house's own time, as far as it was heard: no clock is asked.
    let now = some_time(row, "at")?.unwrap_or(changed_at);
    let Json(summary): Json<Summary> = row.try_get("summary")?;
    let due = summary.sourcing.as_ref().and_then(|it| it.estimate);
    let is_late = is_late(is, due, now);
    Ok(OrderView {
        order: row.try_get("order_id")?,
        order_no: row.try_get("order_no")?,
        channel: row.try_get("channel")?,
        external_id: row.try_get("external_id")?,
        customer: row.try_get("customer")?,
        tier: row.try_get("tier")?,
        kind: row.try_get("kind")?,
        urgent,
        terms: row.try_get("terms")?,
        status,
        status_number: row.try_get("status_number")?,
        status_at,
        reason: row.try_get("reason")?,
        colour: colour(is, urgent, status_at, is_late, now),
        is_late,
        stage: stage(is),
        currency: row.try_get("currency")?,
        net: row.try_get("net_cents")?,
        tax: row.try_get("tax_cents")?,
        freight: row.try_get("freight_cents")?,
        total: row.try_get("total_cents")?,
        priority: row.try_get("priority")?,
        entered_by: row.try_get("entered_by")?,
        placed_at: time(row, "placed_at")?,
        confirmed_at: some_time(row, "confirmed_at")?,
        released_at: some_time(row, "released_at")?,
        shipped_at: some_time(row, "shipped_at")?,
        delivered_at: some_time(row, "delivered_at")?,
        completed_at: some_time(row, "completed_at")?,
        changed_at,
        version: row.try_get("version")?,
        summary,
    })
}

/// An entry as it is kept: `timeline::Kept`, read.
#[derive(Deserialize)]
pub(super) struct EntryKept {
    at: contracts::Timestamp,
    service: String,
    what: String,
    who: String,
    #[serde(default)]
    why: String,
    data: Value,
}

/// The entries of a row, whose last has this number.
pub(super) fn numbered(last: i64, part: Vec<EntryKept>) -> impl Iterator<Item = EntryView> {
    let before = last - i64::try_from(part.len()).unwrap_or_default();
    (before + 1..).zip(part).map(|(number, it)| EntryView {
        number,
        at: it.at,
        service: it.service,
        what: it.what,
        who: it.who,
        why: it.why,
        data: it.data,
    })
}
