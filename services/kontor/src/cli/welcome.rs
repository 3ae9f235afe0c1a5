//! The first screen of `kontor up`: where everything is, and what to do now.

use std::fmt::Write as _;

use chassis::clock;
use contracts::Timestamp;
use jiff::SignedDuration;

use super::paper::{self, Colour, moment, paint};
use crate::Suite;
use crate::crew::Member;

/// Writes it. The pace is that of the demo, if one is played.
pub(super) fn show(suite: &Suite, crew: &[Member], pace: Option<u32>) -> anyhow::Result<()> {
    let gateway = suite.gateway().unwrap_or_default();
    let health = suite.health().unwrap_or_default();
    let mut text = format!("\n{}\n\n", paint(Some(Colour::Green), "Kontor is up."));
    writeln!(text, "  Console    {gateway}/")?;
    for Member { name, role, password } in crew {
        writeln!(text, "             {name:<12} {password}   {role}")?;
    }
    writeln!(text, "  API        {gateway}/v1/orders   {gateway}/openapi.json")?;
    if let Some(operator) = suite.operator() {
        writeln!(text, "             Authorization: Bearer {operator}")?;
    }
    writeln!(text, "  Health     {health}/readyz   {health}/metrics")?;
    writeln!(text, "  NATS       {}", suite.nats.url())?;
    if let Some(time) = time() {
        writeln!(text, "  Its time   {time}")?;
    }
    if let Some(pace) = pace {
        writeln!(
            text,
            "\nThe demo places {pace} orders a minute, and tells every half minute how it goes."
        )?;
    }
    writeln!(text, "\nTo place an order of your own (order.json is in README.md):\n")?;
    writeln!(text, "  kontor order place order.json --channel web --gateway {gateway}")?;
    writeln!(text, "\nOver NATS, each with its password:\n")?;
    for outsider in &suite.outsiders {
        let line = format!("  {:<20} {}", outsider.user(), outsider.password);
        writeln!(text, "{}", paint(Some(Colour::Dim), &line))?;
    }
    write!(text, "\nCtrl-C stops it; it goes on with its data at the next start.\n")?;
    paper::line(&text)
}

/// How the suite's time stands, if it is another one than the machine's.
fn time() -> Option<String> {
    clock::is_own().then(|| words(clock::now(), clock::real(), clock::speed()))
}

fn words(now: Timestamp, real: Timestamp, speed: u32) -> String {
    let ahead = now.duration_since(real);
    let ahead = match ahead.as_hours() {
        48.. => format!("{} days", ahead.as_hours() / 24),
        1.. => format!("{} h", ahead.as_hours()),
        _ if ahead > SignedDuration::from_secs(1) => format!("{} s", ahead.as_secs()),
        _ => String::new(),
    };
    let ahead = if ahead.is_empty() { ahead } else { format!(", {ahead} ahead of the real time") };
    let pace = match speed {
        1 => "as fast as the real time: it ran faster before".to_owned(),
        _ => format!("{speed} times as fast as the real time"),
    };
    format!("{}{ahead}, {pace}", moment(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_time_is_told_in_words() {
        let real: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let words = |hours, speed| words(real + SignedDuration::from_hours(hours), real, speed);
        assert_eq!(words(0, 60), "2026-11-20 08:00:00Z, 60 times as fast as the real time");
        assert_eq!(
            words(5, 1),
            "2026-11-20 13:00:00Z, 5 h ahead of the real time, as fast as the real time: it ran \
             faster before"
        );
        assert!(words(240, 1).contains("10 days ahead"));
    }
}
