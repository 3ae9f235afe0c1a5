//! What holds whatever is heard, in whatever order.

use std::collections::BTreeMap;

use contracts::fulfilment::{CarrierReported, WarehouseReport, WarehouseReported};
use contracts::{CarrierId, ItemUnits, LineUnits, ShipmentId, TrackingNo, WarehouseId};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{START, order_called, read, ready, story};
use crate::books::Books;
use crate::shipment::{STEPS, State, Units, add};
use crate::{Inbound, Outbound};

proptest! {
    /// The shelf, the trolley, the parcel, the lorry, the door: every unit is in one place.
    #[test]
    fn every_unit_of_a_shipment_is_in_exactly_one_place(history in history()) {
        let (_, said) = told(&history);
        for (shipment, said) in by_shipment(&said) {
            let mut there: Option<Units> = None;
            for it in said {
                if let Outbound::PickRequested(it) = it {
                    prop_assert!(there.is_none());
                    there = Some(it.lines.iter().map(|it| (it.line, it.quantity)).collect());
                } else if let Outbound::Picked(it) = it {
                    let mut both = units(&it.picked);
                    add(&mut both, &units(&it.short));
                    prop_assert_eq!(Some(both), there, "{:?}", shipment);
                    there = Some(units(&it.picked));
                } else if let Some(carried) = carried(it) {
                    prop_assert_eq!(Some(units(carried)), there.clone(), "{:?}", it);
                }
            }
        }
    }

    /// So each is told at most once, and none is left out.
    #[test]
    fn what_is_told_of_a_shipment_is_a_path_of_the_table(history in history()) {
        let (books, said) = told(&history);
        for (shipment, said) in by_shipment(&said) {
            let mut states = said.into_iter().filter_map(state);
            prop_assert_eq!(states.next(), Some(State::Open));
            let mut last = State::Open;
            for state in states {
                let step = |it: &(State, _, State)| it.0 == last && it.2 == state;
                prop_assert!(STEPS.iter().any(step), "{:?}: {:?} to {:?}", shipment, last, state);
                last = state;
            }
            let stands = standing(&books, shipment);
            let untold = matches!(stands, State::Withdrawn | State::Empty) && stands.is_past(last);
            prop_assert!(stands == last || untold, "{:?} is told and {:?}", last, stands);
        }
    }

    #[test]
    fn no_more_is_released_than_claimed_and_ordered(history in history()) {
        let mut books = Books::default();
        let (mut claimed, mut released) = (Spread::new(), Spread::new());
        for message in &history {
            for it in claims_of(message) {
                let units = [(it.line, it.quantity)].into();
                add(claimed.entry(it.warehouse.clone()).or_default(), &units);
            }
            for it in books.decide(START, message.clone()) {
                if let Outbound::PickRequested(it) = it {
                    let units = it.lines.iter().map(|it| (it.line, it.quantity)).collect();
                    add(released.entry(it.warehouse).or_default(), &units);
                }
            }
            let order = &books.orders[&order_called("a")];
            let (mut at_work, mut given_back) = (Units::new(), Spread::new());
            for it in order.shipments.values() {
                if it.state == State::Withdrawn {
                    add(given_back.entry(it.warehouse.clone()).or_default(), &it.units);
                } else {
                    add(&mut at_work, &it.units);
                }
            }
            for (line, units) in at_work {
                prop_assert!(units <= order.placed.lines[&line].quantity);
            }
            for (warehouse, units) in &released {
                for (line, units) in units {
                    let of = |it: &Spread| it.get(warehouse).and_then(|it| it.get(line)).copied();
                    let back = of(&given_back).unwrap_or_default();
                    prop_assert!(units - back <= of(&claimed).unwrap_or_default());
                }
            }
        }
    }

    /// It is entered, or it is written down why not. It never does both, and never stops anything.
    #[test]
    fn every_report_is_entered_or_refused(history in history(), report in any_report()) {
        let (mut books, _) = told(&history);
        books.refused.clear();
        let before = books.clone();

        let said = books.decide(START, report);

        let refused = std::mem::take(&mut books.refused);
        if refused.is_empty() {
            prop_assert!(books != before);
        } else {
            prop_assert!(said.is_empty());
            prop_assert!(books.orders == before.orders);
        }
    }

    #[test]
    fn a_report_that_comes_again_changes_nothing(history in history(), report in a_report()) {
        let (mut books, _) = told(&history);
        books.decide(START, report.clone());
        let once = Books { refused: BTreeMap::new(), ..books.clone() };

        let said = books.decide(START, report);

        prop_assert!(said.is_empty());
        prop_assert!(!books.refused.is_empty());
        prop_assert_eq!(Books { refused: BTreeMap::new(), ..books }, once);
    }

    /// Intake waits for the one answer.
    #[test]
    fn an_order_that_is_asked_back_is_answered_once(history in history()) {
        let mut books = Books::default();
        let mut open = 0;
        for message in history {
            let asked = matches!(message, Inbound::CancellationRequested(_));
            let ended = matches!(message, Inbound::OrderCancelled(_) | Inbound::OrderExpired(_));
            let course = books.orders.get(&order_called("a")).map(|it| it.course.name());
            if asked && matches!(course, Some("placed" | "confirmed")) {
                open += 1;
            }
            for said in books.decide(START, message) {
                if matches!(said, Outbound::ReleaseWithdrawn(_) | Outbound::WithdrawalRefused(_)) {
                    open -= 1;
                }
            }
            if ended {
                open = 0;
            }
            prop_assert!((0..=1).contains(&open));
            let course = books.orders[&order_called("a")].course.name();
            prop_assert_eq!(open == 1, course == "withdrawing");
        }
    }

    /// An order that is confirmed and not asked back releases whatever it can.
    #[test]
    fn nothing_is_left_lying(history in history()) {
        let (mut books, _) = told(&history);
        let order = books.orders.get_mut(&order_called("a")).unwrap();
        prop_assert_eq!(order.release(START), vec![]);
    }
}

