use anyhow::Context;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use whole_house::PATIENCE;

use crate::{kontor, opened, ran, read, written};

#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_followed() -> anyhow::Result<()> {
    let shop = opened("cli-tail").await?;

    // The storefront, live, as itself: its own orders only.
    let web = shop.suite.outsiders.iter().find(|it| it.user() == "channel-web");
    let password = web.context("there is no channel-web")?.password.clone();
    let mut client = kontor(&shop, &["tail", "--user", "channel-web", "--limit", "3", "--json"])?;
    let client = client.env("KONTOR_NATS_PASSWORD", &password).spawn()?;
    let client = begun(client).await?;
    let live = begun(kontor(&shop, &["tail", "--limit", "3"])?.spawn()?).await?;

    let placed = read(&shop, &["order", "place", &written(&shop, "T-1", "C-GOOD", 1)?]).await?;
    let number = placed["order_no"].as_str().unwrap_or_default();
    let course = ["checking", "confirmed", "released"];
    let told: Vec<Value> = lines(client).await?.iter().map(|it| json(it)).collect();
    assert_eq!(told.iter().map(|it| &it["status"]).collect::<Vec<_>>(), course);
    assert_eq!(told[0]["external_id"], "T-1");
    let told = lines(live).await?;
    assert_eq!(told.len(), 3);
    for ((nth, status), line) in (1..).zip(course).zip(&told) {
        assert!(line.contains(&format!("T-1               {nth:>2}  {status}")), "{line}");
        assert!(line.contains(number), "{line}");
        assert_eq!(line.find("T-1"), told[0].find("T-1"), "aligned: {line}");
    }

    // From the stream: all of a channel, from the beginning, or from where one was.
    let all = ran(&shop, &["tail", "--channel", "web", "--from", "1", "--limit", "3", "--json"]);
    let all: Vec<Value> = all.await?.out.lines().map(json).collect();
    assert_eq!(all.iter().map(|it| &it["sequence"]).collect::<Vec<_>>(), [1, 2, 3]);
    let last = ran(&shop, &["tail", "--from", "3", "--limit", "1", "--json"]).await?;
    assert_eq!(json(last.out.trim())["status"], "released");

    // Nobody else is let in.
    let stranger = ran(&shop, &["tail", "--user", "channel-web"]).await?;
    assert_eq!(stranger.status, 1, "{stranger:?}");
    let beyond = ran(&shop, &["tail", "--user", "channel-web", "--from", "1"]).await?;
    assert_eq!(beyond.status, 2, "{beyond:?}");
    shop.close().await
}

/// A line as JSON; `null`, if it is none.
fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_default()
}

/// Waits until it says that it follows.
async fn begun(mut child: Child) -> anyhow::Result<Child> {
    let mut err = BufReader::new(child.stderr.take().context("a pipe")?);
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, err.read_line(&mut line)).await??;
    assert!(line.contains("following"), "{line}");
    Ok(child)
}

async fn lines(child: Child) -> anyhow::Result<Vec<String>> {
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await??;
    assert!(output.status.success());
    Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect())
}
