//! Where the ledger is kept between batches.

mod ask;
mod load;
mod save;

pub(crate) use ask::{account_of, why};
pub(crate) use load::load;
pub(crate) use save::{lines, save};

use anyhow::Context;
use contracts::credit::Exposure;
use contracts::{Cents, Currency, CustomerId};
use sqlx::Row;
use sqlx::postgres::PgRow;

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    load::LOAD_COMMITMENTS,
    load::LOAD_ITEMS,
    load::LOAD_COUNTED,
    load::OPEN_ACCOUNTS,
    load::LOAD_ACCOUNTS,
    load::LOAD_BOOKS,
    load::SUM_UP,
    save::SAVE_AGREEMENTS,
    save::SAVE_BLOCKS,
    save::SAVE_BOOKS,
    save::SAVE_COMMITMENTS,
    save::SAVE_ITEMS,
    save::ADD_ENTRIES,
    save::ADD_DECISIONS,
    ask::ACCOUNT_OF,
    ask::WHY,
];

/// A line as it is kept: its number, quantity, net, tax, and the units delivered and returned.
type Line = (u16, i64, i64, i64, i64, i64);

fn customer(row: &PgRow) -> anyhow::Result<CustomerId> {
    Ok(CustomerId::new(row.try_get::<String, _>("customer_id")?)?)
}

fn currency(row: &PgRow) -> anyhow::Result<Currency> {
    Ok(Currency::new(row.try_get("currency")?)?)
}

fn cents(row: &PgRow, column: &str) -> anyhow::Result<Cents> {
    Ok(Cents(row.try_get(column).with_context(|| column.to_owned())?))
}

fn stages(row: &PgRow) -> anyhow::Result<Exposure> {
    Ok(Exposure {
        pending: cents(row, "pending_cents")?,
        authorised: cents(row, "authorised_cents")?,
        delivered_unbilled: cents(row, "delivered_cents")?,
        billed_open: cents(row, "billed_cents")?,
        prepaid: cents(row, "prepaid_cents")?,
    })
}
