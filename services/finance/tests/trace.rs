//! In a process of its own: `tracing` caches for all threads whether a span is of interest, so a
//! subscriber that is set for one test is not reliable beside tests without one.

use std::sync::Arc;

use chassis::Input;
use contracts::inventory::StockReceived;
use contracts::{Cents, Sku, Uuid, WarehouseId};
use finance::{Finance, Inbound};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use testbench::Bench;
use tracing_subscriber::layer::SubscriberExt;

/// Each entry is posted with the trace of the message that caused it, if that is collected.
#[tokio::test]
async fn an_entry_knows_in_what_trace_it_was_posted() {
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let _collecting = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let mut bench = Bench::of(Finance).await;

    let mut inputs = bench.post(["D-1", "D-2", "D-3"].map(received));
    trace(&mut inputs[0], "1");
    trace(&mut inputs[2], "3");
    bench.hear(&inputs).await;

    let traces: Vec<Option<Uuid>> =
        sqlx::query_scalar("select trace from journal order by entry_id")
            .fetch_all(&bench.db)
            .await
            .unwrap();
    let expected = |digit: &str| Uuid::try_parse(&digit.repeat(32)).ok();
    assert_eq!(traces, [expected("1"), None, expected("3")]);
}

/// Makes a message part of a trace that is collected.
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn trace(input: &mut Input, digit: &str) {
    let Input::Page(page) = input else { panic!("goods are received by an event") };
    let parent = format!("00-{}-{}-01", digit.repeat(32), digit.repeat(16));
    Arc::make_mut(page).said[0].trace =
        serde_json::from_value(serde_json::json!({ "traceparent": parent })).unwrap();
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn received(document: &str) -> Inbound {
    StockReceived {
        sku: Sku::new("S-1").unwrap(),
        warehouse: WarehouseId::new("W1").unwrap(),
        quantity: 1,
        unit_cost: Cents(600),
        document: document.to_owned(),
    }
    .into()
}
