use super::{End, paper};
use crate::sim::{self, Sim};

pub(super) fn carry_out(sim: &Sim) -> anyhow::Result<End> {
    std::panic::set_hook(Box::new(|_| {})); // A decision that panics is parked, and told.
    let report = sim::run(sim)?;
    if sim.json {
        paper::line(&report.json().to_string())?;
    } else {
        paper::line(&report.to_string())?;
    }
    Ok(if report.violations.is_empty() { End::Fine } else { End::Wrong })
}
