//! The store, and what is asked.

use expect_test::expect;
use testbench::Bench;

use crate::{Webhook, store};

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Webhook::default()).await;
    let signatures = bench.signatures(&store::statements()).await;
    expect![[r#"
        (uuid[]) -> order_id uuid, order_no text, channel text, external_id text
        (text[], text[]) -> endpoint_id text, channel text, url text, events text[], state text, reason text, because jsonb, secret text, old_secret text, old_secret_until timestamptz
        (text[]) -> strand text, delivery_id uuid, endpoint_id text, number int4, event text, written_at timestamptz, attempts int4, earlier int4, state text, next_attempt_at timestamptz
        (text, timestamptz, int8) -> strand text, count int8
        (uuid[], text[], text[], text[]) -> nothing
        (text, text, text, text[], text, text, jsonb, text, text, timestamptz) -> nothing
        (timestamptz, text[], uuid[], text[], int4[], text[], text[], text[], int4[], int4[], timestamptz[]) -> nothing
        (text[], uuid[], text[], int4[], int4[], timestamptz[]) -> nothing
        (text[], uuid[], int4[], text[], timestamptz[], int8[], int4[], text[], jsonb[]) -> nothing
        () -> pg_try_advisory_lock bool
        () -> pg_advisory_unlock_all void
        (uuid[], int8, timestamptz) -> delivery_id uuid, endpoint_id text, strand text, attempts int4, body text, url text, secret text, case text
        (text) -> endpoint_id text, url text, events text[], state text, reason text, because jsonb, old_secret_until timestamptz, count int8, count int8
        (text) -> delivery_id uuid, event text, attempt int4, at timestamptz, millis int8, status int4, answer text, fault jsonb
    "#]].assert_eq(&signatures);
}
