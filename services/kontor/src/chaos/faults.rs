//! How each fault is brought about, and healed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use chassis::task;
use contracts::Timestamp;
use futures::StreamExt;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinHandle;

use super::journal::now;
use super::plan::{Fault, Kind, REPLICAS};
use super::premises::Premises;
use super::proxy::{Line, Mood};
use crate::dice::Dice;
use crate::house;

/// What came of a fault.
pub(super) struct Healed {
    pub(super) at: Timestamp,
    pub(super) remark: String,
}

/// The pages that were said last, to be said again.
pub(super) struct Pages {
    nats: async_nats::Client,
    last: Arc<Mutex<VecDeque<Page>>>,
    /// How many were said on each subject.
    heads: Arc<Mutex<BTreeMap<String, u64>>>,
    reading: JoinHandle<()>,
}

type Page = (Subject, Option<HeaderMap>, Bytes);

/// How many pages are remembered.
const REMEMBERED: usize = 400;

impl Pages {
    pub(super) async fn follow(nats: async_nats::Client) -> anyhow::Result<Self> {
        let mut pages = nats.subscribe("log.*.*").await?;
        let last: Arc<Mutex<VecDeque<Page>>> = Arc::default();
        let heads: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let (kept, counted) = (Arc::clone(&last), Arc::clone(&heads));
        let reading = task::spawn("pages", async move {
            while let Some(page) = pages.next().await {
                let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
                *counted.entry(page.subject.to_string()).or_default() += 1;
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_back((page.subject, page.headers, page.payload));
                while kept.len() > REMEMBERED {
                    kept.pop_front();
                }
            }
        });
        Ok(Self { nats, last, heads, reading })
    }

