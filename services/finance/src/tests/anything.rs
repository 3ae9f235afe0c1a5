//! Whatever a contract allows is answered, in whatever state, and the journal balances.

use contracts::Cents;
use proptest::collection::vec;
use proptest::prelude::*;
use testbench::Anything;

use super::tell;
use crate::Inbound;
use crate::books::Books;

#[test]
fn every_message_is_among_those_that_are_made() {
    assert_eq!(Anything::<Inbound>::default().unmade(), [""; 0]);
}

#[test]
fn whatever_is_allowed_is_answered() {
    let make = Anything::<Inbound>::default();
    proptest!(ProptestConfig::with_cases(2_000), |(seeds in vec(any::<u64>(), 1..60))| {
        let mut books = Books::default();
        for seed in seeds {
            tell(&mut books, make.message(seed));
        }
        for entry in books.journal.entries() {
            let debits: Cents = entry.lines.iter().map(|it| it.debit).sum();
            let credits: Cents = entry.lines.iter().map(|it| it.credit).sum();
            prop_assert_eq!(debits, credits);
        }
    });
}
