//! Writing what changed, with all that the schema checks.

use std::fmt::Debug;

use contracts::OrderId;

use super::{Change, RefusedRow, Row, Tables};
use crate::books::Books;
use crate::dispatch::{Course, Dispatch, Kept};
use crate::parcel::Parcel;
use crate::shipment::Shipment;
use crate::store::{changed_dispatches, changed_shipments, picks};

pub(super) fn keep(tables: &mut Tables, change: Change) {
    let Change { opened, books, told } = change;
    tables.last.clear();
    for key in opened {
        tables.parcels.entry(key).or_default();
    }
    save_dispatches(tables, &books);
    for (order, pick, it) in changed_shipments(&books) {
        save_shipment(tables, order, pick, it);
        tables.last.insert(order);
    }
    for (key, it) in books.parcels.iter().filter(|(_, it)| it.changed) {
        if let Some(row) = tables.parcels.get_mut(key) {
            *row = Parcel { changed: false, ..it.clone() };
        }
    }
    for it in told {
        tables.last.insert(it.order);
        super::told::enter(tables, it);
    }
    for (key, it) in books.refused {
        check(it.times > 0, "refused_report_times_check", &it);
        let new = RefusedRow { times: 0, first_at: it.at, last_at: it.at, body: String::new() };
        let row = tables.refused.entry(key).or_insert(new);
        row.times += it.times;
        (row.last_at, row.body) = (it.at, it.body);
    }
}

/// What the schema forbids is a fault of whoever decided it.
fn check(holds: bool, constraint: &str, row: &dyn Debug) {
    assert!(holds, "the schema forbids it ({constraint}): {row:?}");
}

fn save_dispatches(tables: &mut Tables, books: &Books) {
    let (new, changed) = changed_dispatches(books);
    for it in new {
        // A row that is there already stays as it is.
        tables.dispatches.entry(it.order).or_insert_with(|| row(it));
        tables.last.insert(it.order);
    }
    for it in changed {
        let Some(before) = tables.dispatches.get_mut(&it.order) else { continue };
        let placed = before.dispatch.placed.clone(); // Written once.
        *before = row(it);
        before.dispatch.placed = placed;
        tables.last.insert(it.order);
    }
}

fn row(it: &Dispatch) -> Row {
    let forgotten = it.course != Course::Ended || it.recipient.is_none();
    check(forgotten, "dispatch_check", &it.order);
    let picks = picks(it);
    check(picks >= 0, "dispatch_picks_check", &it.order);
    let dispatch = Dispatch {
        order: it.order,
        placed: it.placed.clone(),
        course: it.course,
        standing: it.standing.clone(),
        recipient: it.recipient.clone(),
        shipments: std::collections::BTreeMap::new(),
        kept: Kept::Same,
    };
    Row { dispatch, picks }
}

fn save_shipment(tables: &mut Tables, order: OrderId, pick: i32, it: &Shipment) {
    check(pick > 0, "shipment_pick_check", &(order, pick));
    let rows = tables.shipments.entry(order).or_default();
    let row = rows.entry(pick).or_insert_with(|| it.clone());
    if row.state != it.state && !it.state.is_past(row.state) {
        let (from, to) = (row.state.name(), it.state.name());
        tables.faults.push(format!("{order}/{pick} went from {from} to {to}"));
    }
    let warehouse = row.warehouse.clone(); // Written once.
    *row = Shipment { warehouse, changed: false, ..it.clone() };
}
