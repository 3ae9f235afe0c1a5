//! How fast orders go from the storefront to the warehouse, on this machine, with everything real:
//! the load generator, the servers and every service share its cores.

mod limit;
mod report;
mod viewers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chassis::clock::{self, Stopwatch};
use chassis::task;
use clap::Args;
use contracts::OrderId;
use contracts::fulfilment::PickRequested;
use contracts::intake::{Placement, Submission};
use futures::{StreamExt, stream};
use jiff::tz::TimeZone;
use servers::Progress;
use tokio::sync::{Mutex, mpsc};

use self::viewers::Viewers;
use crate::load::Shop;
use crate::{Configuration, Options, Suite, seed};

pub use self::report::Report;

/// What is measured.
#[derive(Debug, Clone, Args)]
pub struct Bench {
    /// How many orders are placed as fast as they are taken.
    #[arg(long, default_value_t = 20_000)]
    orders: u64,
    /// Lines an order.
    #[arg(long, default_value_t = 3)]
    lines: usize,
    /// How many orders wait for their answer at a time.
    #[arg(long, default_value_t = 1024)]
    at_once: usize,
    /// How often that is repeated; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: u64,
    /// Orders a second of the run that measures how long one order takes.
    #[arg(long, default_value_t = 50)]
    rate: u64,
    /// How many seconds that run lasts.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How many people look at the process table in a second row of rounds, each beside one that
    /// nobody looks at: to see what they cost.
    #[arg(long, default_value_t = 0)]
    viewers: usize,
    /// Tell what the rows of each table cost as well.
    #[arg(long)]
    tables: bool,
    /// Into how many partitions the work is divided.
    #[arg(long, default_value_t = 2)]
    partitions: u32,
    /// Where the servers keep their data; it is removed afterwards.
    #[arg(long, default_value = ".kontor/bench")]
    home: PathBuf,
}

/// Measures, on servers of its own.
pub async fn run(bench: Bench, progress: Progress<'_>) -> anyhow::Result<Report> {
    if bench.home.exists() {
        std::fs::remove_dir_all(&bench.home).context("the data of an earlier run")?;
    }
    let mut configuration =
        Configuration { partitions: bench.partitions, ..Configuration::default() };
    // They all look with the operator's key.
    (configuration.gateway.access.requests, configuration.gateway.access.burst) = (10_000, 10_000);
    let options = Options {
        home: bench.home.clone(),
        durable: true,
        configuration,
        outsiders: seed::OUTSIDERS.to_vec(),
        speed: 1,
    };
    let suite = Suite::start(options, None, progress).await?;
    progress("filling the shop");
    let client = suite.client().await?;
    seed::shop(&client, clock::now().to_zoned(TimeZone::UTC).date()).await?;
    SHOP.fill(&client).await?;
    let watcher = Watcher::start(&suite).await?;
    let mut report = Report {
        bench: bench.clone(),
        rates: vec![],
        answered: vec![],
        steady: vec![],
        cpu: vec![],
        viewed: vec![],
        told: 0,
        limit: 0,
        tables: vec![],
        orders: 0,
    };
    for round in 0..=bench.rounds {
        progress(&if round == 0 { "warming up".to_owned() } else { format!("round {round}") });
        let (rate, answered, cpu) = burst(&suite, &watcher, &bench, round).await?;
        if round > 0 {
            report.rates.push(rate);
            report.answered.push(answered);
            report.cpu.push(cpu);
        }
    }
    if bench.viewers > 0 {
        viewed(&suite, &watcher, &bench, &mut report, progress).await?;
    }
    progress("a steady rate");
    tokio::time::sleep(SETTLE).await;
    report.steady = steady(&suite, &watcher, &bench).await?;
    progress("the same rows, with no rules");
    let rounds = 1 + bench.rounds * if bench.viewers > 0 { 3 } else { 1 };
    report.orders = bench.orders * rounds + bench.rate * bench.seconds;
    report.limit = limit::rate(&suite.accounts, report.orders).await?;
    if bench.tables {
        progress("the rows of each table");
        report.tables = limit::tables(&suite.accounts, report.orders).await?;
    }
    suite.close().await?;
    std::fs::remove_dir_all(&bench.home).ok(); // Left behind, it is removed by the next run.
    Ok(report)
}

