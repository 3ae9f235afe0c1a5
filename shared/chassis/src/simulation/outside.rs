//! What the outside does to the house: commands, which are asked again until they are answered, and
//! reports on public streams, which are kept until they are acknowledged.

use std::collections::BTreeMap;

use contracts::{Contract, Door, Key, Kind, Message, Timestamp, Uuid};

use super::Happening;
use super::house::{House, reports};
use super::queue::{Event, Life, Message as Wire};
use crate::{Envelope, MessageId, Outcome, Partition, TraceContext, inlet, parking};

/// How long an answer is waited for before it is asked again, in milliseconds.
const PATIENCE: u64 = 2000;

/// How often at most: beyond it, the client thinks of something else.
const TRIES: u32 = 60;

/// How many reports are given together.
const TOGETHER: usize = 256;

/// Commands that wait for their answer.
#[derive(Default)]
pub(super) struct Calls(BTreeMap<MessageId, Call>);

struct Call {
    service: usize,
    envelope: Envelope,
    /// After how many more tries the client hangs up.
    tries: u32,
}

/// Nobody in the house takes this.
#[derive(Debug, thiserror::Error)]
#[error("nobody hears {0}")]
pub struct Unanswerable(String);

impl House {
    /// Gives a command. It is asked again, with the same id, until it is answered or the client hangs up
    /// after so many tries.
    ///
    /// # Errors
    ///
    /// [`Unanswerable`], if no service that was installed takes it.
    pub fn tell<C: Message>(
        &mut self,
        id: MessageId,
        command: &C,
        tries: Option<u32>,
    ) -> Result<(), Unanswerable> {
        let takes = |it: &super::house::Department| {
            it.desk.hears().iter().any(|it| it.subject == C::SUBJECT && it.kind == Kind::Command)
        };
        let service = self.departments.iter().position(takes);
        let service = service.ok_or_else(|| Unanswerable(C::SUBJECT.to_owned()))?;
        let body = contracts::encode(command);
        let envelope = envelope(id, C::SUBJECT, command.key(), body);
        self.call(id, Call { service, envelope, tries: tries.unwrap_or(TRIES) });
        Ok(())
    }

    /// Has what is parked about a key decided again, by every service that has something.
    pub fn replay_parked(&mut self) {
        for service in 0..self.departments.len() {
            let parked = self.departments[service].database.parked();
            for (at, (parked, _)) in parked.into_iter().enumerate() {
                let seed = format!("replay {} {at} {}", parked.key, self.millis);
                let id = MessageId(Uuid::new_v5(&Uuid::nil(), seed.as_bytes()));
                let body = contracts::RawValue::NULL.to_owned();
                let envelope = envelope(id, parking::REPLAY, parked.key, body);
                self.call(id, Call { service, envelope, tries: TRIES });
            }
        }
    }

    fn call(&mut self, id: MessageId, call: Call) {
        self.chance.count("command");
        self.calls.0.insert(id, call);
        self.ask(id);
    }

    /// Sends a command to an owner of its partition.
    fn ask(&mut self, id: MessageId) {
        let Some(call) = self.calls.0.get_mut(&id) else { return };
        if call.tries == 0 {
            self.calls.0.remove(&id);
            self.told.push_back(Happening::HungUp(id));
            return;
        }
        call.tries -= 1;
        let (service, envelope) = (call.service, call.envelope.clone());
        let partition = Partition::about(&envelope.key, self.partitions).number;
        let owners = self.lives_of(service, partition);
        let to = owners[self.chance.dice.usize(..owners.len())];
        self.send(to, Wire::Command(envelope));
        let again = self.millis + PATIENCE + self.chance.dice.u64(..PATIENCE);
        self.queue.push(again, Event::Again(id));
    }

    pub(super) fn ask_again(&mut self, id: MessageId) {
        self.ask(id);
    }

    /// An answer is on its way to whoever gave the command.
    pub(super) fn answer(&mut self, id: MessageId, outcome: Outcome) {
        if self.chance.strikes("answer lost", self.chance.faults.lost) {
            return;
        }
        self.queue.push(self.millis + 1, Event::Outcome(id, outcome));
    }

    pub(super) fn answered(&mut self, id: MessageId, outcome: Outcome) {
        if self.calls.0.remove(&id).is_some() {
            self.told.push_back(Happening::Answered(id, outcome));
        }
    }

    /// Publishes to an inbound stream, which keeps it.
    ///
    /// # Errors
    ///
    /// [`Unanswerable`], if no service reads this subject.
    pub fn report(&mut self, subject: &str, payload: &[u8]) -> Result<(), Unanswerable> {
        let now = self.now();
        for service in 0..self.departments.len() {
            let inlets = &mut self.departments[service].inlets;
            if let Some(at) = inlets.iter_mut().position(|it| it.takes(subject, self.partitions)) {
                inlets[at].keep(subject, payload, now);
                self.chance.count("report");
                let at_once = self.millis + 1;
                self.queue.push(at_once, Event::Feed { service, inlet: at });
                return Ok(());
            }
        }
        Err(Unanswerable(subject.to_owned()))
    }

