//! Where reports are kept that changed nothing.

use std::collections::BTreeMap;

use contracts::fulfilment::RefusedReport;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;

use crate::books::{Refused, RefusedKey};

pub(super) const COUNT: &str = "
    insert into refused_report
           (about, reporter, pick, what, reason, times, first_at, last_at, body)
    select about, reporter, pick, what, reason, times, at, at, body
      from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bigint[],
                  $7::timestamptz[], $8::text[])
        as new (about, reporter, pick, what, reason, times, at, body)
        on conflict (about, reporter, pick, what, reason) do update
       set times = refused_report.times + excluded.times, last_at = excluded.last_at,
           body = excluded.body";

pub(super) const LOAD: &str = "
    select about, pick, what, reason, times, first_at, last_at, body
      from refused_report
     where reporter = $1
     order by last_at desc
     limit 100";

type RefusedRow = (String, i32, String, String, i64, SqlTimestamp, SqlTimestamp, String);

/// Counts what was refused in this batch. One partition owns each row.
pub(super) async fn count(
    db: &mut PgConnection,
    refused: &BTreeMap<RefusedKey, Refused>,
) -> anyhow::Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    sqlx::query(COUNT)
        .bind(refused.keys().map(|it| it.about.as_str()).collect::<Vec<&str>>())
        .bind(refused.keys().map(|it| it.reporter.as_str()).collect::<Vec<&str>>())
        .bind(refused.keys().map(|it| it.pick).collect::<Vec<i32>>())
        .bind(refused.keys().map(|it| it.what.as_str()).collect::<Vec<&str>>())
        .bind(refused.keys().map(|it| it.reason.name()).collect::<Vec<&str>>())
        .bind(refused.values().map(|it| it.times).collect::<Vec<i64>>())
        .bind(refused.values().map(|it| it.at.to_sqlx()).collect::<Vec<SqlTimestamp>>())
        .bind(refused.values().map(|it| it.body.as_str()).collect::<Vec<&str>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Which reports of a warehouse or a carrier changed nothing, the latest first.
pub(crate) async fn refused_of(
    db: &mut PgConnection,
    reporter: &str,
) -> anyhow::Result<Vec<RefusedReport>> {
    let rows: Vec<RefusedRow> = sqlx::query_as(LOAD).bind(reporter).fetch_all(db).await?;
    let view = |(about, pick, what, reason, times, first_at, last_at, body): RefusedRow| {
        let (first_at, last_at) = (first_at.to_jiff(), last_at.to_jiff());
        RefusedReport { about, pick, what, reason, times, first_at, last_at, body }
    };
    Ok(rows.into_iter().map(view).collect())
}
