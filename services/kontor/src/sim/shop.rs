//! What the simulated shop sells, and to whom: little of it, so that everyone wants the same.

use chassis::MessageId;
use chassis::simulation::{House, Unanswerable};
use contracts::allocation::{NodeKind, SaveRuleset};
use contracts::intake::{ShipTo, Submission, SubmissionLine};
use contracts::{Actor, Cents, Command, Currency, CustomerId, OrderKind, Sku, Terms, Tier, Uuid};
use jiff::civil::Date;
use serde_json::json;

use super::chance::Chance;
use crate::seed::{Customer, Item, Warehouse, commands};

pub(super) const ITEMS: [Item; 4] = [
    ("TEA", "TEA", "ware", 12_800, 5_200, 1_300, 500),
    ("CUP", "CUP", "ware", 3_333, 1_200, 1_300, 500),
    ("CRAB", "CRAB", "fresh", 26_801, 15_500, 900, 500),
    ("DESK", "DESK", "ware", 249_999, 138_000, 1_300, 500),
];

pub(super) const WAREHOUSES: [Warehouse; 3] = [
    ("WH-A", "WH-A", NodeKind::Regional, "上海", "上海", 600, 60),
    ("WH-B", "WH-B", NodeKind::Regional, "广东", "广州", 600, 40),
    ("FW-SH", "FW-SH", NodeKind::Forward, "上海", "上海", 600, 10),
];

pub(super) const CUSTOMERS: [Customer; 3] = [
    ("C-KEY", "C-KEY", Tier::Key, 50_000_000, 3_000_000, 2_950_000),
    ("C-GOLD", "C-GOLD", Tier::Gold, 8_000_000, 1_200_000, 750_000),
    ("C-SLOW", "C-SLOW", Tier::Regular, 3_000_000, 600_000, 60_000),
];

const PLACES: [[&str; 5]; 4] = [
    ["上海市", "上海", "浦东新区", "世纪大道 100 号", "200120"],
    ["江苏省", "南京", "鼓楼区", "中山北路 8 号", "210008"],
    ["广东省", "广州", "天河区", "天河路 1 号", "510620"],
    ["北京市", "北京", "海淀区", "中关村大街 27 号", "100080"],
];

/// Furnishes the shop.
pub(super) fn furnish(house: &mut House, today: Date) -> anyhow::Result<()> {
    for it in ITEMS {
        tell(house, &format!("item {}", it.0), &commands::list(it)?)?;
    }
    for it in WAREHOUSES {
        let (warehouse, .., units) = it;
        tell(house, &format!("node {warehouse}"), &commands::open(it)?)?;
        for (sku, _, _, _, cost, ..) in ITEMS {
            let receipt = commands::receive((sku, warehouse), units, cost, "opening")?;
            tell(house, &format!("stock {warehouse} {sku}"), &receipt)?;
        }
    }
    for it in CUSTOMERS {
        let id = it.0;
        tell(house, &format!("customer {id}"), &commands::register(it)?)?;
        tell(house, &format!("limit {id}"), &commands::agree(it)?)?;
        for (month, history) in commands::history(it, today)? {
            tell(house, &format!("history {id} {month}"), &history)?;
        }
    }
    Ok(())
}

/// The merchant thinks of other rules: on the market nobody waits for supply, and large warehouses serve.
pub(super) fn rule(house: &mut House) -> anyhow::Result<()> {
    let rules = json!({ "ruleset": "cn-default", "rules": [
        { "id": "market", "priority": 10, "stop": true, "unfillable": "cancel_remainder",
          "when": { "field": "order.channel", "op": "eq", "value": "market" },
          "then": [{ "action": "restrict_nodes", "type": "regional" }] },
        { "id": "complete", "priority": 20, "stop": true, "unfillable": "backorder",
          "when": { "field": "order.type", "op": "eq", "value": "bulk" },
          "then": [{ "action": "ship_policy", "value": "complete" }] },
        { "id": "rest", "priority": 30, "stop": true, "unfillable": "backorder",
          "when": { "always": true }, "then": [{ "action": "score_all" }] },
    ] });
    let by = Actor("person:merchant".to_owned());
    let save = SaveRuleset { ruleset: "cn-default".to_owned(), rules, by };
    Ok(tell(house, "rules", &save)?)
}

/// A command that is named: given again, it is the same one.
fn tell<C: Command>(house: &mut House, name: &str, command: &C) -> Result<(), Unanswerable> {
    house.tell(named(name), command, None)
}

pub(super) fn named(name: &str) -> MessageId {
    MessageId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

/// A shelf, at random.
pub(super) fn shelf(chance: &mut Chance) -> (&'static str, &'static str, i64) {
    let (sku, _, _, _, cost, ..) = chance.one_of(&ITEMS);
    let (warehouse, ..) = chance.one_of(&WAREHOUSES);
    (sku, warehouse, cost)
}

/// An order that somebody wants, its sums right.
pub(super) fn order(external_id: &str, chance: &mut Chance) -> anyhow::Result<Submission> {
    let on_account = chance.percent(50);
    let (customer, ..) = chance.one_of(&CUSTOMERS);
    // Who may order on account pays ahead now and then, and is looked at by credit all the same.
    let known = on_account || chance.percent(30);
    let customer = if known { customer.to_owned() } else { format!("guest-{external_id}") };
    let [province, city, district, street, postcode] = chance.one_of(&PLACES).map(str::to_owned);
    let (mut lines, mut net, mut tax) = (Vec::new(), Cents::ZERO, Cents::ZERO);
    let first = chance.below(ITEMS.len() as u64);
    for nth in 0..=chance.below(3) {
        let (sku, _, _, price, _, tax_rate, _) =
            ITEMS[usize::try_from((first + nth) % ITEMS.len() as u64)?];
        let most = if chance.percent(15) { 60 } else { 5 }; // More than there is, now and then.
        let quantity = 1 + i64::try_from(chance.below(most))?;
        let amount = Cents(price).times(quantity);
        net += amount;
        tax += amount.ratio(tax_rate, 10_000);
        lines.push(SubmissionLine { sku: Sku::new(sku)?, quantity, unit_price: Cents(price) });
    }
    let freight = Cents(i64::try_from(chance.below(3))? * 800);
    Ok(Submission {
        external_id: Some(external_id.parse()?),
        customer: CustomerId::new(customer)?,
        terms: if on_account { Terms::OnAccount } else { Terms::Prepaid },
        currency: Currency::CNY,
        po_number: (on_account && chance.percent(50)).then(|| format!("PO-{external_id}")),
        kind: if chance.percent(10) { OrderKind::Bulk } else { OrderKind::Standard },
        urgent: chance.percent(15),
        language: None,
        remark: String::new(),
        lines,
        tax,
        freight,
        discount: Cents::ZERO,
        total: net + tax + freight,
        ship_to: ShipTo {
            name: "王小明".to_owned(),
            phone: "138 1234 5678".to_owned(),
            email: Some("wang@example.com".to_owned()),
            country: "CN".to_owned(),
            province,
            city,
            district,
            street,
            postcode,
        },
    })
}
