//! What the gateway shows, and whom the other hearers know.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use uuid::Uuid;

use super::Found;
use crate::books::Books;

/// What is shown, and told.
pub(crate) struct Views {
    pub(crate) orders: Found<BTreeMap<Uuid, View>>,
    /// Number and units of what can be sold of each item.
    pub(crate) levels: Found<BTreeMap<String, (i64, i64)>>,
    /// The same, of inventory.
    pub(crate) own_levels: Found<BTreeMap<String, (i64, i64)>>,
    /// Orders that notification and webhook know.
    pub(crate) notified: Found<BTreeSet<Uuid>>,
    pub(crate) hooked: Found<BTreeSet<Uuid>>,
    /// Letters: id, order, kind, state.
    pub(crate) letters: Found<Vec<(Uuid, Uuid, String, String)>>,
    /// Deliveries of webhooks: id, endpoint, state.
    pub(crate) deliveries: Found<Vec<(Uuid, String, String)>>,
}

/// An order, as the gateway shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct View {
    order_id: Uuid,
    pub(crate) channel: String,
    pub(crate) external_id: String,
    pub(crate) customer: String,
    pub(crate) terms: String,
    pub(crate) currency: String,
    pub(crate) net: i64,
    pub(crate) tax: i64,
    pub(crate) freight: i64,
    pub(crate) total: i64,
    pub(crate) status: String,
    pub(crate) status_number: i64,
    /// By line: item, units, net, tax.
    pub(crate) lines: Vec<ShownLine>,
    pub(crate) summary: Summary,
}

/// A line, as it is shown.
#[derive(Debug, Deserialize)]
pub(crate) struct ShownLine {
    pub(crate) line: i32,
    pub(crate) sku: String,
    pub(crate) quantity: i64,
    pub(crate) net: i64,
    pub(crate) tax: i64,
}

/// What the services made of an order, as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Summary {
    pub(crate) credit: Option<ShownCredit>,
    pub(crate) shipments: Vec<ShownShipment>,
    pub(crate) money: ShownMoney,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ShownCredit {
    pub(crate) state: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ShownShipment {
    pub(crate) pick: i32,
    pub(crate) warehouse: String,
    pub(crate) state: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ShownMoney {
    pub(crate) invoices: Vec<ShownInvoice>,
    pub(crate) refund: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ShownInvoice {
    pub(crate) number: String,
    pub(crate) gross: i64,
}

const VIEWS: &str = "
    select order_id, channel, external_id, customer, terms, currency, net_cents as net,
           tax_cents as tax, freight_cents as freight, total_cents as total, status, status_number,
           lines, summary
      from order_head join order_state using (order_id)";
const LEVELS: &str = "select sku, number, sellable from stock_level";
const OWN_LEVELS: &str = "
    select sku, number, sum(greatest(good - reserved - allocated - protected, 0))::bigint
      from item join stock_level using (sku) where number > 0 group by sku, number";
const KNOWN: &str = "select order_id from placed_order";
const LETTERS: &str = "select letter_id, order_id, kind, state from letter";
const DELIVERIES: &str = "select delivery_id, endpoint_id, state from delivery";

pub(super) async fn read(books: &mut Books) -> anyhow::Result<Views> {
    let orders = books.records_if::<View>("gateway", VIEWS).await?;
    let levels = books.rows_if::<(String, i64, i64)>("gateway", LEVELS).await?;
    let own_levels = books.rows_if::<(String, i64, i64)>("inventory", OWN_LEVELS).await?;
    let notified = books.rows_if::<(Uuid,)>("notification", KNOWN).await?;
    let hooked = books.rows_if::<(Uuid,)>("webhook", KNOWN).await?;
    let table = |it: Vec<(String, i64, i64)>| it.into_iter().map(|it| (it.0, (it.1, it.2)));
    Ok(Views {
        orders: orders.map(|it| it.into_iter().map(|it| (it.order_id, it)).collect()),
        levels: levels.map(|it| table(it).collect()),
        own_levels: own_levels.map(|it| table(it).collect()),
        notified: notified.map(|it| it.into_iter().map(|it| it.0).collect()),
        hooked: hooked.map(|it| it.into_iter().map(|it| it.0).collect()),
        letters: books.rows_if("notification", LETTERS).await?,
        deliveries: books.rows_if("webhook", DELIVERIES).await?,
    })
}
