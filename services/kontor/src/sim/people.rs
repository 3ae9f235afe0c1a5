//! Warehouses, customers and clerks: what each does about what it is told.

use std::rc::Rc;

use chassis::simulation::House;
use chassis::{Envelope, Page};
use contracts::credit::{CreditHeld, RefuseHold, ReleaseHold};
use contracts::finance::{PaymentReport, PaymentStatus};
use contracts::fulfilment::{PickRequested, PickWithdrawn, WarehouseReport};
use contracts::intake::{OrderPlaced, OrderStatus, PaymentRequested};
use contracts::inventory::{BackorderFilled, Claim, ClaimsPromoted, StockClaimed};
use contracts::{Actor, Cents, Currency, LineUnits, Message, OrderId, Status};
use intake::machine::may_follow;
use serde_json::{Value, json};

use super::shop;
use super::world::{Deed, World};

impl World {
    /// A public message reached whom it is for.
    pub(super) fn read(
        &mut self,
        house: &mut House,
        it: &Envelope,
    ) -> anyhow::Result<Option<String>> {
        match it.subject.as_str() {
            OrderStatus::SUBJECT => {
                let it: OrderStatus = serde_json::from_str(it.body.get())?;
                let key = (it.channel.to_string(), it.external_id.to_string());
                let known = self.journal.entry(key).or_default();
                let next = known.number + 1;
                known.number = it.number;
                known.refused |= it.status == Status::Rejected;
                if it.number != next {
                    let name = it.external_id;
                    let what =
                        format!("V13: {name} was told number {} after {}", it.number, next - 1);
                    return Ok(Some(what));
                }
                let before = known.shown;
                let is_order = before.is_some_and(|it| it != Status::Rejected);
                if is_order && it.status == Status::Rejected {
                    self.count("another order under the same name");
                    return Ok(None);
                }
                known.shown = Some(it.status);
                self.count(&turn(before, it.status));
                let nth = it.external_id.as_str().strip_prefix("E-").map(str::parse);
                if let (Status::Backordered, Some(Ok(nth))) = (it.status, nth)
                    && self.chance.percent(30)
                {
                    let in_a_day = self.chance.below(86_000_000); // Somebody waits no longer.
                    self.later(house, in_a_day, Deed::Cancel(nth));
                }
                if !may_follow(before, it.status) {
                    let (name, shown) = (it.external_id, it.status);
                    return Ok(Some(format!("V14: {name} shows {shown} after {before:?}")));
                }
            }
            PickRequested::SUBJECT => {
                let pick: PickRequested = serde_json::from_str(it.body.get())?;
                if self.floor.insert(pick.shipment, false).is_some() {
                    return Ok(Some(format!("V10: {} is picked twice", pick.shipment)));
                }
                let wait = 500 + self.chance.below(20_000);
                self.bring_back(house, pick.order, 50);
                self.later(house, wait, Deed::Step(Rc::new(pick), 0));
            }
            PickWithdrawn::SUBJECT => {
                let it: PickWithdrawn = serde_json::from_str(it.body.get())?;
                if self.floor.insert(it.shipment, true) == Some(false) {
                    self.count("pick left alone");
                    let report = json!({ "pick": it.pick });
                    let subject =
                        format!("warehouse.{}.report.{}.unreleased", it.warehouse, it.order);
                    self.says(house, subject, report);
                }
            }
            _ => {}
        }
        Ok(None)
    }

