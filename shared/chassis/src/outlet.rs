//! Publishes the public messages of a partition's pages, in order, and remembers how far it is. A
//! hearer of its own service: a repeat after a crash bears the same ids, by which the broker knows it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use async_nats::header::{
    HeaderMap, NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
    NATS_MESSAGE_ID,
};
use async_nats::jetstream;
use async_nats::jetstream::message::PublishMessage;
use sqlx::PgPool;
use tokio::sync::mpsc;

use crate::log::unpack;
use crate::telemetry::Meters;
use crate::{Desk, Envelope, Page, Partition};

/// How many messages are published together: the most that the broker takes as one.
const TOGETHER: usize = 1000;

/// Up to how many messages are published singly. The broker sets up a file store for each batch, and
/// takes it down again: for a handful of messages that costs far more than they do.
const FEW: usize = 8;

/// How many pages wait in memory; what does not fit is read from the table.
const WAITING: usize = 512;

/// How long the broker's acknowledgement is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the owner tells its publisher.
pub(crate) enum Told {
    Page(Arc<Page>),
    /// The number of the last page, each second: of a commit whose answer was lost the owner has no page
    /// to pass on.
    Head(i64),
}

pub(crate) struct Outlet {
    desk: Arc<dyn Desk>,
    db: PgPool,
    nats: async_nats::Client,
    streams: jetstream::Context,
    partition: Partition,
    meters: Meters,
    /// The last page that is published.
    at: i64,
    /// The last page that is written down as published.
    saved: i64,
    /// The last page that is known to be said.
    head: i64,
    /// Pages after `at`, without a gap.
    pages: VecDeque<Arc<Page>>,
}

impl Outlet {
    pub(crate) async fn open(
        desk: Arc<dyn Desk>,
        db: PgPool,
        nats: async_nats::Client,
        partition: Partition,
    ) -> anyhow::Result<Self> {
        let at: Option<i64> = sqlx::query_scalar("select number from outlet where partition = $1")
            .bind(partition.column())
            .fetch_optional(&db)
            .await?;
        let head: Option<i64> =
            sqlx::query_scalar("select max(number) from page where partition = $1")
                .bind(partition.column())
                .fetch_one(&db)
                .await?;
        let meters = Meters::of(desk.name(), partition.number);
        let streams = jetstream::new(nats.clone());
        let (at, head) = (at.unwrap_or_default(), head.unwrap_or_default());
        let (saved, pages) = (at, VecDeque::new());
        Ok(Self { desk, db, nats, streams, partition, meters, at, saved, head, pages })
    }

