//! A disk whose power can be cut.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::fs::{major, minor};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::wheel::run;

/// How large the disk is for whoever writes on it. The image is sparse: it takes what was written.
/// Streams set aside several gigabytes, and would find no room on a smaller one.
const SIZE: u64 = 16 << 30;

/// What the image may take: beyond that it is not copied.
const LARGEST: u64 = 1 << 30;

/// How it is made: without anything that the kernel would write later by itself.
const MAKE: [&str; 9] = [
    "-q",
    "-F",
    "-m0",
    "-N65536",
    "-J",
    "size=64",
    "-E",
    "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
    "-d",
];

/// How it is mounted. What nobody has written down stays in memory for minutes: the kernel writes
/// what it has after five seconds otherwise.
const MOUNT: &str = "loop,nosuid,nodev,noatime,noinit_itable,commit=600";

/// How often a copy is tried, and an unmount.
const TRIES: u32 = 200;

/// How long to wait before the next try.
const TICK: Duration = Duration::from_millis(20);

/// Waits until whoever made the disk dies, however that happens; see `Daemon`'s. Takes it away.
const LEASH: &str = r#"read -r _; umount --lazy "$1"; rm -f -- "$1".disk-*"#;

/// A directory on a disk of its own: an ext4 file system in an image, mounted in its place by a loop
/// device. What was written and not written down (`fsync`) is in the machine's memory and not in the
/// image, so that a copy of the image is what a power cut leaves.
///
/// What the file system gave to the device is in the copy, flushed or not: this is a disk without a
/// cache of its own. It shows who does not write down, not who trusts a cache.
///
/// Needs root and loop devices; see [`Disk::why_not`]. It is taken away, with all that is on it, when
/// this is dropped: what was in the directory before is seen there again.
#[derive(Debug)]
pub struct Disk {
    directory: PathBuf,
    image: PathBuf,
    /// How many images there were.
    nth: u32,
    /// The end of its pipe is held as long as there is a disk.
    _leash: Child,
}

impl Disk {
    /// Why no disk can be made in this directory, in words, if so. Tries it.
    pub async fn why_not(directory: &Path) -> Option<String> {
        if !rustix::process::geteuid().is_root() {
            return Some("only root may mount a disk".to_owned());
        }
        let probe = directory.join("disk-probe");
        let tried = async {
            fs::create_dir_all(&probe)?;
            Self::under(&probe).await.map(drop)
        };
        let why = tried.await.err().map(|it| format!("no disk can be mounted here: {it:#}"));
        fs::remove_dir(&probe).ok(); // It stays if it is somebody's.
        why
    }

    /// Puts a directory, with what is in it, onto a disk. Nobody may be using it.
    pub(crate) async fn under(directory: &Path) -> anyhow::Result<Self> {
        let owner = fs::metadata(directory)?;
        let mut leash = Command::new("sh");
        leash.args(["-c", LEASH, "kontor-leash"]).arg(directory).process_group(0);
        leash.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let leash = leash.kill_on_drop(true).spawn()?;
        let directory = directory.to_owned();
        let image = image(&directory, 0);
        File::create(&image)?.set_len(SIZE)?;
        let disk = Self { directory, image, nth: 0, _leash: leash };
        run(Command::new("mkfs.ext4").args(MAKE).arg(&disk.directory).arg(&disk.image)).await?;
        disk.mount().await?;
        fs::remove_dir(disk.directory.join("lost+found"))?;
        chown(&disk.directory, Some(owner.uid()), Some(owner.gid()))?;
        fs::set_permissions(&disk.directory, Permissions::from_mode(owner.mode()))?;
        disk.settle().await?;
        Ok(disk)
    }

    /// Has everything reach the disk that was written so far, whoever wrote it.
    pub async fn settle(&self) -> anyhow::Result<()> {
        run(Command::new("sync").arg("--file-system").arg(&self.directory)).await
    }

    /// Copies what the device holds at one moment. Whoever writes on it stands still meanwhile; what
    /// the kernel writes by itself is noticed, and the copy made again.
    pub(crate) async fn copy(&mut self) -> anyhow::Result<PathBuf> {
        let taken = fs::metadata(&self.image)?.blocks() * 512;
        let megabytes = taken >> 20;
        ensure!(taken <= LARGEST, "the disk holds {megabytes} MiB, which is too much to be copied");
        self.nth += 1;
        let next = image(&self.directory, self.nth);
        for _ in 0..TRIES {
            let before = self.written()?;
            run(Command::new("cp").arg("--sparse=always").arg(&self.image).arg(&next)).await?;
            if before.in_flight == 0 && before == self.written()? {
                return Ok(next);
            }
            sleep(TICK).await;
        }
        anyhow::bail!("the disk under {} does not come to rest", self.directory.display())
    }

    /// Has a copy take the place of the image. Nobody may be using the directory for long.
    pub(crate) async fn replace(&mut self, copy: PathBuf) -> anyhow::Result<()> {
        let mut tried = 0;
        // Whoever was killed needs a moment to let go.
        while let Err(error) = run(Command::new("umount").arg(&self.directory)).await {
            ensure!(tried < TRIES, "{error:#}");
            tried += 1;
            sleep(TICK).await;
        }
        let old = std::mem::replace(&mut self.image, copy);
        fs::remove_file(old)?;
        self.mount().await
    }

    async fn mount(&self) -> anyhow::Result<()> {
        run(Command::new("mount").args(["-o", MOUNT]).arg(&self.image).arg(&self.directory)).await
    }

    /// What was written on the device so far.
    fn written(&self) -> anyhow::Result<Written> {
        let device = fs::metadata(&self.directory)?.dev();
        let path = format!("/sys/dev/block/{}:{}/stat", major(device), minor(device));
        let stat = fs::read_to_string(&path).with_context(|| path.clone())?;
        let figures: Vec<u64> = stat.split_whitespace().filter_map(|it| it.parse().ok()).collect();
        let &[_, _, _, _, writes, _, sectors, _, in_flight, ..] = figures.as_slice() else {
            anyhow::bail!("{path} does not read: {stat}");
        };
        Ok(Written { writes, sectors, in_flight })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Written {
    writes: u64,
    sectors: u64,
    in_flight: u64,
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut unmount = std::process::Command::new("umount");
        unmount.arg("--lazy").arg(&self.directory).stderr(Stdio::null());
        drop(unmount.status()); // It may not be mounted. The leash tries once more if we die now.
        for nth in 0..=self.nth {
            fs::remove_file(image(&self.directory, nth)).ok(); // Most are gone.
        }
    }
}

fn image(directory: &Path, nth: u32) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(format!(".disk-{nth}"));
    name.into()
}
