//! What is sold, and to whom.

use contracts::intake::{ListItem, RegisterCustomer};
use contracts::{Cents, Currency, CustomerId, Language, Sku, Tier};

use crate::Inbound;

/// Mugs, boxes by the dozen, an item that is not sold any more, one in dollars, and a customer who
/// orders on account.
pub(super) fn catalogue() -> Vec<Inbound> {
    let item = |sku: &str, unit_price, pack, active, code: &str| ListItem {
        sku: Sku::new(sku).unwrap(),
        name: sku.to_lowercase(),
        category: "kitchen".to_owned(),
        unit_price: Cents(unit_price),
        currency: Currency::new(code).unwrap(),
        unit_cost: Cents(unit_price / 2),
        tax_rate: 1300,
        weight_g: 300,
        pack,
        max_quantity: 1200,
        active,
    };
    let customer = RegisterCustomer {
        customer: CustomerId::new("ACME").unwrap(),
        name: "Acme".to_owned(),
        tier: Tier::Gold,
        on_account: true,
        language: Language::English,
    };
    vec![
        item("MUG", 2500, 1, true, "CNY").into(),
        item("BOX", 100, 12, true, "CNY").into(),
        item("OLD", 100, 1, false, "CNY").into(),
        item("USD", 100, 1, true, "USD").into(),
        customer.into(),
    ]
}
