//! Inventory over Postgres and over its tables in memory: the same is said, and the same rows are
//! there, whatever comes. And what the tables' audit looks at can be seen to fail.

use std::collections::BTreeSet;
use std::fmt::Write;

use chassis::Partition;
use contracts::inventory::{BackorderServed, BackordersDue, ClaimsTaken, LevelsDue, StockReported};
use contracts::{ItemUnits, ShipmentId, Timestamp, Uuid};
use expect_test::expect;
use jiff::SignedDuration;
use testbench::{Trial, lives};

use super::world::{Step, World, order_of, rings, ticks};
use super::{START, count, receipt, shipped, sku, warehouse};
use crate::books::{Books, Level, Move, Shelf, Standing};
use crate::memory::{Ledger, Stock, Tables, at_rest, audit, audit_last};
use crate::{Inbound, Inventory};

/// Random lives: orders, shelves, pickers and counters of both partitions, what is late, repeated,
/// out of order or means nothing. Every fourth of them.
async fn live(part: u64) {
    let mut kinds = BTreeSet::new();
    for seed in (part..lives()).step_by(4) {
        let skus = u8::try_from(1 + seed / 4 % 4).unwrap();
        let (mut world, mut trial) = (World::of(skus), Trial::of(Inventory, seed, &[]).await);
        for _ in 0..30 {
            let batch = messages(&mut world, &mut trial);
            trial.batch(batch).await;
            pass(&mut trial);
            look(&trial, |it| assert_eq!(audit_last(it), Vec::<String>::new(), "life {seed}"));
        }
        trial.compare().await;
        settle(&mut trial).await;
        let now = trial.twins.now;
        look(&trial, |it| {
            assert_eq!(audit(it), Vec::<String>::new(), "life {seed}");
            assert_eq!(at_rest(it, now), Vec::<String>::new(), "life {seed}");
            let moves = it.stock.values().flat_map(|it| it.ledgers.values());
            kinds.extend(moves.flat_map(|it| it.moves.values()).map(|it| it.it.kind));
        });
        trial.compare().await;
    }
    assert!(lives() < 60 || kinds.len() == 13, "not all kinds of moves: {kinds:?}");
}

#[tokio::test]
async fn memory_is_as_postgres_is() {
    live(0).await;
}

#[tokio::test]
async fn memory_is_as_postgres_is_in_other_lives() {
    live(1).await;
}

#[tokio::test]
async fn memory_is_as_postgres_is_in_yet_others() {
    live(2).await;
}

#[tokio::test]
async fn memory_is_as_postgres_is_in_the_rest() {
    live(3).await;
}

fn look<T>(trial: &Trial<Inventory>, at: impl FnOnce(&Tables) -> T) -> T {
    trial.twins.memory.look::<Inventory, _>(at)
}

/// What comes next: up to a dozen messages of either partition.
fn messages(world: &mut World, trial: &mut Trial<Inventory>) -> Vec<Inbound> {
    world.books = look(trial, claims);
    world.now = trial.twins.now;
    let mut messages = Vec::new();
    for _ in 0..trial.dice.usize(..12) {
        let step: Step = std::array::from_fn(|_| trial.dice.u8(..));
        if trial.one_in(10) {
            messages.push(nonsense(step, trial.twins.now));
        } else if !ticks(step) && !rings(step) {
            messages.extend(world.message(step));
        }
    }
    messages
}

/// Who keeps what: so much of the books the world needs to know.
fn claims(tables: &Tables) -> Books {
    let mut books = Books::default();
    for (order, rows) in &tables.claims {
        for ((sku, line, at), claim) in rows {
            let claims = &mut books.items.entry(sku.clone()).or_default().claims;
            claims.entry(*order).or_default().insert((*line, at.clone()), claim.clone());
        }
    }
    books
}

/// What nobody should say.
fn nonsense([what, who, item, place, much, how]: Step, at: Timestamp) -> Inbound {
    let order = order_of(who);
    let item = sku(&char::from(b'A' + item % 6).to_string());
    let at_warehouse = warehouse(["E", "N", "W", "nowhere"][usize::from(place % 4)]);
    let units = vec![ItemUnits { line: 1, sku: item.clone(), quantity: i64::from(much) - 9 }];
    let report = |what: &str, body| {
        let (sku, warehouse, what) = (item.clone(), at_warehouse.clone(), what.to_owned());
        Inbound::from(StockReported { warehouse, sku, what, body })
    };
    match what % 11 {
        0 => report("sung", serde_json::json!({ "quantity": 1, "document": "d1" })),
        1 => report("received", serde_json::json!({ "quantity": "many", "document": ["d1"] })),
        2 => report("counted", serde_json::json!({ "quantity": much, "document": "a\u{0}b" })),
        3 => receipt(item, at_warehouse, i64::from(much) - 128, ""),
        4 => count(item, at_warehouse, i64::MAX, "too many"),
        5 => shipped(order, ShipmentId(Uuid::from_u128(how.into())), at_warehouse, units),
        6 => BackordersDue { sku: item, at }.into(),
        7 => BackorderServed { order, claims: vec![], at }.into(),
        8 => ClaimsTaken { order, claims: vec![], at }.into(),
        9 => LevelsDue { key: key(what), at }.into(),
        _ => receipt(item, at_warehouse, 7, &format!("同 {}", how % 4)),
    }
}

