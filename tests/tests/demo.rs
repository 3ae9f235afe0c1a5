//! `kontor up --demo`, as a newcomer starts it, only faster: what there is to see after a while, and
//! how it stops.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock::Stopwatch;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use whole_house::eventually;
use whole_house::process::binary;

/// How long it may take until everything was to be seen.
const PATIENCE: Duration = Duration::from_secs(150);

struct Demo {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    gateway: String,
    /// The operator's, as the command line finds it.
    key: String,
}

impl Demo {
    /// Starts it, and reads where it is.
    async fn start(home: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(binary()?);
        command.args(["up", "--demo", "--listen", "127.0.0.1:0", "--home"]).arg(home);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let out = child.stdout.take().context("its output is piped")?;
        let mut out = BufReader::new(out).lines();
        while let Some(line) = out.next_line().await? {
            if let Some(console) = line.trim().strip_prefix("Console") {
                let gateway = console.trim().trim_end_matches('/').to_owned();
                let file = servers::Home::locate(home)?.join("run").join("up.json");
                let file: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
                let key = file["key"].as_str().context("there is no key")?.to_owned();
                return Ok(Self { child, out, gateway, key });
            }
        }
        anyhow::bail!("it ended before it was up")
    }

    async fn orders(&self) -> anyhow::Result<Vec<Value>> {
        let url = format!("{}/v1/orders?limit=200", self.gateway);
        let page = reqwest::Client::new().get(url).bearer_auth(&self.key).send().await?;
        let page: Value = serde_json::from_str(&page.text().await?)?;
        page["orders"].as_array().cloned().context("a page has orders")
    }

    /// Stops it as Ctrl-C does: all that it wrote since, on both outputs, and how long it took.
    async fn stop(mut self) -> anyhow::Result<(String, Duration)> {
        let (watch, process) = (Stopwatch::start(), self.child.id().context("it has ended")?);
        Command::new("kill").args(["-INT", &process.to_string()]).status().await?;
        let (mut text, mut err) = (String::new(), self.child.stderr.take().context("piped")?);
        while let Some(line) = self.out.next_line().await? {
            text += &(line + "\n");
        }
        err.read_to_string(&mut text).await?;
        let status = self.child.wait().await?;
        ensure!(status.success(), "it ended badly ({status}): {text}");
        Ok((text, watch.elapsed()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_something_of_everything_to_see_and_it_stops_at_once() -> anyhow::Result<()> {
    let home = std::env::temp_dir().join(format!("kontor-demo-{}", std::process::id()));
    let demo = Demo::start(&home, &["--pace", "120", "--speed", "60"]).await?;
    let seen = Mutex::new(BTreeSet::new());
    eventually(PATIENCE, || async {
        let orders = demo.orders().await?;
        let statuses: BTreeSet<&str> =
            orders.iter().filter_map(|it| it["status"].as_str()).collect();
        ensure!(statuses.len() >= 8, "only {statuses:?}");
        // Some of it does not last: it is enough to have seen it.
        let some = |is_so: &dyn Fn(&Value) -> bool| orders.iter().any(is_so);
        let is = |status: &'static str| some(&|it| it["status"] == status).then_some(status);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(["credit_hold", "backordered", "completed"].into_iter().filter_map(is));
        seen.extend(some(&|it| it["money"]["invoices"].is_array()).then_some("invoiced"));
        seen.extend(some(&|it| it.to_string().contains("\"short\":")).then_some("short"));
        let channels: BTreeSet<&str> =
            orders.iter().filter_map(|it| it["channel"].as_str()).collect();
        seen.extend((channels.len() >= 4).then_some("four channels"));
        ensure!(seen.len() == 6, "only {seen:?} was seen");
        Ok(())
    })
    .await?;
    let (text, took) = demo.stop().await?;
    // Two seconds, where nothing else is to do.
    ensure!(took < Duration::from_secs(6), "it took {took:?} to stop: {text}");
    ensure!(!text.contains('\x1b'), "colours where nobody sees them: {text}");
    ensure!(!text.contains("WARN") && !text.contains("ERROR"), "it was to be calm: {text}");
    ensure!(text.contains("Its time") && text.contains("60 times as fast"), "{text}");

    // Slow again, it tells that its time is another one.
    let demo = Demo::start(&home, &["--pace", "30"]).await?;
    let (text, _) = demo.stop().await?;
    ensure!(text.contains("ahead of the real time"), "{text}");
    std::fs::remove_dir_all(servers::Home::locate(&home)?)?;
    Ok(())
}
