//! Whatever a contract allows is answered, in whatever state.

use super::words::START;
use crate::Inbound;
use crate::books::Books;

#[test]
fn whatever_is_allowed_is_answered() {
    testbench::answer_anything(Books::default, |books, message: Inbound| {
        drop(books.decide(START, message));
    });
}
