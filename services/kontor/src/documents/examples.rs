//! Examples, made from the JSON Schema of what they are examples of: they cannot grow stale.

use serde_json::{Map, Value, json};

/// Where the definitions are that schemas refer to.
const DEFINITIONS: &str = "#/components/schemas/";

/// How deep things are nested before an example leaves out what need not be there.
const DEEP: usize = 12;

/// Makes examples of schemas that refer to these definitions.
pub(super) struct Examples<'a> {
    definitions: &'a Map<String, Value>,
}

impl<'a> Examples<'a> {
    pub(super) fn of(definitions: &'a Map<String, Value>) -> Self {
        Self { definitions }
    }

    /// An example that fits this schema, every field of it filled in.
    pub(super) fn fitting(&self, schema: &Value) -> Value {
        self.sample(schema, "", 0)
    }

    /// One that stands in a field of this name.
    fn sample(&self, schema: &Value, field: &str, depth: usize) -> Value {
        let Value::Object(schema) = schema else { return json!({}) };
        let mut found = Value::Null;
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            return values.first().cloned().unwrap_or_default();
        }
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.trim_start_matches(DEFINITIONS);
            let definition = self.definitions.get(name).unwrap_or(&Value::Null);
            found = named(name).unwrap_or_else(|| self.sample(definition, field, depth + 1));
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            if let Some(Value::Array(ways)) = schema.get(choice) {
                let way = ways.iter().find(|it| it["type"] != "null").unwrap_or(&Value::Null);
                found = merged(found, self.sample(way, field, depth));
            }
        }
        if schema.contains_key("properties") {
            return merged(found, self.object(schema, depth));
        }
        if found != Value::Null {
            return found;
        }
        match kind(schema) {
            "array" => {
                let items = schema.get("items").unwrap_or(&Value::Null);
                let item = self.sample(items, field, depth + 1);
                if depth > DEEP { json!([]) } else { json!([item]) }
            }
            "string" => text(schema, field),
            "integer" | "number" => number(schema, field),
            "boolean" => json!(field == "active" || field == "on_account"),
            // What somebody outside sent, unread.
            _ if field == "order" => {
                self.fitting(&json!({ "$ref": "#/components/schemas/Submission" }))
            }
            _ => json!({}),
        }
    }

    fn object(&self, schema: &Map<String, Value>, depth: usize) -> Value {
        let required = |name: &str| {
            let names = schema.get("required").and_then(Value::as_array);
            names.is_some_and(|it| it.iter().any(|it| it == name))
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let fields = properties.into_iter().flatten();
        let fields = fields.filter(|(name, _)| depth < DEEP || required(name));
        fields.map(|(name, it)| (name.clone(), self.sample(it, name, depth + 1))).collect()
    }
}

/// Of two objects one, and of anything else the later one.
fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (one, Value::Null) => one,
        (_, other) => other,
    }
}

/// What it is, `null` apart.
fn kind(schema: &Map<String, Value>) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|it| *it != "null").unwrap_or_default()
        }
        _ => "",
    }
}

/// Words of the house that look like something.
fn named(definition: &str) -> Option<Value> {
    Some(match definition {
        "OrderId" => json!("019a5c1e-7a2b-7cde-8f01-23456789abcd"),
        "ShipmentId" => json!("019a5c20-11d4-7b6e-9a3c-5d0e8f7a6b21"),
        "InvoiceId" => json!("019a5c2a-90cc-7e15-b0d7-1a2b3c4d5e6f"),
        "LetterId" => json!("019a5c2b-4411-7f3a-8e66-0f1e2d3c4b5a"),
        "DeliveryId" => json!("7d5e9b1c-52aa-5b0f-8a41-6c3d2e1f0a9b"),
        "Actor" => json!("wang.fang"),
        "CarrierId" => json!("swift"),
        "ChannelId" => json!("web"),
        "Currency" => json!("CNY"),
        "CustomerId" => json!("C-1002"),
        "EndpointId" => json!("erp"),
        "ExternalId" => json!("W-1001"),
        "HookSecret" => json!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "PaymentId" => json!("P-20261122-7"),
        "ProviderId" => json!("bank"),
        "Sku" => json!("TEA-GREEN"),
        "TrackingNo" => json!("SF1234567890"),
        "WarehouseId" => json!("WH-A"),
        _ => return None,
    })
}

fn text(schema: &Map<String, Value>, field: &str) -> Value {
    match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => return json!("019a5c1e-7a2b-7cde-8f01-23456789abcd"),
        Some("date-time") => return json!("2026-11-22T04:46:38.949787Z"),
        Some("date") => return json!("2026-12-22"),
        Some("uri") => return json!("https://erp.example/kontor"),
        _ => {}
    }
    json!(match field {
        "order_no" => "K01-000042",
        "name" => "王小明",
        "phone" => "13800138000",
        "country" => "CN",
        "province" => "江苏",
        "city" => "南京",
        "district" => "玄武",
        "street" => "中山路 1 号",
        "postcode" => "210018",
        "url" => "https://erp.example/kontor",
        "po_number" => "PO-2026-117",
        "document" => "DN-20261122-7",
        "reason" | "remark" => "the customer asked",
        "pointer" => "/lines/0/sku",
        "code" => "sku.unknown",
        "found" => "TEA-GREN",
        "expected" => "an active item of the catalogue",
        "ruleset" => "cn-default",
        "category" => "tea",
        _ => "text",
    })
}

fn number(schema: &Map<String, Value>, field: &str) -> Value {
    let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(i64::MIN);
    let number: i64 = match field {
        "unit_price" => 12_800,
        "unit_cost" => 5_200,
        "tax" => 3_328,
        "freight" => 1_200,
        "discount" => 0,
        "total" | "amount" => 30_128,
        "limit" => 80_000_000,
        "tax_rate" => 1_300,
        "weight_g" => 280,
        "quantity" => 2,
        "payment_days" => 30,
        "lines_per_hour" => 900,
        "max_quantity" => 10_000,
        _ => 1,
    };
    json!(number.max(least))
}
