//! A sum of products of whole numbers and parameters: `X_wan * 10000 - 1`. There is nothing in it
//! that could loop, divide or call anything, and it is worked out once, when a ruleset is read.

use std::collections::BTreeMap;

/// The value of an expression, or what is wrong with it.
pub(crate) fn value(text: &str, parameters: &BTreeMap<String, i64>) -> Result<i64, String> {
    let mut words = Words { rest: text, parameters };
    let mut sum = words.product()?;
    while let Some(sign) = words.sign("+-") {
        let product = words.product()?;
        let next = if sign == '+' { sum.checked_add(product) } else { sum.checked_sub(product) };
        sum = next.ok_or("a smaller number")?;
    }
    match words.rest.trim_start() {
        "" => Ok(sum),
        rest => Err(format!("+, - or * before {rest:?}")),
    }
}

/// What is not read yet.
struct Words<'a> {
    rest: &'a str,
    parameters: &'a BTreeMap<String, i64>,
}

impl Words<'_> {
    fn product(&mut self) -> Result<i64, String> {
        let mut product = self.number()?;
        while self.sign("*").is_some() {
            product = product.checked_mul(self.number()?).ok_or("a smaller number")?;
        }
        Ok(product)
    }

    fn number(&mut self) -> Result<i64, String> {
        let rest = self.rest.trim_start();
        let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = after;
        match word.bytes().next() {
            None => Err("a number or a parameter".to_owned()),
            Some(it) if it.is_ascii_digit() => {
                word.parse().map_err(|_| format!("a whole number instead of {word}"))
            }
            Some(_) => self.parameters.get(word).copied().ok_or_else(|| {
                let known: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
                format!("a parameter that is declared ({}), not {word}", known.join(", "))
            }),
        }
    }

    fn sign(&mut self, signs: &str) -> Option<char> {
        let rest = self.rest.trim_start();
        let sign = rest.chars().next().filter(|it| signs.contains(*it))?;
        self.rest = &rest[1..];
        Some(sign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_come_before_sums() {
        let parameters = BTreeMap::from([("X_wan".to_owned(), 5)]);
        let check = |text| value(text, &parameters);
        assert_eq!(check("X_wan * 10000"), Ok(50_000));
        assert_eq!(check(" 2+3*X_wan-1 "), Ok(16));
        assert_eq!(check("7"), Ok(7));
        assert_eq!(check("Y * 2"), Err("a parameter that is declared (X_wan), not Y".to_owned()));
        assert_eq!(check("X_wan / 2"), Err("+, - or * before \"/ 2\"".to_owned()));
        assert_eq!(check("X_wan *"), Err("a number or a parameter".to_owned()));
        assert_eq!(check("2x"), Err("a whole number instead of 2x".to_owned()));
        assert_eq!(check("9223372036854775807 + 1"), Err("a smaller number".to_owned()));
        assert_eq!(check(""), Err("a number or a parameter".to_owned()));
    }
}
