use std::collections::BTreeMap;

use contracts::{OrderId, ShipmentId};
use serde_json::{Value, json};

use super::{Posted, Tables};
use crate::sale::{Deposit, Parcel, PaymentKey, Sale};
use crate::store::names::{deposit_state_name, stage_name, state_name, status_name, terms_name};
use crate::store::{invoice, line_rows};

impl Tables {
    /// The rows of each table, as Postgres shows them.
    pub(super) fn rows(&self) -> BTreeMap<&'static str, Vec<Value>> {
        let sales = self.files.iter().filter_map(|(it, file)| Some((it, file.sale.as_ref()?)));
        let parcels = self.files.iter().flat_map(|(order, file)| {
            file.parcels.iter().map(|(shipment, it)| parcel_row(*order, *shipment, it))
        });
        let deposits = self.files.iter().flat_map(|(order, file)| {
            file.deposits.iter().map(|(key, it)| deposit_row(*order, key, it))
        });
        BTreeMap::from([
            ("sale", sales.map(|(order, it)| sale_row(*order, it)).collect()),
            ("parcel", parcels.collect()),
            ("deposit", deposits.collect()),
            ("settlement", self.settlement_rows()),
            ("payment", self.payment_rows()),
            ("odd_report", self.odd_report_rows()),
            ("series", self.series_rows()),
            ("invoice_number", self.number_rows()),
            ("journal", self.ledger.entries.iter().map(journal_row).collect()),
            ("posting", self.ledger.entries.iter().flat_map(posting_rows).collect()),
            ("balance", self.balance_rows()),
        ])
    }

    fn settlement_rows(&self) -> Vec<Value> {
        let row = |(at, it): &(_, contracts::finance::OrderSettled)| {
            json!({
                "order_id": it.order, "ordered_cents": it.ordered, "invoiced_cents": it.invoiced,
                "paid_cents": it.paid, "open_cents": it.open, "cost_cents": it.cost,
                "margin_cents": it.margin, "settled_at": at,
            })
        };
        self.settlements.values().map(row).collect()
    }

    fn payment_rows(&self) -> Vec<Value> {
        let rows = self.payments.iter().map(|((provider, payment), it)| {
            json!({
                "provider": provider, "payment_id": payment, "order_id": it.order,
                "amount_cents": it.amount, "currency": it.currency,
                "status": status_name(it.status),
            })
        });
        rows.collect()
    }

    fn odd_report_rows(&self) -> Vec<Value> {
        let rows = self.odd_reports.iter().map(|(id, it)| {
            json!({
                "id": id, "provider": it.payment.0, "payment_id": it.payment.1,
                "reason": it.oddity.name(), "report": it.report, "heard_at": it.heard_at,
            })
        });
        rows.collect()
    }

    fn series_rows(&self) -> Vec<Value> {
        let rows = self.series.iter();
        rows.map(|((name, year), it)| json!({ "series": name, "year": year, "last": it.last }))
            .collect()
    }

    fn number_rows(&self) -> Vec<Value> {
        let rows = self.numbers.iter().map(|(invoice, it)| {
            json!({
                "invoice_id": invoice, "order_id": it.order, "series": it.series, "year": it.year,
                "number": it.nth,
            })
        });
        rows.collect()
    }

    fn balance_rows(&self) -> Vec<Value> {
        let rows = self.ledger.balance.iter();
        let rows = rows.map(|((partition, currency, account), (debit, credit))| {
            json!({
                "partition": partition, "currency": currency, "account": account.code(),
                "debit_cents": debit, "credit_cents": credit,
            })
        });
        rows.collect()
    }
}

fn sale_row(order: OrderId, it: &Sale) -> Value {
    json!({
        "order_id": order, "customer_id": it.customer, "terms": terms_name(it.terms),
        "currency": it.currency, "total_cents": it.total, "freight_cents": it.freight,
        "state": state_name(it.state), "captured": it.captured, "payment_days": it.payment_days,
        "lines": line_rows(&it.lines),
    })
}

fn parcel_row(order: OrderId, shipment: ShipmentId, it: &Parcel) -> Value {
    let invoice = invoice(it);
    json!({
        "order_id": order, "shipment_id": shipment, "state": stage_name(&it.stage),
        "cost_cents": it.cost, "net_cents": it.net, "tax_cents": it.tax, "paid_cents": it.paid,
        "number": invoice.map(|it| &it.number), "issued_on": invoice.map(|it| it.issued_on),
        "due_on": invoice.map(|it| it.due_on),
    })
}

fn deposit_row(order: OrderId, (provider, payment): &PaymentKey, it: &Deposit) -> Value {
    json!({
        "order_id": order, "provider": provider, "payment_id": payment, "amount_cents": it.amount,
        "currency": it.currency, "state": deposit_state_name(it.state),
        "unapplied_cents": it.unapplied, "value_date": it.value_date, "noted_at": it.noted_at,
    })
}

fn journal_row(posted: &Posted) -> Value {
    let (occasion, entry) = (&posted.entry.occasion, &posted.entry);
    json!({
        "cause": occasion.cause, "rule": entry.rule.name(),
        "order_id": occasion.order, "currency": occasion.currency, "trace": entry.trace,
        "posted_at": occasion.at,
    })
}

fn posting_rows(posted: &Posted) -> impl Iterator<Item = Value> {
    (1..).zip(&posted.entry.lines).map(|(nth, it): (i16, _)| {
        json!({
            "nth": nth, "account": it.account.code(),
            "debit_cents": it.debit, "credit_cents": it.credit,
        })
    })
}
