//! What is sold, and to whom: what a submission is held against.

use std::collections::BTreeMap;

use contracts::intake::{ListItem, RegisterCustomer, Submission};
use contracts::{Cents, Currency, CustomerId, Language, OrderLine, Sku, Terms, Tier};

use crate::document::{Problems, wrong};
use crate::plain;
use crate::submission::{Draft, DraftLine, MOST_CENTS, MOST_UNITS};

/// An item as it was listed last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) unit_price: Cents,
    pub(crate) currency: Currency,
    pub(crate) unit_cost: Cents,
    pub(crate) tax_rate: i64,
    pub(crate) weight_g: i64,
    pub(crate) pack: i64,
    pub(crate) max_quantity: i64,
    pub(crate) active: bool,
}

/// A customer as they were registered last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) tier: Tier,
    pub(crate) on_account: bool,
    pub(crate) language: Language,
}

/// As much of the catalogue as a batch touches, and what of it the batch changes.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) items: BTreeMap<Sku, Item>,
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    pub(crate) listed: BTreeMap<Sku, Item>,
    pub(crate) registered: BTreeMap<CustomerId, Customer>,
}

impl Item {
    /// The item as it is listed. One that cannot be sold as it stands is not active: it has a
    /// negative figure, a pack of nothing, or costs more by the line than the books can hold of many.
    fn listed(it: &ListItem) -> Self {
        let figures = [it.unit_price.0, it.unit_cost.0, it.tax_rate, it.weight_g, it.max_quantity];
        let most = i128::from(it.max_quantity.clamp(0, MOST_UNITS)) * i128::from(it.unit_cost.0);
        let bookable = most <= i128::from(MOST_CENTS);
        let sellable = figures.into_iter().all(|it| it >= 0) && it.pack >= 1 && bookable;
        Self {
            name: plain(&it.name, 200),
            category: plain(&it.category, 200),
            unit_price: Cents(it.unit_price.0.max(0)),
            currency: it.currency,
            unit_cost: Cents(it.unit_cost.0.max(0)),
            tax_rate: it.tax_rate.max(0),
            weight_g: it.weight_g.max(0),
            pack: it.pack.max(1),
            max_quantity: it.max_quantity.max(0),
            active: it.active && sellable,
        }
    }
}

impl Catalogue {
    /// Later orders follow it.
    pub(crate) fn list(&mut self, it: &ListItem) {
        let item = Item::listed(it);
        self.items.insert(it.sku.clone(), item.clone());
        self.listed.insert(it.sku.clone(), item);
    }

    pub(crate) fn register(&mut self, it: RegisterCustomer) {
        let RegisterCustomer { customer, name, tier, on_account, language } = it;
        let known = Customer { name: plain(&name, 200), tier, on_account, language };
        self.customers.insert(customer.clone(), known.clone());
        self.registered.insert(customer, known);
    }

    /// Notes all that cannot be sold so, or not to this customer.
    pub(crate) fn check(&self, draft: &Draft, problems: &mut Problems) {
        for (at, line) in draft.lines.iter().enumerate() {
            self.check_line(line, draft.currency, &format!("/lines/{at}"), problems);
        }
        let may = draft.customer.as_ref().and_then(|it| self.customers.get(it));
        if draft.terms == Some(Terms::OnAccount) && !may.is_some_and(|it| it.on_account) {
            let expected = "prepaid: only a registered customer that may orders on account";
            problems.add(wrong("terms.on_account", expected), "/terms", "on_account");
        }
    }

    fn check_line(
        &self,
        line: &DraftLine,
        currency: Option<Currency>,
        pointer: &str,
        problems: &mut Problems,
    ) {
        let Some(sku) = &line.sku else { return };
        let Some(item) = self.items.get(sku).filter(|it| it.active) else {
            let code = if self.items.contains_key(sku) { "sku.inactive" } else { "sku.unknown" };
            let expected = "an active item of the catalogue";
            return problems.add(wrong(code, expected), &format!("{pointer}/sku"), sku.as_str());
        };
        if let Some(quantity) = line.quantity {
            let mut note = |code, expected| {
                let pointer = format!("{pointer}/quantity");
                problems.add(wrong(code, expected), &pointer, &quantity.to_string());
            };
            if quantity > item.max_quantity {
                note("quantity.max", format!("no more than {}", item.max_quantity));
            }
            if quantity % item.pack != 0 {
                note("quantity.pack", format!("a multiple of {}", item.pack));
            }
        }
        let pointer = format!("{pointer}/unit_price");
        let list = item.currency.format(item.unit_price);
        let expected = format!("the list price, {} ({} {list})", item.unit_price, item.currency);
        if currency.is_some_and(|it| it != item.currency) {
            let found = currency.map(|it| it.to_string()).unwrap_or_default();
            problems.add(wrong("price.currency", expected), &pointer, &found);
        } else if let Some(price) = line.unit_price.filter(|it| *it != item.unit_price) {
            problems.add(wrong("price.list", expected), &pointer, &price.to_string());
        }
    }

    /// The lines of an order, with their shares of its discount and tax, to the last minor unit.
    /// None, if one is of an item that is not listed.
    pub(crate) fn price(&self, order: &Submission) -> Option<Vec<OrderLine>> {
        let amounts: Vec<i64> =
            order.lines.iter().map(|it| it.unit_price.times(it.quantity).0).collect();
        let discounts = order.discount.split(&amounts);
        let nets: Vec<Cents> =
            amounts.iter().zip(discounts).map(|(amount, off)| Cents(*amount) - off).collect();
        let taxes = order.tax.split(&nets.iter().map(|it| it.0).collect::<Vec<_>>());
        let lines = (1_u16..).zip(&order.lines).zip(nets.into_iter().zip(taxes));
        let priced = lines.map(|((line, it), (net, tax))| {
            let item = self.items.get(&it.sku)?;
            Some(OrderLine {
                line,
                sku: it.sku.clone(),
                name: item.name.clone(),
                category: item.category.clone(),
                quantity: it.quantity,
                unit_price: it.unit_price,
                net,
                tax,
                unit_cost: item.unit_cost,
                weight_g: item.weight_g,
            })
        });
        priced.collect()
    }
}
