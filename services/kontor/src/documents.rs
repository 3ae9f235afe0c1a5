//! The documents that are generated from the contracts: what is committed must be what is generated.

mod examples;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use chassis::House;
use contracts::fulfilment::{self, CarrierReported, WarehouseReported};
use contracts::inventory::{self, StockReported};
use contracts::{Contract, Kind, Message};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::{house, permissions};
use examples::Examples;

/// Each document: where it is kept in the repository, and what it holds.
pub fn all() -> anyhow::Result<Vec<(&'static str, String)>> {
    let house = house::plain();
    let pretty = |value: &Value| anyhow::Ok(serde_json::to_string_pretty(value)? + "\n");
    Ok(vec![
        ("shared/contracts/asyncapi.json", pretty(&asyncapi(&house))?),
        ("shared/contracts/messages.json", pretty(&messages(&house))?),
        (
            "shared/contracts/permissions.json",
            pretty(&serde_json::to_value(permissions::all(&house))?)?,
        ),
        ("services/gateway/openapi.json", gateway::openapi()),
    ])
}

/// Writes every document into the repository at this path.
pub fn write(repository: &Path) -> anyhow::Result<()> {
    for (path, text) in all()? {
        std::fs::write(repository.join(path), text).with_context(|| path.to_owned())?;
    }
    Ok(())
}

/// Checks that every document in the repository is what is generated.
pub fn check(repository: &Path) -> anyhow::Result<()> {
    for (path, text) in all()? {
        let found = std::fs::read_to_string(repository.join(path)).unwrap_or_default();
        ensure!(found == text, "{path} is not what is generated; `kontor documents` writes it");
    }
    Ok(())
}

/// Everything that storefronts, warehouses, payment providers and carriers say and hear, as an
/// `AsyncAPI` 3 document.
fn asyncapi(house: &House) -> Value {
    let mut generator = generator();
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for contract in house.contracts() {
        let Some(door) = contract.door else { continue };
        let name = contract.subject.replace('.', "-");
        let heard = contract.kind == Kind::Report;
        let (action, verb) = if heard { ("receive", "hears") } else { ("send", "says") };
        let payload = contract.body.unwrap_or(contract.schema)(&mut generator);
        messages.insert(name.clone(), message(&contract, &payload, &generator));
        let mut channel = channel(door.pattern, &[&name], Some(door.stream));
        if let Some(words) = words(&contract) {
            channel["parameters"]["what"]["enum"] = words;
        }
        channels.insert(name.clone(), channel);
        let summary = format!("Kontor {verb} {}", door.pattern);
        operations.insert(name.clone(), operation(action, &name, &summary));
    }
    for (_, counter) in house.counters() {
        let name = counter.pattern.replace(['.', '{', '}'], "-").replace("--", "-");
        let name = name.trim_matches('-').to_owned();
        let answer = format!("{name}-answer");
        let payload = (counter.request)(&mut generator);
        messages.insert(name.clone(), json!({ "payload": payload, "contentType": JSON }));
        let payload = (counter.answer)(&mut generator);
        messages.insert(answer.clone(), json!({ "payload": payload, "contentType": JSON }));
        channels.insert(name.clone(), channel(counter.pattern, &[&name], None));
        channels.insert(
            answer.clone(),
            json!({
                "messages": { &answer: { "$ref": format!("#/components/messages/{answer}") } },
            }),
        );
        let mut operation = operation("receive", &name, counter.purpose);
        operation["reply"] = json!({
            "address": { "location": "$message.header#/reply" },
            "channel": { "$ref": format!("#/channels/{answer}") },
            "messages": [{ "$ref": format!("#/channels/{answer}/messages/{answer}") }],
        });
        operations.insert(name, operation);
    }
    let mut schemas = definitions(&mut generator);
    for message in messages.values_mut() {
        let example = Examples::of(&schemas).fitting(&message["payload"]);
        message["examples"] = json!([{ "name": "example", "payload": example }]);
    }
    schemas.values_mut().for_each(apart);
    json!({
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": JSON,
        "servers": {
            "local": {
                "host": "127.0.0.1:4222",
                "protocol": "nats",
                "description": "As `kontor up` starts it; it prints the port.",
                "security": security(),
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": { "user": {
                "type": "userPassword",
                "description": "The user is called after what it is and who: `channel-web`.",
            }},
        },
    })
}

/// What the document says of itself.
fn info() -> Value {
    json!({
        "title": "Kontor",
        "version": "1.0.0",
        "description": "What storefronts, warehouses, payment providers and carriers say to Kontor \
                        and hear from it over NATS. Each connects as a user of its own; its name in a \
                        subject is taken from there, never from the body. Streams keep what is said; \
                        each reader has a durable pull consumer, named after its user (`channel-web`, \
                        `warehouse-WH-A`), and hears answers below `_INBOX_<user>` only.",
        "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        "contact": { "name": "Kontor", "url": "https://kontor.example" },
        "tags": [
            { "name": "orders", "description": "Placing orders, and following them." },
            { "name": "warehouse", "description": "What is to be picked, and what became of it." },
            { "name": "stock", "description": "What there is of each item." },
        ],
    })
}

fn security() -> Value {
    json!([{ "$ref": "#/components/securitySchemes/user" }])
}

