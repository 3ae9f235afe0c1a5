//! Where a service is asked and told, as a NATS micro service: each command and question is an
//! endpoint, to be found with any NATS tool; and the public counters.

use std::collections::HashMap;
use std::sync::Arc;

use async_nats::HeaderMap;
use async_nats::service::{Request, ServiceExt, error::Error as ServiceError};
use contracts::{Contract, Key, Kind, Uuid};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::PgPool;

use crate::{Client, Counter, Desk, Envelope, MessageId, Outcome, TraceContext, clock, parking};

/// How many requests one replica answers at once.
const AT_ONCE: usize = 256;

/// The header that names a command for good: the same id gets the same answer.
const COMMAND_ID: &str = "Kontor-Command-Id";

/// The header that tells what a command is about, for whoever does not use our client.
const COMMAND_KEY: &str = "Kontor-Key";

#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) db: PgPool,
    pub(crate) nats: async_nats::Client,
    pub(crate) client: Client,
}

/// What an endpoint is for.
#[derive(Clone)]
enum Endpoint {
    Command(Contract),
    Question(Contract),
    Counter(Counter),
    Parked,
    Replay,
    Discard,
}

/// A parked input is to be put away for good.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Discard {
    id: Uuid,
    reason: String,
}

impl Front {
    /// Answers until the connection is closed.
    pub(crate) async fn serve(self) -> anyhow::Result<()> {
        let name = self.desk.name();
        let service = self
            .nats
            .service_builder()
            .description(format!("Kontor: {name}"))
            .start(format!("kontor-{name}"), "1.0.0")
            .await
            .map_err(|it| anyhow::anyhow!("{name} cannot answer: {it}"))?;
        let mut requests = Vec::new();
        for (subject, endpoint) in self.endpoints() {
            let name = subject.replace(['.', '*'], "_");
            let metadata = HashMap::from([("kind".to_owned(), endpoint.kind().to_owned())]);
            let builder = service.endpoint_builder().name(name).metadata(metadata);
            let listening = builder.add(subject).await.map_err(|it| anyhow::anyhow!("{it}"))?;
            requests.push(listening.map(move |request| (endpoint.clone(), request)));
        }
        futures::stream::select_all(requests)
            .for_each_concurrent(AT_ONCE, |(endpoint, request)| {
                self.clone().answer(endpoint, request)
            })
            .await;
        Ok(())
    }

    fn endpoints(&self) -> Vec<(String, Endpoint)> {
        let name = self.desk.name();
        let commands = self.desk.hears().iter().filter(|it| it.kind == Kind::Command);
        let commands = commands.map(|it| (it.subject.to_owned(), Endpoint::Command(*it)));
        let questions =
            self.desk.is_asked().iter().map(|it| (it.subject.to_owned(), Endpoint::Question(*it)));
        let counters =
            self.desk.counters().into_iter().map(|it| (it.filter(), Endpoint::Counter(it)));
        let parking = [
            (format!("parked.list.{name}"), Endpoint::Parked),
            (format!("parked.replay.{name}"), Endpoint::Replay),
            (format!("parked.discard.{name}"), Endpoint::Discard),
        ];
        commands.chain(questions).chain(counters).chain(parking).collect()
    }

    async fn answer(self, endpoint: Endpoint, request: Request) {
        let answer = match &endpoint {
            Endpoint::Counter(counter) => {
                let id = unique(request.message.reply.as_deref().unwrap_or_default());
                Ok(counter.serve(self.client.clone(), id, &request.message).await)
            }
            Endpoint::Command(contract) => self.command(contract, &request).await,
            Endpoint::Question(contract) => self.question(contract, &request).await,
            Endpoint::Parked => self.parked().await,
            Endpoint::Replay => self.replay(&request).await,
            Endpoint::Discard => self.discard(&request).await,
        };
        let answer = answer.map(Into::into).map_err(|error| {
            // One line: it travels in a header.
            ServiceError { status: format!("{error:#}").replace(['\r', '\n'], " "), code: 400 }
        });
        if let Err(error) = request.respond(answer).await {
            tracing::debug!(%error, "an answer was not wanted any more");
        }
    }

