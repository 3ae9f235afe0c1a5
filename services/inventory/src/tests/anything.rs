//! Whatever a contract allows is answered, in whatever state.

use proptest::collection::vec;
use proptest::prelude::*;
use testbench::Anything;

use super::START;
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
            books.decide(START, &make.message(seed));
        }
    });
}
