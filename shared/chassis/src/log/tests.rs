//! The protocol under a seeded scheduler. Four services hear one another in a graph with a cycle;
//! each has two owners at once. Messages are lost, doubled, shuffled and wiped; owners crash before
//! the commit and after it; publishes are skipped; asks go unanswered. Checked for every hearer:
//! each page of each service it listens to took effect exactly once, in number order, after
//! everything that its speaker had heard; and all of it arrives. Four bugs are planted, and found.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::Timestamp;

use super::{Ear, Flaw, Head, Heard, Page, Portion, Position, Read, pack, unpack};

const SERVICES: [(&str, &[&str]); 4] =
    [("a", &["d"]), ("b", &["a"]), ("c", &["a", "b"]), ("d", &["a", "b", "c"])];

/// How many hops an event causes.
const SPREAD: u32 = 4;
const STEPS: u64 = 3000;
const DRAIN: u64 = 60_000;

/// An event of the model: who began it, and how far it has come.
type Event = ((usize, u64), u32);

/// What a service's own database holds.
struct Books {
    pages: Vec<Arc<Page>>,
    events: Vec<Vec<Event>>,
    heard: Heard,
    version: i64,
    /// The effect: the pages that were taken, in order.
    log: Vec<(String, i64)>,
    inputs: u64,
}

impl Books {
    fn head(&self) -> i64 {
        i64::try_from(self.pages.len()).unwrap()
    }
}

enum Wire {
    Page(Arc<Page>),
    Head(Head),
}

struct Owner {
    service: usize,
    position: Position,
    /// Pages that hold nothing for the service, and are taken in memory alone.
    unsaved: Vec<(String, i64)>,
    ear: Ear,
}

struct House {
    random: Random,
    flaw: Option<Flaw>,
    now: u64,
    books: Vec<Books>,
    wires: Vec<Vec<Wire>>,
    owners: Vec<Owner>,
}

impl House {
    fn new(seed: u64, flaw: Option<Flaw>) -> Self {
        let heard = |hears: &[&str]| hears.iter().map(|it| ((*it).to_owned(), 0)).collect();
        let books = SERVICES.map(|(_, hears)| Books {
            pages: vec![],
            events: vec![],
            heard: heard(hears),
            version: 0,
            log: vec![],
            inputs: 0,
        });
        let books = Vec::from(books);
        let wires = SERVICES.map(|_| vec![]).into();
        let random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut house = Self { random, flaw, now: 0, books, wires, owners: vec![] };
        house.owners = (0..SERVICES.len() * 2).map(|it| house.open(it / 2)).collect();
        house
    }

    /// Takes a partition over, as it is in the books.
    fn open(&self, service: usize) -> Owner {
        let books = &self.books[service];
        let said = books.head();
        let heard = books.heard.clone();
        let at = Timestamp::UNIX_EPOCH;
        let position = Position { version: books.version, heard: heard.clone(), said, at };
        let mut ear = Ear::new(heard).with(self.flaw);
        ear.connected(self.now);
        Owner { service, position, unsaved: vec![], ear }
    }

    fn publish(&mut self, speaker: usize, message: impl Fn() -> Wire) {
        for (hearer, (_, hears)) in SERVICES.iter().enumerate() {
            if hears.contains(&SERVICES[speaker].0) && !self.random.chance(25) {
                for _ in 0..if self.random.chance(15) { 2 } else { 1 } {
                    self.wires[hearer].push(message());
                }
            }
        }
    }

    /// One owner listens for a moment, and decides what is ready.
    fn step(&mut self, owner: usize, quiet: bool) {
        let service = self.owners[owner].service;
        if self.random.chance(30) {
            self.random.shuffle(&mut self.wires[service]);
        }
        let size = self.random.below(6).min(self.wires[service].len());
        for message in self.wires[service].drain(..size).collect::<Vec<_>>() {
            match message {
                Wire::Page(page) => self.owners[owner].ear.page(page),
                Wire::Head(head) => self.owners[owner].ear.head(&head, self.now),
            }
        }
        let inputs = u64::from(service == 0 && !quiet && self.random.chance(30));
        self.transact(owner, inputs);
        for missing in self.owners[owner].ear.asks(self.now) {
            if self.random.chance(20) {
                continue; // Nobody answers.
            }
            let (head, pages) = self.read(&missing.speaker, missing.from);
            self.owners[owner].ear.answer(&head, pages, self.now).unwrap();
            self.transact(owner, 0);
        }
    }

