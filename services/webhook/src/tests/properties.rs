//! What holds, whatever happens.

use std::collections::{BTreeMap, BTreeSet};

use contracts::webhook::{Replay, ReplayStrand};
use contracts::{DeliveryId, EndpointId, Status};
use proptest::collection::vec;
use proptest::prelude::*;

use super::words::{START, answered, billed, delivered, endpoint, placed, set, shipped, status};
use crate::books::Books;
use crate::delivery::DeliveryState;
use crate::{Inbound, Outbound};

/// What happens: to the books, or to whatever is the first of its strand to wait.
#[derive(Debug, Clone)]
enum Step {
    Hear(Inbound),
    Call { strand: usize, status: u16 },
    Tell { nth: usize, attempt: i32, status: u16 },
}

proptest! {
    #[test]
    fn an_event_has_one_id_for_an_endpoint_and_is_delivered_after_those_before_it(
        history in vec(step(), 0..60)
    ) {
        let mut world = World::new();
        for step in history {
            for message in messages(&world.books, step) {
                world.hear(message);
            }
            for (id, body) in &world.books.written {
                let event = (world.books.deliveries[id].endpoint.clone(), body.clone());
                prop_assert_eq!(world.bodies.entry(event).or_insert(*id), id, "two ids");
            }
            numbered(&world.books)?;
        }
        for (strand, numbers) in world.arrived {
            prop_assert!(numbers.is_sorted(), "{strand}: {numbers:?}");
        }
    }
}

/// The books, and what endpoints have seen.
struct World {
    books: Books,
    bodies: BTreeMap<(EndpointId, String), DeliveryId>,
    /// What arrived in each strand, without what was given up before: that is out of its order.
    arrived: BTreeMap<String, Vec<i32>>,
    given_up: BTreeSet<DeliveryId>,
}

impl World {
    /// Two endpoints, and two orders that are known.
    fn new() -> Self {
        let mut books = Books::default();
        for it in ["erp", "crm"] {
            books.decide(START, set(it, "https://example.com/").into());
        }
        for it in [1, 2] {
            books.decide(START, placed(it).into());
        }
        let (bodies, arrived, given_up) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { books, bodies, arrived, given_up }
    }

    /// Hears a message, and the notes that come of it.
    fn hear(&mut self, message: Inbound) {
        let before = self.that_are(DeliveryState::Delivered);
        for it in self.books.decide(START, message) {
            if let Outbound::DisableEndpoint(it) = it {
                self.books.decide(START, it.into());
            }
        }
        for id in self.that_are(DeliveryState::Delivered).difference(&before) {
            let it = &self.books.deliveries[id];
            if !self.given_up.contains(id) && it.earlier == 0 {
                let strand = format!("{} {}", it.endpoint, it.strand);
                self.arrived.entry(strand).or_default().push(it.number);
            }
        }
        let given_up = self.that_are(DeliveryState::GivenUp);
        self.given_up.extend(given_up);
    }

    fn that_are(&self, state: DeliveryState) -> BTreeSet<DeliveryId> {
        let found = self.books.deliveries.iter().filter(|it| it.1.state == state);
        found.map(|it| *it.0).collect()
    }
}

/// Within a strand, deliveries are numbered without gaps.
fn numbered(books: &Books) -> Result<(), TestCaseError> {
    let mut strands: BTreeMap<(&str, &str), Vec<i32>> = BTreeMap::new();
    for it in books.deliveries.values() {
        strands.entry((it.endpoint.as_str(), &it.strand)).or_default().push(it.number);
    }
    for numbers in strands.values_mut() {
        numbers.sort_unstable();
        let last = i32::try_from(numbers.len()).unwrap();
        prop_assert!(numbers.iter().copied().eq(1..=last), "{:?}", numbers);
    }
    Ok(())
}

/// What the courier does: he calls the first of a strand that waits, as the store gives it to him.
fn messages(books: &Books, step: Step) -> Vec<Inbound> {
    match step {
        Step::Hear(it) => vec![it],
        Step::Call { strand, status } => {
            let mut first: BTreeMap<(&str, &str), _> = BTreeMap::new();
            for (id, it) in &books.deliveries {
                if matches!(it.state, DeliveryState::Waiting { .. }) {
                    let key = (it.endpoint.as_str(), it.strand.as_str());
                    let known = first.entry(key).or_insert((it.number, *id));
                    *known = (*known).min((it.number, *id));
                }
            }
            let chosen = first.values().nth(strand % first.len().max(1));
            let call = chosen.map(|(_, id)| {
                let it = &books.deliveries[id];
                answered(*id, &it.strand, it.attempts + 1, status).into()
            });
            call.into_iter().collect()
        }
        Step::Tell { nth, attempt, status } => {
            // Late, or twice: an attempt that was counted before.
            let chosen = books.deliveries.iter().nth(nth % books.deliveries.len().max(1));
            let told = chosen.filter(|it| attempt <= it.1.attempts);
            told.map(|(id, it)| answered(*id, &it.strand, attempt, status).into())
                .into_iter()
                .collect()
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let http = prop_oneof![Just(200_u16), Just(204), Just(301), Just(410), Just(500)];
    let call =
        (0..8_usize, http.clone()).prop_map(|(strand, status)| Step::Call { strand, status });
    let tell = (0..40_usize, 0..12_i32, http).prop_map(|(nth, attempt, status)| Step::Tell {
        nth,
        attempt,
        status,
    });
    prop_oneof![3 => message().prop_map(Step::Hear), 4 => call, 1 => tell]
}

fn message() -> impl Strategy<Value = Inbound> {
    (1..3_u128, 1..4_i64, 0..8_u8).prop_map(|(nth, number, what)| {
        let shipment = number.unsigned_abs().into();
        let strand = format!("webW-{nth}");
        let erp = || endpoint("erp");
        match what {
            0 => shipped(nth, shipment).into(),
            1 => delivered(nth, shipment).into(),
            2 => billed(nth, shipment).into(),
            3 => set("erp", "https://example.com/").into(),
            4 => ReplayStrand { endpoint: erp(), strand, since: START, due: START }.into(),
            5 => Replay { endpoint: erp(), since: START }.into(),
            _ => status(nth, number, Status::Confirmed).into(),
        }
    })
}
