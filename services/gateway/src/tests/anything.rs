//! Whatever a contract allows is answered, in whatever state.

use proptest::collection::vec;
use proptest::prelude::*;
use testbench::Anything;

use super::story::START;
use crate::Inbound;
use crate::views::Views;

#[test]
fn every_message_is_among_those_that_are_made() {
    assert_eq!(Anything::<Inbound>::default().unmade(), [""; 0]);
}

#[test]
fn whatever_is_allowed_is_answered() {
    let make = Anything::<Inbound>::default();
    proptest!(ProptestConfig::with_cases(2_000), |(seeds in vec(any::<u64>(), 1..60))| {
        let mut books = Views::default();
        for seed in seeds {
            books.hear(START, make.message(seed));
        }
    });
}
