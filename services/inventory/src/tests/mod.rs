//! The language of the tests: how messages are written and read. Orders have small letters, items
//! capitals, warehouses names; `1S3` are three units of S for line 1.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at what it is about")]

mod anything;
mod audit;
mod differential;
mod handler;
mod leases;
mod partitions;
mod properties;
mod stories;
mod world;

use contracts::allocation::{Otherwise, Plan, PlanPart, SourcingPlanned};
use contracts::fulfilment::{Picked, Returned, Shipped};
use contracts::intake::{
    CancelReason, OrderCancelled, OrderCompleted, OrderExpired, OrderHeld, PromotionRequested,
};
use contracts::inventory::{Claim, CountStock, LeaseEnds, ReceiveStock, StockReported};
use contracts::{
    Actor, Cents, CustomerId, ItemUnits, OrderId, ShipmentId, Sku, Timestamp, Uuid, WarehouseId,
};

use crate::{Inbound, Outbound};

const START: Timestamp = Timestamp::UNIX_EPOCH;

/// Reads one line of a story.
fn read(line: &str) -> Inbound {
    let (head, rest) = line.split_once(':').unwrap_or((line, ""));
    match head.split_whitespace().collect::<Vec<_>>()[..] {
        ["plan", o, ref options @ ..] => plan(o, options, rest),
        ["hold", o] => OrderHeld { order: order(o), customer: customer() }.into(),
        ["promote", o] => PromotionRequested { order: order(o) }.into(),
        ["cancel", o] => cancelled(order(o)),
        ["complete", o] => OrderCompleted { order: order(o), customer: customer() }.into(),
        ["expire", o] => OrderExpired { order: order(o), customer: customer() }.into(),
        ["lapse", o, token] => {
            LeaseEnds { order: order(o), token: token.parse().unwrap(), at: START }.into()
        }
        ["pick", o, w, nth] => {
            let (picked, short) = rest.split_once("short").unwrap_or((rest, ""));
            let (order, shipment) = (order(o), shipment(o, nth));
            let (picked, short) = (units(picked), units(short));
            Picked { order, shipment, warehouse: warehouse(w), picked, short }.into()
        }
        ["ship", o, w, nth] => shipped(order(o), shipment(o, nth), warehouse(w), units(rest)),
        ["return", o, w, nth] => {
            let (order, shipment, units) = (order(o), shipment(o, nth), units(rest));
            Returned { order, customer: customer(), shipment, warehouse: warehouse(w), units }
                .into()
        }
        ["receive", s, w, quantity, document] => {
            receipt(sku(s), warehouse(w), quantity.parse().unwrap(), document)
        }
        ["count", s, w, counted, document] => {
            count(sku(s), warehouse(w), counted.parse().unwrap(), document)
        }
        ["report", s, w, what, quantity, document] => {
            let quantity: i64 = quantity.parse().unwrap();
            let body = serde_json::json!({ "quantity": quantity, "document": document });
            let (sku, warehouse, what) = (sku(s), warehouse(w), what.to_owned());
            StockReported { warehouse, sku, what, body }.into()
        }
        _ => panic!("what does {line:?} mean?"),
    }
}

/// `plan a lease attempt 2 priority 100: E 1S3 + W 2T1 | W 1S3 2T1; E W` wants what its first plan
/// brings, or what is `want`ed; after the semicolon stands who may serve the rest.
fn plan(o: &str, options: &[&str], rest: &str) -> Inbound {
    let option = |name: &str| {
        let at = options.iter().position(|it| *it == name)?;
        options.get(at + 1).copied()
    };
    let number = |name: &str, default: i64| option(name).map_or(default, |it| it.parse().unwrap());
    let (plans, eligible) = match rest.split_once('/') {
        Some((plans, eligible)) => (plans, Some(eligible)),
        None => (rest, None),
    };
    let part = |text: &str| {
        let (w, rest) = text.trim().split_once(' ').unwrap();
        PlanPart { warehouse: warehouse(w), units: units(rest) }
    };
    let plans: Vec<Plan> = plans
        .split('|')
        .filter(|it| !it.trim().is_empty())
        .map(|it| Plan { cost: 1, parts: it.split('+').map(part).collect() })
        .collect();
    let wanted = option("want").map_or_else(
        || plans[0].parts.iter().flat_map(|it| it.units.clone()).collect(),
        |it| units(&it.replace(',', " ")),
    );
    planned(Planned {
        order: order(o),
        attempt: i32::try_from(number("attempt", 1)).unwrap(),
        round: i32::try_from(number("round", 1)).unwrap(),
        wanted,
        plans,
        eligible: eligible.map(|it| it.split_whitespace().map(warehouse).collect()),
        lease: options.contains(&"lease"),
        priority: number("priority", 0),
    })
}

struct Planned {
    order: OrderId,
    attempt: i32,
    round: i32,
    wanted: Vec<ItemUnits>,
    plans: Vec<Plan>,
    /// Refuse, if nobody may serve the rest.
    eligible: Option<Vec<WarehouseId>>,
    lease: bool,
    priority: i64,
}

fn planned(it: Planned) -> Inbound {
    SourcingPlanned {
        order: it.order,
        attempt: it.attempt,
        round: it.round,
        wanted: it.wanted,
        plans: it.plans,
        otherwise: if it.eligible.is_some() { Otherwise::Backorder } else { Otherwise::Refuse },
        eligible: it.eligible.unwrap_or_default(),
        lease: it.lease,
        ship_complete: false,
        priority: it.priority,
        estimate: None,
        team: None,
        rule: "R1".to_owned(),
        ruleset: "test/1".to_owned(),
        because: String::new(),
        findings: None,
    }
    .into()
}

