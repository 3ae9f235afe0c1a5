//! Writes down what a batch has changed, each kind of row in one statement.

use contracts::Timestamp;
use contracts::credit::Exposure;
use jiff_sqlx::{Date as SqlDate, ToSqlx};
use sqlx::PgConnection;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use uuid::Uuid;

use super::Line;
use crate::account::Book;
use crate::commitment::{Commitment, State};
use crate::ledger::{Ledger, day};

pub(super) const SAVE_AGREEMENTS: &str = "
    update account
       set limit_cents = new.limit_cents, currency = new.currency,
           limit_until = new.limit_until, payment_days = new.payment_days,
           limit_by = new.limit_by, changed_at = $7
      from unnest($1::text[], $2::bigint[], $3::text[], $4::date[], $5::integer[], $6::text[])
        as new (customer_id, limit_cents, currency, limit_until, payment_days, limit_by)
     where account.customer_id = new.customer_id";

pub(super) const SAVE_BLOCKS: &str = "
    update account
       set blocked = new.blocked, blocked_by = new.blocked_by,
           blocked_because = new.blocked_because, changed_at = $5
      from unnest($1::text[], $2::boolean[], $3::text[], $4::text[])
        as new (customer_id, blocked, blocked_by, blocked_because)
     where account.customer_id = new.customer_id";

// Nobody else opens a customer's book meanwhile, for the account is locked.
pub(super) const SAVE_BOOKS: &str = "
    insert into book (customer_id, currency, pending_cents, authorised_cents, delivered_cents,
                      billed_cents, prepaid_cents, due_cents, settled_cents, year_cents,
                      overdue_cents, brought_cents, figured_on, changed_at)
    select new.*, $13, $14
      from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                  $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
                  $12::bigint[]) as new
        on conflict (customer_id, currency) do update
       set pending_cents = excluded.pending_cents, authorised_cents = excluded.authorised_cents,
           delivered_cents = excluded.delivered_cents, billed_cents = excluded.billed_cents,
           prepaid_cents = excluded.prepaid_cents, due_cents = excluded.due_cents,
           settled_cents = excluded.settled_cents, year_cents = excluded.year_cents,
           overdue_cents = excluded.overdue_cents, brought_cents = excluded.brought_cents,
           figured_on = excluded.figured_on, changed_at = excluded.changed_at";

pub(super) const SAVE_COMMITMENTS: &str = "
    insert into commitment (order_id, customer_id, currency, state, tier, entered_by, amount_cents,
                            freight_cents, lines, pending_cents, authorised_cents,
                            delivered_cents, billed_cents, prepaid_cents)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[],
                         $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::bigint[],
                         $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
        on conflict (order_id) do update
       set state = excluded.state, tier = excluded.tier, entered_by = excluded.entered_by,
           freight_cents = excluded.freight_cents, lines = excluded.lines,
           pending_cents = excluded.pending_cents, authorised_cents = excluded.authorised_cents,
           delivered_cents = excluded.delivered_cents, billed_cents = excluded.billed_cents,
           prepaid_cents = excluded.prepaid_cents";

pub(super) const SAVE_ITEMS: &str = "
    insert into item (item_id, customer_id, currency, brought, due_on, amount_cents, paid_cents,
                      paid_on, that_day_cents)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::date[],
                         $6::bigint[], $7::bigint[], $8::date[], $9::bigint[])
        on conflict (item_id) do update
       set due_on = excluded.due_on, amount_cents = excluded.amount_cents,
           paid_cents = excluded.paid_cents, paid_on = excluded.paid_on,
           that_day_cents = excluded.that_day_cents";

pub(super) const ADD_ENTRIES: &str = "
    insert into entry (order_id, kind, cause, pending_cents, authorised_cents, delivered_cents,
                       billed_cents, prepaid_cents, remark, at)
    select new.*, $10
      from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[],
                  $7::bigint[], $8::bigint[], $9::text[]) as new";

pub(super) const ADD_DECISIONS: &str = "
    insert into decision (order_id, body, decided_at)
    select id, body::json, $3 from unnest($1::uuid[], $2::text[]) as new (id, body)";

