//! A storefront: hands in orders in its own way until it knows what came of them, follows them, calls
//! some off, and has them paid.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::{HeaderMap, jetstream};
use bytes::Bytes;
use chassis::clock::Stopwatch;
use chassis::task;
use contracts::finance::{PaymentReport, PaymentStatus};
use contracts::intake::{Cancellation, Cancelled, OrderStatus, Placement};
use contracts::{Currency, OrderId, Status, Terms};
use serde_json::Value;

use super::course::{Course, Mishap};
use super::{Common, publish};
use crate::chaos::journal::{self, Attempt, Op, Outcome, digest, now};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it waits before it tries again.
const PAUSE: Duration = Duration::from_millis(200);

/// After so long without a status, what the stream acknowledged is handed in again.
const SILENCE: Duration = Duration::from_secs(10);

/// How a storefront hands in.
pub(super) enum Way {
    /// Over NATS, waiting for the answer.
    Request,
    /// Over the stream.
    Stream,
    /// Over HTTP, at any gateway.
    Http { gateways: Vec<SocketAddr>, key: String },
}

/// A storefront.
pub(in crate::chaos) struct Storefront {
    pub(super) common: Common,
    pub(super) channel: &'static str,
    pub(super) way: Way,
    pub(super) nats: async_nats::Client,
    pub(super) streams: jetstream::Context,
    http: reqwest::Client,
    pub(super) bank: jetstream::Context,
}

/// What was sent.
pub(super) struct Sent<'a> {
    /// The order that it is about, or stands beside.
    pub(super) course: &'a Course,
    pub(super) op: Op,
    /// How the channel calls it; empty, if it has no name.
    pub(super) name: &'a str,
    pub(super) key: Option<String>,
    pub(super) body: &'a Bytes,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) order: Option<OrderId>,
    pub(super) codes: Vec<String>,
}

impl Answer {
    fn of(outcome: Outcome, order: OrderId) -> Self {
        Self { outcome, order: Some(order), codes: vec![] }
    }

    fn because(outcome: Outcome, codes: Vec<String>) -> Self {
        Self { outcome, order: None, codes }
    }

    fn unknown() -> Self {
        Self::because(Outcome::Unknown, vec![])
    }
}

impl From<Placement> for Answer {
    fn from(placement: Placement) -> Self {
        match placement {
            Placement::Accepted(it) => Self::of(Outcome::Accepted, it.order),
            Placement::Duplicate(it) => Self::of(Outcome::Duplicate, it.order),
            Placement::Conflict(it) => Self::of(Outcome::Conflict, it.order),
            Placement::Rejected { problems } => {
                let codes = problems.into_iter().map(|it| it.code).collect();
                Self::because(Outcome::Rejected, codes)
            }
            Placement::Unknown { .. } => Self::unknown(),
        }
    }
}

impl Storefront {
    pub(super) fn new(
        common: Common,
        channel: &'static str,
        way: Way,
        nats: async_nats::Client,
        bank: jetstream::Context,
    ) -> Self {
        let streams = jetstream::new(nats.clone());
        Self { common, channel, way, nats, streams, http: reqwest::Client::new(), bank }
    }

    /// An order from its first attempt to its answer, with all that goes wrong beside it.
    pub(super) async fn sells(self: Arc<Self>, course: Course) {
        let Ok(body) = course.body() else { return };
        if course.has(Mishap::Garbage) {
            self.talks_nonsense(&course).await;
        }
        if course.has(Mishap::HangsUp) {
            let soon = Duration::from_millis(course.dice("hang up").between(1, 30).into());
            self.attempts(&course, &body, soon).await;
        }
        let answered = if course.has(Mishap::Twice) && course.dice("twice").percent(50) {
            // Both at once: a button that was clicked twice.
            let again = self.attempts(&course, &body, PATIENCE);
            tokio::join!(self.hands_in(&course, &body), again).0
        } else {
            self.hands_in(&course, &body).await
        };
        let Some(order) = answered else { return };
        self.common.answered.fetch_add(1, Ordering::Relaxed);
        if course.has(Mishap::Twice) {
            self.attempts(&course, &body, PATIENCE).await;
        }
        if course.has(Mishap::Garbage) {
            self.contradicts(&course, order).await;
        }
        if course.has(Mishap::Poison) {
            self.poisons(&course, order).await;
        }
        if course.has(Mishap::Regretted) {
            let later = course.dice("regret").between(0, 2_000);
            tokio::time::sleep(Duration::from_millis(later.into())).await;
            self.calls_off(&course, order).await;
        }
    }

    /// Hands in an order by which it is seen whether the house works.
    pub(in crate::chaos) async fn hands_in_probe(&self, course: &Course) {
        if let Ok(body) = course.body() {
            self.hands_in(course, &body).await;
        }
    }

