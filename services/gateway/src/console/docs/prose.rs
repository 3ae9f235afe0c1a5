//! Descriptions as pages show them. They come from the contracts' own documentation, where code stands
//! between backticks and names lead to other items, which a page has not.

/// A piece of a text: whether it is code, and what it says.
pub(super) type Piece = (bool, String);

/// A text in its pieces. A backtick without a second one stands for itself.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut parts: Vec<String> = text.split('`').map(str::to_owned).collect();
    if parts.len().is_multiple_of(2) {
        return vec![(false, unlinked(text))];
    }
    for code in (1..parts.len()).step_by(2) {
        if parts[code - 1].ends_with('[') && parts[code + 1].starts_with(']') {
            parts[code - 1].pop();
            let rest = without_target(&parts[code + 1][1..]).to_owned();
            parts[code + 1] = rest;
        }
    }
    let piece = |(nth, it): (usize, String)| match nth % 2 {
        0 => (false, unlinked(&it)),
        _ => (true, it),
    };
    parts.into_iter().enumerate().map(piece).filter(|it| !it.1.is_empty()).collect()
}

/// `[mark](HookSecret::mark) of it` is `mark of it`.
fn unlinked(text: &str) -> String {
    let found = text.split_once('[').and_then(|(before, rest)| {
        let (name, rest) = rest.split_once(']')?;
        rest.starts_with('(').then(|| (before, name, without_target(rest)))
    });
    match found {
        Some((before, name, rest)) => format!("{before}{name}{}", unlinked(rest)),
        None => text.to_owned(),
    }
}

/// What follows a link, without where it leads.
fn without_target(text: &str) -> &str {
    let target = text.strip_prefix('(').and_then(|it| it.split_once(')'));
    target.map_or(text, |it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_words() {
        let shown = |text: &str| {
            let piece = |(is_code, it): Piece| if is_code { format!("<{it}>") } else { it };
            pieces(text).into_iter().map(piece).collect::<String>()
        };
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("a `b` c `d`", "a <b> c <d>"),
            ("`{\"rows\": […]}`", "<{\"rows\": […]}>"),
            ("Older: [`MovesOf`].", "Older: <MovesOf>."),
            ("of [`PlaceOrder`](crate::intake::PlaceOrder), or", "of <PlaceOrder>, or"),
            ("The [mark](HookSecret::mark) of it.", "The mark of it."),
            ("A list [] (of some)", "A list [] (of some)"),
            ("one ` alone", "one ` alone"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}
