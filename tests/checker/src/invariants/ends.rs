//! V5: each order has come to one end, the same for all; or it waits for something that can be named.

use uuid::Uuid;

use crate::facts::{Facts, Order, Shipment, known};
use crate::report::Report;

/// How an order ends: the stored state, what is said of it, how finance and credit call it.
const ENDS: [(&str, &str); 3] = [
    ("completed", "intake.completed.v1"),
    ("cancelled", "intake.cancelled.v1"),
    ("expired", "intake.expired.v1"),
];

pub(super) fn check(facts: &Facts, report: &mut Report) {
    report.check(("V5", "one end", "an order ends once, and intake says so as it has it"), |it| {
        facts.said.by("intake")?;
        for (id, order) in &known(&facts.orders)?.all {
            let said: Vec<&str> =
                ENDS.iter().filter(|it| facts.said.has(it.1, *id)).map(|it| it.0).collect();
            let is = ENDS.iter().map(|it| it.0).filter(|it| *it == order.process).collect();
            it.same(format!("ends of {id} that were said, and that it has"), said, is);
        }
        Ok(())
    });
    report.check(("V5", "same end", "what has ended for one has ended for all"), |it| {
        for (id, order) in &known(&facts.orders)?.all {
            for (service, state) in states(facts, *id) {
                if facts.is_parked(service, *id) {
                    continue;
                }
                let expected = expected(service, &order.process);
                let what = format!("{id} is {}, and for {service}", order.process);
                it.holds(expected.contains(&state), || format!("{what} it is {state}"));
            }
        }
        Ok(())
    });
    report.check(
        ("V5", "waits", "an order that has not ended waits for something with a name"),
        |it| {
            for (id, order) in &known(&facts.orders)?.all {
                if order.is_over() {
                    it.looked += 1;
                    continue;
                }
                let waits = waits(facts, *id, order);
                it.holds(!waits.is_empty(), || {
                    format!("{id} is {} ({}), and waits for nothing", order.shown, order.process)
                });
            }
            Ok(())
        },
    );
    report.check(("V5", "asked", "nothing was asked for that nobody answers"), |it| {
        for (id, order) in &known(&facts.orders)?.all {
            let course = order.course();
            let asked = course.sourcing || course.promoting;
            it.holds(!asked || !facts.parked(*id).is_empty(), || {
                let (sourcing, promoting) = (course.sourcing, course.promoting);
                format!("{id}, {}: sourcing {sourcing}, promoting {promoting}", order.shown)
            });
        }
        Ok(())
    });
}

/// How services other than intake call the state of an order.
fn states(facts: &Facts, id: Uuid) -> Vec<(&'static str, &str)> {
    let mut states = Vec::new();
    if let Some(it) = facts.money.sales.as_ref().ok().and_then(|it| it.get(&id)) {
        states.push(("finance", it.state.as_str()));
    }
    if let Some(it) = facts.money.commitments.as_ref().ok().and_then(|it| it.get(&id)) {
        states.push(("credit", it.state.as_str()));
    }
    if let Some(it) = facts.goods.demands.as_ref().ok().and_then(|it| it.get(&id)) {
        states.push(("inventory", it.as_str()));
    }
    if let Some(it) = facts.goods.dispatches.as_ref().ok().and_then(|it| it.get(&id)) {
        states.push(("fulfilment", it.0.as_str()));
    }
    states
}

/// How a service may call an order that intake has in this state.
fn expected(service: &str, process: &str) -> &'static [&'static str] {
    match (service, process) {
        ("finance", "completed") => &["completed"],
        ("finance", "cancelled") => &["cancelled"],
        ("finance", "expired") => &["expired"],
        ("finance", _) => &["open"],
        ("credit" | "inventory", "completed")
        | ("credit" | "inventory" | "fulfilment", "cancelled" | "expired") => &["ended"],
        ("credit", _) => &["held", "approved", "refused"],
        ("inventory", _) => &["open", "held", "promoted"],
        ("fulfilment", "completed") => &["confirmed"],
        _ => &["placed", "confirmed", "withdrawing", "withdrawn"],
    }
}

/// What an order that has not ended waits for.
fn waits(facts: &Facts, id: Uuid, order: &Order) -> Vec<&'static str> {
    let mut waits = Vec::new();
    let mut add = |what, so: bool| waits.extend(so.then_some(what));
    let timer = |subject: &str| {
        facts.log.timers.contains(&("intake".to_owned(), subject.to_owned(), id.to_string()))
    };
    add("somebody who looks at what is parked", !facts.parked(id).is_empty());
    match order.process.as_str() {
        "credit_hold" => {
            let commitment = facts.money.commitments.as_ref().ok().and_then(|it| it.get(&id));
            let held = commitment.is_none_or(|it| it.state == "held");
            add("a person at credit", held && timer("intake.hold-overdue.v1"));
        }
        "awaiting_payment" => {
            let sale = facts.money.sales.as_ref().ok().and_then(|it| it.get(&id));
            let unpaid = sale.is_none_or(|it| !it.captured);
            add("its payment", unpaid && timer("intake.payment-overdue.v1"));
        }
        "confirmed" => {
            let own = facts.goods.shipments.as_ref().ok().and_then(|it| it.get(&id));
            let mut own = own.into_iter().flatten();
            add("a warehouse or a carrier", own.any(Shipment::is_under_way));
            add("supply", is_backordered(facts, id, order));
            let unsourced = order.all_units(&["unsourced"]) > 0;
            add("a source", unsourced && facts.said.unsourceable.contains(&id));
        }
        _ => {} // Checking takes nobody's time but ours.
    }
    waits
}

fn is_backordered(facts: &Facts, id: Uuid, order: &Order) -> bool {
    let Ok(backorders) = &facts.goods.backorders else {
        return order.all_units(&["backordered"]) > 0;
    };
    backorders.range((id, i32::MIN)..=(id, i32::MAX)).next().is_some()
}
