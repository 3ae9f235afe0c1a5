//! What has to be said so that a shop has its goods, its warehouses and its customers, whoever says it.

use contracts::allocation::SetNode;
use contracts::credit::{RecordHistory, SetCreditLimit};
use contracts::intake::{ListItem, RegisterCustomer};
use contracts::inventory::ReceiveStock;
use contracts::{Actor, Cents, Currency, CustomerId, Language, Sku, WarehouseId};
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Customer, Item, Warehouse};

pub(crate) fn list(it: Item) -> anyhow::Result<ListItem> {
    let (sku, name, category, price, cost, tax_rate, weight_g) = it;
    Ok(ListItem {
        sku: Sku::new(sku)?,
        name: name.to_owned(),
        category: category.to_owned(),
        unit_price: Cents(price),
        currency: Currency::CNY,
        unit_cost: Cents(cost),
        tax_rate,
        weight_g,
        pack: 1,
        max_quantity: 10_000,
        active: true,
    })
}

pub(crate) fn open(it: Warehouse) -> anyhow::Result<SetNode> {
    let (warehouse, name, kind, province, city, lines_per_hour, _) = it;
    Ok(SetNode {
        warehouse: WarehouseId::new(warehouse)?,
        name: name.to_owned(),
        kind,
        province: province.to_owned(),
        city: city.to_owned(),
        serves: vec![],
        lines_per_hour,
        active: true,
    })
}

pub(crate) fn register(it: Customer) -> anyhow::Result<RegisterCustomer> {
    let (id, name, tier, ..) = it;
    Ok(RegisterCustomer {
        customer: CustomerId::new(id)?,
        name: name.to_owned(),
        tier,
        on_account: true,
        language: Language::Chinese,
    })
}

pub(crate) fn agree(it: Customer) -> anyhow::Result<SetCreditLimit> {
    let (id, _, _, limit, ..) = it;
    Ok(SetCreditLimit {
        customer: CustomerId::new(id)?,
        limit: Cents(limit),
        currency: Currency::CNY,
        until: None,
        payment_days: 30,
        by: Actor("seed".to_owned()),
    })
}

/// What was due in each of the last three months, by month. What is paid pays the oldest first: only
/// who pays little owes anything for long.
pub(crate) fn history(it: Customer, today: Date) -> anyhow::Result<Vec<(i32, RecordHistory)>> {
    let (id, _, _, _, due, mut left) = it;
    let mut all = Vec::new();
    for month in (1..=3).rev() {
        let paid = left.min(due / 3);
        left -= paid;
        let history = RecordHistory {
            customer: CustomerId::new(id)?,
            document: format!("opening-{month}"),
            due: today.checked_sub((month * 25).days())?,
            amount: Cents(due / 3),
            paid: Cents(paid),
        };
        all.push((month, history));
    }
    Ok(all)
}

pub(crate) fn receive(
    (sku, warehouse): (&str, &str),
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
        by: Actor("seed".to_owned()),
    })
}