    /// The nth step of a pick, and the plan for the next.
    pub(super) fn step(
        &mut self,
        house: &mut House,
        pick: &Rc<PickRequested>,
        nth: usize,
    ) -> anyhow::Result<()> {
        if nth == 0 && self.floor.insert(pick.shipment, true) == Some(true) {
            return Ok(()); // It was asked back before anybody began.
        }
        let mut report = WarehouseReport { pick: Some(pick.pick), ..WarehouseReport::default() };
        let slow = pick.warehouse.as_str() == "WH-B";
        // With some orders everything goes wrong.
        let unlucky = pick.order.0.as_u128().is_multiple_of(4);
        let what = match nth {
            0 => "started",
            1 if self.chance.percent(if unlucky { 60 } else { 12 }) => {
                report.lines = Some(self.missing(pick)?);
                "short"
            }
            1 => "picked",
            2 => "packed",
            3 => "shipped",
            4 if self.chance.percent(if unlucky { 60 } else { 15 }) => "refused",
            4 => "delivered",
            _ => "returned",
        };
        self.count(what);
        let subject = |what| format!("warehouse.{}.report.{}.{what}", pick.warehouse, pick.order);
        self.says(house, subject(what), serde_json::to_value(&report)?);
        // One warehouse is slow.
        let mut wait = 200 + self.chance.below(if slow { 120_000 } else { 30_000 });
        match what {
            "short" => self.come_short(house, pick, subject)?,
            "started" | "picked" | "packed" => self.bring_back(house, pick.order, 50),
            "refused" => {
                self.refused.insert(pick.order, pick.clone());
                // It is a long way back, or a very long one.
                let most = if self.chance.percent(50) { 240_000 } else { 172_800_000 };
                wait = 200 + self.chance.below(most);
            }
            _ => {}
        }
        if nth < 4 || what == "refused" {
            self.later(house, wait, Deed::Step(pick.clone(), nth + 1));
        }
        Ok(())
    }

    /// What a picker does not find: all of it, or some of the first line.
    fn missing(&mut self, pick: &PickRequested) -> anyhow::Result<Vec<LineUnits>> {
        let all = self.chance.percent(50);
        let lines = if all { &pick.lines[..] } else { &pick.lines[..1] };
        let missing = lines.iter().map(|it| {
            let most = it.quantity.unsigned_abs();
            let quantity = if all { most } else { 1 + self.chance.below(most) };
            Ok(LineUnits { line: it.line, quantity: i64::try_from(quantity)? })
        });
        missing.collect()
    }

    /// A parcel of the order that nobody took comes back just now, so many times in a hundred.
    fn bring_back(&mut self, house: &mut House, order: OrderId, times: u64) {
        if self.refused.contains_key(&order)
            && self.chance.percent(times)
            && let Some(parcel) = self.refused.remove(&order)
        {
            let at_once = self.chance.below(4);
            self.later(house, at_once, Deed::Step(parcel, 5));
        }
    }

