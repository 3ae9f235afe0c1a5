//! Words for the codes that services use. A code that nobody has a word for is shown as it is.

use contracts::intake::CarriedFlag;
use contracts::{Bucket, Language, Status};

use crate::summary::{ShipmentState, SourcingState};
use crate::views::Colour;

/// A code in English and in Chinese.
type Word = (&'static str, &'static str, &'static str);

fn find(words: &[Word], language: Language, code: &str) -> Option<&'static str> {
    let (_, english, chinese) = words.iter().find(|it| it.0 == code)?;
    Some(pick(language, english, chinese))
}

fn pick(language: Language, english: &'static str, chinese: &'static str) -> &'static str {
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

pub(crate) fn status(language: Language, status: Status) -> &'static str {
    let (english, chinese) = match status {
        Status::Checking => ("Checking", "审核中"),
        Status::CreditHold => ("On credit hold", "信用冻结"),
        Status::AwaitingPayment => ("Awaiting payment", "待付款"),
        Status::Confirmed => ("Confirmed", "已确认"),
        Status::Backordered => ("Backordered", "缺货待补"),
        Status::Released => ("Released", "已下发"),
        Status::Picking => ("Picking", "拣货中"),
        Status::Packed => ("Packed", "已打包"),
        Status::PartiallyShipped => ("Partially shipped", "部分发货"),
        Status::Shipped => ("Shipped", "已发货"),
        Status::PartiallyDelivered => ("Partially delivered", "部分签收"),
        Status::Delivered => ("Delivered", "已签收"),
        Status::Completed => ("Completed", "已完成"),
        Status::Cancelled => ("Cancelled", "已取消"),
        Status::Expired => ("Expired", "已失效"),
        Status::Rejected => ("Rejected", "已拒绝"),
    };
    pick(language, english, chinese)
}

/// What a colour means, for those who do not see it.
pub(crate) fn colour(language: Language, colour: Colour) -> &'static str {
    let (english, chinese) = match colour {
        Colour::Red => ("needs attention", "需要处理"),
        Colour::Green => ("done", "已办结"),
        Colour::Grey => ("over", "已终止"),
        Colour::Yellow => ("in progress", "进行中"),
    };
    pick(language, english, chinese)
}

/// Which service has an order that is there.
pub(crate) fn node(language: Language, status: Status) -> &'static str {
    let (english, chinese) = match status {
        Status::Checking | Status::Rejected => ("Intake", "接单"),
        Status::CreditHold => ("Credit", "信用"),
        Status::AwaitingPayment | Status::Delivered => ("Finance", "财务"),
        Status::Confirmed | Status::Backordered => ("Inventory", "库存"),
        Status::Released
        | Status::Picking
        | Status::Packed
        | Status::PartiallyShipped
        | Status::Shipped
        | Status::PartiallyDelivered => ("Fulfilment", "履约"),
        Status::Completed | Status::Cancelled | Status::Expired => ("Over", "已结束"),
    };
    pick(language, english, chinese)
}

pub(crate) fn shipment(language: Language, state: ShipmentState) -> &'static str {
    let (english, chinese) = match state {
        ShipmentState::Requested => ("Requested", "已请求"),
        ShipmentState::Withdrawn => ("Withdrawn", "已撤回"),
        ShipmentState::Started => ("Being picked", "拣货中"),
        ShipmentState::Picked => ("Picked", "已拣货"),
        ShipmentState::Packed => ("Packed", "已打包"),
        ShipmentState::Shipped => ("Shipped", "已发货"),
        ShipmentState::Refused => ("Refused at the door", "收件方拒收"),
        ShipmentState::Delivered => ("Delivered", "已签收"),
        ShipmentState::Returned => ("Returned", "已退回"),
    };
    pick(language, english, chinese)
}

/// Where units of a line are.
pub(crate) fn bucket(language: Language, bucket: Bucket) -> &'static str {
    let (english, chinese) = match bucket {
        Bucket::Unsourced => ("Open", "未寻源"),
        Bucket::Backordered => ("Backordered", "缺货待补"),
        Bucket::InProduction => ("In production", "生产中"),
        Bucket::Reserved => ("Reserved", "已占用"),
        Bucket::Released => ("Released", "已下发"),
        Bucket::Picked => ("Picked", "已拣货"),
        Bucket::Packed => ("Packed", "已打包"),
        Bucket::Shipped => ("Shipped", "运输中"),
        Bucket::Refused => ("Refused", "已拒收"),
        Bucket::Delivered => ("Delivered", "已签收"),
        Bucket::Returning => ("Coming back", "退回中"),
        Bucket::Returned => ("Returned", "已退回"),
        Bucket::Lost => ("Lost", "已丢失"),
        Bucket::Cancelled => ("Cancelled", "已取消"),
    };
    pick(language, english, chinese)
}

