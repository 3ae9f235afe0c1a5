//! Pages of the log, as the table `page` holds them: an lz4 block with its size before it (32 bits,
//! little-endian), and in it JSON.
//!
//! ```json
//! { "speaker": "intake", "partition": 3, "number": 17, "at": "2026-11-22T08:00:00Z",
//!   "heard": { "credit": 12 },
//!   "said": [{ "id": "…", "cause": "…", "trace": { "traceparent": "00-…" }, "subject": "intake.placed.v1", "key": "…", "body": {} }] }
//! ```

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// What one transaction of a service's partition said.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    pub(crate) speaker: String,
    pub(crate) partition: i32,
    pub(crate) number: i64,
    /// For each service listened to, the number of the last page taken by then.
    pub(crate) heard: BTreeMap<String, i64>,
    pub(crate) said: Vec<Envelope>,
}

/// A message. A timer is one, too.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    pub(crate) id: Uuid,
    /// The message that led to it: another page's, or what came from outside.
    #[serde(default)]
    pub(crate) cause: Option<Uuid>,
    /// `traceparent` and `tracestate` (W3C Trace Context), if somebody traces it.
    #[serde(default)]
    pub(crate) trace: BTreeMap<String, String>,
    /// `intake.placed.v1`.
    pub(crate) subject: String,
    /// What it is about: an order, an item, a customer.
    pub(crate) key: String,
    pub(crate) body: Box<RawValue>,
}

impl Envelope {
    /// The trace that it belongs to: 32 hexadecimal digits.
    pub(crate) fn trace_id(&self) -> Option<&str> {
        self.trace.get("traceparent")?.split('-').nth(1)
    }
}

impl Page {
    /// Reads a page as it is stored.
    pub(crate) fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        let json = lz4_flex::decompress_size_prepended(bytes).context("it is no lz4 block")?;
        serde_json::from_slice(&json).context("it is not a page")
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_is_read_and_what_is_none_is_told() -> anyhow::Result<()> {
        let text = r#"{"speaker":"intake","partition":3,"number":17,"at":"2026-11-22T08:00:00Z",
            "heard":{"credit":12},"said":[{"id":"0199c0de-0000-7000-8000-000000000001",
            "subject":"intake.placed.v1","key":"k","body":{"order":"o"}}]}"#;
        let page = Page::read(&lz4_flex::compress_prepend_size(text.as_bytes()))?;
        assert_eq!((page.number, page.heard["credit"], page.said.len()), (17, 12, 1));
        assert_eq!(page.said[0].body.get(), r#"{"order":"o"}"#);

        assert!(Page::read(text.as_bytes()).is_err(), "not compressed");
        assert!(Page::read(&lz4_flex::compress_prepend_size(b"{}")).is_err(), "not a page");
        assert!(Page::read(&[]).is_err(), "nothing");
        Ok(())
    }
}
