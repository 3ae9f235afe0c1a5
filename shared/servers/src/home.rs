use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::Progress;

/// Servers do not run as root; if we do, they run as "nobody", who is there on every machine.
const NOBODY: u32 = 65534;

/// Ports are taken from below the range that the kernel gives to clients. A client that calls a
/// server which is down may otherwise be given that very port, connect to itself, and keep the
/// server from coming back.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A log that has grown larger than this is put aside when its server starts.
const LOG_BYTES: u64 = 16 << 20;

/// The directory where servers keep what is theirs: `bin/` (what was fetched), `nats/` and
/// `postgres/` (data), `run/` (ports, passwords, logs).
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
    nobody: bool,
}

impl Home {
    /// Opens the home at this path, which need not exist yet. If the servers' user cannot get
    /// there (`/root` is closed to all others) the home is below `/var/tmp` instead.
    pub fn open(path: &Path, progress: Progress<'_>) -> anyhow::Result<Self> {
        let nobody = rustix::process::geteuid().is_root();
        let root = Self::locate(path)?;
        if root != std::path::absolute(path)? {
            let (closed, root) = (path.display(), root.display());
            progress(&format!(
                "servers do not run as root and cannot reach {closed}: using {root}"
            ));
        }
        fs::create_dir_all(&root).with_context(|| format!("making {}", root.display()))?;
        let owner = fs::symlink_metadata(&root)?.uid();
        let us = rustix::process::geteuid().as_raw();
        ensure!(owner == us, "{} belongs to someone else", root.display());
        let home = Self { root, nobody };
        for directory in [home.root.clone(), home.bin(), home.run("")] {
            fs::create_dir_all(&directory)
                .and_then(|()| fs::set_permissions(&directory, Permissions::from_mode(0o755)))
                .with_context(|| format!("making {}", directory.display()))?;
        }
        Ok(home)
    }

    /// Where the home of this path is, without making it: below `/var/tmp`, if we are root and the
    /// servers' user cannot get there.
    pub fn locate(path: &Path) -> anyhow::Result<PathBuf> {
        let root = std::path::absolute(path)?;
        if !rustix::process::geteuid().is_root() || is_open_to_all(&root) {
            return Ok(root);
        }
        let name = hex(&Sha256::digest(root.as_os_str().as_encoded_bytes())[..6]);
        Ok(Path::new("/var/tmp").join(format!("kontor-{name}")))
    }

    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Keeps a text in `run/` under this name, which only we can read; in one step, so that nobody
    /// reads half of it.
    pub fn keep(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.run(name);
        let half = half_written(&path, text)?;
        take_place(&half, &path)
    }

    /// Forgets what was kept under this name.
    pub fn forget(&self, name: &str) -> anyhow::Result<()> {
        match fs::remove_file(self.run(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The secret of this name, made up when it is first asked for.
    pub fn secret(&self, name: &str) -> anyhow::Result<String> {
        let path = self.run(&format!("{name}.secret"));
        if !path.exists() {
            self.write(&path, &secret()?)?;
        }
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }

    /// The port that this server had last time, so that addresses stay; if it is taken, a free one.
    pub fn port(&self, server: &str) -> anyhow::Result<u16> {
        let path = self.run(&format!("{server}.port"));
        let last = fs::read_to_string(&path).ok().and_then(|it| it.parse().ok());
        if let Some(port) = last.filter(|it| is_free(*it)) {
            return Ok(port);
        }
        for _ in 0..100 {
            let port = PORTS.start + u16::from_ne_bytes(random()?) % (PORTS.end - PORTS.start);
            if is_free(port) {
                fs::write(&path, port.to_string())?;
                return Ok(port);
            }
        }
        anyhow::bail!("no port is free between {} and {}", PORTS.start, PORTS.end)
    }

    /// A directory for the data of this server, which only it can read.
    pub(crate) fn data(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.root.join(name);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o700))?;
        if self.nobody && fs::metadata(&path)?.uid() != NOBODY {
            give(&path).with_context(|| format!("giving {} away", path.display()))?;
        }
        Ok(path)
    }

    /// Writes a file that only the servers (and root) can read, in one step.
    pub(crate) fn write(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        let half = half_written(path, text)?;
        if self.nobody {
            give(&half)?;
        }
        take_place(&half, path)
    }

    /// The log of this server, to be written on.
    pub(crate) fn log(&self, server: &str) -> anyhow::Result<(PathBuf, File)> {
        let path = self.run(&format!("{server}.log"));
        if fs::metadata(&path).is_ok_and(|it| it.len() > LOG_BYTES) {
            fs::rename(&path, path.with_extension("log.old"))?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
        Ok((path, file))
    }

    /// A command run by the servers' user. Not in our process group: Ctrl-C is for us, and the
    /// servers stop when we have done with them.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).process_group(0).kill_on_drop(true);
        if self.nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    pub(crate) fn run(&self, name: &str) -> PathBuf {
        self.root.join("run").join(name)
    }
}

/// A file beside this one with this text, which only its owner can read: to be renamed.
fn half_written(path: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let half = path.with_extension("half");
    if half.exists() {
        fs::remove_file(&half)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(half)
}

/// Puts what is half written into its place, so that it is there after a power cut too: a database
/// whose password is lost is lost with it.
fn take_place(half: &Path, path: &Path) -> anyhow::Result<()> {
    let sync = |directory| File::open(directory)?.sync_all();
    fs::rename(half, path)
        .and_then(|()| path.parent().map_or(Ok(()), sync))
        .with_context(|| format!("writing {}", path.display()))
}

/// A password that nobody can guess.
pub fn secret() -> anyhow::Result<String> {
    Ok(hex(&random::<24>()?))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect::<Vec<_>>().concat()
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// Whether anyone may pass through every directory on the way that is there already.
fn is_open_to_all(path: &Path) -> bool {
    path.ancestors().filter_map(|it| fs::metadata(it).ok()).all(|it| it.mode() & 0o001 != 0)
}

/// Makes "nobody" the owner of this, and of all that is in it.
fn give(path: &Path) -> anyhow::Result<()> {
    if path.symlink_metadata()?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path())?;
        }
    }
    Ok(lchown(path, Some(NOBODY), Some(NOBODY))?)
}
