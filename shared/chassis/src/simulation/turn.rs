//! What an owner does when it looks at what it has: as [`crate::owner`] over the real broker.

use std::sync::Arc;

use contracts::Timestamp;

use super::Happening;
use super::house::{Department, House, PORTION, SOON};
use super::owner::{Owner, at_once};
use super::queue::{Event, Message};
use crate::log::unpack;
use crate::plant::{Bug, planted};
use crate::store::memory::Fate;
use crate::worker::{Fenced, Said};
use crate::{Answer, Committed, Input, Outcome, Page};

/// How many inputs one transaction decides.
const TOGETHER: usize = 512;

/// How long a position is in memory alone.
const UNSAVED: u64 = 50;

impl House {
    /// An owner looks at what it has, and decides it.
    pub(super) fn turn(&mut self, at: usize) -> anyhow::Result<()> {
        let (now, today) = (self.millis, self.now());
        if self.misfortune(at)? {
            return Ok(());
        }
        let owner = &mut self.owners[at];
        let room = TOGETHER.saturating_sub(owner.inputs.len()).max(1);
        let pages = owner.ear.take(room, now);
        owner.inputs.extend(pages.into_iter().map(Input::Page));
        let life = owner.life;
        for missing in self.owners[at].ear.asks(now) {
            if !self.chance.strikes("ask lost", self.chance.faults.lost) {
                self.queue.push(now + 1, Event::Asked(life, missing));
            }
        }
        let owner = &self.owners[at];
        let clock = owner.clock(today);
        if !owner.inputs.is_empty() || owner.worker.next_due().is_some_and(|it| it <= clock) {
            self.commit(at, clock)?;
        }
        self.save_in_time(at, clock)?;
        self.plan(at);
        Ok(())
    }

    /// When the owner has to look again.
    pub(super) fn plan(&mut self, at: usize) {
        let (now, today) = (self.millis, self.now());
        let owner = &self.owners[at];
        let clock = owner.clock(today);
        let due = owner.worker.next_due().map(|due| {
            let wait = due.duration_since(clock).as_millis().max(0);
            now + u64::try_from(wait).unwrap_or(u64::MAX / 2).min(u64::MAX / 2) + 1
        });
        let ready = owner.ear.is_ready() || !owner.inputs.is_empty();
        let ask = owner.ear.next_ask().map(|it| it.max(now + 1));
        let save = owner.unsaved.map(|since| (since + UNSAVED).max(now + 1));
        let next = [due, ask, save, ready.then_some(now + 1)];
        if let Some(next) = next.into_iter().flatten().min() {
            self.turn_at(at, next);
        }
    }

    pub(super) fn commit(&mut self, at: usize, clock: Timestamp) -> anyhow::Result<()> {
        let faults = self.chance.faults;
        let fate = if self.chance.strikes("commit fails", faults.fails) {
            Fate::Fails
        } else if self.chance.strikes("commit unheard", faults.unheard) {
            Fate::HappensUnheard
        } else {
            Fate::Happens
        };
        let service = self.owners[at].service;
        let database = self.departments[service].database.clone();
        database.doom(fate);
        let owner = &mut self.owners[at];
        let done = at_once(owner.worker.transact(clock, &owner.inputs));
        database.doom(Fate::Happens);
        if let Some(broken) = database.broken() {
            self.told.push_back(Happening::Broken(broken));
        }
        match done {
            Ok(committed) => self.committed(at, committed),
            Err(error) if error.is::<Fenced>() => {
                self.chance.count("fenced");
                self.leave(at)
            }
            Err(_) => {
                let desk = self.departments[service].desk.clone();
                self.owners[at].reopen(desk, database)?;
                self.turn_at(at, self.millis + 20);
                let partition = self.owners[at].partition.number;
                self.queue.push(self.millis + SOON, Event::Publish { service, partition });
                Ok(())
            }
        }
    }

