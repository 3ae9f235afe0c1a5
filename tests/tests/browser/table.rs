//! How the process table does with ten thousand orders. It is asked for by name:
//!
//! ```text
//! cargo run -q -p servers --example with-servers -- \
//!     cargo nextest run -p whole-house --test browser --run-ignored only --no-capture
//! ```

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock::Stopwatch;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use whole_house::{Draft, Item, Shop, eventually};

use super::{BROWSER, NAME, PASSWORD, chromium, libraries};

/// How many orders there are.
const ORDERS: usize = 10_000;

/// How many come in while somebody scrolls.
const MORE: usize = 200;

/// How many are on their way at a time.
const AT_ONCE: usize = 64;

/// So long it takes, at most, until the views have heard of all.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures, for minutes"]
async fn ten_thousand_orders_are_each_on_one_page() -> anyhow::Result<()> {
    let Some(chromium) = chromium()? else { return Ok(()) };
    let libraries = libraries()?;
    let shop = Box::pin(Shop::open("table")).await?;
    Box::pin(measure(&shop, &chromium, &libraries)).await?;
    Box::pin(shop.close()).await
}

async fn measure(shop: &Shop, chromium: &Path, libraries: &Path) -> anyhow::Result<()> {
    let tea = shop.sells("TEA", 12_800, &[("WH-A", 1_000_000)]).await?;
    let bowl = shop.sells("BOWL", 3_900, &[("WH-B", 1_000_000)]).await?;
    let items = [tea, bowl];
    let watch = Stopwatch::start();
    place(shop, &items, 0..ORDERS).await?;
    println!("{ORDERS} orders placed in {} s", watch.elapsed().as_secs());
    eventually(PATIENCE, || async {
        tokio::time::sleep(Duration::from_secs(1)).await; // A look is a table of all of them.
        let table = shop.clerk.reads("/v1/orders/export?format=json").await?;
        ensure!(table["totals"]["orders"] == ORDERS, "{}", table["totals"]);
        Ok(())
    })
    .await?;
    let person = json!({ "roles": ["clerk"], "tier": 1, "password": PASSWORD });
    shop.clerk.lets_in(NAME, &person).await?;

    std::fs::copy(Path::new(BROWSER).join("table.mjs"), libraries.join("table.mjs"))?;
    let mut browser = tokio::process::Command::new("node")
        .arg("table.mjs")
        .current_dir(libraries)
        .env("GATEWAY", shop.suite.gateway().context("the gateway listens nowhere")?)
        .env("CHROMIUM", chromium)
        .envs([("NAME", NAME), ("PASSWORD", PASSWORD)])
        .env("ORDERS", ORDERS.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut answers = browser.stdin.take().context("no input")?;
    let stdout = browser.stdout.take().context("no output")?;
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        println!("{line}");
        if line == "NEEDS orders" {
            place(shop, &items, ORDERS..ORDERS + MORE).await?;
            answers.write_all(b"placed\n").await?;
        }
    }
    let ended = browser.wait_with_output().await?;
    ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    Ok(())
}

/// Places these orders over NATS: of guests, of one line or two.
async fn place(shop: &Shop, items: &[Item], which: std::ops::Range<usize>) -> anyhow::Result<()> {
    let order = async |nth: usize| {
        let quantity = i64::try_from(nth % 9 + 1)?;
        let mut draft = Draft::prepaid(&format!("T-{nth}"))?.line(&items[nth % 2], quantity);
        if nth.is_multiple_of(3) {
            draft = draft.line(&items[(nth + 1) % 2], 1);
        }
        shop.web.place(&draft.order()).await
    };
    let mut placed = vec![];
    for nth in which {
        placed.push(order(nth));
    }
    stream::iter(placed).buffer_unordered(AT_ONCE).try_for_each(async |_| Ok(())).await
}
