use std::collections::BTreeSet;

use chassis::Partition;
use contracts::finance::{BooksOf, NumberWanted, TrialBalance};
use contracts::{Cents, Currency, InvoiceId, OrderId, Uuid};
use expect_test::expect;
use jiff::SignedDuration;
use testbench::Bench;

use super::{START, captured, moved, order_called, placed, read, reported, story, units, write};
use crate::invoice::{Number, Numbering};
use crate::{Finance, Inbound, Outbound, store};

const LIFE: &str = "place a prepaid 3x5074+660@600 freight100; pay p1 a 5834; ship a 1 1:1; \
                    ship a 2 1:2; deliver a 2 1:2; deliver a 1 1:1; complete a";

#[tokio::test]
async fn a_life_is_told_over_notes_and_its_books_can_be_read() {
    let mut bench = Bench::of(Finance).await;
    let said = told_one_by_one(&mut bench, story(LIFE)).await;
    expect![[r#"
        a captured 5834
        a invoice 1970-000001 for parcel 2: 3483 + 440 = 3923, prepaid 3923, issued 1970-01-01, due 1970-01-01
        a invoice 1970-000002 for parcel 1: 1691 + 220 = 1911, prepaid 1911, issued 1970-01-01, due 1970-01-01
        a settled: ordered 5834, invoiced 5834, paid 5834, open 0, cost 1800, margin 3374
    "#]].assert_eq(&said.iter().map(write).collect::<String>());

    let books = bench.question(&BooksOf { order: order_called(0) }).await;
    let rules: Vec<&str> = books.iter().map(|it| it.rule.as_str()).collect();
    assert_eq!(rules, ["E1", "E3", "E3", "E4", "E5", "E6", "E7", "E4", "E5", "E6", "E7"]);

    let balance = bench.question(&TrialBalance { currency: Currency::CNY }).await;
    let lines = balance.iter().map(|it| format!("{} {} {}", it.account, it.debit, it.credit));
    let balance = lines.collect::<Vec<_>>().join("\n");
    expect![[r#"
        1012 5834 0
        1122 5834 5834
        1122.9 5834 5834
        1405 0 1800
        1406 1800 1800
        2204 5834 5834
        2221.O 0 660
        2221.P 660 660
        6001 0 5174
        6401 1800 0"#]]
    .assert_eq(&balance);
}

#[tokio::test]
async fn what_is_heard_twice_is_posted_once() {
    let mut bench = Bench::of(Finance).await;
    let inputs = bench.post(story(LIFE));
    bench.hear(&inputs).await;
    let first = rung(&mut bench).await;
    let again = bench.hear(&inputs).await;
    let later = rung(&mut bench).await;
    assert!(!first.is_empty());
    assert!(again.is_empty() && later.is_empty());
}

/// The number of an invoice is two notes away, so completion is often heard before it is there.
#[tokio::test]
async fn a_closing_account_waits_for_the_last_invoice() {
    let mut bench = Bench::of(Finance).await;
    let inputs = bench.post(story(
        "place a account 3x5074+660@600; deliver a 1 1:1; deliver a 2 1:2; complete a",
    ));
    let mut said = bench.hear(&inputs).await;
    assert!(said.is_empty());
    said.extend(rung(&mut bench).await);
    expect![[r#"
        a invoice 1970-000002 for parcel 2: 3382 + 440 = 3822, prepaid 0, issued 1970-01-01, due 1970-01-31
        a invoice 1970-000001 for parcel 1: 1692 + 220 = 1912, prepaid 0, issued 1970-01-01, due 1970-01-31
        a settled: ordered 5734, invoiced 5734, paid 0, open 5734, cost 1800, margin 3274
    "#]]
    .assert_eq(&said.iter().map(write).collect::<String>());
}

/// The same facts in new messages, as if their speakers had forgotten that they said them.
#[tokio::test]
async fn what_is_told_again_is_posted_once() {
    let mut bench = Bench::of(Finance).await;
    told_one_by_one(&mut bench, story(LIFE)).await;
    let before = counts(&bench).await;
    let said = told_one_by_one(&mut bench, story(LIFE)).await;
    assert!(said.is_empty());
    assert_eq!(counts(&bench).await, before);
}

#[tokio::test]
async fn one_batch_or_many_makes_no_difference() {
    let goods = "place a account 3x5074+660@600; ship a 1 1:1; ship a 2 1:2; return a 2 1:2; \
                 deliver a 1 1:1; receive S-1 4@600 D-1; receive S-1 4@600 D-1";
    let (mut together, mut apart) = (Bench::of(Finance).await, Bench::of(Finance).await);
    let inputs = together.post(story(goods));
    let mut at_once = together.hear(&inputs).await;
    at_once.extend(rung(&mut together).await);
    let mut in_turn = Vec::new();
    for message in story(goods) {
        let inputs = apart.post([message]);
        in_turn.extend(apart.hear(&inputs).await);
    }
    in_turn.extend(rung(&mut apart).await);
    assert_eq!(at_once, in_turn);
    assert_eq!(counts(&together).await, counts(&apart).await);
}

#[tokio::test]
async fn odd_payments_are_kept_for_a_person() {
    let mut bench = Bench::of(Finance).await;
    let odd = "place a prepaid 1x1000+130@600; pay p1 a 1130; pay p1 a 1131; pay p1 a 1131; garble p2; \
               pay p3 a 5 USD; pay p4 b 7; fail p5 a 9; pay p6 a 0";
    told_one_by_one(&mut bench, story(odd)).await;
    let rows: Vec<(String, String)> =
        sqlx::query_as("select payment_id, reason from to_clarify order by payment_id")
            .fetch_all(&bench.db)
            .await
            .unwrap();
    let rows: Vec<String> =
        rows.iter().map(|(payment, reason)| format!("{payment} {reason}")).collect();
    expect![[r#"
        p1 differs
        p2 unreadable
        p3 currency
        p4 unknown order
        p5 failed
        p6 implausible"#]]
    .assert_eq(&rows.join("\n"));

    // What waited is booked when its order appears.
    let said = told_one_by_one(&mut bench, story("place b prepaid 1x7+0@0")).await;
    assert_eq!(said.iter().map(write).collect::<String>(), "b captured 7\n");
}

/// Two workers give numbers of one series at once, which they never should. There is no gap, and
/// no number is given twice.
#[tokio::test]
async fn numbers_are_gapless_even_under_two_writers() {
    let (mut left, mut right) = Bench::two_of(Finance).await;
    let wanted = |from: u128| {
        (from..from + 5).map(|it| {
            let (order, invoice) = (order_called(0), InvoiceId(Uuid::from_u128(it)));
            NumberWanted { series: "invoice".to_owned(), order, invoice, at: START }.into()
        })
    };
    for round in 0..4 {
        // One of the five is wanted by both.
        let ours = left.post(wanted(round * 9));
        let theirs = left.post(wanted(round * 9 + 4)); // Each with an id of its own.
        tokio::join!(left.hear(&ours), right.hear(&theirs));
    }
    assert_eq!(numbers(&left).await, (1..=36).collect::<Vec<_>>());
}

/// Whoever is second waits until the first has committed, and goes on from there.
#[tokio::test]
async fn a_second_writer_of_numbers_waits_for_the_first() {
    let mut bench = Bench::of(Finance).await;
    sqlx::query("insert into series values ('invoice', 1970)").execute(&bench.db).await.unwrap();
    let (order, nil) = (order_called(1), InvoiceId(Uuid::nil()));
    let number = Number { order, series: "invoice".to_owned(), year: 1970, nth: 1 };
    let first = Numbering {
        last: [(("invoice".to_owned(), 1970), 1)].into(),
        given: [(nil, number)].into(),
    };
    let db = bench.db.clone();
    let mut tx = db.begin().await.unwrap();
    store::save_numbers(&mut tx, &first).await.unwrap();

    let inputs = bench.post(story("place a account 1x1+0@0; deliver a 1 1:1"));
    bench.hear(&inputs).await;
    let second = bench.wait(SignedDuration::ZERO);
    let commit = async {
        let waiting = "select exists (select from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock')";
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&db).await.unwrap() {}
        tx.commit().await.unwrap();
    };
    tokio::join!(second, commit);

    assert_eq!(numbers(&bench).await, [1, 2]);
}

/// Orders of both partitions are invoiced from one series, by notes to its one writer.
#[tokio::test]
async fn orders_of_two_partitions_share_one_series() {
    let (mut left, mut right) = Bench::two_of(Finance).await;
    let ours = left.post(deliveries(0));
    let theirs = right.post(deliveries(1));
    tokio::join!(left.hear(&ours), right.hear(&theirs));
    let mut issued = BTreeSet::new();
    for _ in 0..3 {
        let (ours, theirs) = tokio::join!(
            left.wait(SignedDuration::from_secs(1)),
            right.wait(SignedDuration::from_secs(1)),
        );
        for it in ours.into_iter().chain(theirs) {
            let Outbound::InvoiceIssued(it) = it else { panic!("{it:?}") };
            assert!(issued.insert(it.number), "a number was given twice");
        }
    }
    let expected: BTreeSet<String> = (1..=40).map(|it| format!("1970-{it:06}")).collect();
    assert_eq!(issued, expected);
    assert_eq!(numbers(&left).await, (1..=40).collect::<Vec<_>>());
    assert_eq!(sums_that_differ(&left).await, 0);
}

/// The order ends while its invoice still waits for a number.
#[tokio::test]
async fn money_that_an_invoice_will_need_does_not_go_back() {
    let mut bench = Bench::of(Finance).await;
    told_one_by_one(&mut bench, story("place a prepaid 1x1000+130@600; pay p1 a 1200")).await;
    let inputs = bench.post(story("deliver a 1 1:1; complete a"));
    let mut said = bench.hear(&inputs).await;
    said.extend(rung(&mut bench).await);
    expect![[r#"
        a refund 70
        a invoice 1970-000001 for parcel 1: 1000 + 130 = 1130, prepaid 1130, issued 1970-01-01, due 1970-01-01
        a settled: ordered 1130, invoiced 1130, paid 1130, open 0, cost 600, margin 400
    "#]].assert_eq(&said.iter().map(write).collect::<String>());
}

/// A payment is reported where its own key belongs, and its order may be anybody's.
#[tokio::test]
async fn a_payment_finds_its_order_in_another_partition() {
    let (mut left, mut right) = Bench::two_of(Finance).await;
    let order = OrderId(Partition { number: 1, of: 2 }.mint(START, "an order"));
    let theirs = right.post([placed(order, "prepaid", &["1x1000+130@600"]).into()]);
    right.hear(&theirs).await;
    let ours = left.post([reported("p1", captured(order, "1130", "CNY"))]);
    assert!(left.hear(&ours).await.is_empty());
    assert!(left.wait(SignedDuration::ZERO).await.is_empty());

    let said = right.wait(SignedDuration::ZERO).await;

    assert!(matches!(said.as_slice(), [Outbound::PaymentCaptured(it)] if it.amount == Cents(1130)));
}

#[tokio::test]
async fn a_debt_is_due_after_thirty_days_by_the_calendar_of_china() {
    let mut bench = Bench::of(Finance).await;
    bench.wait(SignedDuration::from_hours(364 * 24 + 15)).await; // 23:00 on New Year's Eve there.
    let before =
        told_one_by_one(&mut bench, story("place a account 2x2+0@0; deliver a 1 1:1")).await;
    bench.wait(SignedDuration::from_hours(2)).await;
    let after = told_one_by_one(&mut bench, story("deliver a 2 1:1")).await;
    expect![[r#"
        a invoice 1970-000001 for parcel 1: 1 + 0 = 1, prepaid 0, issued 1970-12-31, due 1971-01-30
        a invoice 1971-000001 for parcel 2: 1 + 0 = 1, prepaid 0, issued 1971-01-01, due 1971-01-31
    "#]]
    .assert_eq(&before.iter().chain(&after).map(write).collect::<String>());
}

// ---- Helpers -----------------------------------------------------------------------------------

/// Tells the messages one by one, and lets all notes arrive before the next.
async fn told_one_by_one(bench: &mut Bench<Finance>, story: Vec<Inbound>) -> Vec<Outbound> {
    let mut said = Vec::new();
    for message in story {
        let inputs = bench.post([message]);
        said.extend(bench.hear(&inputs).await);
        said.extend(rung(bench).await);
    }
    assert_eq!(sums_that_differ(bench).await, 0);
    said
}

/// Lets all notes arrive: a payment is one away from its order, a number two.
async fn rung(bench: &mut Bench<Finance>) -> Vec<Outbound> {
    let mut said = Vec::new();
    for _ in 0..3 {
        said.extend(bench.wait(SignedDuration::ZERO).await);
    }
    said
}

/// Twenty orders of a partition, and the delivery of each. Those of the second are told to be
/// shipped before, so that no message of one partition has the id of one of the other.
fn deliveries(number: u32) -> Vec<Inbound> {
    let mint = |it| Partition { number, of: 2 }.mint(START, &format!("{number} {it}"));
    let orders: Vec<OrderId> = (0..20).map(mint).map(OrderId).collect();
    let told = |what: &str| -> Vec<Inbound> {
        orders.iter().map(|it| moved(what, *it, 1, vec![units(1, 2)])).collect()
    };
    let placed = orders.iter().map(|it| placed(*it, "account", &["2x1000+130@600"]).into());
    let shipped = if number == 1 { told("ship") } else { vec![] };
    placed.chain(shipped).chain(told("deliver")).collect()
}

async fn numbers(bench: &Bench<Finance>) -> Vec<i64> {
    let numbers = "select number from invoice_number order by number";
    sqlx::query_scalar(numbers).fetch_all(&bench.db).await.unwrap()
}

async fn counts(bench: &Bench<Finance>) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "select count(*) from sale",
        "select count(*) from parcel",
        "select count(*) from deposit",
        "select count(*) from payment",
        "select count(*) from odd_report",
        "select count(*) from journal",
        "select count(*) from posting",
        "select count(*) from invoice_number",
        "select count(*) from settlement",
        "select sum(debit_cents)::bigint from balance",
    ] {
        counts.push(sqlx::query_scalar(table).fetch_one(&bench.db).await.unwrap());
    }
    counts
}

/// Accounts whose kept sums are not those of their postings.
async fn sums_that_differ(bench: &Bench<Finance>) -> i64 {
    sqlx::query_scalar(
        "with kept as (
             select currency, account, sum(debit_cents) as debits, sum(credit_cents) as credits
               from balance group by currency, account
         ), posted as (
             select currency, account, sum(debit_cents) as debits, sum(credit_cents) as credits
               from posting join journal using (entry_id) group by currency, account
         )
         select count(*) from kept full join posted using (currency, account)
          where (kept.debits, kept.credits) is distinct from (posted.debits, posted.credits)",
    )
    .fetch_one(&bench.db)
    .await
    .unwrap()
}

/// A line of a story is read as it is written here.
#[test]
fn a_story_reads_as_it_is_meant() {
    let Inbound::OrderPlaced(it) = read("place b account 3x5074+660@600 freight9") else {
        panic!()
    };
    assert_eq!((it.order, it.total, it.lines.len()), (order_called(1), Cents(5743), 1));
}
