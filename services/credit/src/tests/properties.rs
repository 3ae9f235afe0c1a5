use std::collections::BTreeMap;

use contracts::credit::{Exposure, Verdict};
use contracts::{Cents, CustomerId, MessageSet, OrderId, Terms};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{START, customer, invoice, order, placed, read, told};
use crate::commitment::plus;
use crate::ledger::{Fresh, Ledger};
use crate::{Inbound, Outbound, touch};

const ORDERS: [&str; 4] = ["a", "b", "c", "d"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// The promise of credit control.
    #[test]
    fn an_approval_never_goes_beyond_the_limit(history in history()) {
        let mut ledger = Ledger::default();
        for message in history {
            let terms = if let Inbound::OrderPlaced(it) = &message { it.terms } else { Terms::Prepaid };
            for said in ledger.decide(START, message.clone()) {
                if let (Outbound::CreditApproved(it), Terms::OnAccount) = (&said, terms) {
                    let limit = ledger.accounts[&it.customer].agreement.unwrap().limit;
                    let exposure = whole(&ledger, &it.customer);
                    prop_assert!(it.authorised == Cents(0) || exposure.total() <= limit);
                }
            }
        }
    }

    /// Whatever happens, counters are the sums of the entries, and no stage is below zero.
    #[test]
    fn what_is_counted_is_the_sum_of_the_entries(history in history()) {
        let ledger = told(history);
        let mut orders: BTreeMap<OrderId, Exposure> = BTreeMap::new();
        let mut customers: BTreeMap<CustomerId, Exposure> = BTreeMap::new();
        for entry in &ledger.fresh.entries {
            let whose = ledger.commitments[&entry.order].customer.clone();
            let sum = orders.entry(entry.order).or_default();
            *sum = plus(*sum, &entry.change);
            let sum = customers.entry(whose).or_default();
            *sum = plus(*sum, &entry.change);
        }
        for (order, commitment) in &ledger.commitments {
            prop_assert_eq!(commitment.stages, orders.get(order).copied().unwrap_or_default());
            prop_assert!(lowest(&commitment.stages) >= Cents(0));
        }
        for customer in ledger.books.keys() {
            let sum = customers.get(customer).copied().unwrap_or_default();
            prop_assert_eq!(whole(&ledger, customer), sum);
        }
    }

    #[test]
    fn every_cause_counts_once(history in history()) {
        let ledger = told(history);
        let mut causes: Vec<_> =
            ledger.fresh.entries.iter().map(|it| (it.order, it.kind, it.cause)).collect();
        let all = causes.len();
        causes.sort();
        causes.dedup();
        prop_assert_eq!(causes.len(), all);
    }

    #[test]
    fn saying_it_twice_changes_nothing(history in history(), message in message()) {
        let mut ledger = told(history);
        ledger.decide(START, message.clone());
        let once = ledger.clone();
        ledger.decide(START, message);
        prop_assert_eq!(ledger, once);
    }

    /// What a message changes, the store has loaded for it, and its customer's account is locked.
    #[test]
    fn a_message_changes_what_it_touches_and_no_more(history in history(), message in message()) {
        let before = Ledger { fresh: Fresh::default(), ..told(history) };
        let mut ledger = before.clone();
        ledger.decide(START, message.clone());
        let fresh = &ledger.fresh;
        let concerned = touch::concerned(&message, &before);
        prop_assert!(fresh.books.iter().all(|it| Some(&it.0) == concerned));
        prop_assert!(fresh.agreements.keys().all(|it| Some(it) == concerned));
        prop_assert!(fresh.commitments.iter().all(|it| Some(*it) == touch::order(&message)));
        let asked = touch::item(&message);
        prop_assert!(fresh.items.iter().all(|it| Some(*it) == asked || !before.items.contains_key(it)));
    }

    /// What an order asked for is held, authorised, voided: each at most once.
    #[test]
    fn an_order_is_answered_once_and_voided_at_most_once(history in history()) {
        let mut ledger = Ledger::default();
        let said: Vec<_> = history.into_iter().flat_map(|it| ledger.decide(START, it)).collect();
        for id in ORDERS.map(order) {
            let about: Vec<&Outbound> =
                said.iter().filter(|it| it.key().0 == id.to_string()).collect();
            let count = |of: fn(&Outbound) -> bool| about.iter().filter(|it| of(it)).count();
            let answers =
                count(|it| matches!(it, Outbound::CreditApproved(_) | Outbound::CreditHeld(_)));
            let ends =
                count(|it| matches!(it, Outbound::HoldReleased(_) | Outbound::HoldRefused(_)));
            let voids = count(|it| matches!(it, Outbound::AuthorisationVoided(_)));
            prop_assert_eq!(answers, usize::from(ledger.commitments.contains_key(&id)));
            prop_assert!(ends <= answers && voids <= answers);
        }
    }

    #[test]
    fn every_release_and_refusal_is_answered(history in history(), o in select(&ORDERS), tier in 0..4) {
        let mut ledger = told(history);
        for line in [format!("release {o} bob {tier}"), format!("refuse {o} bob")] {
            let said = ledger.decide(START, read(&line));
            prop_assert!(matches!(
                said.as_slice(),
                [Outbound::HoldReleased(_) | Outbound::HoldRefused(_) | Outbound::ReleaseRefused(_)]
            ));
        }
    }

    /// However an order is cut into shipments, and however finance rounds their invoices: once all
    /// is delivered, invoiced and paid, and the order complete, nothing is left in any stage.
    #[test]
    fn an_order_that_is_settled_sums_to_zero(
        lines in vec((1..9_i64, 0..5_000_i64), 1..4),
        freight in 0..500_i64,
        cuts in vec(0..9_i64, 12),
        bias in vec(-1..2_i64, 4),
        late in any::<bool>(),
    ) {
        let words: Vec<String> =
            lines.iter().map(|(quantity, gross)| format!("{quantity}@{gross}")).collect();
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        let carriage = format!("+{freight}");
        words.push(&carriage);
        let mut ledger = told([read("limit A 99999999")]);
        let it = placed(order("a"), customer("A"), Terms::OnAccount, &words);
        let total = it.total;
        ledger.decide(START, it.into());
        let asked = whole(&ledger, &customer("A"));
        prop_assert_eq!(asked.authorised + asked.pending, total);
        ledger.decide(START, read("release a bob 3"));

        let shipments = shipments(&lines, &cuts);
        let mut invoiced = Cents(0);
        let mut invoices = vec![];
        for (nth, units) in (0..).zip(&shipments) {
            let name = format!("s{nth}");
            let before = whole(&ledger, &customer("A")).delivered_unbilled;
            ledger.decide(START, read(&format!("deliver a {name} {units}")));
            let share = whole(&ledger, &customer("A")).delivered_unbilled - before;
            let last = nth + 1 == shipments.len();
            let bias = if last { Cents(0) } else { Cents(bias[nth % 4]) };
            let gross = if last { total - invoiced } else { (share + bias).max(Cents(0)).min(total - invoiced) };
            invoiced += gross;
            invoices.push((name, gross));
            if !late {
                bill(&mut ledger, &invoices.split_off(0));
            }
        }
        let stood = whole(&ledger, &customer("A"));
        if late {
            prop_assert_eq!(stood.delivered_unbilled, total); // And nothing is authorised.
        }
        bill(&mut ledger, &invoices);
        let stood = whole(&ledger, &customer("A"));
        // What was billed too little of an early delivery goes back, and out with the last one.
        prop_assert_eq!(stood.authorised + stood.delivered_unbilled, Cents(0));
        prop_assert_eq!(stood.billed_open, total);

        ledger.decide(START, read("complete a"));
        for item in ledger.items.clone() {
            let (id, open) = (item.0, item.1.amount);
            let mut payment = super::payment("a", "s0", open, "p1", "0");
            payment.invoice = contracts::InvoiceId(id);
            ledger.decide(START, payment.into());
        }
        prop_assert_eq!(whole(&ledger, &customer("A")), Exposure::default());
        prop_assert_eq!(ledger.commitments[&order("a")].stages, Exposure::default());
    }
}