    /// Publishes what is said, until nobody says anything any more.
    pub(crate) async fn run(mut self, mut said: mpsc::Receiver<Told>) {
        let mut pause = Duration::from_millis(50);
        loop {
            while let Ok(told) = said.try_recv() {
                self.take(told);
            }
            if self.saved == self.head {
                match said.recv().await {
                    Some(told) => self.take(told),
                    None => return,
                }
                continue;
            }
            match self.work().await {
                Ok(()) => pause = Duration::from_millis(50),
                Err(error) => {
                    let service = self.desk.name();
                    tracing::warn!(%error, service, "{service} cannot publish: {error:#}");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
            }
        }
    }

    /// Publishes what comes next, but not before it is written down what was published before: a stream
    /// that is made anew does not know the ids of the one before it, and if after a crash more went out
    /// again than the last messages, it would go behind what came later.
    async fn work(&mut self) -> anyhow::Result<()> {
        if self.saved == self.at {
            self.publish().await?;
        }
        self.save().await
    }

    fn take(&mut self, told: Told) {
        let page = match told {
            Told::Page(page) => page,
            Told::Head(number) => {
                self.head = self.head.max(number);
                return;
            }
        };
        let next = self.at + i64::try_from(self.pages.len()).unwrap_or(i64::MAX) + 1;
        self.head = self.head.max(page.number);
        if page.number == next && self.pages.len() < WAITING {
            self.pages.push_back(page);
        }
    }

    /// Publishes as much as goes together.
    async fn publish(&mut self) -> anyhow::Result<()> {
        if self.pages.is_empty() {
            self.read().await?;
        }
        let (mut messages, mut pages) = (0, 0);
        let mut by_stream: BTreeMap<&'static str, Vec<&Envelope>> = BTreeMap::new();
        for page in &self.pages {
            let public = page.said.iter().filter(|it| it.address.is_some());
            let public: Vec<&Envelope> = public.collect();
            if pages > 0 && messages + public.len() > TOGETHER {
                break;
            }
            for envelope in &public {
                by_stream.entry(self.stream(envelope)?).or_default().push(envelope);
            }
            messages += public.len();
            pages += 1;
        }
        for envelopes in by_stream.into_values() {
            for together in envelopes.chunks(TOGETHER) {
                self.send(together).await?;
            }
        }
        self.pages.drain(..pages);
        self.at += i64::try_from(pages)?;
        self.meters.published(messages);
        Ok(())
    }

    /// Writes down how far it is.
    async fn save(&mut self) -> anyhow::Result<()> {
        sqlx::query(
            "insert into outlet (partition, number) values ($1, $2)
                 on conflict (partition) do update set number = excluded.number
              where outlet.number < excluded.number",
        )
        .bind(self.partition.column())
        .bind(self.at)
        .execute(&self.db)
        .await?;
        self.saved = self.at;
        Ok(())
    }

    /// Reads pages that are not in memory.
    async fn read(&mut self) -> anyhow::Result<()> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar(
            "select body from page where partition = $1 and number > $2 order by number limit 64",
        )
        .bind(self.partition.column())
        .bind(self.at)
        .fetch_all(&self.db)
        .await?;
        for body in rows {
            self.pages.push_back(Arc::new(unpack(&body)?));
        }
        if self.pages.is_empty() {
            bail!("page {} of {} is not in its table", self.at + 1, self.desk.name());
        }
        Ok(())
    }

    fn stream(&self, envelope: &Envelope) -> anyhow::Result<&'static str> {
        let said = self.desk.says().iter().find(|it| it.subject == envelope.subject);
        let door = said.and_then(|it| it.door);
        Ok(door.with_context(|| format!("{} has no stream", envelope.subject))?.stream)
    }

    /// Publishes these: many all or nothing, few singly. If the broker refuses a batch, for instance
    /// because it has seen one of it before, singly as well, for then it knows which.
    async fn send(&self, envelopes: &[&Envelope]) -> anyhow::Result<()> {
        if envelopes.len() > FEW && self.send_as_one(envelopes).await.is_ok() {
            return Ok(());
        }
        for wave in waves(envelopes) {
            let mut acks = Vec::with_capacity(wave.len());
            for envelope in wave {
                let message = PublishMessage::build()
                    .headers(self.headers(envelope))
                    .payload(envelope.body.get().to_owned().into());
                let address = envelope.address.clone().unwrap_or_default();
                acks.push(self.streams.send_publish(address, message).await?);
            }
            let kept = futures::future::try_join_all(acks.into_iter().map(IntoFuture::into_future));
            tokio::time::timeout(PATIENCE, kept).await.context("no acknowledgement")??;
        }
        Ok(())
    }

    /// The broker's atomic batch: each message bears the batch's id and its own number; the last
    /// asks for the commit, and is answered.
    async fn send_as_one(&self, envelopes: &[&Envelope]) -> anyhow::Result<()> {
        let batch = envelopes.first().map(|it| it.id.0.simple().to_string()).unwrap_or_default();
        let inbox = self.nats.new_inbox();
        let mut answers = self.nats.subscribe(inbox.clone()).await?;
        for (number, envelope) in (1..).zip(envelopes) {
            let mut headers = self.headers(envelope);
            headers.insert(NATS_BATCH_ID, batch.as_str());
            headers.insert(NATS_BATCH_SEQUENCE, number.to_string());
            let address = envelope.address.clone().unwrap_or_default();
            let body = envelope.body.get().to_owned().into();
            if number == envelopes.len() {
                headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
                let to = inbox.clone();
                self.nats.publish_with_reply_and_headers(address, to, headers, body).await?;
            } else {
                self.nats.publish_with_headers(address, headers, body).await?;
            }
        }
        let answer = tokio::time::timeout(PATIENCE, futures::StreamExt::next(&mut answers));
        let answer = answer.await.context("no acknowledgement")?.context("no connection")?;
        let ack: serde_json::Value = serde_json::from_slice(&answer.payload)?;
        match ack.get("error") {
            None if ack.get("seq").is_some() => Ok(()),
            error => bail!("the broker refused a batch: {error:?}"),
        }
    }

    /// The attributes of `CloudEvents` 1.0 as headers, so that other people's tools read them.
    fn headers(&self, envelope: &Envelope) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let id = envelope.id.0.hyphenated().to_string();
        headers.insert(NATS_MESSAGE_ID, id.as_str());
        headers.insert("ce-specversion", "1.0");
        headers.insert("ce-id", id);
        headers.insert("ce-source", format!("/kontor/{}", self.desk.name()));
        headers.insert("ce-type", format!("com.kontor.{}", envelope.subject));
        headers.insert("ce-subject", envelope.key.0.as_str());
        headers.insert("ce-datacontenttype", "application/json");
        headers.insert("Content-Type", "application/json");
        for (name, value) in envelope.trace.fields() {
            headers.insert(name, value);
        }
        headers
    }
}

