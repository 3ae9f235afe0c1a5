//! Backorders: units that wait for supply, and who is served first. Whoever books the supply writes
//! the claims, in whatever partition; the order's own worker tells of them.

use std::collections::BTreeMap;

use chassis::plant::{Bug, planted};
use contracts::allocation::SourcingPlanned;
use contracts::inventory::{BackorderFilled, BackorderServed, ClaimsTaken, ClaimsWithdrawn};
use contracts::{ItemUnits, OrderId, Sku, inventory};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Outbound;
use crate::books::{Backorder, Books, Cause, Document, Kind, Shelf};
use crate::claim::{said, take};

impl Books {
    /// Has the order wait for these units.
    pub(crate) fn wait(
        &mut self,
        it: &SourcingPlanned,
        lacking: BTreeMap<(u16, Sku), i64>,
        rank: i64,
        lease_until: Option<Timestamp>,
    ) -> Vec<ItemUnits> {
        let mut waiting = Vec::new();
        for ((line, sku), quantity) in lacking {
            let item = self.items.entry(sku.clone()).or_default();
            item.backordered += quantity;
            item.changed = true;
            let row = item.backorders.entry(it.order).or_default().entry(line).or_default();
            // Who waits already keeps the place.
            row.rank = if row.quantity > 0 { row.rank.min(rank) } else { rank };
            row.quantity += quantity;
            row.eligible.clone_from(&it.eligible);
            (row.lease_until, row.changed) = (lease_until, true);
            waiting.push(ItemUnits { line, sku, quantity });
        }
        if !waiting.is_empty() {
            self.wake(it.order); // What waited already may come from elsewhere now.
        }
        waiting
    }

    /// The order waits for nothing any more. Returns what it waited for.
    pub(crate) fn wait_no_more(&mut self, order: OrderId) -> Vec<ItemUnits> {
        let mut waited = Vec::new();
        let Some(demand) = self.demands.get(&order) else { return waited };
        for sku in &demand.skus {
            let Some(item) = self.items.get_mut(sku) else { continue };
            for (line, row) in item.backorders.entry(order).or_default() {
                let quantity = std::mem::take(&mut row.quantity);
                if quantity > 0 {
                    item.backordered -= quantity;
                    (row.changed, item.changed) = (true, true);
                    waited.push(ItemUnits { line: *line, sku: sku.clone(), quantity });
                }
            }
        }
        waited
    }

    /// All rows of an order that wait.
    pub(crate) fn backorders_of(&mut self, order: OrderId) -> impl Iterator<Item = &mut Backorder> {
        let skus = self.demands.get(&order).map(|it| &it.skus);
        let items =
            self.items.iter_mut().filter(move |(sku, _)| skus.is_some_and(|it| it.contains(sku)));
        let rows = items.filter_map(move |(_, item)| item.backorders.get_mut(&order));
        rows.flat_map(BTreeMap::values_mut).filter(|it| it.quantity > 0)
    }

    /// The order may be served again. If there is something for it, the item's worker is to look.
    pub(crate) fn wake(&mut self, order: OrderId) {
        let Some(demand) = self.demands.get(&order) else { return };
        for sku in &demand.skus {
            let Some(item) = self.items.get(sku) else { continue };
            let rows = item.backorders.get(&order).into_iter().flat_map(BTreeMap::values);
            let warehouses = rows.filter(|it| it.quantity > 0).flat_map(|it| &it.eligible);
            let mut levels = warehouses.filter_map(|it| item.levels.get(it));
            if levels.any(|it| it.sellable() > 0) {
                self.freed.insert(sku.clone());
            }
        }
    }

    /// Stock of an item became free: whoever waits for it is served, shelf by shelf.
    pub(crate) fn serve_freed(&mut self, sku: &Sku) -> Vec<Outbound> {
        let Some(item) = self.items.get(sku) else { return vec![] };
        let free = item.levels.iter().filter(|(_, level)| level.sellable() > 0);
        let shelves: Vec<Shelf> = free.map(|(warehouse, _)| Shelf::of(sku, warehouse)).collect();
        let said = shelves.iter().flat_map(|it| self.serve(it, None)).collect();
        self.go_on(sku);
        said
    }

    /// Who is left cannot be served now, unless there are others who were not loaded.
    pub(crate) fn go_on(&mut self, sku: &Sku) {
        if self.items.get(sku).is_some_and(|it| it.more) {
            self.freed.insert(sku.clone());
        } else {
            self.freed.remove(sku);
        }
    }

    /// Gives what is free on a shelf to those who wait, in their order, and leaves each a note.
    pub(crate) fn serve(&mut self, place: &Shelf, document: Option<&str>) -> Vec<Outbound> {
        let now = self.now;
        let Some(item) = self.items.get(&place.sku) else { return vec![] };
        if planted(Bug::BackorderForgotten) {
            return vec![];
        }
        let mut waiting: Vec<(i64, OrderId, u16)> = Vec::new();
        for (order, rows) in &item.backorders {
            let ready = rows.iter().filter(|(_, it)| {
                let lent = it.lease_until.is_none_or(|it| it > now);
                it.quantity > 0 && lent && it.eligible.contains(&place.warehouse)
            });
            waiting.extend(ready.map(|(line, it)| (it.rank, *order, *line)));
        }
        waiting.sort_unstable();
        let mut notes = Notes::default();
        for (_, order, line) in waiting {
            let Some(units) = self.fill(place, order, line, document) else { break };
            notes.add(order, said(place, line, units));
        }
        notes.write(|order, claims| BackorderServed { order, claims, at: now }.into())
    }

