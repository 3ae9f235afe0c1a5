use std::collections::BTreeMap;

use contracts::{Cents, ItemUnits, Terms};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{START, captured, moved, order_called, placed, read, reported, tell, to_itself, units};
use crate::books::Books;
use crate::journal::Account;
use crate::sale::{DepositState, File, Parcel, Stage};
use crate::{Inbound, Outbound};

const ORDERS: u8 = 3;

proptest! {
    /// Whatever comes, in whatever order: the journal balances, and says what the files say.
    #[test]
    fn the_journal_and_the_files_agree(history in history(), number_it in any::<bool>()) {
        let (books, said) = told(history, number_it);
        let of = |account| balance(&books, account);

        for entry in books.journal.entries() {
            let debits: Cents = entry.lines.iter().map(|it| it.debit).sum();
            let credits: Cents = entry.lines.iter().map(|it| it.credit).sum();
            prop_assert_eq!(debits, credits);
            prop_assert!(entry.lines.len() >= 2);
        }
        prop_assert_eq!(of(Account::Receivable), parcels(&books, Parcel::open));
        prop_assert_eq!(of(Account::Unbilled), parcels(&books, unbilled));
        prop_assert_eq!(of(Account::Dispatched), parcels(&books, dispatched));
        let in_hand = files(&books, |it| it.deposits.values().map(|it| it.unapplied).sum());
        prop_assert_eq!(-of(Account::Deposits), in_hand);
        prop_assert_eq!(of(Account::Clearing), files(&books, File::paid));
        prop_assert_eq!(-of(Account::Refunds), refunds(&said));
        prop_assert_eq!(-of(Account::PendingVat), parcels(&books, pending_tax));
    }

    /// Nobody owes us less than nothing, and nobody's money is spent twice.
    #[test]
    fn nothing_is_ever_negative(history in history()) {
        let mut books = Books::default();
        for message in history {
            tell(&mut books, message);
            prop_assert!(balance(&books, Account::Receivable) >= Cents::ZERO);
            prop_assert!(-balance(&books, Account::Deposits) >= Cents::ZERO);
            prop_assert!(-balance(&books, Account::Refunds) >= Cents::ZERO);
            for parcel in books.files.values().flat_map(|it| it.parcels.values()) {
                prop_assert!(Cents::ZERO <= parcel.paid && parcel.paid <= parcel.gross());
            }
        }
    }

    #[test]
    fn saying_it_twice_changes_nothing(history in history()) {
        let twice = history.iter().flat_map(|it| [it.clone(), it.clone()]).collect();
        let (once, said_once) = told(history, true);
        let (twice, said_twice) = told(twice, true);
        prop_assert_eq!(once, twice);
        prop_assert_eq!(said_once, said_twice);
    }

    #[test]
    fn a_note_that_comes_again_changes_nothing(history in history()) {
        let mut once = Books::default();
        let mut twice = Books::default();
        for message in history {
            let said: Vec<_> = tell(&mut once, message.clone());
            prop_assert_eq!(said, tell_notes_twice(&mut twice, message));
        }
        prop_assert_eq!(once, twice);
    }

    /// In however many parcels, in whatever order.
    #[test]
    fn the_invoices_of_a_delivered_order_add_up_to_it(life in life()) {
        let Life { lines, freight, parcels, .. } = &life;
        let (books, said) = told(life.messages(&vec![false; parcels.len()]), true);
        let total: i64 = lines.iter().map(|it| it.1 + it.2).sum::<i64>() + freight;
        let invoiced: Cents = said.iter().filter_map(gross).sum();
        prop_assert_eq!(invoiced, Cents(total));
        prop_assert_eq!(balance(&books, Account::Dispatched), Cents::ZERO);
        prop_assert_eq!(balance(&books, Account::Unbilled), Cents::ZERO);
    }

    /// What leaves arrives or comes back; what was paid pays for what arrived, or goes back.
    #[test]
    fn an_ended_order_leaves_nothing_behind(life in life(), refused in vec(any::<bool>(), 12)) {
        let (books, said) = told(life.messages(&refused), true);
        prop_assert_eq!(balance(&books, Account::Dispatched), Cents::ZERO);
        prop_assert_eq!(balance(&books, Account::Unbilled), Cents::ZERO);
        prop_assert_eq!(balance(&books, Account::PendingVat), Cents::ZERO);
        prop_assert_eq!(balance(&books, Account::Deposits), Cents::ZERO);
        prop_assert_eq!(balance(&books, Account::Receivable), Cents::ZERO);
        let settled: Vec<_> = said.iter().filter_map(settled).collect();
        let invoiced: Cents = said.iter().filter_map(gross).sum();
        prop_assert_eq!(&settled, &[(invoiced, Cents::ZERO)]);
        prop_assert_eq!(refunds(&said), Cents(life.total()) - invoiced);
    }

    #[test]
    fn numbers_are_1_2_3_for_every_invoice(history in history()) {
        let (_, said) = told(history, true);
        let issued = said.iter().filter_map(|it| {
            if let Outbound::InvoiceIssued(it) = it { Some(it.number.clone()) } else { None }
        });
        let issued: Vec<String> = issued.collect();
        let expected: Vec<String> = (1..=issued.len()).map(|it| format!("1970-{it:06}")).collect();
        prop_assert_eq!(issued, expected);
    }

    #[test]
    fn a_prepaid_order_is_captured_once_at_most(history in history()) {
        let (books, said) = told(history, true);
        for (order, file) in &books.files {
            let captures = said.iter().filter(
                |it| matches!(it, Outbound::PaymentCaptured(it) if it.order == *order),
            ).count();
            let prepaid = file.sale.as_ref().is_some_and(|it| it.terms == Terms::Prepaid);
            prop_assert!(captures <= usize::from(prepaid));
        }
    }
}

