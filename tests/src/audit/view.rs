//! The view: what the gateway shows is what the owners have in their books.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Uuid;
use serde_json::Value;
use sqlx::types::Json;

use super::{Faults, Orders, Premises, Promise, table};

const GATEWAY: &[Promise] = &[
    (
        "an order's head and state come together",
        "select format('%s has one only', order_id)
           from order_head full join order_state using (order_id)
          where order_head.order_id is null or order_state.order_id is null",
    ),
    (
        "timelines are numbered 1, 2, 3 …, and the last is the version",
        "select format('that of %s has %s entries up to %s, at version %s',
                       order_id, entries, last, version)
           from order_state
           left join (
               select order_id, count(*) as entries, max(number) as last
                 from timeline group by order_id
           ) as told using (order_id)
          where (entries, last) is distinct from (version, version)",
    ),
];

const STATES: &str = "select order_id, status from order_state";
const SUMMARIES: &str = "select order_id, summary from order_state";
const VIEWED_LINES: &str = "select order_id, json_array_length(lines)::bigint from order_head";
const PLACED_LINES: &str = "select order_id, json_array_length(lines)::bigint from placement";
// Orders of another system have no course: what was told of them stands in the place of their lines.
const CARRIED: &str = "
    select order_id, lines -> 0 ->> 'status' from placement where lines -> 0 ->> 'stated' is not null";
const SHIPMENTS: &str = "select order_id, pick, warehouse, state from shipment";
const INVOICES: &str = "
    select order_id, number, net_cents + tax_cents from parcel where state = 'invoiced'";
const REFUNDS: &str = "
    select order_id, sum(credit_cents)::bigint from posting join journal using (entry_id)
     where account = '2241' group by order_id";
const LEVELS_SHOWN: &str = "select sku, array[number, sellable] from stock_level";
const LEVELS: &str = "
    select sku, array[number, sum(good - reserved - allocated - protected)::bigint]
      from item join stock_level using (sku) where number > 0 group by sku, number";

/// What the gateway calls the states of a shipment.
const SHOWN_AS: &[(&str, &str)] = &[
    ("requested", "open"),
    ("withdrawn", "withdrawing withdrawn"),
    ("started", "picking"),
    ("picked", "picked empty"),
    ("packed", "packed"),
    ("shipped", "shipped"),
    ("refused", "refused"),
    ("delivered", "delivered"),
    ("returned", "returned"),
];

pub(super) async fn audit(
    house: &Premises<'_>,
    orders: &Orders,
    faults: &mut Faults,
) -> anyhow::Result<()> {
    let ledgers = house.ledgers;
    faults.look(ledgers, "gateway", GATEWAY).await?;

    let states: BTreeMap<Uuid, String> = table(ledgers, "gateway", STATES).await?;
    let carried: BTreeMap<Uuid, String> = table(ledgers, "intake", CARRIED).await?;
    let all = orders.len() + carried.len();
    faults.compare("how many orders there are and are shown", all, states.len());
    for (id, status) in &carried {
        faults.compare(format!("status of {id}, carried over"), Some(status), states.get(id));
    }
    let viewed: BTreeMap<Uuid, i64> = table(ledgers, "gateway", VIEWED_LINES).await?;
    let placed: BTreeMap<Uuid, i64> = table(ledgers, "intake", PLACED_LINES).await?;
    faults.compare("lines shown and placed", viewed, placed);
    for (id, order) in orders {
        faults.compare(format!("status of {id}"), Some(&order.shown), states.get(id));
    }
    summaries(house, faults).await?;

    let shown: BTreeMap<String, Vec<i64>> = table(ledgers, "gateway", LEVELS_SHOWN).await?;
    let levels: BTreeMap<String, Vec<i64>> = table(ledgers, "inventory", LEVELS).await?;
    faults.compare("levels shown and kept", shown, levels);
    Ok(())
}

/// Pick, warehouse and state; number and gross; all by order.
type Shipments = BTreeMap<Uuid, BTreeSet<(i64, String, String)>>;
type Invoices = BTreeMap<Uuid, BTreeSet<(String, i64)>>;

async fn summaries(house: &Premises<'_>, faults: &mut Faults) -> anyhow::Result<()> {
    let ledgers = house.ledgers;
    let mut shipments = Shipments::new();
    let rows: Vec<(Uuid, i32, String, String)> = ledgers.rows("fulfilment", SHIPMENTS).await?;
    for (order, pick, warehouse, state) in rows {
        let shown = SHOWN_AS.iter().find(|it| it.1.split(' ').any(|it| it == state));
        let shown = shown.map_or_else(|| state.clone(), |it| it.0.to_owned());
        shipments.entry(order).or_default().insert((i64::from(pick), warehouse, shown));
    }
    let mut invoices = Invoices::new();
    let rows: Vec<(Uuid, String, i64)> = ledgers.rows("finance", INVOICES).await?;
    for (order, number, gross) in rows {
        invoices.entry(order).or_default().insert((number, gross));
    }
    let refunds: BTreeMap<Uuid, i64> = table(ledgers, "finance", REFUNDS).await?;

    let summaries: BTreeMap<Uuid, Json<Value>> = table(ledgers, "gateway", SUMMARIES).await?;
    for (order, Json(summary)) in summaries {
        let (text, number) = (
            |it: &Value| it.as_str().unwrap_or_default().to_owned(),
            |it: &Value| it.as_i64().unwrap_or_default(),
        );
        let list = |it: &Value| it.as_array().cloned().unwrap_or_default();
        let shown = list(&summary["shipments"]);
        let shown = shown
            .iter()
            .map(|it| (number(&it["pick"]), text(&it["warehouse"]), text(&it["state"])));
        let own = shipments.remove(&order).unwrap_or_default();
        faults.compare(format!("shipments of {order} shown and kept"), shown.collect(), own);
        let money = &summary["money"];
        let shown = list(&money["invoices"]);
        let shown = shown.iter().map(|it| (text(&it["number"]), number(&it["gross"])));
        let own = invoices.remove(&order).unwrap_or_default();
        faults.compare(format!("invoices of {order} shown and kept"), shown.collect(), own);
        let refund = refunds.get(&order).copied().unwrap_or_default();
        faults.compare(
            format!("refund of {order} shown and booked"),
            number(&money["refund"]),
            refund,
        );
    }
    for order in shipments.keys().chain(invoices.keys()) {
        faults.add(format!("{order} has shipments or invoices, and is not shown"));
    }
    Ok(())
}
