//! Release: what a warehouse is told to pick, and how it is taken back.

use contracts::WarehouseId;
use contracts::fulfilment::{
    PickLine, PickRequested, PickWithdrawn, ReleaseWithdrawn, WithdrawalRefused,
};
use jiff::Timestamp;

use crate::Outbound;
use crate::dispatch::{Course, Dispatch, Recipient};
use crate::shipment::{Shipment, State, Units, add, shipment_id};

impl Dispatch {
    /// Tells each warehouse to pick what is claimed there and was not released before. Nothing is
    /// released beyond what was ordered, whatever is claimed: a claim too many stays where it is,
    /// and serves if something comes short.
    pub(crate) fn release(&mut self, now: Timestamp) -> Vec<Outbound> {
        if self.course != Course::Confirmed || self.standing.waiting.is_empty() {
            return vec![];
        }
        let Some(to) = self.recipient.clone() else { return vec![] }; // Nothing is left to pick.
        let mut room = self.room();
        if self.standing.ship_complete && !self.covers(&room) {
            return vec![];
        }
        let mut picks = Vec::new();
        for (warehouse, waiting) in &mut self.standing.waiting {
            let mut units = Units::new();
            for (line, waiting) in waiting.iter_mut() {
                let Some(room) = room.get_mut(line) else { continue }; // No line of this order.
                let released = (*waiting).min(*room);
                *waiting -= released;
                *room -= released;
                if released > 0 {
                    units.insert(*line, released);
                }
            }
            waiting.retain(|_, units| *units > 0);
            if !units.is_empty() {
                picks.push((warehouse.clone(), units));
            }
        }
        if picks.is_empty() {
            return vec![];
        }
        self.standing.waiting.retain(|_, units| !units.is_empty());
        self.touch();
        picks.into_iter().map(|(from, units)| self.pick(now, from, units, &to)).collect()
    }

    fn pick(
        &mut self,
        now: Timestamp,
        warehouse: WarehouseId,
        units: Units,
        to: &Recipient,
    ) -> Outbound {
        let pick = self.shipments.last_key_value().map_or(1, |(last, _)| last + 1);
        let line = |(line, units): (&u16, &i64)| {
            let it = self.placed.lines.get(line)?;
            let (sku, name) = (it.sku.clone(), it.name.clone());
            Some(PickLine { line: *line, sku, name, quantity: *units })
        };
        let lines = units.iter().filter_map(line).collect();
        let shipment = Shipment {
            warehouse: warehouse.clone(),
            state: State::Open,
            units,
            carrier: None,
            tracking_no: None,
            changed: true,
        };
        self.shipments.insert(pick, shipment);
        let requested = PickRequested {
            warehouse,
            order: self.order,
            order_no: self.placed.order_no.clone(),
            shipment: shipment_id(self.order, pick),
            pick,
            lines,
            consignee: to.consignee.clone(),
            place: to.place.clone(),
            priority: self.standing.priority,
            urgent: self.placed.urgent,
            at: now,
        };
        requested.into()
    }

    /// What is ordered and can be had, and is in no warehouse's or customer's hands yet. What was
    /// refused at the door is not sent again.
    pub(crate) fn room(&self) -> Units {
        let mut room: Units = self.placed.lines.iter().map(|(no, it)| (*no, it.quantity)).collect();
        let released = self.shipments.values().filter(|it| it.state != State::Withdrawn);
        for taken in released.map(|it| &it.units).chain([&self.standing.failed]) {
            for (line, units) in taken {
                if let Some(room) = room.get_mut(line) {
                    *room = room.saturating_sub(*units).max(0);
                }
            }
        }
        room
    }

    /// Whether all of these units are claimed.
    fn covers(&self, room: &Units) -> bool {
        let mut claimed = Units::new();
        for waiting in self.standing.waiting.values() {
            add(&mut claimed, waiting);
        }
        room.iter().all(|(line, room)| claimed.get(line).copied().unwrap_or_default() >= *room)
    }

