//! A letter as it goes over the wire. The same letter to the same person is the same mail, byte for
//! byte, however often it is sent: its id, its date and the seams of its parts follow from the
//! letter, and nothing in it is drawn at random.

use contracts::{LetterId, Timestamp};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use crate::wording::Words;

/// The header by which a receiver knows a letter again, whatever became of its `Message-ID`.
const LETTER: HeaderName = HeaderName::new_from_ascii_str("X-Kontor-Letter");

/// Tells out-of-office robots not to answer (RFC 3834).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// Puts a letter into its envelope.
pub(crate) fn mail(
    letter: LetterId,
    written_at: Timestamp,
    from: &Mailbox,
    to: Mailbox,
    words: Words,
) -> Result<Message, lettre::error::Error> {
    let parts = MultiPart::alternative()
        .boundary(letter.0.simple().to_string())
        .singlepart(SinglePart::plain(words.text))
        .singlepart(SinglePart::html(words.html));
    Message::builder()
        .message_id(Some(format!("<{letter}@{}>", from.email.domain())))
        .raw_header(HeaderValue::new(LETTER, letter.to_string()))
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
        .date(written_at.into())
        .from(from.clone())
        .to(to)
        .subject(one_line(&words.subject))
        .multipart(parts)
}

/// Text that can stand in a header. A line break there would begin another header; lettre refuses
/// to write one, by a panic.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|it: char| it.is_whitespace() || it.is_control());
    words.filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What a mail server said, without whom it was about: servers like to repeat the address, and
/// reasons are kept.
pub(crate) fn anonymous(reason: &str, address: &lettre::Address) -> String {
    let names = |word: &str| {
        let bare = word.trim_matches(|it: char| !it.is_alphanumeric());
        word.contains('@') || bare.eq_ignore_ascii_case(address.user())
    };
    let words = reason.split_whitespace().map(|it| if names(it) { "(address)" } else { it });
    words.collect::<Vec<_>>().join(" ").chars().take(REASON_LENGTH).collect()
}

const REASON_LENGTH: usize = 200;