/// Which service says so.
pub(crate) fn service(language: Language, code: &str) -> Option<&'static str> {
    find(SERVICES, language, code)
}

/// What of an order is said: `credit.held`.
pub(crate) fn what(language: Language, service: &str, what: &str) -> Option<&'static str> {
    find(EVENTS, language, &format!("{service}.{what}"))
}

/// Why an order is where it is, and the states of credit and sourcing.
pub(crate) fn reason(language: Language, code: &str) -> Option<&'static str> {
    find(REASONS, language, code)
}

/// Who did it: a storefront, which has the name of its channel, or the name itself.
pub(crate) fn who(language: Language, actor: &str) -> String {
    match actor.strip_prefix("channel:") {
        Some(channel) => format!("{} {channel}", pick(language, "Channel", "渠道")),
        None => actor.to_owned(),
    }
}

/// How far sourcing is.
pub(crate) fn sourcing(language: Language, state: SourcingState) -> &'static str {
    let (english, chinese) = match state {
        SourcingState::Requested => ("Looked for", "寻源中"),
        SourcingState::Planned => ("Planned", "已计划"),
        SourcingState::Claimed => ("Claimed", "已占用"),
        SourcingState::Backordered => ("Waiting for supply", "缺货待补"),
        SourcingState::Failed => ("Failed", "失败"),
        SourcingState::Lapsed => ("Lapsed", "已到期"),
        SourcingState::Short => ("Short", "短缺"),
        SourcingState::Released => ("Released", "已释放"),
    };
    pick(language, english, chinese)
}

/// What does not fit together in an order that another system kept.
pub(crate) fn flag(language: Language, flag: CarriedFlag) -> &'static str {
    let (english, chinese) = match flag {
        CarriedFlag::Late => ("Completed late", "逾期完成"),
        CarriedFlag::CompletedTooEarly => ("Completed before it left", "未发货却已完成"),
        CarriedFlag::NoCompletion => ("Completed, no date", "已完成但无日期"),
    };
    pick(language, english, chinese)
}

/// What kind of movement of stock it is.
pub(crate) fn movement(language: Language, code: &str) -> Option<&'static str> {
    find(MOVEMENTS, language, code)
}

/// What a figure of a timeline is.
pub(crate) fn figure(language: Language, name: &str) -> Option<&'static str> {
    find(FIGURES, language, name)
}

/// What is wrong, by the last word of a problem's type.
pub(crate) fn problem(language: Language, code: &str) -> Option<&'static str> {
    find(PROBLEMS, language, code)
}

pub(crate) const SERVICES: &[Word] = &[
    ("intake", "Intake", "接单"),
    ("credit", "Credit", "信用"),
    ("allocation", "Allocation", "寻源"),
    ("inventory", "Inventory", "库存"),
    ("fulfilment", "Fulfilment", "履约"),
    ("finance", "Finance", "财务"),
    ("notification", "Notification", "通知"),
    ("webhook", "Webhooks", "推送"),
    ("gateway", "Gateway", "网关"),
];

pub(crate) const EVENTS: &[Word] = &[
    ("intake.placed", "Order placed", "下单"),
    ("intake.carried-over", "Carried over", "导入登记"),
    ("intake.status", "Status", "状态变更"),
    ("intake.cancelled", "Order cancelled", "订单取消"),
    ("intake.cancellation-requested", "Cancellation requested", "请求取消"),
    ("intake.payment-requested", "Payment requested", "请求付款"),
    ("intake.sourcing-requested", "New source requested", "请求重新寻源"),
    ("credit.approved", "Credit approved", "信用通过"),
    ("credit.held", "Credit held", "信用冻结"),
    ("credit.hold-released", "Credit released", "信用放行"),
    ("credit.hold-refused", "Credit refused", "信用驳回"),
    ("allocation.planned", "Source planned", "寻源完成"),
    ("allocation.failed", "No source found", "寻源失败"),
    ("inventory.claimed", "Stock claimed", "库存占用"),
    ("inventory.backorder-filled", "Backorder filled", "缺货已补"),
    ("inventory.claims-promoted", "Claims made firm", "占用转正"),
    ("inventory.claims-released", "Claims released", "释放占用"),
    ("inventory.claims-withdrawn", "Claims withdrawn", "占用撤销"),
    ("inventory.lease-expired", "Soft claims lapsed", "预占到期"),
    ("fulfilment.pick-requested", "Pick requested", "下发拣货"),
    ("fulfilment.pick-withdrawn", "Pick withdrawn", "撤回拣货"),
    ("fulfilment.withdrawal-refused", "Warehouse keeps the pick", "仓库拒绝撤回"),
    ("fulfilment.pick-started", "Picking begun", "开始拣货"),
    ("fulfilment.picked", "Picked", "拣货完成"),
    ("fulfilment.packed", "Packed", "打包完成"),
    ("fulfilment.shipped", "Shipped", "发货"),
    ("fulfilment.delivered", "Delivered", "签收"),
    ("fulfilment.refused", "Refused at the door", "收件方拒收"),
    ("fulfilment.returned", "Returned", "退回入库"),
    ("finance.captured", "Paid ahead", "预付到账"),
    ("finance.received", "Payment received", "收款"),
    ("finance.invoiced", "Invoiced", "开票"),
    ("finance.refund-due", "Refund due", "应退款"),
    ("finance.settled", "Settled", "结清"),
    ("notification.sent", "Letter sent", "已发信"),
    ("notification.failed", "Letter not sent", "发信失败"),
];

