//! Reading JSON that may be wrong anywhere, so that everything that is wrong is said at once.

use contracts::intake::Problem;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Values compared and reported by where they stand.
#[derive(Debug, Clone)]
pub(crate) struct At<'v> {
    pub(crate) value: &'v Value,
    pub(crate) pointer: String,
}

/// Everything that was found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl<'v> At<'v> {
    pub(crate) fn root(value: &'v Value) -> Self {
        Self { value, pointer: String::new() }
    }

    /// What stands under this name, if anything does.
    pub(crate) fn key(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name)?;
        let name = name.replace('~', "~0").replace('/', "~1");
        Some(Self { value, pointer: format!("{}/{name}", self.pointer) })
    }
}

impl Problems {
    /// Notes that this is wrong here.
    pub(crate) fn add(&mut self, code: &str, at: &At<'_>, expected: impl Into<String>) {
        let found = match (at.value, at.value.as_str()) {
            (Value::Null, _) => String::new(),
            (_, Some(text)) => text.to_owned(),
            (value, None) => value.to_string(),
        };
        let found = found.chars().take(100).collect();
        let (code, pointer, expected) = (code.to_owned(), at.pointer.clone(), expected.into());
        self.0.push(Problem { code, pointer, found, expected });
    }

    fn missing(&mut self, at: &At<'_>, name: &str, expected: &str) {
        let (code, pointer) = ("required".to_owned(), format!("{}/{name}", at.pointer));
        let expected = expected.to_owned();
        self.0.push(Problem { code, pointer, found: String::new(), expected });
    }

    /// The object here. Names that mean nothing are wrong: they are mostly typing errors.
    pub(crate) fn object<'v>(
        &mut self,
        at: &At<'v>,
        known: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Value::Object(object) = at.value else {
            self.add("type", at, "an object");
            return None;
        };
        for name in object.keys().filter(|it| !known.contains(&it.as_str())) {
            if let Some(at) = at.key(name) {
                self.add("unknown.key", &at, known.join(", "));
            }
        }
        Some(object)
    }

    /// What stands under this name; wrong if nothing does.
    pub(crate) fn need<'v>(&mut self, at: &At<'v>, name: &str, expected: &str) -> Option<At<'v>> {
        let found = at.key(name).filter(|it| !it.value.is_null());
        if found.is_none() && at.value.is_object() {
            self.missing(at, name, expected);
        }
        found
    }

    /// The elements here, each with its place.
    pub(crate) fn list<'v>(&mut self, at: &At<'v>) -> Vec<At<'v>> {
        let Value::Array(all) = at.value else {
            self.add("type", at, "a list");
            return vec![];
        };
        let place = |nth| format!("{}/{nth}", at.pointer);
        all.iter().enumerate().map(|(nth, value)| At { value, pointer: place(nth) }).collect()
    }

    pub(crate) fn text(&mut self, at: &At<'_>) -> Option<String> {
        let is_text =
            |it: &&str| (1..=200).contains(&it.chars().count()) && !it.contains(char::is_control);
        match at.value.as_str().filter(is_text) {
            Some(text) => Some(text.to_owned()),
            None => self.wrong(at, "a text of 1 to 200 printable characters"),
        }
    }

    pub(crate) fn flag(&mut self, at: &At<'_>) -> Option<bool> {
        at.value.as_bool().or_else(|| self.wrong(at, "true or false"))
    }

    /// A whole number within these bounds.
    pub(crate) fn number(&mut self, at: &At<'_>, from: i64, to: i64) -> Option<i64> {
        let Some(number) = at.value.as_i64() else { return self.wrong(at, "a whole number") };
        if (from..=to).contains(&number) {
            return Some(number);
        }
        self.add("range", at, format!("{from} to {to}"));
        None
    }

    /// One of these words, and what it stands for.
    pub(crate) fn word<T: DeserializeOwned>(&mut self, at: &At<'_>, known: &[&str]) -> Option<T> {
        let word = serde_json::from_value(at.value.clone()).ok();
        word.or_else(|| self.wrong(at, &known.join(", ")))
    }

    fn wrong<T>(&mut self, at: &At<'_>, expected: &str) -> Option<T> {
        self.add("type", at, expected);
        None
    }
}
