//! What the outside was told: statuses without gaps, one after the other as the published state
//! machine has it; levels without gaps, none below zero; one instruction a pick.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Uuid;
use contracts::fulfilment::{PickRequested, PickWithdrawn};
use contracts::intake::OrderStatus;
use contracts::inventory::StockLevel;

use super::{Faults, Orders, Premises, table};
use crate::ledgers::stream;

/// Where the state machine is published: a table in intake's own words.
const PUBLISHED: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../services/intake/README.md"));

const REFUSED: &str = "select channel, external_id, told from refusal";
const SHOWN: &str = "select order_id, array[status, status_number::text] from order_state";
const PICKS: &str = "select order_id, pick from shipment";

pub(super) async fn audit(
    house: &Premises<'_>,
    orders: &Orders,
    faults: &mut Faults,
) -> anyhow::Result<()> {
    statuses(house, orders, faults).await?;
    levels(house, faults).await?;
    picks(house, faults).await
}

/// Channel and external id.
type Name = (String, String);

/// What an order may show after what.
fn machine() -> BTreeSet<(String, String)> {
    let table = PUBLISHED.split("| after | may come |").nth(1).unwrap_or_default().replace('`', "");
    let rows = table.lines().skip(2).map_while(|it| it.strip_prefix("| ")?.strip_suffix(" |"));
    let steps = rows.filter_map(|it| it.split_once(" | ")).flat_map(|(before, after)| {
        let before = before.split(' ').next().unwrap_or_default();
        after.split(", ").map(move |it| (before.to_owned(), it.trim().to_owned()))
    });
    steps.collect()
}

async fn statuses(
    house: &Premises<'_>,
    orders: &Orders,
    faults: &mut Faults,
) -> anyhow::Result<()> {
    let machine = machine();
    // How many were told under a name, and the last of them that was about an order: a name that is
    // taken may be refused to another submission, which moves no order.
    let mut told: BTreeMap<Name, (i64, Option<OrderStatus>)> = BTreeMap::new();
    for (subject, status) in stream::<OrderStatus>(house, "ORDERS_STATUS").await? {
        let name = (status.channel.to_string(), status.external_id.to_string());
        let expected = format!("orders.status.{}.{}.{}", name.0, name.1, status.status);
        faults.compare("subject of a status", &*subject, &*expected);
        let (count, last) = told.entry(name.clone()).or_default();
        *count += 1;
        faults.compare(format!("number of {name:?} at {}", status.status), status.number, *count);
        let before = last.as_ref().map_or("nothing", |it| it.status.name());
        let shown = status.status.name();
        if status.order.is_none() {
            faults.compare(format!("{name:?} without an order"), shown, "rejected");
            continue;
        }
        if !machine.contains(&(before.to_owned(), shown.to_owned())) {
            faults.add(format!("{name:?} showed {shown} after {before}"));
        }
        *last = Some(status);
    }
    let shown: BTreeMap<Uuid, Vec<String>> = table(house.ledgers, "gateway", SHOWN).await?;
    let mut own: BTreeMap<Name, i64> = BTreeMap::new();
    for (id, order) in orders {
        let name = (order.channel.clone(), order.external_id.clone());
        let last = told.get(&name).and_then(|it| it.1.as_ref());
        let status = last.map(|it| it.status.name());
        faults.compare(
            format!("last status told of {name:?}, and kept"),
            status,
            Some(&*order.shown),
        );
        let last = last.map(|it| vec![it.status.to_string(), it.number.to_string()]);
        faults.compare(format!("status of {id} told, and shown"), last.as_ref(), shown.get(id));
        own.insert(name, order.number);
    }
    let refused: Vec<(String, String, i64)> = house.ledgers.rows("intake", REFUSED).await?;
    for (channel, external_id, count) in refused.into_iter().filter(|it| it.2 > 0) {
        own.entry((channel, external_id)).or_insert(count); // From then on, the order counts.
    }
    let told = told.into_iter().map(|(name, (count, _))| (name, count)).collect();
    faults.compare("how many statuses were told, and kept", told, own);
    Ok(())
}

async fn levels(house: &Premises<'_>, faults: &mut Faults) -> anyhow::Result<()> {
    let mut numbers: BTreeMap<String, i64> = BTreeMap::new();
    for (_, level) in stream::<StockLevel>(house, "STOCK_LEVEL").await? {
        let last = numbers.entry(level.sku.to_string()).or_default();
        // Levels of an item come from several partitions, and may overtake one another.
        *last += 1;
        let lowest = level.warehouses.iter().map(|it| it.sellable).chain([level.sellable]).min();
        if lowest.is_some_and(|it| it < 0) {
            faults.add(format!("level {} of {} was below zero", level.number, level.sku));
        }
        let sum: i64 = level.warehouses.iter().map(|it| it.sellable).sum();
        faults.compare(format!("level {} of {}", level.number, level.sku), level.sellable, sum);
    }
    let kept: Vec<(String, i64)> =
        house.ledgers.rows("inventory", "select sku, number from item where number > 0").await?;
    faults.compare("how many levels were told, and kept", numbers, kept.into_iter().collect());
    Ok(())
}

async fn picks(house: &Premises<'_>, faults: &mut Faults) -> anyhow::Result<()> {
    let mut told: BTreeSet<(Uuid, i32)> = BTreeSet::new();
    for (subject, body) in stream::<serde_json::Value>(house, "PICKS").await? {
        if subject.ends_with(".cancelled") {
            let it: PickWithdrawn = serde_json::from_value(body)?;
            if !told.contains(&(it.order.0, it.pick)) {
                faults.add(format!("pick {} of {} was taken back first", it.pick, it.order));
            }
            continue;
        }
        let it: PickRequested = serde_json::from_value(body)?;
        let expected = format!("warehouse.{}.pick.{}.requested", it.warehouse, it.order);
        faults.compare("subject of a pick", &*subject, &*expected);
        if !told.insert((it.order.0, it.pick)) {
            faults.add(format!("pick {} of {} was told twice", it.pick, it.order));
        }
    }
    let kept: Vec<(Uuid, i32)> = house.ledgers.rows("fulfilment", PICKS).await?;
    faults.compare("picks told, and kept", told, kept.into_iter().collect());
    Ok(())
}
