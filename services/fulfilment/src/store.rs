//! Where the books are kept between batches.

mod parcel;
mod refused;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chassis::Batch;
use contracts::fulfilment::{ShipmentView, WarehouseReport};
use contracts::{CarrierId, OrderId, TrackingNo, WarehouseId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Inbound;
use crate::books::{Books, ParcelKey, parcel_of};
use crate::dispatch::{Course, Dispatch, Kept};
use crate::report::body;
use crate::shipment::{Shipment, State};

pub(crate) use refused::refused_of;

const LOAD_DISPATCHES: &str = "
    select order_id, placed, course, picks, standing, consignee
      from dispatch
     where order_id = any($1::uuid[])";

const LOAD_SHIPMENTS: &str = "
    select order_id, pick, warehouse, state, units, carrier, tracking_no
      from shipment
     where order_id = any($1::uuid[])";

const ADD_DISPATCHES: &str = "
    insert into dispatch (order_id, placed, course, picks, standing, consignee)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[])
        on conflict do nothing";

const SAVE_DISPATCHES: &str = "
    update dispatch
       set course = new.course, picks = new.picks, standing = new.standing,
           consignee = new.consignee
      from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[])
        as new (order_id, course, picks, standing, consignee)
     where dispatch.order_id = new.order_id";

const SAVE_SHIPMENTS: &str = "
    insert into shipment (order_id, pick, warehouse, state, units, carrier, tracking_no)
    select * from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::text[])
        on conflict (order_id, pick) do update
       set state = excluded.state, units = excluded.units, carrier = excluded.carrier,
           tracking_no = excluded.tracking_no";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    LOAD_DISPATCHES,
    LOAD_SHIPMENTS,
    ADD_DISPATCHES,
    SAVE_DISPATCHES,
    SAVE_SHIPMENTS,
    parcel::OPEN,
    parcel::LOAD,
    parcel::SAVE,
    refused::COUNT,
    refused::LOAD,
];

type DispatchRow = (Uuid, String, String, i32, String, Option<String>);
type ShipmentRow = (Uuid, i32, String, String, String, Option<String>, Option<String>);
// ---- Load --------------------------------------------------------------------------------------

/// Reads what the batch touches. Orders and their shipments belong to this partition alone; parcels
/// are shared, so they are locked, and after the own rows.
pub(crate) async fn load(db: &mut PgConnection, batch: &Batch<Inbound>) -> anyhow::Result<Books> {
    let (orders, parcels) = wanted(batch);
    let mut books = Books::default();
    if !orders.is_empty() {
        books.orders = load_orders(db, orders.into_iter().map(Uuid::from).collect()).await?;
    }
    if !parcels.is_empty() {
        books.parcels = parcel::load(db, parcels).await?;
    }
    Ok(books)
}

async fn load_orders(
    db: &mut PgConnection,
    ids: Vec<Uuid>,
) -> anyhow::Result<BTreeMap<OrderId, Dispatch>> {
    let rows: Vec<DispatchRow> =
        sqlx::query_as(LOAD_DISPATCHES).bind(ids).fetch_all(&mut *db).await?;
    let released: Vec<Uuid> = rows.iter().filter(|it| it.3 > 0).map(|it| it.0).collect();
    let orders: anyhow::Result<BTreeMap<OrderId, Dispatch>> =
        rows.into_iter().map(|row| Ok((OrderId(row.0), read_dispatch(row)?))).collect();
    let mut orders = orders?;
    if !released.is_empty() {
        let rows: Vec<ShipmentRow> =
            sqlx::query_as(LOAD_SHIPMENTS).bind(released).fetch_all(&mut *db).await?;
        for row in rows {
            let (order, pick) = (OrderId(row.0), row.1);
            let shipment = read_shipment(row)?;
            orders.get_mut(&order).map(|it| it.shipments.insert(pick, shipment));
        }
    }
    Ok(orders)
}