    /// Claims for a line that waits what it needs, or what there is; `None` if there is nothing.
    fn fill(
        &mut self,
        place: &Shelf,
        order: OrderId,
        line: u16,
        document: Option<&str>,
    ) -> Option<i64> {
        let free = self.sellable(place);
        let item = self.items.get_mut(&place.sku)?;
        let position = item.levels.get(&place.warehouse)?.position;
        let row = item.backorders.get_mut(&order)?.get_mut(&line)?;
        let units = free.min(row.quantity);
        if units == 0 {
            return None;
        }
        row.quantity -= units;
        item.backordered -= units;
        (row.changed, item.changed) = (true, true);
        let (soft, rank) = (row.lease_until.is_some(), row.rank);
        let claim = self.claim(order, place, line, rank);
        claim.add(units, soft);
        claim.fresh += units;
        let kind = if soft { Kind::Hold } else { Kind::Allocate };
        let occasion = format!("serve {line} {} {} {position}", place.sku, place.warehouse);
        let id = Uuid::new_v5(&order.0, occasion.as_bytes());
        let document = document.map(ToOwned::to_owned);
        let cause = Cause { id, document, ..Cause::order(order, "serve") };
        self.post(place, kind, kind.delta(units), cause);
        Some(units)
    }

    /// Takes claims from a shelf until no more than this is claimed, the least urgent first, and
    /// leaves each order a note.
    pub(crate) fn withdraw(&mut self, document: &Document, most: i64) -> Vec<Outbound> {
        let (now, place) = (self.now, &document.place);
        let Some(item) = self.items.get(&place.sku) else { return vec![] };
        let Some(level) = item.levels.get(&place.warehouse) else { return vec![] };
        let mut beyond = level.reserved + level.allocated - most;
        if beyond <= 0 {
            return vec![];
        }
        let mut claims: Vec<(i64, OrderId, u16)> = Vec::new();
        for (order, lines) in &item.claims {
            let here = lines.iter().filter(|((_, at), it)| *at == place.warehouse && it.open() > 0);
            claims.extend(here.map(|((line, _), it)| (it.rank, *order, *line)));
        }
        claims.sort_unstable();
        let mut notes = Notes::default();
        for (rank, order, line) in claims.into_iter().rev() {
            let claim = self.claim(order, place, line, rank);
            let (firm, soft) = take(claim, beyond);
            claim.taken += firm + soft;
            let occasion = format!("{} {} line {line}", document.kind, document.name);
            let id = Uuid::new_v5(&order.0, occasion.as_bytes());
            for (kind, units, rule) in
                [(Kind::HoldRelease, soft, "withdraw soft"), (Kind::Deallocate, firm, "withdraw")]
            {
                if units > 0 {
                    let document = Some(document.name.clone());
                    let cause = Cause { id, document, ..Cause::order(order, rule) };
                    self.post(place, kind, kind.delta(units), cause);
                }
            }
            notes.add(order, said(place, line, firm + soft));
            beyond -= firm + soft;
            if beyond == 0 {
                break;
            }
        }
        notes.write(|order, claims| ClaimsTaken { order, claims, at: now }.into())
    }

    /// Tells what other workers gave to the order and took from it, if it was not told.
    pub(crate) fn tell(&mut self, order: OrderId) -> Vec<Outbound> {
        let mut told: Vec<Outbound> = Vec::new();
        let claims = self.lift(order, |it| std::mem::take(&mut it.fresh));
        if !claims.is_empty() {
            told.push(BackorderFilled { order, claims }.into());
        }
        let claims = self.lift(order, |it| std::mem::take(&mut it.taken));
        if !claims.is_empty() {
            told.push(ClaimsWithdrawn { order, claims }.into());
        }
        told
    }
}

/// Claims by order, the orders as they come.
#[derive(Default)]
struct Notes {
    orders: Vec<OrderId>,
    claims: BTreeMap<OrderId, Vec<inventory::Claim>>,
}

impl Notes {
    fn add(&mut self, order: OrderId, claim: inventory::Claim) {
        let claims = self.claims.entry(order).or_default();
        if claims.is_empty() {
            self.orders.push(order);
        }
        claims.push(claim);
    }

    fn write(mut self, note: impl Fn(OrderId, Vec<inventory::Claim>) -> Outbound) -> Vec<Outbound> {
        let claims = |it: &OrderId| self.claims.remove(it).unwrap_or_default();
        let claims: Vec<_> = self.orders.iter().map(claims).collect();
        self.orders.into_iter().zip(claims).map(|(order, claims)| note(order, claims)).collect()
    }
}