/// What the rounds left to be done is done by then.
const SETTLE: Duration = Duration::from_secs(5);

/// How many customers and items the orders are spread over.
const SHOP: Shop = Shop { items: 500, customers: 200 };

/// Tells when which order reached a warehouse.
struct Watcher {
    picks: Mutex<mpsc::UnboundedReceiver<(OrderId, u64)>>,
    watch: Stopwatch,
}

impl Watcher {
    async fn start(suite: &Suite) -> anyhow::Result<Self> {
        let nats = suite.admin().await?;
        let mut picks = nats.subscribe("warehouse.*.pick.*.requested").await?;
        nats.flush().await?;
        let watch = Stopwatch::start();
        let (seen, order) = mpsc::unbounded_channel();
        drop(task::spawn("bench: picks", async move {
            while let Some(message) = picks.next().await {
                let at = u64::try_from(watch.elapsed().as_micros()).unwrap_or_default();
                let Ok(pick) = serde_json::from_slice::<PickRequested>(&message.payload) else {
                    continue;
                };
                if pick.pick == 1 && seen.send((pick.order, at)).is_err() {
                    return;
                }
            }
        }));
        Ok(Self { picks: Mutex::new(order), watch })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.watch.elapsed().as_micros()).unwrap_or_default()
    }

    /// Waits for the picks of so many orders; tells when each was seen.
    async fn wait(&self, orders: usize) -> anyhow::Result<BTreeMap<OrderId, u64>> {
        let mut picks = self.picks.lock().await;
        let mut seen = BTreeMap::new();
        while seen.len() < orders {
            let pick = tokio::time::timeout(Duration::from_mins(1), picks.recv()).await;
            let pick =
                pick.with_context(|| format!("{} of {orders} orders were picked", seen.len()));
            let (order, at) = pick?.context("the watcher ended")?;
            seen.entry(order).or_insert(at);
        }
        Ok(seen)
    }
}

/// Places as many orders as fast as they are taken. Returns orders a second until the last pick, and
/// until the last answer, and the CPU that each took, by program.
async fn burst(
    suite: &Suite,
    watcher: &Watcher,
    bench: &Bench,
    round: u64,
) -> anyhow::Result<(u64, u64, Cpu)> {
    let web = Arc::new(suite.connect("channel", "web").await?);
    let (began, cpu) = (watcher.now(), Cpu::used());
    let placed = stream::iter(0..bench.orders).map(|nth| {
        let web = web.clone();
        async move {
            let order = SHOP.order(&format!("R{round}-{nth}"), nth, bench.lines)?;
            place(&web, &order).await
        }
    });
    let placed: Vec<anyhow::Result<OrderId>> =
        placed.buffer_unordered(bench.at_once).collect().await;
    let answered = watcher.now() - began;
    let placed = placed.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let seen = watcher.wait(placed.len()).await?;
    let last = seen.values().max().context("no order was picked")? - began;
    let cpu = Cpu::used().an_order_since(cpu, bench.orders);
    let rate = |micros: u64| bench.orders * 1_000_000 / micros.max(1);
    Ok((rate(last), rate(answered), cpu))
}

