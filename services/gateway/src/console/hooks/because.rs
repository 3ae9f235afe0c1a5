//! Why a webhook is disabled and why a call had no answer, in the reader's language: from codes and
//! figures. English is webhook's own sentence, and so is what has no code.

use contracts::Language;
use contracts::webhook::{CallFault, CallView, DisabledBecause, EndpointView};

/// Why it is disabled; empty if it is not.
pub(super) fn disabled(language: Language, it: &EndpointView) -> String {
    match (language, &it.because) {
        (Language::Chinese, Some(because)) => disabled_in_chinese(because),
        _ => it.reason.clone().unwrap_or_default(),
    }
}

/// How the answer began, or why there was none.
pub(super) fn answer(language: Language, it: CallView) -> String {
    match (language, &it.fault) {
        (Language::Chinese, Some(fault)) => fault_in_chinese(fault),
        _ => it.answer,
    }
}

fn disabled_in_chinese(it: &DisabledBecause) -> String {
    match it {
        DisabledBecause::Gone => "对方应答 410，端点已不存在".to_owned(),
        DisabledBecause::GivenUp { delivery, attempts, status, fault } => {
            let last = match (status, fault) {
                (Some(status), _) => format!("，最后一次应答 {status}"),
                (None, Some(fault)) => format!("，最后一次：{}", fault_in_chinese(fault)),
                (None, None) => String::new(),
            };
            format!("推送 {delivery} 尝试 {attempts} 次后放弃{last}")
        }
    }
}

fn fault_in_chinese(it: &CallFault) -> String {
    match it {
        CallFault::TooSlow => "对方未在时限内应答".to_owned(),
        CallFault::UnknownName { name } => format!("域名 {name} 无法解析"),
        CallFault::NoAddress => "域名没有对应的地址".to_owned(),
        CallFault::NotPublic { address } => format!("{address} 不是公网地址，不予推送"),
        CallFault::NotEncrypted => "地址未加密，不予推送".to_owned(),
        CallFault::ConnectionRefused => "连接被拒绝".to_owned(),
        CallFault::NoConnection { detail } => format!("无法连接：{detail}"),
        CallFault::NotSecure { detail } => format!("无法建立安全连接：{detail}"),
        CallFault::Broken { detail } => format!("连接中断：{detail}"),
        CallFault::Unusable { detail } => format!("地址或密钥无法使用：{detail}"),
    }
}

#[cfg(test)]
mod tests {
    use contracts::DeliveryId;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_fault_and_every_reason_has_words() {
        let detail = "timed out";
        let faults = [
            (json!({ "code": "too_slow" }), "对方未在时限内应答"),
            (json!({ "code": "unknown_name", "name": "x.example" }), "域名 x.example 无法解析"),
            (json!({ "code": "no_address" }), "域名没有对应的地址"),
            (
                json!({ "code": "not_public", "address": "10.0.0.1" }),
                "10.0.0.1 不是公网地址，不予推送",
            ),
            (json!({ "code": "not_encrypted" }), "地址未加密，不予推送"),
            (json!({ "code": "connection_refused" }), "连接被拒绝"),
            (json!({ "code": "no_connection", "detail": detail }), "无法连接：timed out"),
            (json!({ "code": "not_secure", "detail": detail }), "无法建立安全连接：timed out"),
            (json!({ "code": "broken", "detail": detail }), "连接中断：timed out"),
            (json!({ "code": "unusable", "detail": detail }), "地址或密钥无法使用：timed out"),
        ];
        for (fault, words) in &faults {
            let view = json!({ "delivery": Uuid::nil(), "event": "order.status", "attempt": 1,
                "at": "1970-01-01T00:00:00Z", "millis": 1, "status": null, "answer": "in English",
                "fault": fault });
            let told = |language| answer(language, serde_json::from_value(view.clone()).unwrap());
            assert_eq!(told(Language::Chinese), *words);
            assert_eq!(told(Language::English), "in English");
        }
        let given_up = |last: Value| {
            let mut it = json!({ "code": "given_up", "delivery": Uuid::nil(), "attempts": 10 });
            it.as_object_mut().unwrap().extend(last.as_object().unwrap().clone());
            it
        };
        let id = DeliveryId(Uuid::nil());
        for (because, words) in [
            (json!({ "code": "gone" }), "对方应答 410，端点已不存在".to_owned()),
            (
                given_up(json!({ "status": 503 })),
                format!("推送 {id} 尝试 10 次后放弃，最后一次应答 503"),
            ),
            (
                given_up(json!({ "fault": { "code": "too_slow" } })),
                format!("推送 {id} 尝试 10 次后放弃，最后一次：对方未在时限内应答"),
            ),
            (given_up(json!({})), format!("推送 {id} 尝试 10 次后放弃")),
        ] {
            let view = json!({ "endpoint": "ep-1", "url": "https://a.example/", "events": [],
                "state": "disabled", "reason": "in English", "because": because,
                "old_secret_until": null, "waiting": 0, "given_up": 1 });
            let view: EndpointView = serde_json::from_value(view).unwrap();
            assert_eq!(disabled(Language::Chinese, &view), words);
            assert_eq!(disabled(Language::English, &view), "in English");
        }
    }
}
