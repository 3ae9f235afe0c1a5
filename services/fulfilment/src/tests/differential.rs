//! Fulfilment over Postgres and over its tables in memory: the same is said, and the same rows are
//! there, whatever comes. And what the tables' audit looks at can be seen to fail.

use std::collections::BTreeSet;
use std::fmt::Write;

use contracts::fulfilment::{CarrierReport, ParcelNoted};
use expect_test::expect;
use jiff::SignedDuration;
use testbench::{Trial, lives};

use super::{letter, order_called, read, ready, story};
use crate::memory::{Tables, audit, audit_last};
use crate::shipment::{Shipment, State, shipment_id};
use crate::{Fulfilment, Inbound};

/// Random lives: orders of both partitions with their claims, what warehouses and carriers report of
/// them; and what is late, repeated, of another, or means nothing. Every other of them.
async fn live(part: u64) {
    let mut states = BTreeSet::new();
    for seed in (part..lives()).step_by(2) {
        let mut trial = Trial::of(Fulfilment, seed, &[]).await;
        for _ in 0..30 {
            let batch = messages(&mut trial);
            trial.batch(batch).await;
            pass(&mut trial);
            look(&trial, |it| assert_eq!(audit_last(it), Vec::<String>::new(), "life {seed}"));
        }
        for _ in 0..2 {
            trial.batch(vec![]).await;
        }
        trial.compare().await;
        look(&trial, |it| {
            assert_eq!(audit(it), Vec::<String>::new(), "life {seed}");
            let shipments = it.orders().flat_map(|order| it.shipments(order));
            states.extend(shipments.map(|it| it.state));
        });
    }
    assert!(lives() < 60 || states.len() == 11, "not all states: {states:?}");
}

#[tokio::test]
async fn memory_is_as_postgres_is() {
    live(0).await;
}

#[tokio::test]
async fn memory_is_as_postgres_is_in_other_lives() {
    live(1).await;
}

fn look<T>(trial: &Trial<Fulfilment>, at: impl FnOnce(&Tables) -> T) -> T {
    trial.twins.memory.look::<Fulfilment, _>(at)
}

