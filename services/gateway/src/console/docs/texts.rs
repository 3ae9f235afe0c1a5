//! What the pages of the documentation say around what they show.

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
    // The contents.
    documentation: "Documentation", "文档";
    about: "All that a storefront, a warehouse, a payment provider or a carrier needs to work with \
        Kontor. It comes from the running program, and asks nobody else.",
        "店铺、仓库、支付机构和承运商接入 Kontor 所需的全部说明。内容随程序提供，不访问任何外部地址。";
    first_hour: "The first hour", "第一个小时";
    first_hour_about: "From a key to an order that is placed, followed, picked and told to your shop: by \
        curl, and by clients in Python and JavaScript. Ten minutes to read.",
        "从密钥到下单、跟踪、拣货与通知：使用 curl，以及 Python 和 JavaScript 客户端。阅读约十分钟。";
    http: "HTTP", "HTTP 接口";
    http_about: "Every operation, its parameters, bodies and answers:",
        "全部接口、参数、请求体与应答：";
    nats: "NATS", "NATS 消息接口";
    nats_about: "What is said and heard from outside, on which subject and stream:",
        "对外收发的全部消息、主题与流：";
    events: "Events", "事件目录";
    events_about: "Every message, inside and outside: who says it, who hears it, its fields, and an \
        example.",
        "系统内外的全部消息：由谁发出、由谁接收、字段说明与示例。";
    problems: "Problems", "问题代码";
    problems_about: "What a refused request means, and what to do.", "请求被拒绝时的含义与处理办法。";

    // Messages.
    subject: "Message", "消息";
    kind: "Kind", "类型";
    said_by: "Said by", "发出方";
    heard_by: "Heard by", "接收方";
    outside: "the outside", "外部";
    whoever_asks: "whoever asks", "请求方";
    kind_event: "event", "事件";
    kind_public: "public event", "对外事件";
    kind_command: "command", "命令";
    kind_reply: "reply", "应答";
    kind_timer: "timer", "定时";
    kind_report: "report", "外部上报";
    kind_question: "question", "查询";
    no_such_message: "No message is called so.", "没有这个消息。";
    meaning: "Meaning", "说明";
    public: "Outside, on", "对外主题";
    public_events: "What the outside says and reads", "对外消息";
    inner_events: "Within the house", "内部消息";
    stream: "stream", "流";
    answered_with: "Answered with", "应答";
    fields: "Fields", "字段";
    field: "Field", "字段";
    sort: "Type", "类型";
    required: "required", "必填";
    example: "Example", "示例";
    body_of_report: "What is sent as the body; the rest comes from the subject and the user.",
        "以下为发送的消息体；其余内容取自主题和用户名。";

    // Problems.
    problem: "Problem", "问题";
    status: "Status", "状态码";
    what_to_do: "What to do", "处理办法";
    no_such_problem: "No problem is called so.", "没有这个问题代码。";
    form_of_problems: "Whatever is refused is answered as application/problem+json (RFC 9457), with \
        every fault at once: where it is (a JSON pointer), what was found, and what was expected. \
        Under its trace_id it is found in traces and logs.",
        "所有被拒绝的请求都以 application/problem+json（RFC 9457）应答，并一次列出全部错误：位置（JSON \
        指针）、实际内容与期望内容。凭 trace_id 可在链路追踪和日志中查到。";
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
