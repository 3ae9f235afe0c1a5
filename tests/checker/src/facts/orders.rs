//! Orders, as intake has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::Found;
use crate::books::Books;

/// All orders, by their ids.
#[derive(Debug)]
pub(crate) struct Orders {
    pub(crate) all: BTreeMap<Uuid, Order>,
    /// What was placed under which channel and external id. Orders of another system, too.
    pub(crate) names: BTreeMap<(String, String), Vec<Uuid>>,
    /// The status of each order that another system kept.
    pub(crate) carried: BTreeMap<Uuid, String>,
    /// Lines of orders that were placed, and have no row that says how they stand.
    pub(crate) without_course: Vec<Uuid>,
    /// How many statuses were told under names that were refused.
    pub(crate) refused: BTreeMap<(String, String), i64>,
}

/// An order.
#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    #[serde(rename = "order_id")]
    id: Uuid,
    /// The stored state.
    pub(crate) process: String,
    /// The status that was told last, and how many were.
    pub(crate) shown: String,
    pub(crate) number: i64,
    pub(crate) channel: String,
    pub(crate) external_id: String,
    pub(crate) customer: String,
    pub(crate) terms: String,
    pub(crate) currency: String,
    pub(crate) total: i64,
    course: Course,
    #[serde(skip)]
    pub(crate) lines: Vec<Line>,
}

/// How an order stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Course {
    /// Units by bucket, line by line.
    pub(crate) lines: Vec<BTreeMap<String, i64>>,
    /// Sourcing was asked for and has not answered.
    pub(crate) sourcing: bool,
    /// Inventory was asked to make claims firm and has not answered.
    pub(crate) promoting: bool,
    pub(crate) shipments: Vec<Sent>,
}

/// A shipment, as far as intake has heard of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) id: Uuid,
    #[serde(default)]
    pub(crate) invoiced: bool,
}

/// A line, as it was priced when it was placed. Amounts are in minor units.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Line {
    #[serde(rename = "line")]
    pub(crate) number: i32,
    pub(crate) sku: String,
    pub(crate) quantity: i64,
    pub(crate) net: i64,
    pub(crate) tax: i64,
    pub(crate) unit_cost: i64,
}

const ORDERS: &str = "
    select order_id, process, shown, number, channel, external_id, customer, terms, currency,
           total_cents as total, course
      from sales_order";
/// What another system told of an order stands in the place of its lines.
const PLACED: &str = "
    select order_id, channel, external_id, lines, lines -> 0 ->> 'status'
      from placement";
const REFUSED: &str = "select channel, external_id, told from refusal where told > 0";

type Placed = (Uuid, String, String, Json<serde_json::Value>, Option<String>);

pub(super) async fn read(books: &mut Books) -> anyhow::Result<Found<Orders>> {
    let rows = match books.records_if::<Order>("intake", ORDERS).await? {
        Ok(rows) => rows,
        Err(missing) => return Ok(Err(missing)),
    };
    let mut orders = Orders {
        all: rows.into_iter().map(|it| (it.id, it)).collect(),
        names: BTreeMap::new(),
        carried: BTreeMap::new(),
        without_course: vec![],
        refused: BTreeMap::new(),
    };
    for (id, channel, external_id, Json(lines), status) in
        books.rows::<Placed>("intake", PLACED).await?
    {
        orders.names.entry((channel, external_id)).or_default().push(id);
        if let Some(status) = status {
            orders.carried.insert(id, status);
        } else if let Some(order) = orders.all.get_mut(&id) {
            order.lines = serde_json::from_value(lines)?;
        } else {
            orders.without_course.push(id);
        }
    }
    let refused: Vec<(String, String, i64)> = books.rows("intake", REFUSED).await?;
    orders.refused = refused.into_iter().map(|it| ((it.0, it.1), it.2)).collect();
    Ok(Ok(orders))
}

impl Order {
    pub(crate) fn course(&self) -> &Course {
        &self.course
    }

    /// Whether nothing will happen to it any more.
    pub(crate) fn is_over(&self) -> bool {
        crate::machine::is_end(&self.process)
    }

    /// Units of a line that are in any of these buckets; the first line is 1.
    pub(crate) fn units(&self, line: i32, buckets: &[&str]) -> i64 {
        let at = usize::try_from(line).unwrap_or_default().wrapping_sub(1);
        let line = self.course.lines.get(at);
        buckets.iter().filter_map(|it| line?.get(*it)).sum()
    }

    /// Units over all lines.
    pub(crate) fn all_units(&self, buckets: &[&str]) -> i64 {
        let lines = self.course.lines.iter();
        lines.flat_map(|line| buckets.iter().filter_map(|it| line.get(*it))).sum()
    }

    /// What the customer pays for the way: what the lines leave of the total.
    pub(crate) fn freight(&self) -> i64 {
        self.total - self.lines.iter().map(|it| it.net + it.tax).sum::<i64>()
    }

    /// Net and tax of what the customer has got by now: of each line the share of so many units, and
    /// the freight with the first of them.
    pub(crate) fn delivered(&self) -> (i64, i64) {
        let (mut net, mut tax, mut any) = (0, 0, 0);
        for it in &self.lines {
            let units = self.units(it.number, &["delivered", "returning", "returned"]);
            net += share(it.net, it.quantity, units);
            tax += share(it.tax, it.quantity, units);
            any += units;
        }
        (if any > 0 { net + self.freight() } else { net }, tax)
    }

    /// What units of an item cost us, each.
    pub(crate) fn cost_of(&self, line: i32) -> i64 {
        self.lines.iter().find(|it| it.number == line).map_or(0, |it| it.unit_cost)
    }
}

/// What the first units of a line have of its amount: each the same, and the odd cents go to the
/// first ones.
fn share(amount: i64, quantity: i64, units: i64) -> i64 {
    if quantity <= 0 {
        return 0;
    }
    amount.div_euclid(quantity) * units + amount.rem_euclid(quantity).min(units)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_add_up() {
        assert_eq!([0, 1, 2, 3].map(|it| share(1_000, 3, it)), [0, 334, 667, 1_000]);
        assert_eq!(share(1_000, 0, 1), 0);
    }
}
