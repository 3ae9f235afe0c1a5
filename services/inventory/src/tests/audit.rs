//! What must hold after every decision, whatever was decided. The auditor keeps books of its own,
//! from the ledger and from what is said, and compares.

use std::collections::{BTreeMap, BTreeSet};

use contracts::inventory::Claim;
use contracts::{OrderId, Timestamp, Uuid};

use crate::books::{Books, Delta, Kind, Move, Shelf, Standing};
use crate::{Inbound, Outbound};

/// A line of an order on a shelf.
type Place = (OrderId, u16, Shelf);

#[derive(Default)]
pub(super) struct Audit {
    /// The sums of the ledger, and the number of its last row.
    ledger: BTreeMap<Shelf, (i64, Delta)>,
    causes: BTreeSet<(Uuid, String, Shelf)>,
    /// What the ledger says that each order keeps: reserved, allocated.
    kept: BTreeMap<(OrderId, Shelf), (i64, i64)>,
    /// The last lease of each order.
    tokens: BTreeMap<OrderId, i64>,
    leases: BTreeMap<OrderId, Timestamp>,
    /// What everyone was told that the orders keep.
    told: BTreeMap<Place, i64>,
    /// What they kept before a parcel was decided about.
    before: BTreeMap<Place, i64>,
    turn: u32,
    /// How often each kind of move was seen.
    pub(super) seen: BTreeMap<Kind, u32>,
}

impl Audit {
    /// Looks at the books before something is decided.
    pub(super) fn prepare(&mut self, books: &Books, message: &Inbound) {
        self.before.clear();
        if matches!(message, Inbound::Shipped(_) | Inbound::Picked(_)) {
            self.before = units(books);
        }
    }

    /// What is wrong, if something is. Takes the new rows off the ledger.
    pub(super) fn check(
        &mut self,
        books: &mut Books,
        said: &[Outbound],
        timers: &[(Timestamp, Inbound)],
    ) -> Result<(), String> {
        for it in std::mem::take(&mut books.moves) {
            self.replay(&it, books)?;
        }
        self.counters(books)?;
        self.listen(books, said)?;
        for (order, demand) in &books.demands {
            match demand.lease_until {
                Some(until) => self.leases.insert(*order, until),
                None => self.leases.remove(order),
            };
        }
        self.turn += 1;
        if self.turn.is_multiple_of(4) { self.check_all(books, timers) } else { Ok(()) }
    }

    /// The same, for what takes longer to look at.
    pub(super) fn check_all(
        &self,
        books: &Books,
        timers: &[(Timestamp, Inbound)],
    ) -> Result<(), String> {
        self.claims(books, timers)?;
        self.heard(books)?;
        nobody_is_forgotten(books, timers)
    }

    fn replay(&mut self, it: &Move, books: &Books) -> Result<(), String> {
        let told = || format!("{it:?}");
        *self.seen.entry(it.kind).or_default() += 1;
        let cause = (it.cause.id, it.cause.rule.to_string(), it.place.clone());
        ensure(self.causes.insert(cause), "I8: posted twice", told)?;
        let (number, sum) = self.ledger.entry(it.place.clone()).or_default();
        *number += 1;
        ensure(it.number == *number, "I10: a gap", told)?;
        sum.good += it.delta.good;
        sum.quarantine += it.delta.quarantine;
        sum.damaged += it.delta.damaged;
        sum.reserved += it.delta.reserved;
        sum.allocated += it.delta.allocated;
        let all = [sum.good, sum.quarantine, sum.damaged, sum.reserved, sum.allocated];
        ensure(all.iter().all(|it| *it >= 0), "I1: below zero", told)?;
        ensure(sum.reserved + sum.allocated <= sum.good, "I2: oversold", told)?;
        let physical = it.delta.good + it.delta.quarantine + it.delta.damaged;
        ensure(physical == 0 || may_change_what_is_there(it.kind), "I7: from nowhere", told)?;
        if let Some(order) = it.cause.order {
            let kept = self.kept.entry((order, it.place.clone())).or_default();
            kept.0 += it.delta.reserved;
            kept.1 += it.delta.allocated;
            ensure(kept.0 >= 0 && kept.1 >= 0, "I9: given back twice", told)?;
            let lease = match it.kind {
                Kind::Hold => books.demands.get(&order).and_then(|it| it.lease_until),
                Kind::Promote => self.leases.get(&order).copied(),
                _ => return Ok(()),
            };
            ensure(lease.is_some_and(|until| until > it.at), "I11: a lease that is over", told)?;
        }
        Ok(())
    }

