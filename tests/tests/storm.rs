//! Clients that hang up at any moment, never get on, or send what nobody wants: the gateway serves
//! the others, leaves nothing open behind, and no order half done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock::Stopwatch;
use futures::{StreamExt, stream};
use kontor::Configuration;
use reqwest::{Client, StatusCode};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;
use whole_house::process::{Replica, Site, books, eventually, world};
use whole_house::{Shop, scale};

/// How many clients are there at a time.
const AT_ONCE: usize = 48;

/// For how long the most patient of them waits, in milliseconds.
const PATIENT: u64 = 250;

/// One in so many requests hands in an order; the others read.
const PLACING: u64 = 20;

/// What the others read.
const READS: [&str; 7] = [
    "/v1/orders",
    "/v1/orders?limit=1",
    "/v1/orders/export",
    "/v1/stock/TEA-GREEN",
    "/v1/orders/K01-000001",
    "/v1/channels/web/statuses?from=start",
    "/openapi.json",
];

#[tokio::test(flavor = "multi_thread")]
async fn clients_hang_up_at_any_moment() -> anyhow::Result<()> {
    let site = Site::open("storm").await?;
    let world = world::World::begin(&site).await?;
    let replica = site.start().await?;
    site.customers("b").await?;
    let storm = Arc::new(Storm::over(&site, &replica)?);

    let requests = scale(3_000, 10_000);
    let watch = Stopwatch::start();
    stream::iter(0..requests)
        .map(|nth| {
            let storm = Arc::clone(&storm);
            async move { storm.request(nth).await }
        })
        .buffer_unordered(AT_ONCE)
        .for_each(|()| async {})
        .await;
    let (hung_up, answered) =
        (storm.hung_up.load(Ordering::Relaxed), storm.answered.load(Ordering::Relaxed));
    eprintln!(
        "{requests} requests: {hung_up} hung up, {answered} answered, in {:?}",
        watch.elapsed()
    );
    ensure!(hung_up > requests / 4 && answered > requests / 100, "this was no storm");
    ensure!(replica.answers("/readyz").await? == 200, "it is not ready");
    nothing_is_open(&site).await?;

    // Whatever of them was taken in is an order like any other; the rest is handed in now.
    world.place_all((0..requests / PLACING).map(|nth| world::name("b", nth))).await?;
    books::settled(&site, "b").await?;
    books::audit(&site).await?;
    ensure!(!replica.log()?.contains("panicked"), "something panicked:\n{}", replica.log()?);
    replica.stop().await?;
    drop(world);
    site.close().await
}

struct Storm {
    http: Client,
    gateway: String,
    key: String,
    hung_up: AtomicU64,
    answered: AtomicU64,
}

impl Storm {
    fn over(site: &Site, replica: &Replica) -> anyhow::Result<Self> {
        Ok(Self {
            http: Client::new(),
            gateway: replica.gateway()?,
            key: site.suite.operator().context("there is no operator")?.to_owned(),
            hung_up: AtomicU64::new(0),
            answered: AtomicU64::new(0),
        })
    }

    /// One request, whose client waits for a moment that its number decides, and hangs up.
    async fn request(&self, nth: u64) {
        let request = match self.of(nth) {
            Ok(it) => it.bearer_auth(&self.key).header("Kontor-Channel", "web"),
            Err(_) => return,
        };
        let (thrown, _) = Uuid::new_v5(&Uuid::NAMESPACE_OID, &nth.to_be_bytes()).as_u64_pair();
        let moment = Duration::from_micros(thrown % (PATIENT * 1_000));
        let whole = async { request.send().await?.bytes().await };
        match tokio::time::timeout(moment, whole).await {
            Ok(_) => self.answered.fetch_add(1, Ordering::Relaxed),
            Err(_) => self.hung_up.fetch_add(1, Ordering::Relaxed),
        };
    }

    fn of(&self, nth: u64) -> anyhow::Result<reqwest::RequestBuilder> {
        if nth.is_multiple_of(PLACING) {
            let order = world::order(&world::name("b", nth / PLACING))?;
            return Ok(self.http.post(format!("{}/v1/orders", self.gateway)).json(&order));
        }
        let path = READS[usize::try_from(nth)? % READS.len()];
        Ok(self.http.get(format!("{}{path}", self.gateway)))
    }
}

/// Waits until no transaction is open that does nothing, and no statement of the gateway runs.
async fn nothing_is_open(site: &Site) -> anyhow::Result<()> {
    eventually("nothing is left open", || async {
        let mut db = PgConnection::connect_with(&site.suite.postgres.superuser()).await?;
        let open: Vec<(String, String, String)> = sqlx::query_as(
            "select datname::text, state, left(query, 200) from pg_stat_activity
              where state like 'idle in transaction%'
                    and now() - state_change > interval '200 ms'
                 or datname = 'gateway' and state = 'active' and now() - query_start > interval '2 s'",
        )
        .fetch_all(&mut db)
        .await?;
        db.close().await?;
        ensure!(open.is_empty(), "{open:?}");
        Ok(())
    })
    .await
}

