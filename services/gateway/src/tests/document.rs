//! The document that clients read.

use serde_json::Value;

use super::http::Shop;

#[tokio::test]
async fn the_document_is_served() {
    let served = Shop::open().await.get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served.text, crate::openapi());
}

/// Every operation has a name of its own, words about it, and says what it answers; every parameter
/// and every response has words, and every reference leads somewhere.
#[test]
fn everything_in_it_is_said() {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(names.insert(operation["operationId"].as_str().unwrap()), "{at}");
            assert!(operation["summary"].is_string(), "{at}");
            assert!(operation["description"].is_string(), "{at}");
            for parameter in operation["parameters"].as_array().unwrap_or(&vec![]) {
                let name = format!("{at} {}", parameter["name"]);
                assert!(
                    !parameter["description"].as_str().unwrap_or_default().is_empty(),
                    "{name}"
                );
                let has_example = parameter["example"] != Value::Null
                    || parameter.pointer("/schema/example").is_some()
                    || parameter.to_string().contains("$ref");
                assert!(has_example, "{name}");
            }
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses {
                let said = response["description"].as_str().unwrap_or_default();
                assert!(!said.is_empty(), "{at} {status}");
            }
        }
    }
    lead_somewhere(&document, &document);
}

/// Contracts and answers have words of their own, and some are alike.
#[test]
fn no_word_hides_another() {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let properties = |of: &str| document["components"]["schemas"][of]["properties"].clone();
    assert!(properties("ProblemDetails")["trace_id"].is_object());
    assert!(properties("Problem")["pointer"].is_object());
    assert!(properties("Submission")["lines"].is_object());
}

fn lead_somewhere(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(to)) = fields.get("$ref") {
                assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to}");
            }
            fields.values().for_each(|it| lead_somewhere(document, it));
        }
        Value::Array(items) => items.iter().for_each(|it| lead_somewhere(document, it)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
