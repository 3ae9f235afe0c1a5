use super::{End, paper};
use crate::sim::{self, Found, Sim};

pub(super) fn carry_out(sim: &Sim) -> anyhow::Result<End> {
    std::panic::set_hook(Box::new(|_| {})); // A decision that panics is parked, and told.
    if sim.planted.as_deref() == Some("all") {
        return planted(&sim::plant_all(sim)?);
    }
    let report = sim::run(sim)?;
    let told = if sim.json { report.json().to_string() } else { report.to_string() };
    paper::line(&told)?;
    let reached = !sim.reach_all || report.unreached().is_empty();
    Ok(if reached && report.violations.is_empty() { End::Fine } else { End::Wrong })
}

/// The table of the planted faults.
fn planted(all: &[Found]) -> anyhow::Result<End> {
    for Found { bug, violation, took } in all {
        let seconds = took.as_secs_f32();
        let how = match violation {
            Some(it) => format!("{seconds:6.1} s  seed {:<4} {}", it.seed, it.what),
            None => format!("{seconds:6.1} s  NOT FOUND"),
        };
        paper::line(&format!("{:<22}{how}", bug.name()))?;
    }
    let found = all.iter().filter(|it| it.violation.is_some()).count();
    paper::line(&format!("{found} of {} planted faults were found", all.len()))?;
    Ok(if found == all.len() { End::Fine } else { End::Wrong })
}
