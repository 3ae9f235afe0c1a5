//! What allocation found, in words: from its codes and figures, not from its sentences. What has a code
//! that is not known here is shown as allocation told it.

use contracts::Language;
use serde::Deserialize;
use serde_json::Value;

/// What a record says to people.
pub(super) struct Findings {
    /// Why it was decided so.
    pub(super) sentence: String,
    /// Warehouses that may not serve the order, and why.
    pub(super) eliminated: Vec<(String, String)>,
}

/// Why it was decided so, as allocation writes it down.
#[derive(Debug, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
enum Reason {
    OneHasAll {
        node: String,
        km: i64,
        #[serde(flatten)]
        beside: Beside,
    },
    TogetherCheaper {
        nodes: Vec<String>,
        #[serde(flatten)]
        beside: Beside,
    },
    OnlyTogether {
        nodes: Vec<String>,
        #[serde(flatten)]
        beside: Beside,
    },
    Waits {
        refused: i64,
        #[serde(default)]
        first: Option<String>,
    },
    NobodyIsKnown,
    NobodyMay,
    RefusedToWait {
        refused: i64,
    },
    MayNotWait {
        #[serde(default)]
        rule: Option<String>,
    },
}

/// A rule and what it prefers; who comes second, and how many points dearer.
#[derive(Debug, Deserialize)]
struct Beside {
    #[serde(default)]
    prefers: Option<(String, String)>,
    #[serde(default)]
    second: Option<(Vec<String>, i64)>,
}

/// Why a warehouse may not serve the order.
#[derive(Debug, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
enum Against {
    Inactive,
    NoCapacity,
    OutOfReach { province: String },
    Excluded { rule: String },
    OtherKind { kind: String, rule: String },
    NotRequired { rule: String },
    JustFailed,
}

/// Reads the findings of a record.
pub(super) fn read(language: Language, findings: &Value) -> Findings {
    let eliminated = eliminated(language, findings);
    let told = findings["because"].as_str().unwrap_or_default();
    let sentence = why(language, findings, &eliminated).unwrap_or_else(|| told.to_owned());
    Findings { sentence, eliminated }
}

/// Why it was decided so, in the reader's language, if that is not the one in which it was told.
pub(super) fn sentence(language: Language, findings: &Value) -> Option<String> {
    why(language, findings, &eliminated(language, findings))
}

fn why(language: Language, findings: &Value, eliminated: &[(String, String)]) -> Option<String> {
    let reason = Reason::deserialize(&findings["reason"]);
    match (language, reason) {
        (Language::Chinese, Ok(reason)) => Some(reason.in_chinese(eliminated)),
        _ => None,
    }
}

/// Warehouses that may not serve the order, and why.
fn eliminated(language: Language, findings: &Value) -> Vec<(String, String)> {
    let out = |it: &Value| {
        let against = Against::deserialize(it).ok();
        let told = it["why"].as_str().unwrap_or_default();
        let why = match (language, against) {
            (Language::Chinese, Some(against)) => against.in_chinese(),
            _ => told.to_owned(),
        };
        (it["node"].as_str().unwrap_or_default().to_owned(), why)
    };
    findings["eliminated"].as_array().into_iter().flatten().map(out).collect()
}

impl Reason {
    fn in_chinese(&self, eliminated: &[(String, String)]) -> String {
        const NOBODY: &str = "没有可用的仓库组合备有全部货品";
        match self {
            Self::OneHasAll { node, km, beside } => {
                format!("{node} 备有全部货品，距离 {km} 公里{}。", beside.in_chinese())
            }
            Self::TogetherCheaper { nodes, beside } => {
                let nodes = nodes.join("、");
                format!("{nodes} 共同发货的成本低于任一单仓{}。", beside.in_chinese())
            }
            Self::OnlyTogether { nodes, beside } => {
                let nodes = nodes.join("、");
                format!("{nodes} 合计备有全部货品，单仓均不足{}。", beside.in_chinese())
            }
            Self::Waits { refused, first } => {
                let before = match refused {
                    0 => String::new(),
                    _ => format!("库存已拒绝 {refused} 个方案，"),
                };
                let first = first.as_ref().map(|it| format!("，首选 {it}")).unwrap_or_default();
                format!("{before}{NOBODY}，等待补货{first}。")
            }
            Self::NobodyIsKnown => "尚未登记任何仓库。".to_owned(),
            Self::NobodyMay => {
                let each = eliminated.iter().map(|(node, why)| format!("{node} {why}"));
                format!("没有仓库可以发货：{}。", each.collect::<Vec<_>>().join("；"))
            }
            Self::RefusedToWait { refused } => {
                format!("库存已拒绝 {refused} 个方案，最后一个为等待补货。")
            }
            Self::MayNotWait { rule } => {
                let rule =
                    rule.as_ref().map_or_else(|| "规则集".to_owned(), |it| format!("规则 {it} "));
                format!("{NOBODY}，且{rule}不等待补货。")
            }
        }
    }
}

