//! Whatever a contract allows is answered, in whatever state, and every entry balances.

use contracts::Cents;

use super::tell;
use crate::Inbound;
use crate::books::Books;

#[test]
fn whatever_is_allowed_is_answered() {
    testbench::answer_anything(Books::default, |books, message: Inbound| {
        tell(books, message);
        for entry in books.journal.entries() {
            let debits: Cents = entry.lines.iter().map(|it| it.debit).sum();
            let credits: Cents = entry.lines.iter().map(|it| it.credit).sum();
            assert_eq!(debits, credits);
        }
    });
}
