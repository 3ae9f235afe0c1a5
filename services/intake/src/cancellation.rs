//! Taking an order back: at once while nothing of it is in a warehouse's hands, by asking the
//! warehouse until it begins, and not at all from then on.

use chassis::plant::{Bug, planted};
use contracts::fulfilment::{ReleaseWithdrawn, WithdrawalRefused};
use contracts::intake::{
    CancelOrder, CancelReason, CancelRefusal, CancelRefused, CancellationRequested,
};
use contracts::{Actor, Bucket, Status};

use crate::order::{Order, Turn, Withdrawing};
use crate::plain;

/// How much of what people write as a reason is kept.
const REASON_CHARS: usize = 500;

impl Order {
    /// Why it cannot be taken back, if it cannot.
    fn past_return(&self) -> Option<CancelRefusal> {
        if self.process.is_final() {
            Some(CancelRefusal::AlreadyFinal)
        } else if self.course.lines.iter().any(|it| it.out() > 0) {
            Some(CancelRefusal::PastPointOfNoReturn)
        } else if planted(Bug::CancelledAfterPick) {
            None
        } else if self.units(Bucket::Picked) + self.units(Bucket::Packed) > 0 || self.is_begun() {
            Some(CancelRefusal::Picked)
        } else if self.course.withdrawing.is_some() {
            Some(CancelRefusal::AlreadyRequested)
        } else {
            None
        }
    }
}

impl Turn<'_> {
    pub(crate) fn cancel_order(&mut self, it: &CancelOrder) {
        let (order, remark) = (it.order, plain(&it.reason, REASON_CHARS));
        if let Some(because) = self.order.past_return() {
            let status = Some(self.order.shown);
            return self.say(CancelRefused { order, status, because });
        }
        let by = Actor(plain(&it.by.0, REASON_CHARS));
        self.by = by.clone();
        // From the confirmation on a pick may be on its way to a warehouse: fulfilment knows.
        if self.order.process != Status::Confirmed || planted(Bug::CancelledAfterPick) {
            return self.cancel(CancelReason::Asked, remark);
        }
        let kept = Withdrawing { by: by.clone(), remark: remark.clone() };
        self.order.course.withdrawing = Some(kept);
        self.say(CancellationRequested { order, by, reason: remark });
    }

    pub(crate) fn release_withdrawn(&mut self, _: &ReleaseWithdrawn) {
        let asked = self.order.course.withdrawing.take();
        let Some(Withdrawing { by, remark }) = asked else { return }; // Nobody asked for it.
        let began = [Bucket::Picked, Bucket::Packed];
        let left = self.order.course.lines.iter().any(|it| it.out() + it.units_in(&began) > 0);
        if self.order.process == Status::Confirmed && !left && !self.order.is_begun() {
            self.by = by;
            self.cancel(CancelReason::Asked, remark);
        }
    }

    pub(crate) fn withdrawal_refused(&mut self, _: &WithdrawalRefused) {
        self.order.course.withdrawing = None; // The order goes on.
    }
}
