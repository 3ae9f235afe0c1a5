//! What a timeline tells of each message: when, who, why, and the few figures that belong to it. Of a
//! person who receives goods it tells nothing.

use contracts::allocation::{SourcingFailed, SourcingPlanned};
use contracts::credit::{CreditApproved, CreditHeld};
use contracts::finance::InvoiceIssued;
use contracts::fulfilment::{PickRequested, Picked, Shipped};
use contracts::intake::{
    CancelReason, OrderCancelled, OrderCarriedOver, OrderPlaced, OrderStatus, SourcingReason,
    SourcingRequested,
};
use contracts::inventory::StockClaimed;
use contracts::{
    Actor, Cents, ItemUnits, OrderId, PaymentId, ProviderId, RawValue, ShipmentId, Timestamp,
};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Inbound;
use crate::summary::{Summary, units};

/// How much of somebody's reason is kept, in characters.
const WHY: usize = 200;

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) order: OrderId,
    pub(crate) number: i64,
    pub(crate) at: Timestamp,
    /// `credit.hold-released.v1`
    pub(crate) subject: &'static str,
    pub(crate) who: String,
    pub(crate) why: String,
    /// JSON.
    pub(crate) data: String,
}

impl Entry {
    /// Which service said it: `credit`.
    pub(crate) fn service(&self) -> &'static str {
        self.subject.split('.').next().unwrap_or_default()
    }

    /// What it said: `hold-released`.
    pub(crate) fn what(&self) -> &'static str {
        self.subject.split('.').nth(1).unwrap_or_default()
    }
}

/// An entry as it is kept, in the JSON of its row.
#[derive(Debug, Serialize)]
pub(crate) struct Kept<'a> {
    at: Timestamp,
    service: &'a str,
    what: &'a str,
    who: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'a str,
    data: &'a RawValue,
}

impl<'a> Kept<'a> {
    pub(crate) fn of(entry: &'a Entry) -> serde_json::Result<Self> {
        Ok(Self {
            at: entry.at,
            service: entry.service(),
            what: entry.what(),
            who: &entry.who,
            why: &entry.why,
            data: serde_json::from_str(&entry.data)?,
        })
    }
}

/// What there is to tell of a message.
pub(crate) struct Told {
    /// When it happened, if the message says so.
    pub(crate) at: Option<Timestamp>,
    pub(crate) who: String,
    pub(crate) why: String,
    pub(crate) data: String,
}

/// Writes a few named values as a JSON object, straight: this is done for everything that is heard.
macro_rules! data {
    ($($name:ident: $value:expr),+ $(,)?) => {{
        let mut text = Vec::with_capacity(128);
        let write = |text: &mut Vec<u8>| {
            let mut json = serde_json::Serializer::new(text);
            let mut object = json.serialize_map(None)?;
            $(object.serialize_entry(stringify!($name), &$value)?;)+
            object.end()
        };
        match write(&mut text) {
            Ok(()) => String::from_utf8(text).unwrap_or_default(),
            Err(_) => nothing(), // Plain values always serialise.
        }
    }};
}

/// Tells of a message. The summary knows how reports call a shipment.
pub(crate) fn told(message: &Inbound, summary: &Summary) -> Told {
    match message {
        Inbound::OrderPlaced(it) => placed(it),
        Inbound::OrderCarriedOver(it) => carried_over(it),
        Inbound::OrderStatus(it) => turned(it),
        Inbound::OrderCancelled(it) => cancelled(it),
        Inbound::CancellationRequested(it) => Told::by(&it.by, &it.reason, nothing()),
        Inbound::PaymentRequested(it) => house("", data! { amount: it.amount, until: it.until }),
        Inbound::SourcingRequested(it) => sourcing_requested(it),
        Inbound::CreditApproved(it) => approved(it),
        Inbound::CreditHeld(it) => held(it),
        Inbound::HoldReleased(it) => Told::by(&it.by, &it.reason, data! { amount: it.authorised }),
        Inbound::HoldRefused(it) => Told::by(&it.by, &it.reason, nothing()),
        Inbound::SourcingPlanned(it) => planned(it),
        Inbound::SourcingFailed(it) => unplanned(it),
        Inbound::StockClaimed(it) => claimed(it),
        Inbound::BackorderFilled(it) => house("", data! { claims: &it.claims }),
        Inbound::ClaimsPromoted(it) => house("", data! { claims: &it.claims }),
        Inbound::ClaimsReleased(it) => house("", data! { claims: &it.claims }),
        Inbound::ClaimsWithdrawn(it) => house("", data! { claims: &it.claims }),
        // A level stands in no timeline.
        Inbound::LeaseExpired(_) | Inbound::StockLevel(_) => house("", nothing()),
        Inbound::PickRequested(it) => pick_requested(it),
        Inbound::PickWithdrawn(it) => house("", data! { pick: it.pick }).at(it.at),
        Inbound::WithdrawalRefused(it) => Told::by(&it.warehouse, "", nothing()),
        Inbound::PickStarted(it) => parcel(summary, &it.warehouse, it.shipment, &it.units),
        Inbound::Picked(it) => picked(summary, it),
        Inbound::Packed(it) => parcel(summary, &it.warehouse, it.shipment, &it.units),
        Inbound::Shipped(it) => shipped(summary, it),
        Inbound::Delivered(it) => {
            parcel(summary, &Actor::house(), it.shipment, &it.units).at(it.delivered_at)
        }
        Inbound::DeliveryRefused(it) => {
            parcel(summary, &Actor::house(), it.shipment, &it.units).because(&it.reason)
        }
        Inbound::Returned(it) => parcel(summary, &it.warehouse, it.shipment, &it.units),
        Inbound::PaymentCaptured(it) => paid(&it.provider, &it.payment, it.amount),
        Inbound::PaymentReceived(it) => paid(&it.provider, &it.payment, it.amount),
        Inbound::InvoiceIssued(it) => invoiced(it),
        Inbound::RefundDue(it) => house("", data! { amount: it.amount }),
        Inbound::OrderSettled(it) => house("", data! { paid: it.paid, open: it.open }),
        Inbound::LetterSent(it) => house("", data! { kind: it.kind, language: it.language }),
        Inbound::LetterFailed(it) => house(&it.reason, data! { kind: it.kind }),
    }
}

