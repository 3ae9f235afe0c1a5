//! Reading what a batch touches.

use std::collections::BTreeSet;

use anyhow::Context;
use chassis::Batch;
use contracts::{OrderId, Sku, WarehouseId};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;
use uuid::Uuid;

use super::wanted::{LEVELS_AT_ONCE, WAITING_AT_ONCE, Wanted, mark_more};
use super::{columns, ids};
use crate::Inbound;
use crate::books::{Backorder, Books, Claim, Demand, Document, Figures, Level, Shelf, Standing};

const LOAD_DEMANDS: &str = "
    select order_id, attempt, round, standing, token, lease_until, arrived_at, skus
      from demand
     where order_id = any($1::uuid[])";

const LOAD_POSTED: &str = "
    select distinct cause, rule
      from stock_move
     where cause = any($1::uuid[])";

const LOAD_DOCUMENTS: &str = "
    select sku, warehouse_id, kind, document, good, reserved, allocated
      from document
      join unnest($1::text[], $2::text[], $3::text[], $4::text[])
        as asked (sku, warehouse_id, kind, document) using (sku, warehouse_id, kind, document)";

const LOAD_UNTOLD: &str = "
    select distinct sku from stock_level where untold = $1 limit $2";

// A row that is not there cannot be locked, and two partitions may meet a new item at once. Most are
// there, and an insert that comes to nothing costs as much as one that does not.
const OPEN_ITEMS: &str = r#"
    insert into item (sku)
    select sku
      from unnest($1::text[]) as new (sku)
     where not exists (select from item where item.sku = new.sku)
     order by sku collate "C"
        on conflict do nothing"#;

const LATCH_ITEMS: &str = "
    select sku, number, backordered, (select due from level_timer where partition = $2)
      from item
     where sku = any($1::text[])
     order by sku   -- everyone locks in the same order, so nobody deadlocks
       for update";

const LOAD_LEVELS: &str = "
    select sku, warehouse_id, good, quarantine, damaged, reserved, allocated, protected,
           ledger_pos, untold
      from stock_level
     where sku = any($1::text[])";

// Those of the batch's own orders, and the first who may be served from each of the shelves.
const LOAD_BACKORDERS: &str = "
    select order_id, sku, line, quantity, eligible, rank, lease_until
      from backorder
     where order_id = any($1::uuid[])
     union all
    select first.*
      from unnest($2::text[], $3::text[]) as shelf (sku, warehouse_id)
     cross join lateral (
               select order_id, sku, line, quantity, eligible, rank, lease_until
                 from backorder
                where backorder.sku = shelf.sku
                  and shelf.warehouse_id = any(backorder.eligible)
                  and (lease_until is null or lease_until > $4)
                order by rank, order_id, line
                limit $5
           ) as first";

// Those of the orders, and all on the shelves that are counted.
const LOAD_CLAIMS: &str = "
    select order_id, sku, line, warehouse_id, soft, firm, lapsed, fresh, taken, rank
      from claim
     where order_id = any($1::uuid[])
     union all
    select order_id, sku, line, warehouse_id, soft, firm, lapsed, fresh, taken, rank
      from claim
      join unnest($2::text[], $3::text[]) as shelf (sku, warehouse_id) using (sku, warehouse_id)";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    LOAD_DEMANDS,
    LOAD_POSTED,
    LOAD_DOCUMENTS,
    LOAD_UNTOLD,
    OPEN_ITEMS,
    LATCH_ITEMS,
    LOAD_LEVELS,
    LOAD_BACKORDERS,
    LOAD_CLAIMS,
];

/// Reads what the batch touches, under the latches of all items that it touches.
pub(crate) async fn load(db: &mut PgConnection, batch: &Batch<Inbound>) -> anyhow::Result<Books> {
    let wanted = Wanted::by(batch);
    let partition = batch.partition().number.cast_signed();
    let mut books = Books { partition, now: batch.now(), ..Books::default() };
    load_demands(db, &mut books, &wanted).await?;
    load_posted(db, &mut books, &wanted).await?;
    let mut skus = wanted.skus(&books);
    if wanted.levels {
        skus.extend(untold(db, &mut books).await?);
    }
    if skus.is_empty() {
        return Ok(books);
    }
    latch(db, &mut books, &wanted.new, &skus).await?;
    load_levels(db, &mut books).await?;
    load_documents(db, &mut books, &wanted).await?;
    load_backorders(db, &mut books, &wanted).await?;
    load_claims(db, &mut books, &wanted).await?;
    Ok(books)
}

