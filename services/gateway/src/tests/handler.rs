//! The store and the handler.

use std::collections::BTreeSet;
use std::fmt::Write;

use contracts::MessageSet;
use expect_test::expect;
use sqlx::PgPool;
use testbench::Bench;

use super::story::{EVERYTHING, PLAIN, story};
use crate::{Gateway, GatewaySettings, Inbound, store};

pub(super) fn gateway() -> Gateway {
    Gateway::new(GatewaySettings::default())
}

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(gateway()).await;
    let signatures = bench.signatures(&store::statements()).await;
    // The first to give a whole order says what that is.
    let order = signatures.lines().find_map(|it| it.split_once("-> order_id uuid, order_no"));
    let order = order.unwrap().1.split_once(", lines").unwrap().0;
    let signatures = signatures.replace(&format!("{order}\n"), " … as above\n");
    expect![[r#"
        (uuid[]) -> order_id uuid, status text, status_number int8, status_at timestamptz, reason text, version int8, priority int8, changed_at timestamptz, confirmed_at timestamptz, released_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, completed_at timestamptz, summary json
        (int4, uuid[], text[], text[], text[], text[], text[], text[], bool[], text[], text[], int8[], int8[], int8[], int8[], text[], timestamptz[], text[]) -> nothing
        (uuid[], text[], int8[], timestamptz[], text[], int8[], int8[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], text[]) -> nothing
        (uuid[], text[], int8[], timestamptz[], text[], int8[], int8[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], text[]) -> nothing
        (uuid[], int8[], text[]) -> nothing
        (text[], int8[], int8[], text[], timestamptz[]) -> nothing
        (uuid, text, text) -> order_id uuid, order_no text, channel text, external_id text, customer text, tier text, kind text, urgent bool, terms text, status text, status_number int8, status_at timestamptz, reason text, currency text, net_cents int8, tax_cents int8, freight_cents int8, total_cents int8, priority int8, entered_by text, placed_at timestamptz, confirmed_at timestamptz, released_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, completed_at timestamptz, changed_at timestamptz, version int8, summary json, at timestamptz, lines json, partition int4, heard jsonb
        (text, text, text) -> order_id uuid
        (uuid, text, text) -> ?column? bool
        (uuid, int8, int8) -> number int8, entries json
        (uuid) -> version int8
        (text) -> number int8, sellable int8, at timestamptz
        (int4, text) -> int8 int8
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, timestamptz, int8, text, text, text) -> order_id uuid, order_no … as above
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, timestamptz, int8, text, text, text) -> order_id uuid, order_no … as above
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, int8, int8, text, text, text) -> order_id uuid, order_no … as above
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, int8, int8, text, text, text) -> order_id uuid, order_no … as above
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, timestamptz, int8, text, text, text) -> order_id uuid, order_no … as above
        (uuid[]) -> order_id uuid, order_no … as above
        (uuid[]) -> order_id uuid, lines json
        (uuid[]) -> order_id uuid, version int8
        (text, text, int8) -> sku text, sellable int8, warehouses json, at timestamptz
        (int8, int8) -> number int8, at timestamptz, who text, what text, about text, detail text
        (text) -> id text, name text, roles text[], channel text, warehouse text, actions text[], secret bytea, old_secret bytea, old_until timestamptz, made_at timestamptz, expires_at timestamptz, revoked_at timestamptz, used_at timestamptz
        (text, int8) -> id text, name text, roles text[], channel text, warehouse text, actions text[], secret bytea, old_secret bytea, old_until timestamptz, made_at timestamptz, expires_at timestamptz, revoked_at timestamptz, used_at timestamptz
        (text, text, text[], text, text, text[], bytea, timestamptz, timestamptz, text, text) -> nothing
        (text, bytea, timestamptz, timestamptz, text, text) -> nothing
        (text, timestamptz, text) -> nothing
        (text, timestamptz) -> nothing
        (text, text, int8) -> name text, password text, roles text[], channel text, warehouse text, tier int2, disabled bool, made_at timestamptz
        (text, text, text[], text, text, int2, bool, timestamptz, text, text) -> nothing
        (text, text, timestamptz, bytea) -> nothing
        (bytea, text, timestamptz, timestamptz) -> nothing
        (bytea) -> nothing
        (timestamptz, timestamptz) -> nothing
        (bytea) -> name text, password text, roles text[], channel text, warehouse text, tier int2, disabled bool, made_at timestamptz, used_at timestamptz, ends_at timestamptz
        (bytea, timestamptz) -> nothing
        (uuid, text, text, bool, text, text, timestamptz, int8) -> nothing
        (text) -> id uuid, owner text, name text, shared bool, query text, columns text
        (uuid, text) -> nothing
        (uuid[], int4[], text[], int8[], timestamptz[]) -> nothing
        (text[], timestamptz, int8) -> order_id uuid
        (text[], int8) -> order_id uuid, pick int4, warehouse text, units int8, at timestamptz, lacks bool
        (text[], timestamptz) -> count int8, count int8, count int8
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, timestamptz, int8, text, text, text) -> order_id uuid, order_no text, channel text, external_id text, customer text, tier text, kind text, urgent bool, terms text, status text, status_number int8, status_at timestamptz, reason text, currency text, net_cents int8, tax_cents int8, freight_cents int8, total_cents int8, priority int8, entered_by text, placed_at timestamptz, confirmed_at timestamptz, released_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, completed_at timestamptz, changed_at timestamptz, version int8, summary json, at timestamptz, lines json
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, timestamptz, int8, text, text, text) -> order_id uuid, order_no text, channel text, external_id text, customer text, tier text, kind text, urgent bool, terms text, status text, status_number int8, status_at timestamptz, reason text, currency text, net_cents int8, tax_cents int8, freight_cents int8, total_cents int8, priority int8, entered_by text, placed_at timestamptz, confirmed_at timestamptz, released_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, completed_at timestamptz, changed_at timestamptz, version int8, summary json, at timestamptz, lines json
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, int8, int8, text, text, text) -> order_id uuid, order_no text, channel text, external_id text, customer text, tier text, kind text, urgent bool, terms text, status text, status_number int8, status_at timestamptz, reason text, currency text, net_cents int8, tax_cents int8, freight_cents int8, total_cents int8, priority int8, entered_by text, placed_at timestamptz, confirmed_at timestamptz, released_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, completed_at timestamptz, changed_at timestamptz, version int8, summary json, at timestamptz, lines json
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, int8, int8, text, text, text) -> order_id uuid, order_no text, channel text, external_id text, customer text, tier text, kind text, urgent bool, terms text, status text, status_number int8, status_at timestamptz, reason text, currency text, net_cents int8, tax_cents int8, freight_cents int8, total_cents int8, priority int8, entered_by text, placed_at timestamptz, confirmed_at timestamptz, released_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, completed_at timestamptz, changed_at timestamptz, version int8, summary json, at timestamptz, lines json
        (text[], text, text, text, timestamptz, timestamptz, text, uuid, timestamptz, int8, text, text, text) -> order_id uuid, order_no text, channel text, external_id text, customer text, tier text, kind text, urgent bool, terms text, status text, status_number int8, status_at timestamptz, reason text, currency text, net_cents int8, tax_cents int8, freight_cents int8, total_cents int8, priority int8, entered_by text, placed_at timestamptz, confirmed_at timestamptz, released_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, completed_at timestamptz, changed_at timestamptz, version int8, summary json, at timestamptz, lines json
        (int8) -> channel text
    "#]].assert_eq(&signatures);
}

