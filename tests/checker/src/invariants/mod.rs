//! The invariants, one file each. Those of one database are SQL; those of several look at facts in
//! memory.

mod credit;
mod effects;
mod ends;
mod equations;
mod invoices;
mod journal;
mod log;
mod machine;
mod notifications;
mod picks;
mod sessions;
mod stock;
mod submissions;
mod traces;
mod views;

use crate::books::Books;
use crate::facts::Facts;
use crate::report::Report;
use crate::witnesses::Witnesses;

pub(crate) use stock::AT_ANY_MOMENT;

/// Looks at everything.
pub(crate) async fn check(
    books: &mut Books,
    seen: &Witnesses,
    report: &mut Report,
) -> anyhow::Result<()> {
    let facts = Facts::read(books, report).await?;
    submissions::check(books, &facts, seen, report).await?;
    log::check(&facts, report);
    effects::check(&facts, report);
    ends::check(&facts, report);
    stock::check(books, &facts, report).await?;
    credit::check(books, &facts, report).await?;
    journal::check(books, report).await?;
    equations::check(books, &facts, report).await?;
    invoices::check(books, &facts, report).await?;
    picks::check(books, &facts, seen, report).await?;
    views::check(books, &facts, report).await?;
    notifications::check(books, &facts, seen, report).await?;
    machine::check(&facts, seen, report);
    sessions::check(books, report).await?;
    traces::check(&facts, seen, report);
    Ok(())
}
