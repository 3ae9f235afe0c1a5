//! One trace an order: from the storefront's own span to the invoice, through every service, though
//! each of their transactions serves many orders.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use kontor::Configuration;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use whole_house::process::{Site, books, eventually, world};

/// Every service has something to do with an order that is delivered and billed.
const SERVICES: [&str; 9] = [
    "allocation",
    "credit",
    "finance",
    "fulfilment",
    "gateway",
    "intake",
    "inventory",
    "notification",
    "webhook",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_from_the_storefront_to_the_invoice() -> anyhow::Result<()> {
    let collector = Collector::default();
    let address = collector.serve()?;
    let mut configuration = Configuration::default();
    configuration.telemetry.otlp = Some(address);
    let site = Site::open_with("trace", configuration).await?;
    let world = world::World::begin(&site).await?;
    let replica = site.start().await?;
    site.customers("a").await?;

    // Over NATS, and over HTTP, among others that nobody asked to trace.
    let nats = "4bf92f3577b34da6a3ce929d0e0e4736";
    let web = site.suite.connect("channel", "web").await?;
    let parent = format!("00-{nats}-{STOREFRONT}-01");
    world::place(&web, &world::name("a", 1), Some(&parent)).await?;

    let http = "0af7651916cd43dd8448eb211c80319c";
    let order = serde_json::to_vec(&world::order(&world::name("a", 2))?)?;
    let placed = reqwest::Client::new()
        .post(format!("{}/v1/orders", replica.gateway()?))
        .header("content-type", "application/json")
        .header("kontor-channel", "web")
        .bearer_auth(site.suite.operator().context("there is no operator")?)
        .header("traceparent", format!("00-{http}-{STOREFRONT}-01"))
        .body(order)
        .send()
        .await?;
    ensure!(placed.status() == 201, "{}", placed.text().await?);

    world.place_all((3..13).map(|nth| world::name("a", nth))).await?;
    books::settled(&site, "a").await?;
    for (way, trace) in [("NATS", nats), ("HTTP", http)] {
        let spans = eventually("the trace arrives", || async {
            let spans = collector.spans(trace);
            let billed = spans.iter().filter(|it| it.name.contains("finance.invoiced"));
            let hearers: BTreeSet<String> =
                billed.filter_map(|it| attribute(it, "kontor.service")).collect();
            for hearer in ["credit", "gateway", "intake", "notification", "webhook"] {
                ensure!(
                    hearers.contains(hearer),
                    "{hearer} is not told of the invoice: {hearers:?}"
                );
            }
            Ok(spans)
        })
        .await?;
        connected(&spans)?;
        let services: BTreeSet<String> =
            spans.iter().filter_map(|it| attribute(it, "kontor.service")).collect();
        assert_eq!(services.iter().map(String::as_str).collect::<Vec<_>>(), SERVICES, "{way}");
        eprintln!("a trace that came over {way} has {} spans", spans.len());
    }
    replica.stop().await?;
    drop(world);
    site.close().await
}

/// The span of the storefront, of which the first of ours is a child.
const STOREFRONT: &str = "00f067aa0ba902b7";

/// Whether each span's parent is there, or is the storefront's.
fn connected(spans: &[Span]) -> anyhow::Result<()> {
    let known: BTreeMap<&[u8], &Span> = spans.iter().map(|it| (&*it.span_id, it)).collect();
    ensure!(known.len() == spans.len(), "two spans have one id");
    for span in spans {
        let parent = &*span.parent_span_id;
        ensure!(
            known.contains_key(parent) || hex(parent) == STOREFRONT,
            "{} hangs on {}, which is not there",
            span.name,
            hex(parent)
        );
    }
    Ok(())
}

/// Takes traces in, as any collector does: OTLP over gRPC.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

impl Collector {
    fn serve(&self) -> anyhow::Result<String> {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
        let address = format!("http://{}", incoming.local_addr()?);
        let service = TraceServiceServer::new(self.clone());
        let server = Server::builder().add_service(service).serve_with_incoming(incoming);
        drop(chassis::task::spawn("collector", async move { server.await.context("collector") }));
        Ok(address)
    }

    /// All spans of a trace so far.
    fn spans(&self, trace: &str) -> Vec<Span> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|it| hex(&it.trace_id) == trace).cloned().collect()
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|it| it.scope_spans);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(scopes.flat_map(|it| it.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(it) => Some(it.clone()),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
