//! The books of fulfilment: which rule a message meets, and where the rules meet each other. The
//! same books, messages and times always give the same answers.

use std::collections::BTreeMap;

use contracts::allocation::SourcingFailed;
use contracts::fulfilment::{
    CarrierReport, CarrierReported, ParcelNoted, WarehouseReport, WarehouseReported,
};
use contracts::{CarrierId, Message, OrderId, Timestamp, TrackingNo};
use serde_json::Value;

use crate::dispatch::{Course, Dispatch};
use crate::parcel::{CarrierSaid, Parcel};
use crate::report::{Refusal, Report, What, body};
use crate::shipment::shipment_id;
use crate::{Inbound, Outbound};

/// As much of the books as a batch of messages touches.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Books {
    pub(crate) orders: BTreeMap<OrderId, Dispatch>,
    pub(crate) parcels: BTreeMap<ParcelKey, Parcel>,
    /// Reports that changed nothing. Only written: nobody decides by them.
    pub(crate) refused: BTreeMap<RefusedKey, Refused>,
}

/// How a carrier calls a parcel.
pub(crate) type ParcelKey = (CarrierId, TrackingNo);

/// What makes two refused reports the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RefusedKey {
    /// The key of the report.
    pub(crate) about: String,
    pub(crate) reporter: String,
    pub(crate) pick: i32,
    pub(crate) what: String,
    pub(crate) reason: Refusal,
}

/// How often it came in this batch, and what it said when it came last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refused {
    pub(crate) times: i64,
    pub(crate) at: Timestamp,
    pub(crate) body: String,
}

/// How much of a refused report's words is kept.
const WHAT_KEPT: usize = 64;
const BODY_KEPT: usize = 2_000;

impl Books {
    /// Enters one message. Returns what fulfilment has to say to it.
    pub(crate) fn decide(&mut self, now: Timestamp, message: Inbound) -> Vec<Outbound> {
        match message {
            Inbound::OrderPlaced(it) => {
                self.orders.entry(it.order).or_insert_with(|| Dispatch::new(it));
                vec![]
            }
            Inbound::SourcingPlanned(it) => self.change(now, it.order, |order| order.plan(&it)),
            Inbound::SourcingFailed(it) => self.fail(now, &it),
            Inbound::StockClaimed(it) => {
                self.change(now, it.order, |order| order.claim(&it.claims))
            }
            Inbound::BackorderFilled(it) => {
                self.change(now, it.order, |order| order.claim(&it.claims))
            }
            Inbound::ClaimsPromoted(it) => {
                self.change(now, it.order, |order| order.promote(&it.claims))
            }
            Inbound::ClaimsWithdrawn(it) => {
                self.change(now, it.order, |order| order.lose(&it.claims))
            }
            Inbound::LeaseExpired(it) => self.change(now, it.order, Dispatch::lapse),
            Inbound::PromotionRefused(it) => self.change(now, it.order, Dispatch::lapse),
            Inbound::ConsigneeNamed(it) => self.change(now, it.order, |order| order.name(&it)),
            Inbound::OrderConfirmed(it) => self.change(now, it.order, Dispatch::confirm),
            Inbound::CancellationRequested(it) => self.ask_back(now, it.order),
            Inbound::OrderCancelled(it) => self.end(now, it.order),
            Inbound::OrderExpired(it) => self.end(now, it.order),
            Inbound::WarehouseReported(it) => self.hear_warehouse(now, &it),
            Inbound::CarrierReported(it) => self.hear_carrier(now, &it),
            Inbound::ParcelNoted(it) => self.note(now, it),
        }
    }

    /// Changes an order, and releases what can be released then.
    fn change(
        &mut self,
        now: Timestamp,
        order: OrderId,
        change: impl FnOnce(&mut Dispatch),
    ) -> Vec<Outbound> {
        match self.orders.get_mut(&order) {
            Some(it) if it.course != Course::Ended => {
                change(it);
                let said = it.release(now);
                it.forget_recipient();
                said
            }
            // Cancelled meanwhile: it gets nothing, and nothing more is kept of it. Or never
            // placed here, so that it cannot be confirmed either.
            Some(_) | None => vec![],
        }
    }

    fn fail(&mut self, now: Timestamp, it: &SourcingFailed) -> Vec<Outbound> {
        let mut given_up = None;
        let picks = self.change(now, it.order, |order| given_up = Some(order.fail(it)));
        given_up.map(Outbound::from).into_iter().chain(picks).collect()
    }

    fn ask_back(&mut self, now: Timestamp, order: OrderId) -> Vec<Outbound> {
        // An order that was never placed here was never released, and will not be asked back.
        self.orders.get_mut(&order).map(|it| it.ask_back(now)).unwrap_or_default()
    }

    fn end(&mut self, now: Timestamp, order: OrderId) -> Vec<Outbound> {
        self.orders.get_mut(&order).map(|it| it.end(now)).unwrap_or_default()
    }

    // ---- Reports -------------------------------------------------------------------------------

