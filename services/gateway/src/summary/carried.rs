use contracts::intake::{CarriedFlag, OrderCarriedOver};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What another system told of an order that it kept: the order stands here as it was told, and
/// nothing is done about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CarriedSummary {
    /// The status in that system's own word.
    #[schema(example = "已发货")]
    pub(crate) stated: String,
    /// When it was to be completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2024-03-22")]
    pub(crate) estimated: Option<Date>,
    /// When it was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2024-03-24")]
    pub(crate) completed: Option<Date>,
    /// Where the order came from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) source: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) remark: String,
    /// The step of that system's process.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) step: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) priority: String,
    /// What does not fit together: `late`, `completed_too_early`, `no_completion`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["late"]))]
    pub(crate) flags: Vec<CarriedFlag>,
}

impl CarriedSummary {
    pub(crate) fn of(it: &OrderCarriedOver) -> Self {
        let carried = it.carried.clone();
        Self {
            stated: carried.stated,
            estimated: carried.estimated,
            completed: carried.completed,
            source: carried.source,
            remark: carried.remark,
            step: carried.step,
            priority: carried.priority,
            flags: it.flags.clone(),
        }
    }
}