    /// How many pages were seen on each subject: `log.0.credit`.
    pub(super) fn heads(&self) -> BTreeMap<String, u64> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Publishes them again, each twice, out of order, for so long.
    async fn again(&self, millis: u64) -> anyhow::Result<String> {
        let mut pages: Vec<Page> =
            self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        pages.extend(pages.clone());
        Dice::of(millis, "republish").shuffle(&mut pages);
        let count = pages.len();
        let pause = Duration::from_micros(millis * 1_000 / u64::try_from(count)?.max(1));
        for (subject, headers, payload) in pages {
            match headers {
                Some(headers) => {
                    self.nats.publish_with_headers(subject, headers, payload).await?;
                }
                None => self.nats.publish(subject, payload).await?,
            }
            tokio::time::sleep(pause).await;
        }
        Ok(format!("{count} pages"))
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Fault {
    /// Does it and heals it. What was killed is started again, and not waited for.
    pub(super) async fn happens(
        &self,
        house: &mut Premises,
        pages: &Pages,
    ) -> anyhow::Result<Healed> {
        let lasts = Duration::from_millis(self.for_ms);
        let (mut at, mut remark) = (now(), String::new());
        match self.kind {
            Kind::Kill => {
                let running = house.process(&self.target)?.running.take();
                running.context("it runs")?.kill9().await?;
                tokio::time::sleep(lasts).await;
                house.launch(&self.target, None)?;
            }
            Kind::Abort => (at, remark) = self.abort(house).await?,
            Kind::Pause => {
                let running = house.process(&self.target)?.running.as_ref();
                let running = running.context("it runs")?;
                running.freeze()?;
                tokio::time::sleep(lasts).await;
                running.thaw()?;
            }
            Kind::Roll => {
                for replica in REPLICAS {
                    let name = format!("{}/{replica}", self.target);
                    let running = house.process(&name)?.running.take();
                    running.context("it runs")?.stop().await?;
                    house.launch(&name, None)?;
                    house.ready(&name).await?;
                }
            }
            Kind::NatsKill => {
                house.suite.nats.kill9().await?;
                tokio::time::sleep(lasts).await;
                house.suite.nats.restart().await?;
            }
            Kind::NatsWipe => {
                house.suite.nats.kill9().await?;
                house.suite.nats.wipe_store()?;
                house.streams_lost_at.push(now().as_nanosecond());
                tokio::time::sleep(lasts).await;
                house.suite.nats.restart().await?;
                house.suite.provision(&house::plain()).await?;
            }
            Kind::PostgresKill => {
                house.suite.postgres.kill9().await?;
                tokio::time::sleep(lasts).await;
                house.suite.postgres.restart().await?;
            }
            Kind::Backends => remark = self.terminate(house).await?,
            Kind::Reset => self.line(house)?.cut(),
            Kind::BlackHole | Kind::Slow | Kind::Deaf | Kind::Mute => {
                let line = self.line(house)?;
                line.behaves(self.mood());
                tokio::time::sleep(lasts).await;
                line.behaves(Mood::Open);
                if self.kind == Kind::BlackHole {
                    line.cut(); // What is left of the streams makes no sense any more.
                }
            }
            Kind::Republish => remark = pages.again(self.for_ms).await?,
        }
        if !self.kind.is_a_kill() {
            at = now();
        }
        Ok(Healed { at, remark })
    }

    fn mood(&self) -> Mood {
        match self.kind {
            Kind::BlackHole => Mood::Hole,
            Kind::Slow => Mood::Slow(Duration::from_millis(
                Dice::of(self.at_ms, "slow").between(20, 100).into(),
            )),
            Kind::Deaf => Mood::Deaf,
            Kind::Mute => Mood::Mute,
            Kind::Kill
            | Kind::Abort
            | Kind::Pause
            | Kind::Roll
            | Kind::NatsKill
            | Kind::NatsWipe
            | Kind::PostgresKill
            | Kind::Backends
            | Kind::Reset
            | Kind::Republish => Mood::Open,
        }
    }

    /// `credit/0>postgres`
    fn line<'a>(&self, house: &'a mut Premises) -> anyhow::Result<&'a Line> {
        let target = &self.target;
        let (name, server) =
            target.split_once('>').with_context(|| format!("{target} is no edge"))?;
        let process = house.process(name)?;
        match server {
            "nats" => Ok(&process.nats),
            "postgres" => Ok(&process.postgres),
            _ => bail!("{target}: {server} is neither nats nor postgres"),
        }
    }

    /// Has a process die at a point, as soon as it comes there. If it does not, it is killed.
    async fn abort(&self, house: &mut Premises) -> anyhow::Result<(Timestamp, String)> {
        let target = &self.target;
        let (name, point) =
            target.split_once(':').with_context(|| format!("{target} names no point"))?;
        let (service, _) = name.split_once('/').context("a process")?;
        let running = house.process(name)?.running.take();
        running.context("it runs")?.stop().await?;
        house.launch(name, Some(&format!("{service}:{point}")))?;
        let running = house.process(name)?.running.as_mut().context("it runs")?;
        let longest = Duration::from_millis(self.for_ms);
        let died = tokio::time::timeout(longest, running.ended()).await;
        let at = now();
        let remark = match died {
            Ok(ended) => {
                ensure!(running.says("dying here, as told")?, "{name} died of itself: {ended:?}");
                String::new()
            }
            Err(_) => "it did not come to that point: it was killed".to_owned(),
        };
        if let Some(running) = house.process(name)?.running.take() {
            running.kill9().await.ok(); // It is dead, mostly.
        }
        house.launch(name, None)?;
        Ok((at, remark))
    }

    /// Has Postgres cut every connection of a service.
    async fn terminate(&self, house: &Premises) -> anyhow::Result<String> {
        let mut db = PgConnection::connect_with(&house.suite.postgres.superuser()).await?;
        let cut: i64 = sqlx::query_scalar(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = $1",
        )
        .bind(&self.target)
        .fetch_one(&mut db)
        .await?;
        db.close().await?;
        Ok(format!("{cut} connections"))
    }
}