    /// Answers an ask out of the speaker's own table, over the real wire format.
    fn read(&mut self, speaker: &str, from: i64) -> (Head, Vec<Arc<Page>>) {
        let books = &self.books[index(speaker)];
        let head = Head { speaker: speaker.to_owned(), number: books.head() };
        let first = usize::try_from(from - 1).unwrap().min(books.pages.len());
        let last = (first + 3).min(books.pages.len());
        let pages = books.pages[first..last].iter();
        (head, pages.map(|it| Arc::new(unpack(&pack(it).unwrap()).unwrap())).collect())
    }

    /// The worker's transaction: position, effect and page, or nothing.
    fn transact(&mut self, owner: usize, inputs: u64) {
        let (flaw, now, save) = (self.flaw, self.now, self.random.chance(20));
        let Owner { service, position, unsaved, ear } = &mut self.owners[owner];
        let service = *service;
        let pages = ear.take(5, now);
        for page in &pages {
            position.heard.insert(page.speaker.clone(), page.number);
            unsaved.push((page.speaker.clone(), page.number));
        }
        let (heard, mut next) = (unsaved.clone(), position.after(Timestamp::UNIX_EPOCH));
        let caused: Vec<Event> = pages.iter().flat_map(|it| self.caused_by(it)).collect();
        if caused.is_empty() && inputs == 0 && (heard.is_empty() || !save) {
            return;
        }
        let crash = self.random.chance(5);
        let books = &mut self.books[service];
        if crash || !next.may_follow(books.version, flaw) {
            // Nothing is written. Whoever comes next, this owner or another, begins from the books.
            self.owners[owner] = self.open(service);
            return;
        }
        books.version = next.version.max(books.version + 1);
        books.heard = next.heard.clone();
        let first = books.inputs;
        books.inputs += inputs;
        books.log.extend(heard.iter().cloned());
        let began = (first..first + inputs).map(|it| ((service, it), 0));
        let events: Vec<Event> = caused.into_iter().chain(began).collect();
        next.version = self.books[service].version;
        let page = (!events.is_empty()).then(|| self.write(service, &next, events));
        next.said = self.books[service].head();
        let owner = &mut self.owners[owner];
        owner.position = next;
        owner.unsaved.clear();
        if let Some(page) = page
            && !self.random.chance(10)
        {
            self.publish(service, || Wire::Page(page.clone()));
        }
        if self.random.chance(2) {
            let first = self.owners.iter().position(|it| it.service == service).unwrap();
            self.owners[first] = self.open(service); // It crashed after the commit.
        }
    }

    /// What the events of a page lead to.
    fn caused_by(&self, page: &Page) -> impl Iterator<Item = Event> {
        let nth = usize::try_from(page.number - 1).unwrap();
        let events = &self.books[index(&page.speaker)].events[nth];
        events.iter().filter(|it| it.1 < SPREAD).map(|it| (it.0, it.1 + 1))
    }

    fn write(&mut self, service: usize, position: &Position, events: Vec<Event>) -> Arc<Page> {
        let books = &mut self.books[service];
        let page = Arc::new(Page {
            speaker: SERVICES[service].0.to_owned(),
            partition: 0,
            number: books.head() + 1,
            at: Timestamp::UNIX_EPOCH,
            heard: position.heard.clone(),
            said: vec![],
        });
        books.pages.push(page.clone());
        books.events.push(events);
        page
    }

    fn announce(&mut self) {
        let speaker = self.random.below(SERVICES.len());
        let number = self.books[speaker].head();
        let head = Head { speaker: SERVICES[speaker].0.to_owned(), number };
        self.publish(speaker, || Wire::Head(head.clone()));
    }

