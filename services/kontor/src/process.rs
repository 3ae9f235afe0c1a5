//! Services as processes of their own, to be stopped, frozen, killed, and told to die: for trials.
//! Whatever is started here does not outlive the process that started it, however that ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chassis::Account;
use chassis::clock::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::ConnectOptions;
use tokio::process::{Child, Command};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(50);

/// Waits until this process dies, however that happens: its end of the pipe is then closed. Ends the
/// replica, unless the number means another process by now.
const LEASH: &str = r#"read -r _; grep -qsF -- "$2" "/proc/$1/cmdline" && kill -9 "$1""#;

/// How a process is started.
#[derive(Debug, Clone)]
pub struct Launch<'a> {
    /// `kontor`.
    pub binary: &'a Path,
    /// Its configuration file (TOML), which also marks it among all processes.
    pub configuration: &'a Path,
    /// Which services it runs; all, if none is named.
    pub services: &'a [&'a str],
    /// Where it logs.
    pub log: PathBuf,
    /// Where it dies (`inventory:before-commit:7`), in builds that can.
    pub fault: Option<&'a str>,
}

/// A process that runs services. It is killed when this is dropped.
#[derive(Debug)]
pub struct Replica {
    child: Child,
    _leash: Child,
    log: PathBuf,
}

impl Launch<'_> {
    /// Starts the process. It is not waited for.
    pub fn start(self) -> anyhow::Result<Replica> {
        let mut command = Command::new(self.binary);
        command.arg("run").args(self.services).arg("--config").arg(self.configuration);
        command.env_remove("KONTOR_ABORT_AT");
        if let Some(fault) = self.fault {
            command.env("KONTOR_ABORT_AT", fault);
        }
        // Ctrl-C is for us, who stop it when we have done with it.
        command.process_group(0).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&self.log)?);
        let child = command.spawn().context("starting kontor")?;
        let process = child.id().context("kontor ended at once")?.to_string();
        let mut leash = Command::new("sh");
        leash.args(["-c", LEASH, "kontor-leash"]).arg(process).arg(self.configuration);
        leash.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let leash = leash.process_group(0).kill_on_drop(true).spawn()?;
        Ok(Replica { child, _leash: leash, log: self.log })
    }
}

impl Replica {
    /// Waits until it says that it can work.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let watch = Stopwatch::start();
        while !self.says("… ready")? {
            if let Some(status) = self.child.try_wait()? {
                bail!("kontor ended ({status}), and said last:\n{}", self.last_words()?);
            }
            ensure!(watch.elapsed() < PATIENCE, "kontor is not ready:\n{}", self.last_words()?);
            tokio::time::sleep(TICK).await;
        }
        Ok(())
    }

    /// Whether this stands in its log.
    pub fn says(&self, words: &str) -> anyhow::Result<bool> {
        Ok(self.log()?.contains(words))
    }

    /// All that it logged.
    pub fn log(&self) -> anyhow::Result<String> {
        let log = fs::read_to_string(&self.log)?;
        ensure!(!log.contains('\x1b'), "colours where nobody sees them:\n{log}");
        Ok(log)
    }

    /// Where its gateway listens: `http://127.0.0.1:8080`.
    pub fn gateway(&self) -> anyhow::Result<String> {
        let log = self.log()?;
        let address = log.split("the API is at ").nth(1).context("there is no gateway")?;
        Ok(address.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// The status with which its health answers.
    pub async fn answers(&self, path: &str) -> anyhow::Result<u16> {
        Ok(self.health(path).await?.status().as_u16())
    }

    /// What a counter has counted, for each set of labels as they are written.
    pub async fn counted(&self, counter: &str) -> anyhow::Result<Vec<(String, u64)>> {
        let metrics = self.health("/metrics").await?.text().await?;
        let lines = metrics.lines().filter_map(|it| it.strip_prefix(counter)?.rsplit_once(' '));
        let read = |(labels, count): (&str, &str)| Some((labels.to_owned(), count.parse().ok()?));
        Ok(lines.filter_map(read).collect())
    }

    async fn health(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let log = self.log()?;
        let health = log.split("health at ").nth(1).and_then(|it| it.split_whitespace().next());
        let health = health.context("there is no health")?;
        Ok(reqwest::get(format!("{health}{path}")).await?)
    }

    fn last_words(&self) -> anyhow::Result<String> {
        let log = self.log()?;
        let lines: Vec<&str> = log.lines().rev().take(12).collect();
        Ok(lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        Ok(ended.context("kontor is to end")??)
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        let status = self.ended().await?;
        ensure!(status.success(), "kontor ended badly ({status}):\n{}", self.last_words()?);
        Ok(())
    }

    /// Kills it.
    pub async fn kill9(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Stops its clock: it does nothing, and lets nothing go.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Has it go on as if nothing had been.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let process = self.child.id().context("the process has ended")?;
        let process =
            Pid::from_raw(i32::try_from(process)?).context("no process has this number")?;
        Ok(kill_process(process, signal)?)
    }
}

/// Writes down, for processes, where everything is: it holds passwords, so only its owner can read
/// it. Ends with `settings`, lines of TOML.
pub fn configure(
    path: &Path,
    partitions: u32,
    nats: &str,
    accounts: &BTreeMap<String, Account>,
    settings: &str,
) -> anyhow::Result<()> {
    let mut text = format!("partitions = {partitions}\n[nats]\nurl = {nats:?}\n");
    for (name, account) in accounts {
        let database = account.database.to_url_lossy();
        writeln!(text, "[services.{name}]\ndatabase = \"{database}\"")?;
        if let Some((user, password)) = &account.nats_user {
            writeln!(text, "nats_user = {user:?}\nnats_password = {password:?}")?;
        }
    }
    text.push_str(settings);
    let mut file = File::options();
    let file = file.create(true).write(true).truncate(true).mode(0o600).open(path);
    std::io::Write::write_all(
        &mut file.with_context(|| path.display().to_string())?,
        text.as_bytes(),
    )?;
    Ok(())
}
