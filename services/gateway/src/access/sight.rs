//! What is seen of an order by whom. Fields that somebody has no business with are left out.

use serde::Serialize;
use serde_json::{Map, Value};

use super::policy::Sight;
use crate::order::EntryView;

/// What is money of an order, of its lines, and in its timeline.
const PRICES: [&str; 10] =
    ["net", "tax", "freight", "total", "money", "unit_price", "amount", "gross", "paid", "open"];

impl Sight {
    /// An order, a page of orders or a timeline, with what may be seen of it.
    pub(crate) fn of(self, it: &impl Serialize) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(it)?;
        self.cover(&mut value);
        Ok(value)
    }

    /// A timeline, with what may be seen of it.
    pub(crate) fn timeline(self, entries: &mut [EntryView]) {
        for it in entries {
            if (it.service == "credit" && !self.credit) || (it.service == "finance" && !self.prices)
            {
                (it.who, it.why, it.data) = (String::new(), String::new(), Value::Null);
            }
            self.cover(&mut it.data);
        }
    }

    fn cover(self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                if !self.prices {
                    for price in PRICES {
                        fields.remove(price);
                    }
                }
                if !self.credit {
                    fields.remove("credit");
                }
                let service = fields.get("service").and_then(Value::as_str).unwrap_or_default();
                if (service == "credit" && !self.credit) || (service == "finance" && !self.prices) {
                    fields.insert("who".to_owned(), Value::String(String::new()));
                    fields.insert("why".to_owned(), Value::String(String::new()));
                    fields.insert("data".to_owned(), Value::Object(Map::new()));
                }
                fields.values_mut().for_each(|it| self.cover(it));
            }
            Value::Array(items) => items.iter_mut().for_each(|it| self.cover(it)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