/// Writes the ledger back, as far as it changed.
pub(crate) async fn save(
    db: &mut PgConnection,
    now: Timestamp,
    ledger: &Ledger,
) -> anyhow::Result<()> {
    commands(db, now, ledger).await?;
    books(db, now, ledger).await?;
    commitments(db, ledger).await?;
    items(db, ledger).await?;
    entries(db, now, ledger).await?;
    decisions(db, now, ledger).await
}

async fn commands(db: &mut PgConnection, now: Timestamp, ledger: &Ledger) -> anyhow::Result<()> {
    let agreements = &ledger.fresh.agreements;
    if !agreements.is_empty() {
        let all = || agreements.values();
        sqlx::query(SAVE_AGREEMENTS)
            .bind(all().map(|it| it.customer.as_str()).collect::<Vec<&str>>())
            .bind(all().map(|it| it.limit.0).collect::<Vec<i64>>())
            .bind(all().map(|it| it.currency.to_string()).collect::<Vec<String>>())
            .bind(all().map(|it| it.until.map(ToSqlx::to_sqlx)).collect::<Vec<Option<SqlDate>>>())
            .bind(all().map(|it| it.payment_days).collect::<Vec<i32>>())
            .bind(all().map(|it| it.by.0.as_str()).collect::<Vec<&str>>())
            .bind(now.to_sqlx())
            .execute(&mut *db)
            .await?;
    }
    let blocks = &ledger.fresh.blocks;
    if !blocks.is_empty() {
        sqlx::query(SAVE_BLOCKS)
            .bind(blocks.values().map(|it| it.customer.as_str()).collect::<Vec<&str>>())
            .bind(blocks.values().map(|it| it.blocked).collect::<Vec<bool>>())
            .bind(blocks.values().map(|it| it.by.0.as_str()).collect::<Vec<&str>>())
            .bind(blocks.values().map(|it| it.reason.as_str()).collect::<Vec<&str>>())
            .bind(now.to_sqlx())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

async fn books(db: &mut PgConnection, now: Timestamp, ledger: &Ledger) -> anyhow::Result<()> {
    let found = ledger.fresh.books.iter().filter_map(|(customer, currency)| {
        let book = ledger.books.get(customer)?.get(currency)?;
        Some((customer.as_str(), currency.to_string(), book))
    });
    let found: Vec<(&str, String, &Book)> = found.collect();
    if found.is_empty() {
        return Ok(());
    }
    let figures =
        |of: fn(&Book) -> contracts::Cents| found.iter().map(|it| of(it.2).0).collect::<Vec<i64>>();
    let query = sqlx::query(SAVE_BOOKS)
        .bind(found.iter().map(|it| it.0).collect::<Vec<&str>>())
        .bind(found.iter().map(|it| it.1.as_str()).collect::<Vec<&str>>());
    stages(query, &found.iter().map(|it| &it.2.exposure).collect::<Vec<_>>())
        .bind(figures(|it| it.figures.due))
        .bind(figures(|it| it.figures.paid))
        .bind(figures(|it| it.figures.year))
        .bind(figures(|it| it.figures.overdue))
        .bind(figures(|it| it.figures.brought))
        .bind(day(now).to_sqlx())
        .bind(now.to_sqlx())
        .execute(db)
        .await?;
    Ok(())
}

async fn commitments(db: &mut PgConnection, ledger: &Ledger) -> anyhow::Result<()> {
    let found = ledger.fresh.commitments.iter();
    let found = found.filter_map(|id| Some((id.0, ledger.commitments.get(id)?)));
    let found: Vec<(Uuid, &Commitment)> = found.collect();
    if found.is_empty() {
        return Ok(());
    }
    let all = || found.iter().map(|it| it.1);
    let held = |it: &Commitment| match &it.state {
        State::Held { tier, entered_by } => Some((i16::from(*tier), entered_by.0.clone())),
        State::Approved | State::Refused | State::Ended => None,
    };
    let (tiers, enterers): (Vec<Option<i16>>, Vec<Option<String>>) =
        all().map(|it| held(it).unzip()).unzip();
    let query = sqlx::query(SAVE_COMMITMENTS)
        .bind(found.iter().map(|it| it.0).collect::<Vec<Uuid>>())
        .bind(all().map(|it| it.customer.as_str()).collect::<Vec<&str>>())
        .bind(all().map(|it| it.currency.to_string()).collect::<Vec<String>>())
        .bind(all().map(|it| it.state.name()).collect::<Vec<&str>>())
        .bind(tiers)
        .bind(enterers)
        .bind(all().map(|it| it.amount.0).collect::<Vec<i64>>())
        .bind(all().map(|it| it.freight.0).collect::<Vec<i64>>())
        .bind(all().map(lines).collect::<Result<Vec<String>, _>>()?);
    stages(query, &all().map(|it| &it.stages).collect::<Vec<_>>()).execute(db).await?;
    Ok(())
}

/// The lines of an order, as they are kept.
pub(crate) fn lines(it: &Commitment) -> serde_json::Result<String> {
    let lines = it.lines.iter();
    let lines =
        lines.map(|it| (it.line, it.quantity, it.net.0, it.tax.0, it.delivered, it.returned));
    serde_json::to_string(&lines.collect::<Vec<Line>>())
}

async fn items(db: &mut PgConnection, ledger: &Ledger) -> anyhow::Result<()> {
    let ids: Vec<Uuid> = ledger.fresh.items.iter().copied().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let all = || ids.iter().filter_map(|it| ledger.items.get(it));
    sqlx::query(SAVE_ITEMS)
        .bind(&ids)
        .bind(all().map(|it| it.customer.as_str()).collect::<Vec<&str>>())
        .bind(all().map(|it| it.currency.to_string()).collect::<Vec<String>>())
        .bind(all().map(|it| it.brought).collect::<Vec<bool>>())
        .bind(all().map(|it| it.due.to_sqlx()).collect::<Vec<SqlDate>>())
        .bind(all().map(|it| it.amount.0).collect::<Vec<i64>>())
        .bind(all().map(|it| it.paid.0).collect::<Vec<i64>>())
        .bind(all().map(|it| it.paid_on.map(ToSqlx::to_sqlx)).collect::<Vec<Option<SqlDate>>>())
        .bind(all().map(|it| it.that_day.0).collect::<Vec<i64>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn entries(db: &mut PgConnection, now: Timestamp, ledger: &Ledger) -> anyhow::Result<()> {
    let entries = &ledger.fresh.entries;
    if entries.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(ADD_ENTRIES)
        .bind(entries.iter().map(|it| it.order.0).collect::<Vec<Uuid>>())
        .bind(entries.iter().map(|it| it.kind.name()).collect::<Vec<&str>>())
        .bind(entries.iter().map(|it| it.cause).collect::<Vec<Uuid>>());
    stages(query, &entries.iter().map(|it| &it.change).collect::<Vec<_>>())
        .bind(entries.iter().map(|it| it.remark.as_deref()).collect::<Vec<Option<&str>>>())
        .bind(now.to_sqlx())
        .execute(db)
        .await?;
    Ok(())
}

async fn decisions(db: &mut PgConnection, now: Timestamp, ledger: &Ledger) -> anyhow::Result<()> {
    let decisions = &ledger.fresh.decisions;
    if decisions.is_empty() {
        return Ok(());
    }
    let bodies = decisions.iter().map(|it| serde_json::to_string(&it.1));
    sqlx::query(ADD_DECISIONS)
        .bind(decisions.iter().map(|it| it.0.0).collect::<Vec<Uuid>>())
        .bind(bodies.collect::<Result<Vec<String>, _>>()?)
        .bind(now.to_sqlx())
        .execute(db)
        .await?;
    Ok(())
}

/// Binds the five stages, a column each.
fn stages<'q>(
    query: Query<'q, Postgres, PgArguments>,
    of: &[&Exposure],
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(of.iter().map(|it| it.pending.0).collect::<Vec<i64>>())
        .bind(of.iter().map(|it| it.authorised.0).collect::<Vec<i64>>())
        .bind(of.iter().map(|it| it.delivered_unbilled.0).collect::<Vec<i64>>())
        .bind(of.iter().map(|it| it.billed_open.0).collect::<Vec<i64>>())
        .bind(of.iter().map(|it| it.prepaid.0).collect::<Vec<i64>>())
}