#[test]
fn the_table_has_no_way_back() {
    for state in State::ALL {
        assert_eq!(State::named(state.name()), Some(state));
        for (from, _, to) in STEPS {
            assert!(!(to.is_past(state) && state.is_past(*to) && state != *to));
            assert!(to.is_past(*from) && !from.is_past(*to));
        }
        assert!(state.is_past(State::Open));
    }
}

type Spread = BTreeMap<WarehouseId, Units>;

pub(super) fn told(history: &[Inbound]) -> (Books, Vec<Outbound>) {
    let mut books = Books::default();
    let mut said = Vec::new();
    for message in history {
        said.extend(books.decide(START, message.clone()));
    }
    (books, said)
}

fn by_shipment(said: &[Outbound]) -> BTreeMap<ShipmentId, Vec<&Outbound>> {
    let mut all: BTreeMap<ShipmentId, Vec<&Outbound>> = BTreeMap::new();
    for it in said {
        let shipment = match it {
            Outbound::PickRequested(it) => it.shipment,
            Outbound::PickWithdrawn(it) => it.shipment,
            Outbound::PickStarted(it) => it.shipment,
            Outbound::Picked(it) => it.shipment,
            Outbound::Packed(it) => it.shipment,
            Outbound::Shipped(it) => it.shipment,
            Outbound::Delivered(it) => it.shipment,
            Outbound::DeliveryRefused(it) => it.shipment,
            Outbound::Returned(it) => it.shipment,
            Outbound::ReleaseWithdrawn(_)
            | Outbound::WithdrawalRefused(_)
            | Outbound::GivenUp(_)
            | Outbound::ParcelNoted(_) => continue,
        };
        all.entry(shipment).or_default().push(it);
    }
    all
}

/// What is moved by it, whole.
fn carried(said: &Outbound) -> Option<&[ItemUnits]> {
    Some(match said {
        Outbound::PickStarted(it) => &it.units,
        Outbound::Packed(it) => &it.units,
        Outbound::Shipped(it) => &it.units,
        Outbound::Delivered(it) => &it.units,
        Outbound::DeliveryRefused(it) => &it.units,
        Outbound::Returned(it) => &it.units,
        Outbound::PickRequested(_)
        | Outbound::PickWithdrawn(_)
        | Outbound::Picked(_)
        | Outbound::ReleaseWithdrawn(_)
        | Outbound::WithdrawalRefused(_)
        | Outbound::GivenUp(_)
        | Outbound::ParcelNoted(_) => return None,
    })
}

