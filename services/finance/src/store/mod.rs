//! Where the books are kept between batches.

mod file;
mod journal;
mod number;
mod payment;

use std::collections::BTreeSet;

use chassis::{Batch, Partition};
use contracts::{OrderId, Uuid};
use sqlx::PgConnection;

pub(crate) use self::journal::{books_of, trial_balance};
use crate::Inbound;
use crate::books::Books;

#[cfg(test)]
pub(crate) const STATEMENTS: &[&[&str]] =
    &[file::STATEMENTS, payment::STATEMENTS, number::STATEMENTS, journal::STATEMENTS];

#[cfg(test)]
pub(crate) async fn save_numbers(
    db: &mut PgConnection,
    numbering: &crate::invoice::Numbering,
) -> sqlx::Result<()> {
    number::save(db, &crate::invoice::Numbering::default(), numbering).await
}

/// Reads what the batch touches. All of it is written by this partition alone, except the last
/// number of a series, which is read last, and locked.
pub(crate) async fn load(db: &mut PgConnection, batch: &Batch<Inbound>) -> sqlx::Result<Books> {
    let mut books = Books { files: file::load(db, &needs(batch)).await?, ..Books::default() };
    books.payments = payment::load(db, batch).await?;
    books.numbering = number::load(db, batch).await?;
    Ok(books)
}

/// Writes what changed, and what is new.
pub(crate) async fn save(
    db: &mut PgConnection,
    partition: Partition,
    before: &Books,
    books: &Books,
) -> sqlx::Result<()> {
    file::save(db, &before.files, &books.files).await?;
    file::save_settlements(db, &books.settlements).await?;
    payment::save(db, &before.payments, &books.payments).await?;
    payment::set_aside(db, &books.odd_reports).await?;
    number::save(db, &before.numbering, &books.numbering).await?;
    journal::post(db, partition, books.journal.entries()).await
}

/// Reads what is kept in a column as text.
fn read<T, E>(read: Result<T, E>) -> sqlx::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    read.map_err(|it| sqlx::Error::Decode(it.into()))
}

/// Of which orders a batch needs what: no rule touches more than this.
#[derive(Debug, Default)]
struct Needs {
    sales: BTreeSet<Uuid>,
    parcels: BTreeSet<Uuid>,
    deposits: BTreeSet<Uuid>,
}

fn needs(batch: &Batch<Inbound>) -> Needs {
    let mut needs = Needs::default();
    for message in batch.messages() {
        let (OrderId(order), parcels, deposits) = match message {
            // It has no parcels, but money may wait for it.
            Inbound::OrderPlaced(it) => (it.order, false, true),
            Inbound::CreditApproved(it) => (it.order, false, false),
            Inbound::HoldReleased(it) => (it.order, false, false),
            // Goods move; money does not.
            Inbound::Shipped(it) => (it.order, true, false),
            Inbound::Delivered(it) => (it.order, true, false),
            Inbound::Returned(it) => (it.order, true, false),
            Inbound::OrderCancelled(it) => (it.order, true, true),
            Inbound::OrderExpired(it) => (it.order, true, true),
            Inbound::OrderCompleted(it) => (it.order, true, true),
            Inbound::PaymentNoted(it) => (it.order, true, true),
            Inbound::NumberGiven(it) => (it.order, true, true),
            Inbound::StockReceived(_) | Inbound::PaymentReported(_) | Inbound::NumberWanted(_) => {
                continue; // About no order of this partition.
            }
        };
        needs.sales.insert(order);
        if parcels {
            needs.parcels.insert(order);
        }
        if deposits {
            needs.deposits.insert(order);
        }
    }
    needs
}
