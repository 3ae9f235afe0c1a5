//! Where the books are kept between batches.

mod change;
mod file;
mod journal;
pub(crate) mod names;
mod needs;
mod number;
mod payment;

use sqlx::PgConnection;

pub(crate) use self::change::Change;
pub(crate) use self::file::{invoice, line_rows};
pub(crate) use self::journal::{books_of, trial_balance};
pub(crate) use self::needs::Needs;
use crate::books::Books;

#[cfg(test)]
pub(crate) const STATEMENTS: &[&[&str]] =
    &[file::STATEMENTS, payment::STATEMENTS, number::STATEMENTS, journal::STATEMENTS];

#[cfg(test)]
pub(crate) async fn save_numbers(
    db: &mut PgConnection,
    numbering: &crate::invoice::Numbering,
) -> sqlx::Result<()> {
    number::save(db, numbering).await
}

/// Reads what the batch touches. All of it is written by this partition alone, except the last
/// number of a series, which is read last, and locked.
pub(crate) async fn load(db: &mut PgConnection, needs: &Needs) -> sqlx::Result<Books> {
    let mut books = Books { files: file::load(db, needs).await?, ..Books::default() };
    books.payments = payment::load(db, &needs.payments).await?;
    books.numbering = number::load(db, needs).await?;
    Ok(books)
}

/// Writes what changed, and what is new.
pub(crate) async fn save(db: &mut PgConnection, change: &Change) -> sqlx::Result<()> {
    file::save(db, change).await?;
    payment::save(db, &change.payments).await?;
    payment::set_aside(db, &change.odd_reports).await?;
    number::save(db, &change.numbering).await?;
    journal::post(db, change.partition, &change.entries).await
}

/// Reads what is kept in a column as text.
fn read<T, E>(read: Result<T, E>) -> sqlx::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    read.map_err(|it| sqlx::Error::Decode(it.into()))
}
