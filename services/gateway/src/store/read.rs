//! What clients read. Nothing here writes, and nothing opens a transaction.

use std::collections::BTreeMap;

use contracts::inventory::WarehouseLevel;
use contracts::{OrderId, Sku};
use jiff_sqlx::{Timestamp, ToSqlx};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;
use sqlx::{PgPool, Postgres};
use uuid::Uuid;

use super::rows::{EntryKept, detail, numbered, order};
use crate::access::Scope;
use crate::order::{EntryView, ItemLevel, LevelView, LineView, OrderDetail, OrderView};

macro_rules! columns {
    () => {
        "order_id, order_no, channel, external_id, customer, tier, kind, urgent, terms, status,
         status_number, status_at, reason, currency, net_cents, tax_cents, freight_cents,
         total_cents, priority, entered_by, placed_at, confirmed_at, released_at, shipped_at,
         delivered_at, completed_at, changed_at, o.version, summary, position.at"
    };
}

/// Whether an order belongs to the channel and has a parcel in the warehouse, where one is named.
macro_rules! within {
    ($channel:literal, $warehouse:literal) => {
        concat!(
            "($",
            $channel,
            "::text is null or channel = $",
            $channel,
            ") and ($",
            $warehouse,
            "::text is null or exists (
           select from json_array_elements(summary -> 'shipments') as parcel
            where parcel ->> 'warehouse' = $",
            $warehouse,
            "))"
        )
    };
}

const ORDER: &str = concat!(
    "
    select ",
    columns!(),
    ", lines, partition, heard
      from order_view o left join position using (partition)
     where order_id = $1 and ",
    within!("2", "3")
);

const NAMED: &str = concat!(
    "
    select order_id
      from order_view
     where order_no = $1 and ",
    within!("2", "3"),
    "
     order by placed_at desc
     limit 1"
);

const IS_WITHIN: &str =
    concat!("select ", within!("2", "3"), " from order_view where order_id = $1");

const TIMELINE: &str = "
    select number, entries
      from timeline_part
     where order_id = $1 and number > $2
     order by number
     limit $3";

const VERSION: &str = "select version from order_state where order_id = $1";

const LEVEL: &str = "select number, sellable, at from stock_level where sku = $1";

const HEARD: &str = "select (heard ->> $2)::bigint from position where partition = $1";

/// A list, walked by its key from a known place on. Whatever is not asked for falls away when the
/// statement is planned, for it is planned anew each time.
macro_rules! walk {
    ($key:literal, $type:literal, $than:literal, $direction:literal) => {
        walk!($key, $type, $than, $direction, "")
    };
    ($key:literal, $type:literal, $than:literal, $direction:literal, $more:literal) => {
        concat!(
            "
    select ",
            columns!(),
            $more,
            "
      from order_view o left join position using (partition)
     where ($1::text[] is null or status = any($1))
       and ($2::text is null or channel = $2)
       and ($3::text is null or customer = $3)
       and ($4::text is null or terms = $4)
       and ($5::timestamptz is null or placed_at >= $5)
       and ($6::timestamptz is null or placed_at < $6)
       and ($7::text is null or order_no ^@ $7)
       and ($11::text is null or order_no ^@ $11 or external_id ^@ $11)
       and ",
            within!("12", "13"),
            "
       and ($8::uuid is null or (",
            $key,
            ", order_id) ",
            $than,
            " ($9::",
            $type,
            ", $8))
     order by ",
            $key,
            " ",
            $direction,
            ", order_id ",
            $direction,
            "
     limit $10"
        )
    };
}

pub(super) use {columns, walk, within};

/// Several orders, without their lines.
const ROWS: &str = concat!(
    "
    select ",
    columns!(),
    "
      from order_view o left join position using (partition)
     where order_id = any($1)"
);

const LINES: &str = "select order_id, lines from order_head where order_id = any($1)";

const VERSIONS: &str = "select order_id, version from order_state where order_id = any($1)";

pub(super) const LEVELS: &str = "
    select sku, sellable, warehouses, at
      from stock_level
     where ($1::text is null or sku ^@ $1) and ($2::text is null or sku > $2)
     order by sku
     limit $3";

const NEWEST: &str = walk!("placed_at", "timestamptz", "<", "desc");
const OLDEST: &str = walk!("placed_at", "timestamptz", ">", "asc");
const LARGEST: &str = walk!("total_cents", "bigint", "<", "desc");
const SMALLEST: &str = walk!("total_cents", "bigint", ">", "asc");
const WAITING: &str = walk!("status_at", "timestamptz", ">", "asc");

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ORDER, NAMED, IS_WITHIN, TIMELINE, VERSION, LEVEL, HEARD, NEWEST, OLDEST, LARGEST, SMALLEST,
    WAITING, ROWS, LINES, VERSIONS, LEVELS,
];

/// Which orders of all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<Vec<&'static str>>,
    pub(crate) channel: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) terms: Option<&'static str>,
    pub(crate) placed_from: Option<contracts::Timestamp>,
    pub(crate) placed_to: Option<contracts::Timestamp>,
    /// How the number begins.
    pub(crate) order_no: Option<String>,
    /// How the number begins, or what the channel calls it.
    pub(crate) search: Option<String>,
}

