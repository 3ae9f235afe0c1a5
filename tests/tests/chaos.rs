//! `kontor chaos`, small enough for every change: every service twice, servers that die and lines that
//! break, and the checker over what is left. `make chaos` runs the gate.

use anyhow::ensure;
use tokio::process::Command;
use whole_house::process::binary;

#[tokio::test]
async fn a_disturbed_house_keeps_every_promise() -> anyhow::Result<()> {
    let dir = std::env::temp_dir().join(format!("kontor-chaos-{}", std::process::id()));
    let mut chaos = Command::new(binary()?);
    chaos.args("chaos --seed 3 --orders 300 --faults 8 --seconds 30 --dir".split(' ')).arg(&dir);
    let tried = chaos.kill_on_drop(true).output().await?;
    let [report, progress] = [&tried.stdout, &tried.stderr].map(|it| String::from_utf8_lossy(it));
    eprintln!("{report}");
    ensure!(tried.status.success(), "{progress}");
    ensure!(report.contains("300 orders were handed in") && report.contains("beside 8 faults"));
    ensure!(report.contains("17 of 17 promises hold"), "not all was looked at");
    Ok(std::fs::remove_dir_all(dir)?)
}
