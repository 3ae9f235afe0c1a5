//! Taking an order in: the same rules for whoever hands it in, waiting for the answer or not.

use chassis::plant::{Bug, planted};
use contracts::intake::{
    OrderPlaced, OrderStatus, OrderSubmitted, PlaceOrder, PlacementAccepted, PlacementConflict,
    PlacementDuplicate, PlacementRejected, Problem, Submission,
};
use contracts::{Actor, ChannelId, ExternalId, OrderId, OrderLine, Status, Timestamp};
use jiff::SignedDuration;
use serde_json::Value;

use crate::Outbound;
use crate::books::{Books, Held, Holder, Known, Placement, SharedKey};
use crate::document::{Problems, wrong};
use crate::order::Order;
use crate::submission::{self, Draft};
use crate::vault::Entry;

/// How long a transport's key stands for the order that came with it.
const IDEMPOTENCY_KEY_HOLDS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a customer's order number stands for one order.
const PO_NUMBER_HOLDS: SignedDuration = SignedDuration::from_hours(365 * 24);

/// How long a transport's key is at most.
const IDEMPOTENCY_KEY_CHARS: usize = 255;

/// How many refusals of one external id are remembered. Who tries more often hears the oldest again.
const REFUSALS_KEPT: usize = 20;

/// An order as somebody hands it in.
#[derive(Debug, Clone, Copy)]
struct Handed<'a> {
    channel: &'a ChannelId,
    external_id: &'a ExternalId,
    idempotency_key: Option<&'a str>,
    by: &'a Actor,
    body: &'a Value,
}

