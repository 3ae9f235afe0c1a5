//! Whether all is as it must be: what was promised outside is what stands in the books, and all books
//! agree. Quick, and after every run; `tests` has the long audit.

mod promises;
mod submissions;

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::Client;
use chassis::clock::Stopwatch;
use contracts::fulfilment::ShipmentsOf;
use contracts::intake::{HoldOverdue, PaymentOverdue};
use contracts::inventory::LeaseEnds;
use contracts::{Contract, OrderId, Uuid};
use futures::{StreamExt, stream};
use servers::Progress;

use self::promises::PROMISES;
use super::journal::Attempt;
use super::outside::Outside;
use super::premises::Premises;
use crate::cli::parked::{self, Shown};
use crate::house;
use crate::ledgers::{Ledgers, Log};

/// How long the house may take until less is left to be done, or fewer pages to be heard, than
/// ever before.
pub(super) const DRAIN: Duration = Duration::from_mins(2);

/// How long it may take to do all of it, on however busy a machine.
const LONGEST: Duration = Duration::from_mins(20);

/// Of how many orders the outside says something once more at a time.
const INSISTING: usize = 16;

/// The pause between two looks; after a long look four times as long as that took.
const LOOK: Duration = Duration::from_millis(500);

/// Something that must not be, and which promise it breaks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Violation {
    pub(super) promise: String,
    pub(super) found: String,
}

const OPEN: &str = "
    select order_id, external_id, shown from sales_order
     where process not in ('completed', 'cancelled', 'expired')";
const PARKED: &str = "select key from parked";

/// What is still on its way to somebody, though all pages are heard.
const ON_THEIR_WAY: [(&str, &str); 2] = [
    (
        "notification",
        "select format('a letter about %s is queued', order_id) from letter where state = 'queued'",
    ),
    (
        "webhook",
        "select format('call %s waits', delivery_id) from delivery where state = 'waiting'",
    ),
];

/// What a service reminds itself of within seconds: notes, and levels to be told.
const SOON: &str = "
    select convert_from(envelope, 'UTF8')::json ->> 'subject' from timer
     where due < now() + interval '5 seconds'";

/// The ends of times to pay, to decide and to release. They ring for every order, long after it was
/// paid, and are nothing to wait for: an order for which one still means something has not ended.
const ENDS_OF_TIMES: [Contract; 3] =
    [Contract::of::<PaymentOverdue>(), Contract::of::<HoldOverdue>(), Contract::of::<LeaseEnds>()];

/// An order that has not ended: its id, its name, where it is.
type Open = (Uuid, String, String);

/// How the house came to rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) millis: u64,
    /// How often somebody outside had to say something once more.
    pub(super) insisted: u64,
    /// What is still to be done, if it did not come to rest.
    pub(super) left: Vec<String>,
}

/// What is to be checked.
pub(super) struct Check<'a> {
    pub(super) house: &'a Premises,
    pub(super) outside: &'a Outside,
    pub(super) ledgers: &'a Ledgers,
    /// Streams were lost: whoever outside sees no effect of what they said says it again.
    pub(super) streams_were_lost: bool,
}

