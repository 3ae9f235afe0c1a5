//! Orders: how each stands, what was placed, and who gets it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use contracts::intake::LineBuckets;
use contracts::{
    Cents, ChannelId, Consignee, Currency, CustomerId, ExternalId, OrderId, Place, Status, Terms,
    Uuid,
};
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::books::{Books, Known};
use crate::carrying::Carried;
use crate::order::{Course, Facts, Order};
use crate::store::catalogue::language;
use crate::vault::Entry;

const LOAD_ORDERS: &str = "
    select order_id, order_no, channel, external_id, customer, terms, currency, total_cents,
           process, shown, number, course
      from sales_order
     where order_id = any($1::uuid[])";

const LOAD_ENTRIES: &str = "
    select order_id, consignee, place, email, language
      from vault
     where order_id = any($1::uuid[])";

const LOAD_KNOWN: &str = "
    select order_id, order_no, external_id, shown
      from sales_order
     where order_id = any($1::uuid[])";

const INSERT_ORDERS: &str = "
    insert into sales_order (order_id, order_no, channel, external_id, customer, terms, currency,
                             total_cents, process, shown, number, course)
    select order_id, order_no, channel, external_id, customer, terms, currency, total_cents, process,
           shown, number, course::json
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                  $7::text[], $8::bigint[], $9::text[], $10::text[], $11::bigint[], $12::text[])
        as new (order_id, order_no, channel, external_id, customer, terms, currency, total_cents,
                process, shown, number, course)";

const INSERT_PLACEMENTS: &str = "
    insert into placement (order_id, channel, external_id, digest, placed_at, lines)
    select order_id, channel, external_id, digest, placed_at, lines::json
      from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::text[])
        as new (order_id, channel, external_id, digest, placed_at, lines)";

const INSERT_ENTRIES: &str = "
    insert into vault (order_id, consignee, place, email, language)
    select order_id, consignee::json, place::json, email, language
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
        as new (order_id, consignee, place, email, language)";

const UPDATE_ORDERS: &str = "
    update sales_order
       set process = new.process, shown = new.shown, number = new.number,
           course = new.course::json
      from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[])
        as new (order_id, process, shown, number, course)
     where sales_order.order_id = new.order_id";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    LOAD_ORDERS,
    LOAD_ENTRIES,
    LOAD_KNOWN,
    INSERT_ORDERS,
    INSERT_PLACEMENTS,
    INSERT_ENTRIES,
    UPDATE_ORDERS,
];

type OrderRow =
    (Uuid, String, String, String, String, String, String, i64, String, String, i64, Json<Course>);

type EntryRow = (Uuid, Json<Consignee>, Json<Place>, Option<String>, String);

/// How the orders stand.
pub(super) async fn load(
    db: &mut PgConnection,
    orders: &BTreeSet<OrderId>,
) -> anyhow::Result<BTreeMap<OrderId, Order>> {
    if orders.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Uuid> = orders.iter().map(|it| it.0).collect();
    let rows: Vec<OrderRow> = sqlx::query_as(LOAD_ORDERS).bind(ids).fetch_all(db).await?;
    rows.into_iter().map(order).collect()
}

/// What is told of orders of any partition.
pub(super) async fn load_known(
    db: &mut PgConnection,
    orders: &[OrderId],
) -> anyhow::Result<BTreeMap<OrderId, Known>> {
    if orders.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Uuid> = orders.iter().map(|it| it.0).collect();
    let rows: Vec<(Uuid, String, String, String)> =
        sqlx::query_as(LOAD_KNOWN).bind(ids).fetch_all(db).await?;
    let known = |(order, order_no, external_id, shown): (Uuid, String, String, String)| {
        let (external_id, status) = (ExternalId::new(external_id)?, status(&shown)?);
        Ok((OrderId(order), Known { order_no, external_id, status }))
    };
    rows.into_iter().map(known).collect()
}

/// Who gets the orders.
pub(super) async fn load_entries(
    db: &mut PgConnection,
    orders: &[OrderId],
) -> anyhow::Result<BTreeMap<OrderId, Entry>> {
    if orders.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Uuid> = orders.iter().map(|it| it.0).collect();
    let rows: Vec<EntryRow> = sqlx::query_as(LOAD_ENTRIES).bind(ids).fetch_all(db).await?;
    let read = |(order, Json(consignee), Json(place), email, tag): EntryRow| {
        let language = language(&tag)?;
        Ok((OrderId(order), Entry { consignee, place, email, language }))
    };
    rows.into_iter().map(read).collect()
}

/// Who gets the order.
pub(crate) async fn entry(db: &mut PgConnection, order: OrderId) -> anyhow::Result<Option<Entry>> {
    Ok(load_entries(db, &[order]).await?.remove(&order))
}

/// Where the order's units are, line by line; nothing, if it is not led here.
pub(crate) async fn units(
    db: &mut PgConnection,
    order: OrderId,
) -> anyhow::Result<Vec<LineBuckets>> {
    let found = load(db, &BTreeSet::from([order])).await?.remove(&order);
    let lines = found.map(|it| it.course.lines).unwrap_or_default();
    Ok((1..).zip(lines).map(|(line, buckets)| LineBuckets { line, buckets }).collect())
}

