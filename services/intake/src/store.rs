//! Where the books are kept between batches.

mod catalogue;
mod names;
mod orders;

use std::collections::{BTreeMap, BTreeSet};

use chassis::Batch;
use contracts::{CustomerId, OrderId, Sku, Status};
use sqlx::PgConnection;

use crate::Inbound;
use crate::books::{Books, Name, Reference, SharedKey};
use crate::order::Order;
use crate::placement::idempotency_key;
use crate::submission::{customer_of, items_of, po_number_of};

pub(crate) use orders::{entry, units};

#[cfg(test)]
pub(crate) fn statements() -> Vec<&'static str> {
    [orders::STATEMENTS, names::STATEMENTS, catalogue::STATEMENTS].concat()
}

/// The books as they were before the batch, to tell what changed.
pub(crate) struct Before {
    orders: BTreeMap<OrderId, Order>,
    references: BTreeMap<Name, Reference>,
}

/// What a batch touches.
#[derive(Default)]
struct Wanted {
    orders: BTreeSet<OrderId>,
    names: BTreeSet<Name>,
    keys: BTreeSet<SharedKey>,
    items: BTreeSet<Sku>,
    customers: BTreeSet<CustomerId>,
    /// How many orders may be placed.
    placements: i64,
    /// Orders that may be confirmed: credit agreed, or stock is claimed, or firm.
    agreed: BTreeSet<OrderId>,
    claimed: BTreeSet<OrderId>,
}

/// Reads what the batch touches. Orders and their names belong to this partition alone, and nobody
/// else writes what it lists; keys are shared, so they are locked, last.
pub(crate) async fn load(
    db: &mut PgConnection,
    batch: &Batch<Inbound>,
) -> anyhow::Result<(Books, Before)> {
    let mut wanted = Wanted::default();
    batch.messages().for_each(|it| wanted.note(it));
    let Wanted { mut orders, names, keys, items, customers, placements, agreed, claimed } = wanted;

    let references = names::load(db, &names).await?;
    orders.extend(references.values().filter_map(|it| it.order).map(|it| it.0));
    let orders = orders::load(db, &orders).await?;
    let confirmed = |it: &OrderId| orders.get(it).filter(|it| may_confirm(it, &agreed, &claimed));
    let entries: Vec<OrderId> =
        agreed.union(&claimed).filter(|it| confirmed(it).is_some()).copied().collect();
    let catalogue = catalogue::load(db, &items, &customers).await?;
    let last_no = names::take_numbers(db, batch.partition(), placements).await?;
    let keys = names::lock(db, &keys).await?;
    let holders = keys.values().filter_map(|it| it.by.as_ref()).map(|it| it.order);
    let holders: Vec<OrderId> = holders.filter(|it| !orders.contains_key(it)).collect();

    let before = Before { orders: orders.clone(), references: references.clone() };
    let books = Books {
        partition: batch.partition(),
        next_no: last_no - placements + 1,
        orders,
        vault: orders::load_entries(db, &entries).await?,
        references,
        keys,
        elsewhere: orders::load_known(db, &holders).await?,
        catalogue,
        placed: vec![],
        carried: vec![],
    };
    Ok((books, before))
}

/// Writes back what changed.
pub(crate) async fn save(
    db: &mut PgConnection,
    books: &Books,
    before: &Before,
) -> anyhow::Result<()> {
    orders::insert(db, books).await?;
    orders::insert_carried(db, &books.carried).await?;
    let changed = |it: &&Order| before.orders.get(&it.facts.order).is_some_and(|was| was != *it);
    orders::update(db, books.orders.values().filter(changed).collect()).await?;
    names::save_refusals(db, books, &before.references).await?;
    names::save_keys(db, books).await?;
    catalogue::save(db, &books.catalogue).await
}

/// Whether the batch may confirm the order, so that it matters who gets it.
fn may_confirm(order: &Order, agreed: &BTreeSet<OrderId>, claimed: &BTreeSet<OrderId>) -> bool {
    let (id, course) = (&order.facts.order, &order.course);
    order.process != Status::Confirmed
        && !order.is_over()
        && (course.approved || agreed.contains(id))
        && (!course.sourcing || claimed.contains(id))
}

impl Wanted {
    fn note(&mut self, message: &Inbound) {
        match message {
            Inbound::PlaceOrder(it) => {
                self.handed(&it.order, (it.channel.clone(), it.external_id.clone()));
                let key = it.idempotency_key.as_deref();
                self.keys.extend(idempotency_key(&it.channel, &it.external_id, key));
            }
            Inbound::OrderSubmitted(it) => {
                self.handed(&it.body, (it.channel.clone(), it.external_id.clone()));
            }
            Inbound::CarryOver(it) => {
                self.names.insert((it.channel.clone(), it.external_id.clone()));
            }
            // They are written as they come.
            Inbound::ListItem(_) | Inbound::RegisterCustomer(_) => {}
            Inbound::CreditApproved(it) => self.agreed(it.order),
            Inbound::HoldReleased(it) => self.agreed(it.order),
            Inbound::StockClaimed(it) => self.claimed(it.order),
            Inbound::ClaimsPromoted(it) => self.claimed(it.order),
            Inbound::CancelOrder(it) => self.order(it.order),
            Inbound::CreditHeld(it) => self.order(it.order),
            Inbound::HoldRefused(it) => self.order(it.order),
            Inbound::HoldOverdue(it) => self.order(it.order),
            Inbound::SourcingFailed(it) => self.order(it.order),
            Inbound::BackorderFilled(it) => self.order(it.order),
            Inbound::ClaimsWithdrawn(it) => self.order(it.order),
            Inbound::LeaseExpired(it) => self.order(it.order),
            Inbound::PromotionRefused(it) => self.order(it.order),
            Inbound::PaymentCaptured(it) => self.order(it.order),
            Inbound::PaymentOverdue(it) => self.order(it.order),
            Inbound::PickRequested(it) => self.order(it.order),
            Inbound::PickStarted(it) => self.order(it.order),
            Inbound::Picked(it) => self.order(it.order),
            Inbound::Packed(it) => self.order(it.order),
            Inbound::Shipped(it) => self.order(it.order),
            Inbound::Delivered(it) => self.order(it.order),
            Inbound::DeliveryRefused(it) => self.order(it.order),
            Inbound::Returned(it) => self.order(it.order),
            Inbound::InvoiceIssued(it) => self.order(it.order),
            Inbound::ReleaseWithdrawn(it) => self.order(it.order),
            Inbound::WithdrawalRefused(it) => self.order(it.order),
        }
    }

    fn order(&mut self, order: OrderId) {
        self.orders.insert(order);
    }

    fn agreed(&mut self, order: OrderId) {
        self.orders.insert(order);
        self.agreed.insert(order);
    }

    fn claimed(&mut self, order: OrderId) {
        self.orders.insert(order);
        self.claimed.insert(order);
    }

    fn handed(&mut self, body: &serde_json::Value, name: Name) {
        self.names.insert(name);
        self.placements += 1;
        self.items.extend(items_of(body));
        let Some(customer) = customer_of(body) else { return };
        let po_number = po_number_of(body).map(|it| SharedKey::PoNumber(customer.clone(), it));
        self.keys.extend(po_number);
        self.customers.insert(customer);
    }
}
