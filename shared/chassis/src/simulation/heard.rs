//! Whether everybody has heard everything, once.

use super::house::{Department, House};
use super::outside::Inlet;
use super::owner::at_once;
use super::queue::{Event, Message};
use crate::log::{Head, unpack};

impl House {
    pub(super) fn announce(&mut self) {
        for service in 0..self.departments.len() {
            for inlet in 0..self.departments[service].inlets.len() {
                if self.departments[service].inlets[inlet].gives_again() {
                    self.queue.push(self.millis + 1, Event::Feed { service, inlet });
                }
            }
            for partition in 0..self.partitions {
                let Department { desk, database, .. } = &self.departments[service];
                let head =
                    Head { speaker: desk.name().to_owned(), number: database.head(partition) };
                for hearer in self.departments[service].hearers.clone() {
                    for to in self.lives_of(hearer, partition) {
                        self.send(to, Message::Head(head.clone()));
                    }
                }
                // Once a second each owner looks for notes whose bell was lost.
                for to in self.lives_of(service, partition) {
                    at_once(self.owners[to.owner].worker.look_for_notes()).ok();
                    self.plan(to.owner);
                }
            }
        }
    }

    /// Whoever has not heard everything yet, if somebody has not.
    pub(super) fn behind(&self) -> Option<String> {
        for Department { desk, inlets, .. } in &self.departments {
            let left: usize = inlets.iter().map(Inlet::left).sum();
            if left > 0 {
                return Some(format!("{} has not acknowledged {left} reports", desk.name()));
            }
        }
        let firsts = &self.owners[..self.departments.len() * self.partitions as usize];
        firsts.iter().find_map(|owner| {
            let number = owner.partition.number;
            let Department { desk, database, .. } = &self.departments[owner.service];
            let note = database.next_due(number);
            if note.is_some() && owner.worker.next_due().is_none_or(|it| Some(it) > note) {
                return Some(format!("{} has a note in {number}, and does not know", desk.name()));
            }
            owner.worker.heard().iter().find_map(|(speaker, heard)| {
                let it = self.departments.iter().find(|it| it.desk.name() == speaker)?;
                let head = it.database.head(number);
                let hearer = self.departments[owner.service].desk.name();
                (*heard < head).then(|| {
                    format!("{hearer} has heard {heard} of {head} pages of {speaker} in {number}")
                })
            })
        })
    }

    /// An event that did not take effect exactly once with everyone who hears it.
    pub(super) fn unheard(&mut self) -> Option<String> {
        for speaker in 0..self.departments.len() {
            for partition in 0..self.partitions {
                let Department { database, hearers, .. } = &self.departments[speaker];
                let (from, mut waits) = (database.checked(partition), false);
                for packed in database.pages(partition, from + 1, usize::MAX) {
                    let page = match unpack(&packed) {
                        Ok(page) => page,
                        Err(error) => return Some(format!("{error:#}")),
                    };
                    for hearer in hearers {
                        let Department { desk, database, .. } = &self.departments[*hearer];
                        let listens = |it: &str| desk.hears().iter().any(|to| to.subject == it);
                        let mut heard = page.said.iter().filter(|it| listens(&it.subject));
                        let lost = heard.clone().find(|it| !database.knows(partition, it.id));
                        waits |= heard.any(|it| !database.has_effect(partition, it.id));
                        if let Some(it) = lost {
                            let (hearer, number) = (desk.name(), page.number);
                            let speaker = page.speaker;
                            return Some(format!(
                                "V4: {} in page {number} of {speaker} had no effect on {hearer}",
                                it.subject
                            ));
                        }
                    }
                    if !waits {
                        database.check(partition, page.number);
                    }
                }
            }
        }
        None
    }
}
