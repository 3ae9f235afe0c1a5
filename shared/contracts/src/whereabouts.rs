//! Where the units of an order are, for whoever asks intake.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Buckets, OrderId, message};

/// Where are the units of this order? Nothing is answered of an order that intake does not lead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnitsOf {
    pub order: OrderId,
}
message!(UnitsOf, "intake.units-of.v1", keyed by order, asked for Vec<LineBuckets>);

/// Where the units of a line are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineBuckets {
    /// As the order counts them: 1, 2, 3 …
    pub line: u16,
    /// Units by bucket, those that hold some. Their sum is what was ordered.
    pub buckets: Buckets,
}
