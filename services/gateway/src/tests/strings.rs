//! Whatever stands in a path, a query, a header, a cursor or a body: it is read, or refused.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::access::Hashed;
use crate::access::secret::id_of;
use crate::following;
use crate::http::extract::{self, Which};
use crate::http::list;
use crate::store::Sort;

/// Anything, and what comes near to what is meant.
const TEXT: &str = "\\PC{0,60}|[nols][0-9-]{0,24}-[0-9a-f]{30,34}|kontor_[a-z0-9_]{0,40}|\
    [0-9a-f]{0,20}-[0-9]{0,25}|[0-9a-f]{62,66}|[a-z_,]{0,40}|[0-9a-fA-F-]{36}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn no_text_is_too_much(text in TEXT) {
        for sort in [Sort::Newest, Sort::Oldest, Sort::Largest, Sort::Smallest] {
            list::place(sort, &text).map(drop).ok();
        }
        list::statuses(&text).map(drop).ok();
        if let Ok(place) = text.parse::<following::Place>() {
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }
        if let Some(id) = id_of(&text) {
            prop_assert!(text.contains(id) && id.bytes().all(|it| it.is_ascii_alphanumeric()));
        }
        if let Some(hashed) = Hashed::from_hex(&text) {
            prop_assert_eq!(hashed.to_hex(), text.to_ascii_lowercase());
        }
        prop_assert_eq!(Which::named(text.clone()).shown().len(), text.len());
    }

    #[test]
    fn no_bytes_are_too_much(bytes in vec(any::<u8>(), 0..200)) {
        extract::read::<Value>(&bytes).map(drop).ok();
        for name in ["authorization", "idempotency-key", "kontor-channel", "last-event-id", "cookie"] {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { continue };
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value)]);
            if let Ok(Some(key)) = extract::idempotency_key(&headers) {
                prop_assert!((1..=255).contains(&key.len()));
            }
            extract::header_text(&headers, name).map(drop).ok();
        }
    }

    /// What is nested without end is refused before it fills the stack.
    #[test]
    fn no_depth_is_too_much(depth in 0_usize..30_000, open in "[\\[{\"]") {
        let open = if open == "{" { "{\"a\":" } else { &open };
        extract::read::<Value>(open.repeat(depth).as_bytes()).map(drop).ok();
    }
}