// ---- What the books say ------------------------------------------------------------------------

fn balance(books: &Books, account: Account) -> Cents {
    let lines = books.journal.entries().iter().flat_map(|it| &it.lines);
    lines.filter(|it| it.account == account).map(|it| it.debit - it.credit).sum()
}

fn files(books: &Books, of: impl Fn(&File) -> Cents) -> Cents {
    books.files.values().map(of).sum()
}

fn parcels(books: &Books, of: impl Fn(&Parcel) -> Cents) -> Cents {
    books.files.values().flat_map(|it| it.parcels.values()).map(of).sum()
}

fn unbilled(parcel: &Parcel) -> Cents {
    if parcel.stage == Stage::Delivered { parcel.gross() } else { Cents::ZERO }
}

fn pending_tax(parcel: &Parcel) -> Cents {
    if parcel.stage == Stage::Delivered { parcel.tax } else { Cents::ZERO }
}

fn dispatched(parcel: &Parcel) -> Cents {
    if parcel.stage == Stage::Dispatched { parcel.cost } else { Cents::ZERO }
}

fn refunds(said: &[Outbound]) -> Cents {
    let refund =
        |it: &Outbound| if let Outbound::RefundDue(it) = it { it.amount } else { Cents(0) };
    said.iter().map(refund).sum()
}

fn gross(said: &Outbound) -> Option<Cents> {
    if let Outbound::InvoiceIssued(it) = said { Some(it.gross) } else { None }
}

fn settled(said: &Outbound) -> Option<(Cents, Cents)> {
    if let Outbound::OrderSettled(it) = said { Some((it.invoiced, it.open)) } else { None }
}

// ---- Histories ---------------------------------------------------------------------------------

/// Tells a history. If invoices get no numbers, they wait for them for ever.
fn told(history: Vec<Inbound>, number_it: bool) -> (Books, Vec<Outbound>) {
    let mut books = Books::default();
    let mut said = Vec::new();
    for message in history {
        if number_it {
            said.extend(tell(&mut books, message));
            continue;
        }
        for it in books.decide(START, message) {
            match to_itself(&it) {
                Some(Inbound::NumberWanted(_)) => {}
                Some(note) => said.extend(tell(&mut books, note)),
                None => said.push(it),
            }
        }
    }
    (books, said)
}

fn tell_notes_twice(books: &mut Books, message: Inbound) -> Vec<Outbound> {
    let mut waiting = vec![message];
    let mut said = Vec::new();
    while !waiting.is_empty() {
        let mut notes = Vec::new();
        for it in waiting.drain(..).flat_map(|it| books.decide(START, it)).collect::<Vec<_>>() {
            match to_itself(&it) {
                Some(note) => notes.extend([note.clone(), note]),
                None => said.push(it),
            }
        }
        waiting = notes;
    }
    said
}

/// Anything that may come, whether it makes sense or not.
fn history() -> impl Strategy<Value = Vec<Inbound>> {
    vec(anything(), 0..40)
}