fn cancelled(order: OrderId) -> Inbound {
    let (because, by) = (CancelReason::Asked, Actor::house());
    OrderCancelled { order, customer: customer(), because, by, remark: String::new() }.into()
}

fn shipped(
    order: OrderId,
    shipment: ShipmentId,
    warehouse: WarehouseId,
    units: Vec<ItemUnits>,
) -> Inbound {
    let (customer, shipped_at) = (customer(), START);
    let (carrier, tracking_no) = (None, None);
    Shipped { order, customer, shipment, warehouse, units, carrier, tracking_no, shipped_at }.into()
}

fn receipt(sku: Sku, warehouse: WarehouseId, quantity: i64, document: &str) -> Inbound {
    let (unit_cost, by, document) = (Cents(100), Actor::house(), document.to_owned());
    ReceiveStock { sku, warehouse, quantity, unit_cost, document, by }.into()
}

fn count(sku: Sku, warehouse: WarehouseId, counted: i64, document: &str) -> Inbound {
    let (by, document) = (Actor::house(), document.to_owned());
    CountStock { sku, warehouse, counted, document, by }.into()
}

fn order(name: &str) -> OrderId {
    OrderId(Uuid::from_u128(name.as_bytes()[0].into()))
}

fn shipment(o: &str, nth: &str) -> ShipmentId {
    ShipmentId(Uuid::new_v5(&order(o).0, nth.as_bytes()))
}

fn customer() -> CustomerId {
    CustomerId::new("C-1").unwrap()
}

fn sku(name: &str) -> Sku {
    Sku::new(name).unwrap()
}

fn warehouse(name: &str) -> WarehouseId {
    WarehouseId::new(name).unwrap()
}

/// `1S3 2T1`
fn units(text: &str) -> Vec<ItemUnits> {
    text.split_whitespace()
        .map(|it| ItemUnits {
            line: it[..1].parse().unwrap(),
            sku: sku(&it[1..2]),
            quantity: it[2..].parse().unwrap(),
        })
        .collect()
}

/// Tells what inventory said, one line each; what it says to itself in brackets.
fn tell(said: &Outbound) -> String {
    let what = match said {
        Outbound::StockClaimed(it) => {
            let lease = it.lease_until.map(|at| format!(" until {}", minutes(at)));
            let (lease, claims) = (lease.unwrap_or_default(), claims(&it.claims));
            format!("{} claimed {claims}{lease}{}", name(it.order), waits(&it.backordered))
        }
        Outbound::ClaimRefused(it) => {
            let there = it
                .available
                .iter()
                .map(|it| format!(" {}@{} {}", it.sku, it.warehouse, it.quantity));
            format!("{} refused; there is{}", name(it.order), there.collect::<String>())
        }
        Outbound::ClaimsPromoted(it) => {
            format!("{} promoted {}", name(it.order), claims(&it.claims))
        }
        Outbound::PromotionRefused(it) => {
            format!("{} not promoted{}", name(it.order), waits(&it.lacking))
        }
        Outbound::LeaseExpired(it) => format!("{} lapsed", name(it.order)),
        Outbound::ClaimsReleased(it) => {
            format!("{} released {}", name(it.order), claims(&it.claims))
        }
        Outbound::BackorderFilled(it) => {
            format!("{} filled {}", name(it.order), claims(&it.claims))
        }
        Outbound::ClaimsWithdrawn(it) => format!("{} lost {}", name(it.order), claims(&it.claims)),
        Outbound::StockLevel(it) => {
            let each = it.warehouses.iter().map(|it| format!(" {} {}", it.warehouse, it.sellable));
            format!("{} level {}: {},{}", it.sku, it.number, it.sellable, each.collect::<String>())
        }
        Outbound::StockReceived(it) => {
            format!("{} received {}@{}", it.sku, it.quantity, it.warehouse)
        }
        Outbound::StockBooked(it) => format!(
            "booked {}@{}: good {}, reserved {}, allocated {}",
            it.sku, it.warehouse, it.good, it.reserved, it.allocated
        ),
        Outbound::StockRefused(it) => {
            let each = it.problems.iter().map(|it| format!(" {} {}", it.pointer, it.code));
            format!("{}@{} not booked:{}", it.sku, it.warehouse, each.collect::<String>())
        }
        Outbound::LeaseEnds(it) => {
            format!("({}'s lease {} ends {})", name(it.order), it.token, minutes(it.at))
        }
        Outbound::LevelsDue(_) => "(levels to tell)".to_owned(),
        Outbound::BackorderServed(it) => {
            format!("(note to {}: {})", name(it.order), claims(&it.claims))
        }
        Outbound::ClaimsTaken(it) => {
            format!("(note to {}: lost {})", name(it.order), claims(&it.claims))
        }
        Outbound::BackordersDue(it) => format!("({} to serve)", it.sku),
    };
    what + "\n"
}

fn name(order: OrderId) -> char {
    char::from(order.0.as_bytes()[15])
}

fn minutes(at: Timestamp) -> String {
    format!("{}m", at.as_second() / 60)
}

fn claims(claims: &[Claim]) -> String {
    if claims.is_empty() {
        return "nothing".to_owned();
    }
    let one = |it: &Claim| format!("{}{}{}@{}", it.line, it.sku, it.quantity, it.warehouse);
    claims.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn waits(units: &[ItemUnits]) -> String {
    if units.is_empty() {
        return String::new();
    }
    let one = |it: &ItemUnits| format!(" {}{}{}", it.line, it.sku, it.quantity);
    format!("; lacks{}", units.iter().map(one).collect::<String>())
}
