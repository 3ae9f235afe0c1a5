use std::time::Duration;

use async_nats::RequestErrorKind;
use contracts::{Command, Key, MessageSet, Question, Uuid};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::answer::{Answer, Outcome};
use crate::hearing::{Caller, Event};
use crate::switchboard::Switchboard;
use crate::{Envelope, MessageId, ParkedInput, Partition, TraceContext};

/// How long a client waits for an answer, repeats included.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it waits before it tries a partition again that nobody owned just then.
const PAUSE: Duration = Duration::from_millis(50);

/// Says things to services, and reads their answers.
#[derive(Clone)]
pub struct Client {
    nats: async_nats::Client,
    partitions: u32,
    switchboard: Switchboard,
}

/// What a command led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Told<A> {
    /// What was said because of it, as far as the command declares it.
    pub said: Vec<A>,
    /// The page of the service that tells everyone, if any: whoever has heard it sees the effect.
    pub page: Option<PageRef>,
}

/// Names a page of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRef {
    pub partition: u32,
    pub number: i64,
}

/// Why there is no answer. The same command with the same id may be given again: it is decided once.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    #[error("nobody answers for {0} at the moment")]
    NobodyThere(String),
    #[error("{0} did not answer in time; whether it was decided is not known")]
    TimedOut(String),
    #[error("{subject} was set aside: {cause}")]
    Parked { subject: String, cause: String },
    #[error("{subject} was refused: {cause}")]
    Refused { subject: String, cause: String },
}

/// The subject on which the owner of a partition takes commands.
pub(crate) fn owner_subject(service: &str, partition: u32) -> String {
    format!("own.{partition}.{service}")
}

impl Client {
    pub fn new(nats: async_nats::Client, partitions: u32) -> Self {
        Self { nats, partitions, switchboard: Switchboard::default() }
    }

    /// Reaches the owners in this process without the broker.
    pub(crate) fn beside(self, switchboard: Switchboard) -> Self {
        Self { switchboard, ..self }
    }

    /// The partition in which everything about this key is decided.
    pub fn partition_of(&self, key: &Key) -> u32 {
        Partition::about(key, self.partitions).number
    }

    /// Gives a command, and waits until it is decided and committed. The same id gets the same
    /// answer, however often it is given.
    pub async fn tell<C: Command>(
        &self,
        id: Uuid,
        command: &C,
    ) -> Result<Told<C::Answer>, Unanswered> {
        self.tell_within(TraceContext::current(), id, command).await
    }

    /// As [`Client::tell`], within a trace that somebody else began.
    pub async fn tell_within<C: Command>(
        &self,
        trace: TraceContext,
        id: Uuid,
        command: &C,
    ) -> Result<Told<C::Answer>, Unanswered> {
        let key = command.key();
        let partition = self.partition_of(&key);
        let envelope = Envelope {
            id: MessageId(id),
            cause: None,
            subject: C::SUBJECT.to_owned(),
            key,
            address: None,
            trace,
            body: contracts::encode(command),
        };
        let answer = self.deliver(&envelope, partition).await?;
        let read = |it: &Envelope| C::Answer::decode(&it.subject, &it.body).ok();
        let page = answer.page.map(|number| PageRef { partition, number });
        Ok(Told { said: answer.said.iter().filter_map(read).collect(), page })
    }

    /// Carries a command to the owner of its partition, whoever that is by then.
    pub(crate) async fn deliver(
        &self,
        envelope: &Envelope,
        partition: u32,
    ) -> Result<Answer, Unanswered> {
        let service = envelope.subject.split('.').next().unwrap_or_default();
        self.deliver_to(service, envelope, partition).await
    }

