//! The books of all services, and when they are at rest.

use anyhow::{Context, ensure};
use async_nats::jetstream::{self, consumer::PullConsumer};
use contracts::Kind;
use futures::TryStreamExt;
use kontor::Suite;

use crate::audit::Premises;
use crate::{PATIENCE, eventually};

pub(crate) use kontor::ledgers::Ledgers;

/// What is going to happen by itself before long: levels that are to be told, and notes.
const SOON: &str = "
    select convert_from(envelope, 'UTF8') from timer where due < now() + interval '5 seconds'";

/// Each service's database, read-only.
pub(crate) fn open(suite: &Suite) -> Ledgers {
    let accounts = suite.accounts.iter();
    Ledgers::open(accounts.map(|(name, account)| (name.clone(), account.database.clone())))
}

/// What is set to ring in the next seconds.
async fn soon(ledgers: &Ledgers) -> anyhow::Result<Vec<String>> {
    let mut soon = Vec::new();
    for service in ledgers.services() {
        soon.extend(ledgers.rows::<(String,)>(service, SOON).await?.into_iter().map(|it| it.0));
    }
    Ok(soon)
}

impl Premises<'_> {
    /// Waits until all is quiet: see [`crate::Shop::is_quiet`].
    pub(crate) async fn is_quiet(self) -> anyhow::Result<()> {
        let admin = jetstream::new(self.suite.admin().await?);
        eventually(PATIENCE, || async {
            let before = self.ledgers.log().await?;
            let under_way = before.under_way();
            ensure!(under_way.is_empty(), "under way: {under_way:#?}");
            let soon = soon(self.ledgers).await?;
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
