//! Who am I, and what may I do?

use axum::extract::State;
use axum::http::StatusCode;
use contracts::{ChannelId, WarehouseId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checked::{Checked, Faults};
use super::extract::Instruction;
use super::people::check_password;
use super::problem::{Always, IfSent, Problem};
use super::{Api, Json};
use crate::access::{Action, Kind, May, Role, act};

/// Who asks, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Myself {
    kind: Kind,
    /// In whose name they act.
    #[schema(example = "webshop")]
    name: String,
    roles: Vec<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "web")]
    channel: Option<ChannelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "SH1")]
    warehouse: Option<WarehouseId>,
    /// What they may decide: 1 clerk, 2 manager, 3 finance director.
    #[schema(example = 1)]
    tier: u8,
    /// All that they may do, and see.
    #[schema(example = json!(["orders.list", "orders.read"]))]
    actions: Vec<&'static str>,
}

/// Who am I?
///
/// Whose credential this is, and what it may do.
#[utoipa::path(
    get, path = "/v1/self", tag = "Access", operation_id = "get_self",
    responses((status = 200, description = "So they are.", body = Myself), Always),
)]
pub(crate) async fn get_self(may: May<act::ReadSelf>) -> Json<Myself> {
    let who = may.who().clone();
    let actions = Action::ALL.iter().filter(|it| may.would(**it)).map(|it| it.name());
    Json(Myself {
        kind: who.kind,
        actions: actions.collect(),
        name: who.name,
        roles: who.roles,
        channel: who.channel,
        warehouse: who.warehouse,
        tier: who.tier,
    })
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The one until now.
    #[schema(max_length = 128, example = "a long sentence is good")]
    old: String,
    #[schema(min_length = 12, max_length = 128, example = "a longer sentence is better")]
    new: String,
}

impl Checked for NewPassword {
    fn check(&self, faults: &mut Faults) {
        check_password("/new", &self.new, faults);
    }
}

/// Change one's own password
///
/// For people. They stay signed in here, and are signed out everywhere else.
#[utoipa::path(
    put, path = "/v1/self/password", tag = "Access", operation_id = "put_password",
    request_body(content = NewPassword, description = "The old one and the new one."),
    responses((status = 204, description = "It is changed."), Always, IfSent),
)]
pub(crate) async fn put_password(
    State(api): State<Api>,
    may: May<act::ChangePassword>,
    it: Instruction<NewPassword>,
) -> Result<StatusCode, Problem> {
    let NewPassword { old, new } = it.body;
    api.access.change_password(&api.db, &may, old, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
