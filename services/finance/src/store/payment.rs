//! What providers reported.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Cents, Currency, OrderId, PaymentId, ProviderId, Uuid};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;

use super::names::{status_name, status_named};
use super::read;
use crate::payment::{OddReport, Payment};
use crate::sale::PaymentKey;

// Finds a few more if two providers use the same number, which does no harm; and has no join that
// could be planned as a scan of the whole table.
const LOAD_PAYMENTS: &str = "
    select provider, payment_id, order_id, amount_cents, currency, status
      from payment
     where provider = any($1::text[]) and payment_id = any($2::text[])";

const SAVE_PAYMENTS: &str = "
    insert into payment (provider, payment_id, order_id, amount_cents, currency, status)
    select * from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[])
        on conflict (provider, payment_id) do update set status = excluded.status";

const SET_ASIDE: &str = "
    insert into odd_report (id, provider, payment_id, reason, report, heard_at)
    select *
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
        on conflict (id) do nothing";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[LOAD_PAYMENTS, SAVE_PAYMENTS, SET_ASIDE];

type Row = (String, String, Uuid, i64, String, String);

pub(super) async fn load(
    db: &mut PgConnection,
    wanted: &BTreeSet<PaymentKey>,
) -> sqlx::Result<BTreeMap<PaymentKey, Payment>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let providers: BTreeSet<&str> = wanted.iter().map(|it| it.0.as_str()).collect();
    let payments: BTreeSet<&str> = wanted.iter().map(|it| it.1.as_str()).collect();
    let providers: Vec<&str> = providers.into_iter().collect();
    let payments: Vec<&str> = payments.into_iter().collect();
    let rows: Vec<Row> =
        sqlx::query_as(LOAD_PAYMENTS).bind(providers).bind(payments).fetch_all(db).await?;
    rows.into_iter().map(payment).collect()
}

pub(super) async fn save(
    db: &mut PgConnection,
    rows: &[(PaymentKey, Payment)],
) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_PAYMENTS)
        .bind(rows.iter().map(|it| it.0.0.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|it| it.0.1.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|it| it.1.order.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|it| it.1.amount.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|it| it.1.currency.code()).collect::<Vec<_>>())
        .bind(rows.iter().map(|it| status_name(it.1.status)).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn set_aside(
    db: &mut PgConnection,
    reports: &BTreeMap<Uuid, OddReport>,
) -> sqlx::Result<()> {
    if reports.is_empty() {
        return Ok(());
    }
    sqlx::query(SET_ASIDE)
        .bind(reports.keys().copied().collect::<Vec<_>>())
        .bind(reports.values().map(|it| it.payment.0.as_str()).collect::<Vec<_>>())
        .bind(reports.values().map(|it| it.payment.1.as_str()).collect::<Vec<_>>())
        .bind(reports.values().map(|it| it.oddity.name()).collect::<Vec<_>>())
        .bind(reports.values().map(|it| it.report.as_str()).collect::<Vec<_>>())
        .bind(reports.values().map(|it| it.heard_at.to_sqlx()).collect::<Vec<SqlTimestamp>>())
        .execute(db)
        .await?;
    Ok(())
}

fn payment(row: Row) -> sqlx::Result<(PaymentKey, Payment)> {
    let (provider, payment, order, amount, currency, status) = row;
    let key = (read(ProviderId::new(provider))?, read(PaymentId::new(payment))?);
    let payment = Payment {
        order: OrderId(order),
        amount: Cents(amount),
        currency: read(Currency::new(&currency))?,
        status: status_named(&status),
    };
    Ok((key, payment))
}
