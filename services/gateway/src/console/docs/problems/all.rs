//! Every problem that the gateway answers with, in English and in Chinese.

use super::Entry;

/// The most usual ones first.
pub(super) const ALL: &[Entry] = &[
    Entry {
        code: "too-many",
        status: "422",
        meaning: ["There are more rows than one file may have.", "行数超过单个文件的上限。"],
        remedy: ["Ask for fewer, by a filter.", "请用筛选条件缩小范围。"],
    },
    Entry {
        code: "bad-file",
        status: "422",
        meaning: [
            "The file is no table that can be read: neither CSV nor XLSX, too large unpacked, or without the columns that it takes.",
            "文件不是可读取的表格：既非 CSV 也非 XLSX，解压后过大，或缺少所需列。",
        ],
        remedy: [
            "Save it as CSV or XLSX with the headings of the template, and send it again.",
            "请按模板列名另存为 CSV 或 XLSX 后重新上传。",
        ],
    },
    Entry {
        code: "too-many-views",
        status: "409",
        meaning: ["The person keeps as many views as anybody may.", "该用户保存的视图已达上限。"],
        remedy: ["Forget one that is not used any more.", "请先删除不再使用的视图。"],
    },
    Entry {
        code: "unauthenticated",
        status: "401",
        meaning: [
            "Nobody said who asks, or the credential is wrong, expired or revoked.",
            "未提供凭证，或凭证有误、已过期、已吊销。",
        ],
        remedy: [
            "Send a key that is valid, as a bearer token, or sign in.",
            "请以 Bearer 方式发送有效密钥，或登录。",
        ],
    },
    Entry {
        code: "not-signed-in",
        status: "401",
        meaning: [
            "Name and password do not belong together, or the person may sign in no more.",
            "用户名与密码不符，或该用户已停用。",
        ],
        remedy: [
            "Try again; who runs the house can give another password.",
            "请重试；管理员可重设密码。",
        ],
    },
    Entry {
        code: "forbidden",
        status: "403",
        meaning: [
            "The role of who asks does not reach so far. The detail names the action.",
            "当前角色无权执行此操作，详情给出操作名。",
        ],
        remedy: [
            "Ask with a key or as a person whose role may do it.",
            "请使用有相应角色的密钥或用户。",
        ],
    },
    Entry {
        code: "too-often",
        status: "429",
        meaning: [
            "This key or person asked too often, or tried to sign in too often.",
            "该密钥或用户请求过于频繁，或登录尝试过多。",
        ],
        remedy: [
            "Wait for as long as Retry-After says, and ask less often.",
            "请按 Retry-After 等待，并降低频率。",
        ],
    },
    Entry {
        code: "taken",
        status: "409",
        meaning: [
            "A key or a person of this name is there, or was: names are never given again.",
            "该名称的密钥或用户已存在或曾存在，名称不再使用。",
        ],
        remedy: ["Take another name.", "请换一个名称。"],
    },
    Entry {
        code: "no-password",
        status: "409",
        meaning: [
            "There is nobody of this name, and somebody new has a password.",
            "没有该用户，新用户须有密码。",
        ],
        remedy: ["Send a password as well.", "请同时提供密码。"],
    },
    Entry {
        code: "malformed",
        status: "400",
        meaning: [
            "The path, the query, a header or the body does not have the form that was agreed \
                on: it is no JSON, a header is missing, or a parameter is unknown. Nothing was \
                done.",
            "路径、查询参数、请求头或请求体的形式不符合约定：不是 \
                JSON、缺少请求头，或参数未知。没有执行任何操作。",
        ],
        remedy: [
            "Read detail: it names what is wrong and what was expected. Sent again as it is, it \
                is refused again.",
            "请查看 detail，其中写明出错之处与期望的形式。原样重发仍会被拒绝。",
        ],
    },
    Entry {
        code: "invalid",
        status: "422",
        meaning: [
            "The body could be read, but fields of it are missing, unknown, of the wrong type \
                or out of range. Nothing was done.",
            "请求体可以读取，但有字段缺失、未知、类型不符或超出范围。没有执行任何操作。",
        ],
        remedy: [
            "Mend every entry of errors: pointer tells where, found what was there, expected \
                what belongs there. They are all told at once.",
            "请逐条修正 errors：pointer 为位置，found 为实际内容，expected \
                为期望内容。所有错误一次列出。",
        ],
    },
    Entry {
        code: "rejected",
        status: "422",
        meaning: [
            "The order reads, but cannot be taken in as it is: an item is not for sale, the \
                price differs, a sum does not add up, or the customer may not pay that way. \
                Nothing was kept under its external_id.",
            "订单可以读取，但无法受理：商品不在售、价格不符、金额不平，或客户不能使用该付款方式。该 \
                external_id 没有留下任何记录。",
        ],
        remedy: [
            "Mend every entry of errors, and hand the order in again under the same \
                external_id.",
            "请逐条修正 errors，并用同一 external_id 重新提交。",
        ],
    },
    Entry {
        code: "conflict",
        status: "409, 422",
        meaning: [
            "The external_id, the customer's po_number or the Idempotency-Key was used before, \
                for an order with other content. Nothing changed; the field order names that \
                order. By Idempotency-Key the status is 422, else 409.",
            "external_id、客户的 po_number 或 Idempotency-Key \
                此前已用于内容不同的订单。没有任何变更；order 字段为那张订单。若因 Idempotency-Key \
                冲突则为 422，否则为 409。",
        ],
        remedy: [
            "For a new order take a new name. To hand the same order in again, send exactly \
                what was sent before.",
            "新订单请使用新的编号；若是重发同一订单，请原样发送此前的内容。",
        ],
    },
    Entry {
        code: "not-found",
        status: "404",
        meaning: [
            "Nothing is called so: no order, item, customer or path. An order that was just \
                placed may still be on its way to the view.",
            "没有此名称的订单、货品、客户或路径。刚下的订单可能还没有到达视图。",
        ],
        remedy: [
            "Check the name. After placing an order, read it with min_page set to the page of \
                the answer.",
            "请核对名称。下单后读取时，请将 min_page 设为下单应答中的 page。",
        ],
    },
    Entry {
        code: "method-not-allowed",
        status: "405",
        meaning: [
            "The path exists, but not for this method. Allow names those that it has.",
            "路径存在，但不支持该方法。Allow 响应头列出支持的方法。",
        ],
        remedy: [
            "Look the operation up in the HTTP reference.",
            "请在 HTTP 接口文档中查找对应的操作。",
        ],
    },
    Entry {
        code: "media-type",
        status: "415",
        meaning: ["The request does not say that its body is JSON.", "请求没有声明请求体为 JSON。"],
        remedy: ["Send Content-Type: application/json.", "请发送 Content-Type: application/json。"],
    },
    Entry {
        code: "too-large",
        status: "413",
        meaning: [
            "The body has more bytes than this operation takes.",
            "请求体超过该操作允许的字节数。",
        ],
        remedy: [
            "Send less: one order, or one instruction, a request.",
            "请减小请求体：每次请求只提交一张订单或一条指令。",
        ],
    },
    Entry {
        code: "channel",
        status: "403",
        meaning: ["A channel asked for what is another channel's.", "渠道访问了其他渠道的数据。"],
        remedy: ["Ask for your own channel.", "请访问自己的渠道。"],
    },
    Entry {
        code: "already-final",
        status: "409",
        meaning: [
            "The order was completed, cancelled, expired or rejected before: there is nothing \
                left to cancel.",
            "订单此前已完成、取消、过期或被拒绝，无可取消。",
        ],
        remedy: [
            "Read its status. For goods that arrived, arrange a return.",
            "请查看其状态。货物已送达的，请办理退货。",
        ],
    },
    Entry {
        code: "already-requested",
        status: "409",
        meaning: [
            "The warehouse was asked to leave the order alone, and has not answered yet.",
            "已请求仓库停止处理该订单，仓库尚未答复。",
        ],
        remedy: [
            "Follow the order's statuses: they tell what the warehouse answered.",
            "请跟踪订单状态，仓库的答复会体现在其中。",
        ],
    },
    Entry {
        code: "picked",
        status: "409",
        meaning: [
            "The goods were taken from the shelf: the warehouse no longer lets go of the order.",
            "货物已下架，仓库不再放弃该订单。",
        ],
        remedy: ["Let it be shipped, and arrange a return.", "请待其发货后办理退货。"],
    },
    Entry {
        code: "past-point-of-no-return",
        status: "409",
        meaning: [
            "A parcel left: the order can no longer be cancelled.",
            "包裹已发出，订单不能再取消。",
        ],
        remedy: ["Arrange a return.", "请办理退货。"],
    },
    Entry {
        code: "not-held",
        status: "409",
        meaning: [
            "There is no hold to decide about: somebody released or refused it before, or \
                credit approved the order.",
            "没有待决定的冻结：此前已被放行或驳回，或信用已通过。",
        ],
        remedy: [
            "Read the order's timeline: it tells who decided, and when.",
            "请查看订单时间线，其中有决定人和时间。",
        ],
    },
    Entry {
        code: "tier",
        status: "403",
        meaning: [
            "The order is worth more than the actor may decide about. detail names the tier \
                that may.",
            "订单金额超出该操作人的决定权限。detail 写明所需职级。",
        ],
        remedy: ["Have somebody of that tier decide.", "请由该职级的人员决定。"],
    },
    Entry {
        code: "four-eyes",
        status: "403",
        meaning: [
            "Whoever entered the order may not release its credit.",
            "录入订单的人不能放行其信用。",
        ],
        remedy: ["Have somebody else decide.", "请由他人决定。"],
    },
    Entry {
        code: "elsewhere",
        status: "403",
        meaning: [
            "A form of the console was sent by a page of another site, or the browser did not \
                say by which.",
            "控制台的表单由其他站点的页面提交，或浏览器未说明来源。",
        ],
        remedy: [
            "Open the page in the console, and send the form from there.",
            "请在控制台中打开页面，并从该页面提交。",
        ],
    },
    Entry {
        code: "behind",
        status: "503",
        meaning: [
            "The page named by min_page has not been heard within two seconds.",
            "min_page 指定的页在两秒内尚未到达。",
        ],
        remedy: [
            "Ask again after Retry-After seconds; or without min_page, for what is known now.",
            "请在 Retry-After 秒后重试；或去掉 min_page，读取当前已知的内容。",
        ],
    },
    Entry {
        code: "busy",
        status: "503",
        meaning: [
            "As many requests are under way, or as many clients follow, as this gateway serves \
                at once. Nothing was done.",
            "正在处理的请求或正在跟踪的客户端已达上限。没有执行任何操作。",
        ],
        remedy: [
            "Ask again after Retry-After seconds, with fewer requests at once.",
            "请在 Retry-After 秒后重试，并减少并发请求。",
        ],
    },
    Entry {
        code: "unavailable",
        status: "503",
        meaning: [
            "The service that decides about it does not answer, or the database cannot be read.",
            "负责决定的服务没有应答，或数据库无法读取。",
        ],
        remedy: [
            "Ask again after Retry-After seconds: under the same external_id or Idempotency-Key \
                nothing is done twice.",
            "请在 Retry-After 秒后重试：使用同一 external_id 或 Idempotency-Key 不会重复执行。",
        ],
    },
    Entry {
        code: "timed-out",
        status: "504",
        meaning: [
            "The answer did not come in time. It may have been carried out.",
            "应答未按时到达，操作可能已经执行。",
        ],
        remedy: [
            "Send the same request again, with the same external_id or Idempotency-Key: it is \
                carried out once.",
            "请用同一 external_id 或 Idempotency-Key 重发同一请求：只会执行一次。",
        ],
    },
    Entry {
        code: "parked",
        status: "500",
        meaning: [
            "The service could not decide about it, and set it aside. Whoever runs Kontor sees \
                it with kontor parked list.",
            "服务无法处理，已将其搁置。运维人员可用 kontor parked list 查看。",
        ],
        remedy: [
            "Do not send it again; tell whoever runs Kontor the trace_id.",
            "请勿重发；请将 trace_id 告知运维人员。",
        ],
    },
    Entry {
        code: "refused",
        status: "502",
        meaning: [
            "A service did not understand the gateway: two versions of Kontor run that do not \
                fit.",
            "服务无法识别网关的请求：运行中的两个 Kontor 版本不兼容。",
        ],
        remedy: ["Tell whoever runs Kontor the trace_id.", "请将 trace_id 告知运维人员。"],
    },
    Entry {
        code: "internal",
        status: "500",
        meaning: ["The gateway made a mistake.", "网关内部出错。"],
        remedy: [
            "Send the same request again, with the same external_id or Idempotency-Key. If it \
                stays, tell whoever runs Kontor the trace_id.",
            "请用同一 external_id 或 Idempotency-Key 重发；若仍出错，请将 trace_id \
                告知运维人员。",
        ],
    },
];