    /// Hands in until it is known what came of it.
    async fn hands_in(&self, course: &Course, body: &Bytes) -> Option<OrderId> {
        while !self.common.is_closing() {
            let mut answer = self.attempts(course, body, PATIENCE).await;
            if answer.outcome == Outcome::Unknown && matches!(self.way, Way::Stream) {
                // Its status may have been lost with the stream, and would not be told again.
                answer = self.asks(course, body.clone(), PATIENCE).await;
                let (op, name) = (Op::Place, &course.external_id);
                self.writes(&Sent { course, op, name, key: None, body }, &answer);
            }
            match answer.outcome {
                Outcome::Accepted | Outcome::Duplicate => return answer.order,
                Outcome::Unknown => tokio::time::sleep(PAUSE).await,
                Outcome::Conflict | Outcome::Rejected | Outcome::Cancelled | Outcome::Refused => {
                    let name = &course.external_id;
                    self.common.is_wrong(format!("{name}, a good order, was answered {answer:?}"));
                    return None;
                }
            }
        }
        None
    }

    /// One attempt, which is written down.
    pub(super) async fn attempts(
        &self,
        course: &Course,
        body: &Bytes,
        patience: Duration,
    ) -> Answer {
        let name = &course.external_id;
        let key = course.nth.is_multiple_of(3).then(|| format!("key-{name}"));
        let (op, key, answer) = match &self.way {
            Way::Request => (Op::Place, None, self.asks(course, body.clone(), patience).await),
            Way::Stream => (Op::Submit, None, self.submits(course, body, patience).await),
            Way::Http { .. } => {
                let answer = self.posts(course, body.clone(), key.as_deref(), patience).await;
                (Op::HttpPlace, key, answer)
            }
        };
        self.writes(&Sent { course, op, name, key, body }, &answer);
        answer
    }

    pub(super) fn writes(&self, sent: &Sent<'_>, answer: &Answer) {
        let Answer { outcome, order, codes } = answer.clone();
        let external_id = sent.name;
        if let (Outcome::Accepted | Outcome::Duplicate, Some(order)) = (outcome, order)
            && let Some(before) = self.common.book.is(external_id, order)
        {
            self.common.is_wrong(format!("{external_id} was order {before}, and is {order}"));
        }
        self.common.journal.attempt(&Attempt {
            at: now(),
            client: format!("channel-{}", self.channel),
            op: sent.op,
            channel: self.channel.to_owned(),
            external_id: external_id.to_owned(),
            key: sent.key.clone(),
            body: digest(sent.body),
            outcome,
            order,
            codes,
            trace: Some(sent.course.trace()),
        });
    }

    /// Over NATS.
    pub(super) async fn asks(&self, course: &Course, body: Bytes, patience: Duration) -> Answer {
        let request = async_nats::Request::new().payload(body).headers(traced(course));
        let request = request.timeout(Some(patience));
        let subject = format!("orders.place.{}", self.channel);
        let reply = self.nats.send_request(subject, request).await.ok();
        let read = reply.and_then(|it| serde_json::from_slice::<Placement>(&it.payload).ok());
        read.map_or_else(Answer::unknown, Answer::from)
    }