    pub(crate) async fn deliver_to(
        &self,
        service: &str,
        envelope: &Envelope,
        partition: u32,
    ) -> Result<Answer, Unanswered> {
        let subject = || envelope.subject.clone();
        let attempts = async {
            loop {
                let outcome = match self.switchboard.line(service, partition) {
                    Some(line) => call(&line, envelope).await,
                    None => self.send(service, partition, envelope).await,
                };
                match outcome {
                    Outcome::Answered(answer) => return Ok(answer),
                    Outcome::Parked { cause } => {
                        return Err(Unanswered::Parked { subject: subject(), cause });
                    }
                    Outcome::Refused { cause } => {
                        return Err(Unanswered::Refused { subject: subject(), cause });
                    }
                    // Being handed over, or restarted. The same id is decided once.
                    Outcome::Busy => tokio::time::sleep(PAUSE).await,
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, attempts).await;
        waited.unwrap_or_else(|_| Err(Unanswered::TimedOut(subject())))
    }

    /// Gives a command over the broker, once.
    async fn send(&self, service: &str, partition: u32, envelope: &Envelope) -> Outcome {
        let refused = |it: serde_json::Error| Outcome::Refused { cause: it.to_string() };
        let payload = match serde_json::to_vec(envelope) {
            Ok(payload) => payload,
            Err(error) => return refused(error),
        };
        match self.nats.request(owner_subject(service, partition), payload.into()).await {
            Ok(reply) => serde_json::from_slice(&reply.payload).unwrap_or_else(refused),
            Err(_) => Outcome::Busy,
        }
    }

    /// Asks a service something that it knows.
    pub async fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Answer, Unanswered> {
        let payload = contracts::encode(question).get().to_owned();
        self.request(Q::SUBJECT.to_owned(), payload.into_bytes()).await
    }

    /// What the service set aside, the oldest first; 1,000 at most.
    pub async fn parked(&self, service: &str) -> Result<Vec<ParkedInput>, Unanswered> {
        self.request(format!("parked.list.{service}"), b"null".to_vec()).await
    }

    /// Has the service decide again all that it set aside about this key, in its order. Gives what
    /// is set aside then.
    pub async fn replay(&self, service: &str, key: &Key) -> Result<Vec<ParkedInput>, Unanswered> {
        let body = serde_json::Value::from(key.0.as_str()).to_string();
        self.request(format!("parked.replay.{service}"), body.into_bytes()).await
    }

    /// Has the service put one input away for good, and decide what stood behind it. The reason is
    /// kept with it. Gives what is set aside then.
    pub async fn discard(
        &self,
        service: &str,
        id: Uuid,
        reason: &str,
    ) -> Result<Vec<ParkedInput>, Unanswered> {
        let body = serde_json::json!({ "id": id, "reason": reason }).to_string();
        self.request(format!("parked.discard.{service}"), body.into_bytes()).await
    }

    /// Asks whoever answers on the subject, and reads the answer.
    async fn request<T: DeserializeOwned>(
        &self,
        subject: String,
        payload: Vec<u8>,
    ) -> Result<T, Unanswered> {
        let reply = self.nats.request(subject.clone(), payload.into()).await;
        let reply = reply.map_err(|it| match it.kind() {
            RequestErrorKind::TimedOut => Unanswered::TimedOut(subject.clone()),
            RequestErrorKind::NoResponders
            | RequestErrorKind::InvalidSubject
            | RequestErrorKind::MaxPayloadExceeded
            | RequestErrorKind::Other => Unanswered::NobodyThere(subject.clone()),
        })?;
        let refused = |cause| Unanswered::Refused { subject: subject.clone(), cause };
        if let Some(cause) = reply.headers.as_ref().and_then(|it| it.get(SERVICE_ERROR)) {
            return Err(refused(cause.to_string()));
        }
        serde_json::from_slice(&reply.payload).map_err(|it| refused(it.to_string()))
    }
}

/// Gives a command to an owner in this process, once.
async fn call(owner: &mpsc::Sender<Event>, envelope: &Envelope) -> Outcome {
    let (caller, outcome) = oneshot::channel();
    let command = Event::Command(envelope.clone(), Some(Caller::Here(caller)));
    match owner.try_send(command) {
        Ok(()) => outcome.await.unwrap_or(Outcome::Busy),
        Err(_) => Outcome::Busy,
    }
}

/// The header by which a NATS micro service tells of an error.
const SERVICE_ERROR: &str = "Nats-Service-Error";
