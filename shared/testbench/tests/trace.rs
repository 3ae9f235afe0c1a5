//! In a process of its own: `tracing` caches for all threads whether a span is of interest, so a
//! subscriber that is set for one test is not reliable beside tests without one.

mod echo;

use std::sync::Arc;

use chassis::Worker;
use echo::{Echo, NOW, ONLY, page};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use testbench::Bench;
use tracing_subscriber::layer::SubscriberExt;

#[tokio::test]
async fn each_message_keeps_its_own_trace() {
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let _collecting = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let bench = Bench::of(Echo).await;
    let mut worker = Worker::open(Arc::new(Echo), bench.db.clone(), ONLY).await.unwrap();

    let committed = worker.transact(NOW, &[page(1, 1), page(2, 2)]).await.unwrap();

    let said = committed.page.unwrap().page.said.clone();
    for (said, trace) in said.iter().zip(["1", "2"]) {
        let said = serde_json::to_value(&said.trace).unwrap();
        let said: Vec<&str> = said["traceparent"].as_str().unwrap().split('-').collect();
        assert_eq!(said[1], trace.repeat(32));
        assert_ne!(said[2], trace.repeat(16)); // A child.
    }
}
