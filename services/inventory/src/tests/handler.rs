//! The service with its database.

use contracts::inventory::{ReceiveStock, StockAnswer, StockOf};
use expect_test::expect;
use jiff::SignedDuration;
use testbench::Bench;

use super::world::{Dice, World};
use super::{read, receive, sku, tell, warehouse};
use crate::books::Books;
use crate::{Inbound, Inventory, Outbound, store};

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Inventory).await;
    let signatures = bench.signatures(&store::statements()).await;
    expect![[""]].assert_eq(&signatures);
}

/// Behind the rules stands the database: it holds nothing oversold, and no ledger that was mended.
#[tokio::test]
async fn the_schema_forbids_what_must_not_be() {
    let mut bench = Bench::of(Inventory).await;
    let inputs = bench.post(story("receive S E 3 d1; plan a: E 1S2"));
    bench.hear(&inputs).await;

    let mut errors = String::new();
    for sql in [
        "update stock_level set allocated = good + 1",
        "update stock_level set reserved = -1",
        "insert into stock_move select sku, warehouse_id, 9, kind, good, quarantine, damaged,
                reserved, allocated, order_id, document, at, cause, rule from stock_move",
        "update stock_move set good = 0",
        "delete from stock_move",
        "truncate stock_move",
    ] {
        let error = sqlx::query(sql).execute(&bench.db).await.unwrap_err();
        let error = error.into_database_error().unwrap();
        errors += error.constraint().unwrap_or(error.message());
        errors += "\n";
    }

    expect![[""]].assert_eq(&errors);
}

#[tokio::test]
async fn what_is_heard_twice_is_answered_once() {
    let mut bench = Bench::of(Inventory).await;
    let inputs = bench.post(story("receive S E 3 d1; plan a: E 1S2"));

    let first = bench.hear(&inputs).await;
    let again = bench.hear(&inputs).await;

    assert_eq!(text(&first), "S received 3@E\na claimed 1S2@E\n");
    assert_eq!(text(&again), "");
}

#[tokio::test]
async fn one_batch_or_many_makes_no_difference() {
    let story = story(
        "receive S E 5 d1; receive T W 2 d2; plan a lease: E 1S3; plan b: E 1S2 + W 2T1;
         plan c want 1S1,2T2: / E W; hold b; cancel a; promote b; pick b E x: short 1S1;
         ship b W y: 2T1; count T W 0 d3; ship b E x: 1S1; return b E x: 1S1; plan d: E 1S9",
    );
    let (mut together, mut apart) = (Bench::of(Inventory).await, Bench::of(Inventory).await);

    let inputs = together.post(story.clone());
    let at_once = together.hear(&inputs).await;
    let mut in_turn = Vec::new();
    for message in story {
        let inputs = apart.post([message]);
        // Without the notes, which ring in their own time.
        in_turn.extend(apart.hear(&inputs).await);
    }

    let without_notes = |said: &[Outbound]| {
        let noted = |it: &&Outbound| {
            !matches!(it, Outbound::BackorderFilled(_) | Outbound::ClaimsWithdrawn(_))
        };
        said.iter().filter(noted).map(tell).collect::<String>()
    };
    assert_eq!(without_notes(&at_once), without_notes(&in_turn));
    expect![[""]].assert_eq(&text(&in_turn));
}

#[tokio::test]
async fn a_document_is_booked_once_and_answered_alike() {
    let mut bench = Bench::of(Inventory).await;
    let command = receive(sku("S"), warehouse("E"), 5, "d1");

    let first = bench.ask("call 1", &command).await;
    let inputs = bench.post(story("plan a: E 1S5; receive S E 1 d2"));
    bench.hear(&inputs).await;
    let same_id = bench.ask("call 1", &command).await;
    let another_id = bench.ask("call 2", &command).await;
    let refused = bench.ask("call 3", &ReceiveStock { quantity: 0, ..command.clone() }).await;
    let nul = ReceiveStock { document: "\0".to_owned(), ..command };
    let unspeakable = bench.ask("call 4", &nul).await;

    assert_eq!(first, same_id);
    assert_eq!(first, another_id);
    assert!(matches!(&first[..], [StockAnswer::StockBooked(it)] if it.good == 5));
    assert!(matches!(&refused[..], [StockAnswer::StockRefused(_)]));
    assert!(matches!(&unspeakable[..], [StockAnswer::StockRefused(_)]));
}