/// Rounds in pairs: nobody looks, and many do.
async fn viewed(
    suite: &Suite,
    watcher: &Watcher,
    bench: &Bench,
    report: &mut Report,
    progress: Progress<'_>,
) -> anyhow::Result<()> {
    for pair in 0..bench.rounds {
        progress(&format!("pair {} of rounds, with viewers and without", pair + 1));
        let first = bench.rounds + 1 + 2 * pair;
        let (alone, ..) = burst(suite, watcher, bench, first).await?;
        let viewers = Viewers::open(suite, bench.viewers).await?;
        let (beside, ..) = burst(suite, watcher, bench, first + 1).await?;
        report.told += viewers.bytes();
        report.viewed.push(beside * 1_000 / alone.max(1));
    }
    Ok(())
}

/// Places orders at a steady rate. Returns the microseconds from each order to its pick.
async fn steady(suite: &Suite, watcher: &Watcher, bench: &Bench) -> anyhow::Result<Vec<u64>> {
    let web = Arc::new(suite.connect("channel", "web").await?);
    let mut beat = tokio::time::interval(Duration::from_micros(1_000_000 / bench.rate));
    let mut placing = Vec::new();
    for nth in 0..bench.rate * bench.seconds {
        beat.tick().await;
        let (began, web) = (watcher.now(), web.clone());
        let order = SHOP.order(&format!("S-{nth}"), nth, bench.lines)?;
        placing.push(task::spawn("bench: place", async move {
            anyhow::Ok((place(&web, &order).await?, began))
        }));
    }
    let mut placed = BTreeMap::new();
    for order in placing {
        let (order, began) = order.await??;
        placed.insert(order, began);
    }
    let seen = watcher.wait(placed.len()).await?;
    let took = placed.iter().filter_map(|(order, began)| Some(seen.get(order)? - began));
    Ok(took.collect())
}

async fn place(web: &async_nats::Client, order: &Submission) -> anyhow::Result<OrderId> {
    let request = serde_json::to_vec(order)?.into();
    let request = async_nats::Request::new().payload(request).timeout(Some(Duration::from_mins(1)));
    let reply = web.send_request("orders.place.web", request).await?;
    match serde_json::from_slice(&reply.payload)? {
        Placement::Accepted(it) => Ok(it.order),
        Placement::Duplicate(it) => Ok(it.order),
        refused @ (Placement::Conflict(_)
        | Placement::Rejected { .. }
        | Placement::Unknown { .. }) => {
            anyhow::bail!("an order was not accepted: {refused:?}")
        }
    }
}

/// The CPU that this process, with every service and the load, and its servers have used, in
/// microseconds.
#[derive(Debug, Clone, Copy)]
struct Cpu {
    kontor: u64,
    postgres: u64,
    nats: u64,
}

impl Cpu {
    /// Of each of their threads the time on a processor (`/proc/<process>/task/<thread>/schedstat`, in
    /// nanoseconds). Ticks would count whoever runs at the moment of a tick for the whole of it.
    fn used() -> Self {
        let own = std::process::id().to_string();
        let on_processor = |thread: &Path| -> u64 {
            let text = std::fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or_default()
        };
        let (mut kontor, mut postgres, mut nats) = (0, 0, 0);
        for process in folders(Path::new("/proc")) {
            let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
            let used = match name.trim() {
                _ if process.ends_with(&own) => &mut kontor,
                "postgres" => &mut postgres,
                "nats-server" => &mut nats,
                _ => continue,
            };
            *used += folders(&process.join("task")).map(|it| on_processor(&it)).sum::<u64>();
        }
        Self { kontor: kontor / 1000, postgres: postgres / 1000, nats: nats / 1000 }
    }

    fn an_order_since(self, before: Self, orders: u64) -> Self {
        let an_order = |now: u64, before: u64| now.saturating_sub(before) / orders.max(1);
        Self {
            kontor: an_order(self.kontor, before.kontor),
            postgres: an_order(self.postgres, before.postgres),
            nats: an_order(self.nats, before.nats),
        }
    }

    fn sum(self) -> u64 {
        self.kontor + self.postgres + self.nats
    }
}

fn folders(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(path).into_iter().flatten().flatten().map(|it| it.path())
}