/// Two hundred orders that want the same limit: as many as fit are let through, in any order.
#[test]
fn orders_against_one_limit_never_exceed_it_together() {
    proptest!(|(amounts in vec(1..2_000_i64, 200))| {
        let mut ledger = told([read("limit A 50000"), read("history A 1 -9 9000000 9000000")]);
        let mut authorised = Cents(0);
        for (nth, amount) in (0..).zip(amounts) {
            let id = OrderId(contracts::Uuid::from_u128(nth));
            let it = placed(id, customer("A"), Terms::OnAccount, &[&amount.to_string()]);
            for said in ledger.decide(START, it.into()) {
                if let Outbound::CreditApproved(it) = &said {
                    authorised += it.authorised;
                }
                if let Outbound::CreditHeld(it) = &said {
                    prop_assert!(it.decision.verdict != Verdict::Approve);
                    prop_assert!(authorised + it.amount > Cents(45_000)); // 90 % for class B
                }
            }
            prop_assert!(authorised <= Cents(50_000));
        }
        prop_assert_eq!(whole(&ledger, &customer("A")).authorised, authorised);
    });
}

fn bill(ledger: &mut Ledger, invoices: &[(String, Cents)]) {
    for (name, gross) in invoices {
        ledger.decide(START, invoice("a", name, *gross, Cents(0), "30").into());
    }
}