#[tokio::test]
async fn a_shelf_shows_how_it_came_to_this() {
    let mut bench = Bench::of(Inventory).await;
    let inputs = bench.post(story(
        "receive S E 3 d1; plan a: E 1S2; pick a E x: 1S1 short 1S1; ship a E x: 1S1;
         return a E x: 1S1; plan b want 1S4: / W E",
    ));
    bench.hear(&inputs).await;

    let mut shown = String::new();
    for it in bench.question(&StockOf { sku: sku("S") }).await {
        let figures = [it.good, it.quarantine, it.damaged, it.reserved, it.allocated];
        shown += &format!("{} {figures:?}, {} wait\n", it.warehouse, it.backordered);
        for it in it.moves {
            let figures = [it.good, it.quarantine, it.damaged, it.reserved, it.allocated];
            let (order, document) = (it.order.map(super::name), it.document);
            shown += &format!("{} {} {figures:?} {order:?} {document:?}\n", it.number, it.kind);
        }
    }

    expect![[""]].assert_eq(&shown);
    assert_eq!(bench.question(&StockOf { sku: sku("nothing") }).await, []);
}

#[tokio::test]
async fn a_lease_rings_when_its_time_has_come() {
    let mut bench = Bench::of(Inventory).await;
    let inputs = bench.post(story("receive S E 3 d1; plan a lease: E 1S3; plan b lease: E 1S3"));
    bench.hear(&inputs).await;

    let early = bench.wait(SignedDuration::from_secs(35 * 60 - 1)).await;
    let due = bench.wait(SignedDuration::from_secs(1)).await;

    assert_eq!(text(&early), "S level 1: 0, E 0\n");
    assert_eq!(text(&due), "a lapsed\n");
}

/// Random schedules through the rules alone, with all books in memory, and through the database,
/// with as much of them as each batch loads: the same comes of it.
#[tokio::test]
async fn the_database_keeps_the_books_as_the_rules_do() {
    for seed in 0..6 {
        let (mut world, mut bench) = (World::of(3), Bench::of(Inventory).await);
        let mut dice = Dice(seed);
        for _ in 0..40 {
            let before = world.now;
            let mut due: Vec<Inbound> = Vec::new();
            world.timers.retain(|(at, it)| {
                let rings = *at <= before;
                if rings {
                    due.push(it.clone());
                }
                !rings
            });
            let mut batch: Vec<Inbound> = Vec::new();
            for _ in 0..dice.roll() % 12 {
                let step = dice.step();
                let what = step[0] % 25;
                if (19..24).contains(&what) || (what == 18) {
                    continue; // Time and bells have a turn of their own.
                }
                batch.extend(world.message(step));
                // What the order keeps is looked up: so decide as the schedule goes.
                if let Some(message) = batch.last() {
                    world.hear(message);
                }
            }
            for it in &due {
                world.hear(it);
            }
            world.books.noted.clear();
            let inputs = bench.post(batch);
            bench.hear(&inputs).await;
            assert_eq!(dump(&bench).await, pure(&world.books), "seed {seed}");
            let seconds = i64::try_from(dice.roll() % 2000).unwrap();
            world.now += SignedDuration::from_secs(seconds);
            // The bench rings at once what is due by then; so does the world, in its next turn.
            bench.sleep(SignedDuration::from_secs(seconds));
        }
    }
}

fn story(lines: &str) -> Vec<Inbound> {
    lines.split(';').map(read).collect()
}

fn text(said: &[Outbound]) -> String {
    said.iter().map(tell).collect()
}
