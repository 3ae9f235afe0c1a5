//! Notification's tables in memory, for the simulation. The rules are the same; what is loaded and
//! saved is what `store` loads and saves, and a test holds the two together.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Batch, Decided, InMemory};
use contracts::notification::LetterKind;
use contracts::{LetterId, OrderId};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::letter::{Books, Facts, Letter, Order, State, letter_id};
use crate::store::order;
use crate::{Inbound, Notification, Outbound};

/// The tables of notification, of all partitions.
#[derive(Debug, Default)]
pub struct Tables {
    placed: BTreeMap<OrderId, Order>,
    letters: BTreeMap<(OrderId, LetterId), Row>,
    /// The orders to which the last commit wrote.
    touched: BTreeSet<OrderId>,
}

#[derive(Debug)]
struct Row {
    letter: Letter,
    facts: Facts,
    written_at: Timestamp,
}

/// What a batch changes.
pub struct Change {
    now: Timestamp,
    books: Books,
}

/// A letter, as it is known without what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub letter: LetterId,
    pub order: OrderId,
    pub kind: LetterKind,
    /// How often the postman tried.
    pub attempts: i32,
    /// When the postman is to try next; never, once it is sent or failed.
    pub due: Option<Timestamp>,
    pub is_sent: bool,
}

impl Tables {
    /// Every letter that was written.
    pub fn letters(&self) -> impl Iterator<Item = Standing> {
        self.letters.iter().map(|((_, id), it)| standing(*id, &it.letter))
    }

    /// The letters about one order.
    pub fn letters_about(&self, order: OrderId) -> impl Iterator<Item = Standing> {
        self.rows_about(order).map(|(id, it)| standing(id, &it.letter))
    }

    /// Whether the order was placed in our hearing.
    pub fn knows(&self, order: OrderId) -> bool {
        self.placed.contains_key(&order)
    }

    /// The orders to which the last commit wrote.
    pub fn touched(&self) -> &BTreeSet<OrderId> {
        &self.touched
    }

    fn rows_about(&self, order: OrderId) -> impl Iterator<Item = (LetterId, &Row)> {
        let least = LetterId(contracts::Uuid::nil());
        let rows = self.letters.range((order, least)..);
        rows.take_while(move |it| it.0.0 == order).map(|((_, id), it)| (*id, it))
    }

    /// What `store::load` reads.
    fn load(&self, batch: &Batch<Inbound>) -> Books {
        let mut books = Books::default();
        for order in batch.messages().filter_map(order) {
            if let Some(it) = self.placed.get(&order) {
                books.known.insert(order, it.has_email);
            }
            let letters = self.rows_about(order).map(|(id, it)| (id, it.letter.clone()));
            books.letters.extend(letters);
        }
        books
    }

    /// What `store::save` writes. What the schema enforces, it enforces here too: what Postgres
    /// would refuse ends the simulation.
    fn save(&mut self, now: Timestamp, books: Books) {
        let Books { placed, mut letters, written, changed, .. } = books;
        self.touched = placed.keys().copied().collect();
        for (order, it) in placed {
            self.placed.entry(order).or_insert(it); // The first to come stays.
        }
        for (id, facts) in written {
            let Some(letter) = letters.remove(&id) else { continue };
            check(id, &letter);
            let key = (letter.order, id);
            self.touched.insert(letter.order);
            let before = self.letters.insert(key, Row { letter, facts, written_at: now });
            assert!(before.is_none(), "letter {id} is written twice");
        }
        for id in changed {
            let Some(letter) = letters.remove(&id) else { continue };
            check(id, &letter);
            self.touched.insert(letter.order);
            if let Some(row) = self.letters.get_mut(&(letter.order, id)) {
                (row.letter.attempts, row.letter.state) = (letter.attempts, letter.state);
            }
        }
    }
}

fn standing(id: LetterId, it: &Letter) -> Standing {
    let due = match it.state {
        State::Queued { next_attempt_at, .. } => Some(next_attempt_at),
        State::Sent | State::Failed { .. } => None,
    };
    let (order, kind, attempts) = (it.order, it.kind, it.attempts);
    Standing { letter: id, order, kind, attempts, due, is_sent: it.state == State::Sent }
}

fn check(id: LetterId, it: &Letter) {
    assert!(it.attempts >= 0, "letter {id} was tried {} times", it.attempts);
    let (_, _, reason) = columns(&it.state);
    assert!(!reason.is_some_and(|it| it.contains('\0')), "Postgres keeps no zero byte: {reason:?}");
}

