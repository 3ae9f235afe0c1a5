mod anything;
mod auditing;
mod books;
mod differential;
mod properties;
mod rulesets;
mod stories;

use std::sync::Arc;

use contracts::allocation::{NodeKind, Otherwise, SetNode};
use contracts::fulfilment::Picked;
use contracts::intake::{
    CancelReason, OrderCancelled, OrderExpired, OrderPlaced, PromotionRequested, SourcingReason,
    SourcingRequested,
};
use contracts::inventory::{Available, ClaimRefused, StockLevel, WarehouseLevel};
use contracts::{
    Actor, Cents, ChannelId, Currency, CustomerId, ExternalId, ItemUnits, Language, LineUnits,
    OrderId, OrderKind, OrderLine, Place, ShipmentId, Sku, Terms, Tier, Timestamp, Uuid,
    WarehouseId,
};

use crate::ruleset::Ruleset;
use crate::sourcing::Books;
use crate::{Inbound, Outbound};

const START: Timestamp = Timestamp::UNIX_EPOCH;

/// Books with the rules that are built in, and nothing else.
fn books() -> Books {
    let ruleset = Arc::new(Ruleset::built_in());
    Books { rules_of: "cn-default".to_owned(), ruleset, ..Books::default() }
}

fn story(lines: &str) -> Vec<Inbound> {
    lines.split(';').map(read).collect()
}

/// Reads one line of a story. Orders have small letters, warehouses capitals, items are S, T, U.
fn read(line: &str) -> Inbound {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["node", name, kind, province, city, ref more @ ..] => {
            node(name, kind, province, city, more).into()
        }
        ["level", sku, number, ref figures @ ..] => StockLevel {
            sku: item(sku),
            number: number.parse().unwrap(),
            sellable: 0,
            warehouses: figures.iter().map(|it| figure(it)).collect(),
            at: START,
        }
        .into(),
        ["place", id, province, city, ref more @ ..] => place(id, province, city, more).into(),
        ["refuse", id, attempt, round, ref figures @ ..] => ClaimRefused {
            order: order(id),
            attempt: attempt.parse().unwrap(),
            round: round.parse().unwrap(),
            available: figures.iter().map(|it| available(it)).collect(),
        }
        .into(),
        ["request", id, attempt, lines, ref not_from @ ..] => SourcingRequested {
            order: order(id),
            attempt: attempt.parse().unwrap(),
            lines: lines.split(',').map(units).collect(),
            not_from: not_from.iter().map(|it| warehouse(it)).collect(),
            because: SourcingReason::ShortPick,
        }
        .into(),
        ["picked", id, at, lines] => Picked {
            order: order(id),
            shipment: ShipmentId(Uuid::nil()),
            warehouse: warehouse(at),
            picked: lines.split(',').map(picked).collect(),
            short: vec![],
        }
        .into(),
        ["firm", id] => PromotionRequested { order: order(id) }.into(),
        ["cancel", id] => OrderCancelled {
            order: order(id),
            customer: CustomerId::new("C-1").unwrap(),
            because: CancelReason::Asked,
            by: Actor::house(),
            remark: String::new(),
        }
        .into(),
        ["expire", id] => {
            let customer = CustomerId::new("C-1").unwrap();
            OrderExpired { order: order(id), customer }.into()
        }
        _ => panic!("what does {line:?} mean?"),
    }
}

fn node(name: &str, kind: &str, province: &str, city: &str, more: &[&str]) -> SetNode {
    let kind = match kind {
        "regional" => NodeKind::Regional,
        "forward" => NodeKind::Forward,
        _ => NodeKind::Plant,
    };
    let serves = more.iter().find_map(|it| it.strip_prefix("serves="));
    let rate = more.iter().find_map(|it| it.strip_prefix("rate="));
    SetNode {
        warehouse: warehouse(name),
        name: format!("Warehouse {name}"),
        kind,
        province: province.to_owned(),
        city: city.to_owned(),
        serves: serves.map(|it| it.split(',').map(str::to_owned).collect()).unwrap_or_default(),
        lines_per_hour: rate.map_or(100, |it| it.parse().unwrap()),
        active: !more.contains(&"closed"),
    }
}

