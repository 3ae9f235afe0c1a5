//! How figures and times are written.

use contracts::{Cents, Currency, Language, Timestamp};
use jiff::SignedDuration;
use jiff::civil::Date;

/// A moment, for programs and for people. Scripts put it into the reader's own time zone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    /// `2026-11-22T02:31:37Z`
    pub(crate) iso: String,
    /// `2026-11-22 02:31 UTC`
    pub(crate) shown: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let iso = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self { iso, shown: at.strftime("%Y-%m-%d %H:%M UTC").to_string() }
    }
}

impl From<Date> for Moment {
    fn from(day: Date) -> Self {
        Self { iso: day.to_string(), shown: day.to_string() }
    }
}

/// An amount in the minor unit of its currency, as people write it: `CNY 1,130.00`. What is in a
/// currency that nobody knows is shown as it is kept.
pub(crate) fn money(currency: &str, amount: i64) -> String {
    match Currency::new(currency) {
        Ok(known) => format!("{currency} {}", grouped(&known.format(Cents(amount)))),
        Err(_) => format!("{currency} {amount} (minor units)"),
    }
}

/// A whole number: `12,000`.
pub(crate) fn number(number: i64) -> String {
    grouped(&number.to_string())
}

/// Parts the thousands of a decimal number.
fn grouped(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |it| ("−", it));
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut parted = String::with_capacity(text.len() + 4);
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth).is_multiple_of(3) {
            parted.push(',');
        }
        parted.push(digit);
    }
    format!("{sign}{parted}{fraction}")
}

/// How long it is since then, in hours and minutes: `51 h 20 min`, `4 min`, `4 分钟`.
pub(crate) fn age(language: Language, since: Timestamp, now: Timestamp) -> String {
    let passed = now.duration_since(since).max(SignedDuration::ZERO);
    let (hours, minutes) = (passed.as_hours(), passed.as_mins() % 60);
    let (day, hour, minute) = match language {
        Language::Chinese => ("天", "小时", "分钟"),
        Language::English => ("d", "h", "min"),
    };
    match hours {
        0 => format!("{minutes} {minute}"),
        1..100 => format!("{hours} {hour} {minutes:02} {minute}"),
        _ => format!("{} {day} {} {hour}", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_by_its_currency() {
        assert_eq!(money("CNY", 113_000), "CNY 1,130.00");
        assert_eq!(money("CNY", -5), "CNY −0.05");
        assert_eq!(money("JPY", 1_234_567), "JPY 1,234,567");
        assert_eq!(money("KWD", 1_234_567), "KWD 1,234.567");
        assert_eq!(money("???", 12), "??? 12 (minor units)");
        assert_eq!(number(i64::MIN), "−9,223,372,036,854,775,808");
        assert_eq!(
            (number(0), number(999), number(1000)),
            ("0".into(), "999".into(), "1,000".into())
        );
    }

    #[test]
    fn ages_are_in_the_unit_that_people_count_in() {
        let start = Timestamp::UNIX_EPOCH;
        let after = |minutes| start + SignedDuration::from_mins(minutes);
        let english = |minutes| age(Language::English, start, after(minutes));
        assert_eq!((english(-3), english(4)), ("0 min".into(), "4 min".into()));
        assert_eq!((english(51 * 60 + 5), english(6001)), ("51 h 05 min".into(), "4 d 4 h".into()));
        assert_eq!(age(Language::Chinese, start, after(65)), "1 小时 05 分钟");
    }

    #[test]
    fn a_moment_is_in_utc_until_a_script_says_otherwise() {
        let moment = Moment::from("2026-11-22T02:31:37.5Z".parse::<Timestamp>().unwrap());
        assert_eq!(moment.iso, "2026-11-22T02:31:37Z");
        assert_eq!(moment.shown, "2026-11-22 02:31 UTC");
    }
}