impl Filter {
    /// Whether a list that is filtered so has the order: the same conditions as in the statement.
    pub(crate) fn lets(&self, it: &OrderView) -> bool {
        let named = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|it| it == is);
        let begins = |wanted: &Option<String>, is: &[&str]| match wanted {
            Some(wanted) => is.iter().any(|it| it.starts_with(wanted)),
            None => true,
        };
        self.status.as_ref().is_none_or(|wanted| wanted.contains(&&*it.status))
            && named(&self.channel, &it.channel)
            && named(&self.customer, &it.customer)
            && self.terms.is_none_or(|wanted| wanted == it.terms)
            && self.placed_from.is_none_or(|from| it.placed_at >= from)
            && self.placed_to.is_none_or(|to| it.placed_at < to)
            && begins(&self.order_no, &[&it.order_no])
            && begins(&self.search, &[&it.order_no, &it.external_id])
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Newest,
    Oldest,
    Largest,
    Smallest,
    /// What is longest where it is comes first.
    Waiting,
}

/// The last order of the page before: what it is sorted by (microseconds or cents), and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) key: i64,
    pub(crate) order: Uuid,
}

impl Scope {
    /// The channel and the warehouse that a statement is bound to.
    fn bounds(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::All => (None, None),
            Self::Channel(channel) => (Some(channel.as_str()), None),
            Self::Warehouse(warehouse) => (None, Some(warehouse.as_str())),
        }
    }

    /// Whether the order is within it: the same conditions as in the statements.
    pub(crate) fn holds(&self, it: &OrderView) -> bool {
        let (channel, warehouse) = self.bounds();
        let is_there = |name: &str| it.summary.shipments.iter().any(|it| it.warehouse == name);
        channel.is_none_or(|name| it.channel == name) && warehouse.is_none_or(is_there)
    }
}

/// The order, with all that is known of it, if it is within the scope.
pub(crate) async fn order_of(
    db: &PgPool,
    scope: &Scope,
    order: OrderId,
) -> sqlx::Result<Option<OrderDetail>> {
    let (channel, warehouse) = scope.bounds();
    let query = sqlx::query(ORDER).bind(order.0).bind(channel).bind(warehouse);
    query.fetch_optional(db).await?.as_ref().map(detail).transpose()
}

/// The order that people call so, if it is within the scope.
pub(crate) async fn named(
    db: &PgPool,
    scope: &Scope,
    order_no: &str,
) -> sqlx::Result<Option<OrderId>> {
    let (channel, warehouse) = scope.bounds();
    let query = sqlx::query_scalar(NAMED).bind(order_no).bind(channel).bind(warehouse);
    let id: Option<Uuid> = query.fetch_optional(db).await?;
    Ok(id.map(OrderId))
}

/// Whether the order is known, and not within the scope.
pub(crate) async fn is_foreign(db: &PgPool, scope: &Scope, order: OrderId) -> sqlx::Result<bool> {
    if *scope == Scope::All {
        return Ok(false);
    }
    let (channel, warehouse) = scope.bounds();
    let query = sqlx::query_scalar(IS_WITHIN).bind(order.0).bind(channel).bind(warehouse);
    let is_within: Option<bool> = query.fetch_optional(db).await?;
    Ok(is_within == Some(false))
}

/// What happened to the order after this entry; nothing, if there is no such order in the scope.
pub(crate) async fn timeline_of(
    db: &PgPool,
    scope: &Scope,
    order: OrderId,
    (after, limit): (i64, i64),
) -> sqlx::Result<Option<Vec<EntryView>>> {
    if is_foreign(db, scope, order).await? {
        return Ok(None);
    }
    let rows: Vec<(i64, Json<Vec<EntryKept>>)> =
        sqlx::query_as(TIMELINE).bind(order.0).bind(after).bind(limit).fetch_all(db).await?;
    if rows.is_empty() {
        let version: Option<i64> =
            sqlx::query_scalar(VERSION).bind(order.0).fetch_optional(db).await?;
        return Ok(version.map(|_| vec![]));
    }
    let entries = rows.into_iter().flat_map(|(last, Json(part))| numbered(last, part));
    let wanted = entries.filter(|it| it.number > after); // The first row may begin before that.
    Ok(Some(wanted.take(usize::try_from(limit).unwrap_or_default()).collect()))
}