/// What comes next: up to ten messages of either partition.
fn messages(trial: &mut Trial<Fulfilment>) -> Vec<Inbound> {
    let mut messages = Vec::new();
    for _ in 0..trial.dice.usize(..8) {
        let order = trial.any(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
        match trial.dice.u8(..20) {
            0..3 => messages.extend(story(&ready(order, "1x4 2x2", &claims(trial)))),
            3..6 => messages.push(event(trial, order)),
            6..15 => messages.extend(next(trial)),
            15 | 16 => messages.push(carrier(trial)),
            17 => messages.push(any_report(trial, order)),
            18 => messages.push(note(trial, order)),
            _ => messages.push(nonsense(trial, order)),
        }
    }
    messages
}

/// Some units in some warehouses.
fn claims(trial: &mut Trial<Fulfilment>) -> String {
    let dice = &mut trial.dice;
    let claim = |_| format!("{}x{}@w{}", dice.u8(1..3), dice.u8(1..4), dice.u8(1..4));
    (0..3).map(claim).collect::<Vec<_>>().join(" ")
}

fn event(trial: &mut Trial<Fulfilment>, order: &str) -> Inbound {
    let what = trial.any(&[
        "claim", "fill", "promote", "lose", "fill", "back", "back", "lapse", "gone", "name",
        "confirm", "plan", "cancel", "expire", "fail", "complete",
    ]);
    read(&match what {
        "claim" | "fill" | "promote" | "lose" => format!("{what} {order} {}", claims(trial)),
        "fail" => format!("fail {order} 1x1"),
        "complete" => format!("plan {order} complete"),
        what => format!("{what} {order}"),
    })
}

/// What the warehouse of some shipment reports next, most of the time.
fn next(trial: &mut Trial<Fulfilment>) -> Option<Inbound> {
    let going: Vec<(String, i32, Shipment)> = look(trial, |it| {
        let all = it.shipments.iter().flat_map(|(order, rows)| {
            rows.iter().map(|(pick, it)| (letter(*order), *pick, it.clone()))
        });
        all.filter(|it| !it.2.state.is_over()).collect()
    });
    let (order, pick, it) = going.get(trial.dice.usize(..going.len().max(1)))?;
    let what: &[&str] = match it.state {
        State::Open => &["started", "picked", "short", "packed", "shipped"],
        State::Withdrawing => &["unreleased", "unreleased", "started", "shipped"],
        State::Picking => &["picked", "short", "packed"],
        State::Picked => &["packed", "shipped"],
        State::Packed => &["shipped"],
        State::Shipped => &["delivered", "refused"],
        State::Refused | State::Delivered | State::Returned | State::Withdrawn | State::Empty => {
            &["returned"]
        }
    };
    let what = trial.any(what);
    let rest = match what {
        "short" => trial.any(&["1x1", "2x1", "1x9", "nothing", "1x4 2x2", "1x1 1x1"]),
        "picked" => trial.any(&["", "", "1x1", "nothing"]),
        "shipped" => trial.any(&["", "by sf/T1", "by sf/T2", "by yto/T1", "by sf/T3"]),
        _ => "",
    };
    Some(read(&format!("{} {what} {order}/{pick} {rest}", it.warehouse)))
}

fn carrier(trial: &mut Trial<Fulfilment>) -> Inbound {
    let carrier = trial.any(&["sf", "yto"]);
    let what = trial.any(&["delivered", "refused", "delivered", "refused", "scanned"]);
    read(&format!("{carrier} {what} T{}", trial.dice.u8(1..5)))
}

fn any_report(trial: &mut Trial<Fulfilment>, order: &str) -> Inbound {
    let what = trial.any(&[
        "started",
        "picked",
        "short",
        "packed",
        "shipped",
        "delivered",
        "refused",
        "returned",
        "unreleased",
    ]);
    let rest = trial.any(&["", "1x1", "3x1", "1x-1", "nothing", "by sf/T1"]);
    let (warehouse, pick) = (trial.dice.u8(1..4), trial.dice.i32(-1..5));
    read(&format!("w{warehouse} {what} {order}/{pick} {rest}"))
}

/// A note that is late, or that nobody wrote.
fn note(trial: &mut Trial<Fulfilment>, order: &str) -> Inbound {
    let (order, what) = (order_called(order), trial.any(&["delivered", "refused", "lost"]));
    let shipment = shipment_id(order, trial.dice.i32(1..4));
    let report = CarrierReport::default();
    ParcelNoted { order, shipment, what: what.to_owned(), report, at: trial.twins.now }.into()
}

fn nonsense(trial: &mut Trial<Fulfilment>, order: &str) -> Inbound {
    let line = trial.any(&[
        "w1 sung O/1",
        "w1 picked O/1 as \u{7}what?\u{0}",
        "w1 started z/1",
        "w9 packed O/1",
        "sf picked T1",
        "back z",
        "confirm z",
        "place O 1x9 7x1",
    ]);
    read(&line.replace('O', order))
}

/// Nothing, a moment, some hours, or so long that a carrier uses its numbers again.
fn pass(trial: &mut Trial<Fulfilment>) {
    let most = trial.any(&[1, 1_000, 60_000, 90_000_000, 3_000_000_000]);
    let micros = trial.dice.i64(0..most * 1_000);
    trial.pass(SignedDuration::from_micros(micros));
}

/// What the audit says of some tables in which somebody was careless.
#[tokio::test]
async fn the_audit_sees_what_is_wrong() {
    let mut trial = Trial::of(Fulfilment, 1, &[]).await;
    let before = ready("a", "1x4 2x2", "1x3@w1 2x2@w2")
        + "; w1 picked a/1 1x2; w1 packed a/1; w1 shipped a/1 by sf/T1";
    trial.batch(story(&before)).await;
    let a = order_called("a");

    let mut seen = String::new();
    let mut harm = |what: &str, harm: &dyn Fn(&mut Tables)| {
        let mut tables = look(&trial, Tables::clone);
        assert_eq!(audit(&tables), Vec::<String>::new());
        harm(&mut tables);
        writeln!(seen, "{what}:").unwrap();
        for it in audit(&tables) {
            writeln!(seen, "  {}", it.split(": ").next().unwrap()).unwrap();
        }
    };
    harm("more is picked than asked", &|it| {
        account(it).picked = Some(([(1, 9)].into(), [].into()));
    });
    harm("more is packed than picked", &|it| account(it).packed = Some([(1, 3)].into()));
    harm("more is shipped than packed", &|it| account(it).shipped = Some([(1, 3)].into()));
    harm("a unit is lost", &|it| shipment(it, 1).units = [(1, 1)].into());
    harm("a unit is found", &|it| shipment(it, 1).units = [(1, 5)].into());
    harm("a step back", &|it| shipment(it, 1).state = State::Packed);
    harm("nobody was told", &|it| drop(it.told.get_mut(&a).unwrap().remove(&2)));
    harm("a pick is lost", &|it| drop(it.shipments.get_mut(&a).unwrap().remove(&1)));
    harm("an order is lost", &|it| drop(it.dispatches.remove(&a)));
    harm("an order was asked back", &|it| {
        it.dispatches.get_mut(&a).unwrap().dispatch.course = crate::dispatch::Course::Withdrawing;
    });
    harm("an order is over", &|it| {
        it.dispatches.get_mut(&a).unwrap().dispatch.course = crate::dispatch::Course::Ended;
    });
    harm("a parcel holds what is not", &|it| {
        it.parcels.values_mut().next().unwrap().shipments.push((a, 7));
    });
    expect![[r#"
        more is picked than asked:
          more was picked than asked
        more is packed than picked:
          more was packed than picked
        more is shipped than packed:
          a shipment has other units than told
          more was shipped than packed
        a unit is lost:
          a shipment has other units than told
        a unit is found:
          a shipment has other units than told
          more is released than was ordered
        a step back:
          a shipment is not where it was told
        nobody was told:
          shipments are not what was requested
        a pick is lost:
          picks are not numbered 1, 2, 3 …
          shipments are not what was requested
          a shipment is not where it was told
          a shipment has other units than told
          a parcel holds what is no shipment, or twice
        an order is lost:
          shipments of an order that nobody knows
        an order was asked back:
          the order's course is not that of its shipments
        an order is over:
          the order's course is not that of its shipments
          an order is over, and who receives it is not forgotten
        a parcel holds what is not:
          a parcel holds what is no shipment, or twice
    "#]]
    .assert_eq(&seen);
}

fn account(it: &mut Tables) -> &mut crate::memory::Account {
    it.told.get_mut(&order_called("a")).unwrap().get_mut(&1).unwrap()
}

fn shipment(it: &mut Tables, pick: i32) -> &mut Shipment {
    it.shipments.get_mut(&order_called("a")).unwrap().get_mut(&pick).unwrap()
}
