//! What `/docs/first-hour` tells to type works as it stands there, in both languages.

use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::Response;
use serde_json::Value;
use whole_house::{PATIENCE, Shop, eventually};

use crate::curl::Asked;
use crate::tools::CLIENTS;

/// Types each command of the page, one after the other, with the key of the channel `counter`. What
/// the order is for is sold already.
pub async fn is_true(shop: &Shop, key: &str) -> anyhow::Result<()> {
    for (nth, language) in ["en", "zh-CN"].into_iter().enumerate() {
        let page = page(shop, language).await?;
        for file in ["storefront.py", "storefront.mjs", "warehouse.py", "warehouse.mjs"] {
            let text = std::fs::read_to_string(format!("{CLIENTS}/{file}"))?;
            ensure!(page.contains(&text), "{language}: it does not show {file}");
        }
        let order = page.split("<pre>").find_map(|it| {
            let block = it.split_once("</pre>")?.0;
            block.starts_with("{ \"external_id\"").then_some(block)
        });
        let name = format!("H-{nth}");
        let order = order.context("no order")?.replace("W-1001", &name);
        typed(shop, &page, &order, &[("W-1001", name), ("<key>", key.to_owned())])
            .await
            .with_context(|| format!("the page for {language}"))?;
    }
    Ok(())
}

/// As somebody reads it in this language.
async fn page(shop: &Shop, language: &str) -> anyhow::Result<String> {
    let gateway = shop.suite.gateway().context("the gateway listens nowhere")?;
    let request = reqwest::Client::new().get(format!("{gateway}/docs/first-hour"));
    let page = request.header("Accept-Language", language).send().await?;
    let page = page.error_for_status()?.text().await?;
    let marks = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&lt;", "<")];
    let marks = marks.into_iter().chain([("&gt;", ">"), ("&#38;", "&"), ("&amp;", "&")]);
    Ok(marks.fold(page, |page, (mark, sign)| page.replace(mark, sign)))
}

/// Types the commands: a key's, an order, two looks at it, two ways to follow it, and a webhook.
async fn typed(
    shop: &Shop,
    page: &str,
    order: &str,
    names: &[(&'static str, String)],
) -> anyhow::Result<()> {
    let lines = page.lines().map(|it| it.strip_prefix("<pre>").unwrap_or(it));
    let commands =
        lines.filter(|it| it.starts_with("curl ")).map(|it| it.trim_end_matches("</pre>"));
    let commands: Vec<&str> = commands.collect();
    let [who, place, look, timeline, follow, resume, webhook] = commands[..] else {
        anyhow::bail!("other commands than this test knows: {commands:#?}");
    };
    let mut names = names.to_vec();
    names.push(("channels/web/", "channels/counter/".to_owned()));
    let mut asked = Asked { shop, order, names };

    let who: Value = asked.send(who).await?.json().await?;
    ensure!(who["channel"] == "counter", "{who}");
    let placed: Value = asked.send(place).await?.json().await?;
    let placed = placed["order"].as_str().context("no order")?.to_owned();
    asked.names.push(("<order>", placed.clone()));
    for command in [look, timeline] {
        let shown = eventually(PATIENCE, || async {
            Ok(asked.send(command).await?.json::<Value>().await?)
        });
        let shown = shown.await?;
        let order = shown.get("order").or_else(|| shown.get("id"));
        ensure!(order.is_some_and(|it| *it == *placed), "{command}: {shown}");
    }
    let first = told(asked.send(follow).await?, "\"number\":1").await?;
    asked.names.push(("<id>", first));
    told(asked.send(resume).await?, "\"number\":2").await?;
    let webhook: Value = asked.send(webhook).await?.json().await?;
    ensure!(webhook["secret"].as_str().is_some_and(|it| it.starts_with("whsec_")), "{webhook}");
    Ok(())
}

/// Reads events until the first status, which is to have this in it; its id.
async fn told(mut events: Response, what: &str) -> anyhow::Result<String> {
    let mut read = String::new();
    let reading = async {
        while !read
            .split_inclusive("\n\n")
            .any(|it| it.contains("event: status") && it.ends_with("\n\n"))
        {
            let chunk = events.chunk().await?.context("the events ended")?;
            read.push_str(std::str::from_utf8(&chunk)?);
        }
        anyhow::Ok(())
    };
    let ended = tokio::time::timeout(Duration::from_secs(30), reading).await;
    ended.with_context(|| format!("no status came: {read}"))??;
    let status = read.split("\n\n").find(|it| it.contains("event: status")).unwrap_or_default();
    ensure!(status.contains(what), "{what} is not what comes first: {read}");
    let id = status.lines().find_map(|it| it.strip_prefix("id: "));
    Ok(id.context("a status without an id")?.to_owned())
}
