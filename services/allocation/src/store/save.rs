//! Writing the books back.

use chassis::Partition;
use contracts::{Sku, Uuid, WarehouseId};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;

use crate::node::{Node, kind_name};
use crate::ruleset::Ruleset;
use crate::sourcing::{Books, Decided, Level, Sourcing};

pub(crate) const SAVE_RULESETS: &str = "
    insert into ruleset (name, version, rules, effective_from, effective_to, saved_at)
    select name, version, rules, effective_from, effective_to, $6
      from unnest($1::text[], $2::integer[], $3::text[], $4::timestamptz[], $5::timestamptz[])
        as new (name, version, rules, effective_from, effective_to)";

// An array of arrays is not taken apart by its rows, so that what a warehouse serves comes as JSON.
pub(crate) const SAVE_NODES: &str = "
    insert into node (warehouse_id, version, name, kind, province, city, serves, lines_per_hour,
                      active)
    select warehouse_id, version, name, kind, province, city,
           array(select json_array_elements_text(serves::json)), lines_per_hour, active
      from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[],
                  $7::text[], $8::bigint[], $9::boolean[])
        as new (warehouse_id, version, name, kind, province, city, serves, lines_per_hour, active)";

pub(crate) const SAVE_BACKLOG: &str = "
    insert into backlog (partition, warehouse_id, lines)
    select $1, warehouse_id, lines
      from unnest($2::text[], $3::bigint[]) as new (warehouse_id, lines)
        on conflict (warehouse_id, partition) do update
       set lines = backlog.lines + excluded.lines";

pub(crate) const SAVE_SOURCINGS: &str = "
    insert into sourcing (order_id, attempt, round, ended, firm, open)
    select * from unnest($1::uuid[], $2::integer[], $3::integer[], $4::boolean[], $5::boolean[],
                         $6::text[])
        on conflict (order_id) do update
       set attempt = excluded.attempt, round = excluded.round, ended = excluded.ended,
           firm = excluded.firm, open = excluded.open";

pub(crate) const SAVE_DECISIONS: &str = "
    insert into decision (order_id, attempt, round, at, ruleset, rule, record)
    select * from unnest($1::uuid[], $2::integer[], $3::integer[], $4::timestamptz[], $5::text[],
                         $6::text[], $7::bytea[])
        on conflict (order_id, attempt, round) do nothing";

// An upsert though partitions share these rows: a row is not worked out from what was read, but
// replaced by a figure that says itself how late it is; only a refusal's figures may replace those of
// the same number. In the order of items, so that nobody
// deadlocks; last, so that the locks are short.
pub(crate) const SAVE_LEVELS: &str = "
    insert into level (sku, number, warehouses)
    select sku, number, warehouses
      from unnest($1::text[], $2::bigint[], $3::text[]) as new (sku, number, warehouses)
     order by sku collate \"C\"
        on conflict (sku) do update
       set number = excluded.number, warehouses = excluded.warehouses
     where level.number < excluded.number
        or (level.number = excluded.number and excluded.sku = any($4::text[]))";

/// Writes back what changed.
pub(crate) async fn save(
    db: &mut PgConnection,
    books: &Books,
    now: contracts::Timestamp,
    partition: Partition,
) -> anyhow::Result<()> {
    if !books.rulesets.is_empty() {
        rulesets(db, books, now).await?;
    }
    if !books.set.is_empty() {
        nodes(db, &books.set).await?;
    }
    if !books.decisions.is_empty() {
        decisions(db, &books.decisions).await?;
    }
    if books.changed_orders().next().is_some() {
        sourcings(db, books).await?;
    }
    if books.changed_backlog().next().is_some() {
        backlog(db, books, partition).await?;
    }
    if books.changed_levels().next().is_some() {
        levels(db, books).await?;
    }
    Ok(())
}

async fn rulesets(
    db: &mut PgConnection,
    books: &Books,
    now: contracts::Timestamp,
) -> sqlx::Result<()> {
    let all = &books.rulesets;
    let end = |of: fn(&Ruleset) -> Option<contracts::Timestamp>| -> Vec<Option<SqlTimestamp>> {
        all.iter().map(|it| of(&it.0).map(ToSqlx::to_sqlx)).collect()
    };
    sqlx::query(SAVE_RULESETS)
        .bind(all.iter().map(|it| it.0.name.as_str()).collect::<Vec<&str>>())
        .bind(all.iter().map(|it| it.0.version).collect::<Vec<i32>>())
        .bind(all.iter().map(|it| it.1.to_string()).collect::<Vec<String>>())
        .bind(end(|it| it.effective.from))
        .bind(end(|it| it.effective.to))
        .bind(now.to_sqlx())
        .execute(db)
        .await?;
    Ok(())
}

