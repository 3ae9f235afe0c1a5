//! Reading a JSON document so that everything that is wrong with it is found at once.

use std::ops::RangeInclusive;
use std::str::FromStr;

use contracts::intake::Problem;
use serde_json::{Map, Value};

/// How many problems are told at most.
const MOST_PROBLEMS: usize = 500;

/// How many characters of what stood there are told.
const FOUND_CHARS: usize = 100;

/// All that is wrong with a document.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

/// What is wrong with one value.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) code: &'static str,
    pub(crate) expected: String,
}

/// An object of the document, and where it stands.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    pointer: String,
    fields: &'a Map<String, Value>,
}

impl Problems {
    /// Notes that something is wrong there. What stood there may be a text of its own.
    pub(crate) fn add(&mut self, wrong: Wrong, pointer: &str, found: &str) {
        if self.0.len() < MOST_PROBLEMS {
            let found = found.chars().take(FOUND_CHARS).collect();
            let Wrong { code, expected } = wrong;
            let (code, pointer) = (code.to_owned(), pointer.to_owned());
            self.0.push(Problem { code, pointer, found, expected });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

/// Something is wrong, and what would be right.
pub(crate) fn wrong(code: &'static str, expected: impl Into<String>) -> Wrong {
    Wrong { code, expected: expected.into() }
}

impl<'a> Object<'a> {
    /// The value as an object that has no fields but these.
    pub(crate) fn of(
        value: &'a Value,
        pointer: impl Into<String>,
        known: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let pointer = pointer.into();
        let Value::Object(fields) = value else {
            problems.add(wrong("type", "an object"), &pointer, &text_of(value));
            return None;
        };
        let object = Self { pointer, fields };
        for (name, value) in fields.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let expected = format!("one of {}", known.join(", "));
            problems.add(wrong("unknown", expected), &object.pointer(name), &text_of(value));
        }
        Some(object)
    }

    /// Where a field of the object stands.
    pub(crate) fn pointer(&self, name: &str) -> String {
        let name: String = name.chars().take(FOUND_CHARS).collect();
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    /// What stands in the field; null is nothing.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|it| !it.is_null())
    }

    /// Reads a field that has to be there. Nothing, if it is wrong.
    pub(crate) fn required<T>(
        &self,
        name: &str,
        problems: &mut Problems,
        read: impl FnOnce(&'a Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        let read = self.optional(name, problems, read)?;
        if read.is_none() {
            problems.add(wrong("required", "a value"), &self.pointer(name), "");
        }
        read
    }

    /// Reads a field that need not be there. Nothing, if it is wrong.
    #[expect(clippy::option_option, reason = "wrong, not there, there")]
    pub(crate) fn optional<T>(
        &self,
        name: &str,
        problems: &mut Problems,
        read: impl FnOnce(&'a Value) -> Result<T, Wrong>,
    ) -> Option<Option<T>> {
        let Some(value) = self.value(name) else { return Some(None) };
        match read(value) {
            Ok(it) => Some(Some(it)),
            Err(wrong) => {
                problems.add(wrong, &self.pointer(name), &text_of(value));
                None
            }
        }
    }
}

/// What stands there, as text.
pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One line of so many characters, without spaces around it.
pub(crate) fn line(length: RangeInclusive<usize>) -> impl FnOnce(&Value) -> Result<String, Wrong> {
    move |value| text(value, length, |_| false)
}

/// As [`line()`], and it may be broken into several.
pub(crate) fn lines(length: RangeInclusive<usize>) -> impl FnOnce(&Value) -> Result<String, Wrong> {
    move |value| text(value, length, |it| matches!(it, '\n' | '\r' | '\t'))
}

fn text(
    value: &Value,
    length: RangeInclusive<usize>,
    allowed: fn(char) -> bool,
) -> Result<String, Wrong> {
    let text = value.as_str().ok_or_else(|| wrong("type", "a text"))?.trim();
    if text.chars().any(|it| it.is_control() && !allowed(it)) {
        return Err(wrong("characters", "a text without control characters"));
    }
    if !length.contains(&text.chars().count()) {
        let (least, most) = (length.start(), length.end());
        return Err(wrong("length", format!("{least} to {most} characters")));
    }
    Ok(text.to_owned())
}

/// A whole number within these bounds.
pub(crate) fn whole(range: RangeInclusive<i64>) -> impl FnOnce(&Value) -> Result<i64, Wrong> {
    move |value| {
        if !value.is_i64() && !value.is_u64() {
            return Err(wrong("type", "a whole number"));
        }
        let (least, most) = (range.start(), range.end());
        let number = value.as_i64().filter(|it| range.contains(it));
        number.ok_or_else(|| wrong("range", format!("{least} to {most}")))
    }
}

/// True or false.
pub(crate) fn flag(value: &Value) -> Result<bool, Wrong> {
    value.as_bool().ok_or_else(|| wrong("type", "true or false"))
}

/// One of these words.
pub(crate) fn word<T: Copy>(words: &[(&str, T)]) -> impl FnOnce(&Value) -> Result<T, Wrong> {
    move |value| {
        let text = value.as_str().ok_or_else(|| wrong("type", "a text"))?;
        words.iter().find(|it| it.0 == text).map(|it| it.1).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|it| it.0).collect();
            wrong("value", format!("one of {}", words.join(", ")))
        })
    }
}

/// A name that may stand in a subject.
pub(crate) fn token<T: FromStr>(value: &Value) -> Result<T, Wrong> {
    let text = value.as_str().ok_or_else(|| wrong("type", "a text"))?;
    let expected = "1 to 64 printable ASCII characters without space . * > \" % < \\";
    text.parse().map_err(|_| wrong("token", expected))
}
