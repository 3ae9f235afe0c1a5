//! Doing what a table says, one order after another, each by whoever owns it.

use contracts::intake::{
    CarryOver, CarryOverAnswer, PlaceOrder, PlaceOrderAnswer, Problem as Fault,
};
use contracts::{ChannelId, ExternalId, OrderId};
use futures::{FutureExt, StreamExt, stream};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Entry, Plan, Step};
use crate::http::extract::Caller;
use crate::http::problem::{Problem, fault};
use crate::http::schema;
use crate::http::{Api, page_name};

/// How many orders are under way at a time.
const AT_ONCE: usize = 32;

/// What became of an order of the table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Became {
    /// The rows that it stands in, as a spreadsheet numbers them.
    pub(crate) rows: Vec<usize>,
    #[schema(value_type = String, example = "W-1001")]
    pub(crate) external_id: ExternalId,
    pub(crate) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<Uuid>,
    /// What people call it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) order_no: String,
    /// The page that tells everyone of it: a reader that asks with `min_page` sees the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "intake:3:1204")]
    pub(crate) page: Option<String>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<schema::Problem>)]
    pub(crate) problems: Vec<Fault>,
}

/// `accepted`: it was placed, or stands in the register. `duplicate`: it was before. `conflict`: its
/// name stands for another. `rejected`: for every reason beside it. `unanswered`: whether it was
/// carried out is not known, and the same file again tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Accepted,
    Duplicate,
    Conflict,
    Rejected,
    Unanswered,
}

impl Plan {
    /// Carries out every entry. The same file for the same channel is carried out once.
    pub(crate) async fn carry_out(
        &self,
        api: &Api,
        channel: &ChannelId,
        by: &Caller,
    ) -> Result<Vec<Became>, Problem> {
        if !self.faults.is_empty() {
            return Err(Problem::invalid(self.faults.clone()));
        }
        let mut all = vec![];
        for entry in &self.entries {
            all.push(self.carry_out_one(api, channel, by, entry).boxed());
        }
        Ok(stream::iter(all).buffered(AT_ONCE).collect().await)
    }

    async fn carry_out_one(
        &self,
        api: &Api,
        channel: &ChannelId,
        by: &Caller,
        entry: &Entry,
    ) -> Became {
        let id = self.id(channel, entry);
        let (channel, external_id) = (channel.clone(), entry.external_id.clone());
        let entered_by = by.actor.clone();
        let ((outcome, order, order_no, problems), page) = match entry.step.clone() {
            Step::Place(order) => {
                let idempotency_key = None;
                let told = PlaceOrder { channel, external_id, idempotency_key, entered_by, order };
                match api.house.tell(id, told).await {
                    Ok(it) => (placed(it.said.into_iter().next()), it.page),
                    Err(error) => (unanswered(&error.to_string()), None),
                }
            }
            Step::Carry(order) => {
                let told = CarryOver { channel, external_id, entered_by, order };
                match api.house.tell(id, told).await {
                    Ok(it) => (carried(it.said.into_iter().next()), it.page),
                    Err(error) => (unanswered(&error.to_string()), None),
                }
            }
        };
        let (rows, external_id) = (entry.rows.clone(), entry.external_id.clone());
        let order = order.map(Uuid::from);
        let page = page_name("intake", page);
        Became { rows, external_id, outcome, order, order_no, page, problems }
    }
}

type Answer = (Outcome, Option<OrderId>, String, Vec<Fault>);

fn placed(answer: Option<PlaceOrderAnswer>) -> Answer {
    match answer {
        Some(PlaceOrderAnswer::PlacementAccepted(it)) => {
            (Outcome::Accepted, Some(it.order), it.order_no, vec![])
        }
        Some(PlaceOrderAnswer::PlacementDuplicate(it)) => {
            (Outcome::Duplicate, Some(it.order), it.order_no, vec![])
        }
        Some(PlaceOrderAnswer::PlacementConflict(it)) => {
            (Outcome::Conflict, Some(it.order), it.order_no, vec![])
        }
        Some(PlaceOrderAnswer::PlacementRejected(it)) => {
            (Outcome::Rejected, None, String::new(), it.problems)
        }
        None => unanswered("intake said nothing to it"),
    }
}

fn carried(answer: Option<CarryOverAnswer>) -> Answer {
    match answer {
        Some(CarryOverAnswer::OrderCarriedOver(it)) => {
            (Outcome::Accepted, Some(it.order), it.external_id.into(), vec![])
        }
        Some(CarryOverAnswer::CarryOverKnown(it)) => {
            (Outcome::Duplicate, Some(it.order), it.external_id.into(), vec![])
        }
        Some(CarryOverAnswer::CarryOverRefused(it)) => {
            let is_conflict = it.problems.iter().any(|it| it.code == "conflict");
            let outcome = if is_conflict { Outcome::Conflict } else { Outcome::Rejected };
            (outcome, None, String::new(), it.problems)
        }
        None => unanswered("intake said nothing to it"),
    }
}

fn unanswered(why: &str) -> Answer {
    let expected = "an answer: send the same file again";
    (Outcome::Unanswered, None, String::new(), vec![fault("unanswered", "", why, expected)])
}