impl Beside {
    fn in_chinese(&self) -> String {
        let mut text = String::new();
        if let Some((rule, node)) = &self.prefers {
            text.extend(["；规则 ", rule, " 优先 ", node]);
        }
        if let Some((nodes, points)) = &self.second {
            text.extend(["；", &nodes.join("、"), " 的成本高出 ", &points.to_string(), " 分"]);
        }
        text
    }
}

impl Against {
    fn in_chinese(&self) -> String {
        match self {
            Self::Inactive => "已停用".to_owned(),
            Self::NoCapacity => "无作业能力".to_owned(),
            Self::OutOfReach { province } => format!("不配送至{province}"),
            Self::Excluded { rule } => format!("被规则 {rule} 排除"),
            Self::OtherKind { kind, rule } => format!("规则 {rule} 只用{}", kind_words(kind)),
            Self::NotRequired { rule } => format!("规则 {rule} 指定了其他仓库"),
            Self::JustFailed => "刚刚未能供货".to_owned(),
        }
    }
}

/// A kind of warehouse.
fn kind_words(kind: &str) -> &str {
    match kind {
        "regional" => "区域仓",
        "forward" => "前置仓",
        "plant" => "工厂仓",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chinese(reason: &Value) -> String {
        let out = |node: &str, against: Value| {
            let mut out = against;
            out["node"] = node.into();
            out["why"] = "in English".into();
            out
        };
        let findings = json!({
            "reason": reason, "because": "In English.",
            "eliminated": [
                out("WH-A", json!({ "code": "inactive" })),
                out("WH-B", json!({ "code": "other_kind", "kind": "forward", "rule": "R20" })),
                out("WH-C", json!({ "code": "out_of_reach", "province": "上海市" })),
                out("WH-D", json!({ "code": "struck_by_lightning" })),
            ],
        });
        assert_eq!(read(Language::English, &findings).sentence, "In English.");
        read(Language::Chinese, &findings).sentence
    }

    #[test]
    fn every_reason_has_a_sentence() {
        let beside = json!({ "code": "one_has_all", "node": "WH-B", "km": 10,
            "prefers": ["R10", "WH-B"], "second": [["WH-A", "WH-E"], 10_264] });
        for (reason, sentence) in [
            (
                beside,
                "WH-B 备有全部货品，距离 10 公里；规则 R10 优先 WH-B；WH-A、WH-E 的成本高出 10264 分。",
            ),
            (
                json!({ "code": "together_cheaper", "nodes": ["A", "B"] }),
                "A、B 共同发货的成本低于任一单仓。",
            ),
            (
                json!({ "code": "only_together", "nodes": ["A", "B"] }),
                "A、B 合计备有全部货品，单仓均不足。",
            ),
            (
                json!({ "code": "waits", "refused": 0, "first": "A" }),
                "没有可用的仓库组合备有全部货品，等待补货，首选 A。",
            ),
            (
                json!({ "code": "waits", "refused": 2 }),
                "库存已拒绝 2 个方案，没有可用的仓库组合备有全部货品，等待补货。",
            ),
            (json!({ "code": "nobody_is_known" }), "尚未登记任何仓库。"),
            (
                json!({ "code": "nobody_may" }),
                "没有仓库可以发货：WH-A 已停用；WH-B 规则 R20 只用前置仓；WH-C 不配送至上海市；WH-D in English。",
            ),
            (
                json!({ "code": "refused_to_wait", "refused": 4 }),
                "库存已拒绝 4 个方案，最后一个为等待补货。",
            ),
            (
                json!({ "code": "may_not_wait", "rule": "R30" }),
                "没有可用的仓库组合备有全部货品，且规则 R30 不等待补货。",
            ),
            (
                json!({ "code": "may_not_wait" }),
                "没有可用的仓库组合备有全部货品，且规则集不等待补货。",
            ),
            (json!({ "code": "by_lot" }), "In English."),
        ] {
            assert_eq!(chinese(&reason), sentence);
        }
    }
}
