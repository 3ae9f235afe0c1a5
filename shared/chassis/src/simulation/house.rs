use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contracts::{Contract, Timestamp};
use jiff::SignedDuration;

use super::faults::Chance;
use super::outside::{Calls, Inlet};
use super::owner::Owner;
use super::queue::{Event, Life, Message, Queue};
use super::{Faults, Happening};
use crate::log::{Head, unpack};
use crate::store::memory::InMemory;
use crate::worker::speakers;
use crate::{Database, Desk, Partition};

/// How long a turn waits for what else arrives, and how long an ordinary message takes, in milliseconds.
pub(super) const MOMENT: u64 = 3;

/// Whatever is later than this is not on its way, but waits for its time.
pub(super) const SOON: u64 = 1000;

/// How many pages one answer to an ask holds.
pub(super) const PORTION: usize = 16;

/// How often heads are announced before it is certain that somebody does not listen.
const PATIENCE: u32 = 300;

/// One service of the simulated house.
pub(super) struct Department {
    pub(super) desk: Arc<dyn Desk>,
    pub(super) database: Database,
    /// Who hears it, by index.
    pub(super) hearers: Vec<usize>,
    /// How far its public messages are published, a partition.
    pub(super) published: Vec<i64>,
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
    pub(super) owners: Vec<Owner>,
    pub(super) lives: u64,
    pub(super) queue: Queue,
    pub(super) told: VecDeque<Happening>,
    pub(super) calls: Calls,
    rests: bool,
    impatience: u32,
    /// Messages delivered, transactions, faults: whatever happened.
    pub(super) steps: u64,
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
        let department =
            Department { desk, database: database.clone(), hearers, published, inlets };
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
            if let Err(error) = self.happen(at, event) {
                return Happening::Broken(format!("{error:#}"));
            }
        }
    }

    fn happen(&mut self, at: u64, event: Event) -> anyhow::Result<()> {
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
                if self.lives_on(life) && self.owners[life.owner].turn == Some(at) {
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

    pub(super) fn owner(
        &self,
        service: usize,
        partition: Partition,
        life: Life,
    ) -> anyhow::Result<Owner> {
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
}

/// Finds the contract that a public subject belongs to.
pub(super) fn reports(hears: &'static [Contract]) -> impl Iterator<Item = &'static Contract> {
    hears.iter().filter(|it| it.kind == contracts::Kind::Report && it.door.is_some())
}
