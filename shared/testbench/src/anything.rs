//! Any message that a contract allows, made from its schema: for rules that are to answer whatever
//! comes, in whatever state. Names are few, so that messages meet; numbers are small, and now and
//! then as large as they may be.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use contracts::{Contract, MessageSet, RawValue};
use proptest::collection::vec;
use proptest::prelude::*;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json, value::to_raw_value};

/// How deep a value goes at most.
const DEPTH: u32 = 12;

/// How large an amount of money is at most, either way: a thousand million yuan. Sums of such amounts
/// overflow nowhere; those that do are bugs, and park what brought them about.
const MONEY: i64 = 100_000_000_000;

/// How large any other number is at most, if the schema says nothing.
const LARGEST: i64 = 1_000_000;

/// How often a message is made that then does not read: a schema does not tell all.
const TRIES: u32 = 100;

/// How many messages are made to see of what none are.
const SAMPLE: u64 = 5_000;

const NAMES: [&str; 4] = ["A", "B", "W-1", "web"];
const TIMES: [&str; 3] = ["1970-01-01T00:00:00Z", "2026-11-20T08:00:00Z", "2030-01-01T00:00:00Z"];
const DATES: [&str; 3] = ["1970-01-01", "2026-11-20", "2030-02-28"];
const TEXTS: [&str; 5] = ["", "x", "王小明", "a line\nand another", "\u{1f600}'\"\\"];

/// How many lives are tried, and how many messages come in one at most.
const LIVES: u32 = 2_000;
const MESSAGES: usize = 60;

/// Whatever a contract allows is answered, in whatever state: fails where `decide` panics, and where
/// some message of the set never comes.
pub fn answer_anything<M: MessageSet, B>(begin: impl Fn() -> B, decide: impl Fn(&mut B, M)) {
    let make = Anything::<M>::default();
    assert_eq!(make.unmade(), [""; 0], "of these none could be made");
    proptest!(ProptestConfig::with_cases(LIVES), |(seeds in vec(any::<u64>(), 1..MESSAGES))| {
        let mut books = begin();
        for seed in seeds {
            decide(&mut books, make.message(seed));
        }
    });
}

/// Makes messages of a set.
struct Anything<M> {
    shapes: Vec<Shape>,
    of: PhantomData<M>,
}

/// What the messages of a contract look like.
struct Shape {
    subject: &'static str,
    schema: Value,
    definitions: Map<String, Value>,
}

impl<M: MessageSet> Default for Anything<M> {
    fn default() -> Self {
        let shape = |contract: &Contract| {
            let mut generator = SchemaGenerator::default();
            let schema = (contract.schema)(&mut generator).to_value();
            let definitions = generator.take_definitions(true);
            Shape { subject: contract.subject, schema, definitions }
        };
        Self { shapes: M::CONTRACTS.iter().map(shape).collect(), of: PhantomData }
    }
}

impl<M: MessageSet> Anything<M> {
    /// A message that the set allows; the same for the same seed.
    fn message(&self, seed: u64) -> M {
        let mut dice = Dice(seed);
        for _ in 0..TRIES {
            let shape = &self.shapes[dice.below(self.shapes.len())];
            let mut maker = Maker { dice: &mut dice, definitions: &shape.definitions };
            let body = maker.value(&shape.schema, DEPTH);
            let body: Box<RawValue> = to_raw_value(&body).expect("a value is JSON");
            if let Ok(message) = M::decode(shape.subject, &body) {
                return message;
            }
        }
        panic!("of {TRIES} messages none could be read")
    }

    /// The subjects of which no message could be made: a test that meets one is blind to it.
    fn unmade(&self) -> Vec<&'static str> {
        let made: BTreeSet<&str> =
            (0..SAMPLE).map(|it| self.message(it).contract().subject).collect();
        self.shapes.iter().map(|it| it.subject).filter(|it| !made.contains(it)).collect()
    }
}

/// Numbers that look thrown (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or_default()
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Makes one message.
struct Maker<'a> {
    dice: &'a mut Dice,
    definitions: &'a Map<String, Value>,
}

