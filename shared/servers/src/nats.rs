use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;

use crate::binaries::{OLDEST_NATS, version};
use crate::daemon::Daemon;
use crate::{Disk, Home};

/// Go gives memory back to the system only when it is told how much it may have.
const MEMORY: &str = "1GiB";

/// What the server says when it keeps the configuration that it has.
const REFUSED: &str = "Failed to reload";

#[derive(Debug, Clone, Default)]
pub struct NatsOptions {
    /// The `authorization` or `accounts` block of the configuration. Without one, anyone on this
    /// machine may do anything.
    pub authorization: Option<String>,
    /// Every message is on the disk before it is acknowledged.
    pub durable: bool,
    /// The port; otherwise the one of last time, or a free one.
    pub port: Option<u16>,
}

/// A nats-server with `JetStream`. It is killed when this is dropped; see [`Nats::stop`].
#[derive(Debug)]
pub struct Nats {
    daemon: Daemon,
    home: Home,
    binary: PathBuf,
    options: NatsOptions,
    port: u16,
    monitor: u16,
}

impl Nats {
    /// Starts a server, and waits until it answers.
    pub async fn start(binary: &Path, home: &Home, options: NatsOptions) -> anyhow::Result<Self> {
        let daemon = Daemon::claim(home, "nats", &home.run("nats.conf"), Signal::TERM).await?;
        let port = options.port.map_or_else(|| home.port("nats"), Ok)?;
        let monitor = home.port("nats-monitor")?;
        let (home, binary) = (home.clone(), binary.to_owned());
        let mut nats = Self { daemon, home, binary, options, port, monitor };
        nats.launch().await?;
        Ok(nats)
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where the server tells how it is: `/varz`, `/jsz`, `/connz`.
    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor)
    }

    /// Stops the server. Call it when all is done: then nothing is to be recovered next time.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.daemon.stop().await
    }

    /// Kills the server, as a fault would.
    pub async fn kill9(&mut self) -> anyhow::Result<()> {
        self.daemon.kill9().await
    }

    /// Puts the server's data onto a disk of its own, whose power can be cut. The server is stopped
    /// meanwhile. Drop the disk after the server.
    pub async fn onto_disk(&mut self) -> anyhow::Result<Disk> {
        self.stop().await?;
        let disk = Disk::under(&self.home.data("nats")?).await?;
        self.launch().await?;
        Ok(disk)
    }

    /// Cuts the power of the server and of its disk: what it wrote, and did not have written down, is
    /// lost. It is down then; see `restart`.
    pub async fn cut_power(&mut self, disk: &mut Disk) -> anyhow::Result<()> {
        self.daemon.cut_power(disk).await
    }

    /// Starts the server again at the same address, stopping it first if it runs.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        self.launch().await
    }

    /// Loses every stream, as a broken disk would. The server must be down.
    pub fn wipe_store(&mut self) -> anyhow::Result<()> {
        ensure!(!self.daemon.is_running(), "the server is still running");
        let data = self.home.data("nats")?;
        fs::remove_dir_all(&data).with_context(|| format!("wiping {}", data.display()))
    }

    /// Changes who may do what, without a stop. A block that the server refuses changes nothing.
    pub async fn reload(&mut self, authorization: Option<String>) -> anyhow::Result<()> {
        let before = std::mem::replace(&mut self.options.authorization, authorization);
        let result = self.apply().await;
        if result.is_err() {
            self.options.authorization = before;
            self.configure()?;
        }
        result
    }

    /// Has the running server read its configuration. Its log is where it tells the outcome.
    async fn apply(&mut self) -> anyhow::Result<()> {
        self.configure()?;
        let log = self.home.run("nats.log");
        let length = fs::read(&log)?.len();
        self.daemon.signal(Signal::HUP)?;
        let line = self.daemon.ready(|| std::future::ready(outcome(&log, length))).await?;
        ensure!(!line.contains(REFUSED), "{line}");
        Ok(())
    }

    async fn launch(&mut self) -> anyhow::Result<()> {
        self.configure()?;
        let mut command = self.home.command(&self.binary);
        command.arg("--config").arg(self.home.run("nats.conf")).env("GOMEMLIMIT", MEMORY);
        self.daemon.launch(&mut command)?;
        let port = self.port;
        let info = self.daemon.ready(|| greeting(port)).await?;
        let said = info["version"].as_str().unwrap_or_default();
        if version(said) < Some(OLDEST_NATS) {
            self.stop().await?;
            let (major, minor) = OLDEST_NATS;
            bail!("nats-server {said} is too old: {major}.{minor} or newer is needed");
        }
        Ok(())
    }

    /// Writes the configuration. How much the streams may take is left to the server: three
    /// quarters of what the disk has left, so that it says no before the disk is full.
    fn configure(&self) -> anyhow::Result<()> {
        let Self { port, monitor, .. } = self;
        let store = self.home.data("nats")?;
        let sync = if self.options.durable { "sync_interval: always" } else { "" };
        let authorization = self.options.authorization.as_deref().unwrap_or_default();
        let text = format!(
            r#"# Written by Kontor whenever it starts the server: changes made here do not last.
server_name: kontor
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor}"
max_payload: 8MB
max_pending: 64MB
jetstream {{
  store_dir: "{}"
  {sync}
}}
{authorization}
"#,
            store.display()
        );
        self.home.write(&self.home.run("nats.conf"), &text)
    }
}

/// The line of the log, after so many bytes of it, that tells how a reload went.
fn outcome(log: &Path, after: usize) -> anyhow::Result<String> {
    let log = fs::read(log)?;
    let news = String::from_utf8_lossy(&log[after..]);
    let mut lines = news.lines();
    let line =
        lines.find(|it| it.contains("Reloaded server configuration") || it.contains(REFUSED));
    line.map(str::to_owned).context("the server has not reloaded its configuration")
}

/// What the server says of itself to whoever connects.
async fn greeting(port: u16) -> anyhow::Result<serde_json::Value> {
    let mut line = String::new();
    BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?).read_line(&mut line).await?;
    let info = line.strip_prefix("INFO ").context("this is not a nats-server")?;
    Ok(serde_json::from_str(info)?)
}
