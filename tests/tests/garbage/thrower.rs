//! Those who throw: everyone outside with the rights that they have, every service as itself, and one
//! who may do everything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use async_nats::client::RequestError;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::{Client, Message, jetstream};
use contracts::intake::Placement;
use contracts::{Contract, Kind};
use futures::{StreamExt, stream};
use uuid::Uuid;
use whole_house::process::Site;

use crate::rubbish::{self, noise, thrown};

/// How many pieces are in the air at a time.
const AT_ONCE: usize = 64;

/// Who throws from outside: kind and name. The warehouse picks nothing else.
const OUTSIDERS: [(&str, &str); 4] =
    [("channel", "web"), ("warehouse", "FW-SH"), ("provider", "bank"), ("carrier", "swift")];

/// What was thrown, and what was said to it.
#[derive(Debug, Default)]
pub struct Thrown {
    /// Kept by each stream.
    pub kept: BTreeMap<String, u64>,
    /// Not acknowledged in time by each stream: kept or not.
    pub unknown: BTreeMap<String, u64>,
    /// Not kept, and why.
    pub refused_by_nats: u64,
    /// Thrown at somebody who answers, and refused.
    pub refused: u64,
    /// On which subject, and which piece.
    pub unanswered: Vec<String>,
    /// Accepted as an order: that was no garbage, or somebody is blind.
    pub taken_in: u64,
    /// As pages that intake said.
    pub pages_of_intake: u64,
    /// On any other subject inside the house.
    pub inside: u64,
}

pub struct Thrower {
    outside: BTreeMap<&'static str, Client>,
    services: BTreeMap<String, Client>,
    admin: Client,
    contracts: Vec<Contract>,
    counters: Vec<&'static str>,
    thrown: Arc<Mutex<Thrown>>,
}

impl Thrower {
    pub async fn open(site: &Site) -> anyhow::Result<Self> {
        let mut outside = BTreeMap::new();
        for (kind, name) in OUTSIDERS {
            outside.insert(kind, site.suite.connect(kind, name).await?);
        }
        let mut services = BTreeMap::new();
        for (name, account) in &site.suite.accounts {
            let (user, password) = account.nats_user.clone().context("a service is known")?;
            let options = async_nats::ConnectOptions::new().user_and_password(user, password);
            services.insert(name.clone(), options.connect(&account.nats).await?);
        }
        let house = kontor::house::plain();
        Ok(Self {
            outside,
            services,
            admin: site.suite.admin().await?,
            contracts: house.contracts(),
            counters: house.counters().into_iter().map(|it| it.1.pattern).collect(),
            thrown: Arc::default(),
        })
    }

    /// Throws so many pieces, at everything that there is to be thrown at, and waits for what is
    /// said to it.
    pub async fn throw(&self, pieces: u64) -> anyhow::Result<Thrown> {
        let results: Vec<anyhow::Result<()>> = stream::iter(0..pieces)
            .map(|nth| self.one(nth))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        results.into_iter().collect::<anyhow::Result<()>>()?;
        Ok(std::mem::take(&mut *self.count()))
    }

    fn count(&self) -> std::sync::MutexGuard<'_, Thrown> {
        self.thrown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn one(&self, nth: u64) -> anyhow::Result<()> {
        match thrown(nth, "where", 10) {
            0..6 => self.at_a_stream(nth).await,
            6 | 7 => self.at_a_counter(nth).await,
            8 => self.at_the_log(nth).await,
            _ => self.at_the_inside(nth).await,
        }
    }

    /// Into a stream for what the outside says, under a name that nobody else uses.
    async fn at_a_stream(&self, nth: u64) -> anyhow::Result<()> {
        let reports: Vec<_> = self.contracts.iter().filter(|it| it.kind == Kind::Report).collect();
        let door =
            reports[usize::try_from(nth)? % reports.len()].door.context("a report has a door")?;
        let (by, subject) = self.addressed(door.pattern, nth)?;
        let rubbish = rubbish::piece(nth)?;
        let streams = jetstream::new(by.clone());
        let sent =
            streams.publish_with_headers(subject, rubbish.headers, rubbish.body.into()).await;
        let kept = match sent {
            Ok(sent) => sent.await,
            Err(error) => Err(error),
        };
        match kept {
            Ok(ack) if ack.duplicate => self.count().refused_by_nats += 1,
            Ok(_) => *self.count().kept.entry(door.stream.to_owned()).or_default() += 1,
            // It may have been kept all the same.
            Err(error) if error.kind() == PublishErrorKind::TimedOut => {
                *self.count().unknown.entry(door.stream.to_owned()).or_default() += 1;
            }
            Err(_) => self.count().refused_by_nats += 1,
        }
        Ok(())
    }

    /// At a counter, where a storefront waits for an answer.
    async fn at_a_counter(&self, nth: u64) -> anyhow::Result<()> {
        let pattern = self.counters[usize::try_from(nth)? % self.counters.len()];
        let (by, subject) = self.addressed(pattern, nth)?;
        let rubbish = rubbish::piece(nth)?;
        let request = async_nats::Request::new()
            .headers(rubbish.headers)
            .payload(rubbish.body.into())
            .timeout(Some(Duration::from_secs(20)));
        let answer = by.send_request(subject.clone(), request).await;
        self.answered(&subject, nth, answer);
        Ok(())
    }