#[tokio::test]
async fn one_batch_or_many_makes_no_difference() {
    let (mut together, mut apart) = (Bench::of(gateway()).await, Bench::of(gateway()).await);

    let inputs = together.post(story(EVERYTHING));
    together.hear(&inputs).await;
    for message in story(EVERYTHING) {
        let inputs = apart.post([message]);
        apart.hear(&inputs).await;
    }

    let dump = dump(&together.db).await;
    assert!(dump.contains("K-a"));
    assert_eq!(dump, self::dump(&apart.db).await);
}

/// Whatever was heard may come again, from the beginning, at any time.
#[tokio::test]
async fn any_prefix_heard_twice_changes_nothing() {
    let mut bench = Bench::of(gateway()).await;
    let inputs = bench.post(story(EVERYTHING));
    let mut version = 0;
    for end in (0..=inputs.len()).step_by(7) {
        bench.hear(&inputs[..end]).await;
        let once = dump(&bench.db).await;
        bench.hear(&inputs[..end]).await;
        assert_eq!(dump(&bench.db).await, once);

        let now: i64 =
            sqlx::query_scalar("select coalesce(sum(version), 0)::bigint from order_state")
                .fetch_one(&bench.db)
                .await
                .unwrap();
        assert!(version <= now);
        version = now;
    }
}

