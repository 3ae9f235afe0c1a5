//! Where the books are kept between batches.

pub(crate) mod archive;
pub(crate) mod save;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chassis::Batch;
use contracts::allocation::{NodeKind, SetNode};
use contracts::{OrderId, Sku, Timestamp, WarehouseId};
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use crate::node::{Node, kind_named};
use crate::record::Stored;
use crate::ruleset::{Ruleset, check, is_name};
use crate::sourcing::{Books, Case, Level, Sourcing};
use crate::{Inbound, RulesInForce};

pub(crate) use save::save;

// The rules themselves are sent only if they are not those that are known already.
const LOAD_RULESET: &str = "
    select version, case when version <> $3 then rules end as rules
      from ruleset
     where name = $1
       and (effective_from is null or effective_from <= $2)
       and (effective_to is null or $2 < effective_to)
     order by version desc
     limit 1";

const LOAD_VERSIONS: &str = "
    select name, max(version) as version from ruleset where name = any($1::text[]) group by name";

const LOAD_NODES: &str = "
    select distinct on (warehouse_id)
           warehouse_id, version, name, kind, province, city, serves, lines_per_hour, active,
           coalesce((select sum(lines) from backlog
                      where backlog.warehouse_id = node.warehouse_id), 0)::bigint as backlog
      from node
     order by warehouse_id, version desc";

const LOAD_SOURCINGS: &str = "
    select order_id, attempt, round, ended, firm, open
      from sourcing
     where order_id = any($1::uuid[])";

// The first round of the current attempt tells what the attempt is about.
const LOAD_CASES: &str = "
    select order_id, record
      from sourcing join decision using (order_id, attempt)
     where order_id = any($1::uuid[]) and decision.round = 1";

const LOAD_LEVELS: &str = "
    select sku, number, warehouses from level where sku = any($1::text[])";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    LOAD_RULESET,
    LOAD_VERSIONS,
    LOAD_NODES,
    LOAD_SOURCINGS,
    LOAD_CASES,
    LOAD_LEVELS,
    save::SAVE_RULESETS,
    save::SAVE_NODES,
    save::SAVE_BACKLOG,
    save::SAVE_SOURCINGS,
    save::SAVE_DECISIONS,
    save::SAVE_LEVELS,
    archive::LOAD_RECORDS,
    archive::LOAD_RULES,
    archive::LOAD_NODE_VERSIONS,
];

/// What a batch is going to need.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Whether anything is planned or checked, so that rules and warehouses matter.
    pub(crate) network: bool,
    pub(crate) rulesets: BTreeSet<String>,
    /// Orders that were placed before.
    pub(crate) known: BTreeSet<Uuid>,
    /// Those of them that may be planned again.
    pub(crate) again: BTreeSet<Uuid>,
    pub(crate) skus: BTreeSet<Sku>,
}

/// Reads what the batch touches. What is written by one partition alone is read without locks, and
/// so are rules, warehouses and figures of stock: a decision names the versions and figures it saw.
pub(crate) async fn load(
    db: &mut PgConnection,
    batch: &Batch<Inbound>,
    rules: &RulesInForce,
) -> anyhow::Result<Books> {
    let mut needs = Needs::of(batch);
    let mut books = Books { rules_of: rules.name.clone(), ..Books::default() };
    if needs.network {
        books.ruleset = ruleset(db, batch.now(), rules).await?;
        books.nodes = sqlx::query_as(LOAD_NODES).fetch_all(&mut *db).await?;
        books.nodes.sort_by(|a, b| a.is.warehouse.cmp(&b.is.warehouse)); // As bytes order them.
    }
    if !needs.rulesets.is_empty() {
        let names: Vec<String> = needs.rulesets.into_iter().collect();
        let versions: Vec<(String, i32)> =
            sqlx::query_as(LOAD_VERSIONS).bind(names).fetch_all(&mut *db).await?;
        books.versions = versions.into_iter().collect();
    }
    if !needs.known.is_empty() {
        let ids: Vec<Uuid> = needs.known.into_iter().collect();
        let rows = sqlx::query(LOAD_SOURCINGS).bind(ids).fetch_all(&mut *db).await?;
        let sourcings: sqlx::Result<BTreeMap<OrderId, Sourcing>> =
            rows.iter().map(sourcing).collect();
        books.orders = sourcings?;
    }
    if !needs.again.is_empty() {
        let ids: Vec<Uuid> = needs.again.into_iter().collect();
        let cases: Vec<(Uuid, Vec<u8>)> =
            sqlx::query_as(LOAD_CASES).bind(ids).fetch_all(&mut *db).await?;
        for (id, record) in cases {
            let case = case(&unpack(&record)?)?;
            needs.skus.extend(case.order.lines.iter().map(|it| it.sku.clone()));
            if let Some(sourcing) = books.orders.get_mut(&OrderId(id)) {
                sourcing.case = Some(case);
            }
        }
    }
    if !needs.skus.is_empty() {
        books.levels = levels(db, &needs.skus).await?;
    }
    Ok(books)
}

impl Needs {
    pub(crate) fn of(batch: &Batch<Inbound>) -> Self {
        let mut needs = Self::default();
        batch.messages().for_each(|it| needs.note(it));
        needs
    }

