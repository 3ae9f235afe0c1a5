//! Whatever a contract allows is answered, in whatever state.

use super::START;
use crate::Inbound;
use crate::ledger::Ledger;

#[test]
fn whatever_is_allowed_is_answered() {
    testbench::answer_anything(Ledger::default, |books, message: Inbound| {
        drop(books.decide(START, message));
    });
}
