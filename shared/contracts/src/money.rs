//! Money and quantities: whole numbers only.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Money, in whole minor units of the currency that stands beside it. An overflow is a bug, and
/// panics: the message that brought it about is parked.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    pub const ZERO: Self = Self(0);

    /// The price of so many.
    #[expect(clippy::expect_used, reason = "money that overflows must stop the decision")]
    #[must_use]
    pub fn times(self, quantity: i64) -> Self {
        Self(self.0.checked_mul(quantity).expect("more money than there is"))
    }

    /// Shares the amount out by weight, to the last minor unit, by largest remainder; ties go to
    /// whoever stands first. Shares are even if all weights are zero. Weights are not negative.
    pub fn split(self, weights: &[i64]) -> Vec<Self> {
        if weights.is_empty() {
            return vec![];
        }
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        let weights: Vec<i128> = match total {
            0 => vec![1; weights.len()],
            _ => weights.iter().copied().map(i128::from).collect(),
        };
        let total: i128 = weights.iter().sum();
        let amount = i128::from(self.0);
        let mut shares: Vec<i128> =
            weights.iter().map(|it| (amount * it).div_euclid(total)).collect();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|&at| (-(amount * weights[at]).rem_euclid(total), at));
        let left = amount - shares.iter().sum::<i128>();
        for &at in order.iter().take(usize::try_from(left).unwrap_or_default()) {
            shares[at] += 1;
        }
        shares.into_iter().map(|it| Self(narrow(it))).collect()
    }

    /// `self · numerator / denominator`, rounded half to even.
    #[must_use]
    pub fn ratio(self, numerator: i64, denominator: i64) -> Self {
        Self(half_even(i128::from(self.0) * i128::from(numerator), i128::from(denominator)))
    }
}

/// `dividend / divisor`, rounded half to even. The divisor is positive.
pub fn half_even(dividend: i128, divisor: i128) -> i64 {
    let (whole, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => whole % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    narrow(whole + i128::from(up))
}

#[expect(clippy::expect_used, reason = "money that overflows must stop the decision")]
fn narrow(wide: i128) -> i64 {
    i64::try_from(wide).expect("more money than there is")
}

impl Add for Cents {
    type Output = Self;

    #[expect(clippy::expect_used, reason = "money that overflows must stop the decision")]
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("more money than there is"))
    }
}

impl Sub for Cents {
    type Output = Self;

    #[expect(clippy::expect_used, reason = "money that overflows must stop the decision")]
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("more debt than there is"))
    }
}

impl Neg for Cents {
    type Output = Self;

    fn neg(self) -> Self {
        Self(0) - self
    }
}

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Cents {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self(0), Add::add)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A currency by its ISO 4217 code.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("enum" = codes()))]
pub struct Currency([u8; 3]);

impl Currency {
    pub const CNY: Self = Self(*b"CNY");

    /// The currency of this code, if ISO 4217 has it.
    pub fn new(code: &str) -> Result<Self, NoCurrency> {
        let known = iso_currency::Currency::from_code(code);
        match (known, code.as_bytes()) {
            (Some(_), &[a, b, c]) => Ok(Self([a, b, c])),
            _ => Err(NoCurrency(code.to_owned())),
        }
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX") // Made of ASCII only.
    }

    /// How many digits the minor unit has: 2 for CNY, 0 for JPY.
    pub fn exponent(self) -> u32 {
        let known = iso_currency::Currency::from_code(self.code());
        known.and_then(iso_currency::Currency::exponent).map_or(0, u32::from)
    }

    /// The amount as people write it: `1130.00`.
    pub fn format(self, amount: Cents) -> String {
        let digits = self.exponent() as usize;
        let sign = if amount.0 < 0 { "-" } else { "" };
        let minor = format!("{:0>width$}", amount.0.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = minor.split_at(minor.len() - digits);
        let point = if digits == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// Every code of ISO 4217, sorted.
fn codes() -> Vec<String> {
    let letters = || (b'A'..=b'Z').map(char::from);
    let pairs = letters().flat_map(|one| letters().map(move |two| format!("{one}{two}")));
    let all = pairs.flat_map(|it| letters().map(move |last| format!("{it}{last}")));
    all.filter(|it| Currency::new(it).is_ok()).collect()
}

impl TryFrom<String> for Currency {
    type Error = NoCurrency;
    fn try_from(code: String) -> Result<Self, NoCurrency> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code().fmt(f)
    }
}

/// A code that ISO 4217 does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ISO 4217 currency code")]
pub struct NoCurrency(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_split_to_the_last_cent() {
        assert_eq!(Cents(1000).split(&[5997, 500]), [Cents(923), Cents(77)]);
        assert_eq!(Cents(5074).split(&[1, 1, 1]), [Cents(1692), Cents(1691), Cents(1691)]);
        assert_eq!(Cents(5).split(&[0, 0]), [Cents(3), Cents(2)]);
    }

    #[test]
    fn halves_go_to_even() {
        let rounded: Vec<i64> = [5, 15, 25, -5, -15].map(|it| half_even(it, 10)).to_vec();
        assert_eq!(rounded, [0, 2, 2, 0, -2]);
    }

    #[test]
    fn money_is_written_with_the_digits_of_its_currency() {
        let written = |code, cents| Currency::new(code).unwrap().format(Cents(cents));
        assert_eq!(written("CNY", 113_000), "1130.00");
        assert_eq!(written("CNY", -5), "-0.05");
        assert_eq!(written("JPY", 1130), "1130");
        assert!(Currency::new("cny").is_err());
    }

    proptest::proptest! {
        #[test]
        fn shares_add_up(amount in -1_000_000_i64..1_000_000, weights in proptest::collection::vec(0_i64..1000, 1..12)) {
            let shares: Cents = Cents(amount).split(&weights).into_iter().sum();
            proptest::prop_assert_eq!(shares, Cents(amount));
        }

        /// Whatever an amount is, it is written with its digits, and read from its number.
        #[test]
        fn every_amount_is_written(amount: i64, currency in proptest::sample::select(codes())) {
            let currency = Currency::new(&currency).unwrap();
            let written = currency.format(Cents(amount));
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            proptest::prop_assert_eq!(digits.parse::<u64>().unwrap(), amount.unsigned_abs());
            proptest::prop_assert_eq!(written.starts_with('-'), amount < 0);
            let json = serde_json::to_string(&Cents(amount)).unwrap();
            proptest::prop_assert_eq!(serde_json::from_str::<Cents>(&json).unwrap(), Cents(amount));
        }

        /// Whatever stands where money or a currency should: it is read, or refused.
        #[test]
        fn no_text_is_too_much_for_money(text in "\\PC{0,20}|-?[0-9]{0,25}([.][0-9]{0,3})?([eE][0-9]{1,4})?") {
            serde_json::from_str::<Cents>(&text).map(drop).ok();
            serde_json::from_str::<Currency>(&format!("{text:?}")).map(drop).ok();
            Currency::new(&text).map(drop).ok();
        }
    }
}