    /// Over the stream, whose acknowledgement says only that it is kept: what came of it the status
    /// tells.
    async fn submits(&self, course: &Course, body: &Bytes, patience: Duration) -> Answer {
        let external_id = &course.external_id;
        let subject = format!("orders.submit.{}.{external_id}", self.channel);
        let sent = publish(&self.streams, &subject, traced(course), body.clone());
        let is_kept = tokio::time::timeout(patience, sent).await.unwrap_or_default();
        let wait = if is_kept && patience == PATIENCE { SILENCE } else { Duration::ZERO };
        let watch = Stopwatch::start();
        loop {
            let known = self.common.book.of(external_id);
            match (known.status, known.order) {
                (Some(_), Some(order)) => return Answer::of(Outcome::Accepted, order),
                (Some((_, Status::Rejected)), None) => {
                    return Answer::because(Outcome::Rejected, known.codes);
                }
                _ if watch.elapsed() > wait || self.common.is_closing() => {
                    return Answer::unknown();
                }
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Over HTTP.
    pub(super) async fn posts(
        &self,
        course: &Course,
        body: Bytes,
        idempotency_key: Option<&str>,
        patience: Duration,
    ) -> Answer {
        let Way::Http { gateways, key } = &self.way else { return Answer::unknown() };
        let Some(gateway) = usize::try_from(course.nth).ok().and_then(|it| {
            // Whoever was not answered asks elsewhere.
            let turn = it + usize::from(clock_is_odd());
            gateways.get(turn % gateways.len())
        }) else {
            return Answer::unknown();
        };
        let mut request = self.http.post(format!("http://{gateway}/v1/orders")).bearer_auth(key);
        request = request.header("Content-Type", "application/json").timeout(patience);
        request = request.header("traceparent", course.traceparent());
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        let answered = async {
            let response = request.body(body).send().await?;
            Ok::<_, reqwest::Error>((response.status().as_u16(), response.json::<Value>().await?))
        };
        let Ok((status, said)) = answered.await else { return Answer::unknown() };
        let order = said["order"].as_str().and_then(|it| it.parse().ok()).map(OrderId);
        let codes = said["errors"].as_array().into_iter().flatten();
        let codes = codes.filter_map(|it| Some(it["code"].as_str()?.to_owned())).collect();
        let outcome = match status {
            201 => Outcome::Accepted,
            200 => Outcome::Duplicate,
            409 => Outcome::Conflict,
            400 | 413 | 415 | 422 => Outcome::Rejected,
            _ => Outcome::Unknown,
        };
        Answer { outcome, order, codes }
    }

    /// Calls an order off until it is known whether that went through.
    async fn calls_off(&self, course: &Course, order: OrderId) {
        let body = Cancellation { order, reason: "买错了 bought by mistake".to_owned() };
        let Ok(body) = serde_json::to_vec(&body).map(Bytes::from) else { return };
        while !self.common.is_closing() {
            let request = async_nats::Request::new().payload(body.clone()).headers(traced(course));
            let request = request.timeout(Some(PATIENCE));
            let subject = format!("orders.cancel.{}", self.channel);
            let reply = self.nats.send_request(subject, request).await.ok();
            let read = reply.and_then(|it| serde_json::from_slice::<Cancelled>(&it.payload).ok());
            let (outcome, codes) = match read {
                Some(Cancelled::Done(_)) => (Outcome::Cancelled, vec![]),
                // The warehouse has a say: the status tells.
                Some(Cancelled::Requested(_)) => (Outcome::Unknown, vec!["requested".to_owned()]),
                Some(Cancelled::Refused(it)) => {
                    (Outcome::Refused, vec![format!("{:?}", it.because)])
                }
                Some(Cancelled::Rejected { problems }) => {
                    (Outcome::Rejected, problems.into_iter().map(|it| it.code).collect())
                }
                Some(Cancelled::Unknown { .. }) | None => (Outcome::Unknown, vec![]),
            };
            let is_known = outcome != Outcome::Unknown || !codes.is_empty();
            let answer = Answer { outcome, order: Some(order), codes };
            let (op, name) = (Op::Cancel, &course.external_id);
            self.writes(&Sent { course, op, name, key: None, body: &body }, &answer);
            if is_known {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads where an order of this channel is.
    pub(super) fn is_told(self: &Arc<Self>, message: &jetstream::Message) -> anyhow::Result<()> {
        let told: OrderStatus = serde_json::from_slice(&message.payload)?;
        let name = told.external_id.as_str();
        self.common.journal.status(&journal::Shown {
            at: now(),
            stood: journal::stood(message)?,
            client: &format!("channel-{}", self.channel),
            channel: told.channel.as_str(),
            external_id: name,
            number: told.number,
            status: told.status.name(),
        });
        if let Some(order) = told.order
            && let Some(before) = self.common.book.is(name, order)
        {
            let wrong = format!("{name} was order {before}, and its status is of {order}");
            self.common.is_wrong(wrong);
        }
        let pays = self.common.book.note(name, |it| {
            if it.status.is_none_or(|it| it.0 <= told.number) {
                it.status = Some((told.number, told.status));
            }
            it.codes = told.problems.iter().map(|it| it.code.clone()).collect();
            let pays = told.status == Status::AwaitingPayment && !it.paid;
            it.paid |= pays;
            pays
        });
        if let Some(order) = told.order.filter(|_| pays) {
            let (it, name) = (Arc::clone(self), name.to_owned());
            drop(task::spawn("payment", async move { it.pays(order, &name).await }));
        }
        Ok(())
    }

    /// Has the bank tell that an order was paid, until the stream keeps it. The same payment again
    /// is the same.
    pub(super) async fn pays(&self, order: OrderId, external_id: &str) {
        let name = external_id.trim_end_matches("-p"); // What was sent to be choked on is an order, too.
        let Some(course) = Course::named(name) else { return };
        let Ok(placed) = course.order() else { return };
        if placed.terms != Terms::Prepaid {
            return;
        }
        let report = PaymentReport {
            order,
            amount: placed.total,
            currency: Currency::CNY,
            status: PaymentStatus::Captured,
            value_date: None,
        };
        let Ok(body) = serde_json::to_vec(&report).map(Bytes::from) else { return };
        while !self.common.is_closing() {
            let subject = format!("payments.bank.{order}");
            if publish(&self.bank, &subject, traced(&course), body.clone()).await {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The headers of what is about this order.
pub(super) fn traced(course: &Course) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", course.traceparent());
    headers
}

/// Chance enough to choose one of two gateways.
fn clock_is_odd() -> bool {
    now().as_millisecond() % 2 == 1
}