async fn nodes(db: &mut PgConnection, nodes: &[Node]) -> anyhow::Result<()> {
    let text = |of: fn(&Node) -> &str| nodes.iter().map(of).collect::<Vec<&str>>();
    let serves: serde_json::Result<Vec<String>> =
        nodes.iter().map(|it| serde_json::to_string(&it.is.serves)).collect();
    sqlx::query(SAVE_NODES)
        .bind(text(|it| it.is.warehouse.as_str()))
        .bind(nodes.iter().map(|it| it.version).collect::<Vec<i32>>())
        .bind(text(|it| &it.is.name))
        .bind(text(|it| kind_name(it.is.kind)))
        .bind(text(|it| &it.is.province))
        .bind(text(|it| &it.is.city))
        .bind(serves?)
        .bind(nodes.iter().map(|it| it.is.lines_per_hour).collect::<Vec<i64>>())
        .bind(nodes.iter().map(|it| it.is.active).collect::<Vec<bool>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn decisions(db: &mut PgConnection, decisions: &[Decided]) -> sqlx::Result<()> {
    sqlx::query(SAVE_DECISIONS)
        .bind(decisions.iter().map(|it| it.order.0).collect::<Vec<Uuid>>())
        .bind(decisions.iter().map(|it| it.attempt).collect::<Vec<i32>>())
        .bind(decisions.iter().map(|it| it.round).collect::<Vec<i32>>())
        .bind(decisions.iter().map(|it| it.at.to_sqlx()).collect::<Vec<SqlTimestamp>>())
        .bind(decisions.iter().map(|it| it.ruleset.as_str()).collect::<Vec<&str>>())
        .bind(decisions.iter().map(|it| it.rule.as_str()).collect::<Vec<&str>>())
        .bind(decisions.iter().map(|it| super::pack(&it.record)).collect::<Vec<Vec<u8>>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn sourcings(db: &mut PgConnection, books: &Books) -> sqlx::Result<()> {
    let (ids, all): (Vec<Uuid>, Vec<&Sourcing>) =
        books.changed_orders().map(|(id, it)| (id.0, it)).unzip();
    sqlx::query(SAVE_SOURCINGS)
        .bind(ids)
        .bind(all.iter().map(|it| it.attempt).collect::<Vec<i32>>())
        .bind(all.iter().map(|it| it.round).collect::<Vec<i32>>())
        .bind(all.iter().map(|it| it.ended).collect::<Vec<bool>>())
        .bind(all.iter().map(|it| it.firm).collect::<Vec<bool>>())
        .bind(all.iter().map(|it| open(it)).collect::<Vec<String>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Open lines as text. No name of a warehouse has a space in it.
pub(crate) fn open(sourcing: &Sourcing) -> String {
    let lines = sourcing.open.iter().map(|(line, warehouse)| format!("{line}@{warehouse}"));
    lines.collect::<Vec<String>>().join(" ")
}

async fn backlog(db: &mut PgConnection, books: &Books, partition: Partition) -> anyhow::Result<()> {
    let (warehouses, lines): (Vec<&str>, Vec<i64>) = books
        .changed_backlog()
        .map(|(warehouse, lines)| (WarehouseId::as_str(warehouse), lines))
        .unzip();
    sqlx::query(SAVE_BACKLOG)
        .bind(i32::try_from(partition.number)?)
        .bind(warehouses)
        .bind(lines)
        .execute(db)
        .await?;
    Ok(())
}

async fn levels(db: &mut PgConnection, books: &Books) -> anyhow::Result<()> {
    let (skus, all): (Vec<&str>, Vec<&Level>) =
        books.changed_levels().map(|(sku, it)| (Sku::as_str(sku), it)).unzip();
    let amended = books.levels.iter().filter(|it| it.1.amended);
    let amended: Vec<&str> = amended.map(|it| it.0.as_str()).collect();
    let warehouses: serde_json::Result<Vec<String>> =
        all.iter().map(|it| serde_json::to_string(&it.warehouses)).collect();
    sqlx::query(SAVE_LEVELS)
        .bind(skus)
        .bind(all.iter().map(|it| it.number).collect::<Vec<i64>>())
        .bind(warehouses?)
        .bind(amended)
        .execute(db)
        .await?;
    Ok(())
}
