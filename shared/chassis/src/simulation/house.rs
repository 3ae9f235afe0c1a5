use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contracts::{Contract, Timestamp};
use jiff::SignedDuration;

use super::faults::Chance;
use super::outside::{Calls, Inlet};
use super::owner::{Owner, at_once};
use super::queue::{Event, Life, Message, Queue};
use super::{Faults, Happening};
use crate::log::{Head, unpack};
use crate::plant::{Bug, planted};
use crate::store::memory::{Fate, InMemory};
use crate::worker::{Fenced, Said, speakers};
use crate::{Answer, Committed, Database, Desk, Input, Outcome, Page, Partition};

/// How long a turn waits for what else arrives, and how long an ordinary message takes, in milliseconds.
const MOMENT: u64 = 3;

/// Whatever is later than this is not on its way, but waits for its time.
const SOON: u64 = 1000;

/// How many pages one answer to an ask holds.
const PORTION: usize = 16;

/// How many inputs one transaction decides.
const TOGETHER: usize = 512;

/// How long a position is in memory alone.
const UNSAVED: u64 = 50;

/// How often heads are announced before it is certain that somebody does not listen.
const PATIENCE: u32 = 2000;

/// One service of the simulated house.
pub(super) struct Department {
    pub(super) desk: Arc<dyn Desk>,
    pub(super) database: Database,
    /// Who hears it, by index.
    hearers: Vec<usize>,
    /// How far its public messages are published, a partition.
    published: Vec<i64>,
    pub(super) inlets: Vec<Inlet>,
}

/// The simulated house.
pub struct House {
    pub(super) partitions: u32,
    began: Timestamp,
    /// Milliseconds since it began.
    pub(super) millis: u64,
    pub(super) chance: Chance,
    pub(super) departments: Vec<Department>,
    owners: Vec<Owner>,
    lives: u64,
    pub(super) queue: Queue,
    pub(super) told: VecDeque<Happening>,
    pub(super) calls: Calls,
    rests: bool,
    impatience: u32,
    /// Messages delivered, transactions, faults: whatever happened.
    steps: u64,
}

impl House {
    /// An empty house.
    pub fn new(seed: u64, faults: Faults, partitions: u32, began: Timestamp) -> Self {
        Self {
            partitions,
            began,
            millis: 0,
            chance: Chance::of(seed, faults),
            departments: vec![],
            owners: vec![],
            lives: 0,
            queue: Queue::default(),
            told: VecDeque::new(),
            calls: Calls::default(),
            rests: false,
            impatience: 0,
            steps: 0,
        }
    }

    /// Moves a service in. Returns its database, to look at.
    pub fn install<S: InMemory>(&mut self, service: S) -> Database {
        let service = Arc::new(service);
        let database = Database::of(service.clone());
        let partitions = self.partitions;
        let inlets = Inlet::all(service.hears(), partitions);
        let published = vec![0; partitions as usize];
        let (desk, hearers): (Arc<dyn Desk>, _) = (service, vec![]);
        let department = Department { desk, database: database.clone(), hearers, published, inlets };
        self.departments.push(department);
        database
    }

    /// Opens the house: each partition of each service has an owner.
    ///
    /// # Errors
    ///
    /// A database that cannot be opened.
    pub fn open(&mut self) -> anyhow::Result<()> {
        let hears: Vec<_> = self.departments.iter().map(|it| speakers(&*it.desk)).collect();
        for it in &mut self.departments {
            let name = it.desk.name();
            it.hearers = (0..hears.len()).filter(|at| hears[*at].contains(name)).collect();
        }
        for service in 0..self.departments.len() {
            for number in 0..self.partitions {
                let partition = Partition { number, of: self.partitions };
                self.lives += 1;
                let life = Life { owner: self.owners.len(), nth: self.lives };
                let owner = self.owner(service, partition, life)?;
                self.owners.push(owner);
                self.turn_at(life.owner, self.millis);
            }
        }
        Ok(())
    }

