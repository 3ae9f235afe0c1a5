//! What the databases say, taken apart as far as it takes several of them to check it. What needs one
//! database only is asked of it.

mod goods;
mod log;
mod money;
mod orders;
mod said;
mod traces;
mod views;

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::books::Books;
use crate::report::{Missing, Report};

pub(crate) use goods::{Claim, Goods, Shipment};
pub(crate) use log::{Desk, Log};
pub(crate) use money::Money;
pub(crate) use orders::{Order, Orders};
pub(crate) use said::Said;
pub(crate) use traces::{Traces, trace};
pub(crate) use views::{View, Views};

/// What was found, or what it would have taken.
pub(crate) type Found<T> = Result<T, Missing>;

/// All that is looked at in memory.
pub(crate) struct Facts {
    pub(crate) orders: Found<Orders>,
    pub(crate) goods: Goods,
    pub(crate) money: Money,
    pub(crate) views: Views,
    pub(crate) said: Said,
    pub(crate) log: Log,
}

impl Facts {
    /// Reads all of it. What is wrong with the pages themselves is told on the way.
    pub(crate) async fn read(books: &mut Books, report: &mut Report) -> anyhow::Result<Self> {
        Ok(Self {
            orders: orders::read(books).await?,
            goods: goods::read(books).await?,
            money: money::read(books).await?,
            views: views::read(books).await?,
            said: said::read(books, report).await?,
            log: log::read(books).await?,
        })
    }

    /// Whether this service has set aside something about the order: then it is behind, and says so.
    pub(crate) fn is_parked(&self, service: &str, order: Uuid) -> bool {
        self.log.parked.contains(&(service.to_owned(), order.to_string()))
    }

    /// Who has set aside something about the order.
    pub(crate) fn parked(&self, order: Uuid) -> BTreeSet<&str> {
        let order = order.to_string();
        let about = self.log.parked.iter().filter(|it| it.1 == order);
        about.map(|it| it.0.as_str()).collect()
    }
}

/// What was found.
pub(crate) fn known<T>(found: &Found<T>) -> Result<&T, Missing> {
    found.as_ref().map_err(Missing::clone)
}