/// Where a shipment is when this was told.
fn state(said: &Outbound) -> Option<State> {
    Some(match said {
        Outbound::PickRequested(_) => State::Open,
        Outbound::PickWithdrawn(_) => State::Withdrawing,
        Outbound::PickStarted(_) => State::Picking,
        Outbound::Picked(_) => State::Picked,
        Outbound::Packed(_) => State::Packed,
        Outbound::Shipped(_) => State::Shipped,
        Outbound::Delivered(_) => State::Delivered,
        Outbound::DeliveryRefused(_) => State::Refused,
        Outbound::Returned(_) => State::Returned,
        Outbound::ReleaseWithdrawn(_)
        | Outbound::WithdrawalRefused(_)
        | Outbound::GivenUp(_)
        | Outbound::ParcelNoted(_) => return None,
    })
}

fn standing(books: &Books, shipment: ShipmentId) -> State {
    let order = &books.orders[&order_called("a")];
    let mut all = order.shipments.iter();
    let is = |pick: i32| crate::shipment::shipment_id(order.order, pick) == shipment;
    all.find(|(pick, _)| is(**pick)).unwrap().1.state
}

fn claims_of(message: &Inbound) -> &[contracts::inventory::Claim] {
    if let Inbound::StockClaimed(it) = message {
        &it.claims
    } else if let Inbound::BackorderFilled(it) = message {
        &it.claims
    } else if let Inbound::ClaimsPromoted(it) = message {
        &it.claims
    } else {
        &[]
    }
}

fn units(units: &[ItemUnits]) -> Units {
    units.iter().map(|it| (it.line, it.quantity)).collect()
}

/// What may come: an order of two lines, confirmed early mostly, and then anything.
pub(super) fn history() -> impl Strategy<Value = Vec<Inbound>> {
    let begin = prop_oneof![
        4 => Just(ready("a", "1x4 2x2", "1x2@w1 1x1@w2")),
        2 => Just(ready("a", "1x4 2x2", "1x4@w1 2x2@w2")),
        1 => Just("place a 1x4 2x2; plan a complete; name a; confirm a".to_owned()),
        1 => Just("place a 1x4 2x2".to_owned()),
    ];
    let then = vec(prop_oneof![2 => a_report(), 1 => an_event()], 0..25);
    (begin, then).prop_map(|(begin, then)| story(&begin).into_iter().chain(then).collect())
}

fn an_event() -> impl Strategy<Value = Inbound> {
    let claim = (1..=2_u16, 1..=3_i64, 1..=3_u8);
    let claim = claim.prop_map(|(line, units, warehouse)| format!("{line}x{units}@w{warehouse}"));
    let about_claims = ("(claim|fill|promote|lose)", claim);
    prop_oneof![
        4 => about_claims.prop_map(|(what, claim)| read(&format!("{what} a {claim}"))),
        2 => Just(read("back a")),
        1 => "(lapse|gone|name|confirm|plan|cancel|expire)".prop_map(|it| read(&format!("{it} a"))),
        1 => Just(read("plan a complete")),
        1 => Just(read("fail a 1x1")),
    ]
}

fn a_report() -> impl Strategy<Value = Inbound> {
    let lines = proptest::option::weighted(0.3, vec((1..=3_u16, -1..=3_i64), 0..3));
    let what = "(started|picked|short|packed|shipped|delivered|refused|returned|unreleased)";
    (1..=3_u8, 0..=5_i32, what, lines, any::<bool>()).prop_map(
        |(warehouse, pick, what, lines, parcel)| {
            let unit = |(line, quantity)| LineUnits { line, quantity };
            let body = WarehouseReport {
                pick: Some(pick),
                lines: lines.map(|it| it.into_iter().map(unit).collect()),
                carrier: parcel.then(|| CarrierId::new("sf").unwrap()),
                tracking_no: parcel.then(|| TrackingNo::new(format!("T{pick}")).unwrap()),
                ..WarehouseReport::default()
            };
            let body = serde_json::to_value(body).unwrap();
            let warehouse = WarehouseId::new(format!("w{warehouse}")).unwrap();
            WarehouseReported { warehouse, order: order_called("a"), what, body }.into()
        },
    )
}

fn any_report() -> impl Strategy<Value = Inbound> {
    let parcel = ("(delivered|refused|scanned)", 1..=5_i32).prop_map(|(what, no)| {
        let (carrier, body) = (CarrierId::new("sf").unwrap(), serde_json::Value::Null);
        let tracking_no = TrackingNo::new(format!("T{no}")).unwrap();
        CarrierReported { carrier, tracking_no, what, body }.into()
    });
    prop_oneof![4 => a_report(), 1 => parcel]
}