/// A key of one of the partitions.
fn key(nth: u8) -> String {
    Partition { number: u32::from(nth / 11) % 2, of: 2 }.own_key().0
}

/// Nothing, a moment, some minutes, or days.
fn pass(trial: &mut Trial<Inventory>) {
    let most = trial.any(&[1, 2_000, 2_000, 600_000, 3_000_000, 100_000_000_000]);
    let micros = trial.dice.i64(0..most * 1_000);
    trial.pass(SignedDuration::from_micros(micros));
}

/// Lets all that is noted be heard.
async fn settle(trial: &mut Trial<Inventory>) {
    for hours in [49, 49, 0, 0, 0] {
        trial.pass(SignedDuration::from_hours(hours) + SignedDuration::from_secs(1));
        for at in 0..2 {
            trial.twins.hear(at, &[]).await;
        }
    }
}

fn stock(it: &mut Tables) -> &mut Stock {
    it.stock.get_mut(&sku("S")).unwrap()
}

fn level(it: &mut Tables) -> &mut Level {
    stock(it).levels.get_mut(&warehouse("E")).unwrap()
}

fn ledger(it: &mut Tables) -> &mut Ledger {
    stock(it).ledgers.get_mut(&warehouse("E")).unwrap()
}

fn row(it: &mut Tables, number: i64) -> &mut Move {
    &mut ledger(it).moves.get_mut(&number).unwrap().it
}

/// A way to be careless with a table.
type Harm<'a> = (&'a str, &'a dyn Fn(&mut Tables));

/// What the audit says of tables in which somebody was careless.
async fn seen(harms: &[Harm<'_>]) -> String {
    let mut trial = Trial::of(Inventory, 1, &[]).await;
    let story = "receive S E 5 d1; plan a lease: E 1S2; plan b: E 1S1; plan c want 1T2: / E";
    trial.batch(story.split(';').map(super::read).collect()).await;
    trial.pass(SignedDuration::from_secs(2));
    trial.batch(vec![]).await;
    let mut seen = String::new();
    for (what, harm) in harms {
        let mut tables = look(&trial, Tables::clone);
        assert_eq!(audit(&tables), Vec::<String>::new());
        harm(&mut tables);
        writeln!(seen, "{what}:").unwrap();
        for it in audit(&tables).iter().chain(&at_rest(&tables, START)) {
            let rule = it.split(": ").take_while(|it| !it.contains('{')).next().unwrap();
            writeln!(seen, "  {rule}").unwrap();
        }
    }
    seen
}

#[tokio::test]
async fn the_audit_sees_what_is_wrong() {
    let (a, w) = (order_of(0), warehouse("E"));
    let (place, shelf) = ((sku("S"), 1, w.clone()), Shelf::of(&sku("S"), &w));
    let seen = seen(&[
        ("a unit is lost", &|it| level(it).good -= 1),
        ("a unit is oversold", &|it| level(it).allocated += 3),
        ("a claim is forgotten", &|it| drop(it.claims.remove(&a))),
        ("a move is lost", &|it| drop(ledger(it).moves.remove(&2))),
        ("a move is undone", &|it| row(it, 2).delta.reserved = -1),
        ("a cause posts twice", &|it| row(it, 3).cause = row(it, 2).cause.clone()),
        ("goods from nowhere", &|it| row(it, 3).delta.good += 1),
        ("a document is lost", &|it| it.documents.clear()),
        ("an order is over", &|it| it.demands.get_mut(&a).unwrap().standing = Standing::Ended),
        ("a lease is lost", &|it| it.demands.get_mut(&a).unwrap().lease_until = None),
        ("a backorder is lost", &|it| it.backorders.clear()),
        ("a level is misread", &|it| *stock(it).told.entry(w.clone()).or_default() += 1),
        ("a level is not told", &|it| {
            level(it).untold = Some(0);
            it.untold.entry(0).or_default().insert(shelf.clone());
        }),
        ("a note is lost", &|it| it.claims.get_mut(&a).unwrap().get_mut(&place).unwrap().fresh = 1),
    ])
    .await;
    expect![[r#"
        a unit is lost:
          I3
          what can be sold is not what was told
        a unit is oversold:
          I2
          I3
          I4
          what can be sold is not what was told
        a claim is forgotten:
          I4
          I4
        a move is lost:
          I10
          I10
          I3
        a move is undone:
          I1
          I9
          I1
          I3
        a cause posts twice:
          I8
        goods from nowhere:
          I7
          I3
        a document is lost:
          documents are not booked once each
        an order is over:
          I5
        a lease is lost:
          I11
          I11
        a backorder is lost:
          backorders do not add up
        a level is misread:
          what can be sold is not what was told
        a level is not told:
          a level is marked, and nobody is going to tell it
          a level was not told
        a note is lost:
          an order was not told
    "#]]
    .assert_eq(&seen);
}
