//! What those outside would have written down: taken from the public streams where they are what was
//! seen, and from the books where nobody was there to see.

use std::path::Path;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use futures::StreamExt;
use serde_json::{Value, json};
use uuid::Uuid;
use whole_house::process::Site;

/// The files of a run: one object a line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outside {
    pub(crate) journal: Vec<Value>,
    pub(crate) picks: Vec<Value>,
    pub(crate) status: Vec<Value>,
    pub(crate) mails: Vec<Value>,
    pub(crate) webhooks: Vec<Value>,
    pub(crate) hashes: Value,
    /// When streams were lost, in nanoseconds since 1970.
    pub(crate) lost_at: Vec<i64>,
}

impl Outside {
    pub(crate) async fn seen(site: &Site) -> anyhow::Result<Self> {
        let mut hashes = json!({});
        for service in site.services() {
            let mut db = site.books(service)?.acquire().await?;
            hashes[service] = json!(checker::hash_all(&mut db).await?);
        }
        Ok(Self {
            journal: journal(site).await?,
            picks: picks(site).await?,
            status: statuses(site).await?,
            mails: mails(site).await?,
            webhooks: webhooks(site).await?,
            hashes: json!({ "before": hashes, "after": hashes }),
            lost_at: vec![],
        })
    }

    /// Writes the files into a directory.
    pub(crate) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(dir)?;
        for (name, lines) in [
            ("journal.jsonl", &self.journal),
            ("picks.jsonl", &self.picks),
            ("status.jsonl", &self.status),
            ("mails.jsonl", &self.mails),
            ("webhooks.jsonl", &self.webhooks),
        ] {
            let lines: String = lines.iter().map(|it| format!("{it}\n")).collect();
            std::fs::write(dir.join(name), lines)?;
        }
        let run = json!({ "databases": {}, "streams_lost_at": self.lost_at });
        std::fs::write(dir.join("run.json"), run.to_string())?;
        Ok(std::fs::write(dir.join("hashes.json"), self.hashes.to_string())?)
    }
}

/// Each order was accepted, and handed in again; one had another content the second time.
async fn journal(site: &Site) -> anyhow::Result<Vec<Value>> {
    let placed: Vec<(Uuid, String, String, Option<String>)> = sqlx::query_as(
        "select order_id, placement.channel, placement.external_id, process
           from placement left join sales_order using (order_id) order by order_id",
    )
    .fetch_all(&site.books("intake")?)
    .await?;
    let mut journal = Vec::new();
    let attempt = |op: &str, channel: &str, name: &str, body: &str, outcome: &str, order| {
        json!({ "at": "2026-11-22T08:00:00Z", "client": "web-1", "op": op, "channel": channel,
            "external_id": name, "key": null, "body": body, "outcome": outcome,
            "order": order, "codes": [],
            "trace": name.starts_with("wait-").then(|| crate::house::trace_of(name)) })
    };
    for (order, channel, name, process) in placed {
        let order = Some(order);
        journal.push(attempt("place", &channel, &name, "a", "accepted", order));
        journal.push(attempt("http_place", &channel, &name, "a", "duplicate", order));
        journal.push(attempt("place", &channel, &name, "b", "conflict", order));
        journal.push(attempt("place", &channel, &name, "a", "unknown", None));
        if process.as_deref() == Some("cancelled") {
            journal.push(attempt("cancel", &channel, &name, "", "cancelled", order));
        }
    }
    journal.push(attempt("submit", "web", "bad-1", "c", "accepted", None));
    journal.push(attempt("place", "web", "bad-2", "c", "rejected", None));
    journal.push(attempt("garbage", "web", "bad-3", "d", "unknown", None));
    Ok(journal)
}

/// What warehouses were told; and of each shipment a report that explains where it is.
async fn picks(site: &Site) -> anyhow::Result<Vec<Value>> {
    let mut picks = Vec::new();
    for (subject, id, it) in stream(site, "PICKS").await? {
        let what = subject.rsplit('.').next().unwrap_or_default();
        let (warehouse, order, shipment) = (&it["warehouse"], &it["order"], &it["shipment"]);
        picks.push(json!({ "at": it["at"], "warehouse": warehouse, "order": order,
            "shipment": shipment, "id": id, "what": what }));
    }
    let shipments: Vec<(Uuid, i32, String, String)> =
        sqlx::query_as("select order_id, pick, warehouse, state from shipment")
            .fetch_all(&site.books("fulfilment")?)
            .await?;
    for (order, pick, warehouse, state) in shipments {
        let report = match state.as_str() {
            "open" => continue,
            "empty" => "short",
            "picking" => "started",
            state => state,
        };
        let shipment = Uuid::new_v5(&order, format!("shipment {pick}").as_bytes());
        picks.push(json!({ "at": "2026-11-22T08:00:00Z", "warehouse": warehouse, "order": order,
            "shipment": shipment, "report": report, "acked": true }));
    }
    Ok(picks)
}

/// Two followers of all channels.
async fn statuses(site: &Site) -> anyhow::Result<Vec<Value>> {
    let mut statuses = Vec::new();
    for (_, _, it) in stream(site, "ORDERS_STATUS").await? {
        for client in ["nats-1", "sse-1"] {
            statuses.push(json!({ "at": it["at"], "client": client, "channel": it["channel"],
                "external_id": it["external_id"], "number": it["number"], "status": it["status"] }));
        }
    }
    Ok(statuses)
}

async fn mails(site: &Site) -> anyhow::Result<Vec<Value>> {
    let letters: Vec<(Uuid, Uuid, String)> =
        sqlx::query_as("select letter_id, order_id, kind from letter")
            .fetch_all(&site.books("notification")?)
            .await?;
    let mail = |(letter, order, kind): (Uuid, Uuid, String)| {
        json!({ "at": "2026-11-22T08:00:00Z", "id": format!("<{letter}@kontor.example>"),
            "says": format!("{kind} {order}"), "to_hash": order })
    };
    Ok(letters.into_iter().map(mail).collect())
}

async fn webhooks(site: &Site) -> anyhow::Result<Vec<Value>> {
    let deliveries: Vec<(Uuid, String)> =
        sqlx::query_as("select delivery_id, endpoint_id from delivery")
            .fetch_all(&site.books("webhook")?)
            .await?;
    let call = |(id, endpoint): (Uuid, String)| json!({ "at": "2026-11-22T08:00:00Z", "id": id, "endpoint": endpoint, "answered": 500 });
    Ok(deliveries.into_iter().map(call).collect())
}

/// All that a stream keeps: subject, id and content.
async fn stream(site: &Site, name: &str) -> anyhow::Result<Vec<(String, String, Value)>> {
    let streams = jetstream::new(site.suite.admin().await?);
    let mut stream = streams.get_stream(name).await?;
    let count = usize::try_from(stream.info().await?.state.messages)?;
    let reader = jetstream::consumer::pull::Config {
        ack_policy: jetstream::consumer::AckPolicy::None,
        inactive_threshold: Duration::from_secs(30),
        ..Default::default()
    };
    let reader: PullConsumer = stream.create_consumer(reader).await?;
    let mut messages = reader.messages().await?.take(count);
    let mut kept = Vec::new();
    while let Some(message) = messages.next().await {
        let message = message?;
        let id = message.headers.as_ref().and_then(|it| it.get("Nats-Msg-Id"));
        let id = id.map(ToString::to_string).unwrap_or_default();
        let body = serde_json::from_slice(&message.payload)?;
        kept.push((message.subject.to_string(), id, body));
    }
    Ok(kept)
}