impl Maker<'_> {
    fn value(&mut self, schema: &Value, depth: u32) -> Value {
        let Some(fields) = schema.as_object() else { return self.free(depth) };
        if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
            return self.named(name.rsplit('/').next().unwrap_or_default(), depth);
        }
        if let Some(only) = fields.get("const") {
            return only.clone();
        }
        if let Some(all) = fields.get("enum").and_then(Value::as_array) {
            let home = all.iter().find(|it| *it == "CNY").filter(|_| self.dice.below(5) > 0);
            return home.cloned().unwrap_or_else(|| all[self.dice.below(all.len())].clone());
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(all) = fields.get(choice).and_then(Value::as_array) {
                let chosen = self.dice.below(all.len());
                return self.together(fields, &all[chosen], depth);
            }
        }
        self.plain(fields, depth)
    }

    /// One of several, with the fields that all of them have.
    fn together(&mut self, fields: &Map<String, Value>, chosen: &Value, depth: u32) -> Value {
        let mut value = self.value(chosen, depth);
        if let (Value::Object(of_one), true) = (&mut value, fields.contains_key("properties"))
            && let Value::Object(of_all) = self.plain(fields, depth)
        {
            of_one.extend(of_all);
        }
        value
    }

    fn named(&mut self, name: &str, depth: u32) -> Value {
        if name == "Cents" {
            return self.number(-MONEY, MONEY).into();
        }
        let schema = self.definitions.get(name).cloned().unwrap_or(Value::Bool(true));
        self.value(&schema, depth.saturating_sub(1))
    }

    fn plain(&mut self, fields: &Map<String, Value>, depth: u32) -> Value {
        let kind = match fields.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(Value::Array(kinds)) => {
                let kind = kinds[self.dice.below(kinds.len())].as_str();
                kind.unwrap_or("null").to_owned()
            }
            _ => return self.free(depth),
        };
        match kind.as_str() {
            "null" => Value::Null,
            "boolean" => (self.dice.below(2) == 0).into(),
            "integer" | "number" => {
                let bound = |name| fields.get(name).and_then(Value::as_i64);
                let (low, high) = (bound("minimum"), bound("maximum"));
                let format = fields.get("format").and_then(Value::as_str);
                let signed = !format.is_some_and(|it| it.starts_with("uint"));
                let low = low.unwrap_or(if signed { -LARGEST } else { 0 });
                self.number(low, high.unwrap_or(LARGEST)).into()
            }
            "string" => self.text(fields).into(),
            "array" => self.array(fields, depth),
            _ => self.object(fields, depth),
        }
    }

    /// Small, mostly.
    fn number(&mut self, low: i64, high: i64) -> i64 {
        let small = i64::try_from(self.dice.below(5)).unwrap_or_default();
        let number = match self.dice.below(12) {
            0 => low,
            1 => high,
            2 => -small,
            3 => i64::try_from(self.dice.below(100_000)).unwrap_or_default(),
            _ => small,
        };
        number.clamp(low, high)
    }

    fn text(&mut self, fields: &Map<String, Value>) -> String {
        let told = |name: &str| fields.get(name).and_then(Value::as_str);
        match (told("format"), told("pattern")) {
            (Some("uuid"), _) => {
                format!("00000000-0000-7000-8000-00000000000{}", self.dice.below(3))
            }
            (Some("date-time"), _) => self.dice.one_of(&TIMES).to_owned(),
            (Some("date"), _) => self.dice.one_of(&DATES).to_owned(),
            (_, Some("^[A-Z]{2}$")) => "CN".to_owned(),
            (_, Some(_)) => self.dice.one_of(&NAMES).to_owned(),
            _ if self.dice.below(4) == 0 => self.dice.one_of(&NAMES).to_owned(),
            _ => self.dice.one_of(&TEXTS).to_owned(),
        }
    }

    fn array(&mut self, fields: &Map<String, Value>, depth: u32) -> Value {
        if let Some(places) = fields.get("prefixItems").and_then(Value::as_array) {
            return places.iter().map(|it| self.value(it, depth.saturating_sub(1))).collect();
        }
        let least = fields.get("minItems").and_then(Value::as_u64).unwrap_or_default();
        let most = fields.get("maxItems").and_then(Value::as_u64).unwrap_or(3).min(least + 3);
        let length = least + self.dice.next() % (most - least + 1);
        let length = if depth == 0 { least } else { length };
        let item = fields.get("items").cloned().unwrap_or(Value::Bool(true));
        (0..length).map(|_| self.value(&item, depth.saturating_sub(1))).collect()
    }

    fn object(&mut self, fields: &Map<String, Value>, depth: u32) -> Value {
        let required = fields.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|it| it.iter().any(|it| it == name));
        let mut object = Map::new();
        for (name, schema) in
            fields.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            if is_required(name) || (depth > 0 && self.dice.below(2) == 0) {
                let value = self.value(schema, depth.saturating_sub(1));
                object.insert(name.clone(), value);
            }
        }
        if let Some(schema) = fields.get("additionalProperties").filter(|it| it.is_object()) {
            for _ in 0..self.dice.below(3) {
                let name = self.dice.one_of(&NAMES).to_owned();
                let value = self.value(schema, depth.saturating_sub(1));
                object.insert(name, value);
            }
        }
        object.into()
    }

    /// Anything at all: where a contract takes what the outside sends.
    fn free(&mut self, depth: u32) -> Value {
        match self.dice.below(if depth == 0 { 4 } else { 6 }) {
            0 => Value::Null,
            1 => self.number(i64::MIN, i64::MAX).into(),
            2 => json!(self.dice.one_of(&TEXTS)),
            3 => json!(1.5),
            4 => (0..self.dice.below(3)).map(|_| self.free(depth - 1)).collect(),
            _ => {
                let fields = (0..self.dice.below(3)).map(|_| {
                    let name = self.dice.one_of(&["lines", "pick", "what", "sku"]).to_owned();
                    (name, self.free(depth - 1))
                });
                Value::Object(fields.collect())
            }
        }
    }
}