/// `AsyncAPI` reads schemas as draft 7 has them, in which nothing counts that stands beside a `$ref`:
/// the reference gets a place of its own.
fn apart(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(apart);
            if fields.len() > 1
                && fields.get("$ref").is_some_and(Value::is_string)
                && let Some(reference) = fields.remove("$ref")
            {
                fields.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(apart),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const JSON: &str = "application/json";

fn message(contract: &Contract, payload: &Schema, generator: &SchemaGenerator) -> Value {
    let description = description(payload, generator);
    let headers = if contract.kind == Kind::Public {
        json!({ "type": "object", "properties": {
            "ce-id": { "type": "string", "description": "The same for a repeat of the same message." },
            "ce-type": { "type": "string", "const": format!("com.kontor.{}", contract.subject) },
            "traceparent": { "type": "string", "description": "W3C Trace Context." },
        }})
    } else {
        json!({ "type": "object", "properties": {
            "traceparent": { "type": "string", "description": "W3C Trace Context." },
        }})
    };
    json!({
        "name": contract.subject, "title": contract.subject, "summary": description,
        "contentType": JSON, "headers": headers, "payload": payload,
    })
}

fn description(payload: &Schema, generator: &SchemaGenerator) -> Value {
    let name = payload.get("$ref").and_then(Value::as_str).and_then(|it| it.rsplit('/').next());
    let definition = name.and_then(|it| generator.definitions().get(it));
    definition.and_then(|it| it.get("description")).cloned().unwrap_or_default()
}

fn channel(pattern: &str, messages: &[&str], stream: Option<&str>) -> Value {
    let tokens = pattern.split('.').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Map<String, Value> =
        tokens.map(|it| (it.to_owned(), json!({ "description": parameter(it) }))).collect();
    let messages: Map<String, Value> = messages
        .iter()
        .map(|it| ((*it).to_owned(), json!({ "$ref": format!("#/components/messages/{it}") })))
        .collect();
    let mut channel = json!({ "address": pattern, "messages": messages, "parameters": parameters });
    if let Some(stream) = stream {
        channel["x-jetstream"] = json!({ "stream": stream });
    }
    channel
}

/// What a variable token of a subject stands for.
fn parameter(token: &str) -> &'static str {
    match token {
        "channel" => "The storefront's own name: it may use no other.",
        "external_id" => {
            "How the storefront calls its order: 1 to 64 characters, no dots or spaces."
        }
        "status" => "What the order is now.",
        "warehouse" => "The warehouse's own name: it may use no other.",
        "order" => "The order's id, a UUID.",
        "sku" => "The item.",
        "provider" => "The payment provider's own name: it may use no other.",
        "payment" => "How the provider calls the payment: it names it for ever.",
        "carrier" => "The carrier's own name: it may use no other.",
        "tracking_no" => "How the carrier calls the parcel.",
        _ => "What is told.",
    }
}

/// What can be told by this report, where its subject ends with that.
fn words(contract: &Contract) -> Option<Value> {
    match contract.subject {
        WarehouseReported::SUBJECT => Some(json!(fulfilment::WAREHOUSE_REPORTS)),
        CarrierReported::SUBJECT => Some(json!(fulfilment::CARRIER_REPORTS)),
        StockReported::SUBJECT => Some(json!(inventory::STOCK_REPORTS)),
        _ => None,
    }
}

fn operation(action: &str, channel: &str, summary: &str) -> Value {
    json!({
        "action": action,
        "summary": summary,
        "security": security(),
        "channel": { "$ref": format!("#/channels/{channel}") },
        "messages": [{ "$ref": format!("#/channels/{channel}/messages/{channel}") }],
    })
}

/// Every message of the house, with who says it, who hears it, and its JSON Schema.
fn messages(house: &House) -> Value {
    let mut generator = generator();
    let mut messages = BTreeMap::new();
    for contract in house.contracts() {
        let hears = |it: &&dyn chassis::Desk| it.hears().contains(&contract);
        let heard_by: Vec<&str> = house.desks().filter(hears).map(chassis::Desk::name).collect();
        let schema = (contract.schema)(&mut generator);
        let message = json!({
            "kind": format!("{:?}", contract.kind).to_lowercase(),
            "of": contract.owner(),
            "heard_by": heard_by,
            "about": description(&schema, &generator),
            "public": contract.door.map(|it| json!({ "subject": it.pattern, "stream": it.stream })),
            "answers": contract.answers.iter().map(|it| it.subject).collect::<Vec<_>>(),
            "schema": schema,
            "body": contract.body.map(|it| it(&mut generator)),
        });
        messages.insert(contract.subject, message);
    }
    let schemas = definitions(&mut generator);
    for message in messages.values_mut() {
        let examples = Examples::of(&schemas);
        message["example"] = examples.fitting(&message["schema"]);
        if !message["body"].is_null() {
            message["example"]["body"] = examples.fitting(&message["body"]);
        }
    }
    json!({ "messages": messages, "components": { "schemas": schemas } })
}

fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12();
    settings.with(|it| it.definitions_path = "/components/schemas".into()).into_generator()
}

fn definitions(generator: &mut SchemaGenerator) -> Map<String, Value> {
    generator.take_definitions(true)
}

#[cfg(test)]
mod tests {
    use contracts::RawValue;

    use super::*;

    /// The type that is heard reads the example, which is more than its schema says.
    #[test]
    fn every_example_is_read_as_what_it_is_an_example_of() {
        let house = house::plain();
        let document = messages(&house);
        let contracts: Vec<Contract> = house.contracts().into_iter().collect();
        assert!(contracts.len() > 100, "{}", contracts.len());
        for contract in contracts {
            let example = &document["messages"][contract.subject]["example"];
            let body = RawValue::from_string(example.to_string()).unwrap();
            (contract.reads)(&body).unwrap_or_else(|error| panic!("{error}: {example}"));
        }
    }
}
