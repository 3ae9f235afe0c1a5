use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use serde::{Deserialize, Serialize};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

tokio::task_local! {
    static WITHIN: TraceContext;
}

/// `traceparent` and `tracestate`, as they travel with a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceContext(HashMap<String, String>);

impl TraceContext {
    /// What a client sent in its headers.
    pub fn from_fields<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let known = |it: &(&str, &str)| matches!(it.0, "traceparent" | "tracestate");
        let owned = |it: (&str, &str)| (it.0.to_owned(), it.1.to_owned());
        Self(fields.into_iter().filter(known).map(owned).collect())
    }

    /// Where the span is now.
    pub fn of(span: &Span) -> Self {
        let mut fields = HashMap::new();
        TraceContextPropagator::new().inject_context(&span.context(), &mut fields);
        fields.retain(|_, it| !it.is_empty());
        Self(fields)
    }

    /// Where this task is now: in the span that it is in, or, if nobody collects that, in the trace
    /// within which it was begun.
    pub fn current() -> Self {
        let here = Self::of(&Span::current());
        if here.is_empty() { WITHIN.try_with(Self::clone).unwrap_or_default() } else { here }
    }

    /// Does this work within the trace. A client's trace goes on through the house whether or not we
    /// collect our own part of it.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        WITHIN.scope(self, work).await
    }

    /// Makes the span a child of this. Does so before the span is entered, or not at all.
    pub fn adopt(&self, span: &Span) {
        let parent = TraceContextPropagator::new().extract(&self.0);
        // Fails if nobody collects traces, which is no reason to decide nothing.
        let _: Result<(), _> = span.set_parent(parent);
    }

    /// Where a trace goes on after this span, or where it was if nobody collects the span.
    #[must_use]
    pub fn continued_by(&self, span: &Span) -> Self {
        let after = if span.is_none() { Self::default() } else { Self::of(span) };
        if after.is_empty() { self.clone() } else { after }
    }

    /// Whether whoever began the trace wants it collected (W3C Trace Context, the flag `sampled`).
    pub fn is_sampled(&self) -> bool {
        let flags = self.0.get("traceparent").and_then(|it| it.rsplit('-').next());
        let flags = flags.and_then(|it| u8::from_str_radix(it, 16).ok());
        flags.is_some_and(|it| it & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::TraceContext;

    #[tokio::test]
    async fn a_trace_that_nobody_collects_goes_on() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let came = TraceContext::from_fields([("traceparent", parent), ("cookie", "no")]);
        let within = came.clone().during(async { TraceContext::current() }).await;
        assert_eq!(within, came);
        assert!(TraceContext::current().is_empty());
    }
}