    /// The counters are the sums of the ledger, and nothing is oversold.
    fn counters(&self, books: &Books) -> Result<(), String> {
        for (sku, item) in &books.items {
            for (warehouse, level) in &item.levels {
                let place = Shelf::of(sku, warehouse);
                let (number, sum) = self.ledger.get(&place).copied().unwrap_or_default();
                let counted = Delta {
                    good: level.good,
                    quarantine: level.quarantine,
                    damaged: level.damaged,
                    reserved: level.reserved,
                    allocated: level.allocated,
                };
                let told = || format!("{place:?} {level:?}");
                ensure(counted == sum && level.position == number, "I3: not the sum", told)?;
                ensure(level.reserved + level.allocated <= level.good, "I2: oversold", told)?;
            }
            let rows = item.backorders.values().flat_map(BTreeMap::values);
            let waiting: i64 = rows.map(|it| it.quantity).sum();
            ensure(waiting == item.backordered, "backorders do not add up", || sku.to_string())?;
        }
        Ok(())
    }

    /// The claims are what is reserved and allocated, order by order, and each has a live owner.
    fn claims(&self, books: &Books, timers: &[(Timestamp, Inbound)]) -> Result<(), String> {
        let mut claimed = BTreeMap::<(OrderId, Shelf), (i64, i64)>::new();
        let mut shelves = BTreeMap::<Shelf, (i64, i64)>::new();
        for (order, (_, shelf), claim) in open(books) {
            for sum in [
                claimed.entry((order, shelf.clone())).or_default(),
                shelves.entry(shelf.clone()).or_default(),
            ] {
                sum.0 += claim.soft;
                sum.1 += claim.firm;
            }
            let told = || format!("{order} {shelf:?} {claim:?}");
            let demand = books.demands.get(&order);
            let live = demand.is_some_and(|it| it.standing != Standing::Ended);
            ensure(live || claim.is_empty(), "I5: a leak", told)?;
            let (fresh, taken) = (claim.fresh > 0, claim.taken > 0);
            let noted = |it: &Inbound| match it {
                Inbound::BackorderServed(it) => fresh && it.order == order,
                Inbound::ClaimsTaken(it) => taken && it.order == order,
                _ => false,
            };
            let noted = timers.iter().any(|(_, it)| noted(it));
            ensure(noted || !(fresh || taken), "nobody will tell of it", told)?;
            let ends = |it: &Inbound| match it {
                Inbound::LeaseEnds(it) => {
                    it.order == order && demand.is_some_and(|demand| demand.token == it.token)
                }
                _ => false,
            };
            let ends = timers.iter().any(|(_, it)| ends(it));
            let lent = demand.is_some_and(|it| it.lease_until.is_some());
            ensure(claim.soft == 0 || (lent && ends), "I11: a lease without an end", told)?;
        }
        for (sku, item) in &books.items {
            for (warehouse, level) in &item.levels {
                let place = Shelf::of(sku, warehouse);
                let sum = shelves.get(&place).copied().unwrap_or_default();
                let told = || format!("{place:?} {level:?} {sum:?}");
                ensure((level.reserved, level.allocated) == sum, "I4: not the claims", told)?;
            }
        }
        claimed.retain(|_, it| *it != (0, 0));
        let kept = self.kept.iter().filter(|(_, it)| **it != (0, 0));
        ensure(kept.eq(claimed.iter()), "I4: not the orders' own", || format!("{claimed:?}"))
    }

