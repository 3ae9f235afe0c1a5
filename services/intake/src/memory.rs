//! Intake's tables in memory, for the simulation. The rules are the same; what is loaded and saved is
//! what `store` loads and saves, and a test holds the two together.

mod audit;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Batch, Decided, InMemory};
use contracts::intake::CarriedOrder;
use contracts::{
    Buckets, Cents, ChannelId, Currency, CustomerId, ExternalId, OrderId, OrderLine, Sku, Status,
    Terms, Timestamp,
};

use crate::books::{Books, Digest, Held, Holder, Known, Name, Placement, Reference, SharedKey};
use crate::carrying::Carried;
use crate::catalogue::{Catalogue, Customer, Item};
use crate::changes::Before;
use crate::order::Order;
use crate::vault::Entry;
use crate::wanted::Wanted;
use crate::{Inbound, Intake, Outbound};

pub use crate::machine::may_follow;
pub use audit::{audit, audit_of};

/// The tables of intake, of all partitions.
#[derive(Debug, Default)]
pub struct Tables {
    pub(crate) orders: BTreeMap<OrderId, Order>,
    pub(crate) placements: BTreeMap<OrderId, Placed>,
    /// The unique index of the placements.
    pub(crate) names: BTreeMap<Name, OrderId>,
    pub(crate) vault: BTreeMap<OrderId, Entry>,
    pub(crate) refusals: BTreeMap<Name, Refusal>,
    pub(crate) keys: BTreeMap<SharedKey, Held>,
    /// The last number that each partition gave.
    pub(crate) counters: BTreeMap<u32, i64>,
    pub(crate) items: BTreeMap<Sku, Item>,
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    /// The orders that the last commit wrote.
    pub(crate) touched: BTreeSet<OrderId>,
}

#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) name: Name,
    digest: Digest,
    at: Timestamp,
    lines: Lines,
}

/// What stands in the column `lines`.
#[derive(Debug)]
enum Lines {
    Placed(Vec<OrderLine>),
    /// What was told of an order that another system kept.
    Carried(Box<CarriedOrder>),
}

#[derive(Debug, Default)]
pub(crate) struct Refusal {
    told: i64,
    digests: Vec<Digest>,
}

/// What a batch changes.
pub struct Change {
    partition: u32,
    /// How many numbers were taken.
    numbers: i64,
    opened: BTreeSet<SharedKey>,
    placed: Vec<(Order, Placement, Entry)>,
    carried: Vec<Carried>,
    orders: Vec<Order>,
    refused: Vec<(Name, Reference)>,
    taken: Vec<(SharedKey, Holder)>,
    listed: BTreeMap<Sku, Item>,
    registered: BTreeMap<CustomerId, Customer>,
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub order: OrderId,
    pub order_no: String,
    pub channel: ChannelId,
    pub external_id: ExternalId,
    pub customer: CustomerId,
    pub terms: Terms,
    pub currency: Currency,
    pub total: Cents,
    /// What was told last.
    pub status: Status,
    /// How many statuses were told under its external id.
    pub told: i64,
    /// Nothing that is heard changes it any more.
    pub is_over: bool,
    /// Where the units of each line are: line 1 first.
    pub buckets: Vec<Buckets>,
}

impl Tables {
    /// Every order that is led here; not those that were carried over.
    pub fn orders(&self) -> impl Iterator<Item = Standing> {
        self.orders.values().map(standing)
    }

    pub fn order(&self, order: OrderId) -> Option<Standing> {
        self.orders.get(&order).map(standing)
    }

    /// The order that bears this name, carried over or not.
    pub fn called(&self, channel: &ChannelId, external_id: &ExternalId) -> Option<OrderId> {
        self.names.get(&(channel.clone(), external_id.clone())).copied()
    }

    /// The lines of an order as they were placed; none of one that is not led here.
    pub fn lines(&self, order: OrderId) -> &[OrderLine] {
        match self.placements.get(&order).map(|it| &it.lines) {
            Some(Lines::Placed(lines)) => lines,
            Some(Lines::Carried(_)) | None => &[],
        }
    }