    fn answered(&self, subject: &str, nth: u64, answer: Result<Message, RequestError>) {
        let mut count = self.count();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return count.unanswered.push(format!("{nth} at {subject}: {error}")),
        };
        match serde_json::from_slice(&answer.payload) {
            Ok(Placement::Accepted(_) | Placement::Duplicate(_)) => count.taken_in += 1,
            Ok(Placement::Conflict(_) | Placement::Rejected { .. } | Placement::Unknown { .. })
            | Err(_) => count.refused += 1,
        }
    }

    /// Who may say something by this pattern, and on which subject they say the nth thing.
    fn addressed(&self, pattern: &str, nth: u64) -> anyhow::Result<(&Client, String)> {
        let whose = OUTSIDERS.iter().find(|it| pattern.contains(&format!("{{{}}}", it.0)));
        let (kind, name) = whose.with_context(|| format!("who says {pattern}?"))?;
        let token = |it: &str| match it {
            "{order}" => Uuid::new_v5(&Uuid::NAMESPACE_OID, &nth.to_be_bytes()).to_string(),
            "{what}" => ["picked", "delivered", "received", "nonsense"]
                [usize::try_from(thrown(nth, "what", 4)).unwrap_or_default()]
            .to_owned(),
            it if it == format!("{{{kind}}}") => (*name).to_owned(),
            it if it.starts_with('{') => format!("g-{nth}"),
            it => it.to_owned(),
        };
        let subject: Vec<String> = pattern.split('.').map(token).collect();
        Ok((&self.outside[kind], subject.join(".")))
    }

    /// At those who hear a service's pages, as that service.
    async fn at_the_log(&self, nth: u64) -> anyhow::Result<()> {
        let (name, nats) = self.service(nth)?;
        let partition = thrown(nth, "partition", 4);
        let mut subject = format!("log.{partition}.{name}");
        let body = match thrown(nth, "page", 6) {
            0 => {
                subject.push_str(".head");
                noise(nth, 12)
            }
            1 => {
                subject.push_str(".head");
                ["-5", "9223372036854775807", "-9223372036854775808", "1.5"]
                    [usize::try_from(thrown(nth, "head", 4))?]
                .into()
            }
            2 => [&u32::MAX.to_le_bytes(), &*noise(nth, 500)].concat(), // It says that it is huge.
            3 => forged(partition + 1, name)?,
            4 => forged(partition, "nobody")?,
            _ => noise(nth, thrown(nth, "length", 3_000)),
        };
        if name == "intake" && !subject.ends_with("head") {
            self.count().pages_of_intake += 1;
        }
        self.count().inside += 1;
        Ok(nats.publish(subject, body.into()).await?)
    }

    fn service(&self, nth: u64) -> anyhow::Result<(&str, &Client)> {
        let at = usize::try_from(thrown(nth, "service", self.services.len() as u64))?;
        let (name, nats) = self.services.iter().nth(at).context("a service")?;
        Ok((name, nats))
    }

    /// At everything else that a service listens to, as one who may do everything.
    async fn at_the_inside(&self, nth: u64) -> anyhow::Result<()> {
        let (name, _) = self.service(nth)?;
        let asked = [Kind::Command, Kind::Question];
        let asked: Vec<_> = self.contracts.iter().filter(|it| asked.contains(&it.kind)).collect();
        let partition = thrown(nth, "partition", 4);
        let (subject, answers) = match thrown(nth, "inside", 8) {
            0 => (format!("own.{partition}.{name}"), true),
            1 => (format!("wake.{partition}.{name}"), false),
            2 => (format!("beat.{name}"), false),
            3 => (format!("log.read.{name}"), false),
            4 => (format!("parked.replay.{name}"), true),
            5 => (format!("parked.discard.{name}"), true),
            _ => (asked[usize::try_from(nth)? % asked.len()].subject.to_owned(), true),
        };
        let rubbish = rubbish::piece(nth)?;
        self.count().inside += 1;
        if answers {
            let request = async_nats::Request::new()
                .headers(rubbish.headers)
                .payload(rubbish.body.into())
                .timeout(Some(Duration::from_secs(20)));
            let answer = self.admin.send_request(subject.clone(), request).await;
            self.answered(&subject, nth, answer);
        } else {
            self.admin.publish_with_headers(subject, rubbish.headers, rubbish.body.into()).await?;
        }
        Ok(())
    }
}

/// A page that is well formed, and of somebody else than those who hear it on this subject expect.
fn forged(partition: u64, speaker: &str) -> anyhow::Result<Vec<u8>> {
    let page = serde_json::json!({
        "speaker": speaker, "partition": partition, "number": 1_000_000_000,
        "at": "2026-11-20T08:00:00Z", "heard": {}, "said": [],
    });
    chassis::pack(&serde_json::from_value(page)?)
}
