//! Writing what changed. Own rows have one writer, and whoever writes a row of an item holds its latch:
//! so it is known which rows are there. Where there are many, they are added or changed, each by its
//! statement: an upsert asks the index first and locks what it finds, which costs a third more.

use contracts::{OrderId, Sku, WarehouseId};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;
use uuid::Uuid;

use super::changed::{self, Claims, Place};
use super::columns;
use crate::books::{Backorder, Books, Claim, Demand, Figures, Level};

// No token has a space in it, so that lists of them may travel as words.
const SAVE_DEMANDS: &str = "
    insert into demand
           (order_id, attempt, round, standing, token, lease_until, arrived_at, skus)
    select order_id, attempt, round, standing, token, lease_until, arrived_at,
           string_to_array(skus, ' ')
      from unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::bigint[],
                  $6::timestamptz[], $7::timestamptz[], $8::text[])
        as new (order_id, attempt, round, standing, token, lease_until, arrived_at, skus)
        on conflict (order_id) do update
       set attempt = excluded.attempt, round = excluded.round, standing = excluded.standing,
           token = excluded.token, lease_until = excluded.lease_until, skus = excluded.skus";

const SAVE_ITEMS: &str = "
    update item
       set number = new.number, backordered = new.backordered
      from unnest($1::text[], $2::bigint[], $3::bigint[]) as new (sku, number, backordered)
     where item.sku = new.sku";

const ADD_LEVELS: &str = "
    insert into stock_level (sku, warehouse_id, good, quarantine, damaged, reserved, allocated,
                             ledger_pos, untold)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[],
                         $6::bigint[], $7::bigint[], $8::bigint[], $9::integer[])";

const SAVE_LEVELS: &str = "
    update stock_level
       set good = new.good, quarantine = new.quarantine, damaged = new.damaged,
           reserved = new.reserved, allocated = new.allocated, ledger_pos = new.ledger_pos,
           untold = new.untold
      from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                  $7::bigint[], $8::bigint[], $9::integer[])
        as new (sku, warehouse_id, good, quarantine, damaged, reserved, allocated, ledger_pos,
                untold)
     where stock_level.sku = new.sku and stock_level.warehouse_id = new.warehouse_id";

const ADD_MOVES: &str = "
    insert into stock_move (sku, warehouse_id, number, kind, good, quarantine, damaged, reserved,
                            allocated, order_id, document, cause, rule, at)
    select new.*, $14
      from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
                  $7::bigint[], $8::bigint[], $9::bigint[], $10::uuid[], $11::text[],
                  $12::uuid[], $13::text[]) as new";

const ADD_CLAIMS: &str = "
    insert into claim
           (order_id, sku, line, warehouse_id, soft, firm, lapsed, fresh, taken, rank)
    select * from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::bigint[],
                         $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])";

const SAVE_CLAIMS: &str = "
    update claim
       set soft = new.soft, firm = new.firm, lapsed = new.lapsed, fresh = new.fresh,
           taken = new.taken, rank = new.rank
      from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::bigint[], $6::bigint[],
                  $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
        as new (order_id, sku, line, warehouse_id, soft, firm, lapsed, fresh, taken, rank)
     where claim.order_id = new.order_id and claim.sku = new.sku and claim.line = new.line
       and claim.warehouse_id = new.warehouse_id";

const DROP_CLAIMS: &str = "
    delete from claim
     using unnest($1::uuid[], $2::text[], $3::integer[], $4::text[])
        as old (order_id, sku, line, warehouse_id)
     where claim.order_id = old.order_id and claim.sku = old.sku and claim.line = old.line
       and claim.warehouse_id = old.warehouse_id";

const SAVE_BACKORDERS: &str = "
    insert into backorder (order_id, sku, line, quantity, eligible, rank, lease_until)
    select order_id, sku, line, quantity, string_to_array(eligible, ' '), rank, lease_until
      from unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::text[], $6::bigint[],
                  $7::timestamptz[])
        as new (order_id, sku, line, quantity, eligible, rank, lease_until)
        on conflict (order_id, sku, line) do update
       set quantity = excluded.quantity, eligible = excluded.eligible, rank = excluded.rank,
           lease_until = excluded.lease_until";

const DROP_BACKORDERS: &str = "
    delete from backorder
     using unnest($1::uuid[], $2::text[], $3::integer[]) as old (order_id, sku, line)
     where backorder.order_id = old.order_id and backorder.sku = old.sku
       and backorder.line = old.line";

const ADD_DOCUMENTS: &str = "
    insert into document (sku, warehouse_id, kind, document, good, reserved, allocated)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[],
                         $6::bigint[], $7::bigint[])";