    fn note(&mut self, message: &Inbound) {
        match message {
            Inbound::OrderPlaced(it) => {
                self.network = true;
                self.skus.extend(it.lines.iter().map(|it| it.sku.clone()));
            }
            Inbound::SourcingRequested(it) => self.plan_again(it.order),
            Inbound::ClaimRefused(it) => {
                self.plan_again(it.order);
                self.skus.extend(it.available.iter().map(|it| it.sku.clone()));
            }
            Inbound::PromotionRequested(it) => self.know(it.order),
            Inbound::OrderCancelled(it) => self.know(it.order),
            Inbound::OrderExpired(it) => self.know(it.order),
            Inbound::Picked(it) => self.know(it.order),
            Inbound::StockLevel(_) => {} // Replaces what there is, if it is later.
            Inbound::SaveRuleset(it) => {
                self.network = true;
                self.rulesets.extend(Some(it.ruleset.clone()).filter(|it| is_name(it)));
            }
            Inbound::SetNode(_) => self.network = true,
        }
    }

    fn know(&mut self, order: OrderId) {
        self.known.insert(order.0);
    }

    fn plan_again(&mut self, order: OrderId) {
        self.network = true;
        self.know(order);
        self.again.insert(order.0);
    }
}

/// The rules in force: those saved last of those whose time it is, or those that are built in.
async fn ruleset(
    db: &mut PgConnection,
    now: Timestamp,
    rules: &RulesInForce,
) -> anyhow::Result<Arc<Ruleset>> {
    let known = rules.known();
    let row: Option<(i32, Option<String>)> = sqlx::query_as(LOAD_RULESET)
        .bind(&rules.name)
        .bind(now.to_sqlx())
        .bind(known.version)
        .fetch_optional(&mut *db)
        .await?;
    let ruleset = match row {
        Some((_, None)) => return Ok(known),
        None if known.version == 0 => return Ok(known),
        None => Arc::new(Ruleset::built_in()),
        Some((version, Some(text))) => Arc::new(read_ruleset(&rules.name, version, &text)?),
    };
    rules.remember(&ruleset);
    Ok(ruleset)
}

/// A ruleset that was checked when it was saved.
pub(crate) fn read_ruleset(name: &str, version: i32, text: &str) -> anyhow::Result<Ruleset> {
    let rules: Value = serde_json::from_str(text)?;
    let ruleset = check(name, &rules, None)
        .map_err(|it| anyhow::anyhow!("{name}/{version} does not hold any more: {it:?}"))?;
    Ok(Ruleset { version, ..ruleset })
}

async fn levels(
    db: &mut PgConnection,
    skus: &BTreeSet<Sku>,
) -> anyhow::Result<BTreeMap<Sku, Level>> {
    let skus: Vec<&str> = skus.iter().map(Sku::as_str).collect();
    let rows: Vec<(String, i64, String)> =
        sqlx::query_as(LOAD_LEVELS).bind(skus).fetch_all(&mut *db).await?;
    let level = |(sku, number, warehouses): (String, i64, String)| {
        let warehouses = serde_json::from_str(&warehouses)?;
        Ok((Sku::new(sku)?, Level { number, warehouses, ..Level::default() }))
    };
    rows.into_iter().map(level).collect()
}

/// A record as it is kept.
pub(crate) fn pack(record: &[u8]) -> Vec<u8> {
    lz4_flex::compress_prepend_size(record)
}

fn unpack(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    Ok(lz4_flex::decompress_size_prepended(bytes)?)
}

/// What an attempt is about, out of the record of its first decision.
pub(crate) fn case(record: &[u8]) -> anyhow::Result<Case> {
    let Stored { inputs, .. } = serde_json::from_slice(record)?;
    Ok(Case { order: inputs.order, wanted: inputs.wanted, not_from: inputs.not_from })
}

fn sourcing(row: &PgRow) -> sqlx::Result<(OrderId, Sourcing)> {
    let open: &str = row.try_get("open")?;
    let line = |it: &str| {
        let (line, warehouse) = it.split_once('@')?;
        Some((line.parse().ok()?, WarehouseId::new(warehouse).ok()?))
    };
    let sourcing = Sourcing {
        attempt: row.try_get("attempt")?,
        round: row.try_get("round")?,
        ended: row.try_get("ended")?,
        firm: row.try_get("firm")?,
        open: open.split_whitespace().filter_map(line).collect(),
        case: None,
        changed: false,
    };
    Ok((OrderId(row.try_get("order_id")?), sourcing))
}

impl FromRow<'_, PgRow> for Node {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let warehouse: String = row.try_get("warehouse_id")?;
        let kind: &str = row.try_get("kind")?;
        let is = SetNode {
            warehouse: WarehouseId::new(warehouse).map_err(|it| sqlx::Error::Decode(it.into()))?,
            name: row.try_get("name")?,
            kind: kind_named(kind).unwrap_or(NodeKind::Regional), // The schema allows no other.
            province: row.try_get("province")?,
            city: row.try_get("city")?,
            serves: row.try_get("serves")?,
            lines_per_hour: row.try_get("lines_per_hour")?,
            active: row.try_get("active")?,
        };
        Ok(Self::new(is, row.try_get("version")?, row.try_get("backlog")?))
    }
}
