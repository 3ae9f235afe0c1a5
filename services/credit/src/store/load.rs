//! Reads what a batch touches. Commitments and items belong to this partition alone. Accounts are
//! shared, so they are locked, and whoever holds an account's lock is the only one to decide about
//! its customer.

use std::collections::BTreeSet;

use anyhow::Context;
use chassis::Batch;
use contracts::{Actor, Cents, CustomerId, OrderId};
use jiff_sqlx::{Date as SqlDate, ToSqlx};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::{Line, cents, currency, customer, stages};
use crate::Inbound;
use crate::account::{Account, Agreement, Book};
use crate::commitment::{Commitment, Kind, Share, State};
use crate::item::{Figures, Item, Window};
use crate::ledger::{Cause, Ledger, day};
use crate::touch::{causes, concerned, item, names, order};

pub(super) const LOAD_COMMITMENTS: &str = "
    select order_id, customer_id, currency, state, tier, entered_by, amount_cents, freight_cents,
           lines, pending_cents, authorised_cents, delivered_cents, billed_cents, prepaid_cents
      from commitment
     where order_id = any($1::uuid[])";

pub(super) const LOAD_ITEMS: &str = "
    select item_id, customer_id, currency, brought, due_on, amount_cents, paid_cents, paid_on,
           that_day_cents
      from item
     where item_id = any($1::uuid[])";

pub(super) const LOAD_COUNTED: &str = "
    select order_id, kind, cause, pending_cents, authorised_cents, delivered_cents, billed_cents,
           prepaid_cents
      from unnest($1::uuid[], $2::text[], $3::uuid[]) as asked (order_id, kind, cause)
      join entry using (order_id, kind, cause)";

// A row that is not there cannot be locked, and two partitions may meet a new customer at once.
// Most are there: looking first saves a speculative insert for each.
pub(super) const OPEN_ACCOUNTS: &str = "
    insert into account (customer_id, changed_at)
    select id, $2 from unnest($1::text[]) as new (id)
     where not exists (select from account where customer_id = id)
     order by id collate \"C\"
        on conflict do nothing";

pub(super) const LOAD_ACCOUNTS: &str = "
    select customer_id, limit_cents, currency, limit_until, payment_days, blocked
      from account
     where customer_id = any($1::text[])
     order by customer_id   -- everyone locks in the same order, so nobody deadlocks
       for update";

// After the locks, in a statement of its own: so it sees what the last holder of a lock wrote.
pub(super) const LOAD_BOOKS: &str = "
    select customer_id, currency, pending_cents, authorised_cents, delivered_cents, billed_cents,
           prepaid_cents, figured_on, due_cents, settled_cents, year_cents, overdue_cents,
           brought_cents
      from book
     where customer_id = any($1::text[])";

// Once a day for each customer. Payments of today count from tomorrow on.
pub(super) const SUM_UP: &str = "
    select customer_id, currency, recent.due_cents, recent.settled_cents, recent.year_cents,
           old.overdue_cents, old.brought_cents
      from unnest($1::text[], $2::text[]) as asked (customer_id, currency)
     cross join lateral (
           select coalesce(sum(amount_cents) filter (where $4 <= due_on), 0)::bigint as due_cents,
                  coalesce(sum(least(amount_cents, paid_cents
                                     - case when $3 <= paid_on then that_day_cents else 0 end))
                           filter (where $4 <= due_on), 0)::bigint as settled_cents,
                  coalesce(sum(amount_cents), 0)::bigint as year_cents
             from item
            where item.customer_id = asked.customer_id and item.currency = asked.currency
              and $5 <= due_on and due_on < $3) as recent
     cross join lateral (
           select coalesce(sum(amount_cents - paid_cents), 0)::bigint as overdue_cents,
                  coalesce(sum(amount_cents - paid_cents) filter (where brought), 0)::bigint
                      as brought_cents
             from item
            where item.customer_id = asked.customer_id and item.currency = asked.currency
              and due_on < $6 and paid_cents < amount_cents) as old";

pub(crate) async fn load(db: &mut PgConnection, batch: &Batch<Inbound>) -> anyhow::Result<Ledger> {
    let mut ledger = Ledger::default();
    commitments(db, batch, &mut ledger).await?;
    items(db, batch, &mut ledger).await?;
    counted(db, batch, &mut ledger).await?;
    let named: BTreeSet<&CustomerId> = batch.messages().filter_map(names).collect();
    if !named.is_empty() {
        sqlx::query(OPEN_ACCOUNTS)
            .bind(named.into_iter().map(CustomerId::as_str).collect::<Vec<&str>>())
            .bind(batch.now().to_sqlx())
            .execute(&mut *db)
            .await?;
    }
    let concerned: BTreeSet<&CustomerId> =
        batch.messages().filter_map(|it| concerned(it, &ledger)).collect();
    if !concerned.is_empty() {
        let customers: Vec<String> = concerned.into_iter().map(CustomerId::to_string).collect();
        accounts(db, &customers, &mut ledger).await?;
        books(db, &customers, &Window::of(day(batch.now())), &mut ledger).await?;
    }
    Ok(ledger)
}

