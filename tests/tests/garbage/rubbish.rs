//! What nobody wants: the same for the same number.

use async_nats::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;
use whole_house::process::world;

/// A piece of garbage.
pub struct Rubbish {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// How many kinds there are.
pub const KINDS: u64 = 12;

/// A number that looks thrown, from 0 up to below `end`.
pub fn thrown(nth: u64, about: &str, end: u64) -> u64 {
    let (low, _) =
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{nth} {about}").as_bytes()).as_u64_pair();
    low % end.max(1)
}

/// The nth piece.
pub fn piece(nth: u64) -> anyhow::Result<Rubbish> {
    let mut headers = HeaderMap::new();
    let whole = serde_json::to_vec(&good(nth)?)?;
    let cut = usize::try_from(thrown(nth, "cut", whole.len() as u64))?;
    let body = match nth % KINDS {
        0 => noise(nth, thrown(nth, "length", 2_000)),
        1 => whole[..cut].to_vec(),
        2 => serde_json::to_vec(&json!({ "hello": [1, 2, { "world": null }], "pick": "no" }))?,
        3 => serde_json::to_vec(&json!({ "version": 9, "order": good(nth)?, "lines": {} }))?,
        4 => {
            for at in 0..thrown(nth, "headers", 40) {
                headers.insert(format!("X-Nonsense-{at}"), "n".repeat(1_000));
            }
            b"{\"a\":1}".to_vec()
        }
        5 => [b"\"\xff\xfe\xc0", &*whole].concat(),
        6 => {
            headers.insert("Nats-Msg-Id", format!("the-same-{}", thrown(nth, "id", 20)));
            serde_json::to_vec(&json!({ "another body": nth }))?
        }
        7 => [vec![b'['; 5_000], vec![b']'; 5_000]].concat(),
        8 => serde_json::to_vec(&json!({
            "customer": "\u{0}", "remark": "\u{0}\u{7}", "document": "\u{0}", "external_id": "\u{0}",
        }))?,
        9 => format!("{{\"total\":1e999,\"quantity\":-{},\"pick\":1.5}}", u64::MAX).into_bytes(),
        10 => vec![],
        _ => {
            headers.insert("traceparent", "00-zz-zz-zz");
            headers.insert("Kontor-Command-Id", "none");
            headers.insert("Kontor-Key", "\u{1F4A9}");
            serde_json::to_vec(&spoilt(nth)?)?
        }
    };
    Ok(Rubbish { headers, body })
}

/// An order that would be taken in, under a name that nobody uses.
fn good(nth: u64) -> anyhow::Result<Value> {
    let mut order =
        serde_json::to_value(world::order(&world::name("b", thrown(nth, "order", 60)))?)?;
    order["external_id"] = format!("g-{nth}").into();
    Ok(order)
}

/// The same with one value replaced by another kind.
fn spoilt(nth: u64) -> anyhow::Result<Value> {
    let mut order = good(nth)?;
    let field = ["lines", "total", "ship_to", "currency", "terms", "customer"]
        [usize::try_from(thrown(nth, "field", 6))?];
    order[field] = match thrown(nth, "value", 5) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(-1),
        _ => json!("\u{202e}nonsense"),
    };
    Ok(order)
}

/// So many bytes that look thrown.
pub fn noise(nth: u64, length: u64) -> Vec<u8> {
    let blocks = (0..length.div_ceil(16)).flat_map(|block| {
        let name = format!("{nth} noise {block}");
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).into_bytes()
    });
    blocks.take(usize::try_from(length).unwrap_or_default()).collect()
}
