//! V10: what a warehouse did has one effect, wherever it is heard: on the shelf, in the order, and
//! with the warehouse itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::books::{Books, Promise};
use crate::facts::{Facts, Shipment, known};
use crate::report::{Missing, Report};
use crate::witnesses::Witnesses;

const BUCKETS: [&str; 6] = ["released", "picked", "packed", "shipped", "refused", "delivered"];

/// How far a shipment is after each report, and how far by its state.
const STEPS: [(&str, i32); 10] = [
    ("started", 1),
    ("picked", 2),
    ("short", 2),
    ("packed", 3),
    ("shipped", 4),
    ("refused", 5),
    ("delivered", 5),
    ("returned", 6),
    ("picking", 1),
    ("empty", 2),
];

const PROMISES: &[Promise] = &[Promise {
    about: ("V10", "numbers", "picks of an order are 1, 2, 3 …, as many as are counted"),
    service: "fulfilment",
    looked: "select count(*) from shipment",
    wrong: "
        with counted as (
            select order_id, count(*) as many, max(pick) as last from shipment group by order_id)
        select format('%s: %s picks up to %s, and %s are counted', order_id, coalesce(many, 0),
                      coalesce(last, 0), coalesce(picks, 0))
          from dispatch full join counted using (order_id)
         where coalesce(many, 0) <> coalesce(picks, 0) or coalesce(last, 0) <> coalesce(picks, 0)",
}];

pub(super) async fn check(
    books: &mut Books,
    facts: &Facts,
    seen: &Witnesses,
    report: &mut Report,
) -> anyhow::Result<()> {
    books.look(report, PROMISES).await?;
    shelves(facts, report);
    report.check(("V10", "orders", "units of an order are where its shipments are"), |it| {
        let shipments = known(&facts.goods.shipments)?;
        for (id, order) in &known(&facts.orders)?.all {
            if facts.is_parked("intake", *id) || facts.is_parked("fulfilment", *id) {
                continue;
            }
            let mut units: BTreeMap<(i32, &str), i64> = BTreeMap::new();
            for shipment in shipments.get(id).into_iter().flatten() {
                let Some(bucket) = shipment.bucket() else { continue };
                for (line, quantity) in &shipment.units {
                    *units.entry((*line, bucket)).or_default() += quantity;
                }
            }
            for line in &order.lines {
                for bucket in BUCKETS {
                    let sent = units.get(&(line.number, bucket)).copied().unwrap_or_default();
                    let has = order.units(line.number, &[bucket]);
                    let what = format!("{bucket} of line {} of {id}: sent, and had", line.number);
                    it.same(what, sent, has);
                }
            }
        }
        Ok(())
    });
    requests(facts, seen, report);
    reports(books, facts, seen, report).await
}

/// What left a shelf is what was sent from it.
fn shelves(facts: &Facts, report: &mut Report) {
    report.check(
        ("V10", "shelves", "what left a shelf, or came back, is what was sent from it"),
        |it| {
            let orders = known(&facts.orders)?;
            let corrected = known(&facts.goods.corrected)?;
            let mut moved: BTreeMap<(Uuid, &str, &str, &str), i64> = BTreeMap::new();
            for it in known(&facts.goods.parcelled)?.iter().filter(|it| it.kind != "SHORT_PICK") {
                let units = if it.kind == "SHIP" { -it.good } else { it.quarantine };
                let name =
                    (it.shipment, it.kind.as_str(), it.sku.as_str(), it.warehouse_id.as_str());
                *moved.entry(name).or_default() += units;
            }
            let mut sent: BTreeMap<(Uuid, &str, &str, &str), i64> = BTreeMap::new();
            for shipment in known(&facts.goods.shipments)?.values().flatten() {
                let Some(order) = orders.all.get(&shipment.order) else { continue };
                let mut kinds = vec![];
                if shipment.has_left() {
                    kinds.push("SHIP");
                }
                if shipment.state == "returned" {
                    kinds.push("RETURN_IN");
                }
                for (line, units) in &shipment.units {
                    let Some(line) = order.lines.iter().find(|it| it.number == *line) else {
                        continue;
                    };
                    for kind in &kinds {
                        let name =
                            (shipment.id, *kind, line.sku.as_str(), shipment.warehouse.as_str());
                        *sent.entry(name).or_default() += units;
                    }
                }
            }
            let names: BTreeSet<_> = moved.keys().chain(sent.keys()).copied().collect();
            for name in names {
                let (moved, sent) = (moved.get(&name).copied(), sent.get(&name).copied());
                let (moved, sent) = (moved.unwrap_or_default(), sent.unwrap_or_default());
                let (shipment, kind, sku, warehouse) = name;
                // A count took what the warehouse had all the same: the books had no more to give.
                let counted = corrected.iter().any(|it| it.0 == sku && it.1 == warehouse);
                let explained = counted && moved < sent;
                it.holds(moved == sent || explained, || {
                    format!(
                        "{kind} of {sku} in {warehouse} by {shipment}: moved {moved}, sent {sent}"
                    )
                });
            }
            Ok(())
        },
    );
}

