use contracts::credit::{
    AccountOf, RefuseHold, RefuseHoldAnswer, ReleaseHold, ReleaseHoldAnswer, WhyCredit,
};
use contracts::{Cents, OrderId, Terms, Uuid};
use expect_test::expect;
use jiff::SignedDuration;
use testbench::Bench;

use super::{customer, limit_of, order, placed, read, stages, story, tell};
use crate::{Credit, Inbound, Outbound, store};

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Credit).await;
    let signatures = bench.signatures(store::STATEMENTS).await;
    expect![[r#"
        (uuid[]) -> order_id uuid, customer_id text, currency text, state text, tier int2, entered_by text, amount_cents int8, freight_cents int8, lines text, pending_cents int8, authorised_cents int8, delivered_cents int8, billed_cents int8, prepaid_cents int8
        (uuid[]) -> item_id uuid, customer_id text, currency text, brought bool, due_on date, amount_cents int8, paid_cents int8, paid_on date, that_day_cents int8
        (uuid[], text[], uuid[]) -> order_id uuid, kind text, cause uuid, pending_cents int8, authorised_cents int8, delivered_cents int8, billed_cents int8, prepaid_cents int8
        (text[], timestamptz) -> nothing
        (text[]) -> customer_id text, limit_cents int8, currency text, limit_until date, payment_days int4, blocked bool
        (text[]) -> customer_id text, currency text, pending_cents int8, authorised_cents int8, delivered_cents int8, billed_cents int8, prepaid_cents int8, figured_on date, due_cents int8, settled_cents int8, year_cents int8, overdue_cents int8, brought_cents int8
        (text[], text[], date, date, date, date) -> customer_id text, currency text, due_cents int8, settled_cents int8, year_cents int8, overdue_cents int8, brought_cents int8
        (text[], int8[], text[], date[], int4[], text[], timestamptz) -> nothing
        (text[], bool[], text[], text[], timestamptz) -> nothing
        (text[], text[], int8[], int8[], int8[], int8[], int8[], int8[], int8[], int8[], int8[], int8[], date, timestamptz) -> nothing
        (uuid[], text[], text[], text[], int2[], text[], int8[], int8[], text[], int8[], int8[], int8[], int8[], int8[]) -> nothing
        (uuid[], text[], text[], bool[], date[], int8[], int8[], date[], int8[]) -> nothing
        (uuid[], text[], uuid[], int8[], int8[], int8[], int8[], int8[], text[], timestamptz) -> nothing
        (uuid[], text[], timestamptz) -> nothing
        (text) -> limit_cents int8, currency text, blocked bool, pending_cents int8, authorised_cents int8, delivered_cents int8, billed_cents int8, prepaid_cents int8, changed_at timestamptz
        (uuid) -> body json
    "#]].assert_eq(&signatures);
}

#[tokio::test]
async fn what_is_heard_twice_is_answered_once() {
    let mut bench = Bench::of(Credit).await;
    let inputs = bench.post(story("limit A 1000; place a A 60"));

    let first = bench.hear(&inputs).await;
    let again = bench.hear(&inputs).await;

    assert_eq!(words(&first), "a approved 60: A.within, score 85.60, 60 of 1000\n");
    assert!(again.is_empty());
}

#[tokio::test]
async fn one_batch_or_many_makes_no_difference() {
    let lines = "history A 1 -70 100 99; limit A 1000; block B; place a A 3@100 2@50 +10; \
                 history A 1 -70 100 100; place b A 3@100 2@50 +10; place c B 70; \
                 deliver b s1 1:1 2:1; invoice b s1 68 due -5; place d A 200; pay b s1 60 on -2; \
                 place e A 200; prepaid f A 100; deliver b s2 1:1; return b s3 1:1; refuse c bob; \
                 release a bob 3; invoice b s2 33; pay b s1 20 by p2; cancel a; cancel b; \
                 limit A 10 EUR; place g A 5 EUR; place h A 5; complete f; expire d";
    let (mut together, mut apart) = (Bench::of(Credit).await, Bench::of(Credit).await);

    let inputs = together.post(story(lines));
    let at_once = together.hear(&inputs).await;
    let mut in_turn = Vec::new();
    for message in story(lines) {
        let inputs = apart.post([message]);
        in_turn.extend(apart.hear(&inputs).await);
    }

    assert_eq!(at_once, in_turn);
    expect![[r#"
        a held 160: refuse, overdue_60, score 92.12, 160 of 1000; unless 1 paid or at most 0 ordered
        b approved 160: A.within, score 92.68, 160 of 1000
        c held 70: refuse, blocked, score 48.00, 70 of 0
        d approved 200: B.within_90, score 62.26, 360 of 1000
        e approved 200: B.within_90, score 76.44, 500 of 1000
        f approved 0: prepaid, score 76.44, 500 of 1000
        c refused by bob
        a released 160 by bob
        a voided 160
        b voided 26
        g approved 5: B.within_90, score 68.00, 5 of 10
        h held 5: prepay, currency, score 56.44, 426 of 0
        d voided 200
    "#]]
    .assert_eq(&words(&at_once));
    for bench in [&together, &apart] {
        assert_eq!(drift(bench).await, [""; 0]);
    }
}

#[tokio::test]
async fn the_same_command_gets_the_same_answer() {
    let mut bench = Bench::of(Credit).await;
    let inputs = bench.post(story("limit A 100; place a A 90; place b A 90"));
    bench.hear(&inputs).await;
    let Inbound::ReleaseHold(release) = read("release a bob 3") else { panic!("it is one") };
    let Inbound::RefuseHold(refuse) = read("refuse b bob") else { panic!("it is one") };

    let first = bench.ask::<ReleaseHold>("call 1", &release).await;
    let repeated = bench.ask("call 1", &release).await;
    let another = bench.ask("call 2", &release).await;
    let refused = bench.ask::<RefuseHold>("call 3", &refuse).await;

    assert!(matches!(first.as_slice(), [ReleaseHoldAnswer::HoldReleased(_)]));
    assert_eq!(first, repeated);
    assert!(matches!(another.as_slice(), [ReleaseHoldAnswer::ReleaseRefused(_)]));
    assert!(matches!(refused.as_slice(), [RefuseHoldAnswer::HoldRefused(_)]));
}

#[tokio::test]
async fn a_command_that_is_repeated_late_has_no_second_effect() {
    let mut bench = Bench::of(Credit).await;
    let limit = |cents| limit_of("A", Cents(cents), "CNY", None);

    bench.ask("call 1", &limit(1_000)).await;
    bench.ask("call 2", &limit(50)).await;
    bench.ask("call 1", &limit(1_000)).await;

    let view = bench.question(&AccountOf { customer: customer("A") }).await.unwrap();
    assert_eq!(view.limit, Cents(50));
}

#[tokio::test]
async fn a_new_day_has_the_figures_summed_up_anew() {
    let mut bench = Bench::of(Credit).await;
    let inputs = bench.post(story(
        "limit A 1000; place a A 100; deliver a s1 1:10; invoice a s1 100 due 30; \
         history A 1 -80 900 900; pay a s1 40; place b A 10",
    ));
    let today = bench.hear(&inputs).await;
    bench.wait(SignedDuration::from_hours(20 * 24)).await;
    let inputs = bench.post(story("place c A 10"));
    let in_three_weeks = bench.hear(&inputs).await;
    bench.wait(SignedDuration::from_hours(15 * 24)).await;
    let inputs = bench.post(story("place d A 10"));
    let once_it_was_due = bench.hear(&inputs).await;
    bench.wait(SignedDuration::from_hours(56 * 24)).await;
    let inputs = bench.post(story("place e A 10; pay a s1 60 by p2; place f A 10"));
    let once_it_was_late = bench.hear(&inputs).await;

    let figures = |said: &[Outbound]| -> Vec<(i64, i64)> {
        let decision = |it: &Outbound| {
            if let Outbound::CreditApproved(it) = it {
                return Some(it.decision.clone());
            }
            if let Outbound::CreditHeld(it) = it { Some(it.decision.clone()) } else { None }
        };
        said.iter().filter_map(decision).map(|it| (it.due.0, it.paid.0)).collect()
    };
    assert_eq!(figures(&today), [(0, 0), (900, 900)]);
    assert_eq!(figures(&in_three_weeks), [(0, 0)]);
    assert_eq!(figures(&once_it_was_due), [(100, 40)]);
    let help = "; unless 60 paid or at most 0 ordered";
    expect![[r#"
        e held 10: refuse, overdue_60, score 70.91, 100 of 1000; unless it is paid
        f approved 10: A.within, score 92.95, 40 of 1000
    "#]]
    .assert_eq(&words(&once_it_was_late).replace(help, "; unless it is paid"));
    assert_eq!(drift(&bench).await, [""; 0]);
}

/// Accounts are shared by partitions, also those that nobody has opened yet.
#[tokio::test]
async fn two_partitions_may_meet_a_new_customer_at_once() {
    let (mut left, mut right) = Bench::two_of(Credit).await;
    let ids: Vec<u128> = (0..20).collect();
    for pair in ids.chunks(2) {
        let name = format!("C{}", pair[0]);
        let place = |bench: &mut Bench<Credit>, nth| {
            let it =
                placed(OrderId(Uuid::from_u128(nth)), customer(&name), Terms::OnAccount, &["7"]);
            bench.post([it.into()])
        };
        let (one, other) = (place(&mut left, pair[0]), place(&mut right, pair[1]));
        let (one, other) = tokio::join!(left.hear(&one), right.hear(&other));
        assert_eq!((one.len(), other.len()), (1, 1));
        let view = left.question(&AccountOf { customer: customer(&name) }).await.unwrap();
        assert_eq!(stages(&view.exposure), "pending 14");
    }
    assert_eq!(drift(&left).await, [""; 0]);
}

/// Two partitions, two hundred orders, one limit: exactly as many pass as fit.
#[tokio::test]
async fn concurrent_orders_never_exceed_the_limit_together() {
    let (mut left, mut right) = Bench::two_of(Credit).await;
    let inputs = left.post(story("limit A 10000; history A 1 -9 9000000 9000000"));
    left.hear(&inputs).await;

    let orders: Vec<Inbound> = (0..200)
        .map(|nth| {
            let id = OrderId(Uuid::from_u128(nth));
            placed(id, customer("A"), Terms::OnAccount, &["100"]).into()
        })
        .collect();
    let mut said = Vec::new();
    for both in orders.chunks(10) {
        let (one, other) = both.split_at(5);
        let (one, other) = (left.post(one.to_vec()), right.post(other.to_vec()));
        let (one, other) = tokio::join!(left.hear(&one), right.hear(&other));
        said.extend(one.into_iter().chain(other));
    }

    let approved: Vec<Cents> = said
        .iter()
        .filter_map(
            |it| if let Outbound::CreditApproved(it) = it { Some(it.authorised) } else { None },
        )
        .collect();
    assert_eq!(said.len(), 200);
    assert_eq!(approved.iter().copied().sum::<Cents>(), Cents(9_000)); // 90 %: more is reviewed.
    let view = right.question(&AccountOf { customer: customer("A") }).await.unwrap();
    assert_eq!(stages(&view.exposure), "pending 11000, authorised 9000");
    assert_eq!(drift(&left).await, [""; 0]);
}

#[tokio::test]
async fn entries_are_never_changed() {
    let mut bench = Bench::of(Credit).await;
    let inputs = bench.post(story("limit A 1000; place a A 60"));
    bench.hear(&inputs).await;
    for sql in ["update entry set at = now()", "delete from entry", "truncate entry"] {
        let refused = sqlx::query(sql).execute(&bench.db).await.unwrap_err().to_string();
        assert!(refused.contains("put right by another entry"), "{refused}");
    }
}

#[tokio::test]
async fn questions_are_answered_out_of_the_books() {
    let mut bench = Bench::of(Credit).await;
    let inputs = bench.post(story(
        "place a B 60 EUR; limit A 1000; block A; place b A 60; release b bob 3; place c A 70; \
         deliver b s1 1:5; invoice b s1 30; pay b s1 10",
    ));
    let said = bench.hear(&inputs).await;

    let nobody = bench.question(&AccountOf { customer: customer("Z") }).await;
    let stranger = bench.question(&AccountOf { customer: customer("B") }).await.unwrap();
    let known = bench.question(&AccountOf { customer: customer("A") }).await.unwrap();
    let why = bench.question(&WhyCredit { order: order("b") }).await;
    let why_not = bench.question(&WhyCredit { order: order("z") }).await;

    assert_eq!(nobody, None);
    assert_eq!((stranger.currency.code(), stranger.limit), ("EUR", Cents(0)));
    assert_eq!(stages(&stranger.exposure), "pending 60");
    assert_eq!((known.limit, known.blocked), (Cents(1_000), true));
    assert_eq!(stages(&known.exposure), "pending 70, authorised 30, billed 20");
    let Outbound::CreditHeld(held) = &said[1] else { panic!("it is held") };
    assert_eq!(why, std::slice::from_ref(&held.decision));
    assert_eq!(why_not, []);
}

fn words(said: &[Outbound]) -> String {
    said.iter().map(tell).collect()
}

/// Where the stored counters are not the sums of the stored entries and items.
async fn drift(bench: &Bench<Credit>) -> Vec<String> {
    let of_orders = "
        select 'order ' || order_id
          from commitment
          left join (select order_id, sum(pending_cents), sum(authorised_cents),
                            sum(delivered_cents), sum(billed_cents), sum(prepaid_cents)
                       from entry group by order_id)
            as entries (order_id, pending, authorised, delivered, billed, prepaid)
         using (order_id)
         where (pending_cents, authorised_cents, delivered_cents, billed_cents, prepaid_cents)
               is distinct from (coalesce(pending, 0), coalesce(authorised, 0),
                                 coalesce(delivered, 0), coalesce(billed, 0), coalesce(prepaid, 0))";
    let of_books = "
        select 'book ' || customer_id || ' ' || currency
          from book
          left join (select customer_id, currency, sum(e.pending_cents), sum(e.authorised_cents),
                            sum(e.delivered_cents), sum(e.billed_cents), sum(e.prepaid_cents)
                       from entry as e join commitment using (order_id)
                      group by customer_id, currency)
            as entries (customer_id, currency, pending, authorised, delivered, billed, prepaid)
         using (customer_id, currency)
         where (pending_cents, authorised_cents, delivered_cents, billed_cents, prepaid_cents)
               is distinct from (coalesce(pending, 0), coalesce(authorised, 0),
                                 coalesce(delivered, 0), coalesce(billed, 0), coalesce(prepaid, 0))";
    let of_items = "
        select 'figures ' || customer_id || ' ' || currency
          from book
         cross join lateral (
               select coalesce(sum(amount_cents) filter (
                          where due_on >= figured_on - interval '3 months'), 0),
                      coalesce(sum(amount_cents), 0)
                 from item
                where item.customer_id = book.customer_id and item.currency = book.currency
                  and due_on >= figured_on - interval '12 months' and due_on < figured_on)
            as items (due, year)
         where (due_cents, year_cents) is distinct from (due, year)";
    let mut found = Vec::new();
    for sql in [of_orders, of_books, of_items] {
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&bench.db).await.unwrap();
        found.extend(rows);
    }
    found
}