impl Check<'_> {
    /// Waits until every order has ended or waits for a person, all is heard, and nobody moves.
    pub(super) async fn rests(&self, progress: Progress<'_>) -> anyhow::Result<Rest> {
        let (watch, mut rest, mut looks) = (Stopwatch::start(), Rest::default(), 0_u32);
        let (mut before, mut gets_on) = (None, Stopwatch::start());
        let (mut least, mut closest) = (usize::MAX, u64::MAX);
        loop {
            let look = Stopwatch::start();
            let (open, log) = (self.open().await?, self.ledgers.log().await?);
            let mut left = self.left_to_do(&open, &log).await?;
            let moved = before.as_ref().map(|it| log.moved_since(it));
            if left.is_empty() && moved.as_ref().is_some_and(BTreeSet::is_empty) {
                rest.millis = watch.millis();
                return Ok(rest);
            }
            if left.len() < least || log.behind() < closest {
                gets_on = Stopwatch::start();
            }
            (least, closest) = (least.min(left.len()), closest.min(log.behind()));
            if gets_on.elapsed() > DRAIN || watch.elapsed() > LONGEST {
                if left.is_empty() {
                    left.push(format!("{moved:?} move all the time"));
                }
                (rest.millis, rest.left) = (watch.millis(), left);
                return Ok(rest);
            }
            looks += 1;
            if looks.is_multiple_of(20) {
                let first = left.first().map_or("somebody is at work", String::as_str);
                progress(&format!("{} things are left to be done: {first} …", left.len()));
            }
            if self.streams_were_lost && looks.is_multiple_of(6) {
                rest.insisted += self.insists(&open).await;
            }
            before = Some(log);
            tokio::time::sleep(LOOK.max(4 * look.elapsed())).await;
        }
    }

    /// What is not done yet.
    async fn left_to_do(&self, open: &[Open], log: &Log) -> anyhow::Result<Vec<String>> {
        let orders = open.iter().map(|(_, name, shown)| format!("{name} is {shown}"));
        let mut left: Vec<String> = orders.chain(log.under_way()).collect();
        for (service, sql) in ON_THEIR_WAY {
            let waits = self.ledgers.rows::<(String,)>(service, sql).await?;
            left.extend(waits.into_iter().map(|it| it.0));
        }
        for service in self.ledgers.services() {
            let soon = self.ledgers.rows::<(String,)>(service, SOON).await?.into_iter();
            let soon = soon.filter(|it| ENDS_OF_TIMES.iter().all(|end| end.subject != it.0));
            left.extend(soon.map(|it| format!("{} is about to ring", it.0)));
        }
        Ok(left)
    }

    /// The orders that have not ended, and of which nothing is parked.
    async fn open(&self) -> anyhow::Result<Vec<Open>> {
        let mut parked: BTreeSet<String> = BTreeSet::new();
        for service in self.ledgers.services() {
            let keys: Vec<(String,)> = self.ledgers.rows(service, PARKED).await?;
            parked.extend(keys.into_iter().map(|it| it.0));
        }
        let mut open: Vec<Open> = self.ledgers.rows("intake", OPEN).await?;
        open.retain(|it| !parked.contains(&it.0.to_string()));
        Ok(open)
    }

    /// After a stream was lost: whoever outside sees no effect of what they said says it again.
    pub(super) async fn streams_are_missed(&self) -> anyhow::Result<u64> {
        Ok(self.insists(&self.open().await?).await)
    }

    /// Has everybody outside say once more what does not show. Returns for how many orders.
    async fn insists(&self, open: &[Open]) -> u64 {
        let Ok(client) = self.house.client().await else { return 0 };
        let once_more = stream::iter(open).for_each_concurrent(INSISTING, |open| {
            let client = client.clone();
            async move { self.insists_on(&client, open).await }
        });
        once_more.await;
        open.len() as u64
    }

    async fn insists_on(&self, client: &Client, (order, external_id, shown): &Open) {
        let order = OrderId(*order);
        self.outside.insists(order, external_id, shown).await;
        for shipment in client.ask(&ShipmentsOf { order }).await.unwrap_or_default() {
            let mut of = self.outside.warehouses.iter();
            let is_open =
                !["delivered", "returned", "withdrawn", "empty"].contains(&shipment.state.as_str());
            let whose = of.find(|it| it.name == shipment.warehouse.as_str()).filter(|_| is_open);
            if let Some(warehouse) = whose {
                warehouse.insists(order, &shipment);
            }
        }
    }

    /// What is wrong. `attempts` is the whole journal.
    pub(super) async fn finds(&self, attempts: &[Attempt]) -> anyhow::Result<Vec<Violation>> {
        let mut found = submissions::look(self.ledgers, attempts).await?;
        for (service, promise, sql) in PROMISES {
            for (what,) in self.ledgers.rows::<(String,)>(service, sql).await? {
                found.push(violation(promise, what));
            }
        }
        for ((service, partition), (count, last)) in self.ledgers.log().await?.pages {
            if count != last {
                let what = format!("{service}/{partition} has {count} pages up to {last}");
                found.push(violation("pages are 1, 2, 3 …", what));
            }
        }
        found.extend(self.shown().await?);
        let wrong = self.outside.common.wrong.lock();
        let wrong = wrong.unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        found.extend(wrong.into_iter().map(|it| violation("the outside is answered well", it)));
        Ok(found)
    }

    /// What the gateway shows is what intake has.
    async fn shown(&self) -> anyhow::Result<Vec<Violation>> {
        type Row = (Uuid, String);
        let sql = "select order_id, shown from sales_order";
        let own: BTreeSet<Row> = self.ledgers.rows("intake", sql).await?.into_iter().collect();
        let sql = "select order_id, status from order_state";
        let shown: BTreeSet<Row> = self.ledgers.rows("gateway", sql).await?.into_iter().collect();
        let differs = own.symmetric_difference(&shown);
        let tell = |(order, status): &Row| {
            let who =
                if own.contains(&(*order, status.clone())) { "intake" } else { "the gateway" };
            violation("the gateway shows what intake has", format!("{order} is {status} for {who}"))
        };
        Ok(differs.map(tell).collect())
    }

    /// Has everything that is parked decided again; what cannot be, even alone, is put away. Returns
    /// what was parked, and each that was put away.
    pub(super) async fn unpark(&self) -> anyhow::Result<(Vec<Shown>, Vec<Shown>)> {
        let nats = self.house.suite.admin().await?;
        let house = house::plain();
        let services: Vec<&str> = house.names().collect();
        let all = parked::list(&nats, &services).await?;
        let mut put_away = Vec::new();
        let keys: BTreeSet<String> = all.iter().map(|it| it.key.clone()).collect();
        for key in keys {
            let of =
                |all: &[Shown]| all.iter().filter(|it| it.key == key).cloned().collect::<Vec<_>>();
            let mut left = parked::replay(&nats, of(&all), &key).await?;
            // The first stands in the way of all behind it.
            while let Some(first) = left.first().cloned() {
                put_away.push(first.clone());
                parked::discard(&nats, first, "it cannot be decided").await?;
                left = of(&parked::list(&nats, &services).await?);
            }
        }
        Ok((all, put_away))
    }
}

pub(super) fn violation(promise: &str, found: impl Into<String>) -> Violation {
    Violation { promise: promise.to_owned(), found: found.into() }
}
