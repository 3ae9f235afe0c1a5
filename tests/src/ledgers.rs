//! The books of all services, to be read and never written.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use async_nats::jetstream::{self, consumer::PullConsumer};
use contracts::Kind;
use futures::TryStreamExt;
use kontor::Suite;
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use crate::audit::Premises;
use crate::{PATIENCE, eventually};

/// Each service's database, read-only.
pub(crate) struct Ledgers(BTreeMap<String, PgPool>);

/// A worker: a service and a partition.
pub(crate) type Desk = (String, i32);

/// How far each worker's pages go, and how far each has heard the others'.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Log {
    /// How many pages there are, and the number of the last.
    pub(crate) pages: BTreeMap<Desk, (i64, i64)>,
    /// How many transactions, and the last page heard of each service.
    pub(crate) heard: BTreeMap<Desk, (i64, BTreeMap<String, i64>)>,
    /// Up to which page the public messages were published.
    pub(crate) published: BTreeMap<Desk, i64>,
}

const PAGES: &str = "select partition, count(*), max(number) from page group by partition";
const POSITIONS: &str = "select partition, version, heard from position";
const OUTLETS: &str = "select partition, number from outlet";
/// What is going to happen by itself before long: levels that are to be told, and notes.
const SOON: &str = "
    select convert_from(envelope, 'UTF8') from timer where due < now() + interval '5 seconds'";

/// A row of `POSITIONS`.
type Position = (i32, i64, Json<BTreeMap<String, i64>>);

impl Ledgers {
    pub(crate) fn open(suite: &Suite) -> Self {
        let open = |(name, account): (&String, &chassis::Account)| {
            let reading = [("default_transaction_read_only", "on")];
            let database = account.database.clone().options(reading);
            let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(database);
            (name.clone(), pool)
        };
        Self(suite.accounts.iter().map(open).collect())
    }

    /// All that a service's database answers.
    pub(crate) async fn rows<T>(&self, service: &str, sql: &'static str) -> anyhow::Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let db = self.0.get(service).with_context(|| format!("there is no service {service}"))?;
        let rows = sqlx::query_as(sql).fetch_all(db).await;
        rows.with_context(|| format!("{service} was asked {sql}"))
    }

    pub(crate) async fn log(&self) -> anyhow::Result<Log> {
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

    /// What is set to ring in the next seconds.
    async fn soon(&self) -> anyhow::Result<Vec<String>> {
        let mut soon = Vec::new();
        for service in self.0.keys() {
            soon.extend(self.rows::<(String,)>(service, SOON).await?.into_iter().map(|it| it.0));
        }
        Ok(soon)
    }
}

impl Log {
    /// What somebody said and another has not heard, or the outside was not told.
    fn under_way(&self) -> Vec<String> {
        let mut under_way = Vec::new();
        let house = kontor::house::plain();
        for desk in house.desks() {
            let speakers = desk.hears().iter();
            let speakers = speakers.filter(|it| matches!(it.kind, Kind::Event | Kind::Public));
            let speakers: std::collections::BTreeSet<&str> =
                speakers.map(contracts::Contract::owner).collect();
            let mine = self.heard.iter().filter(|it| it.0.0 == desk.name());
            for ((name, partition), (_, heard)) in mine {
                for speaker in &speakers {
                    let said = self.pages.get(&((*speaker).to_owned(), *partition));
                    let (said, heard) = (said.map_or(0, |it| it.1), heard.get(*speaker));
                    if heard.copied().unwrap_or_default() != said {
                        under_way.push(format!(
                            "{name}/{partition} heard {heard:?} of {speaker}'s {said} pages"
                        ));
                    }
                }
            }
        }
        for ((name, partition), published) in &self.published {
            let said = self.pages.get(&(name.clone(), *partition)).map_or(0, |it| it.1);
            if *published < said {
                under_way.push(format!("{name}/{partition} published {published} of {said} pages"));
            }
        }
        under_way
    }
}

impl Premises<'_> {
    /// Waits until all is quiet: see [`crate::Shop::is_quiet`].
    pub(crate) async fn is_quiet(self) -> anyhow::Result<()> {
        let admin = jetstream::new(self.suite.admin().await?);
        eventually(PATIENCE, || async {
            let before = self.ledgers.log().await?;
            let under_way = before.under_way();
            ensure!(under_way.is_empty(), "under way: {under_way:#?}");
            let soon = self.ledgers.soon().await?;
            ensure!(soon.is_empty(), "about to ring: {soon:#?}");
            untaken(&admin).await?;
            ensure!(self.ledgers.log().await? == before, "somebody is at work");
            Ok(())
        })
        .await
        .context("the house does not come to rest")
    }
}

/// Looks for reports that no partition has taken in.
async fn untaken(streams: &jetstream::Context) -> anyhow::Result<()> {
    let house = kontor::house::plain().contracts();
    let doors = house.iter().filter(|it| it.kind == Kind::Report).filter_map(|it| it.door);
    for door in doors {
        let stream = streams.get_stream(door.stream).await?;
        let mut consumers = stream.consumers();
        while let Some(it) = consumers.try_next().await? {
            let left = it.num_pending + u64::try_from(it.num_ack_pending)?;
            ensure!(left == 0, "{left} reports of {} are not taken in", door.stream);
        }
    }
    Ok(())
}

/// All that a public stream holds, in order.
pub(crate) async fn stream<T: serde::de::DeserializeOwned>(
    house: &Premises<'_>,
    name: &str,
) -> anyhow::Result<Vec<(String, T)>> {
    use futures::StreamExt;
    let streams = jetstream::new(house.suite.admin().await?);
    let mut stream = streams.get_stream(name).await?;
    let count = stream.info().await?.state.messages;
    if count == 0 {
        return Ok(vec![]);
    }
    let reader = jetstream::consumer::pull::Config {
        ack_policy: jetstream::consumer::AckPolicy::None,
        inactive_threshold: PATIENCE,
        ..Default::default()
    };
    let reader: PullConsumer = stream.create_consumer(reader).await?;
    let mut messages = reader.messages().await?.take(usize::try_from(count)?);
    let mut held = Vec::new();
    while let Some(message) = messages.next().await {
        let message = message?;
        let body = serde_json::from_slice(&message.payload)
            .with_context(|| format!("{name} holds what does not read: {}", message.subject))?;
        held.push((message.subject.to_string(), body));
    }
    Ok(held)
}
