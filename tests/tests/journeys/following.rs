//! Following statuses over HTTP: cut off at random, without reading, and at the end of the house.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock::Stopwatch;
use contracts::intake::OrderStatus;
use contracts::{Actor, Status};
use kontor::Configuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use whole_house::{Draft, PATIENCE, Shop, eventually};

/// How many orders are followed.
const ORDERS: usize = 60;

/// Statuses that are as large as it takes to fill what the system buffers of a connection.
const LARGE: usize = 256;

/// How long a client may take nothing here.
const STALL: u64 = 1_500;

/// One who follows a channel, and remembers where they are.
struct Follower {
    http: reqwest::Client,
    url: String,
    key: String,
    last: Option<String>,
    seen: Vec<OrderStatus>,
    beats: usize,
}

impl Follower {
    fn new(shop: &Shop, channel: &str) -> anyhow::Result<Self> {
        let gateway = shop.suite.gateway().context("the gateway listens nowhere")?;
        let url = format!("{gateway}/v1/channels/{channel}/statuses");
        let http = reqwest::Client::new();
        let key = shop.suite.operator().context("there is no operator")?.to_owned();
        Ok(Self { http, url, key, last: None, seen: vec![], beats: 0 })
    }

    fn asks(&self) -> reqwest::RequestBuilder {
        self.http.get(&self.url).bearer_auth(&self.key)
    }

    async fn connect(&self) -> anyhow::Result<reqwest::Response> {
        let mut request = self.asks();
        if let Some(last) = &self.last {
            request = request.header("Last-Event-ID", last);
        }
        Ok(request.send().await?.error_for_status()?)
    }

    /// Follows until so many bytes have come, or nothing but signs of life; then it is cut off, in
    /// the middle of an event if it comes to that.
    async fn follow(&mut self, most: usize) -> anyhow::Result<()> {
        let mut response = self.connect().await?;
        let (mut text, mut bytes, mut idle) = (Vec::new(), 0, 0);
        while idle < 2 && bytes < most {
            let Some(chunk) = response.chunk().await? else { break };
            idle = if chunk.starts_with(b": alive") { idle + 1 } else { 0 };
            let part = &chunk[..chunk.len().min(most - bytes)];
            bytes += part.len();
            text.extend_from_slice(part);
        }
        self.take(&text)
    }

    /// Takes whole events, as the HTML standard has them: what was cut off is not one.
    fn take(&mut self, text: &[u8]) -> anyhow::Result<()> {
        let end = text.windows(2).rposition(|it| it == b"\n\n").map_or(0, |it| it + 1);
        for block in std::str::from_utf8(&text[..end])?.split("\n\n") {
            let field = |name: &str| block.lines().find_map(|it| it.strip_prefix(name));
            self.beats += usize::from(field(": alive").is_some());
            if let Some(id) = field("id: ") {
                self.last = Some(id.to_owned());
            }
            if let Some(data) = field("data: ") {
                ensure!(field("event: ") == Some("status"), "{block}");
                self.seen.push(serde_json::from_str(data)?);
            }
        }
        Ok(())
    }

    /// The numbers of each order's statuses, as they were seen.
    fn numbers(&self) -> BTreeMap<&str, Vec<i64>> {
        let mut numbers: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for it in &self.seen {
            numbers.entry(it.external_id.as_str()).or_default().push(it.number);
        }
        numbers
    }
}

fn settings(mut it: Configuration) -> Configuration {
    it.gateway.heartbeat_ms = 300;
    it.gateway.stall_ms = STALL;
    it.gateway.followers = 3;
    it
}

async fn visit(
    name: &str,
    journey: impl AsyncFnOnce(&Shop) -> anyhow::Result<()>,
) -> anyhow::Result<Shop> {
    let shop = Box::pin(Shop::open_with(name, &[], settings)).await?;
    let home = shop.home().to_owned();
    Box::pin(journey(&shop)).await.with_context(|| format!("its home is {}", home.display()))?;
    Ok(shop)
}

