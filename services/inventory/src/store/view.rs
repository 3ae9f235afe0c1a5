//! Answering questions.

use std::collections::BTreeMap;

use contracts::inventory::{MovesOf, StockMove, StockView};
use contracts::{OrderId, Sku, WarehouseId};
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::PgConnection;
use uuid::Uuid;

// What waits is shown where it would best come from, so that the sum over all warehouses is right.
const VIEW_LEVELS: &str = "
    with waiting as (
         select eligible[1] as warehouse_id, sum(quantity)::bigint as quantity
           from backorder
          where sku = $1 and eligible <> '{}'
          group by 1
    ), level as (
         select * from stock_level where sku = $1
    )
    select warehouse_id, coalesce(good, 0), coalesce(quarantine, 0), coalesce(damaged, 0),
           coalesce(reserved, 0), coalesce(allocated, 0), coalesce(quantity, 0)
      from level full join waiting using (warehouse_id)
     order by warehouse_id";

const VIEW_MOVES: &str = "
    select stock_level.warehouse_id, number, kind, last.good, last.quarantine, last.damaged,
           last.reserved, last.allocated, order_id, document, at
      from stock_level
     cross join lateral (
               select * from stock_move
                where stock_move.sku = stock_level.sku
                  and stock_move.warehouse_id = stock_level.warehouse_id
                order by number desc
                limit 100
           ) as last
     where stock_level.sku = $1
     order by number desc";

const OLDER_MOVES: &str = "
    select warehouse_id, number, kind, good, quarantine, damaged, reserved, allocated, order_id,
           document, at
      from stock_move
     where sku = $1 and warehouse_id = $2 and ($3::bigint is null or number < $3)
     order by number desc
     limit $4";

/// How many movements are told at a time, whatever is asked for.
const MOST_MOVES: i64 = 1_000;

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[VIEW_LEVELS, VIEW_MOVES, OLDER_MOVES];

type MoveRow =
    (String, i64, String, i64, i64, i64, i64, i64, Option<Uuid>, Option<String>, SqlTimestamp);

/// A movement, and the warehouse in which it was.
fn moved(row: MoveRow) -> (String, StockMove) {
    let (at_warehouse, number, kind, good, quarantine, damaged, reserved, allocated, ..) = row;
    let (.., order, document, at) = row;
    let (order, at) = (order.map(OrderId), at.to_jiff());
    let told = StockMove {
        number,
        kind,
        good,
        quarantine,
        damaged,
        reserved,
        allocated,
        order,
        document,
        at,
    };
    (at_warehouse, told)
}

/// How an item stands in each warehouse, and how it came to that.
pub(crate) async fn stock_of(db: &mut PgConnection, sku: &Sku) -> anyhow::Result<Vec<StockView>> {
    let levels: Vec<(String, i64, i64, i64, i64, i64, i64)> =
        sqlx::query_as(VIEW_LEVELS).bind(sku.as_str()).fetch_all(&mut *db).await?;
    let rows: Vec<MoveRow> =
        sqlx::query_as(VIEW_MOVES).bind(sku.as_str()).fetch_all(&mut *db).await?;
    let mut moves = BTreeMap::<String, Vec<StockMove>>::new();
    for (at_warehouse, told) in rows.into_iter().map(moved) {
        moves.entry(at_warehouse).or_default().push(told);
    }
    levels
        .into_iter()
        .map(|(warehouse, good, quarantine, damaged, reserved, allocated, backordered)| {
            Ok(StockView {
                sku: sku.clone(),
                moves: moves.remove(&warehouse).unwrap_or_default(),
                warehouse: WarehouseId::new(warehouse)?,
                good,
                quarantine,
                damaged,
                reserved,
                allocated,
                backordered,
            })
        })
        .collect()
}

/// The movements of an item in a warehouse before a known one, the latest first.
pub(crate) async fn moves_of(
    db: &mut PgConnection,
    asked: &MovesOf,
) -> anyhow::Result<Vec<StockMove>> {
    let rows: Vec<MoveRow> = sqlx::query_as(OLDER_MOVES)
        .bind(asked.sku.as_str())
        .bind(asked.warehouse.as_str())
        .bind(asked.before)
        .bind(asked.limit.clamp(0, MOST_MOVES))
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|it| moved(it).1).collect())
}