    /// Carries a command to the owner of its partition.
    async fn command(&self, contract: &Contract, request: &Request) -> anyhow::Result<Vec<u8>> {
        let headers = request.message.headers.clone().unwrap_or_default();
        let id = header(&headers, COMMAND_ID)
            .ok_or_else(|| anyhow::anyhow!("the header {COMMAND_ID} is missing: a UUID"))?;
        let key = header(&headers, COMMAND_KEY).ok_or_else(|| {
            anyhow::anyhow!("the header {COMMAND_KEY} is missing: what the command is about")
        })?;
        let body: &RawValue = serde_json::from_slice(&request.message.payload)?;
        let envelope = Envelope {
            id: MessageId(id.parse()?),
            cause: None,
            subject: contract.subject.to_owned(),
            key: Key(key),
            address: None,
            trace: trace(Some(&headers)),
            body: body.to_owned(),
        };
        let partition = self.client.partition_of(&envelope.key);
        let answer = self.client.deliver(&envelope, partition).await?;
        Ok(serde_json::to_vec(&Outcome::Answered(answer))?)
    }

    async fn question(&self, contract: &Contract, request: &Request) -> anyhow::Result<Vec<u8>> {
        let body: &RawValue = serde_json::from_slice(&request.message.payload)?;
        let mut db = self.db.acquire().await?;
        let answer = self.desk.answer(&mut db, contract.subject, body).await?;
        Ok(answer.get().as_bytes().to_vec())
    }

    async fn parked(&self) -> anyhow::Result<Vec<u8>> {
        Ok(serde_json::to_vec(&parking::list(&self.db, 1000).await?)?)
    }

    /// Has what is parked about a key decided again. The body is the key, as JSON.
    async fn replay(&self, request: &Request) -> anyhow::Result<Vec<u8>> {
        let key: Key = serde_json::from_slice(&request.message.payload)?;
        self.replay_key(key).await
    }

    async fn replay_key(&self, key: Key) -> anyhow::Result<Vec<u8>> {
        let partition = self.client.partition_of(&key);
        let envelope = Envelope {
            id: MessageId(unique(&key.0)),
            cause: None,
            subject: parking::REPLAY.to_owned(),
            key,
            address: None,
            trace: TraceContext::default(),
            body: RawValue::NULL.to_owned(),
        };
        self.client.deliver_to(self.desk.name(), &envelope, partition).await?;
        self.parked().await
    }

    /// Puts one parked input away, and has the rest about its key decided again.
    async fn discard(&self, request: &Request) -> anyhow::Result<Vec<u8>> {
        let discard: Discard = serde_json::from_slice(&request.message.payload)?;
        let parked = parking::list(&self.db, i64::MAX).await?;
        let found = parked.into_iter().find(|it| it.id == discard.id);
        let found = found.ok_or_else(|| anyhow::anyhow!("{} is not parked", discard.id))?;
        parking::discard(&self.db, discard.id, clock::now(), &discard.reason).await?;
        self.replay_key(found.key).await
    }
}

impl Endpoint {
    fn kind(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Question(_) => "question",
            Self::Counter(_) => "public",
            Self::Parked | Self::Replay | Self::Discard => "parking",
        }
    }
}

/// The trace that whoever sent these headers has begun.
pub(crate) fn trace(headers: Option<&HeaderMap>) -> TraceContext {
    let fields = headers.into_iter().flat_map(|it| it.iter()).filter_map(|(name, values)| {
        let name: &str = name.as_ref();
        Some((name, values.first()?.as_str()))
    });
    TraceContext::from_fields(fields)
}

/// An id that no other moment gives.
fn unique(seed: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{seed} {}", clock::now()).as_bytes())
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|it| it.as_str().to_owned())
}
