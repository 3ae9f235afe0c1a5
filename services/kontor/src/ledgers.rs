//! The books of all services, to be read and never written: for trials and audits.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use contracts::Kind;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

/// Each service's database, read-only.
#[derive(Debug, Clone)]
pub struct Ledgers(BTreeMap<String, PgPool>);

/// A worker: a service and a partition.
pub type Desk = (String, i32);

/// How far each worker's pages go, and how far each has heard the others'.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// How many pages there are, and the number of the last.
    pub pages: BTreeMap<Desk, (i64, i64)>,
    /// How many transactions, and the last page heard of each service.
    pub heard: BTreeMap<Desk, (i64, BTreeMap<String, i64>)>,
    /// Up to which page the public messages were published.
    pub published: BTreeMap<Desk, i64>,
}

const PAGES: &str = "select partition, count(*), max(number) from page group by partition";
const POSITIONS: &str = "select partition, version, heard from position";
const OUTLETS: &str = "select partition, number from outlet";

/// A row of `POSITIONS`.
type Position = (i32, i64, Json<BTreeMap<String, i64>>);

impl Ledgers {
    /// The databases of these services.
    pub fn open(databases: impl IntoIterator<Item = (String, PgConnectOptions)>) -> Self {
        let open = |(name, database): (String, PgConnectOptions)| {
            let database = database.options([("default_transaction_read_only", "on")]);
            let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(database);
            (name, pool)
        };
        Self(databases.into_iter().map(open).collect())
    }

    /// The names of the services.
    pub fn services(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// All that a service's database answers.
    pub async fn rows<T>(&self, service: &str, sql: &'static str) -> anyhow::Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let db = self.0.get(service).with_context(|| format!("there is no service {service}"))?;
        let rows = sqlx::query_as(sql).fetch_all(db).await;
        rows.with_context(|| format!("{service} was asked {sql}"))
    }

    /// How far all have come.
    pub async fn log(&self) -> anyhow::Result<Log> {
        let mut log = Log::default();
        for service in self.0.keys() {
            let desk = |partition| (service.clone(), partition);
            for (partition, count, last) in self.rows::<(i32, i64, i64)>(service, PAGES).await? {
                log.pages.insert(desk(partition), (count, last));
            }
            for (partition, version, heard) in self.rows::<Position>(service, POSITIONS).await? {
                log.heard.insert(desk(partition), (version, heard.0));
            }
            for (partition, number) in self.rows::<(i32, i64)>(service, OUTLETS).await? {
                log.published.insert(desk(partition), number);
            }
        }
        Ok(log)
    }
}

impl Log {
    /// Who said, heard or published something since. A transaction that does none of this is a timer
    /// that had nothing left to do, like the end of the time to pay for what is paid: those ring for
    /// as long as it takes after the last order, and are no work.
    pub fn moved_since<'a>(&'a self, before: &'a Self) -> BTreeSet<&'a Desk> {
        let said = changed(&self.pages, &before.pages, |it| it);
        let heard = changed(&self.heard, &before.heard, |it| &it.1);
        let published = changed(&self.published, &before.published, |it| it);
        said.chain(heard).chain(published).collect()
    }

    /// What somebody said and another has not heard, or the outside was not told.
    pub fn under_way(&self) -> Vec<String> {
        self.gaps().into_iter().map(|it| it.0).collect()
    }

    /// How many pages that is, counted for each who has not heard them.
    pub fn behind(&self) -> u64 {
        self.gaps().into_iter().map(|it| it.1).sum()
    }

    /// Each with its pages.
    fn gaps(&self) -> Vec<(String, u64)> {
        let mut gaps = Vec::new();
        let house = crate::house::plain();
        for desk in house.desks() {
            let speakers = desk.hears().iter();
            let speakers = speakers.filter(|it| matches!(it.kind, Kind::Event | Kind::Public));
            let speakers: BTreeSet<&str> = speakers.map(contracts::Contract::owner).collect();
            let mine = self.heard.iter().filter(|it| it.0.0 == desk.name());
            for ((name, partition), (_, heard)) in mine {
                for speaker in &speakers {
                    let said = self.pages.get(&((*speaker).to_owned(), *partition));
                    let (said, heard) = (said.map_or(0, |it| it.1), heard.get(*speaker).copied());
                    let heard = heard.unwrap_or_default();
                    if heard != said {
                        let gap =
                            format!("{name}/{partition} heard {heard} of {speaker}'s {said} pages");
                        gaps.push((gap, said.abs_diff(heard)));
                    }
                }
            }
        }
        for ((name, partition), published) in &self.published {
            let said = self.pages.get(&(name.clone(), *partition)).map_or(0, |it| it.1);
            if *published < said {
                let gap = format!("{name}/{partition} published {published} of {said} pages");
                gaps.push((gap, said.abs_diff(*published)));
            }
        }
        gaps
    }
}

/// Where `part` of it is another than it was.
fn changed<'a, T, Part: PartialEq>(
    now: &'a BTreeMap<Desk, T>,
    before: &'a BTreeMap<Desk, T>,
    part: impl Fn(&T) -> &Part,
) -> impl Iterator<Item = &'a Desk> {
    now.iter().filter(move |it| before.get(it.0).map(&part) != Some(part(it.1))).map(|it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_says_hears_or_publishes_moves_and_whoever_finds_nothing_to_do_does_not() {
        let desk = |partition| ("intake".to_owned(), partition);
        let heard = |page| BTreeMap::from([("credit".to_owned(), page)]);
        let before = Log {
            pages: BTreeMap::from([(desk(0), (7, 7))]),
            heard: BTreeMap::from([(desk(0), (20, heard(3))), (desk(1), (30, heard(3)))]),
            published: BTreeMap::from([(desk(0), 7)]),
        };
        let mut after = before.clone();
        after.heard.insert(desk(1), (31, heard(3)));
        assert!(after.moved_since(&before).is_empty(), "a timer rang to no effect");

        after.heard.insert(desk(1), (32, heard(4)));
        assert_eq!(after.moved_since(&before), BTreeSet::from([&desk(1)]));
        after.pages.insert(desk(0), (8, 8));
        assert_eq!(after.moved_since(&before), BTreeSet::from([&desk(0), &desk(1)]));
        let said = after.clone();
        after.published.insert(desk(0), 8);
        assert_eq!(after.moved_since(&said), BTreeSet::from([&desk(0)]));
    }
}
