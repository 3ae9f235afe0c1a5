//! The service with its database.

use std::collections::BTreeSet;
use std::fmt::Write;

use contracts::inventory::{CountStock, MovesOf, StockAnswer, StockOf};
use contracts::{Actor, WarehouseId};
use expect_test::expect;
use jiff::SignedDuration;
use testbench::Bench;

use super::world::{Dice, World, rings, ticks};
use super::{read, sku, tell, warehouse};
use crate::books::{Books, Claim, Level};
use crate::{Inbound, Inventory, Outbound, store};

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Inventory).await;
    let signatures = bench.signatures(&store::statements()).await;
    expect![[r#"
        (uuid[]) -> order_id uuid, attempt int4, round int4, standing text, token int8, lease_until timestamptz, arrived_at timestamptz, skus text[]
        (uuid[]) -> cause uuid, rule text
        (text[], text[], text[], text[]) -> sku text, warehouse_id text, kind text, document text, good int8, reserved int8, allocated int8
        (int4, int8) -> sku text
        (text[]) -> nothing
        (text[], int4) -> sku text, number int8, backordered int8, due timestamptz
        (text[]) -> sku text, warehouse_id text, good int8, quarantine int8, damaged int8, reserved int8, allocated int8, protected int8, ledger_pos int8, untold int4
        (uuid[], text[], text[], timestamptz, int8) -> order_id uuid, sku text, line int4, quantity int8, eligible text[], rank int8, lease_until timestamptz
        (uuid[], text[], text[]) -> order_id uuid, sku text, line int4, warehouse_id text, soft int8, firm int8, lapsed int8, fresh int8, taken int8, rank int8
        (uuid[], int4[], int4[], text[], int8[], timestamptz[], timestamptz[], text[]) -> nothing
        (text[], int8[], int8[]) -> nothing
        (text[], text[], int8[], int8[], int8[], int8[], int8[], int8[], int4[]) -> nothing
        (text[], text[], int8[], int8[], int8[], int8[], int8[], int8[], int4[]) -> nothing
        (text[], text[], int8[], text[], int8[], int8[], int8[], int8[], int8[], uuid[], text[], uuid[], text[], timestamptz) -> nothing
        (uuid[], text[], int4[], text[], int8[], int8[], int8[], int8[], int8[], int8[]) -> nothing
        (uuid[], text[], int4[], text[], int8[], int8[], int8[], int8[], int8[], int8[]) -> nothing
        (uuid[], text[], int4[], text[]) -> nothing
        (uuid[], text[], int4[], int8[], text[], int8[], timestamptz[]) -> nothing
        (uuid[], text[], int4[]) -> nothing
        (text[], text[], text[], text[], int8[], int8[], int8[]) -> nothing
        (int4, timestamptz) -> nothing
        (text) -> warehouse_id text, coalesce int8, coalesce int8, coalesce int8, coalesce int8, coalesce int8, coalesce int8
        (text) -> warehouse_id text, number int8, kind text, good int8, quarantine int8, damaged int8, reserved int8, allocated int8, order_id uuid, document text, at timestamptz
        (text, text, int8, int8) -> warehouse_id text, number int8, kind text, good int8, quarantine int8, damaged int8, reserved int8, allocated int8, order_id uuid, document text, at timestamptz
    "#]].assert_eq(&signatures);
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
        errors += error.constraint().unwrap_or_else(|| error.message());
        errors += "\n";
    }

    expect![[r#"
        never_oversold
        never_negative
        posted_once
        stock_move is only ever added to
        stock_move is only ever added to
        stock_move is only ever added to
    "#]]
    .assert_eq(&errors);
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
         plan c want 2T2: / E W; hold b; cancel a; promote b; pick b E x: short 1S1;
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
    expect![[r#"
        S received 5@E
        T received 2@W
        a claimed 1S3@E until 35m
        b claimed 1S2@E 2T1@W
        c claimed 2T1@W; lacks 2T1
        a released 1S3@E
        b promoted 1S2@E 2T1@W
        c lost 2T1@W
        d refused; there is S@E 3
    "#]]
    .assert_eq(&text(&in_turn));
}

#[tokio::test]
async fn a_document_is_booked_once_and_answered_alike() {
    let mut bench = Bench::of(Inventory).await;
    let (document, by) = ("d1".to_owned(), Actor::house());
    let command = CountStock { sku: sku("S"), warehouse: warehouse("E"), counted: 5, document, by };

    let first = bench.ask("call 1", &command).await;
    let inputs = bench.post(story("plan a: E 1S5; receive S E 1 d1"));
    bench.hear(&inputs).await;
    let same_id = bench.ask("call 1", &command).await;
    let another_id = bench.ask("call 2", &CountStock { counted: 6, ..command.clone() }).await;
    let refused = bench.ask("call 3", &CountStock { counted: -1, ..command.clone() }).await;
    let nul = CountStock { document: "\0".to_owned(), ..command };
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
        writeln!(shown, "{} {figures:?}, {} wait", it.warehouse, it.backordered).unwrap();
        for it in it.moves {
            let figures = [it.good, it.quarantine, it.damaged, it.reserved, it.allocated];
            let (order, document) = (it.order.map(super::name), it.document);
            let what = (it.number, it.kind);
            writeln!(shown, "{what:?} {figures:?} {order:?} {document:?}").unwrap();
        }
    }

    expect![[r#"
        E [1, 1, 0, 0, 1], 0 wait
        (6, "ALLOCATE") [0, 0, 0, 0, 1] Some('b') None
        (5, "RETURN_IN") [0, 1, 0, 0, 0] Some('a') None
        (4, "SHIP") [-1, 0, 0, 0, -1] Some('a') None
        (3, "SHORT_PICK") [-1, 0, 0, 0, -1] Some('a') None
        (2, "ALLOCATE") [0, 0, 0, 0, 2] Some('a') None
        (1, "RECEIPT") [3, 0, 0, 0, 0] None Some("d1")
        W [0, 0, 0, 0, 0], 3 wait
    "#]]
    .assert_eq(&shown);
    assert_eq!(bench.question(&StockOf { sku: sku("nothing") }).await, []);
}

#[tokio::test]
async fn movements_are_walked_back_to_the_first() {
    let mut bench = Bench::of(Inventory).await;
    let receipts: Vec<String> = (1..=130).map(|it| format!("receive S E 1 d{it}")).collect();
    let inputs = bench.post(story(&receipts.join("; ")));
    bench.hear(&inputs).await;
    let asked = |before, limit| MovesOf { sku: sku("S"), warehouse: warehouse("E"), before, limit };

    let shown = bench.question(&StockOf { sku: sku("S") }).await;
    let (mut walked, mut before) = (vec![], None);
    loop {
        let page = bench.question(&asked(before, 40)).await;
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        walked.extend(page.iter().map(|it| it.number));
    }

    assert_eq!(shown[0].moves.len(), 100);
    assert_eq!(walked, (1..=130).rev().collect::<Vec<i64>>());
    assert_eq!(bench.question(&asked(None, -1)).await, []);
    assert_eq!(bench.question(&asked(None, i64::MAX)).await.len(), 130);
    assert_eq!(bench.question(&MovesOf { sku: sku("nothing"), ..asked(None, 5) }).await, []);
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
    for seed in 0..4 {
        let (mut world, mut bench) = (World::of(3), Bench::of(Inventory).await);
        let mut dice = Dice(seed);
        for _ in 0..30 {
            let noted = world.due(); // These ring after whatever else is in the batch.
            let mut batch: Vec<Inbound> = Vec::new();
            for _ in 0..dice.roll() % 12 {
                let step = dice.step();
                if ticks(step) || rings(step) {
                    continue; // Time and bells have a turn of their own.
                }
                if let Some(message) = world.message(step) {
                    world.hear(&message);
                    batch.push(message);
                }
            }
            for it in &noted {
                world.hear(it);
            }
            world.books.noted.clear();
            let inputs = bench.post(batch);
            bench.hear(&inputs).await;
            assert_eq!(written(&bench).await, remembered(&world.books), "seed {seed}");

            let time = SignedDuration::from_millis(i64::try_from(dice.roll() % 2_000_000).unwrap());
            world.now += time;
            for it in world.due() {
                world.hear(&it);
            }
            world.books.noted.clear();
            bench.wait(time).await;
            assert_eq!(written(&bench).await, remembered(&world.books), "seed {seed}");
        }
    }
}

/// All that is in the database, but for the times.
async fn written(bench: &Bench<Inventory>) -> BTreeSet<String> {
    let rows = "
        select concat_ws(' ', sku, warehouse_id, good, quarantine, damaged, reserved, allocated,
                         ledger_pos, untold)
          from stock_level
         union all
        select concat_ws(' ', order_id, sku, line, warehouse_id, soft, firm, lapsed, fresh, taken)
          from claim
         union all
        select concat_ws(' ', order_id, sku, line, quantity, rank, array_to_string(eligible, ' '))
          from backorder
         union all
        select concat_ws(' ', sku, backordered, number) from item
         where backordered > 0 or number > 0
         union all
        select concat_ws(' ', order_id, attempt, standing, token) from demand";
    sqlx::query_scalar(rows).fetch_all(&bench.db).await.unwrap().into_iter().collect()
}

/// The same, as the rules remember it.
fn remembered(books: &Books) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for (order, it) in &books.demands {
        rows.insert(format!("{order} {} {} {}", it.attempt, it.standing.name(), it.token));
    }
    for (sku, item) in &books.items {
        if item.backordered > 0 || item.number > 0 {
            rows.insert(format!("{sku} {} {}", item.backordered, item.number));
        }
        for (at, it) in &item.levels {
            let Level { good, quarantine, damaged, reserved, allocated, position, .. } = it;
            let physical = format!("{good} {quarantine} {damaged}");
            let untold = it.untold.map_or_else(String::new, |it| format!(" {it}"));
            rows.insert(format!("{sku} {at} {physical} {reserved} {allocated} {position}{untold}"));
        }
        for (order, claims) in &item.claims {
            for ((line, at), it) in claims.iter().filter(|(_, it)| !it.is_empty()) {
                let Claim { soft, firm, lapsed, fresh, taken, .. } = it;
                let units = format!("{soft} {firm} {lapsed} {fresh} {taken}");
                rows.insert(format!("{order} {sku} {line} {at} {units}"));
            }
        }
        for (order, lines) in &item.backorders {
            for (line, it) in lines.iter().filter(|(_, it)| it.quantity > 0) {
                let eligible: Vec<&str> = it.eligible.iter().map(WarehouseId::as_str).collect();
                let (quantity, rank, eligible) = (it.quantity, it.rank, eligible.join(" "));
                rows.insert(format!("{order} {sku} {line} {quantity} {rank} {eligible}"));
            }
        }
    }
    rows
}

fn story(lines: &str) -> Vec<Inbound> {
    lines.split(';').map(read).collect()
}

fn text(said: &[Outbound]) -> String {
    said.iter().map(tell).collect()
}