fn read_dispatch(row: DispatchRow) -> anyhow::Result<Dispatch> {
    let (order, placed, course, _, standing, consignee) = row;
    Ok(Dispatch {
        order: OrderId(order),
        placed: json(&placed)?,
        course: Course::named(&course).context("a course that the schema forbids")?,
        standing: json(&standing)?,
        recipient: consignee.map(|it| json(&it)).transpose()?,
        shipments: BTreeMap::new(),
        kept: Kept::Same,
    })
}

fn read_shipment(row: ShipmentRow) -> anyhow::Result<Shipment> {
    let (_, _, warehouse, state, units, carrier, tracking_no) = row;
    Ok(Shipment {
        warehouse: WarehouseId::new(warehouse)?,
        state: State::named(&state).context("a state that the schema forbids")?,
        units: json(&units)?,
        carrier: carrier.map(CarrierId::new).transpose()?,
        tracking_no: tracking_no.map(TrackingNo::new).transpose()?,
        changed: false,
    })
}

fn json<T: DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    serde_json::from_str(text).with_context(|| format!("{text} was written by us"))
}

/// The orders and the parcels that a batch is about.
pub(crate) fn wanted(batch: &Batch<Inbound>) -> (BTreeSet<OrderId>, BTreeSet<ParcelKey>) {
    let orders = batch.messages().filter_map(order).collect();
    (orders, batch.messages().filter_map(parcel_named).collect())
}

/// Which order a message is about.
fn order(message: &Inbound) -> Option<OrderId> {
    Some(match message {
        Inbound::OrderPlaced(it) => it.order,
        Inbound::ConsigneeNamed(it) => it.order,
        Inbound::OrderConfirmed(it) => it.order,
        Inbound::CancellationRequested(it) => it.order,
        Inbound::OrderCancelled(it) => it.order,
        Inbound::OrderExpired(it) => it.order,
        Inbound::SourcingPlanned(it) => it.order,
        Inbound::SourcingFailed(it) => it.order,
        Inbound::StockClaimed(it) => it.order,
        Inbound::BackorderFilled(it) => it.order,
        Inbound::ClaimsPromoted(it) => it.order,
        Inbound::ClaimsWithdrawn(it) => it.order,
        Inbound::LeaseExpired(it) => it.order,
        Inbound::PromotionRefused(it) => it.order,
        Inbound::WarehouseReported(it) => it.order,
        Inbound::ParcelNoted(it) => it.order,
        Inbound::CarrierReported(_) => return None, // The parcel knows, and another worker.
    })
}

/// Which parcel a message names.
fn parcel_named(message: &Inbound) -> Option<ParcelKey> {
    match message {
        Inbound::CarrierReported(it) => Some((it.carrier.clone(), it.tracking_no.clone())),
        Inbound::WarehouseReported(it) => parcel_of(&body::<WarehouseReport>(&it.body)?),
        Inbound::OrderPlaced(_)
        | Inbound::ConsigneeNamed(_)
        | Inbound::OrderConfirmed(_)
        | Inbound::CancellationRequested(_)
        | Inbound::OrderCancelled(_)
        | Inbound::OrderExpired(_)
        | Inbound::SourcingPlanned(_)
        | Inbound::SourcingFailed(_)
        | Inbound::StockClaimed(_)
        | Inbound::BackorderFilled(_)
        | Inbound::ClaimsPromoted(_)
        | Inbound::ClaimsWithdrawn(_)
        | Inbound::LeaseExpired(_)
        | Inbound::PromotionRefused(_)
        | Inbound::ParcelNoted(_) => None,
    }
}

// ---- Save --------------------------------------------------------------------------------------

/// Writes what changed.
pub(crate) async fn save(db: &mut PgConnection, books: &Books) -> anyhow::Result<()> {
    let (new, changed) = changed_dispatches(books);
    if !new.is_empty() {
        add_dispatches(db, &new).await?;
    }
    if !changed.is_empty() {
        save_dispatches(db, &changed).await?;
    }
    save_shipments(db, books).await?;
    parcel::save(db, &books.parcels).await?;
    refused::count(db, &books.refused).await
}