/// A gateway that serves eight at a time, each for five seconds.
fn in_haste(mut it: Configuration) -> Configuration {
    (it.gateway.at_once, it.gateway.request_ms) = (8, 5_000);
    it
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_gets_on_keeps_nobody_out() -> anyhow::Result<()> {
    let shop = Shop::open_with("storm-slow", &[], in_haste).await?;
    let gateway = shop.suite.gateway().context("the gateway listens nowhere")?;
    let key = shop.suite.operator().context("there is no operator")?;
    let address = gateway.trim_start_matches("http://").to_owned();

    // More of them than are served at a time: a body that never comes, and heads that never end.
    let mut slow = Vec::new();
    for _ in 0..12 {
        let mut body = TcpStream::connect(&address).await?;
        let head = format!(
            "POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nKontor-Channel: web\r\nContent-Length: 500\r\n\r\n{{"
        );
        body.write_all(head.as_bytes()).await?;
        let mut endless = TcpStream::connect(&address).await?;
        endless.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\nX-A").await?;
        slow.extend([body, endless]);
    }
    let http = Client::new();
    let watch = Stopwatch::start();
    eventually("the others are served", || async {
        let ready = http.get(format!("{gateway}/v1/orders")).bearer_auth(key).send().await?;
        ensure!(ready.status() == 200, "{}", ready.status());
        Ok(())
    })
    .await?;
    ensure!(watch.elapsed() < Duration::from_secs(25), "only after {:?}", watch.elapsed());
    drop(slow);
    shop.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_wants_is_refused_in_words() -> anyhow::Result<()> {
    let shop = Shop::open("storm-refused").await?;
    let gateway = shop.suite.gateway().context("the gateway listens nowhere")?;
    let key = shop.suite.operator().context("there is no operator")?;
    let http = Client::new();
    let post = |body: Vec<u8>| {
        let post = http.post(format!("{gateway}/v1/orders")).bearer_auth(key);
        post.header("Content-Type", "application/json").header("Kontor-Channel", "web").body(body)
    };

    // What is packed is not unpacked, so it cannot burst. This is how gzip begins.
    let packed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff].repeat(100);
    let refused = post(packed).header("Content-Encoding", "gzip").send().await?;
    ensure!(refused.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", refused.status());
    is_problem(refused).await?;
    let refused = post(vec![b' '; 70_000]).send().await?;
    ensure!(refused.status() == StatusCode::PAYLOAD_TOO_LARGE, "{}", refused.status());
    is_problem(refused).await?;
    let deep = [vec![b'['; 20_000], vec![b']'; 20_000]].concat();
    let refused = post(deep).send().await?;
    ensure!(refused.status() == StatusCode::BAD_REQUEST, "{}", refused.status());
    is_problem(refused).await?;
    let order = json!({ "external_id": "W-1\u{0}", "customer": "\u{0}" });
    let refused = post(serde_json::to_vec(&order)?).send().await?;
    ensure!(refused.status() == StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.status());
    is_problem(refused).await?;

    for (head, status) in [
        (
            format!("GET /v1/orders HTTP/1.1\r\nHost: a\r\nX-A: {}\r\n\r\n", "a".repeat(1 << 20)),
            "431",
        ),
        (
            format!("GET /v1/orders HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-A: b\r\n".repeat(5_000)),
            "431",
        ),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(100_000)), "414"),
        ("GET / HTTP/1.1\r\nHost: a\r\nbad header\u{1}: x\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1}nonsense\r\n\r\n".to_owned(), "400"),
    ] {
        let said = spoken(&gateway, &head).await?;
        ensure!(said.starts_with(&format!("HTTP/1.1 {status}")), "{status}, and not {said:?}");
    }
    let ready = http.get(format!("{gateway}/readyz")).send().await?;
    ensure!(ready.status() == 200, "it is not ready");
    shop.close().await
}

/// A problem, as RFC 9457 has it, with a code.
async fn is_problem(response: reqwest::Response) -> anyhow::Result<()> {
    let kind = response.headers().get("content-type").and_then(|it| it.to_str().ok());
    ensure!(kind == Some("application/problem+json"), "{kind:?}");
    let problem: serde_json::Value = response.json().await?;
    ensure!(problem["type"].is_string() && problem["title"].is_string(), "{problem}");
    Ok(())
}

/// What the gateway says to this, whole or in part, until it hangs up or has nothing more to say.
async fn spoken(gateway: &str, head: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(gateway.trim_start_matches("http://")).await?;
    stream.write_all(head.as_bytes()).await.ok(); // It may have hung up by then.
    let mut said = vec![0; 1_000];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut said)).await;
    let read = read.context("the gateway says nothing")??;
    Ok(String::from_utf8_lossy(&said[..read]).into_owned())
}
