//! What must never happen, looked for in the books: of one service after each of its transactions, as
//! far as it touched them; of all, and of one against the other, when a story is over.

use std::cell::RefCell;
use std::collections::BTreeMap;

use allocation::Allocation;
use chassis::Database;
use chassis::simulation::House;
use contracts::fulfilment::ShipmentView;
use contracts::{Cents, Currency, CustomerId, OrderId, Sku, Status, Terms, Timestamp};
use credit::Credit;
use finance::Finance;
use fulfilment::Fulfilment;
use gateway::{Gateway, GatewaySettings};
use intake::Intake;
use intake::memory::Standing;
use inventory::Inventory;
use notification::Notification;
use webhook::Webhook;

use super::shop::{CUSTOMERS, ITEMS};
use super::world::World;

/// The databases of the simulated services.
pub(super) struct Services {
    intake: Database,
    credit: Database,
    allocation: Database,
    inventory: Database,
    fulfilment: Database,
    finance: Database,
    notification: Database,
    webhook: Database,
    gateway: Database,
    /// The highest number of each item's level that the gateway has shown.
    shown: RefCell<BTreeMap<&'static str, i64>>,
}

impl Services {
    pub(super) fn install(house: &mut House) -> Self {
        Self {
            intake: house.install(Intake),
            credit: house.install(Credit),
            allocation: house.install(Allocation::default()),
            inventory: house.install(Inventory),
            fulfilment: house.install(Fulfilment),
            finance: house.install(Finance),
            notification: house.install(Notification::default()),
            webhook: house.install(Webhook::default()),
            gateway: house.install(Gateway::new(GatewaySettings::default())),
            shown: RefCell::default(),
        }
    }

    /// What is wrong in a service's books since its last transaction, if something is.
    pub(super) fn after(&self, service: &str) -> Option<String> {
        let wrong = match service {
            "intake" => {
                self.intake.look::<Intake, _>(|it| intake::memory::audit_of(it, it.touched()))
            }
            "credit" => {
                self.credit.look::<Credit, _>(|it| credit::memory::audit_of(it, it.touched()))
            }
            "inventory" => self.inventory.look::<Inventory, _>(inventory::memory::audit_last),
            "fulfilment" => self.fulfilment.look::<Fulfilment, _>(fulfilment::memory::audit_last),
            "gateway" => self.levels_go_back(),
            _ => vec![],
        };
        first(service, wrong)
    }

    /// What is wrong when all is over.
    pub(super) fn at_rest(&self, world: &World, now: Timestamp) -> Option<String> {
        let audits = [
            ("intake", self.intake.look::<Intake, _>(intake::memory::audit)),
            ("credit", self.credit.look::<Credit, _>(credit::memory::audit)),
            ("allocation", self.allocation.look::<Allocation, _>(allocation::memory::audit)),
            ("inventory", self.inventory.look::<Inventory, _>(inventory::memory::audit)),
            (
                "inventory",
                self.inventory.look::<Inventory, _>(|it| inventory::memory::at_rest(it, now)),
            ),
            ("fulfilment", self.fulfilment.look::<Fulfilment, _>(fulfilment::memory::audit)),
            ("finance", self.finance.look::<Finance, _>(finance::memory::audit_at_rest)),
            (
                "notification",
                self.notification.look::<Notification, _>(notification::memory::audit),
            ),
            ("webhook", self.webhook.look::<Webhook, _>(webhook::memory::audit)),
            ("gateway", self.gateway.look::<Gateway, _>(gateway::memory::audit)),
        ];
        let alone = audits.into_iter().find_map(|(service, wrong)| first(service, wrong));
        let orders: Vec<Standing> = self.intake.look::<Intake, _>(|it| it.orders().collect());
        alone
            .or_else(|| self.journal(world))
            .or_else(|| orders.iter().find_map(|it| self.order(it)))
            .or_else(|| self.levels())
            .or_else(|| self.debts(&orders))
    }

    /// V1, V2: what storefronts were told is so, once.
    fn journal(&self, world: &World) -> Option<String> {
        world.journal.iter().find_map(|((channel, name), known)| {
            let (channel, external_id) = (channel.parse().ok()?, name.parse().ok()?);
            let order = self.intake.look::<Intake, _>(|it| it.called(&channel, &external_id));
            let told: Vec<OrderId> = known.accepted.iter().copied().collect();
            if told.len() > 1 {
                return Some(format!("V2: {name} was accepted as {told:?}"));
            }
            if let Some(told) = told.first()
                && order != Some(*told)
            {
                return Some(format!("V1: {name} was accepted as {told}, and is {order:?}"));
            }
            if known.submitted && !known.refused && order.is_none() {
                return Some(format!("V1: {name} was handed in, and is nowhere"));
            }
            (known.rejected && order.is_some())
                .then(|| format!("V1: {name} is wrong, and was taken"))
        })
    }

