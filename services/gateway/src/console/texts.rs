//! Everything that pages say, once in each language. What stands in one and not in the other does
//! not compile.

use contracts::Language;

/// Declares texts, each in both languages, and `Texts`, which has one language.
macro_rules! catalogue {
    ($($name:ident: $english:literal, $chinese:literal;)+) => {
        /// What pages say.
        #[derive(Debug)]
        pub(crate) struct Texts {
            $(pub(crate) $name: &'static str,)+
        }

        static ENGLISH: Texts = Texts { $($name: $english,)+ };

        static CHINESE: Texts = Texts { $($name: $chinese,)+ };

        /// Name, English, Chinese.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str, &str)] =
            &[$((stringify!($name), $english, $chinese),)+];
    };
}

pub(super) use catalogue;

/// The texts of a language.
pub(crate) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::Chinese => &CHINESE,
        Language::English => &ENGLISH,
    }
}

catalogue! {
    // Around every page.
    skip: "Skip to the content", "跳到正文";
    parts: "Parts of the console", "控制台导航";
    orders: "Orders", "订单";
    holds: "Credit holds", "信用冻结";
    stock: "Stock", "库存";
    webhooks: "Webhooks", "推送";
    docs: "Documentation", "文档";
    read_in: "Language", "语言";
    live_on: "Live", "实时更新";
    live_off: "Not live: trying again", "连接中断，正在重连";
    suite_time: "Suite's time", "系统时间";
    times_in: "Times are in", "时区:";
    changed_meanwhile: "This changed meanwhile. Show it as it is now", "内容已更新，点击刷新";
    // Signing in.
    sign_in: "Sign in", "登录";
    sign_out: "Sign out", "退出登录";
    signed_in_as: "Signed in as", "当前用户";
    name: "Name", "用户名";
    password: "Password", "密码";
    change_password: "Change the password", "修改密码";
    old_password: "Password until now", "当前密码";
    new_password: "New password (12 characters or more)", "新密码（至少 12 个字符）";
    password_changed: "The password is changed. Elsewhere you are signed out.",
        "密码已修改，其他设备上的登录已退出。";
    wrong: "This cannot be shown", "无法显示";
    back_to_orders: "All orders", "返回订单列表";

    // The table of orders.
    process_table: "Process table", "流程总表";
    process_caption: "Orders and where they are", "订单及其进度";
    search: "Search", "搜索";
    search_hint: "Order number or external id", "订单号或外部单号";
    apply: "Show", "查询";
    reset: "Reset", "重置";
    all: "All", "全部";
    all_open: "Not over", "进行中";
    placed_from: "Placed from", "下单起始";
    placed_to: "to, exclusive", "截止，不含";
    saved_views: "Views", "视图";
    save_view: "Save this view", "保存当前视图";
    view_name: "Name of the view", "视图名称";
    share_view: "Share it with all", "与所有人共享";
    save: "Save", "保存";
    forget_view: "Forget this view", "删除此视图";
    late: "Late", "超期";
    node: "Step", "当前节点";
    columns: "Columns", "列";
    order_no: "Order", "订单号";
    customer: "Customer", "客户";
    product: "Product", "产品";
    quantity: "Quantity", "数量";
    status: "Status", "状态";
    placed_at: "Placed", "下单时间";
    estimated: "Estimated completion", "预计完成";
    completed_at: "Completed", "实际完成";
    channel: "Channel", "来源渠道";
    external_id: "External id", "外部单号";
    remark: "Reason", "备注 / 原因";
    warehouse: "Warehouse", "仓库";
    priority: "Priority", "优先级";
    total: "Total", "金额";
    terms: "Terms", "付款方式";
    prepaid: "Prepaid", "预付";
    on_account: "On account", "账期";
    newest_first: "newest first", "最新在前";
    oldest_first: "oldest first", "最早在前";
    largest_first: "largest first", "金额从大到小";
    smallest_first: "smallest first", "金额从小到大";
    sort: "Sort", "排序";
    next_page: "Next page", "下一页";
    first_page: "First page", "回到首页";
    no_orders: "No order is like that.", "没有符合条件的订单。";
    no_orders_yet: "No order was placed yet.", "暂无订单。";
    and_more: "more", "项";
    urgent: "Urgent", "紧急";

    // One order.
    order: "Order", "订单";
    where_it_is: "Where it is", "当前进度";
    since: "since", "自";
    confirmed_at: "Confirmed", "确认";
    released_at: "Released", "下发";
    shipped_at: "Shipped", "发货";
    delivered_at: "Delivered", "签收";
    lines: "Lines", "订单行";
    line: "Line", "行";
    sku: "Item", "货号";
    unit_price: "Unit price, net", "单价（不含税）";
    net: "Net", "不含税金额";
    tax: "Tax", "税额";
    freight: "Freight", "运费";
    units_by_line: "Where the units are", "各行货品所在环节";
    units_unanswered: "Intake, which knows, did not answer within a second. Load the page again in a moment.",
        "接单服务一秒内未响应，请稍后刷新。";
    units_elsewhere: "This order is led by another system.", "该订单由其他系统管理。";
    held_in: "Held in", "占用仓库";
    backordered: "Waiting for supply", "缺货待补";
    sourcing: "Sourcing", "寻源";
    credit: "Credit", "信用";
    held_amount: "Amount", "金额";
    class: "Risk class", "风险等级";
    decided_by: "Decided by", "决定人";
    rule: "Rule", "规则";
    team: "Team", "负责团队";
    shipments: "Shipments", "发货单";
    pick: "Pick", "拣货单";
    units: "Units", "件数";
    short: "Short", "短缺";
    carrier: "Carrier", "承运商";
    tracking_no: "Tracking number", "运单号";
    money: "Money", "款项";
    what: "What", "事项";
    amount: "Amount", "金额";
    document: "Document", "单据";
    pay_until: "To be paid by", "付款期限";
    prepaid_amount: "Paid ahead", "已预付";
    invoice: "Invoice", "发票";
    payment: "Payment", "收款";
    refund: "Goes back to the customer", "应退客户";
    open: "Open", "未收";
    due_on: "due", "到期";
    letters: "Letters", "通知信";
    timeline: "Timeline", "时间线";
    when: "When", "时间";
    who: "Who", "操作方";
    why: "Why", "原因";
    details: "Figures", "数据";
    explanation: "Why it was decided so", "决策说明";
    score: "Score", "评分";
    repayment: "Repayment rate, three months", "近三个月回款率";
    limit: "Credit limit", "信用额度";
    exposure: "Exposure before", "下单前占用";
    exposure_after: "Exposure with this order", "含本单占用";
    stop: "Stopped by", "拦截原因";
    would_pass: "It would have passed if this were paid first", "先付清以下金额即可通过";
    or_at_most: "Or if the order came to no more than", "或订单金额不超过";
    attempt: "Attempt", "次数";
    round: "Round", "轮次";
    ruleset: "Ruleset", "规则集";
    candidates: "Warehouses weighed", "候选仓库";
    cost: "Cost, points", "成本分";
    eliminated: "Ruled out", "已排除";
    whole_record: "The whole record", "完整记录";
    no_explanation: "Nothing was decided yet.", "尚无决策。";
    unanswered: "Whoever decides about it did not answer.", "相关服务未响应。";
    none_yet: "None yet.", "暂无。";
    no_such_order: "There is no such order", "订单不存在";
    may_be_on_its_way: "It may have been placed a moment ago. Numbers are written as in K-000042.",
        "订单可能刚刚下达。订单号形如 K-000042。";

    // What may be decided.
    decide: "What you can do", "可执行操作";
    nothing_to_decide: "There is nothing that you can decide about it now.", "当前无可执行操作。";
    cancel: "Cancel the order", "取消订单";
    release: "Release", "放行";
    refuse: "Refuse", "驳回";
    release_hold: "Release or refuse the credit", "放行或驳回信用";
    reason_given: "Reason", "理由";
    cancelled: "The order is cancelled.", "订单已取消。";
    asked_back: "The warehouse is asked to leave it alone; the timeline tells what comes of it.",
        "已请求仓库停止处理，结果见时间线。";
    released: "The credit is released.", "信用已放行。";
    refused: "The credit is refused; the order ends.", "信用已驳回，订单终止。";
    not_shown_yet: "It is done; this page does not show it yet.", "已执行，本页稍后更新。";

    // Credit holds.
    holds_caption: "Orders that wait for a person to decide about their credit, the oldest first",
        "等待人工决定信用的订单，最早在前";
    held_for: "Held for", "冻结时长";
    held_since: "Held since", "冻结起始";
    no_holds: "No order is held.", "没有被冻结的订单。";
    decision: "Decision", "决定";

    // Work lists.
    reviews: "To look at", "待处理";
    reviews_caption:
        "Orders that wait for supply or for a person, the longest first; red after 24 hours",
        "等待补货或人工处理的订单，等待最久的在前；超过 24 小时标红";
    no_reviews: "No order waits.", "没有等待处理的订单。";
    review_cancelling: "A warehouse is asked to leave it alone", "已请求仓库停止处理";
    review_failed: "No source found", "寻源失败";
    review_short: "A count took its goods away", "盘点后占用被撤销";
    review_lapsed: "What was held softly lapsed", "预占已到期";
    review_overdue: "Later than estimated", "晚于预计完成";
    shorts: "Short picks", "拣货短缺";
    shorts_caption:
        "What a warehouse did not find, open ones first; red after 4 hours",
        "仓库未找到的货品，未解决的在前；超过 4 小时标红";
    no_shorts: "Everything was found.", "没有拣货短缺。";
    short_sourced: "Comes from elsewhere", "已另行调货";
    short_searching: "A source is looked for", "正在重新寻源";
    became: "What became of it", "后续";
    waits_for_so_long: "Waits for", "等待时长";
    since_when: "Since", "起始";
    more_than_shown: "There are more than these.", "仅显示一部分。";
    parked: "Set aside", "搁置";
    parked_caption:
        "What services could not decide, and everything later about the same thing; red after an hour",
        "各服务无法处理而搁置的消息，以及其后的相关消息；超过 1 小时标红";
    no_parked: "Nothing is set aside.", "没有搁置的消息。";
    silent_services: "These services do not answer", "以下服务未响应";
    input: "What came", "消息";
    what_it_says: "What it says", "消息内容";
    service: "At", "所在服务";
    about: "About", "关于";
    cause: "Cause", "原因";
    replay: "Decide again", "重新处理";
    discard: "Put away", "丢弃";
    replay_note: "Deciding again is about all that is set aside about the same thing, in its order. Putting away is for good; the reason is kept with it.",
        "重新处理会按顺序处理与之相关的全部搁置消息。丢弃不可撤销，理由会一并保存。";
    replayed: "It was decided again; what could not be is still here.", "已重新处理；仍无法处理的保留在此。";
    discarded: "It was put away, and what stood behind it was decided.", "已丢弃，其后的消息已处理。";

    // Keys.
    keys: "Keys", "快捷键";
    key_search: "Search", "搜索";
    key_rows: "Next and previous row", "下一行、上一行";
    key_open: "Open the row", "打开该行";
    key_help: "This help", "显示帮助";
    close: "Close", "关闭";

    // Stock.
    stock_caption: "What can be sold, as it was heard last", "最近获知的可售库存";
    sku_hint: "Item, or how it begins", "货号或其开头";
    sellable: "Sellable", "可售";
    by_warehouse: "By warehouse", "分仓";
    heard_at: "As of", "截至";
    no_stock: "Of no such item there was ever any stock.", "没有此类货品的库存记录。";
    in_warehouses: "By warehouse, as inventory has it now", "各仓库存（实时）";
    good: "Usable", "良品";
    quarantine: "Quarantine", "待检";
    damaged: "Damaged", "残次";
    reserved: "Held", "预占";
    allocated: "Claimed", "已分配";
    moves: "Last movements", "最近变动";
    no_moves: "Nothing moved yet.", "暂无变动。";
    all_moves: "All movements", "全部变动";
    all_moves_caption: "Every change of the stock, the latest first", "库存的全部变动，最新在前";
    back_to_item: "The item in all warehouses", "返回该货品";
    kind: "Kind", "类型";
    back_to_stock: "All stock", "返回库存列表";

    // Tables as files.
    import: "Import a table", "导入表格";
    import_hint: "CSV or XLSX: new orders, or orders that another system kept. Nothing is stored before you confirm.",
        "支持 CSV 或 XLSX：新订单，或其他系统中的订单。确认之前不会保存任何内容。";
    file: "File", "文件";
    import_channel: "For the channel", "所属渠道";
    look: "Check the table", "检查表格";
    template: "Template for new orders", "新订单模板";
    confirm_import: "Import", "确认导入";
    row: "Row", "行号";
    column: "Column", "列名";
    found: "Found", "内容";
    expected: "Expected", "应为";
    bad_cells: "Cells to be corrected: nothing is imported before", "需要更正的单元格（更正前不会导入）";
    to_import: "Orders in the table", "表中订单数";
    outcome: "Outcome", "结果";
    accepted: "Taken", "已接收";
    was_there: "Was there before", "此前已有";
    conflicted: "Its number stands for another", "单号已被占用";
    not_taken: "Not taken", "未接收";
    not_known: "Not known: send the file again", "结果未知，请重新上传";
    imported: "Imported", "导入";
    estimated_day: "Estimated completion", "预计完成时间";
    completed_day: "Actual completion", "实际完成时间";
    stated: "Status as told", "原状态";
    flags: "Does not fit", "不一致";
    source: "Source", "订单来源";
    note: "Customer remark", "客户备注";
    step: "Step", "流程节点";
    export: "Export", "导出";
    in_all: "In all", "合计";
    minor_units: "minor units", "最小货币单位";
    currency: "Currency", "币种";
    total_minor: "Total, minor units", "金额（最小货币单位）";
    amount_minor: "Amount, minor units", "金额（最小货币单位）";
    placed_at_utc: "Placed (UTC)", "下单时间（UTC）";
    estimated_at_utc: "Estimated completion (UTC)", "预计完成（UTC）";
    completed_at_utc: "Completed (UTC)", "实际完成（UTC）";
    held_since_utc: "Held since (UTC)", "冻结起始（UTC）";
    heard_at_utc: "As of (UTC)", "截至（UTC）";
    when_utc: "When (UTC)", "时间（UTC）";
    nth: "Number", "序号";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That every text is there in both languages the compiler sees; that it says something, and
    /// was translated, it does not.
    #[test]
    fn every_text_says_something_in_both_languages() {
        let is_chinese = |it: &str| it.chars().any(|it| ('\u{4e00}'..='\u{9fff}').contains(&it));
        assert!(ALL.len() > 100);
        for (name, english, chinese) in ALL {
            assert!(english.is_ascii() && !english.trim().is_empty(), "{name}: {english}");
            assert!(is_chinese(chinese), "{name}: {chinese}");
        }
    }
}