/// Closes the house, and tells how long its services took to end.
async fn close(mut shop: Shop) -> anyhow::Result<Duration> {
    let watch = Stopwatch::start();
    shop.suite.stop_services().await?;
    let took = watch.elapsed();
    Box::pin(shop.close()).await?;
    Ok(took)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_cut_off_at_random_sees_each_status_once() -> anyhow::Result<()> {
    let shop = visit("following", async |shop| {
        shop.knows("C-FOLLOW", 1_000_000_000_000, 98).await?;
        let item = shop.sells("FOLLOWED", 9_900, &[("WH-A", 10_000)]).await?;
        let mut follower = Follower::new(shop, "web")?;
        follower.follow(usize::MAX).await?;
        ensure!(follower.last.is_some(), "there is an id from the first moment on");
        ensure!(follower.beats > 0, "we are there, and do not say so");

        let place = async {
            for nth in 0..ORDERS {
                let draft = match nth % 3 {
                    0 => Draft::prepaid(&format!("F-{nth}"))?,
                    _ => Draft::on_account(&format!("F-{nth}"), "C-FOLLOW")?,
                };
                shop.web.place(&draft.line(&item, 1).order()).await?;
                let other = Draft::on_account(&format!("F-{nth}"), "C-FOLLOW")?;
                shop.market.place(&other.line(&item, 1).order()).await?;
            }
            shop.is_quiet().await
        };
        let mut dice = 7_u32;
        let mut cuts = 0;
        tokio::pin!(place);
        loop {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let most = 200 + usize::try_from(dice >> 21)?;
            tokio::select! {
                placed = &mut place => { placed?; break }
                // One that is dropped here has taken nothing: it is a cut like any other.
                followed = follower.follow(most) => followed?,
            }
            cuts += 1;
        }
        let mut before = usize::MAX;
        while before != follower.seen.len() {
            before = follower.seen.len();
            follower.follow(usize::MAX).await?;
        }
        ensure!(cuts >= 10, "it was cut off {cuts} times only");
        for nth in 0..ORDERS {
            let name = format!("F-{nth}");
            let of = |it: &&OrderStatus| it.external_id.as_str() == name;
            let seen: Vec<OrderStatus> = follower.seen.iter().filter(of).cloned().collect();
            ensure!(seen.len() >= 2, "{name}: {seen:?}");
            let told = shop.web.told(&name);
            ensure!(seen == told, "{name}: {seen:?}, not {told:?}");
        }
        for (name, numbers) in follower.numbers() {
            let expected: Vec<i64> = (1..).take(numbers.len()).collect();
            ensure!(numbers == expected, "{name}: {numbers:?}");
        }
        ensure!(follower.numbers().len() == ORDERS, "others are not ours");
        Ok(())
    })
    .await?;
    close(shop).await.map(drop)
}

/// Asks for statuses from the start, and reads nothing. What of it the system buffers is little.
async fn idle(shop: &Shop, channel: &str) -> anyhow::Result<TcpStream> {
    let gateway = shop.suite.gateway().context("the gateway listens nowhere")?;
    let key = shop.suite.operator().context("there is no operator")?;
    let address = gateway.trim_start_matches("http://");
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4 * 1024)?;
    let mut stream = socket.connect(address.parse()?).await?;
    let request = format!(
        "GET /v1/channels/{channel}/statuses?from=start HTTP/1.1\r\nHost: {address}\r\n\
         Authorization: Bearer {key}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

/// What came of a response, without its head and the sizes of its chunks.
fn unchunked(raw: &[u8]) -> anyhow::Result<Vec<u8>> {
    let head = raw.windows(4).position(|it| it == b"\r\n\r\n").context("no head")?;
    let (mut rest, mut body) = (&raw[head + 4..], Vec::new());
    while let Some(line) = rest.windows(2).position(|it| it == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line])?, 16)?;
        let from = line + 2;
        if size == 0 || rest.len() < from + size + 2 {
            break; // The end, or where it was cut off.
        }
        body.extend_from_slice(&rest[from..from + size]);
        rest = &rest[from + size + 2..];
    }
    Ok(body)
}

/// Puts statuses of one order on the stream that are too large for any buffer, as intake does.
async fn publish_large(shop: &Shop) -> anyhow::Result<()> {
    let streams = async_nats::jetstream::new(shop.suite.admin().await?);
    for number in 1..=LARGE {
        let status = OrderStatus {
            channel: "bulk".parse()?,
            external_id: "LARGE".parse()?,
            number: i64::try_from(number)?,
            status: Status::Checking,
            order: None,
            order_no: None,
            at: chassis::clock::now(),
            reason: "x".repeat(100_000),
            by: Actor("test".to_owned()),
            problems: vec![],
        };
        let body = serde_json::to_vec(&status)?;
        streams.publish("orders.status.bulk.LARGE.checking", body.into()).await?.await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_nothing_is_hung_up_on_and_goes_on_without_loss() -> anyhow::Result<()> {
    let shop = visit("following-idle", async |shop| {
        publish_large(shop).await?;
        let mut follower = Follower::new(shop, "bulk")?;
        let mut idlers = Vec::new();
        for _ in 0..3 {
            idlers.push(idle(shop, "bulk").await?);
        }
        // Every seat is taken, until they are hung up on.
        let watch = Stopwatch::start();
        eventually(PATIENCE, || async {
            let refused = follower.asks().send().await?;
            ensure!(refused.status() == 503, "{}", refused.status());
            ensure!(refused.headers().contains_key("retry-after"), "{refused:?}");
            Ok(())
        })
        .await?;
        eventually(PATIENCE, || async { follower.connect().await.map(drop) }).await?;
        ensure!(watch.elapsed() >= Duration::from_millis(STALL / 2), "too soon");

        let (mut raw, mut idler) = (Vec::new(), idlers.pop().context("nobody")?);
        let read = tokio::time::timeout(PATIENCE, idler.read_to_end(&mut raw)).await;
        let _hung_up = read.context("it is not hung up on")?;
        follower.take(&unchunked(&raw)?)?;
        let seen = follower.seen.len();
        ensure!((1..LARGE).contains(&seen), "it has seen {seen} of {LARGE}");
        while follower.seen.len() < LARGE {
            follower.follow(usize::MAX).await?;
        }
        let expected: Vec<i64> = (1..).take(LARGE).collect();
        ensure!(follower.numbers()["LARGE"] == expected, "{:?}", follower.numbers());
        Ok(())
    })
    .await?;

    // At the end nobody is waited for, neither who waits for more nor who takes nothing.
    let _idler = idle(&shop, "bulk").await?;
    let mut response = Follower::new(&shop, "web")?.connect().await?;
    ensure!(response.chunk().await?.is_some(), "it has not begun");
    let ended = chassis::task::spawn("listener", async move {
        while let Some(_more) = response.chunk().await? {}
        anyhow::Ok(())
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let took = close(shop).await?;
    tokio::time::timeout(PATIENCE, ended).await???;
    ensure!(took < Duration::from_secs(2), "the house took {took:?} to end");
    Ok(())
}