    fn hear_warehouse(&mut self, now: Timestamp, it: &WarehouseReported) -> Vec<Outbound> {
        let report = Report::of_warehouse(now, it);
        let pick = report.as_ref().map_or(0, |it| it.pick);
        let entered = report.and_then(|report| {
            let mut said = self.enter(it.order, &report)?;
            said.extend(self.join_parcel(now, it.order, &report));
            Ok(said)
        });
        entered.unwrap_or_else(|reason| {
            let reporter = it.warehouse.as_str();
            self.refuse(now, refused(&it.key().0, reporter, pick, &it.what, reason), &it.body);
            vec![]
        })
    }

    fn enter(&mut self, order: OrderId, report: &Report) -> Result<Vec<Outbound>, Refusal> {
        self.orders.get_mut(&order).ok_or(Refusal::UnknownOrder)?.report(report)
    }

    /// The warehouse named the parcel. If the carrier was faster, what it said holds now.
    fn join_parcel(&mut self, now: Timestamp, order: OrderId, report: &Report) -> Vec<Outbound> {
        let Some(key) = parcel_of(&report.body) else { return vec![] };
        let parcel = self.parcels.entry(key).or_default();
        match parcel.join(now, order, report.pick) {
            Some(said) => self.hear_of_parcel(now, order, report.pick, &said),
            None => vec![],
        }
    }

    /// Enters what a carrier said of a parcel with this pick in it.
    fn hear_of_parcel(
        &mut self,
        now: Timestamp,
        order: OrderId,
        pick: i32,
        said: &CarrierSaid,
    ) -> Vec<Outbound> {
        let report = Report::of_carrier(now, pick, said);
        let entered = report.and_then(|report| self.enter(order, &report));
        entered.unwrap_or_else(|reason| {
            let shipment = self.orders.get(&order).and_then(|it| it.shipments.get(&pick));
            let carrier = shipment.and_then(|it| it.carrier.as_ref());
            let reporter = carrier.map(ToString::to_string).unwrap_or_default();
            let key = refused(&order.to_string(), &reporter, pick, &said.what, reason);
            self.refuse(now, key, &serde_json::to_value(&said.report).unwrap_or_default());
            vec![]
        })
    }

    fn hear_carrier(&mut self, now: Timestamp, it: &CarrierReported) -> Vec<Outbound> {
        let read: Option<CarrierReport> = body(&it.body);
        let known = What::of_carrier(&it.what).ok_or(Refusal::UnknownReport);
        let heard = known.and_then(|_| read.ok_or(Refusal::Unreadable)).and_then(|report| {
            let parcel =
                self.parcels.entry((it.carrier.clone(), it.tracking_no.clone())).or_default();
            let said = CarrierSaid { what: it.what.clone(), report, heard_at: now };
            parcel.hear(said.clone()).map(|picks| (picks.to_vec(), said))
        });
        match heard {
            Ok((picks, CarrierSaid { what, report, .. })) => {
                let note = |(order, pick): (OrderId, i32)| {
                    let shipment = shipment_id(order, pick);
                    let (what, report) = (what.clone(), report.clone());
                    ParcelNoted { order, shipment, what, report, at: now }.into()
                };
                picks.into_iter().map(note).collect()
            }
            Err(reason) => {
                let about = format!("{} {}", it.carrier, it.tracking_no);
                let key = refused(&about, it.carrier.as_str(), 0, &it.what, reason);
                self.refuse(now, key, &it.body);
                vec![]
            }
        }
    }

    /// What a carrier said reached the order's own worker.
    fn note(&mut self, now: Timestamp, it: ParcelNoted) -> Vec<Outbound> {
        let picks = self.orders.get(&it.order).into_iter().flat_map(|it| it.shipments.keys());
        let pick = picks.copied().find(|pick| shipment_id(it.order, *pick) == it.shipment);
        let said = CarrierSaid { what: it.what, report: it.report, heard_at: it.at };
        self.hear_of_parcel(now, it.order, pick.unwrap_or_default(), &said)
    }

    /// Keeps a report that changed nothing, for a person to see.
    fn refuse(&mut self, now: Timestamp, key: RefusedKey, body: &Value) {
        let body = words(&body.to_string(), BODY_KEPT);
        let new = Refused { times: 0, at: now, body: String::new() };
        let refused = self.refused.entry(key).or_insert(new);
        refused.times += 1;
        refused.body = body;
    }
}

/// The parcel that a warehouse names, if it does so in full.
pub(crate) fn parcel_of(report: &WarehouseReport) -> Option<ParcelKey> {
    Some((report.carrier.clone()?, report.tracking_no.clone()?))
}

fn refused(about: &str, reporter: &str, pick: i32, what: &str, reason: Refusal) -> RefusedKey {
    let (about, reporter) = (about.to_owned(), reporter.to_owned());
    RefusedKey { about, reporter, pick, what: words(what, WHAT_KEPT), reason }
}

/// The beginning of what somebody outside wrote, without what no table takes.
fn words(text: &str, most: usize) -> String {
    text.chars().filter(|it| !it.is_control()).take(most).collect()
}
