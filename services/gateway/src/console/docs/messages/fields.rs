//! The fields of a message, read from its JSON Schema.

use serde_json::{Map, Value};

use super::super::prose::{Piece, pieces};

/// Where the definitions are that schemas refer to.
const DEFINITIONS: &str = "#/components/schemas/";

/// How deep fields of fields are shown.
const DEEP: usize = 4;

/// A field, wherever in the message it is.
pub(super) struct Field {
    /// `lines[].sku`
    pub(super) path: String,
    pub(super) sort: String,
    pub(super) is_required: bool,
    pub(super) about: Vec<Piece>,
}

/// All fields of what this schema describes, fields of fields after them.
pub(super) fn of(definitions: &Map<String, Value>, schema: &Value) -> Vec<Field> {
    let mut all = Vec::new();
    Schemas { definitions }.enter(schema, "", 0, &mut all);
    all
}

struct Schemas<'a> {
    definitions: &'a Map<String, Value>,
}

impl<'a> Schemas<'a> {
    /// What the reference leads to; or itself, if it is none.
    fn followed(&self, schema: &'a Value) -> (&'a str, &'a Value) {
        let name = schema.get("$ref").and_then(Value::as_str).unwrap_or_default();
        let name = name.trim_start_matches(DEFINITIONS);
        self.definitions.get(name).map_or(("", schema), |it| (name, it))
    }

    /// Every way in which it can be: itself, or one of several.
    fn ways(schema: &'a Value) -> impl Iterator<Item = &'a Value> {
        let several = ["oneOf", "anyOf", "allOf"].into_iter();
        several.filter_map(|it| schema.get(it)?.as_array()).flatten()
    }

    fn enter(&self, schema: &'a Value, path: &str, depth: usize, all: &mut Vec<Field>) {
        let (_, schema) = self.followed(schema);
        if let Some(items) = schema.get("items") {
            return self.enter(items, &format!("{path}[]"), depth, all);
        }
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|it| it.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, field) in properties.into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if all.iter().any(|it| it.path == path) {
                continue; // Another way has a field of this name.
            }
            let is_required = required.contains(&&**name);
            let (sort, about) = (self.sort(field), pieces(&self.about(field)));
            all.push(Field { path: path.clone(), sort, is_required, about });
            if depth < DEEP {
                self.enter(field, &path, depth + 1, all);
            }
        }
        if depth < DEEP {
            Self::ways(schema).for_each(|way| self.enter(way, path, depth + 1, all));
        }
    }

    /// What it is for: in its own words, or in those of its type.
    fn about(&self, schema: &'a Value) -> String {
        let words = |it: &Value| it.get("description").and_then(Value::as_str).map(str::to_owned);
        let ways = Self::ways(schema).find_map(|it| words(self.followed(it).1));
        let found = words(schema).or_else(|| words(self.followed(schema).1)).or(ways);
        found.unwrap_or_default().replace('\n', " ")
    }

    /// `string (uuid)`, `list of string`, `one of "a", "b"`.
    fn sort(&self, schema: &'a Value) -> String {
        let (_, it) = self.followed(schema);
        if let Some(items) = it.get("items") {
            return format!("list of {}", self.sort(items));
        }
        let words = self.words(it);
        if !words.is_empty() {
            return words.join(" | ");
        }
        let plain = match it.get("type") {
            Some(Value::String(one)) => one.clone(),
            Some(Value::Array(several)) => {
                several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ")
            }
            _ => {
                let ways = Self::ways(it).map(|way| self.sort(way));
                let mut ways: Vec<String> = ways.collect();
                ways.dedup();
                ways.join(" | ")
            }
        };
        match it.get("format").and_then(Value::as_str) {
            Some(format) if !format.starts_with(['i', 'u']) || format == "uuid" => {
                format!("{plain} ({format})")
            }
            _ => plain,
        }
    }

    /// The words that it can be, if they are few.
    fn words(&self, schema: &'a Value) -> Vec<String> {
        let own = schema.get("const").into_iter();
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let mut words: Vec<String> = own.chain(listed).map(Value::to_string).collect();
        let ways: Vec<_> = Self::ways(schema).collect();
        for way in &ways {
            words.extend(self.words(self.followed(way).1));
        }
        let few = words.len() <= 24 && (ways.is_empty() || words.len() >= ways.len());
        if few { words } else { vec![] }
    }
}
