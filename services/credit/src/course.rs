//! What becomes of an authorisation: delivered or returned, invoiced, paid. Amounts move, and
//! nothing is counted twice: each shipment, invoice and payment moves them once.

use contracts::credit::Exposure;
use contracts::finance::{InvoiceIssued, PaymentReceived};
use contracts::fulfilment::{Delivered, Returned};
use contracts::{Cents, Timestamp};
use uuid::Uuid;

use crate::commitment::{Kind, Share, State};
use crate::item::{Item, Window};
use crate::ledger::{Ledger, day};
use crate::touch::settled;

impl Ledger {
    /// The delivered share of what was authorised waits for its invoice.
    pub(crate) fn deliver(&mut self, now: Timestamp, it: &Delivered) {
        let cause = (it.order, Kind::ConvertDelivered, it.shipment.0);
        if self.counted.contains_key(&cause) {
            return; // The same shipment, told again.
        }
        let Some(commitment) = self.commitments.get_mut(&it.order) else {
            return; // No such order was placed.
        };
        let (share, lines) = commitment.without(&it.units, Share::deliver);
        let share = share + commitment.freight;
        let moved = share.clamp(Cents::ZERO, commitment.stages.authorised);
        if moved == Cents::ZERO {
            return; // The order is prepaid, or nothing is authorised for it.
        }
        (commitment.lines, commitment.freight) = (lines, Cents::ZERO);
        let change =
            Exposure { authorised: -moved, delivered_unbilled: moved, ..Exposure::default() };
        self.post(now, cause, change);
    }

    /// The customer did not take it: the share of these units is free again.
    pub(crate) fn give_back(&mut self, now: Timestamp, it: &Returned) {
        let cause = (it.order, Kind::Release, it.shipment.0);
        if self.counted.contains_key(&cause) {
            return; // The same shipment, told again.
        }
        let Some(commitment) = self.commitments.get_mut(&it.order) else {
            return; // No such order was placed.
        };
        let (share, lines) = commitment.without(&it.units, Share::give_back);
        let freed = share.clamp(Cents::ZERO, commitment.stages.authorised);
        if freed == Cents::ZERO {
            return; // The order is prepaid, or nothing is authorised for it.
        }
        commitment.lines = lines;
        self.post(now, cause, Exposure { authorised: -freed, ..Exposure::default() });
    }

    /// What was delivered is owed now, by what the invoice says. Finance shares lines out as we do,
    /// and sends the freight with the first delivery. But the invoice counts: what it has more or
    /// less than its delivery was taken for comes out of what is still authorised, or goes back,
    /// and it all comes right with the order's last invoice.
    pub(crate) fn bill(&mut self, now: Timestamp, it: &InvoiceIssued) {
        let cause = (it.order, Kind::ConvertBilled, it.invoice.0);
        if self.counted.contains_key(&cause) {
            return; // The same invoice, told again.
        }
        let of_delivery = self.counted.get(&(it.order, Kind::ConvertDelivered, it.shipment.0));
        let of_delivery = of_delivery.map_or(Cents::ZERO, |it| it.delivered_unbilled);
        let Some(commitment) = self.commitments.get(&it.order) else {
            return; // No such order was placed.
        };
        let had = commitment.stages;
        let gross = it.gross.max(Cents::ZERO);
        let own = of_delivery.min(had.delivered_unbilled);
        let more = gross - own;
        let authorised = match &commitment.state {
            State::Approved => more.min(had.authorised), // Below zero: it goes back.
            // Nothing is authorised for an order that is over, and it would stay for ever.
            State::Held { .. } | State::Refused | State::Ended => Cents::ZERO,
        };
        // Another delivery of the order was taken for too much, then.
        let others = (more - authorised).clamp(Cents::ZERO, had.delivered_unbilled - own);
        let open = (gross - it.prepaid).clamp(Cents::ZERO, gross);
        let ahead = had.prepaid.min(open);
        let change = Exposure {
            authorised: -authorised,
            delivered_unbilled: -(own + others),
            billed_open: open - ahead,
            prepaid: -ahead,
            ..Exposure::default()
        };
        // What was paid in advance with the order is no part of the item: a customer's repayment
        // shows in what they were trusted with.
        let mut item = Item {
            customer: commitment.customer.clone(),
            currency: commitment.currency,
            brought: false,
            due: it.due_on,
            amount: open,
            paid: Cents::ZERO,
            paid_on: None,
            that_day: Cents::ZERO,
        };
        if ahead > Cents::ZERO {
            item.pay(ahead, it.issued_on, day(now));
        }
        self.post(now, cause, change);
        if open > Cents::ZERO {
            self.put(now, it.invoice.0, item);
        }
    }

    /// A payment makes room. What is more than the order owes is kept for its next invoice.
    pub(crate) fn settle(&mut self, now: Timestamp, it: &PaymentReceived) {
        let cause = settled(it);
        if self.counted.contains_key(&cause) || it.amount <= Cents::ZERO {
            return; // The same payment for the same invoice, told again; or nothing was paid.
        }
        let Some(commitment) = self.commitments.get(&it.order) else {
            return; // No such order was placed.
        };
        let paid = it.amount.min(commitment.stages.billed_open);
        let change =
            Exposure { billed_open: -paid, prepaid: it.amount - paid, ..Exposure::default() };
        self.post(now, cause, change);
        if let Some(mut item) = self.items.get(&it.invoice.0).cloned() {
            item.pay(it.amount, it.value_date, day(now));
            self.put(now, it.invoice.0, item);
        }
    }

    /// Puts an item in the place of what it was, and works the difference into the figures.
    pub(crate) fn put(&mut self, now: Timestamp, id: Uuid, item: Item) {
        let window = Window::of(day(now));
        let before = self.items.get(&id).map(|it| it.figures(&window)).unwrap_or_default();
        let book = self.book(&item.customer, item.currency);
        book.figures.change(before, item.figures(&window));
        self.fresh.items.insert(id);
        self.items.insert(id, item);
    }
}
