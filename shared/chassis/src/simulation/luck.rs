//! What befalls owners, and everyone.

use std::sync::Arc;

use jiff::SignedDuration;

use super::house::{House, MOMENT, SOON};
use super::owner::Owner;
use super::queue::{Event, Life};
use crate::log::unpack;

impl House {
    /// What befalls an owner, or everyone, between two transactions. Whether the owner is another one
    /// now.
    pub(super) fn misfortune(&mut self, at: usize) -> anyhow::Result<bool> {
        let faults = self.chance.faults;
        let Owner { service, partition, .. } = self.owners[at];
        if self.chance.strikes("broker wiped", faults.wiped) {
            self.queue.wipe();
            let now = self.millis;
            self.owners.iter_mut().for_each(|it| it.ear.connected(now));
            for at in 0..self.owners.len() {
                self.turn_at(at, now + MOMENT);
            }
        }
        if self.chance.strikes("clock jumps", faults.clock_jumps) {
            let seconds = self.chance.dice.i64(-600..=600);
            self.owners[at].skew = SignedDuration::from_secs(seconds);
        }
        if self.chance.strikes("second owner", faults.second_owner) {
            self.lives += 1;
            let life = Life { owner: self.owners.len(), nth: self.lives };
            let second = self.owner(service, partition, life)?;
            self.owners.push(second);
            self.turn_at(life.owner, self.millis + 1);
        }
        if self.chance.strikes("pages again", faults.replayed) {
            let from = self.departments[service].database.pages(partition.number, 1, usize::MAX);
            for page in from {
                let page = Arc::new(unpack(&page)?);
                self.say(service, partition.number, &page);
            }
        }
        if self.chance.strikes("given again", faults.given_again) {
            self.give_again(service);
        }
        if self.chance.strikes("dies", faults.dies) {
            self.die(at)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// An owner dies. Somebody takes its partition over.
    pub(super) fn die(&mut self, at: usize) -> anyhow::Result<()> {
        if at >= self.departments.len() * self.partitions as usize {
            return self.leave(at); // A second owner: the first is still there.
        }
        let Owner { service, partition, .. } = self.owners[at];
        self.lives += 1;
        let life = Life { owner: at, nth: self.lives };
        self.owners[at] = self.owner(service, partition, life)?;
        self.departments[service].inlets.iter_mut().for_each(|it| it.reset(partition.number));
        for inlet in 0..self.departments[service].inlets.len() {
            self.queue.push(self.millis + MOMENT, Event::Feed { service, inlet });
        }
        // What is said and not published: the outlet is opened anew, too.
        self.queue
            .push(self.millis + MOMENT, Event::Publish { service, partition: partition.number });
        let takes_over = self.millis + self.chance.dice.u64(1..2000);
        self.turn_at(at, takes_over);
        Ok(())
    }

    /// An owner met another one, and stops. A first owner begins again later, in place of the second.
    pub(super) fn leave(&mut self, at: usize) -> anyhow::Result<()> {
        if at < self.departments.len() * self.partitions as usize {
            return self.die(at);
        }
        let Owner { service, partition, .. } = self.owners[at];
        self.owners[at].life.nth = 0; // Nobody.
        self.owners[at].turn = None;
        // What it said and did not publish, the first one's replica does, when it notices.
        let soon = self.millis + SOON;
        self.queue.push(soon, Event::Publish { service, partition: partition.number });
        Ok(())
    }
}
