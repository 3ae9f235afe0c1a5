//! Whole tables, row by row. Each is one statement, and so of one moment.

use futures::{Stream, StreamExt, TryStreamExt};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgPool, Row};

use super::read::{LEVELS, LevelRow, columns, filtered, level, walk, within};
use super::rows::order;
use super::{Filter, Sort};
use crate::access::Scope;
use crate::order::{ItemLevel, LineView, OrderView};

const NEWEST: &str = walk!("placed_at", "timestamptz", "<", "desc", ", lines");
const OLDEST: &str = walk!("placed_at", "timestamptz", ">", "asc", ", lines");
const LARGEST: &str = walk!("total_cents", "bigint", "<", "desc", ", lines");
const SMALLEST: &str = walk!("total_cents", "bigint", ">", "asc", ", lines");
const WAITING: &str = walk!("status_at", "timestamptz", ">", "asc", ", lines");

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[NEWEST, OLDEST, LARGEST, SMALLEST, WAITING];

/// Orders of this kind within the scope, with their lines, so many at most.
pub(crate) fn stream<'a>(
    db: &'a PgPool,
    scope: &Scope,
    filter: Filter,
    sort: Sort,
    most: i64,
) -> impl Stream<Item = sqlx::Result<(OrderView, Vec<LineView>)>> + Send + use<'a> {
    let statement = match sort {
        Sort::Newest => NEWEST,
        Sort::Oldest => OLDEST,
        Sort::Largest => LARGEST,
        Sort::Smallest => SMALLEST,
        Sort::Waiting => WAITING,
    };
    let rows = filtered(statement, scope, filter, sort, (None, most)).fetch(db);
    rows.map(|row| whole(&row?))
}

fn whole(row: &PgRow) -> sqlx::Result<(OrderView, Vec<LineView>)> {
    let Json(lines) = row.try_get("lines")?;
    Ok((order(row)?, lines))
}

/// What can be sold of each item whose name begins so, by name.
pub(crate) fn stream_levels(
    db: &PgPool,
    begins: Option<String>,
) -> impl Stream<Item = sqlx::Result<ItemLevel>> + Send + use<'_> {
    let rows = sqlx::query_as::<_, LevelRow>(LEVELS);
    rows.bind(begins).bind(None::<String>).bind(None::<i64>).fetch(db).map_ok(level)
}
