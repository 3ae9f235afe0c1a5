//! What the simulated shop sells, and to whom: little of it, so that everyone wants the same.

use chassis::MessageId;
use chassis::simulation::{House, Unanswerable};
use contracts::allocation::{NodeKind, SetNode};
use contracts::credit::{RecordHistory, SetCreditLimit};
use contracts::intake::{ListItem, RegisterCustomer, ShipTo, Submission, SubmissionLine};
use contracts::inventory::ReceiveStock;
use contracts::{
    Actor, Cents, Command, Currency, CustomerId, Language, OrderKind, Sku, Terms, Tier, Uuid,
    WarehouseId,
};
use jiff::ToSpan;
use jiff::civil::Date;

use super::chance::Chance;

/// Item, price in fen, cost, tax in 1/10,000.
pub(super) const ITEMS: [(&str, i64, i64, i64); 4] = [
    ("TEA", 12_800, 5_200, 1_300),
    ("CUP", 3_333, 1_200, 1_300),
    ("CRAB", 26_801, 15_500, 900),
    ("DESK", 249_999, 138_000, 1_300),
];

const WAREHOUSES: [(&str, NodeKind, &str, &str, i64); 3] = [
    ("WH-A", NodeKind::Regional, "上海", "上海", 60),
    ("WH-B", NodeKind::Regional, "广东", "广州", 40),
    ("FW-SH", NodeKind::Forward, "上海", "上海", 10),
];

/// Customer, tier, limit, due in the last three months, paid of it.
pub(super) const CUSTOMERS: [(&str, Tier, i64, i64, i64); 3] = [
    ("C-KEY", Tier::Key, 50_000_000, 3_000_000, 2_950_000),
    ("C-GOLD", Tier::Gold, 8_000_000, 1_200_000, 750_000),
    ("C-SLOW", Tier::Regular, 3_000_000, 600_000, 60_000),
];

const PLACES: [[&str; 5]; 4] = [
    ["上海市", "上海", "浦东新区", "世纪大道 100 号", "200120"],
    ["江苏省", "南京", "鼓楼区", "中山北路 8 号", "210008"],
    ["广东省", "广州", "天河区", "天河路 1 号", "510620"],
    ["北京市", "北京", "海淀区", "中关村大街 27 号", "100080"],
];

/// Furnishes the shop.
pub(super) fn furnish(house: &mut House, today: Date) -> anyhow::Result<()> {
    for (sku, price, cost, tax_rate) in ITEMS {
        let item = ListItem {
            sku: Sku::new(sku)?,
            name: sku.to_owned(),
            category: if sku == "CRAB" { "fresh" } else { "ware" }.to_owned(),
            unit_price: Cents(price),
            currency: Currency::CNY,
            unit_cost: Cents(cost),
            tax_rate,
            weight_g: 500,
            pack: 1,
            max_quantity: 10_000,
            active: true,
        };
        tell(house, &format!("item {sku}"), &item)?;
    }
    for (name, kind, province, city, units) in WAREHOUSES {
        let warehouse = WarehouseId::new(name)?;
        let node = SetNode {
            warehouse: warehouse.clone(),
            name: name.to_owned(),
            kind,
            province: province.to_owned(),
            city: city.to_owned(),
            serves: vec![],
            lines_per_hour: 600,
            active: true,
        };
        tell(house, &format!("node {name}"), &node)?;
        for (sku, _, cost, _) in ITEMS {
            let receipt = receipt(sku, name, units, cost, "opening")?;
            tell(house, &format!("stock {name} {sku}"), &receipt)?;
        }
    }
    for it in CUSTOMERS {
        customer(house, it, today)?;
    }
    Ok(())
}

fn customer(
    house: &mut House,
    (id, tier, limit, due, paid): (&str, Tier, i64, i64, i64),
    today: Date,
) -> anyhow::Result<()> {
    let customer = CustomerId::new(id)?;
    let registered = RegisterCustomer {
        customer: customer.clone(),
        name: id.to_owned(),
        tier,
        on_account: true,
        language: Language::Chinese,
    };
    tell(house, &format!("customer {id}"), &registered)?;
    let agreed = SetCreditLimit {
        customer: customer.clone(),
        limit: Cents(limit),
        currency: Currency::CNY,
        until: None,
        payment_days: 30,
        by: Actor("sim".to_owned()),
    };
    tell(house, &format!("limit {id}"), &agreed)?;
    let mut left = paid;
    for month in (1..=3).rev() {
        let paid = left.min(due / 3);
        left -= paid;
        let history = RecordHistory {
            customer: customer.clone(),
            document: format!("opening-{month}"),
            due: today.checked_sub((month * 25).days())?,
            amount: Cents(due / 3),
            paid: Cents(paid),
        };
        tell(house, &format!("history {id} {month}"), &history)?;
    }
    Ok(())
}

/// Goods that come in.
pub(super) fn receipt(
    sku: &str,
    warehouse: &str,
    quantity: i64,
    unit_cost: i64,
    document: &str,
) -> anyhow::Result<ReceiveStock> {
    Ok(ReceiveStock {
        sku: Sku::new(sku)?,
        warehouse: WarehouseId::new(warehouse)?,
        quantity,
        unit_cost: Cents(unit_cost),
        document: document.to_owned(),
        by: Actor("sim".to_owned()),
    })
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
    let (sku, _, cost, _) = chance.one_of(&ITEMS);
    let (warehouse, ..) = chance.one_of(&WAREHOUSES);
    (sku, warehouse, cost)
}

/// An order that somebody wants, its sums right.
pub(super) fn order(external_id: &str, chance: &mut Chance) -> anyhow::Result<Submission> {
    let on_account = chance.percent(50);
    let (customer, ..) = chance.one_of(&CUSTOMERS);
    let customer = if on_account { customer.to_owned() } else { format!("guest-{external_id}") };
    let [province, city, district, street, postcode] = chance.one_of(&PLACES).map(str::to_owned);
    let (mut lines, mut net, mut tax) = (Vec::new(), Cents::ZERO, Cents::ZERO);
    let first = chance.below(ITEMS.len() as u64);
    for nth in 0..=chance.below(3) {
        let (sku, price, _, tax_rate) = ITEMS[usize::try_from((first + nth) % ITEMS.len() as u64)?];
        let most = if chance.percent(10) { 30 } else { 5 };
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
        kind: OrderKind::Standard,
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