fn anything() -> impl Strategy<Value = Inbound> {
    let order = (0..ORDERS).prop_map(order_called);
    prop_oneof![
        2 => order.clone().prop_map(|it| {
            let terms = if it == order_called(0) { "account" } else { "prepaid" };
            placed(it, terms, &["3x5074+660@601", "2x901+119@77", "freight999"]).into()
        }),
        6 => (order.clone(), 0..3_u8, 0..3_usize, vec((1..4_u16, 0..4_i64), 0..3)).prop_map(
            |(order, nth, what, lines)| {
                let lines: Vec<ItemUnits> = lines.iter().map(|it| units(it.0, it.1)).collect();
                moved(["ship", "deliver", "return"][what], order, nth, lines)
            },
        ),
        2 => (0..ORDERS, 0..3_usize).prop_map(|(order, what)| {
            let what = ["cancel", "expire", "complete"][what];
            read(&format!("{what} {}", char::from(b'a' + order)))
        }),
        4 => (order, 0..12_u8, prop_oneof![Just(7753), -9..9000_i64], 0..9).prop_map(
            |(order, payment, amount, currency)| {
                let currency = if currency == 0 { "USD" } else { "CNY" };
                reported(&format!("p{payment}"), captured(order, &amount.to_string(), currency))
            },
        ),
    ]
}

/// The life of an order that is paid and sent in full.
#[derive(Debug, Clone)]
struct Life {
    prepaid: bool,
    /// Quantity, net, tax, cost of one unit.
    lines: Vec<(i64, i64, i64, i64)>,
    freight: i64,
    /// Of each parcel, its units a line.
    parcels: Vec<Vec<i64>>,
}

impl Life {
    fn total(&self) -> i64 {
        self.lines.iter().map(|it| it.1 + it.2).sum::<i64>() + self.freight
    }

    /// What is told of it. Customers refuse some of the parcels, but not all of them.
    fn messages(&self, refused: &[bool]) -> Vec<Inbound> {
        let order = order_called(0);
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|(q, net, tax, cost)| format!("{q}x{net}+{tax}@{cost}"))
            .collect();
        let freight = format!("freight{}", self.freight);
        let words: Vec<&str> = lines.iter().chain([&freight]).map(String::as_str).collect();
        let terms = if self.prepaid { "prepaid" } else { "account" };
        let mut messages = vec![placed(order, terms, &words).into()];
        if self.total() > 0 {
            messages.push(reported("p1", captured(order, &self.total().to_string(), "CNY")));
        }
        let parcels = (0_u8..).zip(&self.parcels);
        let parcels: Vec<(u8, Vec<ItemUnits>)> = parcels
            .map(|(nth, it)| (nth, (1..).zip(it).map(|(line, of)| units(line, *of)).collect()))
            .collect();
        messages.extend(parcels.iter().map(|(nth, it)| moved("ship", order, *nth, it.clone())));
        for ((nth, units), refused) in parcels.into_iter().zip(refused) {
            let what = if *refused { "return" } else { "deliver" };
            messages.push(moved(what, order, nth, units));
        }
        messages.push(read("complete a"));
        messages
    }
}

fn life() -> impl Strategy<Value = Life> {
    let line = (1..20_i64, 0..10_000_i64, 0..1_300_i64, 0..500_i64);
    (any::<bool>(), vec(line, 1..4), 0..2_000_i64, 1..12_usize)
        .prop_flat_map(|(prepaid, lines, freight, parcels)| {
            let units: usize = lines.iter().map(|it| usize::try_from(it.0).unwrap()).sum();
            (Just((prepaid, lines, freight, parcels)), vec(0..parcels, units))
        })
        .prop_map(|((prepaid, lines, freight, count), places)| {
            let mut parcels: BTreeMap<usize, Vec<i64>> =
                (0..count).map(|it| (it, vec![0; lines.len()])).collect();
            let owners = (0..).zip(&lines).flat_map(|(line, it)| (0..it.0).map(move |_| line));
            for (line, place) in owners.zip(places) {
                let line: usize = line;
                parcels.entry(place).or_default()[line] += 1;
            }
            Life { prepaid, lines, freight, parcels: parcels.into_values().collect() }
        })
}

/// Only so that the states of a deposit are all thought of above.
#[test]
fn money_that_waits_is_not_booked() {
    let (books, _) = told(vec![read("pay p1 a 5")], true);
    let deposit = books.files[&order_called(0)].deposits.values().next().unwrap();
    assert_eq!((deposit.state, deposit.unapplied), (DepositState::Waiting, Cents::ZERO));
}