/// `S*3` is a line of three S; further words say what else is special.
fn place(id: &str, province: &str, city: &str, more: &[&str]) -> OrderPlaced {
    let number = |name: &str| more.iter().find_map(|it| it.strip_prefix(name)?.parse().ok());
    let total = number("total=").unwrap_or(10_000);
    let category = if more.contains(&"fresh") { "fresh" } else { "dry" };
    let lines = more.iter().filter_map(|it| it.split_once('*')).zip(1..);
    let line = |((sku, quantity), line): ((&str, &str), u16)| OrderLine {
        line,
        sku: item(sku),
        name: sku.to_owned(),
        category: category.to_owned(),
        quantity: quantity.parse().unwrap(),
        unit_price: Cents(1),
        net: Cents(1),
        tax: Cents(0),
        unit_cost: Cents(1),
        weight_g: 1000,
    };
    let usd = more.contains(&"usd");
    OrderPlaced {
        order: order(id),
        order_no: id.to_owned(),
        channel: ChannelId::new("web").unwrap(),
        external_id: ExternalId::new(id).unwrap(),
        customer: CustomerId::new("C-1").unwrap(),
        tier: if more.contains(&"key") { Tier::Key } else { Tier::Regular },
        kind: if more.contains(&"bulk") { OrderKind::Bulk } else { OrderKind::Standard },
        urgent: more.contains(&"urgent"),
        terms: if more.contains(&"prepaid") { Terms::Prepaid } else { Terms::OnAccount },
        currency: if usd { Currency::new("USD").unwrap() } else { Currency::CNY },
        lines: lines.map(line).collect(),
        net: Cents(total),
        tax: Cents(0),
        freight: Cents(0),
        total: Cents(total),
        ship_to: Place {
            country: "CN".to_owned(),
            province: province.to_owned(),
            city: city.to_owned(),
            district: String::new(),
            postcode: String::new(),
        },
        language: Language::Chinese,
        has_email: true,
        remark: String::new(),
        placed_at: START,
        entered_by: Actor::house(),
    }
}

/// Tells what allocation said, one line each.
fn tell(said: &Outbound) -> String {
    match said {
        Outbound::SourcingPlanned(it) => {
            let (id, rule) = (letter(it.order), &it.rule);
            let mut line = format!("{id} {}/{} {rule}:", it.attempt, it.round);
            for plan in &it.plans {
                let parts = plan.parts.iter();
                let parts = parts.map(|it| format!("{}[{}]", it.warehouse, list(&it.units)));
                let (cost, parts) = (plan.cost.to_string(), parts.collect::<Vec<_>>().join(" "));
                line.extend([" ", &cost, " ", &parts, ","]);
            }
            let eligible: Vec<&str> = it.eligible.iter().map(WarehouseId::as_str).collect();
            match it.otherwise {
                Otherwise::Refuse => line += " else refuse",
                Otherwise::Backorder => line.extend([" else wait for ", &eligible.join(" ")]),
            }
            if it.lease {
                line += ", leased";
            }
            if it.ship_complete {
                line += ", complete";
            }
            if let Some(team) = &it.team {
                line.extend([", ", team]);
            }
            if it.priority != 0 {
                line.extend([", priority ", &it.priority.to_string()]);
            }
            line + "\n"
        }
        Outbound::SourcingFailed(it) => {
            let lines: Vec<String> =
                it.lines.iter().map(|it| format!("{}*{}", it.line, it.quantity)).collect();
            let (id, lines) = (letter(it.order), lines.join(","));
            format!("{id} {} {}: no source for {lines}\n", it.attempt, it.rule)
        }
        Outbound::RulesetSaved(it) => format!("{}/{} saved\n", it.ruleset, it.version),
        Outbound::RulesetRefused(it) => {
            let problem = |it: &contracts::intake::Problem| {
                format!("  {} {} {:?}: {}\n", it.pointer, it.code, it.found, it.expected)
            };
            let problems: String = it.problems.iter().map(problem).collect();
            format!("{} refused\n{problems}", it.ruleset)
        }
    }
}

fn told(books: &mut Books, lines: &str) -> Vec<Outbound> {
    story(lines).into_iter().flat_map(|it| books.decide(START, it)).collect()
}

fn list(units: &[ItemUnits]) -> String {
    units.iter().map(|it| format!("{}*{}", it.line, it.quantity)).collect::<Vec<_>>().join(",")
}

fn units(text: &str) -> LineUnits {
    let (line, quantity) = text.split_once('*').unwrap();
    LineUnits { line: line.parse().unwrap(), quantity: quantity.parse().unwrap() }
}

fn picked(line: &str) -> ItemUnits {
    ItemUnits { line: line.parse().unwrap(), sku: item("S"), quantity: 1 }
}

/// `A=5`.
fn figure(text: &str) -> WarehouseLevel {
    let (at, sellable) = text.split_once('=').unwrap();
    WarehouseLevel { warehouse: warehouse(at), sellable: sellable.parse().unwrap() }
}

/// `SA=5`: five S in A.
fn available(text: &str) -> Available {
    let (sku, rest) = text.split_at(1);
    let WarehouseLevel { warehouse, sellable } = figure(rest);
    Available { sku: item(sku), warehouse, quantity: sellable }
}

fn item(name: &str) -> Sku {
    Sku::new(name).unwrap()
}

fn warehouse(name: &str) -> WarehouseId {
    WarehouseId::new(format!("WH-{name}")).unwrap()
}

fn order(name: &str) -> OrderId {
    OrderId(Uuid::from_u128(name.as_bytes()[0].into()))
}

fn letter(order: OrderId) -> char {
    char::from(order.0.as_bytes()[15])
}
