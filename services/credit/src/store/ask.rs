//! Answers questions out of the books.

use contracts::credit::{AccountView, CreditDecision};
use contracts::{CustomerId, OrderId};
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};

use super::{cents, currency, stages};

// A customer without a limit is shown in the currency of their first book; one of whom we know
// nothing but their name, in the house's own.
pub(super) const ACCOUNT_OF: &str = "
    select coalesce(account.limit_cents, 0) as limit_cents,
           coalesce(account.currency, book.currency, 'CNY') as currency,
           account.blocked,
           coalesce(book.pending_cents, 0) as pending_cents,
           coalesce(book.authorised_cents, 0) as authorised_cents,
           coalesce(book.delivered_cents, 0) as delivered_cents,
           coalesce(book.billed_cents, 0) as billed_cents,
           coalesce(book.prepaid_cents, 0) as prepaid_cents,
           greatest(account.changed_at, book.changed_at) as changed_at
      from account
      left join book on book.customer_id = account.customer_id
                    and book.currency = coalesce(account.currency, book.currency)
     where account.customer_id = $1
     order by book.currency
     limit 1";

pub(super) const WHY: &str = "
    select body from decision where order_id = $1 order by decided_at";

/// How the customer stands, if we have heard of them.
pub(crate) async fn account_of(
    db: &mut PgConnection,
    customer: &CustomerId,
) -> anyhow::Result<Option<AccountView>> {
    let row = sqlx::query(ACCOUNT_OF).bind(customer.as_str()).fetch_optional(db).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(AccountView {
        customer: customer.clone(),
        limit: cents(&row, "limit_cents")?,
        currency: currency(&row)?,
        blocked: row.try_get("blocked")?,
        exposure: stages(&row)?,
        changed_at: row.try_get::<SqlTimestamp, _>("changed_at")?.to_jiff(),
    }))
}

/// Why the order was decided as it was; nothing, if it was not.
pub(crate) async fn why(
    db: &mut PgConnection,
    order: OrderId,
) -> anyhow::Result<Vec<CreditDecision>> {
    let rows: Vec<Json<CreditDecision>> =
        sqlx::query_scalar(WHY).bind(order.0).fetch_all(db).await?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}
