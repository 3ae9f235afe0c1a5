use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::frozen::Frozen;
use crate::{Disk, Home};

/// How long a server may take to come up (it may have to recover much) and to go down.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a server may tidy up that can do without: then it is told to leave it.
const TIDYING: Duration = Duration::from_secs(1);

/// How often we look whether it has.
const TICK: Duration = Duration::from_millis(25);

/// Waits until this process dies, however that happens: its end of the pipe is then closed. Ends
/// the server, unless the number means another process by now.
const LEASH: &str = r#"read -r _; grep -qsF -- "$3" "/proc/$2/cmdline" && kill "-$1" "$2""#;

/// A server as a process: started, looked after, stopped, started again.
#[derive(Debug)]
pub(crate) struct Daemon {
    name: &'static str,
    home: Home,
    /// An argument by which the process is known among all others.
    mark: PathBuf,
    /// The signal that asks it to stop.
    farewell: Signal,
    /// Locked while we live: nobody else starts this server meanwhile.
    pid: File,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    server: Child,
    leash: Child,
    log: PathBuf,
}

impl Daemon {
    /// Claims this server of this home. Whatever an earlier run left behind is stopped.
    pub(crate) async fn claim(
        home: &Home,
        name: &'static str,
        mark: &Path,
        farewell: Signal,
    ) -> anyhow::Result<Self> {
        let path = home.run(&format!("{name}.pid"));
        let pid = OpenOptions::new().create(true).append(true).open(&path)?;
        match pid.try_lock() {
            Err(TryLockError::WouldBlock) => {
                bail!("{name} is in use by another process, see {}", path.display())
            }
            locked => locked?,
        }
        let (home, mark) = (home.clone(), mark.to_owned());
        let daemon = Self { name, home, mark, farewell, pid, running: None };
        let left = fs::read_to_string(&path)?.parse().ok().and_then(Pid::from_raw);
        if let Some(left) = left.filter(|it| daemon.is_ours(*it)) {
            daemon.end(left).await?;
        }
        Ok(daemon)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Starts the server, writing to its log.
    pub(crate) fn launch(&mut self, command: &mut Command) -> anyhow::Result<()> {
        let (path, log) = self.home.log(self.name)?;
        let server = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        let server = server.with_context(|| format!("starting {}", self.name))?;
        let pid = pid_of(&server)?;
        self.pid.set_len(0)?;
        write!(self.pid, "{pid}")?;
        let leash = Command::new("sh")
            .args(["-c", LEASH, "kontor-leash"])
            .args([self.farewell.as_raw().to_string(), pid.to_string()])
            .arg(&self.mark)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        self.running = Some(Running { server, leash, log: path });
        Ok(())
    }

    /// Waits until the probe succeeds. Fails, with what the log says, once the server has ended.
    pub(crate) async fn ready<T, F>(&mut self, probe: impl Fn() -> F) -> anyhow::Result<T>
    where
        F: Future<Output = anyhow::Result<T>>,
    {
        let name = self.name;
        let Some(running) = &mut self.running else { bail!("{name} is not running") };
        let mut last = None;
        let wait = async {
            loop {
                let probed = probe().await;
                if let Some(status) = running.server.try_wait()? {
                    let log = fs::read_to_string(&running.log)?;
                    let lines: Vec<&str> = log.lines().rev().take(5).collect();
                    let said = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
                    bail!("{name} ended ({status}), and said last:\n{said}");
                }
                match probed {
                    Ok(it) => return Ok(it),
                    Err(error) => last = Some(error),
                }
                sleep(TICK).await;
            }
        };
        match timeout(PATIENCE, wait).await {
            Ok(result) => result,
            Err(late) => Err(last.unwrap_or_else(|| late.into()))
                .with_context(|| format!("{name} does not answer")),
        }
    }

    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let running = self.running.as_ref();
        let running = running.with_context(|| format!("{} is not running", self.name))?;
        Ok(kill_process(pid_of(&running.server)?, signal)?)
    }

    /// Asks the server to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        if running.server.try_wait()?.is_none() {
            kill_process(pid_of(&running.server)?, self.farewell)?;
        }
        if self.farewell == Signal::INT && timeout(TIDYING, running.server.wait()).await.is_err() {
            // Postgres writes all that changed into its tables, which takes long on a busy disk. It
            // is in its log as well, from which the next start brings it in.
            kill_process(pid_of(&running.server)?, Signal::QUIT)?;
        }
        if timeout(PATIENCE, running.server.wait()).await.is_err() {
            tracing::warn!("{} does not stop: killing it", self.name);
            running.server.kill().await?;
        }
        self.pid.set_len(0)?;
        Ok(running.leash.kill().await?)
    }

    /// Kills the server: what it did not write down is lost.
    pub(crate) async fn kill9(&mut self) -> anyhow::Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        running.server.kill().await?;
        Ok(running.leash.kill().await?)
    }

    /// Cuts the power of the server and of the disk that it writes on: it stands still in the middle
    /// of what it does, the disk becomes what it held at that moment, and the server is gone.
    pub(crate) async fn cut_power(&mut self, disk: &mut Disk) -> anyhow::Result<()> {
        let running = self.running.as_ref();
        let running = running.with_context(|| format!("{} is not running", self.name))?;
        let frozen = Frozen::family(pid_of(&running.server)?).await?;
        let copy = disk.copy().await?;
        drop(frozen);
        self.kill9().await?;
        disk.replace(copy).await
    }

    fn is_ours(&self, pid: Pid) -> bool {
        let mark = self.mark.as_os_str().as_encoded_bytes();
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.split(|it| *it == 0).any(|it| it == mark))
    }

    /// Ends a server that is not our child.
    async fn end(&self, pid: Pid) -> anyhow::Result<()> {
        tracing::info!("stopping {} of an earlier run, process {pid}", self.name);
        for signal in [self.farewell, Signal::KILL] {
            kill_process(pid, signal)?;
            let gone = async {
                while is_alive(pid) {
                    sleep(TICK).await;
                }
            };
            if timeout(PATIENCE, gone).await.is_ok() {
                return Ok(());
            }
        }
        bail!("{} of an earlier run does not end, process {pid}", self.name)
    }
}

/// Dropped in haste, on some error's way up: killed, and gone when the drop is done, so that its
/// port is free for the next.
impl Drop for Running {
    fn drop(&mut self) {
        for _ in 0..1000 {
            if self.server.start_kill().is_err() || !matches!(self.server.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A process that has ended, but that nobody has asked about yet, is not alive.
fn is_alive(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|it| !it.rsplit(')').next().is_some_and(|it| it.starts_with(" Z")))
}

fn pid_of(child: &Child) -> anyhow::Result<Pid> {
    let id = child.id().context("the process has ended")?;
    Pid::from_raw(i32::try_from(id)?).context("no process has this number")
}
