//! What stands in the repository's README works as it stands there.

use anyhow::{Context, ensure};
use whole_house::Shop;

use crate::said;
use crate::tools::Tools;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));

/// Hands in the order of the README with its curl command, and over NATS with its Python. For a
/// channel of its own, that is: the shop itself reads what is told to `web`.
pub async fn is_true(shop: &Shop, tools: &Tools) -> anyhow::Result<()> {
    shop.knows("C-1002", 80_000_000, 98).await?;
    shop.sells("TEA-GREEN", 12_800, &[("WH-A", 20)]).await?;
    let order = block("json")?;

    let curl = README.lines().find(|it| it.starts_with("curl -i ")).context("no curl command")?;
    let headers =
        curl.split("-H '").skip(1).filter_map(|it| it.split_once('\'')?.0.split_once(": "));
    let path = curl.split(' ').find_map(|it| it.strip_prefix("localhost:8080"));
    let gateway = shop.suite.gateway().context("the gateway listens nowhere")?;
    let mut request =
        reqwest::Client::new().post(gateway + path.context("no path")?).body(order.to_owned());
    let key = shop.clerk.makes_key("storefront", "counter").await?;
    for (name, value) in headers {
        request = request.header(name, value.replace("<key>", &key));
    }
    let answer = request.send().await?;
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
    ensure!(lines[1].starts_with("orders.status.counter.W-1002.checking "), "{lines:#?}");
    Ok(())
}

/// What stands in the first block of this language.
fn block(language: &str) -> anyhow::Result<&'static str> {
    let block =
        README.split_once(&format!("```{language}\n")).and_then(|it| it.1.split_once("```"));
    Ok(block.with_context(|| format!("the README has no {language}"))?.0)
}
