//! The names of orders: what was placed or refused under each, the keys that partitions share, and
//! the numbers that a partition gives.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chassis::Partition;
use contracts::{ChannelId, CustomerId, ExternalId, OrderId, Uuid};
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::PgConnection;

use crate::books::{Digest, Held, Holder, Name, Reference, SharedKey};

const LOAD_REFERENCES: &str = "
    select channel, external_id, placement.order_id, placement.digest, refusal.told,
           refusal.digests
      from unnest($1::text[], $2::text[]) as wanted (channel, external_id)
      left join placement using (channel, external_id)
      left join refusal using (channel, external_id)";

const SAVE_REFUSALS: &str = "
    insert into refusal (channel, external_id, told, digests)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[])
        on conflict (channel, external_id) do update
       set told = excluded.told, digests = excluded.digests";

// A row that is not there cannot be locked, and two partitions may meet a new key at once.
const OPEN_KEYS: &str = "
    insert into shared_key (kind, owner, key)
    select kind, owner, key
      from unnest($1::text[], $2::text[], $3::text[]) as new (kind, owner, key)
     order by kind collate \"C\", owner collate \"C\", key collate \"C\"
        on conflict do nothing";

const LOCK_KEYS: &str = "
    select kind, owner, key, order_id, digest, since
      from shared_key
      join unnest($1::text[], $2::text[], $3::text[]) as wanted (kind, owner, key)
           using (kind, owner, key)
     order by kind, owner, key   -- everyone locks in the same order, so nobody deadlocks
       for update of shared_key";

const SAVE_KEYS: &str = "
    update shared_key
       set order_id = new.order_id, digest = new.digest, since = new.since
      from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bytea[], $6::timestamptz[])
        as new (kind, owner, key, order_id, digest, since)
     where shared_key.kind = new.kind and shared_key.owner = new.owner
       and shared_key.key = new.key";

const TAKE_NUMBERS: &str = "
    insert into counter (partition, last) values ($1, $2)
        on conflict (partition) do update set last = counter.last + excluded.last
    returning last";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[LOAD_REFERENCES, SAVE_REFUSALS, OPEN_KEYS, LOCK_KEYS, SAVE_KEYS, TAKE_NUMBERS];

type ReferenceRow = (String, String, Option<Uuid>, Option<Vec<u8>>, Option<i64>, Option<Vec<u8>>);

type KeyRow = (String, String, String, Option<Uuid>, Option<Vec<u8>>, Option<SqlTimestamp>);

/// What became of what was handed in under these names.
pub(super) async fn load(
    db: &mut PgConnection,
    names: &BTreeSet<Name>,
) -> anyhow::Result<BTreeMap<Name, Reference>> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (channels, external_ids): (Vec<&str>, Vec<&str>) =
        names.iter().map(|it| (it.0.as_str(), it.1.as_str())).unzip();
    let rows: Vec<ReferenceRow> =
        sqlx::query_as(LOAD_REFERENCES).bind(channels).bind(external_ids).fetch_all(db).await?;
    let read = |(channel, external_id, order, placed, told, refused): ReferenceRow| {
        let order = order.zip(placed).map(|(order, it)| anyhow::Ok((OrderId(order), digest(&it)?)));
        let refused = refused.unwrap_or_default();
        let reference = Reference {
            order: order.transpose()?,
            told: told.unwrap_or_default(),
            refused: refused.chunks(32).map(digest).collect::<Result<_, _>>()?,
        };
        Ok(((ChannelId::new(channel)?, ExternalId::new(external_id)?), reference))
    };
    rows.into_iter().map(read).collect()
}

/// Writes what was refused.
pub(super) async fn save_refusals(
    db: &mut PgConnection,
    changed: &[(&Name, &Reference)],
) -> anyhow::Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_REFUSALS)
        .bind(changed.iter().map(|it| it.0.0.as_str()).collect::<Vec<_>>())
        .bind(changed.iter().map(|it| it.0.1.as_str()).collect::<Vec<_>>())
        .bind(changed.iter().map(|it| it.1.told).collect::<Vec<_>>())
        .bind(changed.iter().map(|it| it.1.refused.concat()).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Opens and locks the keys, in key order.
pub(super) async fn lock(
    db: &mut PgConnection,
    keys: &BTreeSet<SharedKey>,
) -> anyhow::Result<BTreeMap<SharedKey, Held>> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (mut kinds, mut owners, mut texts) = (vec![], vec![], vec![]);
    for (kind, owner, text) in keys.iter().map(SharedKey::columns) {
        kinds.push(kind);
        owners.push(owner);
        texts.push(text);
    }
    let open = sqlx::query(OPEN_KEYS).bind(&kinds).bind(&owners).bind(&texts);
    open.execute(&mut *db).await?;
    let rows: Vec<KeyRow> =
        sqlx::query_as(LOCK_KEYS).bind(&kinds).bind(&owners).bind(&texts).fetch_all(db).await?;
    rows.into_iter().map(key).collect()
}

/// Writes who holds the keys now.
pub(super) async fn save_keys(
    db: &mut PgConnection,
    taken: &[(&SharedKey, &Holder)],
) -> anyhow::Result<()> {
    let taken: Vec<_> = taken.iter().map(|(key, it)| (key.columns(), *it)).collect();
    if taken.is_empty() {
        return Ok(());
    }
    sqlx::query(SAVE_KEYS)
        .bind(taken.iter().map(|it| it.0.0).collect::<Vec<_>>())
        .bind(taken.iter().map(|it| it.0.1).collect::<Vec<_>>())
        .bind(taken.iter().map(|it| it.0.2).collect::<Vec<_>>())
        .bind(taken.iter().map(|it| it.1.order.0).collect::<Vec<_>>())
        .bind(taken.iter().map(|it| it.1.digest.to_vec()).collect::<Vec<_>>())
        .bind(taken.iter().map(|it| it.1.since.to_sqlx()).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

/// Takes so many numbers for orders. Returns the last of them.
pub(super) async fn take_numbers(
    db: &mut PgConnection,
    partition: Partition,
    many: i64,
) -> anyhow::Result<i64> {
    if many == 0 {
        return Ok(0);
    }
    let numbers = sqlx::query_scalar(TAKE_NUMBERS).bind(partition.number.cast_signed()).bind(many);
    Ok(numbers.fetch_one(db).await?)
}

fn key((kind, owner, key, order, held, since): KeyRow) -> anyhow::Result<(SharedKey, Held)> {
    let key = match kind.as_str() {
        "idempotency_key" => SharedKey::Idempotency(ChannelId::new(owner)?, key),
        "po_number" => SharedKey::PoNumber(CustomerId::new(owner)?, key),
        other => anyhow::bail!("the schema forbids a key that is {other}"),
    };
    let by = order.zip(held).zip(since).map(|((order, held), since)| {
        let (order, digest) = (OrderId(order), digest(&held)?);
        anyhow::Ok(Holder { order, digest, since: since.to_jiff() })
    });
    Ok((key, Held { by: by.transpose()? }))
}

fn digest(bytes: &[u8]) -> anyhow::Result<Digest> {
    bytes.try_into().context("a digest has 32 bytes")
}
