//! Old decisions: reading them, and deciding them again.

use contracts::allocation::SourcingRecord;
use contracts::{OrderId, WarehouseId};
use serde_json::Value;
use sqlx::PgConnection;

use crate::decision::decide;
use crate::node::Node;
use crate::record::{ENGINE, Stored};
use crate::ruleset::Ruleset;

pub(crate) const LOAD_RECORDS: &str = "
    select attempt, round, at, ruleset, rule, record
      from decision
     where order_id = $1
     order by attempt, round";

pub(crate) const LOAD_RULES: &str = "
    select rules from ruleset where name = $1 and version = $2";

pub(crate) const LOAD_NODE_VERSIONS: &str = "
    select node.warehouse_id, node.version, name, kind, province, city, serves, lines_per_hour,
           active, 0::bigint as backlog
      from unnest($1::text[], $2::integer[]) as seen (warehouse_id, version)
      join node using (warehouse_id, version)
     order by warehouse_id collate \"C\"";

type Row = (i32, i32, jiff_sqlx::Timestamp, String, String, Vec<u8>);

/// All decisions about an order. Each is decided again, and says whether it came out the same, byte
/// for byte: `"reproduced": true`. Those of another engine are not.
pub(crate) async fn records(
    db: &mut PgConnection,
    order: OrderId,
) -> anyhow::Result<Vec<SourcingRecord>> {
    let rows: Vec<Row> = sqlx::query_as(LOAD_RECORDS).bind(order.0).fetch_all(&mut *db).await?;
    let mut records = Vec::with_capacity(rows.len());
    for (attempt, round, at, ruleset, rule, packed) in rows {
        let bytes = super::unpack(&packed)?;
        let mut record: Value = serde_json::from_slice(&bytes)?;
        let stored: Stored = serde_json::from_slice(&bytes)?;
        let reproduced = match stored.engine {
            ENGINE => Value::Bool(again(db, &stored).await? == bytes),
            _ => Value::Null,
        };
        if let Some(record) = record.as_object_mut() {
            record.insert("reproduced".to_owned(), reproduced);
        }
        let at = at.to_jiff();
        records.push(SourcingRecord { order, attempt, round, at, ruleset, rule, record });
    }
    Ok(records)
}

/// The record as it would be written today, by the rules and warehouses of then.
async fn again(db: &mut PgConnection, stored: &Stored) -> anyhow::Result<Vec<u8>> {
    let inputs = &stored.inputs;
    let (name, version) = inputs.ruleset.rsplit_once('/').unwrap_or_default();
    let version: i32 = version.parse()?;
    let rules: Option<String> =
        sqlx::query_scalar(LOAD_RULES).bind(name).bind(version).fetch_optional(&mut *db).await?;
    let ruleset = match rules {
        Some(text) => super::read_ruleset(name, version, &text)?,
        None => Ruleset::built_in(),
    };
    let nodes: Vec<Node> = sqlx::query_as(LOAD_NODE_VERSIONS)
        .bind(inputs.nodes.iter().map(|it| WarehouseId::as_str(&it.0)).collect::<Vec<&str>>())
        .bind(inputs.nodes.iter().map(|it| it.1).collect::<Vec<i32>>())
        .fetch_all(db)
        .await?;
    Ok(decide(inputs, &ruleset, &nodes).record)
}