    /// Says what was decided.
    pub(super) fn committed(&mut self, at: usize, committed: Committed) -> anyhow::Result<()> {
        let faults = self.chance.faults;
        self.steps += committed.decided as u64;
        let Owner { service, partition, .. } = self.owners[at];
        let name = self.departments[service].desk.name();
        let page = committed.page;
        let happened = Happening::Committed {
            service: name,
            partition: partition.number,
            page: page.as_ref().map(|it| it.page.clone()),
        };
        if committed.parked > 0 {
            self.chance.count("parked");
        }
        if committed.decided + committed.parked > 0 {
            self.chance.count("transaction");
            self.told.push_back(happened);
        }
        if page.is_some() && self.chance.strikes("dies committed", faults.dies_committed) {
            return self.die(at);
        }
        if let Some(Said { packed, .. }) = &page {
            let page = Arc::new(unpack(packed)?);
            self.say(service, partition.number, &page);
            let event = Event::Publish { service, partition: partition.number };
            self.queue.push(self.millis + 1, event);
        }
        if self.chance.strikes("dies published", faults.dies_published) {
            return self.die(at);
        }
        let owner = &mut self.owners[at];
        let replayed = owner.inputs.iter().any(|it| matches!(it, Input::Replay(_)));
        owner.inputs.clear();
        let (callers, acks) = (std::mem::take(&mut owner.callers), std::mem::take(&mut owner.acks));
        if !committed.missing.is_empty() {
            owner.ear.connected(self.millis);
        }
        for id in callers {
            match committed.outcomes.get(&id) {
                Some(outcome) => self.answer(id, outcome.clone()),
                None if replayed => self.answer(id, Outcome::Answered(Answer::default())),
                None => {}
            }
        }
        for (inlet, upto) in acks {
            self.departments[service].inlets[inlet].acknowledge(upto);
        }
        for number in committed.wake {
            for to in self.lives_of(service, number) {
                self.send(to, Message::Wake);
            }
        }
        Ok(())
    }

    /// A page goes to everyone who hears it.
    pub(super) fn say(&mut self, service: usize, partition: u32, page: &Arc<Page>) {
        for hearer in self.departments[service].hearers.clone() {
            for to in self.lives_of(hearer, partition) {
                self.send(to, Message::Page(page.clone()));
            }
        }
    }

    /// The position is written down by itself, if nothing else does it.
    pub(super) fn save_in_time(&mut self, at: usize, clock: Timestamp) -> anyhow::Result<()> {
        let now = self.millis;
        let owner = &mut self.owners[at];
        owner.unsaved = if owner.worker.is_unsaved() { owner.unsaved.or(Some(now)) } else { None };
        if owner.unsaved.is_none_or(|since| since + UNSAVED > now) {
            return Ok(());
        }
        owner.unsaved = None;
        match at_once(owner.worker.save(clock)) {
            Ok(()) => Ok(()),
            Err(error) if error.is::<Fenced>() => self.leave(at),
            Err(error) => Err(error),
        }
    }

    /// Publishes what is said to the outside and not published, and remembers how far it is.
    pub(super) fn publish(&mut self, service: usize, partition: u32) -> anyhow::Result<()> {
        let Department { database, published, .. } = &mut self.departments[service];
        let at = &mut published[partition as usize];
        let pages = database.pages(partition, *at + 1, PORTION);
        if pages.is_empty() {
            return Ok(());
        }
        // It dies: before it remembers what it has published. Or the other way round, if it is wrong.
        let dies = self.chance.strikes("outlet forgets", self.chance.faults.outlet_forgets);
        let skips = planted(Bug::OutletSkips);
        if !(dies && skips) {
            for packed in &pages {
                let said = unpack(packed)?.said.into_iter();
                let public = said.filter(|it| it.address.is_some());
                self.told.extend(public.map(Happening::Published));
            }
        }
        if !dies || skips {
            *at += i64::try_from(pages.len())?;
        }
        self.queue.push(self.millis + 1, Event::Publish { service, partition });
        Ok(())
    }
}
