//! Whatever a contract allows is answered, in whatever state.

use super::story::START;
use crate::Inbound;
use crate::views::Views;

#[test]
fn whatever_is_allowed_is_answered() {
    testbench::answer_anything(Views::default, |books, message: Inbound| {
        books.hear(START, message);
    });
}