    /// What all others know of an order.
    fn order(&self, it: &Standing) -> Option<String> {
        let id = it.order;
        let seen = self.gateway.look::<Gateway, _>(|all| all.order(id));
        let Some(seen) = seen else { return Some(format!("V11: the gateway does not know {id}")) };
        if (seen.status, seen.total) != (it.status, it.total) {
            let (shown, is) = (seen.status, it.status);
            return Some(format!("V11: the gateway shows {id} as {shown:?}, and it is {is:?}"));
        }
        let claims = self.inventory.look::<Inventory, _>(|all| all.open_claims(id));
        let waits = self.inventory.look::<Inventory, _>(|all| all.backorders(id));
        if it.is_over && !(claims.is_empty() && waits.is_empty()) {
            return Some(format!("V6: {id} is {:?}, and keeps {claims:?}, {waits:?}", it.status));
        }
        let shipments = self.fulfilment.look::<Fulfilment, _>(|all| all.shipments(id));
        let (status, units) = (it.status, &it.buckets);
        let left = (1..).zip(units).map(|(line, it)| (line, it.out())).filter(|it| it.1 > 0);
        if out(&shipments) != left.collect() {
            return Some(format!("V10: {id} is {status:?}, {units:?}, and shipped {shipments:?}"));
        }
        let held = it.status == Status::CreditHold;
        if !it.is_over && waits.is_empty() && !held {
            return Some(format!(
                "V5: {id} is {status:?}, and waits for nothing: {units:?}, {shipments:?}"
            ));
        }
        self.money(it)
    }

    /// V7, V9: credit and finance agree with what became of the order.
    fn money(&self, it: &Standing) -> Option<String> {
        let id = it.order;
        let stages = self.credit.look::<Credit, _>(|all| all.order(id)).map(|it| it.stages);
        let Some(stages) = stages else { return Some(format!("V7: credit does not know {id}")) };
        let money = self.finance.look::<Finance, _>(|all| all.money(id));
        let Some(money) = money else { return Some(format!("V9: finance does not know {id}")) };
        if it.is_over
            && stages.pending + stages.authorised + stages.delivered_unbilled != Cents::ZERO
        {
            return Some(format!("V7: {id} is {:?}, and binds {stages:?}", it.status));
        }
        if it.terms == Terms::OnAccount && stages.billed_open != money.open {
            let (credit, finance) = (stages.billed_open, money.open);
            return Some(format!("V7: {id} owes {credit:?} to credit and {finance:?} to finance"));
        }
        if money.total != it.total {
            return Some(format!(
                "V9: {id} comes to {:?}, and finance has {:?}",
                it.total, money.total
            ));
        }
        let kept = money.paid - money.refunded - money.in_hand;
        if kept + money.open != money.invoiced {
            return Some(format!("V9: the money of {id} does not add up: {money:?}"));
        }
        let over = it.is_over && money.in_hand != Cents::ZERO;
        over.then(|| format!("V9: {id} is {:?}, and {:?} is in hand", it.status, money.in_hand))
    }

    /// V11: a level that was overtaken is not shown any more.
    fn levels_go_back(&self) -> Vec<String> {
        let mut shown = self.shown.borrow_mut();
        let back = ITEMS.iter().filter_map(|(name, ..)| {
            let sku = Sku::new(*name).ok()?;
            let now = self.gateway.look::<Gateway, _>(|it| it.level(&sku)).map_or(0, |it| it.0);
            let before = shown.insert(name, now).unwrap_or_default();
            (now < before).then(|| format!("V11: {name} shows level {now} after {before}"))
        });
        back.collect()
    }

    /// V11: the levels that the gateway shows are those of inventory.
    fn levels(&self) -> Option<String> {
        ITEMS.iter().find_map(|(sku, ..)| {
            let sku = Sku::new(*sku).ok()?;
            let shelves = self.inventory.look::<Inventory, _>(|it| it.shelves(&sku));
            let there: i64 = shelves.iter().map(|it| it.sellable).sum();
            let shown = self.gateway.look::<Gateway, _>(|it| it.level(&sku)).map(|it| it.1);
            (shown != Some(there)).then(|| {
                format!("V11: the gateway shows {shown:?} of {sku}, and there are {there}")
            })
        })
    }

    /// V7: what a customer owes is what their orders owe.
    fn debts(&self, orders: &[Standing]) -> Option<String> {
        CUSTOMERS.iter().find_map(|(name, ..)| {
            let customer = CustomerId::new(*name).ok()?;
            let own = orders.iter().filter(|it| it.customer == customer);
            let open: Cents = own
                .filter_map(|it| self.finance.look::<Finance, _>(|all| all.money(it.order)))
                .map(|it| it.open)
                .sum();
            let exposure =
                self.credit.look::<Credit, _>(|it| it.exposure(&customer, Currency::CNY));
            (exposure.billed_open != open)
                .then(|| format!("V7: {name} owes {open:?}, and credit has {exposure:?}"))
        })
    }

    /// How many orders ended like this.
    pub(super) fn ends(&self) -> BTreeMap<String, u64> {
        let mut ends = BTreeMap::new();
        for it in self.intake.look::<Intake, _>(|it| it.orders().collect::<Vec<_>>()) {
            *ends.entry(format!("order is {}", it.status.name())).or_default() += 1;
        }
        ends
    }
}

/// How many units of each line are with customers, or on their way.
fn out(shipments: &[ShipmentView]) -> BTreeMap<u16, i64> {
    let is_out = |it: &&ShipmentView| ["shipped", "refused", "delivered"].contains(&&*it.state);
    let mut out = BTreeMap::new();
    for it in shipments.iter().filter(is_out).flat_map(|it| &it.units) {
        *out.entry(it.line).or_default() += it.quantity;
    }
    out
}

fn first(service: &str, wrong: Vec<String>) -> Option<String> {
    wrong.into_iter().next().map(|it| format!("{service}: {it}"))
}
