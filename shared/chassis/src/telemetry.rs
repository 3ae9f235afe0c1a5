//! Logs, traces and metrics.

use std::io::IsTerminal;

use anyhow::Context;
use opentelemetry::metrics::{Counter, Gauge, Histogram};
use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus::{Registry, TextEncoder};
use serde::Deserialize;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// What is told about what goes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetrySettings {
    /// Which log lines are written, as `tracing`'s filter reads it. Default: `info`.
    pub log: String,
    /// Whether log lines are JSON, for machines. Default: no.
    pub json: bool,
    /// Where traces go, by OTLP over gRPC: `http://127.0.0.1:4317`. Default: nowhere.
    pub otlp: Option<String>,
    /// How many of 10,000 orders are traced that come without a trace of their own. Default: 100.
    pub sampled: u32,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self { log: "info".to_owned(), json: false, otlp: None, sampled: 100 }
    }
}

/// Keeps telemetry running. Flushes what is left when it is closed.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    registry: Registry,
    _metrics: SdkMeterProvider,
}

impl Telemetry {
    /// Begins to log, to trace and to count, for the whole process. Only the first call in a
    /// process sets where logs and traces go.
    pub fn start(settings: &TelemetrySettings) -> anyhow::Result<Self> {
        let registry = Registry::new();
        let exporter =
            opentelemetry_prometheus::exporter().with_registry(registry.clone()).build()?;
        let metrics =
            SdkMeterProvider::builder().with_resource(resource()).with_reader(exporter).build();
        global::set_meter_provider(metrics.clone());

        let traces = settings.otlp.as_deref().map(|to| traces(to, settings.sampled)).transpose()?;
        let filter = EnvFilter::try_new(&settings.log)
            .with_context(|| format!("telemetry.log is {:?}, which is no filter", settings.log))?
            .and(filter_fn(|it| it.target() != MESSAGES));
        let lines =
            fmt::layer().with_writer(std::io::stderr).with_ansi(is_coloured(&std::io::stderr()));
        let lines = if settings.json {
            lines.json().with_filter(filter).boxed()
        } else {
            lines.compact().with_filter(filter).boxed()
        };
        let spans = traces.as_ref().map(|it| {
            tracing_opentelemetry::layer()
                .with_tracer(it.tracer("kontor"))
                .with_filter(filter_fn(|it| it.target().starts_with("kontor::")))
        });
        // A second start in one process keeps the first one's subscriber.
        let _kept = tracing_subscriber::registry().with(lines).with(spans).try_init();
        Ok(Self { traces, registry, _metrics: metrics })
    }

    /// The metrics as Prometheus reads them.
    pub(crate) fn registry(&self) -> Registry {
        self.registry.clone()
    }

    /// Sends what is left.
    pub fn close(self) {
        if let Some(traces) = self.traces
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(%error, "the last traces were not sent: {error}");
        }
    }
}

/// Whether colours may be written there: to terminals, unless `NO_COLOR` is set.
#[expect(clippy::disallowed_methods, reason = "no setting of ours: https://no-color.org")]
pub fn is_coloured(out: &impl IsTerminal) -> bool {
    out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}

/// The target of the spans of messages: they are for traces, not for the log.
const MESSAGES: &str = "kontor::message";

fn resource() -> Resource {
    Resource::builder().with_service_name("kontor").build()
}

fn traces(to: &str, sampled: u32) -> anyhow::Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(to)
        .build()
        .with_context(|| format!("telemetry.otlp is {to:?}, which is no place for traces"))?;
    #[expect(clippy::float_arithmetic, reason = "a rate of sampling, not money")]
    let ratio = f64::from(sampled.min(10_000)) / 10_000.0;
    let by_parent = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)));
    Ok(SdkTracerProvider::builder()
        .with_resource(resource())
        .with_sampler(by_parent)
        .with_batch_exporter(exporter)
        .build())
}

/// The metrics as Prometheus reads them (text exposition format).
pub(crate) fn exposition(registry: &Registry) -> anyhow::Result<String> {
    Ok(TextEncoder::new().encode_to_string(&registry.gather())?)
}

/// Counts a message that does not read, and that nobody waits to see answered: `what` it was to be (a
/// page, a report). It comes of a mistake somewhere, and is rare.
pub fn unreadable(service: &'static str, what: &'static str) {
    let counter = global::meter("kontor")
        .u64_counter("kontor.messages.unreadable")
        .with_description("Messages that do not read, and were passed over")
        .build();
    counter.add(1, &[KeyValue::new("service", service), KeyValue::new("what", what)]);
}

/// What a service counts about its worker in one partition.
pub(crate) struct Meters {
    labels: [KeyValue; 1],
    decided: Counter<u64>,
    parked: Counter<u64>,
    parked_keys: Gauge<u64>,
    batch: Histogram<u64>,
    duration: Histogram<f64>,
    asked: Counter<u64>,
    lost: Counter<u64>,
    published: Counter<u64>,
    lag: Gauge<u64>,
    partition: KeyValue,
}

impl Meters {
    pub(crate) fn of(service: &'static str, partition: u32) -> Self {
        let meter = global::meter("kontor");
        let counter = |name: &'static str, what: &'static str| {
            meter.u64_counter(name).with_description(what).build()
        };
        Self {
            labels: [KeyValue::new("service", service)],
            decided: counter("kontor.inputs.decided", "Inputs that were decided"),
            parked: counter("kontor.inputs.parked", "Inputs that were set aside"),
            asked: counter("kontor.pages.asked", "Times that missing pages were asked for"),
            lost: counter("kontor.positions.lost", "Times that a partition had another owner"),
            published: counter("kontor.public.published", "Public messages that were published"),
            parked_keys: meter
                .u64_gauge("kontor.parked.keys")
                .with_description("Things about which something is parked now")
                .build(),
            batch: meter
                .u64_histogram("kontor.batch.size")
                .with_boundaries([1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map(f64::from).to_vec())
                .with_description("Inputs that one transaction decided")
                .build(),
            duration: meter
                .f64_histogram("kontor.transaction.duration")
                .with_unit("s")
                .with_boundaries(vec![0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0])
                .with_description("How long one transaction took")
                .build(),
            lag: meter
                .u64_gauge("kontor.pages.lag")
                .with_description("Pages that are known to be said and not heard")
                .build(),
            partition: KeyValue::new("partition", i64::from(partition)),
        }
    }

    pub(crate) fn committed(&self, decided: usize, parked: usize, took: std::time::Duration) {
        self.decided.add(decided as u64, &self.labels);
        self.batch.record(decided as u64, &self.labels);
        self.duration.record(took.as_secs_f64(), &self.labels);
        if parked > 0 {
            self.parked.add(parked as u64, &self.labels);
        }
    }

    pub(crate) fn parked_keys(&self, keys: usize) {
        self.parked_keys.record(keys as u64, &[self.labels[0].clone(), self.partition.clone()]);
    }

    pub(crate) fn lag(&self, pages: i64) {
        let labels = [self.labels[0].clone(), self.partition.clone()];
        self.lag.record(pages.unsigned_abs(), &labels);
    }

    pub(crate) fn asked(&self) {
        self.asked.add(1, &self.labels);
    }

    pub(crate) fn lost(&self) {
        self.lost.add(1, &self.labels);
    }

    pub(crate) fn published(&self, messages: usize) {
        self.published.add(messages as u64, &self.labels);
    }
}
