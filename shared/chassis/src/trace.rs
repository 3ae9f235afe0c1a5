use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use serde::{Deserialize, Serialize};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// `traceparent` and `tracestate`, as they travel with a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceContext(HashMap<String, String>);

impl TraceContext {
    /// Where the span is now.
    pub fn of(span: &Span) -> Self {
        let mut fields = HashMap::new();
        TraceContextPropagator::new().inject_context(&span.context(), &mut fields);
        Self(fields)
    }

    /// Where this thread is now.
    pub fn current() -> Self {
        Self::of(&Span::current())
    }

    /// Makes the span a child of this. Does so before the span is entered, or not at all.
    pub fn adopt(&self, span: &Span) {
        let parent = TraceContextPropagator::new().extract(&self.0);
        // Fails if nobody collects traces, which is no reason to decide nothing.
        let _: Result<(), _> = span.set_parent(parent);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
