//! Which channels there are, as far as this service knows.

use contracts::ChannelId;
use sqlx::PgPool;

/// How many are told at most.
const MOST: i64 = 200;

// Goes from one channel to the next by the index, however many orders each has; and knows those that
// have a key and ordered nothing yet.
const CHANNELS: &str = "
    with recursive ordered as (
        (select channel from order_head order by channel limit 1)
         union all
        select (select channel from order_head
                 where channel > ordered.channel order by channel limit 1)
          from ordered
         where ordered.channel is not null
    )
    select channel from ordered where channel is not null
     union
    select channel from access_key where channel is not null
     order by 1
     limit $1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[CHANNELS];

/// Channels that placed orders, or have a key; by their names, 200 at most.
pub(crate) async fn channels(db: &PgPool) -> sqlx::Result<Vec<ChannelId>> {
    let names: Vec<String> = sqlx::query_scalar(CHANNELS).bind(MOST).fetch_all(db).await?;
    // What is in the table was a channel's name when it was written.
    Ok(names.into_iter().filter_map(|it| ChannelId::new(it).ok()).collect())
}
