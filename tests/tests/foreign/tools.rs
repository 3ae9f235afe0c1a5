//! What other languages need: fetched once, kept beside what cargo builds.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// The clients that integrators copy, and the versions of what they stand on.
pub const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

/// A language in which there is a storefront and a warehouse, with the libraries that they need.
#[derive(Debug, Clone, Copy)]
pub enum Language<'a> {
    Python(&'a Path),
    JavaScript(&'a Path),
}

/// Where the libraries of each language are.
pub struct Tools {
    python: PathBuf,
    node: Option<PathBuf>,
}

impl Tools {
    /// Finds or fetches everything. Without Node there is no JavaScript; in CI that is an error.
    pub fn open() -> anyhow::Result<Self> {
        let python = fetched("python", &["requirements.txt"], |place| {
            let arguments = ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"];
            let mut pip = Command::new("python3");
            pip.args(arguments).args(["--only-binary=:all:", "-r", "requirements.txt"]);
            run(pip.args(["--target", "."]).current_dir(place))
        })?;
        Ok(Self { python, node: Self::node()? })
    }

    fn node() -> anyhow::Result<Option<PathBuf>> {
        let is_there = |it: &&str| run(Command::new(it).arg("--version")).is_ok();
        if ["node", "npm"].iter().all(is_there) {
            let files = ["package.json", "package-lock.json"];
            let fetched = fetched("node", &files, |place| {
                let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
                run(Command::new("npm").args(arguments).current_dir(place))
            });
            return fetched.map(Some);
        }
        let missing =
            "there is no node and npm, 18.3 or newer (Debian: apt-get install nodejs npm)";
        ensure!(environment("CI").is_none(), "{missing}");
        eprintln!("SKIPPED: the clients in JavaScript are not tested, for {missing}");
        Ok(None)
    }

    /// Python and JavaScript; Python twice where there is no Node.
    pub fn languages(&self) -> [Language<'_>; 2] {
        let python = Language::Python(&self.python);
        [python, self.node.as_deref().map_or(python, Language::JavaScript)]
    }
}

impl Language<'_> {
    /// A client, which is copied into this directory, as an integrator would: it knows nothing of the
    /// repository, nor of our environment.
    pub fn client(self, name: &str, directory: &Path) -> anyhow::Result<tokio::process::Command> {
        let (program, file) = match self {
            Self::Python(_) => ("python3", format!("{name}.py")),
            Self::JavaScript(_) => ("node", format!("{name}.mjs")),
        };
        fs::create_dir_all(directory)?;
        fs::copy(Path::new(CLIENTS).join(&file), directory.join(&file))?;
        let mut command = tokio::process::Command::new(program);
        command.env_clear().current_dir(directory).kill_on_drop(true).stdin(Stdio::null());
        for kept in ["PATH", "HOME"] {
            command.envs(environment(kept).map(|it| (kept, it)));
        }
        match self {
            Self::Python(libraries) => drop(command.env("PYTHONPATH", libraries)),
            Self::JavaScript(libraries) => {
                let link = directory.join("node_modules");
                if !link.exists() {
                    std::os::unix::fs::symlink(libraries.join("node_modules"), link)?;
                }
            }
        }
        command.arg(file);
        Ok(command)
    }
}

#[expect(clippy::disallowed_methods, reason = "a test of programs that read it, too")]
fn environment(variable: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(variable)
}

/// The directory into which this was installed, from these files, unless that was done before. It
/// appears in one step, complete, or not at all.
fn fetched(
    name: &str,
    files: &[&str],
    install: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign-clients");
    fs::create_dir_all(&cache)?;
    let turn = File::create(cache.join(format!("{name}.lock")))?;
    turn.lock()?;
    let texts = files.iter().map(|it| fs::read_to_string(Path::new(CLIENTS).join(it)));
    let wanted = texts.collect::<Result<Vec<_>, _>>()?.concat();
    let (place, half) = (cache.join(name), cache.join(format!("{name}.half")));
    if fs::read_to_string(place.join("complete")).ok().as_ref() != Some(&wanted) {
        for old in [&place, &half].into_iter().filter(|it| it.exists()) {
            fs::remove_dir_all(old)?;
        }
        fs::create_dir_all(&half)?;
        for file in files {
            fs::copy(Path::new(CLIENTS).join(file), half.join(file))?;
        }
        install(&half).with_context(|| format!("fetching what the clients in {name} need"))?;
        fs::write(half.join("complete"), wanted)?;
        fs::rename(&half, &place)?;
    }
    Ok(place)
}

/// Runs a command to its end. If it fails, so do we, in its words.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("running {}", name.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}, {}", name.display(), output.status, said.trim());
    Ok(())
}