    /// From now on this is how often faults happen.
    pub fn suffer(&mut self, faults: Faults) {
        self.chance.faults = faults;
    }

    /// The time, as clocks without fault show it.
    pub fn now(&self) -> Timestamp {
        let since = SignedDuration::from_millis(i64::try_from(self.millis).unwrap_or(i64::MAX));
        self.began.checked_add(since).unwrap_or(self.began)
    }

    /// How much has happened: messages delivered, transactions, faults.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How often each thing happened.
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.chance.happened
    }

    /// A number below this one, from the house's own dice.
    pub fn throw(&mut self, below: u64) -> u64 {
        self.chance.dice.u64(..below.max(1))
    }

    /// Goes on until something happens that the outside can notice.
    pub fn go_on(&mut self) -> Happening {
        loop {
            if let Some(told) = self.told.pop_front() {
                return told;
            }
            let waits = self.queue.next_at().is_none_or(|at| at > self.millis + SOON);
            if waits && let Some(behind) = self.behind() {
                self.impatience += 1;
                if self.impatience > PATIENCE {
                    return Happening::Broken(behind);
                }
                self.millis += SOON;
                self.announce();
                continue;
            }
            if waits && !self.rests {
                (self.rests, self.impatience) = (true, 0);
                if let Some(broken) = self.unheard() {
                    return Happening::Broken(broken);
                }
                let over = self.queue.next_at().is_none();
                return if over { Happening::Over } else { Happening::Quiet };
            }
            let Some((at, event)) = self.queue.pop() else { return Happening::Over };
            self.rests &= waits && matches!(event, Event::Turn(_));
            self.millis = self.millis.max(at);
            self.steps += 1;
            if let Err(error) = self.happen(event) {
                return Happening::Broken(format!("{error:#}"));
            }
        }
    }

    fn happen(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Arrives(to, message) => {
                if self.lives_on(to) {
                    let now = self.millis;
                    if matches!(message, Message::Command(_)) {
                        self.chance.count("command taken");
                    }
                    self.owners[to.owner].note(message, now)?;
                    let moment = self.chance.dice.u64(..MOMENT);
                    self.turn_at(to.owner, now + moment);
                }
            }
            Event::Turn(life) => {
                if self.lives_on(life) && self.owners[life.owner].turn == Some(self.millis) {
                    self.owners[life.owner].turn = None;
                    self.turn(life.owner)?;
                }
            }
            Event::Asked(asker, missing) => {
                let it = self.departments.iter().find(|it| it.desk.name() == missing.speaker);
                if let Some(it) = it.filter(|_| self.lives_on(asker)) {
                    let partition = self.owners[asker.owner].partition.number;
                    let head = it.database.head(partition);
                    let pages = it.database.pages(partition, missing.from, PORTION);
                    let pages = pages.iter().map(|it| Ok(Arc::new(unpack(it)?)));
                    let pages = pages.collect::<anyhow::Result<_>>()?;
                    let head = Head { speaker: missing.speaker.clone(), number: head };
                    self.chance.count("pages asked for");
                    self.send(asker, Message::Answer(missing, head, pages));
                }
            }
            Event::Outcome(id, outcome) => self.answered(id, outcome),
            Event::Again(id) => self.ask_again(id),
            Event::Publish { service, partition } => self.publish(service, partition)?,
            Event::Feed { service, inlet } => self.feed(service, inlet),
            Event::Remind(token) => self.told.push_back(Happening::Reminded(token)),
        }
        Ok(())
    }

    /// An owner looks at what it has, and decides it.
    fn turn(&mut self, at: usize) -> anyhow::Result<()> {
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
    fn plan(&mut self, at: usize) {
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

    fn commit(&mut self, at: usize, clock: Timestamp) -> anyhow::Result<()> {
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
    fn committed(&mut self, at: usize, committed: Committed) -> anyhow::Result<()> {
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
    fn say(&mut self, service: usize, partition: u32, page: &Arc<Page>) {
        for hearer in self.departments[service].hearers.clone() {
            for to in self.lives_of(hearer, partition) {
                self.send(to, Message::Page(page.clone()));
            }
        }
    }

    fn announce(&mut self) {
        for service in 0..self.departments.len() {
            for partition in 0..self.partitions {
                let Department { desk, database, .. } = &self.departments[service];
                let head = Head {
                    speaker: desk.name().to_owned(),
                    number: database.head(partition),
                };
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

    /// The position is written down by itself, if nothing else does it.
    fn save_in_time(&mut self, at: usize, clock: Timestamp) -> anyhow::Result<()> {
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

    /// What befalls an owner, or everyone, between two transactions. Whether the owner is another one
    /// now.
    fn misfortune(&mut self, at: usize) -> anyhow::Result<bool> {
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
    fn die(&mut self, at: usize) -> anyhow::Result<()> {
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
        self.queue.push(self.millis + MOMENT, Event::Publish { service, partition: partition.number });
        let takes_over = self.millis + self.chance.dice.u64(1..2000);
        self.turn_at(at, takes_over);
        Ok(())
    }

    /// An owner met another one, and stops. A first owner begins again later, in place of the second.
    fn leave(&mut self, at: usize) -> anyhow::Result<()> {
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

    fn owner(&self, service: usize, partition: Partition, life: Life) -> anyhow::Result<Owner> {
        let Department { desk, database, .. } = &self.departments[service];
        Owner::open(desk.clone(), database.clone(), (service, partition), (life, self.millis))
    }

    pub(super) fn lives_of(&self, service: usize, partition: u32) -> Vec<Life> {
        let first = service * self.partitions as usize + partition as usize;
        let houses = self.departments.len() * self.partitions as usize;
        let seconds = self.owners[houses.min(self.owners.len())..].iter();
        let seconds = seconds.filter(|it| {
            it.life.nth != 0 && it.service == service && it.partition.number == partition
        });
        std::iter::once(self.owners[first].life).chain(seconds.map(|it| it.life)).collect()
    }

    fn lives_on(&self, life: Life) -> bool {
        self.owners[life.owner].life == life && life.nth != 0
    }

    pub(super) fn turn_at(&mut self, at: usize, when: u64) {
        let owner = &mut self.owners[at];
        if owner.life.nth != 0 && owner.turn.is_none_or(|planned| when < planned) {
            owner.turn = Some(when);
            self.queue.push(when, Event::Turn(owner.life));
        }
    }

    /// Sends over the broker: it may be lost, doubled, late.
    pub(super) fn send(&mut self, to: Life, message: Message) {
        let faults = self.chance.faults;
        if self.chance.strikes("message lost", faults.lost) {
            return;
        }
        let twice = self.chance.strikes("message doubled", faults.doubled);
        for message in twice.then(|| message.clone()).into_iter().chain([message]) {
            let late = self.chance.strikes("message late", faults.late);
            let delay = if late { 1..5000 } else { 1..1 + MOMENT };
            let at = self.millis + self.chance.dice.u64(delay);
            self.queue.push(at, Event::Arrives(to, message));
        }
    }

    /// Publishes what is said to the outside and not published, and remembers how far it is.
    fn publish(&mut self, service: usize, partition: u32) -> anyhow::Result<()> {
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

    /// Whoever has not heard everything yet, if somebody has not.
    fn behind(&self) -> Option<String> {
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
    fn unheard(&mut self) -> Option<String> {
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
                        let hears = |it: &str| desk.hears().iter().any(|to| to.subject == it);
                        let mut heard = page.said.iter().filter(|it| hears(&it.subject));
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

/// Finds the contract that a public subject belongs to.
pub(super) fn reports(hears: &'static [Contract]) -> impl Iterator<Item = &'static Contract> {
    hears.iter().filter(|it| it.kind == contracts::Kind::Report && it.door.is_some())
}
