//! What a body has to be like beyond its types, so that no service stumbles on it. Whether it makes
//! sense is for the service to say.

use std::ops::RangeInclusive;

use contracts::intake::Problem as Fault;

use super::problem::fault;

/// The most money that one figure may say: far more than anything costs, and so little that sums do
/// not overflow.
pub(crate) const MOST: i64 = 100_000_000_000_000;

/// A body that tells what is wrong with it.
pub(crate) trait Checked {
    fn check(&self, faults: &mut Faults);
}

/// Everything that is wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    pub(crate) fn number(&mut self, pointer: &str, value: i64, range: RangeInclusive<i64>) {
        if !range.contains(&value) {
            let expected = format!("{} to {}", range.start(), range.end());
            self.0.push(fault("range", pointer, &value.to_string(), &expected));
        }
    }

    /// A text of so many characters, none of which controls anything.
    pub(crate) fn text(&mut self, pointer: &str, text: &str, length: RangeInclusive<usize>) {
        let is_short_enough = length.contains(&text.chars().count());
        if !is_short_enough || text.chars().any(char::is_control) {
            let expected = format!("{} to {} printable characters", length.start(), length.end());
            self.0.push(fault("text", pointer, text, &expected));
        }
    }
}

impl Checked for serde_json::Map<String, serde_json::Value> {
    fn check(&self, _: &mut Faults) {} // Whoever it is for reads it.
}
