//! The way to the confirmation: credit, sourcing and payment answer in any order, and the order is
//! confirmed when nothing of it is missing.

use std::collections::BTreeMap;

use contracts::credit::{CreditApproved, CreditHeld, HoldRefused, HoldReleased, Verdict};
use contracts::finance::PaymentCaptured;
use contracts::fulfilment::GivenUp;
use contracts::intake::{
    CancelReason, HoldOverdue, OrderHeld, PaymentOverdue, PaymentRequested, PromotionRequested,
    SourcingReason,
};
use contracts::inventory::{
    BackorderFilled, ClaimsPromoted, ClaimsWithdrawn, LeaseExpired, PromotionRefused, StockClaimed,
};
use contracts::{Bucket, LineUnits, Status, Terms};
use jiff::SignedDuration;

use crate::order::{Facts, Turn, items};

/// How long a customer has to pay ahead.
pub(crate) const TIME_TO_PAY: SignedDuration = SignedDuration::from_mins(30);

/// How long an order waits for somebody to decide about its credit.
pub(crate) const TIME_TO_DECIDE: SignedDuration = SignedDuration::from_hours(7 * 24);

// ---- Credit ------------------------------------------------------------------------------------

impl Turn<'_> {
    pub(crate) fn credit_approved(&mut self, _: &CreditApproved) {
        if self.order.process == Status::Checking {
            self.order.course.approved = true;
            self.proceed("");
        }
    }

    pub(crate) fn credit_held(&mut self, it: &CreditHeld) {
        if self.order.process != Status::Checking || self.order.course.approved {
            return; // Credit answers once.
        }
        let reason = match it.decision.verdict {
            Verdict::Refuse => "credit_refused",
            Verdict::Approve | Verdict::Review { .. } | Verdict::Prepay => "credit_review",
        };
        let Facts { order, customer, .. } = self.order.facts.clone();
        self.order.process = Status::CreditHold;
        self.order.course.reviewed = true;
        self.order.course.soft = true; // Inventory makes leases of the claims.
        self.say(OrderHeld { order, customer });
        self.say(HoldOverdue { order, at: self.now + TIME_TO_DECIDE });
        self.tell(reason);
    }

    pub(crate) fn hold_released(&mut self, it: &HoldReleased) {
        if self.order.process != Status::CreditHold || self.order.course.approved {
            return; // It does not wait for that.
        }
        self.by = it.by.clone();
        let course = &mut self.order.course;
        course.approved = true;
        let claimed = !course.sourcing && course.lack.is_none();
        match self.order.facts.terms {
            // Inventory promotes what it still has, and tries to claim anew what lapsed.
            Terms::OnAccount if !course.sourcing => self.promote(),
            Terms::Prepaid if claimed => self.ask_to_pay("credit_released"),
            Terms::OnAccount | Terms::Prepaid => {
                self.order.process = Status::Checking;
                self.tell("credit_released");
                self.proceed("credit_released");
            }
        }
    }

    pub(crate) fn hold_refused(&mut self, it: &HoldRefused) {
        if self.order.process == Status::CreditHold && !self.order.course.approved {
            self.by = it.by.clone();
            self.cancel(CancelReason::CreditRefused, it.reason.clone());
        }
    }

    pub(crate) fn hold_overdue(&mut self, _: &HoldOverdue) {
        // Somebody decided in time, as a rule.
        if self.order.process == Status::CreditHold && !self.order.course.approved {
            self.cancel(CancelReason::HoldOverdue, String::new());
        }
    }

    // ---- Stock ---------------------------------------------------------------------------------

    pub(crate) fn stock_claimed(&mut self, it: &StockClaimed) {
        if !self.answers(it.attempt) {
            return; // Heard before.
        }
        self.order.keep(Bucket::Unsourced, &it.claims);
        self.order.shift(Bucket::Unsourced, Bucket::Backordered, items(&it.backordered));
        self.order.course.soft |= it.lease_until.is_some();
        if self.order.process == Status::Confirmed && self.order.course.soft {
            self.promote(); // Nothing that is confirmed may lapse.
        }
        self.tell("");
        self.proceed("");
        self.seek();
    }

    /// Nothing serves what lost its source. Fulfilment tells it, for it knows what of that a warehouse
    /// was told to pick: nothing is given up that somebody may be about to find.
    pub(crate) fn given_up(&mut self, it: &GivenUp) {
        if !self.answers(it.attempt) {
            return; // Heard before.
        }
        if self.order.process != Status::Confirmed {
            // Before it is confirmed an order is served in whole or not at all: nobody pays for,
            // or is promised, more than there is.
            return self.cancel(CancelReason::NoSupply, it.because.clone());
        }
        self.order.shift(Bucket::Unsourced, Bucket::Cancelled, it.lines.iter().copied());
        if self.order.course.lines.iter().all(|it| it.live() == 0) {
            return self.cancel(CancelReason::NoSupply, it.because.clone());
        }
        self.tell("no_supply");
        self.complete();
        self.seek();
        if !it.in_hand.is_empty() {
            // It is looked for again when a pick has told.
            self.miss(SourcingReason::ClaimWithdrawn, [], &it.in_hand);
        }
    }

    /// Whether this answers the sourcing that was asked for last, and nothing did before.
    fn answers(&mut self, attempt: i32) -> bool {
        let course = &mut self.order.course;
        course.attempt == attempt && std::mem::take(&mut course.sourcing)
    }

    pub(crate) fn backorder_filled(&mut self, it: &BackorderFilled) {
        self.order.keep(Bucket::Backordered, &it.claims);
        self.tell("backorder_filled");
    }

    pub(crate) fn claims_withdrawn(&mut self, it: &ClaimsWithdrawn) {
        // What a warehouse was told to pick is not taken back: the short pick will tell.
        let lost = self.order.withdraw(&it.claims);
        self.tell("claim_withdrawn");
        if !lost.is_empty() {
            let from = it.claims.iter().map(|it| it.warehouse.clone());
            self.lack(SourcingReason::ClaimWithdrawn, from, &lost);
        }
    }

    pub(crate) fn lease_expired(&mut self, _: &LeaseExpired) {
        // What is confirmed is firm. Else inventory remembers what lapsed, and the promotion will
        // tell whether it can still be had: until then it is not sourced anew.
        if self.order.process != Status::Confirmed {
            for it in self.order.all(Bucket::Reserved) {
                self.order.lose(it);
            }
        }
    }

    pub(crate) fn claims_promoted(&mut self, it: &ClaimsPromoted) {
        if !std::mem::take(&mut self.order.course.promoting) {
            return; // Heard before.
        }
        self.order.course.soft = false;
        if self.order.process != Status::Confirmed {
            // What lapsed may have been claimed anew. What was on backorder is told by itself.
            self.order.keep_anew(&it.claims);
            self.confirm(self.because());
        }
        self.seek();
    }

    pub(crate) fn promotion_refused(&mut self, it: &PromotionRefused) {
        if !std::mem::take(&mut self.order.course.promoting) {
            return; // Heard before.
        }
        if self.order.process == Status::AwaitingPayment {
            return self.expire("stock_lost"); // Finance gives the money back.
        }
        self.order.course.soft = false;
        if self.order.process == Status::CreditHold {
            self.order.process = Status::Checking;
        }
        let lacking = self.give_up(it);
        self.tell("lease_lapsed");
        self.lack(SourcingReason::LeaseLapsed, [], &lacking);
        self.proceed("");
    }

    /// What is lacking has no source any more, whether it had lapsed, was reserved, or was to come.
    fn give_up(&mut self, it: &PromotionRefused) -> Vec<LineUnits> {
        let mut lacking = BTreeMap::<u16, i64>::new();
        for LineUnits { line, quantity } in items(&it.lacking) {
            *lacking.entry(line).or_default() += quantity;
        }
        let withdrawn = self.order.course.lack.as_ref().map(|it| it.units.clone());
        let withdrawn = withdrawn.unwrap_or_default();
        for (line, quantity) in &lacking {
            let (line, before) = (*line, withdrawn.get(line).copied().unwrap_or_default());
            let lapsed = self.order.units_of(line, Bucket::Unsourced) - before;
            let left = quantity - lapsed;
            let left = left - self.order.lose(LineUnits { line, quantity: left });
            let waiting = [LineUnits { line, quantity: left }];
            self.order.shift(Bucket::Backordered, Bucket::Unsourced, waiting);
        }
        lacking.into_iter().map(|(line, quantity)| LineUnits { line, quantity }).collect()
    }

    // ---- Payment -------------------------------------------------------------------------------

    pub(crate) fn payment_captured(&mut self, _: &PaymentCaptured) {
        if self.order.facts.terms != Terms::Prepaid || self.order.course.paid {
            return; // Nobody waits for it.
        }
        self.order.course.paid = true; // Remembered, if it comes early.
        if self.order.process == Status::AwaitingPayment {
            self.promote();
        }
    }

    pub(crate) fn payment_overdue(&mut self, _: &PaymentOverdue) {
        // It is paid, or confirmed, as a rule.
        if self.order.process == Status::AwaitingPayment && !self.order.course.paid {
            self.expire("payment_overdue");
        }
    }

    // ---- What comes next -----------------------------------------------------------------------

    /// Goes on from checking, when credit has agreed and every unit has its answer.
    fn proceed(&mut self, reason: &str) {
        let course = &self.order.course;
        let settled = course.approved && !course.sourcing && !course.promoting;
        if self.order.process != Status::Checking || !settled {
            return;
        }
        self.seek();
        match self.order.facts.terms {
            _ if self.order.course.sourcing => {} // Again: something was lost meanwhile.
            Terms::Prepaid => self.ask_to_pay(reason),
            Terms::OnAccount if self.order.course.soft => self.promote(),
            Terms::OnAccount => self.confirm(self.because()),
        }
    }

    fn ask_to_pay(&mut self, reason: &str) {
        self.order.process = Status::AwaitingPayment;
        if self.order.course.paid {
            self.tell("paid");
            return self.promote();
        }
        let until = self.now + TIME_TO_PAY;
        let Facts { order, customer, total: amount, currency, .. } = self.order.facts.clone();
        self.say(PaymentRequested { order, customer, amount, currency, until });
        self.say(PaymentOverdue { order, at: until });
        self.tell(reason);
    }

    /// Asks inventory to make the order's claims firm.
    fn promote(&mut self) {
        if !std::mem::replace(&mut self.order.course.promoting, true) {
            self.say(PromotionRequested { order: self.order.facts.order });
        }
    }

    /// What it was that the confirmation waited for.
    fn because(&self) -> &'static str {
        match self.order.facts.terms {
            Terms::Prepaid => "paid",
            Terms::OnAccount if self.order.course.reviewed => "credit_released",
            Terms::OnAccount => "",
        }
    }
}