pub(crate) const REASONS: &[Word] = &[
    ("asked", "Asked for", "应要求"),
    ("no_supply", "No supply", "无货可供"),
    ("credit_refused", "Credit not granted", "信用未通过"),
    ("credit_review", "A person has to look at the credit", "信用待人工复核"),
    ("hold_overdue", "Held for too long", "冻结超期"),
    ("returned_undelivered", "Returned undelivered", "未签收退回"),
    ("payment_overdue", "Not paid in time", "超时未付款"),
    ("stock_lost", "Stock lost", "库存丢失"),
    ("backorder_filled", "Backorder filled", "缺货已补"),
    ("claim_withdrawn", "Claim withdrawn", "占用被撤销"),
    ("credit_released", "Credit released", "信用已放行"),
    ("lease_lapsed", "Soft claim lapsed", "预占到期"),
    ("short_pick", "Short pick", "拣货短缺"),
    ("paid", "Paid", "已付款"),
    ("refused", "Refused", "拒绝"),
    ("returned", "Returned", "退回"),
    ("approved", "Approved", "通过"),
    ("held", "Held", "冻结"),
    ("released", "Released", "已放行"),
    ("requested", "Requested", "已请求"),
    ("planned", "Planned", "已计划"),
    ("claimed", "Claimed", "已占用"),
    ("backordered", "Waiting for supply", "缺货待补"),
    ("failed", "Failed", "失败"),
    ("lapsed", "Lapsed", "已到期"),
    ("short", "Short", "短缺"),
    ("blocked", "Customer blocked", "客户已冻结"),
    ("overdue_60", "Overdue by 60 days", "逾期 60 天"),
    ("limit_expired", "Limit expired", "额度已过期"),
    ("currency", "Other currency", "币种不符"),
    ("no_limit", "No limit", "无额度"),
    ("stop", "Stopped", "拦截"),
    ("free", "Nothing to pay", "无需付款"),
    ("prepaid", "Prepaid", "预付"),
    ("approve", "Approve", "通过"),
    ("review", "A person has to look", "人工复核"),
    ("prepay", "Only paid in advance", "须先付款"),
    ("refuse", "Not at all", "不予通过"),
    ("A.within", "Class A, within the limit", "A 级，额度内"),
    ("A.slightly_over", "Class A, slightly over the limit", "A 级，略超额度"),
    ("A.beyond", "Class A, far over the limit", "A 级，大幅超额度"),
    ("B.within_90", "Class B, within nine tenths of the limit", "B 级，额度九成以内"),
    ("B.above_90", "Class B, above nine tenths of the limit", "B 级，额度九成以上"),
    ("B.slightly_over", "Class B, slightly over the limit", "B 级，略超额度"),
    ("B.beyond", "Class B, far over the limit", "B 级，大幅超额度"),
    ("C.within", "Class C, within the limit", "C 级，额度内"),
    ("C.slightly_over", "Class C, slightly over the limit", "C 级，略超额度"),
    ("C.beyond", "Class C, far over the limit", "C 级，大幅超额度"),
    ("D.within", "Class D, within the limit", "D 级，额度内"),
    ("D.slightly_over", "Class D, slightly over the limit", "D 级，略超额度"),
    ("D.beyond", "Class D, far over the limit", "D 级，大幅超额度"),
];

