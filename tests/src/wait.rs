use std::time::Duration;

use anyhow::Context;
use chassis::clock::Stopwatch;

/// How long anything may take that the house does by itself. Nothing comes near it, unless it is
/// broken, or the machine is busy with something else.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a state is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Waits for a state, never for a time: looks until there is no error. At the deadline the last one
/// tells what was still missing.
pub async fn eventually<T, L, F>(deadline: Duration, look: L) -> anyhow::Result<T>
where
    L: Fn() -> F,
    F: Future<Output = anyhow::Result<T>>,
{
    let watch = Stopwatch::start();
    loop {
        match look().await {
            Ok(it) => return Ok(it),
            Err(missing) if watch.elapsed() > deadline => {
                return Err(missing).with_context(|| format!("not so within {deadline:?}"));
            }
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}
