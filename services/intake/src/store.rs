//! Where the books are kept between batches.

mod catalogue;
mod names;
mod orders;

use chassis::Batch;
use contracts::OrderId;
use sqlx::PgConnection;

use crate::Inbound;
use crate::books::Books;
use crate::changes::Before;
use crate::wanted::Wanted;

pub(crate) use orders::{entry, units};

#[cfg(test)]
pub(crate) fn statements() -> Vec<&'static str> {
    [orders::STATEMENTS, names::STATEMENTS, catalogue::STATEMENTS].concat()
}

/// Reads what the batch touches. Orders and their names belong to this partition alone, and nobody
/// else writes what it lists; keys are shared, so they are locked, last.
pub(crate) async fn load(
    db: &mut PgConnection,
    batch: &Batch<Inbound>,
) -> anyhow::Result<(Books, Before)> {
    let mut wanted = Wanted::of(batch);
    let references = names::load(db, &wanted.names).await?;
    wanted.orders.extend(references.values().filter_map(|it| it.order).map(|it| it.0));
    let orders = orders::load(db, &wanted.orders).await?;
    let entries = wanted.entries(&orders);
    let catalogue = catalogue::load(db, &wanted.items, &wanted.customers).await?;
    let last_no = names::take_numbers(db, batch.partition(), wanted.placements).await?;
    let keys = names::lock(db, &wanted.keys).await?;
    let holders = keys.values().filter_map(|it| it.by.as_ref()).map(|it| it.order);
    let holders: Vec<OrderId> = holders.filter(|it| !orders.contains_key(it)).collect();

    let books = Books {
        partition: batch.partition(),
        next_no: last_no - wanted.placements + 1,
        orders,
        vault: orders::load_entries(db, &entries).await?,
        references,
        keys,
        elsewhere: orders::load_known(db, &holders).await?,
        catalogue,
        placed: vec![],
        carried: vec![],
    };
    let before = Before::of(&books);
    Ok((books, before))
}

/// Writes back what changed.
pub(crate) async fn save(
    db: &mut PgConnection,
    books: &Books,
    before: &Before,
) -> anyhow::Result<()> {
    let changes = before.changes(books);
    orders::insert(db, books).await?;
    orders::insert_carried(db, &books.carried).await?;
    orders::update(db, &changes.orders).await?;
    names::save_refusals(db, &changes.refused).await?;
    names::save_keys(db, &changes.taken).await?;
    catalogue::save(db, &books.catalogue).await
}
