//! The audit: reads the books of all services, and the public streams, and looks whether they agree.
//! It shares no rule with the services: each sum is taken again, from the rows.

mod log;
mod money;
mod stock;
mod telling;
mod view;

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use anyhow::ensure;
use contracts::Uuid;
use kontor::Suite;
use sqlx::types::Json;

use crate::Shop;
use crate::ledgers::Ledgers;

/// A promise, and the query that finds where it is broken: one text a row.
type Promise = (&'static str, &'static str);

/// All that was found, to be told at once.
#[derive(Default)]
struct Faults(Vec<String>);

/// An order, as intake has it in its books.
#[derive(Debug)]
struct Order {
    process: String,
    shown: String,
    number: i64,
    channel: String,
    external_id: String,
    terms: String,
    total: i64,
    /// Units by bucket, for each line.
    lines: Vec<BTreeMap<String, i64>>,
}

type Orders = BTreeMap<Uuid, Order>;

const ORDERS: &str = "
    select order_id, process, shown, number, channel, external_id, terms, total_cents,
           course -> 'lines'
      from sales_order";

/// What is audited: the servers of a house, and the books on them.
#[derive(Clone, Copy)]
pub(crate) struct Premises<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) ledgers: &'a Ledgers,
}

impl Shop {
    /// Waits until all is quiet, and then looks whether the books of all services agree.
    pub async fn audit(&self) -> anyhow::Result<()> {
        self.premises().audit().await
    }

    fn premises(&self) -> Premises<'_> {
        Premises { suite: &self.suite, ledgers: &self.ledgers }
    }

    /// Waits until all is quiet: whatever was said is heard and published, what came over streams is
    /// taken in, no timer is about to ring, and nobody did anything while this was looked at.
    pub async fn is_quiet(&self) -> anyhow::Result<()> {
        self.premises().is_quiet().await
    }
}

impl Premises<'_> {
    /// Waits until all is quiet, and then looks whether the books of all services agree.
    pub(crate) async fn audit(self) -> anyhow::Result<()> {
        let (orders, mut faults) = self.read_books().await?;
        telling::audit(&self, &orders, &mut faults).await?;
        faults.none()
    }

    /// The same, the public streams aside.
    pub(crate) async fn audit_books(self) -> anyhow::Result<()> {
        self.read_books().await?.1.none()
    }

    async fn read_books(&self) -> anyhow::Result<(Orders, Faults)> {
        self.is_quiet().await?;
        let orders = orders(self.ledgers).await?;
        let mut faults = Faults::default();
        log::audit(self, &mut faults).await?;
        stock::audit(self, &orders, &mut faults).await?;
        money::audit(self, &orders, &mut faults).await?;
        view::audit(self, &orders, &mut faults).await?;
        Ok((orders, faults))
    }
}

impl Faults {
    fn none(self) -> anyhow::Result<()> {
        let found = self.0.len();
        ensure!(found == 0, "the audit found {found} faults:\n{}", self.0.join("\n"));
        Ok(())
    }

    fn add(&mut self, fault: impl Display) {
        self.0.push(format!("- {fault}"));
    }

    /// These are to be the same.
    #[expect(clippy::needless_pass_by_value, reason = "what is compared is made for it")]
    fn compare<T: PartialEq + Debug>(&mut self, what: impl Display, one: T, other: T) {
        if one != other {
            self.add(format!("{what}: {one:?} and {other:?}"));
        }
    }

    /// Whatever these queries find is a fault.
    async fn look(
        &mut self,
        ledgers: &Ledgers,
        service: &str,
        promises: &[Promise],
    ) -> anyhow::Result<()> {
        for (promise, sql) in promises {
            for (found,) in ledgers.rows::<(String,)>(service, sql).await? {
                self.add(format!("{service}: {promise}, but {found}"));
            }
        }
        Ok(())
    }
}

impl Order {
    /// So many units of the line are in one of these buckets.
    fn units(&self, line: usize, buckets: &[&str]) -> i64 {
        let line = self.lines.get(line.wrapping_sub(1));
        buckets.iter().filter_map(|it| line?.get(*it)).sum()
    }

    fn is_ended(&self) -> bool {
        ["cancelled", "expired", "completed"].contains(&&*self.process)
    }
}

async fn orders(ledgers: &Ledgers) -> anyhow::Result<Orders> {
    type Row =
        (Uuid, String, String, i64, String, String, String, i64, Json<Vec<BTreeMap<String, i64>>>);
    let rows: Vec<Row> = ledgers.rows("intake", ORDERS).await?;
    let order = |(id, process, shown, number, channel, external_id, terms, total, lines): Row| {
        let lines = lines.0;
        (id, Order { process, shown, number, channel, external_id, terms, total, lines })
    };
    Ok(rows.into_iter().map(order).collect())
}

/// Rows as a table by their key. A key that comes twice is a fault of the query.
async fn table<K, V>(
    ledgers: &Ledgers,
    service: &str,
    sql: &'static str,
) -> anyhow::Result<BTreeMap<K, V>>
where
    K: Ord,
    V: Send + Unpin,
    (K, V): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    let rows: Vec<(K, V)> = ledgers.rows(service, sql).await?;
    Ok(rows.into_iter().collect())
}