    /// Takes down what is said, and what parcels used up.
    fn listen(&mut self, books: &Books, said: &[Outbound]) -> Result<(), String> {
        for it in said {
            match it {
                Outbound::StockClaimed(it) => self.tell(it.order, &it.claims, 1),
                Outbound::BackorderFilled(it) => self.tell(it.order, &it.claims, 1),
                Outbound::ClaimsWithdrawn(it) => self.tell(it.order, &it.claims, -1),
                Outbound::LeaseExpired(it) => self.forget(it.order),
                Outbound::PromotionRefused(it) => self.forget(it.order),
                Outbound::ClaimsReleased(it) => self.forget(it.order),
                Outbound::ClaimsPromoted(it) => {
                    self.forget(it.order);
                    self.tell(it.order, &it.claims, 1);
                }
                Outbound::LeaseEnds(it) => {
                    let before = self.tokens.insert(it.order, it.token);
                    let grew = before.is_none_or(|before| before < it.token);
                    ensure(grew, "I11: the token did not grow", || format!("{it:?}"))?;
                }
                _ => {} // Not about claims.
            }
        }
        if !self.before.is_empty() {
            let left = units(books);
            for (place, before) in std::mem::take(&mut self.before) {
                let left = left.get(&place).copied().unwrap_or_default();
                *self.told.entry(place).or_default() -= before - left;
            }
        }
        Ok(())
    }

    /// Whoever only listens knows what each order keeps, but for what is noted.
    fn heard(&self, books: &Books) -> Result<(), String> {
        for (order, (line, shelf), claim) in open(books) {
            let place = (order, line, shelf);
            let told = self.told.get(&place).copied().unwrap_or_default();
            let known = claim.open() == told + claim.fresh - claim.taken;
            let ended = books.demands.get(&order).is_some_and(|it| it.standing == Standing::Ended);
            let text = || format!("{place:?} {claim:?}, told {told}");
            ensure(known || ended, "it was not said", text)?;
        }
        Ok(())
    }

    fn tell(&mut self, order: OrderId, claims: &[Claim], sign: i64) {
        for it in claims {
            let place = (order, it.line, Shelf::of(&it.sku, &it.warehouse));
            *self.told.entry(place).or_default() += sign * it.quantity;
        }
    }

    fn forget(&mut self, order: OrderId) {
        self.told.retain(|place, _| place.0 != order);
    }
}

/// Whoever could be served is, or will be; a changed level will be told.
fn nobody_is_forgotten(books: &Books, timers: &[(Timestamp, Inbound)]) -> Result<(), String> {
    let marked =
        books.items.values().flat_map(|it| it.levels.values()).any(|it| it.untold.is_some());
    let bells = timers.iter().filter(|(_, it)| matches!(it, Inbound::LevelsDue(_))).count();
    ensure(bells == usize::from(marked), "levels have one bell, if any", || bells.to_string())?;
    for (sku, item) in &books.items {
        let mut rows = item.backorders.values().flat_map(BTreeMap::values);
        let ready = rows.any(|it| {
            let lent = it.lease_until.is_none_or(|it| it > books.now);
            let free = |at| item.levels.get(at).is_some_and(|it| it.sellable() > 0);
            it.quantity > 0 && lent && it.eligible.iter().any(free)
        });
        let noted = |it: &Inbound| matches!(it, Inbound::BackordersDue(it) if it.sku == *sku);
        let noted = timers.iter().any(|(_, it)| noted(it));
        ensure(noted || !ready, "somebody waits beside free goods", || sku.to_string())?;
    }
    Ok(())
}

fn may_change_what_is_there(kind: Kind) -> bool {
    use Kind::{CountAdjust, Receipt, ReturnIn, Ship, ShortPick};
    matches!(kind, Receipt | CountAdjust | ReturnIn | Ship | ShortPick)
}

fn units(books: &Books) -> BTreeMap<Place, i64> {
    open(books).map(|(order, (line, at), it)| ((order, line, at), it.open())).collect()
}

fn open(books: &Books) -> impl Iterator<Item = (OrderId, (u16, Shelf), &crate::books::Claim)> {
    books.items.iter().flat_map(|(sku, item)| {
        item.claims.iter().flat_map(move |(order, claims)| {
            claims.iter().map(move |((line, at), it)| (*order, (*line, Shelf::of(sku, at)), it))
        })
    })
}

fn ensure(holds: bool, what: &str, told: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what}: {}", told())) }
}
