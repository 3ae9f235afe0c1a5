//! Where the books are kept between batches. Own rows first, without a lock; then the latches of all
//! items, in the order of their names; then what they guard, which nobody else can change by then.

pub(crate) mod changed;
mod load;
mod save;
mod view;
pub(crate) mod wanted;

use contracts::OrderId;
use uuid::Uuid;

pub(crate) use load::load;
pub(crate) use save::save;
pub(crate) use view::{moves_of, stock_of};

use crate::books::Shelf;

#[cfg(test)]
pub(crate) fn statements() -> Vec<&'static str> {
    [load::STATEMENTS, save::STATEMENTS, view::STATEMENTS].concat()
}

/// Shelves as two columns.
fn columns<'a>(shelves: impl IntoIterator<Item = &'a Shelf>) -> (Vec<&'a str>, Vec<&'a str>) {
    shelves.into_iter().map(|it| (it.sku.as_str(), it.warehouse.as_str())).unzip()
}

fn ids(orders: impl IntoIterator<Item = OrderId>) -> Vec<Uuid> {
    orders.into_iter().map(Uuid::from).collect()
}
