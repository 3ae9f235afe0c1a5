//! Reading what a batch touches.

use std::collections::BTreeSet;
use std::sync::Arc;

use contracts::{OrderId, Sku, Timestamp};

use super::{Saved, Tables};
use crate::node::Node;
use crate::ruleset::Ruleset;
use crate::sourcing::{Books, Case};
use crate::store::{Needs, case};

pub(super) fn load(tables: &Tables, mut needs: Needs, now: Timestamp, rules_of: &str) -> Books {
    let mut books = Books { rules_of: rules_of.to_owned(), ..Books::default() };
    if needs.network {
        books.ruleset = in_force(tables, rules_of, now);
        books.nodes = nodes(tables);
    }
    for name in needs.rulesets {
        if let Some((version, _)) = tables.rulesets.get(&name).and_then(|it| it.last_key_value()) {
            books.versions.insert(name, *version);
        }
    }
    for order in needs.known.into_iter().map(OrderId) {
        if let Some(it) = tables.sourcings.get(&order) {
            books.orders.insert(order, it.clone());
        }
    }
    for order in needs.again.into_iter().map(OrderId) {
        let Some(sourcing) = books.orders.get_mut(&order) else { continue };
        sourcing.case = first(tables, order, sourcing.attempt);
        let lines = sourcing.case.iter().flat_map(|it| &it.order.lines);
        needs.skus.extend(lines.map(|it| it.sku.clone()));
    }
    levels(tables, &needs.skus, &mut books);
    books
}

/// The highest version whose time it is.
fn in_force(tables: &Tables, name: &str, now: Timestamp) -> Arc<Ruleset> {
    let versions = tables.rulesets.get(name).into_iter().flat_map(|it| it.values().rev());
    let mut effective = versions.filter(|it: &&Saved| it.effective.contains(now));
    effective.next().map_or_else(|| tables.built_in.clone(), |it| it.means.clone())
}

/// The latest version of each warehouse, with its backlog.
fn nodes(tables: &Tables) -> Vec<Node> {
    let latest = tables.nodes.iter().filter_map(|(name, it)| Some((name, it.last_key_value()?.1)));
    latest.map(|(name, it)| it.but_with(tables.backlog(name))).collect()
}

/// The first round of an attempt tells what the attempt is about.
#[expect(clippy::panic, reason = "a record that cannot be read is a fault that was found")]
fn first(tables: &Tables, order: OrderId, attempt: i32) -> Option<Case> {
    let record = &tables.decisions.get(&order)?.get(&(attempt, 1))?.record;
    match case(record) {
        Ok(it) => Some(it),
        Err(why) => panic!("the record of {order} {attempt}/1 cannot be read: {why}"),
    }
}

fn levels(tables: &Tables, skus: &BTreeSet<Sku>, books: &mut Books) {
    for sku in skus {
        if let Some(it) = tables.levels.get(sku) {
            books.levels.insert(sku.clone(), it.clone());
        }
    }
}