/// What warehouses were told.
fn requests(facts: &Facts, seen: &Witnesses, report: &mut Report) {
    report.check(("V10", "told", "a warehouse is told of each pick, under one id"), |it| {
        let mut told: HashMap<(Uuid, &str), BTreeSet<&str>> = HashMap::new();
        let mut warehouses: HashMap<Uuid, &str> = HashMap::new();
        for pick in known(&seen.picks)? {
            if let (Some(id), Some(what)) = (&pick.id, &pick.what) {
                // Without an id it was told by hand, for its stream was lost.
                if !id.is_empty() {
                    told.entry((pick.shipment, what)).or_default().insert(id);
                }
                warehouses.insert(pick.shipment, &pick.warehouse);
            }
        }
        for ((shipment, what), ids) in &told {
            it.holds(ids.len() == 1, || {
                format!("{shipment} was {what} under several ids: {ids:?}")
            });
        }
        for shipment in known(&facts.goods.shipments)?.values().flatten() {
            let Shipment { id, order, pick, warehouse, state, .. } = shipment;
            let to = warehouses.remove(id);
            it.holds(to == Some(warehouse), || {
                format!("pick {pick} of {order}, {state}, is {warehouse}'s; told of it was {to:?}")
            });
        }
        for (shipment, warehouse) in warehouses {
            it.wrong(format!("{warehouse} was told to pick {shipment}, which is nowhere"));
        }
        Ok(())
    });
}

/// What warehouses reported.
async fn reports(
    books: &mut Books,
    facts: &Facts,
    seen: &Witnesses,
    report: &mut Report,
) -> anyhow::Result<()> {
    const REFUSED: &str = "select about, pick, what from refused_report where reason <> 'repeated'";
    let refused = books.rows_if::<(String, i32, String)>("fulfilment", REFUSED).await?;
    report.check(
        ("V10", "reported", "what was reported is known, and nothing that was not"),
        |it| {
            let refused: BTreeSet<(String, i32, String)> = refused?.into_iter().collect();
            let shipments = known(&facts.goods.shipments)?;
            let picks: HashMap<Uuid, i32> =
                shipments.values().flatten().map(|it| (it.id, it.pick)).collect();
            let step = |name: &str| STEPS.iter().find(|it| it.0 == name).map_or(0, |it| it.1);
            let mut furthest: HashMap<Uuid, (i32, i32)> = HashMap::new();
            for pick in known(&seen.picks)? {
                let Some(what) = &pick.report else { continue };
                let (known, tried) = furthest.entry(pick.shipment).or_default();
                *tried = step(what).max(*tried);
                // Said several times it may have been refused once, and have counted once.
                let nth = picks.get(&pick.shipment).copied().unwrap_or_default();
                let about = (pick.order.to_string(), nth, what.clone());
                if pick.acked && !refused.contains(&about) {
                    *known = step(what).max(*known);
                }
            }
            for shipment in shipments.values().flatten() {
                let Shipment { id, order, pick, state, .. } = shipment;
                if facts.is_parked("fulfilment", *order) {
                    continue;
                }
                let (known, tried) = furthest.get(id).copied().unwrap_or_default();
                let is = step(state);
                let forgot =
                    seen.streams_were_lost() && ["empty", "withdrawn"].contains(&state.as_str());
                it.holds(known <= is || forgot, || {
                    format!(
                        "pick {pick} of {order} is {state}, and was reported further (step {known})"
                    )
                });
                // That a parcel arrived, or was refused, its carrier may have told.
                let allowed = if tried == 4 { 5 } else { tried };
                it.holds(is <= allowed, || {
                    format!(
                        "pick {pick} of {order} is {state}, and nobody reported that (step {tried})"
                    )
                });
            }
            Ok::<(), Missing>(())
        },
    );
    Ok(())
}
