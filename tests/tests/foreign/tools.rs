//! What other languages need: fetched once, kept beside what cargo builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::ensure;
use whole_house::{fetched, npm, pip, run};

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
        let python = libraries("python", &["requirements.txt"], pip)?;
        Ok(Self { python, node: Self::node()? })
    }

    fn node() -> anyhow::Result<Option<PathBuf>> {
        let is_there = |it: &&str| run(Command::new(it).arg("--version")).is_ok();
        if ["node", "npm"].iter().all(is_there) {
            let files = ["package.json", "package-lock.json"];
            return libraries("node", &files, npm).map(Some);
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

/// What the clients in a language stand on.
fn libraries(
    name: &str,
    files: &[&str],
    install: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign-clients");
    fetched(&cache, name, Path::new(CLIENTS), files, install)
}