/// What can be on its way at once: of every key its first message, then of every key its second, and
/// so on, each wave when the one before it is kept. For a stream that is made anew meanwhile refuses
/// one message and keeps those after it, and readers would see an order's second status before its
/// first.
fn waves<'a>(envelopes: &[&'a Envelope]) -> Vec<Vec<&'a Envelope>> {
    let mut waves: Vec<Vec<&Envelope>> = Vec::new();
    let mut sent: HashMap<&str, usize> = HashMap::new();
    for &envelope in envelopes {
        let nth = sent.entry(envelope.key.0.as_str()).or_default();
        if *nth == waves.len() {
            waves.push(Vec::new());
        }
        if let Some(wave) = waves.get_mut(*nth) {
            wave.push(envelope);
        }
        *nth += 1;
    }
    waves
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn said(id: u128, key: &str) -> Envelope {
        let id = Uuid::from_u128(id);
        let said = serde_json::json!({"id": id, "subject": "s", "key": key, "body": {}});
        serde_json::from_value(said).unwrap()
    }

    proptest! {
        /// All go, no two of a key at once, and each key's in its order.
        #[test]
        fn no_message_overtakes_another_of_its_key(keys in vec("[ab]", 0..20)) {
            let envelopes: Vec<Envelope> =
                (0..).zip(&keys).map(|(id, key)| said(id, key)).collect();
            let mut all: Vec<&Envelope> = envelopes.iter().collect();
            let waves = waves(&all);
            for wave in &waves {
                let keys: HashSet<&str> = wave.iter().map(|it| it.key.0.as_str()).collect();
                prop_assert_eq!(keys.len(), wave.len());
            }
            let mut sent: Vec<&Envelope> = waves.into_iter().flatten().collect();
            sent.sort_by_key(|it| it.key.0.as_str());
            all.sort_by_key(|it| it.key.0.as_str()); // Keeps the order of equal ones.
            let ids = |it: &[&Envelope]| it.iter().map(|it| it.id.0).collect::<Vec<_>>();
            prop_assert_eq!(ids(&sent), ids(&all));
        }
    }
}