impl InMemory for Notification {
    type Tables = Tables;
    type Change = Change;

    fn decide(&self, tables: &Tables, batch: Batch<Inbound>) -> (Decided<Outbound>, Change) {
        let (now, mut books) = (batch.now(), tables.load(&batch));
        let decided = batch.decide(|now, message| books.decide(now, message));
        (decided, Change { now, books })
    }

    fn keep(tables: &mut Tables, Change { now, books }: Change) {
        tables.save(now, books);
    }

    fn rows(tables: &Tables) -> BTreeMap<&'static str, Vec<Value>> {
        let placed = tables.placed.iter().map(|(order, it)| {
            let Order { number, currency, total, freight, lines, has_email } = it;
            json!({
                "order_id": order, "order_no": number, "currency": currency, "total_cents": total,
                "freight_cents": freight, "lines": lines, "has_email": has_email,
            })
        });
        let letters = tables.letters.iter().map(|((order, id), it)| {
            let (state, next, reason) = columns(&it.letter.state);
            json!({
                "order_id": order, "letter_id": id, "kind": it.letter.kind.name(),
                "facts": it.facts, "written_at": it.written_at, "state": state,
                "attempts": it.letter.attempts, "next_attempt_at": next, "reason": reason,
            })
        });
        [("placed_order", placed.collect()), ("letter", letters.collect())].into()
    }
}

fn columns(state: &State) -> (&'static str, Option<Timestamp>, Option<&str>) {
    match state {
        State::Queued { next_attempt_at, reason } => {
            ("queued", Some(*next_attempt_at), reason.as_deref())
        }
        State::Sent => ("sent", None, None),
        State::Failed { reason } => ("failed", None, Some(reason)),
    }
}

/// Everything that does not hold, in a sentence each; nothing, if all is well.
pub fn audit(tables: &Tables) -> Vec<String> {
    let all = tables.letters.keys().map(|it| it.0).chain(tables.placed.keys().copied());
    let mut faults = audit_of(tables, &all.collect());
    let mut bearers = BTreeMap::new();
    for (order, id) in tables.letters.keys() {
        if let Some(other) = bearers.insert(id, order) {
            faults.push(format!("letter {id} is about order {other} and about order {order}"));
        }
    }
    faults
}

/// What does not hold of the letters about these orders, as [`Tables::touched`] names them.
pub fn audit_of(tables: &Tables, orders: &BTreeSet<OrderId>) -> Vec<String> {
    let mut faults = vec![];
    for order in orders {
        let (mut once, mut bills) = (BTreeSet::new(), BTreeSet::new());
        for (id, Row { letter, facts, .. }) in tables.rows_about(*order) {
            let kind = letter.kind;
            if !tables.placed.contains_key(order) {
                faults.push(format!("letter {id} is about order {order}, which nobody placed"));
            }
            if facts.kind() != kind || letter.order != *order {
                faults
                    .push(format!("letter {id} of {} says something else: {facts:?}", kind.name()));
            }
            // It happens once to an order, so its letter bears the name of the order alone.
            if matches!(kind, LetterKind::Confirmed | LetterKind::Cancelled) {
                let again = !once.insert(kind);
                if again || id != letter_id(*order, kind, None) {
                    faults
                        .push(format!("order {order} is told that it is {} by {id}", kind.name()));
                }
            }
            if let Facts::Invoiced(bill) = facts
                && !bills.insert(&bill.number)
            {
                faults.push(format!("order {order} is billed twice by {}", bill.number));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter of its own name is one letter; under any other it is a second one, and found.
    #[test]
    fn a_second_letter_about_the_same_is_found() {
        let order = OrderId(contracts::Uuid::from_u128(1));
        let row = || Row {
            letter: Letter { order, kind: LetterKind::Confirmed, attempts: 1, state: State::Sent },
            facts: Facts::Confirmed,
            written_at: Timestamp::UNIX_EPOCH,
        };
        let mut tables = Tables::default();
        let own = letter_id(order, LetterKind::Confirmed, None);
        tables.letters.insert((order, own), row());
        let unplaced = format!("letter {own} is about order {order}, which nobody placed");
        assert_eq!(audit(&tables), [unplaced]);

        let other = LetterId(contracts::Uuid::max());
        tables.letters.insert((order, other), row());
        let told = format!("order {order} is told that it is confirmed by {other}");
        assert!(audit(&tables).contains(&told), "{:?}", audit(&tables));
    }
}