fn placed(it: &OrderPlaced) -> Told {
    let data = data! { lines: it.lines.len(), total: it.total, currency: it.currency };
    Told::by(&it.entered_by, "", data).at(it.placed_at)
}

fn carried_over(it: &OrderCarriedOver) -> Told {
    let data = data! { status: it.carried.status, stated: &it.carried.stated, flags: &it.flags };
    Told::by(&it.entered_by, "", data).at(it.at)
}

fn turned(it: &OrderStatus) -> Told {
    Told::by(&it.by, &it.reason, data! { status: it.status, number: it.number }).at(it.at)
}

fn cancelled(it: &OrderCancelled) -> Told {
    let why = match it.because {
        CancelReason::Asked => "asked",
        CancelReason::NoSupply => "no_supply",
        CancelReason::CreditRefused => "credit_refused",
        CancelReason::HoldOverdue => "hold_overdue",
        CancelReason::ReturnedUndelivered => "returned_undelivered",
    };
    Told::by(&it.by, why, data! { remark: clean(&it.remark) })
}

fn sourcing_requested(it: &SourcingRequested) -> Told {
    let why = match it.because {
        SourcingReason::ShortPick => "short_pick",
        SourcingReason::ClaimWithdrawn => "claim_withdrawn",
        SourcingReason::LeaseLapsed => "lease_lapsed",
    };
    house(why, data! { attempt: it.attempt, lines: &it.lines })
}

fn approved(it: &CreditApproved) -> Told {
    house(&it.decision.rule, data! { amount: it.authorised, class: it.decision.class })
}

fn held(it: &CreditHeld) -> Told {
    let why = it.decision.stop.as_deref().unwrap_or(&it.decision.rule);
    house(why, data! { amount: it.amount, verdict: it.decision.verdict })
}

fn planned(it: &SourcingPlanned) -> Told {
    let SourcingPlanned { attempt, round, priority, rule, because, findings, .. } = it;
    let data = match findings {
        None => data! { attempt: attempt, round: round, rule: rule, priority: priority },
        Some(it) => {
            data! { attempt: attempt, round: round, rule: rule, priority: priority, findings: it }
        }
    };
    house(because, data)
}

fn unplanned(it: &SourcingFailed) -> Told {
    let SourcingFailed { lines, rule, because, findings, .. } = it;
    let data = match findings {
        None => data! { rule: rule, lines: lines },
        Some(it) => data! { rule: rule, lines: lines, findings: it },
    };
    house(because, data)
}

fn claimed(it: &StockClaimed) -> Told {
    let StockClaimed { claims, backordered, lease_until, .. } = it;
    house("", data! { claims: claims, backordered: backordered, until: lease_until })
}

fn pick_requested(it: &PickRequested) -> Told {
    let units: i64 = it.lines.iter().map(|it| it.quantity).sum();
    house("", data! { pick: it.pick, warehouse: &it.warehouse, units: units }).at(it.at)
}

fn picked(summary: &Summary, it: &Picked) -> Told {
    let (pick, short) = (summary.pick_of(it.shipment), &it.short);
    Told::by(&it.warehouse, "", data! { pick: pick, units: units(&it.picked), short: short })
}

fn shipped(summary: &Summary, it: &Shipped) -> Told {
    let Shipped { warehouse, carrier, tracking_no, shipped_at, .. } = it;
    let (pick, units) = (summary.pick_of(it.shipment), units(&it.units));
    let data = data! { pick: pick, units: units, carrier: carrier, tracking_no: tracking_no };
    Told::by(warehouse, "", data).at(*shipped_at)
}

fn parcel(summary: &Summary, who: &impl ToString, id: ShipmentId, items: &[ItemUnits]) -> Told {
    Told::by(who, "", data! { pick: summary.pick_of(id), units: units(items) })
}

fn paid(provider: &ProviderId, payment: &PaymentId, amount: Cents) -> Told {
    Told::by(provider, "", data! { payment: payment, amount: amount })
}

fn invoiced(it: &InvoiceIssued) -> Told {
    let InvoiceIssued { invoice, number, gross, due_on, .. } = it;
    house("", data! { invoice: invoice, number: number, gross: gross, due_on: due_on })
}

fn house(why: &str, data: String) -> Told {
    Told::by(&Actor::house(), why, data)
}

impl Told {
    fn by(who: &impl ToString, why: &str, data: String) -> Self {
        Self { at: None, who: clean(&who.to_string()), why: clean(why), data }
    }

    fn at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    fn because(self, why: &str) -> Self {
        Self { why: clean(why), ..self }
    }
}

fn nothing() -> String {
    "{}".to_owned()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(WHY).map_or(text, |(end, _)| &text[..end])
}

/// As much of a text as is kept. Postgres keeps no zero byte in a text, and must not stumble on one.
fn clean(text: &str) -> String {
    cut(text).replace('\0', "")
}