type DemandRow = (Uuid, i32, i32, String, i64, Option<SqlTimestamp>, SqlTimestamp, Vec<String>);

async fn load_demands(
    db: &mut PgConnection,
    books: &mut Books,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    if wanted.orders.is_empty() {
        return Ok(());
    }
    let orders = ids(wanted.orders.iter().copied());
    let rows: Vec<DemandRow> = sqlx::query_as(LOAD_DEMANDS).bind(orders).fetch_all(db).await?;
    for (order, attempt, round, standing, token, lease_until, arrived_at, skus) in rows {
        let demand = Demand {
            attempt,
            round,
            standing: Standing::named(&standing)
                .with_context(|| format!("the schema forbids an order that is {standing}"))?,
            token,
            lease_until: lease_until.map(SqlTimestamp::to_jiff),
            arrived_at: arrived_at.to_jiff(),
            skus: skus.into_iter().map(Sku::new).collect::<Result<_, _>>()?,
            changed: false,
        };
        books.demands.insert(OrderId(order), demand);
    }
    Ok(())
}

async fn load_posted(
    db: &mut PgConnection,
    books: &mut Books,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    if wanted.shipments.is_empty() {
        return Ok(());
    }
    let shipments: Vec<Uuid> = wanted.shipments.iter().copied().collect();
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as(LOAD_POSTED).bind(shipments).fetch_all(db).await?;
    books.posted.extend(rows);
    Ok(())
}

/// Which items have levels that this partition is going to tell.
async fn untold(db: &mut PgConnection, books: &mut Books) -> anyhow::Result<Vec<Sku>> {
    let skus: Vec<String> = sqlx::query_scalar(LOAD_UNTOLD)
        .bind(books.partition)
        .bind(i64::try_from(LEVELS_AT_ONCE)?)
        .fetch_all(db)
        .await?;
    books.bell.more = skus.len() == LEVELS_AT_ONCE;
    Ok(skus.into_iter().map(Sku::new).collect::<Result<_, _>>()?)
}

/// Takes the latches, and with them all that is known of an item as such.
async fn latch(
    db: &mut PgConnection,
    books: &mut Books,
    new: &BTreeSet<Sku>,
    skus: &BTreeSet<Sku>,
) -> anyhow::Result<()> {
    let texts = |skus: &BTreeSet<Sku>| -> Vec<String> {
        skus.iter().map(|it| it.as_str().to_owned()).collect()
    };
    if !new.is_empty() {
        sqlx::query(OPEN_ITEMS).bind(texts(new)).execute(&mut *db).await?;
    }
    let rows: Vec<(String, i64, i64, Option<SqlTimestamp>)> =
        sqlx::query_as(LATCH_ITEMS).bind(texts(skus)).bind(books.partition).fetch_all(db).await?;
    for (sku, number, backordered, due) in rows {
        let item = books.items.entry(Sku::new(sku)?).or_default();
        (item.number, item.backordered) = (number, backordered);
        books.bell.due = due.map(SqlTimestamp::to_jiff);
    }
    Ok(())
}

type LevelRow = (String, String, i64, i64, i64, i64, i64, i64, i64, Option<i32>);

async fn load_levels(db: &mut PgConnection, books: &mut Books) -> anyhow::Result<()> {
    let skus: Vec<&str> = books.items.keys().map(Sku::as_str).collect();
    let rows: Vec<LevelRow> = sqlx::query_as(LOAD_LEVELS).bind(skus).fetch_all(db).await?;
    for (
        sku,
        warehouse,
        good,
        quarantine,
        damaged,
        reserved,
        allocated,
        protected,
        position,
        untold,
    ) in rows
    {
        let level = Level {
            good,
            quarantine,
            damaged,
            reserved,
            allocated,
            protected,
            position,
            untold,
            stored: true,
            changed: false,
        };
        let item = books.items.entry(Sku::new(sku)?).or_default();
        item.levels.insert(WarehouseId::new(warehouse)?, level);
    }
    Ok(())
}

