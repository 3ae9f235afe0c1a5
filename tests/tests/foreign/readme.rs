//! What stands in the repository's README works as it stands there.

use anyhow::{Context, ensure};
use whole_house::Shop;

use crate::curl::Asked;
use crate::said;
use crate::tools::Tools;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));

/// Hands in the order of the README with its curl command, and over NATS with its Python. For a
/// channel of its own, that is: the shop itself reads what is told to `web`.
pub async fn is_true(shop: &Shop, tools: &Tools, key: &str) -> anyhow::Result<()> {
    shop.knows("C-1002", 80_000_000, 98).await?;
    shop.sells("TEA-GREEN", 12_800, &[("WH-A", 20)]).await?;
    let order = block("json")?;

    let curl = README.lines().find(|it| it.starts_with("curl -i ")).context("no curl command")?;
    let asked = Asked { shop, order, names: vec![("<key>", key.to_owned())] };
    let answer = asked.send(curl).await?;
    ensure!(answer.status() == 201, "{}: {}", answer.status(), answer.text().await?);

    let directory = shop.home().join("clients/readme");
    let [python, _] = tools.languages();
    let client = python.client("storefront", &directory)?;
    let password = shop.suite.outsiders.iter().find(|it| it.user() == "channel-counter");
    let script = block("python")?
        .replace("nats://127.0.0.1:<port>", &shop.suite.nats.url())
        .replace("<password>", &password.context("no such user")?.password)
        .replace("channel-web", "channel-counter")
        .replace("orders.place.web", "orders.place.counter");
    // Instead of the client.
    std::fs::write(directory.join("storefront.py"), script)?;
    std::fs::write(directory.join("order.json"), order)?;
    let lines = said("the README's storefront", client).await?;
    ensure!(lines[0].contains("\"accepted\""), "{lines:#?}");
    // What was handed in by HTTP is told too, to the same channel.
    let is_told = |it: &String| it.starts_with("orders.status.counter.W-100");
    ensure!(lines.len() == 4 && lines[1..].iter().all(is_told), "{lines:#?}");
    Ok(())
}

/// What stands in the first block of this language.
fn block(language: &str) -> anyhow::Result<&'static str> {
    let block =
        README.split_once(&format!("```{language}\n")).and_then(|it| it.1.split_once("```"));
    Ok(block.with_context(|| format!("the README has no {language}"))?.0)
}
