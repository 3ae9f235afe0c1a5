//! The register of invoice numbers.

use contracts::{InvoiceId, OrderId, Uuid};
use sqlx::PgConnection;

use super::Needs;
use crate::invoice::{Number, Numbering};

// A row that is not there cannot be locked.
const OPEN_SERIES: &str = "
    insert into series (series, year)
    select name, $2 from unnest($1::text[]) as new (name) order by name
        on conflict do nothing";

const LOCK_SERIES: &str = "
    select series, last
      from series
     where series = any($1::text[]) and year = $2
     order by series
       for update";

// After the lock: what was given while we waited for it is seen here.
const LOAD_NUMBERS: &str = "
    select invoice_id, order_id, series, year, number
      from invoice_number
     where invoice_id = any($1::uuid[])";

const SAVE_SERIES: &str = "
    update series
       set last = new.last
      from unnest($1::text[], $2::smallint[], $3::bigint[]) as new (series, year, last)
     where series.series = new.series and series.year = new.year";

const SAVE_NUMBERS: &str = "
    insert into invoice_number (invoice_id, order_id, series, year, number)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[], $5::bigint[])";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[OPEN_SERIES, LOCK_SERIES, LOAD_NUMBERS, SAVE_SERIES, SAVE_NUMBERS];

pub(super) async fn load(db: &mut PgConnection, needs: &Needs) -> sqlx::Result<Numbering> {
    if needs.series.is_empty() {
        return Ok(Numbering::default());
    }
    let year = needs.year;
    let names: Vec<&str> = needs.series.iter().map(String::as_str).collect();
    sqlx::query(OPEN_SERIES).bind(&names).bind(year).execute(&mut *db).await?;
    let last: Vec<(String, i64)> =
        sqlx::query_as(LOCK_SERIES).bind(&names).bind(year).fetch_all(&mut *db).await?;
    let given: Vec<(Uuid, Uuid, String, i16, i64)> = sqlx::query_as(LOAD_NUMBERS)
        .bind(needs.invoices.iter().map(|it| it.0).collect::<Vec<Uuid>>())
        .fetch_all(db)
        .await?;
    let given = given.into_iter().map(|(invoice, order, series, year, nth)| {
        (InvoiceId(invoice), Number { order: OrderId(order), series, year, nth })
    });
    Ok(Numbering {
        last: last.into_iter().map(|(series, last)| ((series, year), last)).collect(),
        given: given.collect(),
    })
}

/// Writes the numbers that were given, and how far their series are.
pub(super) async fn save(db: &mut PgConnection, numbering: &Numbering) -> sqlx::Result<()> {
    let given = &numbering.given;
    if given.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_SERIES)
        .bind(numbering.last.keys().map(|it| it.0.as_str()).collect::<Vec<_>>())
        .bind(numbering.last.keys().map(|it| it.1).collect::<Vec<_>>())
        .bind(numbering.last.values().copied().collect::<Vec<_>>())
        .execute(&mut *db)
        .await?;
    sqlx::query(SAVE_NUMBERS)
        .bind(given.keys().map(|it| it.0).collect::<Vec<_>>())
        .bind(given.values().map(|it| it.order.0).collect::<Vec<_>>())
        .bind(given.values().map(|it| it.series.as_str()).collect::<Vec<_>>())
        .bind(given.values().map(|it| it.year).collect::<Vec<_>>())
        .bind(given.values().map(|it| it.nth).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}
