//! Leases: claims that end by themselves, unless the order is paid or its credit released. Each
//! lease of an order has a higher token than the one before; what was said under an older one is
//! void.

use contracts::inventory::{ClaimsPromoted, LeaseEnds, LeaseExpired, PromotionRefused};
use contracts::{ItemUnits, OrderId, inventory};
use jiff::{SignedDuration, Timestamp};

use crate::Outbound;
use crate::books::{Books, Cause, Kind, Standing};
use crate::claim::shelved;

/// The term of payment, and some grace for the news of it to arrive.
const UNTIL_PAID: SignedDuration = SignedDuration::from_mins(35);

/// How long a person may look at an order's credit before its goods are offered to others.
const UNTIL_RELEASED: SignedDuration = SignedDuration::from_hours(48);

/// The end of a lease that is over for everyone. Whoever books supply has a clock of its own: one that
/// is behind would claim softly, for a lease that has run out, what nothing gives up again.
const OVER: Timestamp = Timestamp::UNIX_EPOCH;

impl Books {
    /// Begins a lease over all that the order claims softly and waits for.
    pub(crate) fn lend(&mut self, order: OrderId) -> LeaseEnds {
        let now = self.now;
        let demand = self.demand(order);
        let term = if demand.standing == Standing::Held { UNTIL_RELEASED } else { UNTIL_PAID };
        let (token, at) = (demand.token + 1, now + term);
        self.set_lease(order, Some(at));
        LeaseEnds { order, token, at }
    }

    /// Moves the end of the order's lease, or takes it away.
    fn set_lease(&mut self, order: OrderId, until: Option<Timestamp>) {
        let demand = self.demand(order);
        demand.token += 1;
        (demand.lease_until, demand.changed) = (until, true);
        for it in self.backorders_of(order) {
            (it.lease_until, it.changed) = (until, true);
        }
        self.wake(order);
    }

    /// A person looks at the order's credit: firm claims become soft.
    pub(crate) fn hold(&mut self, order: OrderId) -> Vec<Outbound> {
        let demand = self.demand(order);
        if demand.standing == Standing::Ended {
            return vec![]; // The order is over.
        }
        (demand.standing, demand.changed) = (Standing::Held, true);
        if demand.skus.is_empty() {
            return vec![]; // Nothing is claimed yet; it will be softly.
        }
        let mut said = self.tell(order);
        let lease = self.lend(order);
        let cause = Cause::order(order, format!("demote {}", lease.token));
        self.shift(Kind::Demote, &cause, |it| {
            let units = std::mem::take(&mut it.firm);
            it.soft += units;
            units
        });
        said.push(lease.into());
        said
    }

    /// Nothing stands in the order's way any more: its claims become firm. What lapsed is claimed
    /// anew if it is still there, all of it; else the order gives up what it has left.
    pub(crate) fn promote(&mut self, order: OrderId) -> Vec<Outbound> {
        let demand = self.demand(order);
        if demand.standing == Standing::Ended {
            return vec![]; // The order is over; finance gives the money back.
        }
        (demand.standing, demand.changed) = (Standing::Promoted, true);
        let (until, now) = (demand.lease_until, self.now);
        let mut said = self.tell(order);
        if until.is_some_and(|it| it <= now) {
            self.expire(order); // The lease is over, though its timer has not rung.
        }
        let lapsed = self.kept(order, |it| it.lapsed);
        if !self.fits(&shelved(&lapsed)) {
            said.push(self.refuse(order).into());
            return said;
        }
        self.set_lease(order, None);
        let token = self.demand(order).token;
        self.shift(Kind::Promote, &Cause::order(order, format!("promote {token}")), |it| {
            let units = std::mem::take(&mut it.soft);
            it.firm += units;
            units
        });
        self.shift(Kind::Allocate, &Cause::order(order, format!("anew {token}")), |it| {
            let units = std::mem::take(&mut it.lapsed);
            it.firm += units;
            units
        });
        let claims = self.kept(order, |it| it.firm);
        said.push(ClaimsPromoted { order, claims }.into());
        said
    }

    /// What is not firm has no source any more; it will be sourced as if for the first time.
    fn refuse(&mut self, order: OrderId) -> PromotionRefused {
        self.set_lease(order, None);
        let token = self.demand(order).token;
        let cause = Cause::order(order, format!("refuse {token}"));
        let mut gone = self.shift(Kind::HoldRelease, &cause, |it| std::mem::take(&mut it.soft));
        gone.extend(self.lift(order, |it| std::mem::take(&mut it.lapsed)));
        let mut lacking = self.wait_no_more(order);
        for inventory::Claim { line, sku, quantity, .. } in gone {
            match lacking.iter_mut().find(|it| it.line == line && it.sku == sku) {
                Some(it) => it.quantity += quantity,
                None => lacking.push(ItemUnits { line, sku, quantity }),
            }
        }
        lacking.sort();
        PromotionRefused { order, lacking }
    }

    /// A lease comes to its end, if it is still the order's last.
    pub(crate) fn lapse(&mut self, it: &LeaseEnds) -> Vec<Outbound> {
        let (order, now) = (it.order, self.now);
        let demand = self.demand(order);
        if demand.token != it.token || demand.lease_until.is_none_or(|it| it > now) {
            return vec![]; // Promoted, ended or renewed.
        }
        let mut said = self.tell(order);
        if self.expire(order) {
            said.push(LeaseExpired { order }.into());
        }
        said
    }

    /// Gives up the soft claims, and remembers them. Returns whether there were any. What the order
    /// waits for stays, and is served when the order is promoted.
    fn expire(&mut self, order: OrderId) -> bool {
        let demand = self.demand(order);
        (demand.lease_until, demand.changed) = (None, true);
        let token = demand.token;
        for it in self.backorders_of(order) {
            (it.lease_until, it.changed) = (Some(OVER), true);
        }
        let cause = Cause::order(order, format!("expire {token}"));
        let lapsed = self.shift(Kind::HoldExpire, &cause, |it| {
            let units = std::mem::take(&mut it.soft);
            it.lapsed += units;
            units
        });
        !lapsed.is_empty()
    }
}
