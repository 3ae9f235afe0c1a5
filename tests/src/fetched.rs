//! What other languages need: fetched once, in pinned versions, and kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// The directory below `cache` into which this was installed, from these files of `from`, unless that
/// was done before. It appears in one step, complete, or not at all.
pub fn fetched(
    cache: &Path,
    name: &str,
    from: &Path,
    files: &[&str],
    install: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(cache)?;
    let turn = File::create(cache.join(format!("{name}.lock")))?;
    turn.lock()?;
    let texts = files.iter().map(|it| fs::read_to_string(from.join(it)));
    let wanted = texts.collect::<Result<Vec<_>, _>>()?.concat();
    let (place, half) = (cache.join(name), cache.join(format!("{name}.half")));
    if fs::read_to_string(place.join("complete")).ok().as_ref() != Some(&wanted) {
        for old in [&place, &half].into_iter().filter(|it| it.exists()) {
            fs::remove_dir_all(old)?;
        }
        fs::create_dir_all(&half)?;
        for file in files {
            fs::copy(from.join(file), half.join(file))?;
        }
        install(&half).with_context(|| format!("fetching {name}"))?;
        fs::write(half.join("complete"), wanted)?;
        fs::rename(&half, &place)?;
    }
    Ok(place)
}

/// Installs what `requirements.txt` names there, with its hashes.
pub fn pip(place: &Path) -> anyhow::Result<()> {
    let arguments = ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"];
    let mut pip = Command::new("python3");
    pip.args(arguments).args(["--only-binary=:all:", "-r", "requirements.txt"]);
    run(pip.args(["--target", "."]).current_dir(place)).map(drop)
}

/// Installs what `package-lock.json` names there.
pub fn npm(place: &Path) -> anyhow::Result<()> {
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    run(Command::new("npm").args(arguments).current_dir(place)).map(drop)
}

/// Runs a command to its end, for what it writes. If it fails, so do we, in its words.
pub fn run(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("running {}", name.display()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let why = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}, {said}{why}", name.display(), output.status);
    Ok(said)
}