/// Orders of this kind within the scope, from this place on.
pub(crate) async fn list(
    (db, scope): (&PgPool, &Scope),
    filter: Filter,
    sort: Sort,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<OrderView>> {
    let statement = match sort {
        Sort::Newest => NEWEST,
        Sort::Oldest => OLDEST,
        Sort::Largest => LARGEST,
        Sort::Smallest => SMALLEST,
        Sort::Waiting => WAITING,
    };
    let query = filtered(statement, scope, filter, sort, (after, limit));
    query.fetch_all(db).await?.iter().map(order).collect()
}

/// A statement of `list!` with all that it asks for.
pub(super) fn filtered(
    statement: &'static str,
    scope: &Scope,
    filter: Filter,
    sort: Sort,
    (after, limit): (Option<Place>, i64),
) -> Query<'static, Postgres, PgArguments> {
    let key = after.map(|it| it.key);
    let query = sqlx::query(statement)
        .persistent(false)
        .bind(filter.status)
        .bind(filter.channel)
        .bind(filter.customer)
        .bind(filter.terms)
        .bind(filter.placed_from.map(ToSqlx::to_sqlx))
        .bind(filter.placed_to.map(ToSqlx::to_sqlx))
        .bind(filter.order_no)
        .bind(after.map(|it| it.order));
    let time = key.and_then(|it| contracts::Timestamp::from_microsecond(it).ok());
    let query = match sort {
        Sort::Newest | Sort::Oldest | Sort::Waiting => query.bind(time.map(ToSqlx::to_sqlx)),
        Sort::Largest | Sort::Smallest => query.bind(key),
    };
    let (channel, warehouse) = scope.bounds();
    let owned = |it: Option<&str>| it.map(str::to_owned);
    query.bind(limit).bind(filter.search).bind(owned(channel)).bind(owned(warehouse))
}

/// These orders, as far as they are known, in no order.
pub(crate) async fn orders_of(db: &PgPool, orders: &[Uuid]) -> sqlx::Result<Vec<OrderView>> {
    sqlx::query(ROWS).bind(orders).fetch_all(db).await?.iter().map(order).collect()
}

/// The lines of these orders.
pub(crate) async fn lines_of(
    db: &PgPool,
    orders: &[Uuid],
) -> sqlx::Result<BTreeMap<Uuid, Vec<LineView>>> {
    let lines: Vec<(Uuid, Json<Vec<LineView>>)> =
        sqlx::query_as(LINES).bind(orders).fetch_all(db).await?;
    Ok(lines.into_iter().map(|(order, Json(lines))| (order, lines)).collect())
}

/// How much was heard of these orders.
pub(crate) async fn versions_of(db: &PgPool, orders: &[Uuid]) -> sqlx::Result<Vec<(Uuid, i64)>> {
    sqlx::query_as(VERSIONS).bind(orders).fetch_all(db).await
}

/// What can be sold of each item whose name begins so, by name, after this one.
pub(crate) async fn levels(
    db: &PgPool,
    begins: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<ItemLevel>> {
    let rows: Vec<LevelRow> =
        sqlx::query_as(LEVELS).bind(begins).bind(after).bind(limit).fetch_all(db).await?;
    Ok(rows.into_iter().map(level).collect())
}

pub(super) type LevelRow = (String, i64, Json<Vec<WarehouseLevel>>, Timestamp);

pub(super) fn level((sku, sellable, Json(warehouses), at): LevelRow) -> ItemLevel {
    ItemLevel { sku, sellable, warehouses, at: at.to_jiff() }
}

/// What can be sold of the item, as far as was heard.
pub(crate) async fn level_of(db: &PgPool, sku: &Sku) -> sqlx::Result<Option<LevelView>> {
    let row: Option<(i64, i64, Timestamp)> =
        sqlx::query_as(LEVEL).bind(sku.as_str()).fetch_optional(db).await?;
    Ok(row.map(|(number, sellable, at)| LevelView { number, sellable, at: at.to_jiff() }))
}

/// The last page of the service that was heard in the partition.
pub(crate) async fn heard(db: &PgPool, partition: i32, service: &str) -> sqlx::Result<i64> {
    let page: Option<Option<i64>> =
        sqlx::query_scalar(HEARD).bind(partition).bind(service).fetch_optional(db).await?;
    Ok(page.flatten().unwrap_or_default())
}

/// Whether the books can be read.
pub(crate) async fn is_awake(db: &PgPool) -> bool {
    sqlx::query_scalar::<_, i32>("select 1").fetch_one(db).await.is_ok()
}
