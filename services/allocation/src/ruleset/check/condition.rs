//! Reading what a rule asks of an order.

use serde_json::Value;

use crate::ruleset::Condition;
use crate::ruleset::check::Check;
use crate::ruleset::clause::{Clause, FIELDS, LINE_FIELDS, Of, Operand, Sort, Test};
use crate::ruleset::expression;
use crate::ruleset::reader::At;

/// How deep conditions may stand in conditions.
const MOST_DEPTH: usize = 8;

const NUMBERS: &[&str] =
    &["eq", "ne", "gt", "gte", "lt", "lte", "between", "in", "not_in", "exists"];
const TEXTS: &[&str] = &["eq", "ne", "in", "not_in", "starts_with", "exists"];
const WORDS: &[&str] = &["eq", "ne", "in", "not_in", "exists"];
const FLAGS: &[&str] = &["eq", "ne"];
const REGIONS: &[&str] = &["in_region"];

impl Check<'_> {
    /// A condition; one that never holds, where it cannot be read.
    pub(super) fn condition(&mut self, at: &At<'_>, depth: usize) -> Condition {
        if depth >= MOST_DEPTH {
            self.problems.add("range", at, format!("{MOST_DEPTH} levels at most"));
            return Condition::Any(vec![]);
        }
        if at.key("field").is_some() {
            let clause = self.clause(at);
            return clause.map_or(Condition::Any(vec![]), |it| Condition::Clause(Box::new(it)));
        }
        self.problems.object(at, &["all", "any", "not", "always", "field"]);
        let parts = ["all", "any", "not", "always"].map(|it| at.key(it));
        match parts {
            [Some(all), None, None, None] => Condition::All(self.conditions(&all, depth)),
            [None, Some(any), None, None] => Condition::Any(self.conditions(&any, depth)),
            [None, None, Some(it), None] => {
                Condition::Not(Box::new(self.condition(&it, depth + 1)))
            }
            [None, None, None, Some(always)] => {
                if always.value != &Value::Bool(true) {
                    self.problems.add("type", &always, "true");
                }
                Condition::Always
            }
            _ => {
                let expected = "one of all, any, not, always, or a field with its op and value";
                self.problems.add("condition", at, expected);
                Condition::Any(vec![])
            }
        }
    }

    fn conditions(&mut self, at: &At<'_>, depth: usize) -> Vec<Condition> {
        let all = self.problems.list(at);
        if all.is_empty() && at.value.is_array() {
            self.problems.add("condition", at, "at least one condition");
        }
        all.iter().map(|it| self.condition(it, depth + 1)).collect()
    }

    fn clause(&mut self, at: &At<'_>) -> Option<Clause> {
        self.problems.object(at, &["field", "quantifier", "op", "value"]);
        let field = at.key("field").and_then(|it| self.problems.text(&it));
        let op = self.problems.need(at, "op", "an operator");
        let op = op.and_then(|it| Some((self.problems.text(&it)?, it)));
        let value = self.problems.need(at, "value", "what to compare with");
        let (of, sort) = self.field(at, field.as_deref()?)?;
        let (op, value) = (op?, value?);
        let test = self.test((&op.0, &op.1), &value, sort)?;
        let quantifier = at.key("quantifier").map(|it| format!("{} ", plain(it.value)));
        let quantifier = quantifier.unwrap_or_default();
        let words = format!("{quantifier}{} {} {}", field?, op.0, plain(value.value));
        Some(Clause { text: words, of, test })
    }

    fn field(&mut self, at: &At<'_>, name: &str) -> Option<(Of, Sort)> {
        const QUANTIFIERS: &[&str] = &["any", "all", "none"];
        if let Some((_, field, sort)) = FIELDS.into_iter().find(|it| it.0 == name) {
            if let Some(quantifier) = at.key("quantifier") {
                self.problems.add("unknown.key", &quantifier, "a quantifier with lines only");
            }
            return Some((Of::Order(field), sort));
        }
        if let Some((_, field, sort)) = LINE_FIELDS.into_iter().find(|it| it.0 == name) {
            let expected = QUANTIFIERS.join(", ");
            let quantifier = self.problems.need(at, "quantifier", &expected)?;
            let quantifier = self.problems.word(&quantifier, QUANTIFIERS)?;
            return Some((Of::Lines(field, quantifier), sort));
        }
        let known = FIELDS.iter().map(|it| it.0).chain(LINE_FIELDS.iter().map(|it| it.0));
        let known = known.collect::<Vec<&str>>().join(", ");
        self.problems.add("unknown.field", &at.key("field")?, known);
        None
    }

    fn test(&mut self, op: (&str, &At<'_>), value: &At<'_>, sort: Sort) -> Option<Test> {
        let known = match sort {
            Sort::Amount | Sort::Number => NUMBERS,
            Sort::Text => TEXTS,
            Sort::Words(_) => WORDS,
            Sort::Flag => FLAGS,
            Sort::Region => REGIONS,
        };
        if !known.contains(&op.0) {
            self.problems.add("unknown.operator", op.1, known.join(", "));
            return None;
        }
        Some(match op.0 {
            "eq" => Test::Is(self.operand(value, sort)?),
            "ne" => Test::IsNot(self.operand(value, sort)?),
            "in" => Test::OneOf(self.operands(value, sort)),
            "not_in" => Test::NoneOf(self.operands(value, sort)),
            "exists" => Test::Exists(self.problems.flag(value)?),
            "starts_with" => Test::StartsWith(self.problems.text(value)?),
            "in_region" => self.region(value)?,
            "between" => self.between(value, sort)?,
            "gt" => Test::Above(self.bound(value, sort)?),
            "gte" => Test::AtLeast(self.bound(value, sort)?),
            "lt" => Test::Below(self.bound(value, sort)?),
            _ => Test::AtMost(self.bound(value, sort)?),
        })
    }

    fn operands(&mut self, at: &At<'_>, sort: Sort) -> Vec<Operand> {
        let all = self.problems.list(at);
        if all.is_empty() && at.value.is_array() {
            self.problems.add("type", at, "at least one value");
        }
        all.iter().filter_map(|it| self.operand(it, sort)).collect()
    }

    fn operand(&mut self, at: &At<'_>, sort: Sort) -> Option<Operand> {
        match sort {
            Sort::Amount | Sort::Number => self.bound(at, sort).map(Operand::Number),
            Sort::Flag => self.problems.flag(at).map(Operand::Flag),
            Sort::Text | Sort::Region => self.problems.text(at).map(Operand::Text),
            Sort::Words(words) => {
                let text = at.value.as_str().filter(|it| words.contains(it));
                if text.is_none() {
                    self.problems.add("type", at, words.join(", "));
                }
                text.map(|it| Operand::Text(it.to_owned()))
            }
        }
    }

    /// A number, plain or as an expression; of money, in cents from here on.
    fn bound(&mut self, at: &At<'_>, sort: Sort) -> Option<i64> {
        let number = match at.key("expr") {
            None => self.problems.number(at, i64::MIN, i64::MAX)?,
            Some(expr) => {
                self.problems.object(at, &["expr"]);
                let text = self.problems.text(&expr)?;
                match expression::value(&text, &self.parameters) {
                    Ok(number) => number,
                    Err(expected) => {
                        self.problems.add("expression", &expr, expected);
                        return None;
                    }
                }
            }
        };
        let cents = if sort == Sort::Amount { number.checked_mul(100) } else { Some(number) };
        if cents.is_none() {
            self.problems.add("range", at, "an amount that can be counted in cents");
        }
        cents
    }

    fn between(&mut self, at: &At<'_>, sort: Sort) -> Option<Test> {
        let ends: Vec<i64> =
            self.problems.list(at).iter().filter_map(|it| self.bound(it, sort)).collect();
        match ends[..] {
            [low, high] if low <= high => Some(Test::Between(low, high)),
            _ => {
                self.problems.add("type", at, "two numbers, the lower first");
                None
            }
        }
    }

    fn region(&mut self, at: &At<'_>) -> Option<Test> {
        let name = self.problems.text(at)?;
        let Some(provinces) = self.regions.get(&name) else {
            let known = self.regions.keys().cloned().collect::<Vec<String>>().join(", ");
            self.problems.add("unknown.region", at, known);
            return None;
        };
        Some(Test::OneOf(provinces.iter().cloned().map(Operand::Text).collect()))
    }
}

/// A value as people read it.
fn plain(value: &Value) -> String {
    let expression = value.get("expr").unwrap_or(value);
    expression.as_str().map_or_else(|| expression.to_string(), str::to_owned)
}
