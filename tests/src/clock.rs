//! The test's clock. Nobody can wait thirty minutes for a payment that does not come, or seven days
//! for a clerk: so the one row that would ring then is made due now, and its worker is woken, just
//! as another worker wakes it that leaves it a note. Nothing else is touched: what rings is what the
//! service wrote, and it is decided as at any other time.

use anyhow::ensure;
use contracts::{Message, OrderId};
use sqlx::{Connection, PgConnection};

use crate::Shop;

const MAKE_DUE: &str = "
    update timer set due = now()
     where convert_from(envelope, 'UTF8')::jsonb ->> 'subject' = $1
       and convert_from(envelope, 'UTF8')::jsonb ->> 'key' = $2
    returning partition";

impl Shop {
    /// Has a timer of this kind ring for the order, now.
    pub async fn rings<T: Message>(&self, order: OrderId) -> anyhow::Result<()> {
        let service = T::SUBJECT.split('.').next().unwrap_or_default();
        let mut db = PgConnection::connect_with(&self.suite.accounts[service].database).await?;
        let made: Vec<i32> = sqlx::query_scalar(MAKE_DUE)
            .bind(T::SUBJECT)
            .bind(order.to_string())
            .fetch_all(&mut db)
            .await?;
        db.close().await?;
        ensure!(!made.is_empty(), "no {} is set for {order}", T::SUBJECT);
        let admin = self.suite.admin().await?;
        for partition in made {
            admin.publish(format!("wake.{partition}.{service}"), vec![].into()).await?;
        }
        Ok(admin.flush().await?)
    }
}