async fn add_dispatches(db: &mut PgConnection, new: &[&Dispatch]) -> anyhow::Result<()> {
    sqlx::query(ADD_DISPATCHES)
        .bind(new.iter().map(|it| it.order.0).collect::<Vec<Uuid>>())
        .bind(texts(new.iter().map(|it| &it.placed))?)
        .bind(new.iter().map(|it| it.course.name()).collect::<Vec<&str>>())
        .bind(new.iter().map(|it| picks(it)).collect::<Vec<i32>>())
        .bind(texts(new.iter().map(|it| &it.standing))?)
        .bind(consignees(new)?)
        .execute(db)
        .await?;
    Ok(())
}

async fn save_dispatches(db: &mut PgConnection, changed: &[&Dispatch]) -> anyhow::Result<()> {
    sqlx::query(SAVE_DISPATCHES)
        .bind(changed.iter().map(|it| it.order.0).collect::<Vec<Uuid>>())
        .bind(changed.iter().map(|it| it.course.name()).collect::<Vec<&str>>())
        .bind(changed.iter().map(|it| picks(it)).collect::<Vec<i32>>())
        .bind(texts(changed.iter().map(|it| &it.standing))?)
        .bind(consignees(changed)?)
        .execute(db)
        .await?;
    Ok(())
}

async fn save_shipments(db: &mut PgConnection, books: &Books) -> anyhow::Result<()> {
    let changed = changed_shipments(books);
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_SHIPMENTS)
        .bind(changed.iter().map(|it| it.0.0).collect::<Vec<Uuid>>())
        .bind(changed.iter().map(|it| it.1).collect::<Vec<i32>>())
        .bind(changed.iter().map(|it| it.2.warehouse.as_str()).collect::<Vec<&str>>())
        .bind(changed.iter().map(|it| it.2.state.name()).collect::<Vec<&str>>())
        .bind(texts(changed.iter().map(|it| &it.2.units))?)
        .bind(changed.iter().map(|it| carrier(it.2)).collect::<Vec<Option<&str>>>())
        .bind(changed.iter().map(|it| tracking_no(it.2)).collect::<Vec<Option<&str>>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Orders that need a row, and those whose row changed.
pub(crate) fn changed_dispatches(books: &Books) -> (Vec<&Dispatch>, Vec<&Dispatch>) {
    let changed = books.orders.values().filter(|it| it.kept != Kept::Same);
    changed.partition(|it| it.kept == Kept::New)
}

/// Shipments that are new or changed, by order and pick.
pub(crate) fn changed_shipments(books: &Books) -> Vec<(OrderId, i32, &Shipment)> {
    let all = books
        .orders
        .values()
        .flat_map(|order| order.shipments.iter().map(|(pick, it)| (order.order, *pick, it)));
    all.filter(|(_, _, it)| it.changed).collect()
}

/// How many picks an order has.
pub(crate) fn picks(it: &Dispatch) -> i32 {
    it.shipments.last_key_value().map_or(0, |(last, _)| *last)
}

fn consignees(all: &[&Dispatch]) -> serde_json::Result<Vec<Option<String>>> {
    all.iter().map(|it| it.recipient.as_ref().map(serde_json::to_string).transpose()).collect()
}

fn carrier(it: &Shipment) -> Option<&str> {
    it.carrier.as_ref().map(CarrierId::as_str)
}

fn tracking_no(it: &Shipment) -> Option<&str> {
    it.tracking_no.as_ref().map(TrackingNo::as_str)
}

fn texts<'a, T: Serialize + 'a>(
    all: impl Iterator<Item = &'a T>,
) -> serde_json::Result<Vec<String>> {
    all.map(serde_json::to_string).collect()
}

// ---- Answers -----------------------------------------------------------------------------------

/// How the order's shipments stand, by their picks.
pub(crate) async fn shipments_of(
    db: &mut PgConnection,
    order: OrderId,
) -> anyhow::Result<Vec<ShipmentView>> {
    let orders = load_orders(db, vec![order.0]).await?;
    let views =
        orders.values().flat_map(|it| it.shipments.iter().map(|(pick, sent)| it.view(*pick, sent)));
    Ok(views.collect())
}
