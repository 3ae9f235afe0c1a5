//! What a look at what is due costs, when much waits.

use chassis::clock;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use testbench::Bench;
use uuid::Uuid;

use crate::store::DUE;
use crate::{Webhook, WebhookSettings};

/// Two deliveries of each of these orders wait for one endpoint.
const ORDERS: i32 = 10_000;

const MUCH_WAITS: &str = "
    with shop as (
        insert into endpoint (endpoint_id, channel, url, events, state, secret)
        values ('erp', 'web', 'http://127.0.0.1', '{order.shipped}', 'active', 'whsec_'))
    insert into delivery (strand, delivery_id, endpoint_id, number, event, body, written_at, state,
                          next_attempt_at)
    select 'order ' || nth / 2, gen_random_uuid(), 'erp', nth % 2 + 1, 'order.shipped', '{}', 'epoch',
           'waiting', timestamptz 'epoch' + nth * interval '1 second'
      from generate_series(0, 2 * $1 - 1) as nth";

#[tokio::test]
async fn however_much_waits_a_look_reads_a_few() {
    let bench = Bench::of(Webhook::new(WebhookSettings::default())).await;
    let mut db = bench.db.acquire().await.unwrap();
    // As the role of a service has it.
    sqlx::query("set enable_seqscan = off").execute(&mut *db).await.unwrap();
    sqlx::query(MUCH_WAITS).bind(ORDERS).execute(&mut *db).await.unwrap();
    // Whether or not anybody has counted the rows since.
    let unknown = rows_read(&mut db).await;
    sqlx::query("analyze delivery").execute(&mut *db).await.unwrap();
    let known = rows_read(&mut db).await;
    assert!((5..100).contains(&unknown) && (5..100).contains(&known), "{unknown}, {known}");
}

/// How many deliveries are read to find the first five.
async fn rows_read(db: &mut PgConnection) -> u64 {
    let explain = format!("explain (analyze, format json) {DUE}");
    let plan: Value = sqlx::query_scalar(AssertSqlSafe(explain))
        .bind(Vec::<Uuid>::new())
        .bind(5_i64)
        .bind(clock::now().to_sqlx())
        .fetch_one(db)
        .await
        .unwrap();
    scanned(&plan[0]["Plan"])
}

fn scanned(node: &Value) -> u64 {
    let figure = |it: &str| {
        let figure = format!("{:.0}", node[it].as_f64().unwrap_or_default());
        figure.parse::<u64>().unwrap()
    };
    let each = figure("Actual Rows") + figure("Rows Removed by Filter");
    let is_read = node["Relation Name"] == "delivery";
    let here = if is_read { each * figure("Actual Loops") } else { 0 };
    here + node["Plans"].as_array().into_iter().flatten().map(scanned).sum::<u64>()
}