/// Writes what the batch placed.
pub(super) async fn insert(db: &mut PgConnection, books: &Books) -> anyhow::Result<()> {
    let placed = &books.placed;
    if placed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = placed.iter().map(|it| it.order.0).collect();
    let orders: Vec<&Order> = placed.iter().filter_map(|it| books.orders.get(&it.order)).collect();
    let (channels, external_ids): (Vec<&str>, Vec<&str>) =
        orders.iter().map(|it| (it.facts.channel.as_str(), it.facts.external_id.as_str())).unzip();
    sqlx::query(INSERT_ORDERS)
        .bind(&ids)
        .bind(orders.iter().map(|it| it.facts.order_no.as_str()).collect::<Vec<_>>())
        .bind(&channels)
        .bind(&external_ids)
        .bind(orders.iter().map(|it| it.facts.customer.as_str()).collect::<Vec<_>>())
        .bind(orders.iter().map(|it| terms_name(it.facts.terms)).collect::<Vec<_>>())
        .bind(orders.iter().map(|it| it.facts.currency.code()).collect::<Vec<_>>())
        .bind(orders.iter().map(|it| it.facts.total.0).collect::<Vec<_>>())
        .bind(orders.iter().map(|it| it.process.name()).collect::<Vec<_>>())
        .bind(orders.iter().map(|it| it.shown.name()).collect::<Vec<_>>())
        .bind(orders.iter().map(|it| it.number).collect::<Vec<_>>())
        .bind(texts(orders.iter().map(|it| &it.course))?)
        .execute(&mut *db)
        .await?;
    sqlx::query(INSERT_PLACEMENTS)
        .bind(&ids)
        .bind(&channels)
        .bind(&external_ids)
        .bind(placed.iter().map(|it| it.digest.as_slice()).collect::<Vec<&[u8]>>())
        .bind(placed.iter().map(|it| it.placed_at.to_sqlx()).collect::<Vec<_>>())
        .bind(texts(placed.iter().map(|it| &it.lines))?)
        .execute(&mut *db)
        .await?;
    let entries: Vec<&Entry> = placed.iter().filter_map(|it| books.vault.get(&it.order)).collect();
    sqlx::query(INSERT_ENTRIES)
        .bind(&ids)
        .bind(texts(entries.iter().map(|it| &it.consignee))?)
        .bind(texts(entries.iter().map(|it| &it.place))?)
        .bind(entries.iter().map(|it| it.email.as_deref()).collect::<Vec<_>>())
        .bind(entries.iter().map(|it| it.language.tag()).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Writes what the batch took over: its name, and in the place of its lines what was told of it.
pub(super) async fn insert_carried(
    db: &mut PgConnection,
    carried: &[Carried],
) -> anyhow::Result<()> {
    if carried.is_empty() {
        return Ok(());
    }
    let all = || carried.iter().map(|it| &it.event);
    sqlx::query(INSERT_PLACEMENTS)
        .bind(all().map(|it| it.order.0).collect::<Vec<_>>())
        .bind(all().map(|it| it.channel.as_str()).collect::<Vec<_>>())
        .bind(all().map(|it| it.external_id.as_str()).collect::<Vec<_>>())
        .bind(carried.iter().map(|it| it.digest.as_slice()).collect::<Vec<&[u8]>>())
        .bind(all().map(|it| it.at.to_sqlx()).collect::<Vec<_>>())
        .bind(texts(carried.iter().map(|it| [&it.event.carried]))?)
        .execute(db)
        .await?;
    Ok(())
}

/// Writes how orders stand that were there before.
pub(super) async fn update(db: &mut PgConnection, changed: &[&Order]) -> anyhow::Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query(UPDATE_ORDERS)
        .bind(changed.iter().map(|it| it.facts.order.0).collect::<Vec<_>>())
        .bind(changed.iter().map(|it| it.process.name()).collect::<Vec<_>>())
        .bind(changed.iter().map(|it| it.shown.name()).collect::<Vec<_>>())
        .bind(changed.iter().map(|it| it.number).collect::<Vec<_>>())
        .bind(texts(changed.iter().map(|it| &it.course))?)
        .execute(db)
        .await?;
    Ok(())
}

/// Each as it is written down. What is bound to one statement is always of one type: a connection
/// prepares it once.
fn texts(all: impl Iterator<Item = impl Serialize>) -> serde_json::Result<Vec<String>> {
    all.map(|it| serde_json::to_string(&it)).collect()
}

fn order(row: OrderRow) -> anyhow::Result<(OrderId, Order)> {
    let (id, order_no, channel, external_id, customer, terms, currency, total, ..) = row;
    let (.., process, shown, number, Json(course)) = row;
    let facts = Facts {
        order: OrderId(id),
        order_no,
        channel: ChannelId::new(channel)?,
        external_id: ExternalId::new(external_id)?,
        customer: CustomerId::new(customer)?,
        terms: terms_named(&terms)?,
        currency: Currency::new(&currency)?,
        total: Cents(total),
    };
    let (process, shown) = (status(&process)?, status(&shown)?);
    Ok((OrderId(id), Order { facts, process, shown, number, course }))
}

fn status(name: &str) -> anyhow::Result<Status> {
    Status::named(name).with_context(|| format!("no order is {name}"))
}

fn terms_name(terms: Terms) -> &'static str {
    match terms {
        Terms::Prepaid => "prepaid",
        Terms::OnAccount => "on_account",
    }
}

fn terms_named(name: &str) -> anyhow::Result<Terms> {
    match name {
        "prepaid" => Ok(Terms::Prepaid),
        "on_account" => Ok(Terms::OnAccount),
        other => anyhow::bail!("nobody pays {other}"),
    }
}