async fn commitments(
    db: &mut PgConnection,
    batch: &Batch<Inbound>,
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let orders: BTreeSet<Uuid> = batch.messages().filter_map(order).map(Uuid::from).collect();
    if orders.is_empty() {
        return Ok(());
    }
    let orders: Vec<Uuid> = orders.into_iter().collect();
    let rows = sqlx::query(LOAD_COMMITMENTS).bind(orders).fetch_all(db).await?;
    for row in rows {
        let lines: Vec<Line> = serde_json::from_str(row.try_get("lines")?)?;
        let share = |(line, quantity, net, tax, delivered, returned)| {
            let (net, tax) = (Cents(net), Cents(tax));
            Share { line, quantity, net, tax, delivered, returned }
        };
        let commitment = Commitment {
            customer: customer(&row)?,
            currency: currency(&row)?,
            state: state(&row)?,
            amount: cents(&row, "amount_cents")?,
            freight: cents(&row, "freight_cents")?,
            lines: lines.into_iter().map(share).collect(),
            stages: stages(&row)?,
        };
        ledger.commitments.insert(OrderId(row.try_get("order_id")?), commitment);
    }
    Ok(())
}

fn state(row: &PgRow) -> anyhow::Result<State> {
    Ok(match row.try_get("state")? {
        "held" => State::Held {
            tier: u8::try_from(row.try_get::<i16, _>("tier")?)?,
            entered_by: Actor(row.try_get("entered_by")?),
        },
        "approved" => State::Approved,
        "refused" => State::Refused,
        "ended" => State::Ended,
        other => anyhow::bail!("the schema forbids a commitment that is {other}"),
    })
}

async fn items(
    db: &mut PgConnection,
    batch: &Batch<Inbound>,
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let ids: BTreeSet<Uuid> = batch.messages().filter_map(item).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let rows = sqlx::query(LOAD_ITEMS).bind(ids).fetch_all(db).await?;
    for row in rows {
        let item = Item {
            customer: customer(&row)?,
            currency: currency(&row)?,
            brought: row.try_get("brought")?,
            due: row.try_get::<SqlDate, _>("due_on")?.to_jiff(),
            amount: cents(&row, "amount_cents")?,
            paid: cents(&row, "paid_cents")?,
            paid_on: row.try_get::<Option<SqlDate>, _>("paid_on")?.map(SqlDate::to_jiff),
            that_day: cents(&row, "that_day_cents")?,
        };
        ledger.items.insert(row.try_get("item_id")?, item);
    }
    Ok(())
}

async fn counted(
    db: &mut PgConnection,
    batch: &Batch<Inbound>,
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let asked: BTreeSet<Cause> = batch.messages().flat_map(causes).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(LOAD_COUNTED)
        .bind(asked.iter().map(|it| it.0.0).collect::<Vec<Uuid>>())
        .bind(asked.iter().map(|it| it.1.name()).collect::<Vec<&str>>())
        .bind(asked.iter().map(|it| it.2).collect::<Vec<Uuid>>())
        .fetch_all(db)
        .await?;
    for row in rows {
        let kind = Kind::named(row.try_get("kind")?).context("the schema forbids this kind")?;
        let cause = (OrderId(row.try_get("order_id")?), kind, row.try_get("cause")?);
        ledger.counted.insert(cause, stages(&row)?);
    }
    Ok(())
}

async fn accounts(
    db: &mut PgConnection,
    customers: &[String],
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let rows = sqlx::query(LOAD_ACCOUNTS).bind(customers).fetch_all(db).await?;
    for row in rows {
        let agreement = match row.try_get("limit_cents")? {
            None => None,
            Some(limit) => Some(Agreement {
                limit: Cents(limit),
                currency: currency(&row)?,
                until: row.try_get::<Option<SqlDate>, _>("limit_until")?.map(SqlDate::to_jiff),
                payment_days: row.try_get("payment_days")?,
            }),
        };
        let account = Account { agreement, blocked: row.try_get("blocked")? };
        ledger.accounts.insert(customer(&row)?, account);
    }
    Ok(())
}

/// Reads how the customers stand, their figures as of today.
async fn books(
    db: &mut PgConnection,
    customers: &[String],
    window: &Window,
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let mut old: Vec<(String, String)> = Vec::new();
    let rows = sqlx::query(LOAD_BOOKS).bind(customers).fetch_all(&mut *db).await?;
    for row in rows {
        let (customer, currency) = (customer(&row)?, currency(&row)?);
        if row.try_get::<SqlDate, _>("figured_on")?.to_jiff() != window.today {
            old.push((customer.to_string(), currency.to_string()));
        }
        let book = Book { exposure: stages(&row)?, figures: figures(&row)? };
        ledger.books.entry(customer).or_default().insert(currency, book);
    }
    if old.is_empty() {
        return Ok(());
    }
    let (of, in_currency): (Vec<String>, Vec<String>) = old.into_iter().unzip();
    let rows = sqlx::query(SUM_UP)
        .bind(of)
        .bind(in_currency)
        .bind(window.today.to_sqlx())
        .bind(window.quarter.to_sqlx())
        .bind(window.year.to_sqlx())
        .bind(window.late.to_sqlx())
        .fetch_all(db)
        .await?;
    for row in rows {
        let (customer, currency) = (customer(&row)?, currency(&row)?);
        ledger.book(&customer, currency).figures = figures(&row)?; // And to be saved.
    }
    Ok(())
}

fn figures(row: &PgRow) -> anyhow::Result<Figures> {
    Ok(Figures {
        due: cents(row, "due_cents")?,
        paid: cents(row, "settled_cents")?,
        year: cents(row, "year_cents")?,
        overdue: cents(row, "overdue_cents")?,
        brought: cents(row, "brought_cents")?,
    })
}