    /// The keys that partitions share: what each is, whose, how it reads, and the order that took it.
    pub fn shared_keys(
        &self,
    ) -> impl Iterator<Item = ((&'static str, &str, &str), Option<OrderId>)> {
        self.keys.iter().map(|(key, it)| (key.columns(), it.by.as_ref().map(|it| it.order)))
    }

    /// The orders that the last commit wrote.
    pub fn touched(&self) -> &BTreeSet<OrderId> {
        &self.touched
    }

    fn reference(&self, name: &Name) -> Reference {
        let placed = self.names.get(name).and_then(|it| Some((*it, self.placements.get(it)?)));
        let refusal = self.refusals.get(name);
        Reference {
            order: placed.map(|(order, it)| (order, it.digest)),
            told: refusal.map_or(0, |it| it.told),
            refused: refusal.map(|it| it.digests.clone()).unwrap_or_default(),
        }
    }

    fn known(&self, order: OrderId) -> Option<(OrderId, Known)> {
        let Order { facts, shown, .. } = self.orders.get(&order)?;
        let (order_no, external_id) = (facts.order_no.clone(), facts.external_id.clone());
        Some((order, Known { order_no, external_id, status: *shown }))
    }

    /// What `store::load` reads.
    fn load(&self, batch: &Batch<Inbound>, wanted: &Wanted) -> Books {
        let references: BTreeMap<Name, Reference> =
            wanted.names.iter().map(|it| (it.clone(), self.reference(it))).collect();
        let named = references.values().filter_map(|it| it.order).map(|it| it.0);
        let orders: BTreeSet<OrderId> = wanted.orders.iter().copied().chain(named).collect();
        let orders = pick(&self.orders, &orders);
        let opened = wanted.keys.iter().cloned();
        let keys: BTreeMap<SharedKey, Held> = opened
            .map(|it| {
                let held = self.keys.get(&it).cloned().unwrap_or_default();
                (it, held)
            })
            .collect();
        let holders = keys.values().filter_map(|it| it.by.as_ref()).map(|it| it.order);
        let elsewhere = holders.filter(|it| !orders.contains_key(it));
        let partition = batch.partition();
        Books {
            partition,
            next_no: self.counters.get(&partition.number).map_or(1, |it| it + 1),
            elsewhere: elsewhere.filter_map(|it| self.known(it)).collect(),
            vault: pick(&self.vault, &wanted.entries(&orders)),
            orders,
            references,
            keys,
            catalogue: Catalogue {
                items: pick(&self.items, &wanted.items),
                customers: pick(&self.customers, &wanted.customers),
                ..Catalogue::default()
            },
            placed: vec![],
            carried: vec![],
        }
    }
}

/// Those rows that are wanted and there.
fn pick<'a, K: Ord + Clone + 'a, V: Clone>(
    rows: &BTreeMap<K, V>,
    wanted: impl IntoIterator<Item = &'a K>,
) -> BTreeMap<K, V> {
    wanted.into_iter().filter_map(|it| Some((it.clone(), rows.get(it)?.clone()))).collect()
}

fn standing(it: &Order) -> Standing {
    let facts = it.facts.clone();
    Standing {
        order: facts.order,
        order_no: facts.order_no,
        channel: facts.channel,
        external_id: facts.external_id,
        customer: facts.customer,
        terms: facts.terms,
        currency: facts.currency,
        total: facts.total,
        status: it.shown,
        told: it.number,
        is_over: it.is_over(),
        buckets: it.course.lines.clone(),
    }
}

impl InMemory for Intake {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Outbound>, Change) {
        let (partition, wanted) = (batch.partition().number, Wanted::of(&batch));
        let mut books = tables.load(&batch, &wanted);
        let before = Before::of(&books);
        let decided = batch.decide(|now, message| books.decide(now, message));
        (decided, change(partition, wanted, books, &before))
    }