    /// Wants to be reminded of something, after so many milliseconds.
    pub fn remind(&mut self, after: u64, token: u64) {
        self.queue.push(self.millis + after, Event::Remind(token));
    }

    /// A stream gives the owner of its partition what it has. To one reader at a time, and to a new one
    /// from the last acknowledgement on: that is what the inlet sees to over the real broker.
    pub(super) fn feed(&mut self, service: usize, at: usize) {
        let partition = self.departments[service].inlets[at].partition;
        let owners = self.lives_of(service, partition);
        let to = owners[self.chance.dice.usize(..owners.len())];
        let inlet = &mut self.departments[service].inlets[at];
        if inlet.reader != Some(to) {
            (inlet.reader, inlet.given) = (Some(to), inlet.acknowledged);
        }
        let given = inlet.given;
        let upto = inlet.kept.len().min(given + TOGETHER);
        if given == upto {
            return;
        }
        let envelopes = inlet.kept[given..upto].to_vec();
        inlet.given = upto;
        let event = Event::Arrives(to, Wire::Reports { inlet: at, upto, envelopes });
        self.queue.push(self.millis + 1, event);
        self.queue.push(self.millis + 2, Event::Feed { service, inlet: at });
    }

    /// The streams of a service give again what was acknowledged.
    pub(super) fn give_again(&mut self, service: usize) {
        for at in 0..self.departments[service].inlets.len() {
            let dice = &mut self.chance.dice;
            let inlet = &mut self.departments[service].inlets[at];
            inlet.given = dice.usize(..=inlet.given);
            self.queue.push(self.millis + 1, Event::Feed { service, inlet: at });
        }
    }
}

/// What a public stream keeps for one partition of its reader.
pub(super) struct Inlet {
    contract: Contract,
    door: Door,
    partition: u32,
    kept: Vec<Envelope>,
    reader: Option<Life>,
    /// How many of them are given, and how many acknowledged.
    given: usize,
    acknowledged: usize,
}

impl Inlet {
    /// One for each stream that is read, a partition.
    pub(super) fn all(hears: &'static [Contract], partitions: u32) -> Vec<Self> {
        let doors = reports(hears).filter_map(|it| Some((*it, it.door?)));
        let inlet = |contract, door, partition| Self {
            contract,
            door,
            partition,
            kept: vec![],
            reader: None,
            given: 0,
            acknowledged: 0,
        };
        doors
            .flat_map(|(contract, door)| {
                (0..partitions).map(move |partition| inlet(contract, door, partition))
            })
            .collect()
    }

    /// Whether this is where the broker puts what is said on this subject.
    fn takes(&self, subject: &str, partitions: u32) -> bool {
        let mut pattern = self.door.pattern.split('.');
        let mut tokens = subject.split('.');
        let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
        loop {
            match (pattern.next(), tokens.next()) {
                (None, None) => break,
                (Some(name), Some(token)) => {
                    match name.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                        Some(name) => drop(keys.insert(name, token)),
                        None if name == token => {}
                        None => return false,
                    }
                }
                (None, Some(_)) | (Some(_), None) => return false,
            }
        }
        let key: String =
            self.door.keyed_by.iter().map(|it| keys.get(it).copied().unwrap_or_default()).collect();
        Partition::about(&Key(key), partitions).number == self.partition
    }

    fn keep(&mut self, subject: &str, payload: &[u8], now: Timestamp) {
        let place = (self.kept.len() as u64 + 1, now.as_nanosecond());
        let trace = TraceContext::default();
        let said = inlet::Said { tokens: subject, payload, place, trace };
        let mut kept = inlet::envelope(&self.contract, &self.door, said);
        // Each partition counts for itself here, so its number is part of the name.
        let name = format!("{} {}", self.partition, kept.id.0);
        kept.id = MessageId(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()));
        self.kept.push(kept);
    }

    pub(super) fn acknowledge(&mut self, upto: usize) {
        self.acknowledged = self.acknowledged.max(upto);
    }

    /// How many reports nobody has acknowledged.
    pub(super) fn left(&self) -> usize {
        self.kept.len() - self.acknowledged
    }

    /// What was given and not acknowledged in time is given again: its reader may be gone. Whether there
    /// is such.
    pub(super) fn gives_again(&mut self) -> bool {
        self.given = self.acknowledged;
        self.left() > 0
    }

    /// A new owner reads on from the last acknowledgement.
    pub(super) fn reset(&mut self, partition: u32) {
        if self.partition == partition {
            self.given = self.acknowledged;
        }
    }
}

fn envelope(id: MessageId, subject: &str, key: Key, body: Box<contracts::RawValue>) -> Envelope {
    let trace = TraceContext::default();
    Envelope { id, cause: None, subject: subject.to_owned(), key, address: None, trace, body }
}
