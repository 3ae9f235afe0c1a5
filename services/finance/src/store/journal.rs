//! The journal, which is only added to, and the sums of it.

use std::collections::BTreeMap;

use chassis::Partition;
use contracts::finance::{JournalEntry, Posting};
use contracts::{Cents, Currency, OrderId, Uuid};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;

use super::read;
use crate::journal::{Entry, Line, sums};

// What was posted before stays as it is, and gets no second set of lines.
const POST_ENTRIES: &str = "
    insert into journal (cause, rule, order_id, currency, trace, posted_at)
    select *
      from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::uuid[], $6::timestamptz[])
        on conflict (cause, rule) do nothing
    returning entry_id, cause, rule";

const POST_LINES: &str = "
    insert into posting (entry_id, nth, account, debit_cents, credit_cents)
    select * from unnest($1::bigint[], $2::smallint[], $3::text[], $4::bigint[], $5::bigint[])";

const ADD_UP: &str = "
    insert into balance (partition, currency, account, debit_cents, credit_cents)
    select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[])
        on conflict (partition, currency, account) do update
       set debit_cents = balance.debit_cents + excluded.debit_cents,
           credit_cents = balance.credit_cents + excluded.credit_cents";

const BOOKS_OF: &str = "
    select entry_id, rule, currency, posted_at, account, debit_cents, credit_cents
      from journal
      join posting using (entry_id)
     where order_id = $1
     order by entry_id, nth";

const TRIAL_BALANCE: &str = "
    select account, sum(debit_cents)::bigint, sum(credit_cents)::bigint
      from balance
     where currency = $1
     group by account
     order by account";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[POST_ENTRIES, POST_LINES, ADD_UP, BOOKS_OF, TRIAL_BALANCE];

pub(super) async fn post(
    db: &mut PgConnection,
    partition: Partition,
    entries: &[Entry],
) -> sqlx::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&Entry) -> Option<Uuid>| entries.iter().map(of).collect::<Vec<_>>();
    let posted: Vec<(i64, Uuid, String)> = sqlx::query_as(POST_ENTRIES)
        .bind(column(|it| Some(it.occasion.cause)))
        .bind(entries.iter().map(|it| it.rule.name()).collect::<Vec<_>>())
        .bind(column(|it| it.occasion.order.map(Uuid::from)))
        .bind(entries.iter().map(|it| it.occasion.currency.code()).collect::<Vec<_>>())
        .bind(column(|it| it.trace))
        .bind(entries.iter().map(|it| it.occasion.at.to_sqlx()).collect::<Vec<SqlTimestamp>>())
        .fetch_all(&mut *db)
        .await?;
    let ids: BTreeMap<(Uuid, &str), i64> =
        posted.iter().map(|(id, cause, rule)| ((*cause, rule.as_str()), *id)).collect();
    let id = |it: &Entry| ids.get(&(it.occasion.cause, it.rule.name())).copied();
    let entries: Vec<(i64, &Entry)> = entries.iter().filter_map(|it| Some((id(it)?, it))).collect();
    if entries.is_empty() {
        return Ok(());
    }
    post_lines(db, &entries).await?;
    add_up(db, partition, &entries).await
}

async fn post_lines(db: &mut PgConnection, entries: &[(i64, &Entry)]) -> sqlx::Result<()> {
    let lines: Vec<(i64, i16, Line)> = entries
        .iter()
        .flat_map(|(id, entry)| (1..).zip(&entry.lines).map(|(nth, line)| (*id, nth, *line)))
        .collect();
    sqlx::query(POST_LINES)
        .bind(lines.iter().map(|it| it.0).collect::<Vec<_>>())
        .bind(lines.iter().map(|it| it.1).collect::<Vec<_>>())
        .bind(lines.iter().map(|it| it.2.account.code()).collect::<Vec<_>>())
        .bind(lines.iter().map(|it| it.2.debit.0).collect::<Vec<_>>())
        .bind(lines.iter().map(|it| it.2.credit.0).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn add_up(
    db: &mut PgConnection,
    partition: Partition,
    entries: &[(i64, &Entry)],
) -> sqlx::Result<()> {
    let sums = sums(entries.iter().map(|it| it.1));
    sqlx::query(ADD_UP)
        .bind(partition.number.cast_signed())
        .bind(sums.keys().map(|it| it.0.code()).collect::<Vec<_>>())
        .bind(sums.keys().map(|it| it.1.code()).collect::<Vec<_>>())
        .bind(sums.values().map(|it| it.0.0).collect::<Vec<_>>())
        .bind(sums.values().map(|it| it.1.0).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

type BookRow = (i64, String, String, SqlTimestamp, String, i64, i64);

/// The entries about an order, the earliest first.
pub(crate) async fn books_of(
    db: &mut PgConnection,
    order: OrderId,
) -> sqlx::Result<Vec<JournalEntry>> {
    let rows: Vec<BookRow> = sqlx::query_as(BOOKS_OF).bind(order.0).fetch_all(db).await?;
    rows.chunk_by(|one, next| one.0 == next.0).map(entry).collect()
}

fn entry(lines: &[BookRow]) -> sqlx::Result<JournalEntry> {
    let Some((_, rule, currency, posted_at, ..)) = lines.first() else {
        unreachable!("a chunk is not empty");
    };
    let posting = |it: &BookRow| posting(it.4.clone(), it.5, it.6);
    Ok(JournalEntry {
        rule: rule.clone(),
        currency: read(Currency::new(currency))?,
        posted_at: posted_at.to_jiff(),
        postings: lines.iter().map(posting).collect(),
    })
}

/// What was debited and credited to each account.
pub(crate) async fn trial_balance(
    db: &mut PgConnection,
    currency: Currency,
) -> sqlx::Result<Vec<Posting>> {
    let rows: Vec<(String, i64, i64)> =
        sqlx::query_as(TRIAL_BALANCE).bind(currency.code()).fetch_all(db).await?;
    Ok(rows.into_iter().map(|(account, debit, credit)| posting(account, debit, credit)).collect())
}

fn posting(account: String, debit: i64, credit: i64) -> Posting {
    Posting { account, debit: Cents(debit), credit: Cents(credit) }
}
