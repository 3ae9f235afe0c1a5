//! The rows as Postgres shows them.

use std::collections::BTreeMap;

use contracts::credit::Exposure;
use serde_json::{Value, json};

use super::{AccountRow, BookRow, Tables};
use crate::commitment::{Commitment, State};
use crate::store;

pub(super) fn all(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
    let accounts = tables.accounts.iter().map(|(customer, it)| {
        let AccountRow { account, limit_by, blocked_by, blocked_because, changed_at } = it;
        let agreement = account.agreement.as_ref();
        json!({
            "customer_id": customer, "limit_cents": agreement.map(|it| it.limit),
            "currency": agreement.map(|it| it.currency),
            "limit_until": agreement.and_then(|it| it.until),
            "payment_days": agreement.map(|it| it.payment_days), "limit_by": limit_by,
            "blocked": account.blocked, "blocked_by": blocked_by,
            "blocked_because": blocked_because, "changed_at": changed_at,
        })
    });
    let books = tables
        .books
        .iter()
        .flat_map(|(customer, books)| books.iter().map(move |it| (customer, it)));
    let books = books.map(|(customer, (currency, it))| {
        let BookRow { book, figured_on, changed_at } = it;
        let figures = &book.figures;
        let row = json!({
            "customer_id": customer, "currency": currency, "figured_on": figured_on,
            "due_cents": figures.due, "settled_cents": figures.paid, "year_cents": figures.year,
            "overdue_cents": figures.overdue, "brought_cents": figures.brought,
            "changed_at": changed_at,
        });
        with(row, &book.exposure)
    });
    let entries = tables.entries.values().flatten().map(|(_, it)| {
        let row = json!({
            "order_id": it.order, "kind": it.kind.name(), "cause": it.cause, "at": it.at,
            "remark": it.remark,
        });
        with(row, &it.change)
    });
    let items = tables.items.iter().map(|(id, it)| {
        json!({
            "item_id": id, "customer_id": it.customer, "currency": it.currency,
            "brought": it.brought, "due_on": it.due, "amount_cents": it.amount,
            "paid_cents": it.paid, "paid_on": it.paid_on, "that_day_cents": it.that_day,
        })
    });
    let decisions = tables.decisions.iter();
    let decisions = decisions
        .map(|(order, it)| json!({ "order_id": order, "decided_at": it.at, "body": it.body }));
    [
        ("account", accounts.collect()),
        ("book", books.collect()),
        (
            "commitment",
            tables.commitments.iter().map(|it| commitment(&json!(it.0), it.1)).collect(),
        ),
        ("entry", entries.collect()),
        ("item", items.collect()),
        ("decision", decisions.collect()),
    ]
    .into()
}

fn commitment(order: &Value, it: &Commitment) -> Value {
    let held = match &it.state {
        State::Held { tier, entered_by } => Some((tier, entered_by)),
        State::Approved | State::Refused | State::Ended => None,
    };
    let row = json!({
        "order_id": order, "customer_id": it.customer, "currency": it.currency,
        "state": it.state.name(), "tier": held.map(|it| it.0), "entered_by": held.map(|it| it.1),
        "amount_cents": it.amount, "freight_cents": it.freight,
        "lines": store::lines(it).unwrap_or_default(),
    });
    with(row, &it.stages)
}

/// A row with the five stages, a column each.
fn with(mut row: Value, stages: &Exposure) -> Value {
    row["pending_cents"] = json!(stages.pending);
    row["authorised_cents"] = json!(stages.authorised);
    row["delivered_cents"] = json!(stages.delivered_unbilled);
    row["billed_cents"] = json!(stages.billed_open);
    row["prepaid_cents"] = json!(stages.prepaid);
    row
}
