//! The console in a real browser, with the house behind it.

mod table;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use axum::http::StatusCode;
use axum::routing::post;
use contracts::Status::{Backordered, Completed, CreditHold};
use contracts::{OrderId, Uuid};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use whole_house::process::world::publish;
use whole_house::{Draft, PATIENCE, Shop, eventually, fetched, npm};

/// What the browser does, and what it needs.
const BROWSER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser");

/// Where screenshots and libraries go.
const KEPT: &str = env!("CARGO_TARGET_TMPDIR");

const NAME: &str = "wang.fang";
const PASSWORD: &str = "nobody guesses this one";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_work_at_the_console() -> anyhow::Result<()> {
    let Some(chromium) = chromium()? else { return Ok(()) };
    let libraries = libraries()?;
    let receiver = receiver().await?;
    let allow = |mut it: kontor::Configuration| {
        it.webhook.allow = vec![receiver];
        it
    };
    let shop = Box::pin(Shop::open_with("browser", &[], allow)).await?;
    let home = shop.home().to_owned();
    Box::pin(work(&shop, receiver, &chromium, &libraries))
        .await
        .with_context(|| format!("its home is {}", home.display()))?;
    Box::pin(shop.close()).await
}

/// A channel's own web server: `/kontor` takes every call, and everything else is gone.
async fn receiver() -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = axum::Router::new()
        .route("/kontor", post(async || StatusCode::NO_CONTENT))
        .fallback(async || StatusCode::GONE);
    chassis::task::spawn("receiver", async move {
        axum::serve(listener, router).await.ok(); // Ends with the test.
    });
    Ok(address)
}

async fn work(
    shop: &Shop,
    receiver: SocketAddr,
    chromium: &Path,
    libraries: &Path,
) -> anyhow::Result<()> {
    let item = shop.sells("TEA", 12_800, &[("WH-A", 50)]).await?;
    shop.knows("C-GOOD", 100_000_000, 98).await?;
    shop.knows("C-OVER", 1_000, 98).await?;
    let done = shop.web.place(&Draft::on_account("B-1", "C-GOOD")?.line(&item, 2).order()).await?;
    complete(shop, done).await?;
    let held = Draft::on_account("B-2", "C-OVER")?.line(&item, 3).order();
    let held = shop.web.place(&held).await?;
    shop.reaches(held, CreditHold).await?;
    let order = Draft::on_account("B-3", "C-GOOD")?.line(&item, 4).order();
    let waiting = trouble(shop).await?;

    let roles = ["clerk", "credit", "finance", "ops"];
    let person = json!({ "roles": roles, "tier": 3, "password": PASSWORD });
    shop.clerk.lets_in(NAME, &person).await?;
    let shots = Path::new(KEPT).join("console");
    std::fs::create_dir_all(&shots)?;
    std::fs::copy(Path::new(BROWSER).join("console.mjs"), libraries.join("console.mjs"))?;
    let mut browser = tokio::process::Command::new("node")
        .arg("console.mjs")
        .current_dir(libraries)
        .env("GATEWAY", shop.suite.gateway().context("the gateway listens nowhere")?)
        .env("CHROMIUM", chromium)
        .env("SHOTS", &shots)
        .envs([("NAME", NAME), ("PASSWORD", PASSWORD), ("SKU", item.sku.as_str())])
        .env("KEY", shop.web.key())
        .env("RECEIVER", format!("http://{receiver}"))
        .env("ORDER", serde_json::to_string(&order)?)
        .env("HELD", held.to_string())
        .envs([("DONE", done.to_string()), ("WAITING", waiting.to_string())])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = browser.stdout.take().context("no output")?;
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        println!("{line}");
        if let Some(order) = line.strip_prefix("NEEDS completion ") {
            complete(shop, OrderId(Uuid::parse_str(order)?)).await?;
        }
    }
    let ended = browser.wait_with_output().await?;
    ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    println!("screenshots are in {}", shots.display());
    Ok(())
}

/// Something on each work list: an order whose goods were not found, so that it waits for supply, and a
/// report that nobody understands. Returns the order.
async fn trouble(shop: &Shop) -> anyhow::Result<OrderId> {
    let bowl = shop.sells("BOWL", 3_900, &[("WH-A", 3)]).await?;
    let place = async |name, units| {
        shop.web.place(&Draft::on_account(name, "C-GOOD")?.line(&bowl, units).order()).await
    };
    let warehouse = shop.warehouse("WH-A")?;
    let poisoned = place("B-4", 1).await?;
    warehouse.pick(poisoned).await?;
    let subject = format!("warehouse.WH%A.report.{poisoned}.started");
    publish(&shop.suite.admin().await?, &subject, &json!({}), None).await?;
    let waiting = place("B-5", 2).await?;
    warehouse.lacks(&warehouse.pick(waiting).await?, 1, 2).await?;
    shop.reaches(waiting, Backordered).await?;
    eventually(PATIENCE, || async {
        let counts = shop.clerk.reads("/console/counts").await?;
        let waits = |list: &str| counts[list].as_i64() > Some(0);
        ensure!(["shorts", "reviews", "parked"].into_iter().all(waits), "{counts}");
        Ok(())
    })
    .await?;
    Ok(waiting)
}

async fn complete(shop: &Shop, order: OrderId) -> anyhow::Result<()> {
    let warehouse = shop.warehouse("WH-A")?;
    let pick = warehouse.pick(order).await?;
    warehouse.carries_out(&pick).await?;
    shop.reaches(order, Completed).await
}

/// The directory with what the browser's programs need.
fn libraries() -> anyhow::Result<PathBuf> {
    let files = ["package.json", "package-lock.json"];
    fetched(Path::new(KEPT), "browser", Path::new(BROWSER), &files, npm)
}

/// The browser of this machine. In CI there has to be one.
fn chromium() -> anyhow::Result<Option<PathBuf>> {
    let path = environment("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut places = std::env::split_paths(&path).flat_map(|it| names.map(|name| it.join(name)));
    if let Some(found) = places.find(|it| it.is_file()) {
        return Ok(Some(found));
    }
    let missing = "there is no chromium (Debian: apt-get install chromium fonts-noto-cjk)";
    if environment("CI").is_some() {
        bail!("{missing}");
    }
    eprintln!("SKIPPED: the console is not looked at, for {missing}");
    Ok(None)
}

#[expect(clippy::disallowed_methods, reason = "a test of programs that read it, too")]
fn environment(variable: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(variable)
}