    /// What follows on a short pick: what was sent comes back in the same moment; and somebody says,
    /// late, that all was there after all, or packs it.
    fn come_short(
        &mut self,
        house: &mut House,
        pick: &PickRequested,
        subject: impl Fn(&'static str) -> String,
    ) -> anyhow::Result<()> {
        self.bring_back(house, pick.order, 100);
        if self.chance.percent(25) {
            self.count("found after all");
            let all =
                pick.lines.iter().map(|it| LineUnits { line: it.line, quantity: it.quantity });
            let lines = Some(all.collect());
            let report =
                WarehouseReport { pick: Some(pick.pick), lines, ..WarehouseReport::default() };
            let subject = subject(self.chance.one_of(&["picked", "packed", "shipped"]));
            let later = self.chance.below(60_000);
            self.later(house, later, Deed::Report(subject, serde_json::to_value(&report)?));
        }
        Ok(())
    }

    /// A warehouse reports, now and then twice.
    pub(super) fn says(&mut self, house: &mut House, subject: String, report: Value) {
        while self.chance.percent(12) {
            let again = self.chance.below(60_000);
            self.later(house, again, Deed::Report(subject.clone(), report.clone()));
        }
        self.later(house, 0, Deed::Report(subject, report));
    }

    /// What is said in the house, and somebody outside does something about.
    pub(super) fn overhear(&mut self, house: &mut House, page: &Page) -> anyhow::Result<()> {
        for it in &page.said {
            match it.subject.as_str() {
                OrderPlaced::SUBJECT => self.count("order placed"),
                PaymentRequested::SUBJECT => {
                    let it: PaymentRequested = serde_json::from_str(it.body.get())?;
                    self.pay(house, &it);
                }
                StockClaimed::SUBJECT => {
                    let it: StockClaimed = serde_json::from_str(it.body.get())?;
                    if it.lease_until.is_none() {
                        self.look(house, &it.claims);
                    }
                }
                ClaimsPromoted::SUBJECT => {
                    let it: ClaimsPromoted = serde_json::from_str(it.body.get())?;
                    self.look(house, &it.claims);
                }
                BackorderFilled::SUBJECT => {
                    let it: BackorderFilled = serde_json::from_str(it.body.get())?;
                    self.bring_back(house, it.order, 40);
                }
                CreditHeld::SUBJECT => {
                    let it: CreditHeld = serde_json::from_str(it.body.get())?;
                    self.count("held");
                    if self.chance.percent(85) {
                        let (wait, release) = (self.chance.below(60_000), self.chance.percent(60));
                        self.later(house, wait, Deed::Judge(it.order, release));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Somebody counts a shelf, and finds next to nothing, while a warehouse is about to be told to pick
    /// from it; or the item is gone from everywhere.
    fn look(&mut self, house: &mut House, claims: &[Claim]) {
        let Some(Claim { sku, warehouse, .. }) = claims.first() else { return };
        if !self.chance.percent(8) {
            return;
        }
        self.count("count in the last moment");
        self.names += 1;
        let everywhere = self.chance.percent(40);
        for (counted, ..) in shop::WAREHOUSES {
            if everywhere || counted == warehouse.as_str() {
                let document = format!("L-{}", self.names);
                let body = json!({ "quantity": self.chance.below(3), "document": document });
                let subject = format!("stock.report.{counted}.{sku}.counted");
                let at_once = self.chance.below(4);
                self.later(house, at_once, Deed::Report(subject, body));
            }
        }
    }

    /// Customers pay: at once, in two parts, too much, or not at all.
    pub(super) fn pay(&mut self, house: &mut House, it: &PaymentRequested) {
        let (all, mut parts) = (it.amount.0, vec![it.amount.0]);
        match self.chance.below(10) {
            0 => parts.clear(),
            1 if all > 1 => parts = vec![all / 2, all - all / 2],
            2 => parts.push(all),
            _ => {}
        }
        for amount in parts {
            self.names += 1;
            let report = PaymentReport {
                order: it.order,
                amount: Cents(amount),
                currency: Currency::CNY,
                status: PaymentStatus::Captured,
                value_date: None,
            };
            let subject = format!("payments.bank.P-{}", self.names);
            let report = serde_json::to_value(report).unwrap_or_default();
            let wait = self.chance.below(40_000);
            if self.chance.percent(15) {
                self.later(house, wait + 900, Deed::Report(subject.clone(), report.clone()));
            }
            self.later(house, wait, Deed::Report(subject, report));
        }
    }

    /// Somebody looks at a held order.
    pub(super) fn judge(
        &mut self,
        house: &mut House,
        order: OrderId,
        release: bool,
    ) -> anyhow::Result<()> {
        self.names += 1;
        let id = shop::named(&format!("judge {}", self.names));
        let (by, reason) = (Actor("person:credit".to_owned()), "looked at".to_owned());
        if release {
            house.tell(id, &ReleaseHold { order, by, tier: 3, reason }, None)?;
        } else {
            house.tell(id, &RefuseHold { order, by, reason }, None)?;
        }
        Ok(())
    }
}

/// How it is counted that an order turns from one state to another.
pub(super) fn turn(before: Option<Status>, shown: Status) -> String {
    format!("turn: {} to {shown}", before.map_or("nothing", Status::name))
}