const SAVE_TIMER: &str = "
    insert into level_timer (partition, due) values ($1, $2)
        on conflict (partition) do update set due = excluded.due";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    SAVE_DEMANDS,
    SAVE_ITEMS,
    ADD_LEVELS,
    SAVE_LEVELS,
    ADD_MOVES,
    ADD_CLAIMS,
    SAVE_CLAIMS,
    DROP_CLAIMS,
    SAVE_BACKORDERS,
    DROP_BACKORDERS,
    ADD_DOCUMENTS,
    SAVE_TIMER,
];

/// Writes what changed.
pub(crate) async fn save(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    save_demands(db, books).await?;
    save_items(db, books).await?;
    save_levels(db, books).await?;
    add_moves(db, books).await?;
    save_claims(db, books).await?;
    save_backorders(db, books).await?;
    add_documents(db, books).await?;
    if books.bell.changed {
        sqlx::query(SAVE_TIMER)
            .bind(books.partition)
            .bind(books.bell.due.map(ToSqlx::to_sqlx))
            .execute(db)
            .await?;
    }
    Ok(())
}

async fn save_demands(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    let changed = changed::demands(books);
    if changed.is_empty() {
        return Ok(());
    }
    let column =
        |read: fn(&Demand) -> i32| -> Vec<i32> { changed.iter().map(|(_, it)| read(it)).collect() };
    let until = |it: &Demand| it.lease_until.map(ToSqlx::to_sqlx);
    let skus = |it: &Demand| words(it.skus.iter().map(Sku::as_str));
    sqlx::query(SAVE_DEMANDS)
        .bind(changed.iter().map(|(order, _)| order.0).collect::<Vec<Uuid>>())
        .bind(column(|it| it.attempt))
        .bind(column(|it| it.round))
        .bind(changed.iter().map(|(_, it)| it.standing.name()).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, it)| it.token).collect::<Vec<i64>>())
        .bind(changed.iter().map(|(_, it)| until(it)).collect::<Vec<Option<SqlTimestamp>>>())
        .bind(changed.iter().map(|(_, it)| it.arrived_at.to_sqlx()).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, it)| skus(it)).collect::<Vec<String>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn save_items(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    let changed = changed::items(books);
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_ITEMS)
        .bind(changed.iter().map(|(sku, _)| sku.as_str()).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, it)| it.number).collect::<Vec<i64>>())
        .bind(changed.iter().map(|(_, it)| it.backordered).collect::<Vec<i64>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn save_levels(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    let (stored, new) = changed::levels(books);
    write_levels(db, ADD_LEVELS, &new).await?;
    write_levels(db, SAVE_LEVELS, &stored).await
}

async fn write_levels(
    db: &mut PgConnection,
    statement: &'static str,
    levels: &[(&Sku, &WarehouseId, &Level)],
) -> sqlx::Result<()> {
    if levels.is_empty() {
        return Ok(());
    }
    let column = |read: fn(&Level) -> i64| -> Vec<i64> {
        levels.iter().map(|(_, _, it)| read(it)).collect()
    };
    sqlx::query(statement)
        .bind(levels.iter().map(|it| it.0.as_str()).collect::<Vec<_>>())
        .bind(levels.iter().map(|it| it.1.as_str()).collect::<Vec<_>>())
        .bind(column(|it| it.good))
        .bind(column(|it| it.quarantine))
        .bind(column(|it| it.damaged))
        .bind(column(|it| it.reserved))
        .bind(column(|it| it.allocated))
        .bind(column(|it| it.position))
        .bind(levels.iter().map(|it| it.2.untold).collect::<Vec<Option<i32>>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn add_moves(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    let moves = &books.moves;
    if moves.is_empty() {
        return Ok(());
    }
    let (skus, warehouses) = columns(moves.iter().map(|it| &it.place));
    let order = |it: &OrderId| it.0;
    sqlx::query(ADD_MOVES)
        .bind(skus)
        .bind(warehouses)
        .bind(moves.iter().map(|it| it.number).collect::<Vec<i64>>())
        .bind(moves.iter().map(|it| it.kind.name()).collect::<Vec<_>>())
        .bind(moves.iter().map(|it| it.delta.good).collect::<Vec<i64>>())
        .bind(moves.iter().map(|it| it.delta.quarantine).collect::<Vec<i64>>())
        .bind(moves.iter().map(|it| it.delta.damaged).collect::<Vec<i64>>())
        .bind(moves.iter().map(|it| it.delta.reserved).collect::<Vec<i64>>())
        .bind(moves.iter().map(|it| it.delta.allocated).collect::<Vec<i64>>())
        .bind(moves.iter().map(|it| it.cause.order.as_ref().map(order)).collect::<Vec<_>>())
        .bind(moves.iter().map(|it| it.cause.document.as_deref()).collect::<Vec<_>>())
        .bind(moves.iter().map(|it| it.cause.id).collect::<Vec<Uuid>>())
        .bind(moves.iter().map(|it| it.cause.rule.as_ref()).collect::<Vec<&str>>())
        .bind(books.now.to_sqlx())
        .execute(db)
        .await?;
    Ok(())
}

async fn save_claims(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    let Claims { added, kept, dropped } = changed::claims(books);
    write_claims(db, ADD_CLAIMS, &added).await?;
    write_claims(db, SAVE_CLAIMS, &kept).await?;
    if !dropped.is_empty() {
        sqlx::query(DROP_CLAIMS)
            .bind(dropped.iter().map(|it| it.order.0).collect::<Vec<_>>())
            .bind(dropped.iter().map(|it| it.sku.as_str()).collect::<Vec<_>>())
            .bind(dropped.iter().map(|it| i32::from(it.line)).collect::<Vec<_>>())
            .bind(dropped.iter().map(|it| it.warehouse.as_str()).collect::<Vec<_>>())
            .execute(db)
            .await?;
    }
    Ok(())
}

async fn write_claims(
    db: &mut PgConnection,
    statement: &'static str,
    claims: &[(Place<'_>, &Claim)],
) -> sqlx::Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    let column =
        |read: fn(&Claim) -> i64| -> Vec<i64> { claims.iter().map(|(_, it)| read(it)).collect() };
    sqlx::query(statement)
        .bind(claims.iter().map(|(it, _)| it.order.0).collect::<Vec<_>>())
        .bind(claims.iter().map(|(it, _)| it.sku.as_str()).collect::<Vec<_>>())
        .bind(claims.iter().map(|(it, _)| i32::from(it.line)).collect::<Vec<_>>())
        .bind(claims.iter().map(|(it, _)| it.warehouse.as_str()).collect::<Vec<_>>())
        .bind(column(|it| it.soft))
        .bind(column(|it| it.firm))
        .bind(column(|it| it.lapsed))
        .bind(column(|it| it.fresh))
        .bind(column(|it| it.taken))
        .bind(column(|it| it.rank))
        .execute(db)
        .await?;
    Ok(())
}

async fn save_backorders(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    let (kept, dropped) = changed::backorders(books);
    if !kept.is_empty() {
        let until = |it: &Backorder| it.lease_until.map(ToSqlx::to_sqlx);
        let eligible = |it: &Backorder| words(it.eligible.iter().map(WarehouseId::as_str));
        sqlx::query(SAVE_BACKORDERS)
            .bind(kept.iter().map(|it| it.0.0).collect::<Vec<_>>())
            .bind(kept.iter().map(|it| it.1.as_str()).collect::<Vec<_>>())
            .bind(kept.iter().map(|it| i32::from(it.2)).collect::<Vec<_>>())
            .bind(kept.iter().map(|it| it.3.quantity).collect::<Vec<i64>>())
            .bind(kept.iter().map(|it| eligible(it.3)).collect::<Vec<String>>())
            .bind(kept.iter().map(|it| it.3.rank).collect::<Vec<i64>>())
            .bind(kept.iter().map(|it| until(it.3)).collect::<Vec<Option<SqlTimestamp>>>())
            .execute(&mut *db)
            .await?;
    }
    if !dropped.is_empty() {
        sqlx::query(DROP_BACKORDERS)
            .bind(dropped.iter().map(|it| it.0.0).collect::<Vec<_>>())
            .bind(dropped.iter().map(|it| it.1.as_str()).collect::<Vec<_>>())
            .bind(dropped.iter().map(|it| i32::from(it.2)).collect::<Vec<_>>())
            .execute(db)
            .await?;
    }
    Ok(())
}

async fn add_documents(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    let booked = &books.booked;
    if booked.is_empty() {
        return Ok(());
    }
    let (skus, warehouses) = columns(booked.iter().map(|it| &it.place));
    let figures = |read: fn(&Figures) -> i64| -> Vec<i64> {
        booked.iter().filter_map(|it| books.documents.get(it)).map(read).collect()
    };
    sqlx::query(ADD_DOCUMENTS)
        .bind(skus)
        .bind(warehouses)
        .bind(booked.iter().map(|it| it.kind).collect::<Vec<_>>())
        .bind(booked.iter().map(|it| it.name.as_str()).collect::<Vec<_>>())
        .bind(figures(|it| it.good))
        .bind(figures(|it| it.reserved))
        .bind(figures(|it| it.allocated))
        .execute(db)
        .await?;
    Ok(())
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
