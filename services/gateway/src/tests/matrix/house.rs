//! What the house says to everybody: it knows two orders, two items and a customer.

use serde_json::{Value, json};

/// The orders that it knows.
const ORDERS: [&str; 2] =
    ["00000000-0000-0000-0000-000000000061", "00000000-0000-0000-0000-00000000007a"];

/// What it says to this, and under which subject.
pub(super) fn answers(subject: &str, asked: &Value) -> Option<(&'static str, Value)> {
    let order = &asked["order"];
    let is_known = ORDERS.iter().any(|it| order == it);
    Some(match subject {
        "intake.place.v1" => (
            "intake.placement-accepted.v1",
            json!({ "order": ORDERS[0], "order_no": "K-a", "external_id": asked["external_id"],
                "status": "checking" }),
        ),
        "intake.cancel.v1" if is_known => (
            "intake.cancelled.v1",
            json!({ "order": order, "customer": "C-7", "because": "asked", "by": "x", "remark": "" }),
        ),
        "intake.cancel.v1" => {
            ("intake.cancel-refused.v1", json!({ "order": order, "because": "UNKNOWN" }))
        }
        "credit.release-hold.v1" => (
            "credit.hold-released.v1",
            json!({ "order": order, "customer": "C-7", "authorised": 1, "payment_days": 30,
                "by": "x", "reason": "" }),
        ),
        "credit.refuse-hold.v1" => (
            "credit.hold-refused.v1",
            json!({ "order": order, "customer": "C-7", "by": "x", "reason": "" }),
        ),
        "inventory.receive.v1" | "inventory.count.v1" => (
            "inventory.booked.v1",
            json!({ "sku": asked["sku"], "warehouse": asked["warehouse"], "good": 1, "reserved": 0,
                "allocated": 0 }),
        ),
        "allocation.save-ruleset.v1" => (
            "allocation.ruleset-saved.v1",
            json!({ "ruleset": asked["ruleset"], "version": 1, "by": "x" }),
        ),
        "webhook.set-endpoint.v1" => (
            "webhook.endpoint-set.v1",
            json!({ "endpoint": asked["endpoint"], "channel": asked["channel"], "signs_with": "" }),
        ),
        "webhook.rotate-secret.v1" => (
            "webhook.secret-rotated.v1",
            json!({ "endpoint": asked["endpoint"], "old_until": null, "signs_with": "" }),
        ),
        "webhook.test-endpoint.v1" => (
            "webhook.test-written.v1",
            json!({ "endpoint": asked["endpoint"], "delivery": ORDERS[0] }),
        ),
        "webhook.replay.v1" => {
            ("webhook.replay-begun.v1", json!({ "endpoint": asked["endpoint"], "deliveries": 1 }))
        }
        _ => ("", question(subject, asked, is_known)?),
    })
}

fn question(subject: &str, asked: &Value, is_known: bool) -> Option<Value> {
    let shelf = |sku: &str, warehouse: &str| {
        json!([{ "sku": sku, "warehouse": warehouse, "good": 1, "quarantine": 0, "damaged": 0,
            "reserved": 0, "allocated": 0, "backordered": 0, "moves": [] }])
    };
    Some(match (subject, asked["sku"].as_str()) {
        ("credit.account-of.v1", _) if asked["customer"] == "C-7" => json!({
            "customer": "C-7", "limit": 1, "currency": "CNY", "blocked": false,
            "exposure": { "pending": 0, "authorised": 0, "delivered_unbilled": 0, "billed_open": 0,
                "prepaid": 0 },
            "changed_at": "1970-01-01T00:00:00Z",
        }),
        ("credit.account-of.v1", _) => Value::Null,
        ("webhook.endpoints-of.v1", _) => json!([{
            "endpoint": "ep-1", "url": "https://shop.example.com/kontor", "events": [],
            "state": "active", "reason": null, "old_secret_until": null, "waiting": 0, "given_up": 0,
        }]),
        ("intake.units-of.v1", _) if is_known => {
            json!([{ "line": 1, "buckets": { "reserved": 1 } }])
        }
        ("allocation.why.v1", _) if is_known => json!([{
            "order": asked["order"], "attempt": 1, "round": 1, "at": "1970-01-01T00:00:00Z", "ruleset": "cn", "rule": "R1",
            "record": {},
        }]),
        ("inventory.moves-of.v1", _) if asked["warehouse"] == "NONE" => json!([]),
        ("inventory.moves-of.v1", _) => json!([{ "number": 1, "kind": "RECEIPT", "good": 1,
            "quarantine": 0, "damaged": 0, "reserved": 0, "allocated": 0, "order": null,
            "document": "DN-1", "at": "1970-01-01T00:00:00Z" }]),
        ("inventory.stock-of.v1", Some("KB-87")) => shelf("KB-87", "SH1"),
        ("inventory.stock-of.v1", Some("FAR-1")) => shelf("FAR-1", "BJ1"),
        (
            "allocation.why.v1"
            | "credit.why.v1"
            | "finance.books-of.v1"
            | "intake.units-of.v1"
            | "inventory.stock-of.v1"
            | "webhook.calls-of.v1",
            _,
        ) => json!([]),
        _ => return None,
    })
}
