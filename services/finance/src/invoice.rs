//! Invoices and their numbers. Numbers are given in one partition, so that there are no gaps; the
//! order's own partition asks for one by a note, and is answered by another.

use std::collections::BTreeMap;
use std::fmt;

use chassis::plant::{Bug, planted};
use contracts::finance::{InvoiceIssued, NumberGiven, NumberWanted, PaymentReceived};
use contracts::{Cents, InvoiceId, OrderId, ShipmentId, Terms, Timestamp};
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::Outbound;
use crate::books::{Books, about};
use crate::journal;
use crate::sale::{Drawn, File, Invoice, Sale, Stage, invoice_of};

/// The books follow the calendar of China, which knows no summer time.
const CALENDAR: Offset = Offset::constant(8);

/// Within how many days a customer on account pays, unless credit says otherwise.
pub(crate) const PAYMENT_DAYS: i32 = 30;

/// The series of the invoices, and the partition in which its numbers are given.
const SERIES: &str = "invoice";

/// As much of the register of numbers as a batch touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Numbering {
    /// The last number of a series in a year.
    pub(crate) last: BTreeMap<(String, i16), i64>,
    pub(crate) given: BTreeMap<InvoiceId, Number>,
}

/// The number of an invoice, for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) order: OrderId,
    pub(crate) series: String,
    pub(crate) year: i16,
    /// 1, 2, 3 … within the series and the year.
    pub(crate) nth: i64,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:06}", self.year, self.nth)
    }
}

/// The day on which something is booked.
pub(crate) fn day(at: Timestamp) -> Date {
    CALENDAR.to_datetime(at).date()
}

/// Asks for the number of the invoice for a shipment.
pub(crate) fn number_wanted(order: OrderId, shipment: ShipmentId, now: Timestamp) -> NumberWanted {
    NumberWanted { series: SERIES.to_owned(), order, invoice: invoice_of(shipment), at: now }
}

impl Books {
    /// Gives an invoice its number: the next one of the year, or the one that it has.
    pub(crate) fn number(&mut self, now: Timestamp, wanted: &NumberWanted) -> Vec<Outbound> {
        let NumberWanted { order, invoice, .. } = *wanted;
        let Numbering { last, given } = &mut self.numbering;
        let given = given.entry(invoice).or_insert_with(|| {
            let (series, year) = (wanted.series.clone(), day(now).year());
            let last = last.entry((series.clone(), year)).or_default();
            *last += if planted(Bug::NumberSkipped) { 2 } else { 1 };
            Number { order, series, year, nth: *last }
        });
        vec![NumberGiven { order, invoice, number: given.to_string(), at: now }.into()]
    }

    /// Issues an invoice, now that it has its number, and applies the money in hand to it. It is
    /// dated as its number, so that days and numbers ascend together.
    pub(crate) fn invoice(&mut self, now: Timestamp, given: &NumberGiven) -> Vec<Outbound> {
        let Some(file) = self.files.get_mut(&given.order) else {
            return vec![]; // Nobody placed such an order.
        };
        let waits = |file: &File| {
            let mut delivered = file.parcels.iter().filter(|(_, it)| it.stage == Stage::Delivered);
            delivered.find(|(it, _)| invoice_of(**it) == given.invoice).map(|(it, _)| *it)
        };
        let Some(shipment) = waits(file) else {
            return vec![]; // It was issued before.
        };
        let gross = file.parcels[&shipment].gross();
        let drawn = file.draw(gross);
        let File { sale: Some(sale), parcels, .. } = file else {
            return vec![]; // Unreachable: what was delivered was sold.
        };
        let Some(parcel) = parcels.get_mut(&shipment) else {
            return vec![]; // Unreachable: it was found above.
        };
        parcel.paid = drawn.iter().map(|it| it.amount).sum();
        let issued_on = day(given.at);
        let due_on = match sale.terms {
            Terms::Prepaid => issued_on,
            Terms::OnAccount => issued_on.saturating_add(Span::new().days(sale.payment_days)),
        };
        let number = given.number.clone();
        parcel.stage = Stage::Invoiced(Invoice { number: number.clone(), issued_on, due_on });

        let occasion = about(given.order, sale.currency, given.invoice.0, now);
        self.journal.enter(occasion, journal::invoice_issued(parcel.net, parcel.tax));
        self.journal.enter(occasion, journal::deposit_applied(parcel.paid));

        let (ahead, received) = match sale.terms {
            Terms::Prepaid => (parcel.paid, vec![]),
            // The debt is told whole, and then what has come in for it.
            Terms::OnAccount => (Cents::ZERO, drawn),
        };
        let issued = InvoiceIssued {
            invoice: given.invoice,
            number,
            order: given.order,
            shipment,
            customer: sale.customer.clone(),
            currency: sale.currency,
            net: parcel.net,
            tax: parcel.tax,
            gross,
            prepaid: ahead,
            issued_on,
            due_on,
        };
        let received = received.into_iter().map(|it| received_for(given.order, sale, shipment, it));
        let mut said: Vec<Outbound> = vec![issued.into()];
        said.extend(received.map(Outbound::from));
        said.extend(self.close(now, given.order).map(Outbound::from));
        said
    }
}

/// Tells of money that was applied to the invoice for a shipment.
pub(crate) fn received_for(
    order: OrderId,
    sale: &Sale,
    shipment: ShipmentId,
    drawn: Drawn,
) -> PaymentReceived {
    let Drawn { payment: (provider, payment), amount, value_date } = drawn;
    PaymentReceived {
        order,
        customer: sale.customer.clone(),
        invoice: invoice_of(shipment),
        provider,
        payment,
        amount,
        currency: sale.currency,
        value_date,
    }
}
