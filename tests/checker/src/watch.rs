//! Looks at the stock, again and again, while the house works: each time at one committed moment. The
//! ledger is followed move by move, so that a look costs no more when it has grown long.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::Context;
use sqlx::postgres::PgRow;
use sqlx::{Executor, FromRow, PgConnection, Row};
use uuid::Uuid;

use crate::books::{Books, connect};
use crate::invariants::AT_ANY_MOMENT;
use crate::report::{Check, Report};

/// At every so many looks the gateway is looked at, too.
const NOW_AND_THEN: u64 = 5;

/// How a shelf stands: the sums of its moves, and the number of the last.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shelf {
    sku: String,
    warehouse_id: String,
    number: i64,
    good: i64,
    quarantine: i64,
    damaged: i64,
    reserved: i64,
    allocated: i64,
}

impl FromRow<'_, PgRow> for Shelf {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            sku: row.try_get("sku")?,
            warehouse_id: row.try_get("warehouse_id")?,
            number: row.try_get("number")?,
            good: row.try_get("good")?,
            quarantine: row.try_get("quarantine")?,
            damaged: row.try_get("damaged")?,
            reserved: row.try_get("reserved")?,
            allocated: row.try_get("allocated")?,
        })
    }
}

const SHELVES: &str = "
    select sku, warehouse_id, ledger_pos as number, good, quarantine, damaged, reserved, allocated
      from stock_level";
const NEW_MOVES: &str = "
    select it.sku, it.warehouse_id, it.number, it.good, it.quarantine, it.damaged, it.reserved,
           it.allocated
      from unnest($1::text[], $2::text[], $3::bigint[]) as seen (sku, warehouse_id, number)
      join stock_move as it
        on it.sku = seen.sku and it.warehouse_id = seen.warehouse_id and it.number > seen.number
     order by it.sku, it.warehouse_id, it.number";
/// Orders that changed since then, or not long before: transactions end in another order than they
/// take their time.
const CHANGED: &str = "
    select order_id, version, status_number, changed_at::text
      from order_state
     where changed_at >= coalesce($1::timestamptz - interval '10 seconds', '-infinity')";

/// Who looks, and what was seen before.
struct Watcher<'a> {
    urls: &'a BTreeMap<String, String>,
    /// Inventory's database, and the gateway's, while they answer.
    books: Option<Books>,
    gateway: Option<PgConnection>,
    shelves: HashMap<(String, String), Shelf>,
    versions: HashMap<Uuid, (i64, i64)>,
    changed: Option<String>,
    ledger: Check,
    gapless: Check,
    growing: Check,
    moments: Report,
    looks: u64,
    missed: u64,
}

/// Looks every so often, until something has come. A database that does not answer is passed over;
/// the report's notes say how often that was.
pub async fn watch(
    urls: &BTreeMap<String, String>,
    every: Duration,
    until: impl Future<Output = ()>,
) -> Report {
    let mut watcher = Watcher {
        urls,
        books: None,
        gateway: None,
        shelves: HashMap::new(),
        versions: HashMap::new(),
        changed: None,
        ledger: Check::new("V6", "I3", "levels are the sums of their moves, at every moment"),
        gapless: Check::new("V6", "I10", "moves of a shelf come as 1, 2, 3 …, at every moment"),
        growing: Check::new("V11", "versions", "versions and status numbers only grow"),
        moments: Report::default(),
        looks: 0,
        missed: 0,
    };
    tokio::pin!(until);
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = &mut until => break,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = &mut until => break,
            looked = watcher.look() => {
                watcher.looks += 1;
                watcher.missed += u64::from(looked.is_err());
            }
        }
    }
    watcher.report()
}

