//! What the pages of webhooks say.

use contracts::Language;

use super::super::texts::catalogue;

/// The texts of a language.
pub(super) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::Chinese => &CHINESE,
        Language::English => &ENGLISH,
    }
}

catalogue! {
    webhooks: "Webhooks", "推送";
    webhook: "Webhook", "推送端点";
    caption: "Where channels are called when something happens to their orders",
        "订单有变化时向各渠道推送的地址";
    none: "No channel has a webhook. One is made over the API, or with a client.",
        "暂无推送端点，可通过接口创建。";
    silent: "Not answered for these channels", "以下渠道的查询未获响应";
    address: "Address", "地址";
    events: "Events", "事件";
    waiting: "Waiting", "待发送";
    given_up: "Given up", "已放弃";
    because: "Why it is disabled", "停用原因";
    id: "Id", "编号";
    old_secret: "The old secret signs until", "旧密钥有效至";
    active: "Active", "启用";
    off: "Off", "已关闭";
    disabled: "Disabled", "已停用";
    calls: "Attempts", "推送记录";
    calls_caption: "The latest 200 attempts, the last one first", "最近 200 次推送，最新在前";
    no_calls: "It was not called yet.", "尚无推送记录。";
    calls_silent: "The attempts are not known: the service did not answer.", "推送服务未响应，暂无记录。";
    event: "Event", "事件";
    took: "Took", "耗时";
    answer: "How the answer began, or why there was none", "应答开头或失败原因";
    no_answer: "No answer", "无应答";
    test: "Send a test", "发送测试";
    tested: "The test will be sent; its attempt is shown here in a moment.", "测试即将发送，稍后显示于推送记录。";
    replay: "Send again", "重新推送";
    replay_since: "Everything since", "起始时间";
    replayed: "Are sent again", "重新推送条数";
    rotate: "New secret", "更换密钥";
    rotate_note: "The old secret signs beside the new one for 24 hours.", "旧密钥在 24 小时内仍然有效。";
    rotated: "The new secret, shown this once", "新密钥（仅显示这一次）";
    shown_before: "It was shown when this form was sent first.", "密钥已在首次提交时显示。";
    turn_on: "Turn on", "启用";
    turn_off: "Turn off", "关闭";
    off_note: "What happens while it is off is not sent by itself.", "关闭期间的事件不会自动补发。";
    inactive_note: "To test it or to send something again, turn it on first.", "启用后方可测试或重新推送。";
    turned_on: "It is called from now on.", "已启用。";
    turned_off: "It is not called any more.", "已关闭。";
    back: "All webhooks", "返回推送列表";
    order_status: "Status", "状态变更";
    order_shipped: "Shipped", "发货";
    order_delivered: "Delivered", "签收";
    order_invoiced: "Invoiced", "开票";
    webhook_test: "Test", "测试";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_says_something_in_both_languages() {
        let is_chinese = |it: &str| it.chars().any(|it| ('\u{4e00}'..='\u{9fff}').contains(&it));
        for (name, english, chinese) in ALL {
            assert!(english.is_ascii() && !english.trim().is_empty(), "{name}: {english}");
            assert!(is_chinese(chinese), "{name}: {chinese}");
        }
    }
}