    fn keep(tables: &mut Tables, change: Change) {
        tables.touched.clear();
        if change.numbers > 0 {
            *tables.counters.entry(change.partition).or_default() += change.numbers;
        }
        for it in change.opened {
            tables.keys.entry(it).or_default();
        }
        change.placed.into_iter().for_each(|it| tables.place(it));
        change.carried.into_iter().for_each(|it| tables.carry(it));
        for it in change.orders {
            tables.write(it);
        }
        for (name, Reference { told, refused, .. }) in change.refused {
            tables.refusals.insert(name, Refusal { told, digests: refused });
        }
        for (key, it) in change.taken {
            tables.keys.insert(key, Held { by: Some(it) });
        }
        tables.items.extend(change.listed);
        tables.customers.extend(change.registered);
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<serde_json::Value>> {
        rows::all(tables)
    }
}

pub(crate) fn change(partition: u32, wanted: Wanted, mut books: Books, before: &Before) -> Change {
    let changes = before.changes(&books);
    let own = |(name, it): &(&Name, &Reference)| ((*name).clone(), (*it).clone());
    let taken = changes.taken.iter().map(|(key, it)| ((*key).clone(), (*it).clone()));
    let (refused, taken) = (changes.refused.iter().map(own).collect(), taken.collect());
    let orders = changes.orders.into_iter().cloned().collect();
    let placed = books.placed.into_iter();
    let placed = placed.filter_map(|it| {
        Some((books.orders.remove(&it.order)?, books.vault.remove(&it.order)?, it))
    });
    Change {
        partition,
        numbers: wanted.placements,
        opened: wanted.keys,
        placed: placed.map(|(order, entry, it)| (order, it, entry)).collect(),
        carried: books.carried,
        orders,
        refused,
        taken,
        listed: books.catalogue.listed,
        registered: books.catalogue.registered,
    }
}

/// What the schema enforces, it enforces here too: what Postgres would refuse ends the simulation.
impl Tables {
    fn place(&mut self, (order, it, entry): (Order, Placement, Entry)) {
        let id = it.order;
        let name = (order.facts.channel.clone(), order.facts.external_id.clone());
        let Placement { digest, placed_at: at, lines, .. } = it;
        self.name(id, Placed { name, digest, at, lines: Lines::Placed(lines) });
        check(&order);
        assert!(order.facts.total >= Cents::ZERO, "order {id} comes to {}", order.facts.total);
        assert!(self.orders.insert(id, order).is_none(), "order {id} is placed twice");
        assert!(self.vault.insert(id, entry).is_none(), "order {id} is in the vault twice");
    }

    fn carry(&mut self, it: Carried) {
        let Carried { digest, event } = it;
        let (name, lines) = ((event.channel, event.external_id), event.carried);
        let lines = Lines::Carried(Box::new(lines));
        self.name(event.order, Placed { name, digest, at: event.at, lines });
    }

    fn name(&mut self, order: OrderId, placed: Placed) {
        let before = self.names.insert(placed.name.clone(), order);
        assert!(before.is_none(), "{:?} names {before:?} and {order}", placed.name);
        let before = self.placements.insert(order, placed);
        assert!(before.is_none(), "order {order} has two names");
        self.touched.insert(order);
    }

    fn write(&mut self, order: Order) {
        check(&order);
        self.touched.insert(order.facts.order);
        if let Some(row) = self.orders.get_mut(&order.facts.order) {
            *row = order;
        }
    }
}

fn check(order: &Order) {
    use Status::{AwaitingPayment, Cancelled, Checking, Completed, Confirmed, CreditHold, Expired};
    let stored = [Checking, CreditHold, AwaitingPayment, Confirmed, Completed, Cancelled, Expired];
    let (id, process) = (order.facts.order, order.process);
    assert!(stored.contains(&process), "order {id} is stored as {process}");
    assert!(order.number > 0, "{} statuses were told of order {id}", order.number);
}