    /// Who receives the goods is known no longer than there may be something to pick.
    pub(crate) fn forget_recipient(&mut self) {
        let over = |it: &Shipment| it.state.is_over();
        if self.recipient.is_some()
            && !self.shipments.is_empty()
            && self.shipments.values().all(over)
            && self.room().values().all(|it| *it == 0)
        {
            self.recipient = None;
            self.touch();
        }
    }

    // ---- Withdrawal ----------------------------------------------------------------------------

    /// Somebody wants the order back. Every warehouse that was told to pick and has not begun is
    /// asked to leave it alone; if one has begun, nobody is asked.
    pub(crate) fn ask_back(&mut self, now: Timestamp) -> Vec<Outbound> {
        match self.course {
            Course::Placed | Course::Confirmed => {}
            // Asked before, or over: there is an answer already, or there will be.
            Course::Withdrawing | Course::Withdrawn | Course::Ended => return vec![],
        }
        if let Some(begun) = self.shipments.values().find(|it| it.state.has_begun()) {
            let (order, warehouse) = (self.order, begun.warehouse.clone());
            return vec![WithdrawalRefused { order, warehouse }.into()];
        }
        self.course = Course::Withdrawing;
        self.touch();
        let said = self.withdraw_open(now);
        // Some may still be asked since the last time that somebody wanted the order back.
        if said.is_empty() { self.withdrawn().into_iter().collect() } else { said }
    }

    /// The order is cancelled or expired. What was released in the same moment is taken back too.
    pub(crate) fn end(&mut self, now: Timestamp) -> Vec<Outbound> {
        if self.course == Course::Ended {
            return vec![];
        }
        self.course = Course::Ended;
        self.standing.waiting.clear();
        self.standing.given_back.clear();
        self.recipient = None;
        self.touch();
        self.withdraw_open(now)
    }

    fn withdraw_open(&mut self, now: Timestamp) -> Vec<Outbound> {
        let open = self.shipments.iter_mut().filter(|(_, it)| it.state == State::Open);
        let order = self.order;
        let withdraw = |(pick, it): (&i32, &mut Shipment)| {
            it.state = State::Withdrawing;
            it.changed = true;
            let (warehouse, shipment) = (it.warehouse.clone(), shipment_id(order, *pick));
            PickWithdrawn { warehouse, order, shipment, pick: *pick, at: now }.into()
        };
        open.map(withdraw).collect()
    }

    /// A warehouse left these units alone: they wait again.
    pub(crate) fn left_alone(&mut self, from: &WarehouseId, units: &Units) -> Option<Outbound> {
        if self.course == Course::Ended {
            return None; // Their claims are gone.
        }
        add(self.standing.waiting.entry(from.clone()).or_default(), units);
        self.touch();
        if self.course != Course::Withdrawing {
            return None; // The order goes on: they are released anew.
        }
        add(&mut self.standing.given_back, units);
        self.withdrawn()
    }

    /// Says so when every warehouse has left its pick alone.
    fn withdrawn(&mut self) -> Option<Outbound> {
        if self.shipments.values().any(|it| it.state == State::Withdrawing) {
            return None;
        }
        self.course = Course::Withdrawn;
        self.touch();
        let given_back = std::mem::take(&mut self.standing.given_back);
        let units = self.items(&given_back);
        Some(ReleaseWithdrawn { order: self.order, units }.into())
    }

    /// A warehouse had begun before it was asked: the order goes on. It is said once.
    pub(crate) fn keep(&mut self, begun: &WarehouseId) -> Option<Outbound> {
        if self.course != Course::Withdrawing {
            return None;
        }
        self.course = Course::Confirmed;
        self.standing.given_back.clear();
        self.touch();
        Some(WithdrawalRefused { order: self.order, warehouse: begun.clone() }.into())
    }
}
