//! What sourcing knows of an order.

use contracts::intake::OrderPlaced;
use contracts::{
    Cents, ChannelId, Currency, CustomerId, ItemUnits, OrderId, OrderKind, Place, Sku, Terms, Tier,
};
use serde::{Deserialize, Serialize};

/// An order as far as a decision may look at it. Nobody's name is in here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) channel: ChannelId,
    pub(crate) customer: CustomerId,
    pub(crate) tier: Tier,
    pub(crate) kind: OrderKind,
    pub(crate) urgent: bool,
    pub(crate) terms: Terms,
    pub(crate) currency: Currency,
    /// Tax and freight included.
    pub(crate) total: Cents,
    pub(crate) ship_to: Place,
    pub(crate) lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// 1, 2, 3 … within the order.
    pub(crate) number: u16,
    pub(crate) sku: Sku,
    pub(crate) category: String,
    pub(crate) quantity: i64,
    /// Grams a unit.
    pub(crate) weight_g: i64,
}

/// So many units of an item are wanted, over all lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand<'o> {
    pub(crate) sku: &'o Sku,
    pub(crate) quantity: i64,
    pub(crate) weight_g: i64,
    /// Which lines want how much of it, in their order.
    pub(crate) lines: Vec<(u16, i64)>,
}

impl From<OrderPlaced> for Order {
    fn from(placed: OrderPlaced) -> Self {
        let lines = placed.lines.into_iter().map(|it| Line {
            number: it.line,
            sku: it.sku,
            category: it.category,
            quantity: it.quantity,
            weight_g: it.weight_g,
        });
        Self {
            id: placed.order,
            channel: placed.channel,
            customer: placed.customer,
            tier: placed.tier,
            kind: placed.kind,
            urgent: placed.urgent,
            terms: placed.terms,
            currency: placed.currency,
            total: placed.total,
            ship_to: placed.ship_to,
            lines: lines.collect(),
        }
    }
}

impl Order {
    /// The items behind these lines and quantities. What is not of this order is left out, and so
    /// is what is nothing or less.
    pub(crate) fn items(&self, wanted: &[(u16, i64)]) -> Vec<ItemUnits> {
        let item = |&(line, quantity): &(u16, i64)| {
            let sku = self.lines.iter().find(|it| it.number == line)?.sku.clone();
            (quantity > 0).then_some(ItemUnits { line, sku, quantity })
        };
        wanted.iter().filter_map(item).collect()
    }

    /// What is wanted of each item: two lines of the same item draw on the same shelf.
    pub(crate) fn demands(&self, wanted: &[(u16, i64)]) -> Vec<Demand<'_>> {
        let mut demands: Vec<Demand<'_>> = Vec::with_capacity(wanted.len());
        for &(number, quantity) in wanted.iter().filter(|it| it.1 > 0) {
            let Some(line) = self.lines.iter().find(|it| it.number == number) else { continue };
            if let Some(known) = demands.iter_mut().find(|it| *it.sku == line.sku) {
                known.quantity += quantity;
                known.lines.push((number, quantity));
            } else {
                let weight_g = line.weight_g.max(0);
                let lines = vec![(number, quantity)];
                demands.push(Demand { sku: &line.sku, quantity, weight_g, lines });
            }
        }
        demands
    }

    /// The total in whole cents of CNY, if that is the order's currency.
    pub(crate) fn fen(&self) -> Option<i64> {
        (self.currency == Currency::CNY).then_some(self.total.0)
    }

    /// How soon it is to be served, all else being equal: who asks, how urgently, for how much.
    /// Waiting adds to it elsewhere.
    pub(crate) fn priority(&self) -> i64 {
        let tier = match self.tier {
            Tier::Regular => 0,
            Tier::Silver => 1,
            Tier::Gold => 2,
            Tier::Key => 3,
        };
        let amount = self.fen().map_or(0, |it| (it / 100_000).clamp(0, 200));
        1000 * tier + 400 * i64::from(self.urgent) + amount
    }
}