/// Cuts an order into shipments; the last one takes what is left.
fn shipments(lines: &[(i64, i64)], cuts: &[i64]) -> Vec<String> {
    let mut left: Vec<i64> = lines.iter().map(|it| it.0).collect();
    let mut shipments = Vec::new();
    for cut in cuts.chunks(lines.len()) {
        let take = |(nth, left): (usize, &mut i64)| {
            let units = (*left).min(*cut.get(nth).unwrap_or(&0));
            *left -= units;
            format!("{}:{units}", nth + 1)
        };
        let units: Vec<String> = left.iter_mut().enumerate().map(take).collect();
        shipments.push(units.join(" "));
    }
    let rest = left.iter().enumerate().map(|(nth, left)| format!("{}:{left}", nth + 1));
    shipments.push(rest.collect::<Vec<_>>().join(" "));
    shipments
}

fn whole(ledger: &Ledger, of: &CustomerId) -> Exposure {
    let books = ledger.books.get(of).into_iter().flatten();
    books.fold(Exposure::default(), |sum, (_, book)| plus(sum, &book.exposure))
}

fn lowest(it: &Exposure) -> Cents {
    let stages = [it.pending, it.authorised, it.delivered_unbilled, it.billed_open, it.prepaid];
    stages.into_iter().min().unwrap()
}

/// What may come before, in any order, sense or none.
fn history() -> impl Strategy<Value = Vec<Inbound>> {
    vec(message(), 0..30)
}

fn message() -> impl Strategy<Value = Inbound> {
    let parts = (select(&ORDERS), 0..3_u8, 0..300_i64, 0..4_i64, 0..18_u8);
    parts.prop_map(|(o, s, amount, units, what)| {
        // An order always belongs to the same customer.
        let c = if o < "c" { "A" } else { "B" };
        read(&match what {
            0..4 => format!("place {o} {c} 3@{amount} 2@70 +9"),
            4 => format!("prepaid {o} {c} 3@{amount}"),
            5 | 6 => format!("deliver {o} s{s} 1:{units} 2:1"),
            7 => format!("return {o} s{s} 1:{units}"),
            8 | 9 => format!("invoice {o} s{s} {amount}"),
            10 => format!("invoice {o} s{s} {amount} prepaid 50"),
            11 | 12 => format!("pay {o} s{s} {amount} by p{units}"),
            13 => format!("cancel {o}"),
            14 => format!("{} {o}", ["expire", "complete"][usize::from(s == 0)]),
            15 if s == 0 => format!("history {c} {units} -{amount} {amount} {amount}"),
            15 => format!("limit {c} {}", amount * 10),
            16 => format!("release {o} bob {units}"),
            _ => format!("refuse {o} bob"),
        })
    })
}
