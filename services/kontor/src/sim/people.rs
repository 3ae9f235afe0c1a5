//! Warehouses, customers and clerks: what each does about what it is told.

use std::rc::Rc;

use chassis::simulation::House;
use chassis::{Envelope, Page};
use contracts::credit::{CreditHeld, RefuseHold, ReleaseHold};
use contracts::finance::{PaymentReport, PaymentStatus};
use contracts::fulfilment::{PickRequested, PickWithdrawn, WarehouseReport};
use contracts::intake::{OrderPlaced, OrderStatus, PaymentRequested};
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
        let what = match nth {
            0 => "started",
            1 if self.chance.percent(12) => {
                let line = &pick.lines[0];
                let missing = 1 + i64::try_from(self.chance.below(line.quantity.unsigned_abs()))?;
                report.lines = Some(vec![LineUnits { line: line.line, quantity: missing }]);
                "short"
            }
            1 => "picked",
            2 => "packed",
            3 => "shipped",
            4 if self.chance.percent(10) => "refused",
            4 => "delivered",
            _ => "returned",
        };
        self.count(what);
        let subject = format!("warehouse.{}.report.{}.{what}", pick.warehouse, pick.order);
        self.says(house, subject, serde_json::to_value(&report)?);
        if nth < 4 || what == "refused" {
            let wait = 200 + self.chance.below(30_000);
            self.later(house, wait, Deed::Step(pick.clone(), nth + 1));
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
