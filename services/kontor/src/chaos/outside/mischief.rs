//! What no storefront should send, and some do: garbage, which has to be refused, and things on which
//! somebody might choke.

use std::time::Duration;

use bytes::Bytes;
use contracts::OrderId;
use contracts::fulfilment::WarehouseReport;
use serde_json::{Value, json};

use super::course::Course;
use super::publish;
use super::storefront::{Answer, Sent, Storefront, Way, traced};
use crate::chaos::journal::{Op, Outcome};

const PATIENCE: Duration = Duration::from_secs(3);

impl Storefront {
    /// Hands in something under another name that is no order.
    pub(super) async fn talks_nonsense(&self, course: &Course) {
        let Ok(Ok(mut order)) = course.order().map(serde_json::to_value) else { return };
        let name = format!("{}-x", course.external_id);
        order["external_id"] = json!(name);
        let (name, body) = match course.dice("garbage").between(1, 5) {
            1 => (String::new(), Bytes::from_static(b"{\"external_id\": \"half an ord")),
            2 => (String::new(), Bytes::from_static(&[0xff, 0x00, 0xfe, 0x7b])),
            3 => {
                order["total"] = json!(1);
                (name, Bytes::from(order.to_string()))
            }
            4 => {
                order["lines"][0]["sku"] = json!("NO-SUCH-ITEM");
                (name, Bytes::from(order.to_string()))
            }
            _ => {
                order["lines"][0]["quantity"] = json!(-3);
                (name, Bytes::from(order.to_string()))
            }
        };
        let sent = Sent { course, op: Op::Garbage, name: &name, key: None, body: &body };
        self.tries(sent, &[Outcome::Rejected]).await;
    }

    /// Hands in other content under the name of an order that there is.
    pub(super) async fn contradicts(&self, course: &Course, order: OrderId) {
        let Ok(mut other) = course.order() else { return };
        "something else".clone_into(&mut other.remark);
        let Ok(body) = serde_json::to_vec(&other) else { return };
        let name = course.external_id.clone();
        let sent = Sent { course, op: Op::Garbage, name: &name, key: None, body: &body.into() };
        let answer = self.tries(sent, &[Outcome::Conflict]).await;
        if answer.order.is_some_and(|it| it != order) {
            self.common.is_wrong(format!("{name} is order {order}, and conflicts with {answer:?}"));
        }
    }

    /// Sends something in its own way, and looks whether it is answered as it must be. Over the
    /// stream nobody answers: that nothing came of it the books tell.
    async fn tries(&self, sent: Sent<'_>, wanted: &[Outcome]) -> Answer {
        let Sent { course, name, body, .. } = sent;
        let answer = match &self.way {
            Way::Request => self.asks(course, body.clone(), PATIENCE).await,
            Way::Http { .. } => self.posts(course, body.clone(), None, PATIENCE).await,
            Way::Stream => {
                let token = if name.is_empty() {
                    format!("{}-x", course.external_id)
                } else {
                    name.to_owned()
                };
                let subject = format!("orders.submit.{}.{token}", self.channel);
                publish(&self.streams, &subject, traced(course), body.clone()).await;
                let (outcome, order, codes) = (Outcome::Unknown, None, vec![]);
                Answer { outcome, order, codes }
            }
        };
        self.writes(&sent, &answer);
        if answer.outcome != Outcome::Unknown && !wanted.contains(&answer.outcome) {
            self.common.is_wrong(format!("{name:?}, which is no order, was answered {answer:?}"));
        }
        answer
    }

    /// Sends what somebody might choke on: texts that Postgres cannot keep, numbers at the end of
    /// their range; about an order that there is, so that what is parked stands in its way.
    pub(super) async fn poisons(&self, course: &Course, order: OrderId) {
        let nul = "\u{0}";
        // Of a pick that is none: it would count, and the warehouse whose pick it is knows nothing of it.
        let pick = Some(i32::MAX);
        let warehouse =
            WarehouseReport { pick, reason: nul.to_owned(), ..WarehouseReport::default() };
        let mut placed = course.order().ok().map(|it| json!(it)).unwrap_or_default();
        placed["external_id"] = json!(format!("{}-p", course.external_id));
        placed["remark"] = json!(format!("a{nul}b"));
        let wanted = [Outcome::Rejected, Outcome::Accepted];
        let name = format!("{}-p", course.external_id);
        let body = Bytes::from(placed.to_string());
        self.tries(Sent { course, op: Op::Poison, name: &name, key: None, body: &body }, &wanted)
            .await;
        let payment = json!({ "order": order, "amount": i64::MAX, "currency": "CNY",
            "status": "captured", "value_date": Value::Null });
        let subject = format!("payments.bank.{order}-poison");
        publish(&self.bank, &subject, traced(course), payment.to_string().into()).await;
        let Ok(report) = serde_json::to_vec(&warehouse) else { return };
        self.common.poisons.send((order, report)).ok(); // A warehouse says it, if one is there.
    }
}
