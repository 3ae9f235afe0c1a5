//! Money, as finance and credit have it. Amounts are in minor units.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::Found;
use crate::books::Books;

/// Money, as finance and credit have it.
pub(crate) struct Money {
    pub(crate) sales: Found<BTreeMap<Uuid, Sale>>,
    pub(crate) parcels: Found<Vec<Parcel>>,
    /// How often each rule posted for a cause: order, rule, cause.
    pub(crate) posted: Found<BTreeMap<(Uuid, String, Uuid), i64>>,
    /// How many receipts of goods were posted.
    pub(crate) receipts: Found<i64>,
    /// Debits less credits, by order and account.
    pub(crate) accounts: Found<BTreeMap<(Uuid, String), i64>>,
    /// Debits less credits, by currency and account.
    pub(crate) balances: Found<BTreeMap<(String, String), i64>>,
    pub(crate) commitments: Found<BTreeMap<Uuid, Commitment>>,
    /// Credit's entries that a delivery, an invoice or a payment brought about: order, kind, cause.
    pub(crate) entries: Found<Vec<(Uuid, String, Uuid)>>,
}

/// What finance has of an order.
#[derive(Debug, Deserialize)]
pub(crate) struct Sale {
    order_id: Uuid,
    pub(crate) state: String,
    pub(crate) captured: bool,
    pub(crate) total: i64,
    pub(crate) currency: String,
}

/// What left for an order in one shipment, and its invoice.
#[derive(Debug, Deserialize)]
pub(crate) struct Parcel {
    pub(crate) order_id: Uuid,
    pub(crate) shipment_id: Uuid,
    pub(crate) state: String,
    pub(crate) cost: i64,
    /// Of what is billed.
    pub(crate) net: i64,
    pub(crate) tax: i64,
    pub(crate) paid: i64,
    pub(crate) number: Option<String>,
}

/// What credit has of an order, by stage.
#[derive(Debug, Deserialize)]
pub(crate) struct Commitment {
    order_id: Uuid,
    pub(crate) state: String,
    pub(crate) amount: i64,
    pub(crate) pending: i64,
    pub(crate) authorised: i64,
    pub(crate) delivered: i64,
    pub(crate) billed: i64,
}

const SALES: &str = "select order_id, state, captured, total_cents as total, currency from sale";
const PARCELS: &str = "
    select order_id, shipment_id, state, cost_cents as cost, net_cents as net, tax_cents as tax,
           paid_cents as paid, number
      from parcel";
const POSTED: &str = "
    select order_id, rule, cause, count(*) from journal
     where order_id is not null group by order_id, rule, cause";
const RECEIPTS: &str = "select count(*) from journal where rule = 'E18'";
const ACCOUNTS: &str = "
    select order_id, account, sum(debit_cents - credit_cents)::bigint
      from posting join journal using (entry_id)
     where order_id is not null group by order_id, account";
const BALANCES: &str = "
    select currency, account, sum(debit_cents - credit_cents)::bigint
      from posting join journal using (entry_id) group by currency, account";
const COMMITMENTS: &str = "
    select order_id, state, amount_cents as amount, pending_cents as pending,
           authorised_cents as authorised, delivered_cents as delivered, billed_cents as billed
      from commitment";
const ENTRIES: &str = "
    select order_id, kind, cause from entry
     where kind in ('CONVERT_DELIVERED', 'CONVERT_BILLED', 'SETTLE')";

pub(super) async fn read(books: &mut Books) -> anyhow::Result<Money> {
    let sales = books.records_if::<Sale>("finance", SALES).await?;
    let posted = books.rows_if::<(Uuid, String, Uuid, i64)>("finance", POSTED).await?;
    let receipts = books.rows_if::<(i64,)>("finance", RECEIPTS).await?;
    let accounts = books.rows_if::<(Uuid, String, i64)>("finance", ACCOUNTS).await?;
    let balances = books.rows_if::<(String, String, i64)>("finance", BALANCES).await?;
    let commitments = books.records_if::<Commitment>("credit", COMMITMENTS).await?;
    Ok(Money {
        sales: sales.map(|it| it.into_iter().map(|it| (it.order_id, it)).collect()),
        parcels: books.records_if("finance", PARCELS).await?,
        posted: posted.map(|it| it.into_iter().map(|it| ((it.0, it.1, it.2), it.3)).collect()),
        receipts: receipts.map(|it| it.iter().map(|it| it.0).sum()),
        accounts: accounts.map(|it| it.into_iter().map(|it| ((it.0, it.1), it.2)).collect()),
        balances: balances.map(|it| it.into_iter().map(|it| ((it.0, it.1), it.2)).collect()),
        commitments: commitments.map(|it| it.into_iter().map(|it| (it.order_id, it)).collect()),
        entries: books.rows_if("credit", ENTRIES).await?,
    })
}

impl Parcel {
    pub(crate) fn gross(&self) -> i64 {
        self.net + self.tax
    }

    /// What is owed for it by invoice.
    pub(crate) fn open(&self) -> i64 {
        if self.state == "invoiced" { self.gross() - self.paid } else { 0 }
    }

    /// What its invoice is called, which follows from the shipment.
    pub(crate) fn invoice(&self) -> Uuid {
        Uuid::new_v5(&self.shipment_id, b"invoice")
    }
}