/// Pick requests name who receives the goods, and an order may bear a remark. None of it is kept.
#[tokio::test]
async fn nothing_personal_is_kept() {
    let mut bench = Bench::of(gateway()).await;
    let personal = ["Wang Fang", "13912345678", "Zhongshan"];
    let heard: String = story(EVERYTHING).iter().map(|it| it.encode().get().to_owned()).collect();
    assert!(personal.iter().all(|it| heard.contains(it)));

    let inputs = bench.post(story(EVERYTHING));
    bench.hear(&inputs).await;

    let kept = dump(&bench.db).await;
    assert!(!personal.iter().any(|it| kept.contains(it)));
}

/// Levels of one item may be heard in any partition, and at once.
#[tokio::test]
async fn the_highest_level_counts_whoever_hears_it() {
    let (mut left, mut right) = Bench::two_of(gateway()).await;
    let lower = left.post(story("level KB-87 3 30; level KB-88 9 90; level KB-87 2 20"));
    let higher = right.post(story("level KB-88 8 80; level KB-87 4 40"));
    tokio::join!(left.hear(&lower), right.hear(&higher));

    let levels: Vec<(String, i64, i64)> =
        sqlx::query_as("select sku, number, sellable from stock_level order by sku")
            .fetch_all(&left.db)
            .await
            .unwrap();
    assert_eq!(levels, [("KB-87".to_owned(), 4, 40), ("KB-88".to_owned(), 9, 90)]);
}

#[tokio::test]
async fn a_rejected_submission_is_no_order() {
    let mut bench = Bench::of(gateway()).await;
    let mut rejected = story("status a 1 rejected");
    if let Inbound::OrderStatus(it) = &mut rejected[0] {
        (it.order, it.order_no) = (None, None);
    }
    let inputs = bench.post(rejected);
    bench.hear(&inputs).await;
    assert!(!dump(&bench.db).await.contains("rejected"));
}

/// The number of statements does not grow with the batch.
#[tokio::test]
async fn a_batch_of_hundreds_is_heard_at_once() {
    let mut bench = Bench::of(gateway()).await;
    let lives = (b'A'..=b'Z').map(|name| PLAIN.replace(" a ", &format!(" {} ", char::from(name))));
    let messages: Vec<Inbound> = lives.flat_map(|it| story(&it)).collect();
    assert!(messages.len() > 512);

    let inputs = bench.post(messages);
    bench.hear(&inputs).await;

    let completed: i64 =
        sqlx::query_scalar("select count(*) from order_state where status = 'completed'")
            .fetch_one(&bench.db)
            .await
            .unwrap();
    assert_eq!(completed, 26);
}

/// All that is kept, as text.
async fn dump(db: &PgPool) -> String {
    let mut text = String::new();
    for sql in [
        "select row_to_json(it)::text from order_view it order by order_id",
        "select row_to_json(it)::text from timeline it order by order_id, number",
        "select row_to_json(it)::text from stock_level it order by sku",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(db).await.unwrap();
        for row in rows {
            writeln!(text, "{row}").unwrap();
        }
    }
    text
}

#[test]
fn the_stories_hear_everything_that_the_gateway_hears() {
    // Orders that were carried over have stories of their own.
    let mut all = story(EVERYTHING);
    all.push(super::importing::carried().into());
    let told: BTreeSet<&str> = all.iter().map(|it| it.contract().subject).collect();
    let heard: BTreeSet<&str> = Inbound::CONTRACTS.iter().map(|it| it.subject).collect();
    assert_eq!(told, heard);
}