/// What comes of it.
#[derive(Debug)]
enum Verdict {
    Accepted(OrderId),
    /// It is this order, as that key tells.
    Duplicate(OrderId, &'static str),
    /// That key stands for this order, which is another one.
    Conflict(OrderId, &'static str),
    Rejected(Vec<Problem>),
}

impl Books {
    /// Answers whoever waits.
    pub(crate) fn place(&mut self, now: Timestamp, told: &PlaceOrder) -> Vec<Outbound> {
        let PlaceOrder { channel, external_id, idempotency_key, entered_by: by, order } = told;
        let idempotency_key = idempotency_key.as_deref();
        let handed = Handed { channel, external_id, idempotency_key, by, body: order };
        let (verdict, mut said) = self.take_in(now, handed);
        said.push(match verdict {
            Verdict::Accepted(order) => {
                let Known { order_no, external_id, status } = self.known(order, external_id);
                PlacementAccepted { order, order_no, external_id, status }.into()
            }
            Verdict::Duplicate(order, by) => {
                let Known { order_no, external_id, status } = self.known(order, external_id);
                let by = by.to_owned();
                PlacementDuplicate { order, order_no, external_id, status, by }.into()
            }
            Verdict::Conflict(order, by) => {
                let Known { order_no, external_id, .. } = self.known(order, external_id);
                PlacementConflict { order, order_no, external_id, by: by.to_owned() }.into()
            }
            Verdict::Rejected(problems) => {
                let (channel, external_id) = (channel.clone(), external_id.clone());
                PlacementRejected { channel, external_id, problems }.into()
            }
        });
        said
    }

    /// Tells on the status stream what came of it.
    pub(crate) fn submitted(&mut self, now: Timestamp, told: &OrderSubmitted) -> Vec<Outbound> {
        let OrderSubmitted { channel, external_id, body } = told;
        let by = &Actor(format!("channel:{channel}"));
        let handed = Handed { channel, external_id, idempotency_key: None, by, body };
        if self.refused_before(handed) {
            return vec![]; // The stream brings it again.
        }
        let (verdict, said) = self.take_in(now, handed);
        match verdict {
            Verdict::Accepted(_) | Verdict::Duplicate(_, "external_id") => said,
            Verdict::Duplicate(order, by) => {
                let known = self.known(order, external_id);
                self.refuse(now, handed, vec![taken("duplicate", by, &known, handed)])
            }
            Verdict::Conflict(order, by) => {
                let known = self.known(order, external_id);
                self.refuse(now, handed, vec![taken("conflict", by, &known, handed)])
            }
            Verdict::Rejected(problems) => self.refuse(now, handed, problems),
        }
    }

    /// Takes the order in, unless it was before, or something is wrong with it.
    fn take_in(&mut self, now: Timestamp, handed: Handed<'_>) -> (Verdict, Vec<Outbound>) {
        let digest = submission::digest(handed.body);
        let name = (handed.channel.clone(), handed.external_id.clone());
        if let Some((order, known)) = self.references.get(&name).and_then(|it| it.order)
            && !planted(Bug::NameForgotten)
        {
            return (same(order, known == digest, "external_id"), vec![]);
        }
        let key = idempotency_key(handed.channel, handed.external_id, handed.idempotency_key);
        if let Some(it) = key.as_ref().and_then(|it| self.holder(it, now, IDEMPOTENCY_KEY_HOLDS)) {
            return (same(it.order, it.digest == digest, "idempotency_key"), vec![]);
        }
        let (submission, lines) = match self.read(handed) {
            Ok(it) => it,
            Err(problems) => return (Verdict::Rejected(problems), vec![]),
        };
        let po_number = submission.po_number.clone();
        let po_number = po_number.map(|it| SharedKey::PoNumber(submission.customer.clone(), it));
        if let Some(it) = po_number.as_ref().and_then(|it| self.holder(it, now, PO_NUMBER_HOLDS)) {
            return (same(it.order, it.digest == digest, "po_number"), vec![]);
        }
        let (placed, status) = self.open(now, handed, submission, lines);
        let order = placed.order;
        self.references.entry(name).or_default().order = Some((order, digest));
        self.placed.push(Placement { order, digest, placed_at: now, lines: placed.lines.clone() });
        for key in key.into_iter().chain(po_number) {
            let holder = Holder { order, digest, since: now };
            self.keys.insert(key, Held { by: Some(holder) });
        }
        (Verdict::Accepted(order), vec![placed.into(), status.into()])
    }

    /// Reads what was sent, and finds all that is wrong with it.
    fn read(&self, handed: Handed<'_>) -> Result<(Submission, Vec<OrderLine>), Vec<Problem>> {
        let mut problems = Problems::default();
        if handed.idempotency_key.is_some_and(|it| !is_key(it)) {
            let expected = format!("an idempotency key of 1 to {IDEMPOTENCY_KEY_CHARS} characters");
            problems.add(wrong("idempotency_key", expected), "", "");
        }
        let draft = Draft::read(handed.body, handed.external_id, &mut problems);
        self.catalogue.check(&draft, &mut problems);
        if !problems.is_empty() {
            return Err(problems.into_vec());
        }
        let whole = draft.complete().and_then(|it| {
            let lines = self.catalogue.price(&it)?;
            Some((it, lines))
        });
        whole.ok_or_else(|| problems.into_vec())
    }

    /// Enters a new order into the books.
    fn open(
        &mut self,
        now: Timestamp,
        handed: Handed<'_>,
        submission: Submission,
        lines: Vec<OrderLine>,
    ) -> (OrderPlaced, OrderStatus) {
        let (channel, external_id) = (handed.channel.clone(), handed.external_id.clone());
        let told = self.references.get(&(channel.clone(), external_id.clone()));
        let told = told.map_or(0, |it| it.told);
        let order = OrderId(self.partition.mint(now, &format!("{channel}/{external_id}")));
        let order_no = format!("K{:02}-{:06}", self.partition.number, self.next_no);
        self.next_no += 1;
        let known = self.catalogue.customers.get(&submission.customer);
        let tier = known.map(|it| it.tier).unwrap_or_default();
        let language =
            submission.language.or_else(|| known.map(|it| it.language)).unwrap_or_default();
        let entry = Entry::new(submission.ship_to, language);
        let placed = OrderPlaced {
            order,
            order_no,
            channel,
            external_id,
            customer: submission.customer,
            tier,
            kind: submission.kind,
            urgent: submission.urgent,
            terms: submission.terms,
            currency: submission.currency,
            net: lines.iter().map(|it| it.net).sum(),
            lines,
            tax: submission.tax,
            freight: submission.freight,
            total: submission.total,
            ship_to: entry.place.clone(),
            language,
            has_email: entry.email.is_some(),
            remark: submission.remark,
            placed_at: now,
            entered_by: handed.by.clone(),
        };
        let entered = Order::placed(&placed, told + 1);
        let status = entered.status(now, handed.by.clone(), "");
        self.vault.insert(order, entry);
        self.orders.insert(order, entered);
        (placed, status)
    }

    /// Tells that nothing came of it. The next number under its name is the order's, if there is one.
    fn refuse(
        &mut self,
        now: Timestamp,
        handed: Handed<'_>,
        problems: Vec<Problem>,
    ) -> Vec<Outbound> {
        let name = (handed.channel.clone(), handed.external_id.clone());
        let reference = self.references.entry(name).or_default();
        reference.refused.push(submission::digest(handed.body));
        if reference.refused.len() > REFUSALS_KEPT {
            reference.refused.remove(0);
        }
        let order = reference.order.and_then(|(order, _)| self.orders.get_mut(&order));
        let told = order.map_or(&mut reference.told, |it| &mut it.number);
        *told += 1;
        let status = OrderStatus {
            channel: handed.channel.clone(),
            external_id: handed.external_id.clone(),
            number: *told,
            status: Status::Rejected,
            order: None,
            order_no: None,
            at: now,
            reason: String::new(),
            by: Actor::house(),
            problems,
        };
        vec![status.into()]
    }

    fn refused_before(&self, handed: Handed<'_>) -> bool {
        let name = (handed.channel.clone(), handed.external_id.clone());
        let Some(reference) = self.references.get(&name) else { return false };
        !reference.refused.is_empty()
            && reference.refused.contains(&submission::digest(handed.body))
    }

    /// Who holds the key, if it still stands for them.
    fn holder(&self, key: &SharedKey, now: Timestamp, holds: SignedDuration) -> Option<&Holder> {
        let holder = self.keys.get(key)?.by.as_ref()?;
        (now.duration_since(holder.since) < holds).then_some(holder)
    }

    /// What is told of an order, of whichever partition.
    fn known(&self, order: OrderId, handed: &ExternalId) -> Known {
        let own = self.orders.get(&order).map(|it| Known {
            order_no: it.facts.order_no.clone(),
            external_id: it.facts.external_id.clone(),
            status: it.shown,
        });
        // It was taken over from another system, which called it so.
        let (order_no, status) = (handed.to_string(), Status::Checking);
        let unknown = || Known { order_no, external_id: handed.clone(), status };
        own.or_else(|| self.elsewhere.get(&order).cloned()).unwrap_or_else(unknown)
    }
}

/// The shared key of a request, if it has one of its own.
pub(crate) fn idempotency_key(
    channel: &ChannelId,
    external_id: &ExternalId,
    key: Option<&str>,
) -> Option<SharedKey> {
    let key = key.filter(|it| *it != external_id.as_str() && is_key(it))?;
    Some(SharedKey::Idempotency(channel.clone(), key.to_owned()))
}

fn is_key(text: &str) -> bool {
    let length = 1..=IDEMPOTENCY_KEY_CHARS;
    length.contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn same(order: OrderId, content: bool, by: &'static str) -> Verdict {
    if content { Verdict::Duplicate(order, by) } else { Verdict::Conflict(order, by) }
}

/// The name is taken, and by whom.
fn taken(code: &str, by: &str, holder: &Known, handed: Handed<'_>) -> Problem {
    let found = handed.body.get(by).and_then(Value::as_str);
    let found = found.unwrap_or_else(|| handed.external_id.as_str()).chars().take(100).collect();
    let Known { order_no, external_id, .. } = holder;
    Problem {
        code: code.to_owned(),
        pointer: format!("/{by}"),
        found,
        expected: format!("a name that order {order_no} ({external_id}) does not bear"),
    }
}
