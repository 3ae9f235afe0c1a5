//! The store, the handler, and the settings.

use contracts::notification::RecordAttempt;
use expect_test::expect;
use testbench::Bench;

use super::letters::{order_called, placed, refused, story, tell};
use crate::store::{self, Round};
use crate::{Inbound, Notification, NotificationSettings, Security};

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Notification::default()).await;
    let signatures = bench.signatures(store::STATEMENTS).await;
    expect![[r#"
        (uuid[]) -> order_id uuid, has_email bool
        (uuid[]) -> order_id uuid, letter_id uuid, kind text, attempts int4, state text, next_attempt_at timestamptz, reason text
        (uuid[], text[], text[], int8[], int8[], text[], bool[]) -> nothing
        (timestamptz, uuid[], uuid[], text[], text[], int4[], text[], timestamptz[], text[]) -> nothing
        (uuid[], uuid[], int4[], text[], timestamptz[], text[]) -> nothing
        () -> pg_try_advisory_lock bool
        () -> pg_advisory_unlock_all void
        (uuid[], int8, timestamptz) -> order_id uuid, letter_id uuid, kind text, facts json, written_at timestamptz, attempts int4, order_no text, currency text, total_cents int8, freight_cents int8, lines json, has_email bool
    "#]].assert_eq(&signatures);
}

#[tokio::test]
async fn what_is_heard_twice_is_written_once() {
    let mut bench = Bench::of(Notification::default()).await;
    let inputs = bench.post(story("place a; confirm a"));

    let first = bench.hear(&inputs).await;
    let again = bench.hear(&inputs).await;

    assert_eq!(first.iter().map(tell).collect::<String>(), "a confirmed written\n");
    assert!(again.is_empty());
}

/// Even if it comes under another number, as after a restored backup.
#[tokio::test]
async fn what_is_said_twice_is_written_once() {
    let mut bench = Bench::of(Notification::default()).await;
    let lines = "place a; confirm a; ship a 1; bill a 1";
    let inputs = bench.post(story(lines));
    bench.hear(&inputs).await;

    let inputs = bench.post(story(lines));
    assert!(bench.hear(&inputs).await.is_empty());
    assert_eq!(count(&bench, "select count(*) from letter").await, 3);
    assert_eq!(count(&bench, "select count(*) from placed_order").await, 1);
}

#[tokio::test]
async fn one_batch_or_many_makes_no_difference() {
    let story = story(
        "place a; confirm a; place b; ship a 1; sent a; bill a 1; confirm b; refused b; expire b",
    );
    let mut together = Bench::of(Notification::default()).await;
    let mut apart = Bench::of(Notification::default()).await;

    let inputs = together.post(story.clone());
    let at_once = together.hear(&inputs).await;
    let mut in_turn = Vec::new();
    for message in story {
        let inputs = apart.post([message]);
        in_turn.extend(apart.hear(&inputs).await);
    }

    assert_eq!(at_once, in_turn);
    assert_eq!(letters(&together).await, letters(&apart).await);
    expect![[r#"
        0 confirmed sent 1 {"about":"confirmed"}
        0 invoiced queued 0 {"about":"invoiced","number":"2026-000001","currency":"CNY","net":300,"tax":39,"gross":339,"prepaid":0,"issued_on":"2026-03-05","due_on":"2026-04-04"}
        0 shipped queued 0 {"about":"shipped","units":[{"line":2,"sku":"SKU-2","quantity":3}],"carrier":null,"tracking_no":null,"shipped_at":"1970-01-01T00:00:00Z"}
        1 cancelled queued 0 {"about":"lapsed"}
        1 confirmed failed 1 no such mailbox {"about":"confirmed"}
    "#]].assert_eq(&letters(&apart).await);
}

/// Whatever the worker is told twice, under whatever id.
#[tokio::test]
async fn the_same_attempt_is_counted_once() {
    let mut bench = Bench::of(Notification::default()).await;
    let inputs = bench.post(story("place a; confirm a"));
    bench.hear(&inputs).await;
    let told: RecordAttempt = refused(order_called(0));

    let inputs = bench.post([told.clone().into()]);
    let first = bench.hear(&inputs).await;
    let inputs = bench.post([told.into()]);
    let again = bench.hear(&inputs).await;

    assert_eq!(first.len(), 1);
    assert!(again.is_empty());
}

#[tokio::test]
async fn what_is_due_tells_all_that_the_letter_needs() {
    let mut bench = Bench::of(Notification::default()).await;
    let inputs = bench.post(story("place a; place b; confirm a; confirm b; sent b"));
    bench.hear(&inputs).await;

    let mut round = Round::take(&bench.db).await.unwrap().unwrap();
    let due = round.due(vec![], 10).await.unwrap();

    let [due] = due.as_slice() else { panic!("{due:?}") };
    let placed = placed(order_called(0));
    assert_eq!((due.order, due.attempts), (placed.order, 0));
    assert_eq!((&due.about.number, due.about.total), (&placed.order_no, placed.total));
    assert_eq!(due.about.lines[0].gross, placed.lines[0].gross());
    assert_eq!(round.due(vec![due.letter.0], 10).await.unwrap(), []);
}

/// A batch costs the same number of statements, whatever its size.
#[tokio::test]
async fn a_full_batch_is_one_transaction() {
    let mut bench = Bench::of(Notification::default()).await;
    let orders = || (0..250).map(order_called);
    let placed = orders().map(|it| Inbound::from(placed(it)));
    let confirmed = story("confirm a").remove(0);
    let Inbound::OrderConfirmed(confirmed) = confirmed else { panic!("{confirmed:?}") };
    let confirmed = orders()
        .map(|order| contracts::intake::OrderConfirmed { order, ..confirmed.clone() }.into());
    let inputs = bench.post(placed.chain(confirmed));

    assert_eq!(bench.hear(&inputs).await.len(), 250);
    assert_eq!(count(&bench, "select count(*) from letter where state = 'queued'").await, 250);
}

#[test]
fn settings_have_defaults_and_refuse_what_they_do_not_know() {
    let read = |it: &str| serde_json::from_str::<NotificationSettings>(it);
    assert_eq!(read("{}").unwrap(), NotificationSettings::default());
    let set = read(
        r#"{"smtp": {"host": "mail.example.com", "password": "s3cret"}, "from": "店 <a@b.cn>",
            "time_zone": "+01:00"}"#,
    );
    let set = set.unwrap();
    assert!(!format!("{set:?}").contains("s3cret"));
    let smtp = set.smtp.unwrap();
    assert_eq!((smtp.security, smtp.port()), (Security::Starttls, 587));
    assert!(read(r#"{"from": "nobody"}"#).is_err());
    assert!(read(r#"{"smpt": null}"#).is_err());
    assert!(read(r#"{"smtp": {"host": "h", "secure": true}}"#).is_err());
    assert!(read(r#"{"time_zone": "Mars/Olympus"}"#).is_err());
    assert_eq!("Kontor <orders@localhost>".parse(), Ok(NotificationSettings::default().from));
}

async fn count(bench: &Bench<Notification>, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&bench.db).await.unwrap()
}

async fn letters(bench: &Bench<Notification>) -> String {
    let rows: Vec<(String,)> = sqlx::query_as(
        "select concat_ws(' ', right(order_id::text, 1), kind, state, attempts, reason, facts)
           from letter order by order_id, letter_id",
    )
    .fetch_all(&bench.db)
    .await
    .unwrap();
    rows.into_iter().map(|(it,)| it + "\n").collect()
}