    fn run(mut self) -> Result<usize, String> {
        for step in 0..STEPS {
            self.now += 10;
            let owner = self.random.below(self.owners.len());
            self.step(owner, step > STEPS / 2);
            if self.random.chance(1) {
                let wire = self.random.below(self.wires.len());
                self.wires[wire].clear(); // The broker lost all that it held.
            }
            if self.random.chance(1) {
                let owner = self.random.below(self.owners.len());
                self.owners[owner] = self.open(self.owners[owner].service);
            }
            if self.random.chance(5) {
                self.announce();
            }
        }
        for step in 0..DRAIN {
            self.now += 10;
            let owner = self.random.below(self.owners.len());
            self.step(owner, true);
            if step % 7 == 0 {
                self.announce();
            }
            if step % 200 == 0 && self.all_is_heard() {
                return self.check();
            }
        }
        Err("not all was heard".to_owned())
    }

    fn all_is_heard(&self) -> bool {
        self.books.iter().all(|books| {
            let head = |it: &str| self.books[index(it)].head();
            books.heard.iter().all(|(speaker, seen)| *seen == head(speaker))
        })
    }

    fn check(&self) -> Result<usize, String> {
        for (hearer, books) in self.books.iter().enumerate() {
            let name = SERVICES[hearer].0;
            let mut seen: BTreeMap<&str, i64> =
                SERVICES[hearer].1.iter().map(|it| (*it, 0)).collect();
            for (speaker, number) in &books.log {
                let before = seen.insert(speaker, *number).unwrap_or_default();
                if *number != before + 1 {
                    return Err(format!("{name} heard {speaker} {number} after {before}"));
                }
                let page = &self.books[index(speaker)].pages[usize::try_from(*number - 1).unwrap()];
                for (cause, number) in &page.heard {
                    if seen.get(cause.as_str()).is_some_and(|it| it < number) {
                        return Err(format!("{name} heard {speaker} before its cause {cause}"));
                    }
                }
            }
            for (speaker, seen) in seen {
                if seen != self.books[index(speaker)].head() {
                    return Err(format!("{name} heard {speaker} to {seen} only"));
                }
            }
        }
        Ok(self.books.iter().map(|it| it.pages.len()).sum())
    }
}

fn index(service: &str) -> usize {
    SERVICES.iter().position(|it| it.0 == service).unwrap()
}

/// Xorshift: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[test]
fn every_page_takes_effect_once_in_order_after_its_causes() {
    for seed in 0..300 {
        let pages = House::new(seed, None).run();
        assert!(pages.is_ok_and(|it| it > 50), "seed {seed}: {:?}", House::new(seed, None).run());
    }
}

#[test]
fn each_planted_bug_is_found() {
    for flaw in [Flaw::AnyLaterNumber, Flaw::IgnoreCauses, Flaw::NoFence, Flaw::NeverAsk] {
        let found = (0..30).find_map(|seed| House::new(seed, Some(flaw)).run().err());
        assert!(found.is_some(), "{flaw:?} is not found");
    }
}

#[test]
fn a_portion_survives_the_wire() {
    let piece = |number, bytes: &[u8]| super::wire::Piece { number, of: 9, bytes: bytes.to_vec() };
    let portion = Portion { head: 7, pieces: vec![piece(3, b"abc"), piece(4, b"")] };
    let bytes = portion.to_bytes();
    assert_eq!(Portion::from_bytes(&bytes).unwrap(), portion);
    assert!(Portion::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    let read = serde_json::from_str::<Read>(r#"{"partition": 1, "from": 2}"#).unwrap();
    assert_eq!((read.partition, read.from, read.offset), (1, 2, 0));
}

#[test]
fn a_speaker_that_was_put_back_in_time_is_refused() {
    let mut ear = Ear::new(BTreeMap::from([("a".to_owned(), 5)]));
    let head = |number| Head { speaker: "a".to_owned(), number };
    ear.head(&head(4), 0); // May be an old announcement: it is asked, not believed.
    assert_eq!(ear.asks(20).len(), 1);
    assert!(ear.answer(&head(5), vec![], 0).is_ok());
    assert!(ear.answer(&head(4), vec![], 0).unwrap_err().to_string().contains("was put back"));
}