type DocumentRow = (String, String, String, String, i64, i64, i64);

async fn load_documents(
    db: &mut PgConnection,
    books: &mut Books,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    if wanted.documents.is_empty() {
        return Ok(());
    }
    let (skus, warehouses) = columns(wanted.documents.iter().map(|it| &it.place));
    let rows: Vec<DocumentRow> = sqlx::query_as(LOAD_DOCUMENTS)
        .bind(skus)
        .bind(warehouses)
        .bind(wanted.documents.iter().map(|it| it.kind).collect::<Vec<_>>())
        .bind(wanted.documents.iter().map(|it| it.name.as_str()).collect::<Vec<_>>())
        .fetch_all(db)
        .await?;
    for (sku, warehouse, kind, name, good, reserved, allocated) in rows {
        let place = Shelf { sku: Sku::new(sku)?, warehouse: WarehouseId::new(warehouse)? };
        let kind = Document::kind(&kind).with_context(|| format!("who booked a {kind}?"))?;
        let figures = Figures { good, reserved, allocated };
        books.documents.insert(Document { place, kind, name }, figures);
    }
    Ok(())
}

type BackorderRow = (Uuid, String, i32, i64, Vec<String>, i64, Option<SqlTimestamp>);

/// Who waits, if anybody does.
async fn load_backorders(
    db: &mut PgConnection,
    books: &mut Books,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    let (orders, shelves) = wanted.waiting(books);
    if orders.is_empty() && shelves.is_empty() {
        return Ok(());
    }
    let (skus, warehouses) = columns(&shelves);
    let rows: Vec<BackorderRow> = sqlx::query_as(LOAD_BACKORDERS)
        .bind(ids(orders))
        .bind(skus)
        .bind(warehouses)
        .bind(books.now.to_sqlx())
        .bind(i64::try_from(WAITING_AT_ONCE)?)
        .fetch_all(db)
        .await?;
    for (order, sku, line, quantity, eligible, rank, lease_until) in rows {
        let Some(item) = books.items.get_mut(&Sku::new(sku)?) else {
            continue; // Of an order whose parcel alone matters here: this item is not latched.
        };
        let backorder = Backorder {
            quantity,
            eligible: eligible.into_iter().map(WarehouseId::new).collect::<Result<_, _>>()?,
            rank,
            lease_until: lease_until.map(SqlTimestamp::to_jiff),
            changed: false,
        };
        let rows = item.backorders.entry(OrderId(order)).or_default();
        rows.insert(u16::try_from(line)?, backorder);
    }
    mark_more(books);
    Ok(())
}

type ClaimRow = (Uuid, String, i32, String, i64, i64, i64, i64, i64, i64);

/// What the orders keep that are decided about or may be served, and who keeps something on the
/// shelves that are counted.
async fn load_claims(
    db: &mut PgConnection,
    books: &mut Books,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    let (orders, counted) = wanted.keeping(books);
    let (skus, warehouses) = columns(counted);
    if orders.is_empty() && skus.is_empty() {
        return Ok(());
    }
    let rows: Vec<ClaimRow> = sqlx::query_as(LOAD_CLAIMS)
        .bind(ids(orders))
        .bind(skus)
        .bind(warehouses)
        .fetch_all(db)
        .await?;
    for (order, sku, line, warehouse, soft, firm, lapsed, fresh, taken, rank) in rows {
        let Some(item) = books.items.get_mut(&Sku::new(sku)?) else {
            continue; // Another item of the order, which is not latched and not touched.
        };
        let (stored, changed) = (true, false);
        let claim = Claim { soft, firm, lapsed, fresh, taken, rank, stored, changed };
        let key = (u16::try_from(line)?, WarehouseId::new(warehouse)?);
        item.claims.entry(OrderId(order)).or_default().insert(key, claim);
    }
    Ok(())
}
