//! What each operation takes: the one list of them. An operation that is not in it is carried out for
//! nobody.

use axum::http::Method;

use super::policy::Action;

/// What an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing: it is for everybody.
    Nothing,
    /// A credential that may do this.
    Leave(Action),
}

use Takes::{Leave, Nothing};

/// Method, path, what it takes.
pub(crate) const OPERATIONS: &[(&str, &str, Takes)] = &[
    ("GET", "/livez", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/openapi.json", Nothing),
    // Orders.
    ("GET", "/v1/orders", Leave(Action::ListOrders)),
    ("POST", "/v1/orders", Leave(Action::PlaceOrder)),
    ("GET", "/v1/orders/{id}", Leave(Action::ReadOrder)),
    ("GET", "/v1/orders/{id}/timeline", Leave(Action::ReadOrder)),
    ("GET", "/v1/orders/{id}/units", Leave(Action::ReadOrder)),
    ("GET", "/v1/orders/{id}/explanation", Leave(Action::ExplainOrder)),
    ("GET", "/v1/orders/{id}/books", Leave(Action::ReadBooks)),
    ("POST", "/v1/orders/{id}/cancel", Leave(Action::CancelOrder)),
    ("POST", "/v1/orders/{id}/credit/release", Leave(Action::DecideCredit)),
    ("POST", "/v1/orders/{id}/credit/refuse", Leave(Action::DecideCredit)),
    ("GET", "/v1/channels/{channel}/statuses", Leave(Action::FollowStatuses)),
    ("GET", "/v1/channels/{channel}/webhooks", Leave(Action::ManageWebhooks)),
    ("POST", "/v1/channels/{channel}/webhooks", Leave(Action::ManageWebhooks)),
    ("PUT", "/v1/channels/{channel}/webhooks/{webhook}", Leave(Action::ManageWebhooks)),
    ("POST", "/v1/channels/{channel}/webhooks/{webhook}/secret", Leave(Action::ManageWebhooks)),
    ("POST", "/v1/channels/{channel}/webhooks/{webhook}/test", Leave(Action::ManageWebhooks)),
    ("POST", "/v1/channels/{channel}/webhooks/{webhook}/replay", Leave(Action::ManageWebhooks)),
    ("GET", "/v1/channels/{channel}/webhooks/{webhook}/calls", Leave(Action::ManageWebhooks)),
    ("GET", "/v1/orders/export", Leave(Action::ExportOrders)),
    ("GET", "/v1/holds/export", Leave(Action::ReadHolds)),
    ("POST", "/v1/imports/preview", Leave(Action::ImportOrders)),
    ("POST", "/v1/imports", Leave(Action::ImportOrders)),
    // Stock and master data.
    ("GET", "/v1/stock-levels/export", Leave(Action::ExportStock)),
    ("GET", "/v1/stock/{sku}/movements/export", Leave(Action::ExportStock)),
    ("GET", "/v1/stock/{sku}", Leave(Action::ReadStock)),
    ("GET", "/v1/stock/{sku}/warehouses/{warehouse}/movements", Leave(Action::ReadMoves)),
    ("POST", "/v1/stock/receipts", Leave(Action::BookStock)),
    ("POST", "/v1/stock/counts", Leave(Action::BookStock)),
    ("GET", "/v1/customers/{id}/credit", Leave(Action::ReadAccount)),
    ("PUT", "/v1/customers/{id}/credit-limit", Leave(Action::SetLimit)),
    ("PUT", "/v1/catalogue/{sku}", Leave(Action::PutItem)),
    ("PUT", "/v1/customers/{id}", Leave(Action::PutCustomer)),
    ("PUT", "/v1/warehouses/{id}", Leave(Action::PutWarehouse)),
    ("PUT", "/v1/rulesets/{name}", Leave(Action::PutRuleset)),
    // Who may do what.
    ("GET", "/v1/self", Leave(Action::ReadSelf)),
    ("PUT", "/v1/self/password", Leave(Action::ChangePassword)),
    ("GET", "/v1/keys", Leave(Action::ManageKeys)),
    ("POST", "/v1/keys", Leave(Action::ManageKeys)),
    ("POST", "/v1/keys/{id}/rotate", Leave(Action::ManageKeys)),
    ("POST", "/v1/keys/{id}/revoke", Leave(Action::ManageKeys)),
    ("GET", "/v1/people", Leave(Action::ManagePeople)),
    ("PUT", "/v1/people/{name}", Leave(Action::ManagePeople)),
    ("GET", "/v1/access-log", Leave(Action::ReadAccessLog)),
    // The console.
    ("GET", "/sign-in", Nothing),
    ("POST", "/sign-in", Nothing),
    ("POST", "/sign-out", Nothing),
    ("GET", "/password", Leave(Action::ChangePassword)),
    ("POST", "/password", Leave(Action::ChangePassword)),
    ("POST", "/console/language", Nothing),
    ("GET", "/console/assets/{name}", Nothing),
    ("GET", "/console/live", Leave(Action::ListOrders)),
    ("GET", "/", Leave(Action::ListOrders)),
    ("GET", "/orders/{id}", Leave(Action::ReadOrder)),
    ("POST", "/orders/{id}/cancel", Leave(Action::CancelOrder)),
    ("POST", "/orders/{id}/credit/{verdict}", Leave(Action::DecideCredit)),
    ("GET", "/shorts", Leave(Action::ReadWork)),
    ("GET", "/reviews", Leave(Action::ReadWork)),
    ("GET", "/console/counts", Leave(Action::ReadWork)),
    ("GET", "/parked", Leave(Action::TendParked)),
    ("POST", "/parked/{service}/replay", Leave(Action::TendParked)),
    ("POST", "/parked/{service}/discard", Leave(Action::TendParked)),
    ("POST", "/views", Leave(Action::SaveViews)),
    ("POST", "/views/{id}/forget", Leave(Action::SaveViews)),
    ("GET", "/export/orders", Leave(Action::ExportOrders)),
    ("GET", "/export/holds", Leave(Action::ReadHolds)),
    ("GET", "/export/stock", Leave(Action::ExportStock)),
    ("GET", "/export/stock/{sku}", Leave(Action::ExportStock)),
    ("GET", "/import", Leave(Action::ImportOrders)),
    ("GET", "/import/{template}", Leave(Action::ImportOrders)),
    ("POST", "/import/preview", Leave(Action::ImportOrders)),
    ("POST", "/import/confirm", Leave(Action::ImportOrders)),
    ("GET", "/webhooks", Leave(Action::ManageWebhooks)),
    ("GET", "/webhooks/{channel}/{webhook}", Leave(Action::ManageWebhooks)),
    ("POST", "/webhooks/{channel}/{webhook}/test", Leave(Action::ManageWebhooks)),
    ("POST", "/webhooks/{channel}/{webhook}/replay", Leave(Action::ManageWebhooks)),
    ("POST", "/webhooks/{channel}/{webhook}/secret", Leave(Action::ManageWebhooks)),
    ("POST", "/webhooks/{channel}/{webhook}/active", Leave(Action::ManageWebhooks)),
    // What everybody may read.
    ("GET", "/docs", Nothing),
    ("GET", "/docs/events", Nothing),
    ("GET", "/docs/events/{subject}", Nothing),
    ("GET", "/docs/first-hour", Nothing),
    ("GET", "/docs/http", Nothing),
    ("GET", "/docs/messages", Nothing),
    ("GET", "/docs/assets/redoc.js", Nothing),
    ("GET", "/asyncapi.json", Nothing),
    ("GET", "/problems", Nothing),
    ("GET", "/problems/{code}", Nothing),
    ("GET", "/holds", Leave(Action::ReadHolds)),
    ("GET", "/stock", Leave(Action::ReadStock)),
    ("GET", "/stock/{sku}", Leave(Action::ReadStock)),
    ("GET", "/stock/{sku}/{warehouse}", Leave(Action::ReadMoves)),
];

/// What the operation takes; nothing is known of one that is not in the list.
pub(crate) fn takes(method: &Method, path: &str) -> Option<Takes> {
    // Whoever may read may ask how much there is to read.
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    OPERATIONS.iter().find(|it| it.0 == method && it.1 == path).map(|it| it.2)
}

/// The methods by which there are operations at this path.
pub(crate) fn methods(path: &str) -> Vec<&'static str> {
    OPERATIONS.iter().filter(|it| it.1 == path).map(|it| it.0).collect()
}
