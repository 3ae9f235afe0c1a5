//! Taking over orders that another system kept. Such an order is a name, and what was told under it:
//! it has no course here, so nothing that is heard can move it, and nothing is shipped for it again.

use contracts::intake::{
    CarriedOrder, CarryOver, CarryOverKnown, CarryOverRefused, OrderCarriedOver, Problem,
};
use contracts::{OrderId, Status, Timestamp};
use serde_json::json;

use crate::books::{Books, Digest};
use crate::{Outbound, plain, submission};

/// The most units that a line of a foreign table may say.
const MOST_UNITS: i64 = 1_000_000_000;

/// An order that was taken over, for good.
#[derive(Debug, Clone)]
pub(crate) struct Carried {
    pub(crate) digest: Digest,
    pub(crate) event: OrderCarriedOver,
}

impl Books {
    /// Enters an order into the register. Its name is taken by it, as by any order.
    pub(crate) fn carry_over(&mut self, now: Timestamp, told: &CarryOver) -> Vec<Outbound> {
        let CarryOver { channel, external_id, entered_by, order: carried } = told.clone();
        let digest = submission::digest(&json!({ "carried_over": carried }));
        let name = (channel.clone(), external_id.clone());
        let before = self.references.get(&name).and_then(|it| it.order);
        if let Some((order, _)) = before.filter(|it| it.1 == digest) {
            return vec![CarryOverKnown { order, external_id }.into()];
        }
        let mut problems = faults(&carried);
        if before.is_some() {
            let expected = "a number that stands for no other order, or the same as before";
            problems.push(problem("conflict", "/external_id", external_id.as_str(), expected));
        }
        if !problems.is_empty() {
            return vec![CarryOverRefused { channel, external_id, problems }.into()];
        }
        let order = OrderId(self.partition.mint(now, &format!("{channel}/{external_id}")));
        let flags = carried.flags();
        let event =
            OrderCarriedOver { order, channel, external_id, carried, flags, at: now, entered_by };
        self.references.entry(name).or_default().order = Some((order, digest));
        self.carried.push(Carried { digest, event: event.clone() });
        vec![event.into()]
    }
}

/// Everything that is wrong with it by itself.
fn faults(it: &CarriedOrder) -> Vec<Problem> {
    let mut problems = vec![];
    let texts = [
        ("/customer", &it.customer, 1, 100),
        ("/product", &it.product, 1, 200),
        ("/stated", &it.stated, 0, 100),
        ("/source", &it.source, 0, 200),
        ("/remark", &it.remark, 0, 1000),
        ("/step", &it.step, 0, 200),
        ("/priority", &it.priority, 0, 100),
    ];
    for (pointer, text, least, most) in texts {
        if !(least..=most).contains(&text.chars().count()) || plain(text, most) != *text {
            let expected = format!("{least} to {most} printable characters");
            problems.push(problem("text", pointer, text, &expected));
        }
    }
    if !(1..=MOST_UNITS).contains(&it.quantity) {
        let expected = format!("1 to {MOST_UNITS}");
        problems.push(problem("range", "/quantity", &it.quantity.to_string(), &expected));
    }
    if it.status == Status::Rejected {
        let expected = "a status that an order may have";
        problems.push(problem("value", "/status", it.status.name(), expected));
    }
    problems
}

fn problem(code: &str, pointer: &str, found: &str, expected: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        pointer: pointer.to_owned(),
        found: plain(found, 100),
        expected: expected.to_owned(),
    }
}