impl Watcher<'_> {
    async fn look(&mut self) -> anyhow::Result<()> {
        self.stock().await?;
        if self.looks.is_multiple_of(NOW_AND_THEN) && self.urls.contains_key("gateway") {
            self.views().await?;
        }
        Ok(())
    }

    /// One moment of the stock.
    async fn stock(&mut self) -> anyhow::Result<()> {
        let mut books = if let Some(mut books) = self.books.take() {
            books.renew().await?;
            books
        } else {
            let url = self.urls.get("inventory").context("no database of inventory")?;
            Books::open(&BTreeMap::from([("inventory".to_owned(), url.clone())])).await?
        };
        let mut report = Report::default();
        books.look(&mut report, AT_ANY_MOMENT).await?;
        let db = books.connection("inventory")?;
        let levels: Vec<Shelf> = sqlx::query_as(SHELVES).fetch_all(&mut *db).await?;
        let moves = self.moves(db, &levels).await?;
        self.follow(moves);
        for level in levels {
            let name = (level.sku.clone(), level.warehouse_id.clone());
            let summed = self.shelves.entry(name).or_insert_with(|| Shelf {
                sku: level.sku.clone(),
                warehouse_id: level.warehouse_id.clone(),
                ..Shelf::default()
            });
            self.ledger.holds(*summed == level, || format!("level {level:?}, moves {summed:?}"));
        }
        self.moments.merge(report);
        self.books = Some(books);
        Ok(())
    }

    async fn moves(&self, db: &mut PgConnection, levels: &[Shelf]) -> sqlx::Result<Vec<Shelf>> {
        let seen = |it: &Shelf| {
            let name = (it.sku.clone(), it.warehouse_id.clone());
            self.shelves.get(&name).map_or(0, |it| it.number)
        };
        sqlx::query_as(NEW_MOVES)
            .bind(levels.iter().map(|it| it.sku.as_str()).collect::<Vec<_>>())
            .bind(levels.iter().map(|it| it.warehouse_id.as_str()).collect::<Vec<_>>())
            .bind(levels.iter().map(seen).collect::<Vec<i64>>())
            .fetch_all(db)
            .await
    }

    /// Adds new moves to the sums.
    fn follow(&mut self, moves: Vec<Shelf>) {
        for it in moves {
            let name = (it.sku.clone(), it.warehouse_id.clone());
            let sum = self.shelves.entry(name).or_default();
            let last = sum.number;
            self.gapless.holds(it.number == last + 1, || {
                format!("{} in {}: move {} comes after {last}", it.sku, it.warehouse_id, it.number)
            });
            *sum = Shelf {
                good: sum.good + it.good,
                quarantine: sum.quarantine + it.quarantine,
                damaged: sum.damaged + it.damaged,
                reserved: sum.reserved + it.reserved,
                allocated: sum.allocated + it.allocated,
                ..it
            };
        }
    }

    /// What the gateway shows only grows.
    async fn views(&mut self) -> anyhow::Result<()> {
        let mut db = if let Some(db) = self.gateway.take() {
            db
        } else {
            let url = self.urls.get("gateway").context("no database of the gateway")?;
            let mut db = connect("gateway", url).await?;
            db.execute("set default_transaction_read_only = on").await?;
            db
        };
        let rows: Vec<(Uuid, i64, i64, String)> =
            sqlx::query_as(CHANGED).bind(&self.changed).fetch_all(&mut db).await?;
        for (order, version, number, changed) in rows {
            let before = self.versions.insert(order, (version, number)).unwrap_or_default();
            self.growing.holds(before.0 <= version && before.1 <= number, || {
                format!(
                    "{order} was at {before:?} (version, status), and is at {:?}",
                    (version, number)
                )
            });
            self.changed = self.changed.take().max(Some(changed));
        }
        self.gateway = Some(db);
        Ok(())
    }

    fn report(self) -> Report {
        let Self { moments: mut report, ledger, gapless, growing, .. } = self;
        report.checks.extend([ledger, gapless, growing]);
        report.notes.push(format!("{} looks, of which {} were missed", self.looks, self.missed));
        report
    }
}
