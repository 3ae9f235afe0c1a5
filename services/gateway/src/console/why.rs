//! Why credit and allocation decided so, in the reader's language.

use contracts::Language;
use contracts::allocation::SourcingRecord;
use contracts::credit::{CreditDecision, Verdict};
use serde_json::Value;

use super::format::{Moment, money, number};
use super::frame::Frame;
use super::order_parts::code;
use super::sourcing_words::{Findings, read};
use crate::http::orders::Explanation;
use crate::order::OrderView;

/// Why credit and allocation decided so.
#[derive(Default)]
pub(super) struct Why {
    pub(super) credit: Vec<CreditWhy>,
    pub(super) sourcing: Vec<SourcingWhy>,
}

pub(super) struct CreditWhy {
    pub(super) verdict: String,
    pub(super) class: String,
    pub(super) rule: String,
    pub(super) stop: String,
    /// `89.00`
    pub(super) score: String,
    /// `93.10 %`
    pub(super) repayment: String,
    pub(super) limit: String,
    pub(super) exposure: String,
    pub(super) exposure_after: String,
    /// What would have helped: so much paid, or an order of no more than that. Empty where no
    /// order is small enough.
    pub(super) helps: Option<(String, String)>,
}

pub(super) struct SourcingWhy {
    pub(super) sentence: String,
    pub(super) attempt: i32,
    pub(super) round: i32,
    pub(super) at: Moment,
    pub(super) ruleset: String,
    pub(super) rule: String,
    /// Warehouses and what each would cost, the cheapest first.
    pub(super) candidates: Vec<(String, String)>,
    /// Those that may not serve it, and why.
    pub(super) eliminated: Vec<(String, String)>,
    pub(super) record: String,
}

impl Why {
    pub(super) fn of(frame: &Frame, order: &OrderView, it: &Explanation) -> Self {
        let credit = |it: &CreditDecision| credit_why(frame.language, &order.currency, it);
        Self {
            credit: it.credit.iter().map(credit).collect(),
            sourcing: it.sourcing.iter().map(|it| sourcing_why(frame.language, it)).collect(),
        }
    }
}

fn credit_why(language: Language, currency: &str, it: &CreditDecision) -> CreditWhy {
    let amount = |cents: contracts::Cents| money(currency, cents.0);
    let verdict = match it.verdict {
        Verdict::Approve => code(language, "approve"),
        Verdict::Review { tier } => format!("{} (≥ {tier})", code(language, "review")),
        Verdict::Prepay => code(language, "prepay"),
        Verdict::Refuse => code(language, "refuse"),
    };
    CreditWhy {
        verdict,
        class: format!("{:?}", it.class),
        rule: code(language, &it.rule),
        stop: it.stop.as_deref().map(|it| code(language, it)).unwrap_or_default(),
        score: hundredths(it.score),
        repayment: format!("{} %", hundredths(it.repayment_rate)),
        limit: amount(it.limit),
        exposure: amount(it.exposure.total()),
        exposure_after: amount(it.exposure_after),
        helps: it.counterfactual.map(|it| {
            let at_most = if it.at_most.0 > 0 { amount(it.at_most) } else { String::new() };
            (amount(it.pay), at_most)
        }),
    }
}

/// `8912` is `89.12`.
fn hundredths(it: i64) -> String {
    format!("{}.{:02}", it / 100, it.unsigned_abs() % 100)
}

fn sourcing_why(language: Language, it: &SourcingRecord) -> SourcingWhy {
    let findings = &it.record["findings"];
    let Findings { sentence, eliminated } = read(language, findings);
    let candidate = |it: &Value| {
        let cost = it["alone"].as_i64().map(number).unwrap_or_default();
        (it["node"].as_str().unwrap_or_default().to_owned(), cost)
    };
    SourcingWhy {
        sentence,
        attempt: it.attempt,
        round: it.round,
        at: it.at.into(),
        ruleset: it.ruleset.clone(),
        rule: it.rule.clone(),
        candidates: findings["candidates"]
            .as_array()
            .into_iter()
            .flatten()
            .map(candidate)
            .collect(),
        eliminated,
        record: serde_json::to_string_pretty(&it.record).unwrap_or_default(),
    }
}
