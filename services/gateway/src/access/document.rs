//! What access adds to the `OpenAPI` document: what each operation takes, and how it is refused.

use serde_json::{Map, Value, json};

use super::operations::{OPERATIONS, Takes};

/// Says of every operation what it takes. One that nobody listed says nothing, which a test finds.
pub(crate) fn enter(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "key": {
            "type": "http", "scheme": "bearer", "bearerFormat": "kontor_<id>_<secret>",
            "description": "The key of a machine, or of the operator. What it may do its roles say: \
                `x-action` names what an operation takes.",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "kontor-session",
            "description": "A person who signed in at `/sign-in`. What changes something is taken \
                from this origin alone. By HTTPS it is called `__Host-kontor-session`.",
        },
    });
    for (method, path, takes) in OPERATIONS {
        let method = method.to_lowercase();
        let operation = document.get_mut("paths").and_then(|it| it.get_mut(*path));
        let operation = operation.and_then(|it| it.get_mut(&method)).and_then(Value::as_object_mut);
        match (operation, takes) {
            (Some(operation), Takes::Nothing) => {
                operation.insert("security".into(), json!([]));
            }
            (Some(operation), Takes::Leave(action)) => guarded(operation, action.name()),
            (None, _) => {} // A page.
        }
    }
}

fn guarded(operation: &mut Map<String, Value>, action: &str) {
    operation.insert("x-action".into(), json!(action));
    operation.insert("security".into(), json!([{ "key": [] }, { "session": [] }]));
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    let header = |what: &str| json!({ "description": what, "schema": { "type": "string" } });
    let problem = |description: &str, headers: Value| {
        json!({
            "description": description, "headers": headers,
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/ProblemDetails" },
            } },
        })
    };
    let challenge = json!({ "WWW-Authenticate": header("How to say who asks.") });
    let wait = json!({
        "Retry-After": header("After so many seconds it may be asked again."),
        "RateLimit-Policy": header("How often it may be asked."),
        "RateLimit": header("How much of that is left."),
    });
    let unknown = "Nobody said who asks; or the credential is wrong, expired or revoked.";
    let often = "This key or person asked too often.";
    responses.insert("401".into(), problem(unknown, challenge));
    responses.entry("403").or_insert_with(|| problem("Who asks may not do this.", json!({})));
    responses.insert("429".into(), problem(often, wait));
}