pub(crate) const MOVEMENTS: &[Word] = &[
    ("RECEIPT", "Receipt", "入库"),
    ("COUNT_ADJUST", "Count", "盘点调整"),
    ("DAMAGE", "Damage", "报损"),
    ("RETURN_IN", "Return", "退货入库"),
    ("HOLD", "Held", "预占"),
    ("HOLD_RELEASE", "Hold released", "释放预占"),
    ("HOLD_EXPIRE", "Hold lapsed", "预占到期"),
    ("PROMOTE", "Hold made firm", "预占转正"),
    ("DEMOTE", "Claim made soft", "转为预占"),
    ("ALLOCATE", "Claimed", "分配"),
    ("DEALLOCATE", "Claim released", "取消分配"),
    ("SHIP", "Shipped", "出库"),
    ("SHORT_PICK", "Short pick", "拣货短缺"),
];

pub(crate) const FIGURES: &[Word] = &[
    ("amount", "Amount", "金额"),
    ("attempt", "Attempt", "次数"),
    ("backordered", "Waiting for supply", "缺货待补"),
    ("carrier", "Carrier", "承运商"),
    ("claims", "Claims", "占用"),
    ("class", "Risk class", "风险等级"),
    ("due_on", "Due on", "到期日"),
    ("gross", "Gross", "含税金额"),
    ("invoice", "Invoice", "发票"),
    ("kind", "Kind", "类型"),
    ("language", "Language", "语言"),
    ("line", "line", "行"),
    ("lines", "Lines", "订单行"),
    ("number", "Number", "编号"),
    ("open", "Open", "未收"),
    ("paid", "Paid", "已收"),
    ("payment", "Payment", "收款单"),
    ("pick", "Pick", "拣货单"),
    ("priority", "Priority", "优先级"),
    ("quantity", "units", "件数"),
    ("remark", "Remark", "备注"),
    ("round", "Round", "轮次"),
    ("rule", "Rule", "规则"),
    ("short", "Short", "短缺"),
    ("sku", "item", "货号"),
    ("total", "Total", "总额"),
    ("tracking_no", "Tracking number", "运单号"),
    ("units", "Units", "件数"),
    ("until", "Until", "截止"),
    ("verdict", "Verdict", "结论"),
    ("warehouse", "Warehouse", "仓库"),
];

pub(crate) const PROBLEMS: &[Word] = &[
    ("not-found", "There is no such thing", "不存在"),
    ("malformed", "The request cannot be read", "请求无法识别"),
    ("invalid", "Something is filled in wrongly", "填写有误"),
    ("already-final", "The order is over", "订单已终结"),
    ("already-requested", "The warehouse is asked already", "已向仓库发出请求"),
    ("too-many-views", "So many views nobody keeps: forget one first", "保存的视图过多，请先删除"),
    ("picked", "The order is picked", "订单已拣货"),
    ("past-point-of-no-return", "The order left", "订单已发出"),
    ("not-held", "No credit of this order is held", "该订单未被信用冻结"),
    ("tier", "This takes a higher tier", "职级不足"),
    ("four-eyes", "Nobody decides on their own order", "不得审批本人录入的订单"),
    ("elsewhere", "This did not come from a page of this console", "请求并非来自本控制台"),
    ("unauthenticated", "Who asks is not known", "未登录"),
    ("not-signed-in", "There is nobody of this name and password", "用户名或密码错误"),
    ("forbidden", "You may not do this", "无权执行此操作"),
    ("channel", "A storefront acts for its own channel only", "只能代表本渠道操作"),
    ("taken", "A key or a person of this name is there, or was", "名称已被使用"),
    ("no-password", "Somebody new has a password", "新用户须有密码"),
    ("too-often", "This was asked too often", "操作过于频繁，请稍后再试"),
    ("unavailable", "The service that decides about it is not there", "相关服务不可用"),
    (
        "timed-out",
        "It took too long; whether it was carried out is not known",
        "超时，是否已执行未知",
    ),
    ("busy", "Too much is asked at once", "请求过多"),
    ("behind", "The view has not heard of it yet", "视图尚未更新"),
    ("parked", "It was set aside, for a person to look", "已搁置，待人工处理"),
    ("refused", "It could not be understood", "对方无法识别"),
    ("bad-file", "The table cannot be understood", "无法识别该表格"),
    ("too-many", "There are more rows than one file may have", "行数超过单个文件的上限"),
    ("internal", "Something is wrong with us", "系统出错"),
    ("rejected", "The order was not taken in", "订单未被受理"),
    ("conflict", "It stands for an order of other content", "与已有订单内容冲突"),
    ("media-type", "The body is not JSON", "请求体不是 JSON"),
    ("too-large", "The body is too large", "请求体过大"),
    ("method-not-allowed", "This is not done here", "不支持该方法"),
];
