//! What stories tell of goods.

use contracts::fulfilment::{
    Delivered, DeliveryRefused, Packed, PickLine, PickRequested, PickStarted, PickWithdrawn,
    Picked, Returned, Shipped, WithdrawalRefused,
};
use contracts::{Consignee, Currency, OrderId, Place, ShipmentId, Timestamp, Uuid};

use super::story::item;
use crate::Inbound;

pub(super) fn shipment(order: OrderId, pick: &str) -> ShipmentId {
    ShipmentId(Uuid::new_v5(&order.0, pick.as_bytes()))
}

pub(super) fn goods(at: Timestamp, order: OrderId, words: &[&str]) -> Option<Inbound> {
    let number = |it: &str| it.parse::<i32>().unwrap();
    let units = |it: &str| vec![item(it.parse().unwrap())];
    let shipment = |it: &str| shipment(order, it);
    let customer = || "C-7".parse().unwrap();
    Some(match *words {
        ["pick", name, pick, warehouse, quantity] => {
            let place = (warehouse, quantity.parse().unwrap());
            requested(at, order, name, (pick, place)).into()
        }
        ["withdraw", _, pick] => {
            let (warehouse, shipment, pick) =
                ("SH1".parse().unwrap(), shipment(pick), number(pick));
            PickWithdrawn { warehouse, order, shipment, pick, at }.into()
        }
        ["keep", _, warehouse] => {
            WithdrawalRefused { order, warehouse: warehouse.parse().unwrap() }.into()
        }
        ["start", _, pick, warehouse] => {
            let (shipment, warehouse) = (shipment(pick), warehouse.parse().unwrap());
            PickStarted { order, shipment, warehouse, units: units("2") }.into()
        }
        ["picked", _, pick, warehouse, picked, "short", short] => Picked {
            order,
            shipment: shipment(pick),
            warehouse: warehouse.parse().unwrap(),
            picked: units(picked),
            short: units(short).into_iter().filter(|it| it.quantity > 0).collect(),
        }
        .into(),
        ["packed", _, pick, warehouse] => {
            let (shipment, warehouse) = (shipment(pick), warehouse.parse().unwrap());
            Packed { order, shipment, warehouse, units: units("2") }.into()
        }
        ["ship", _, pick, warehouse] => Shipped {
            order,
            customer: customer(),
            shipment: shipment(pick),
            warehouse: warehouse.parse().unwrap(),
            units: units("2"),
            carrier: Some("SF".parse().unwrap()),
            tracking_no: Some(format!("SF-{pick}").parse().unwrap()),
            shipped_at: at,
        }
        .into(),
        ["deliver", _, pick] => Delivered {
            order,
            customer: customer(),
            currency: Currency::CNY,
            shipment: shipment(pick),
            units: units("2"),
            delivered_at: at,
        }
        .into(),
        ["refused", _, pick] => {
            let (shipment, reason) = (shipment(pick), "nobody opened".to_owned());
            let (customer, units) = (customer(), units("2"));
            DeliveryRefused { order, customer, shipment, units, reason }.into()
        }
        ["return", _, pick, warehouse] => {
            let (shipment, warehouse) = (shipment(pick), warehouse.parse().unwrap());
            let (customer, units) = (customer(), units("2"));
            Returned { order, customer, shipment, warehouse, units }.into()
        }
        _ => return None,
    })
}

fn requested(
    at: Timestamp,
    order: OrderId,
    name: &str,
    (pick, (warehouse, quantity)): (&str, (&str, i64)),
) -> PickRequested {
    PickRequested {
        warehouse: warehouse.parse().unwrap(),
        order,
        order_no: format!("K-{name}"),
        shipment: shipment(order, pick),
        pick: pick.parse().unwrap(),
        lines: vec![PickLine {
            line: 1,
            sku: "KB-87".parse().unwrap(),
            name: "机械键盘".to_owned(),
            quantity,
        }],
        consignee: Consignee {
            name: "Wang Fang".to_owned(),
            phone: "+8613912345678".to_owned(),
            street: "Zhongshan Road 1".to_owned(),
        },
        place: Place {
            country: "CN".to_owned(),
            province: "江苏".to_owned(),
            city: "南京".to_owned(),
            district: "玄武".to_owned(),
            postcode: "210018".to_owned(),
        },
        priority: 2_400,
        urgent: false,
        at,
    }
}
