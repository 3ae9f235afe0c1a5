//! Where the courier reads what is due.

use std::collections::BTreeSet;

use chassis::clock;
use contracts::DeliveryId;
use contracts::webhook::HookSecret;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

const TAKE_ROUND: &str = "
    select pg_try_advisory_lock(hashtextextended('the courier''s round', 0))";

const END_ROUND: &str = "select pg_advisory_unlock_all()";

// A few for each endpoint, so that none waits for another. What comes later in a strand waits until
// what comes before is made or given up. The first of a strand is looked up for each row, by an index:
// what `not exists` says could be planned as a join with all that waits.
pub(crate) const DUE: &str = "
    select due.delivery_id, endpoint.endpoint_id, due.strand, due.attempts, due.body, endpoint.url, endpoint.secret,
           case when endpoint.old_secret_until > $3 then endpoint.old_secret end
      from endpoint
     cross join lateral (
           select delivery_id, strand, attempts, body, next_attempt_at
             from delivery
            where delivery.endpoint_id = endpoint.endpoint_id and state = 'waiting'
              and next_attempt_at <= $3 and delivery_id <> all($1::uuid[])
              and number = (
                  select first.number
                    from delivery as first
                   where first.endpoint_id = delivery.endpoint_id
                     and first.strand = delivery.strand and first.state = 'waiting'
                   order by first.number
                   limit 1)
            order by next_attempt_at, delivery_id
            limit $2) as due
     where endpoint.state = 'active'
     order by due.next_attempt_at, due.delivery_id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 3] = [TAKE_ROUND, END_ROUND, DUE];

/// A delivery that is due.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Due {
    pub(crate) delivery: DeliveryId,
    pub(crate) endpoint: String,
    pub(crate) strand: String,
    /// How often it was tried.
    pub(crate) attempts: i32,
    pub(crate) body: String,
    pub(crate) url: String,
    /// What signs it: the secret, and for a day the one before.
    pub(crate) secrets: Vec<HookSecret>,
}

type DueRow = (Uuid, String, String, i32, String, String, String, Option<String>);

/// The right to read what is due and to call, of which there is one. It goes with the connection,
/// so that whoever reads has it, and whoever loses the connection loses it.
pub(crate) struct Round(PgConnection);

impl Round {
    /// Takes the round, unless somebody else has it.
    pub(crate) async fn take(db: &PgPool) -> anyhow::Result<Option<Self>> {
        // Out of the pool first: a connection that others use must never hold it.
        let mut round = Self(db.acquire().await?.detach());
        let taken: bool = sqlx::query_scalar(TAKE_ROUND).fetch_one(&mut round.0).await?;
        if taken {
            return Ok(Some(round));
        }
        round.end().await?;
        Ok(None)
    }

    /// What is due, the longest waiting first, at most so many for each endpoint, without these.
    pub(crate) async fn due(
        &mut self,
        without: &BTreeSet<DeliveryId>,
        each: usize,
    ) -> anyhow::Result<Vec<Due>> {
        let rows: Vec<DueRow> = sqlx::query_as(DUE)
            .bind(without.iter().map(|it| it.0).collect::<Vec<Uuid>>())
            .bind(i64::try_from(each)?)
            .bind(clock::now().to_sqlx())
            .fetch_all(&mut self.0)
            .await?;
        Ok(rows.into_iter().map(due).collect())
    }

    /// Gives it up, before the connection closes in its own time.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        sqlx::query(END_ROUND).execute(&mut self.0).await?;
        Ok(sqlx::Connection::close(self.0).await?)
    }
}

fn due(row: DueRow) -> Due {
    let (id, endpoint, strand, attempts, body, url, secret, old_secret) = row;
    let secrets = std::iter::once(secret).chain(old_secret).map(HookSecret).collect();
    Due { delivery: DeliveryId(id), endpoint, strand, attempts, body, url, secrets }
}
