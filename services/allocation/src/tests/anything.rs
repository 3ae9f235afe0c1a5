//! Whatever a contract allows is answered, in whatever state.

use super::{START, books};
use crate::Inbound;

#[test]
fn whatever_is_allowed_is_answered() {
    testbench::answer_anything(books, |books, message: Inbound| drop(books.decide(START, message)));
}
