//! The published state machine of an order, copied from the table in `services/intake/README.md`: a
//! change there has to be made here by hand, by somebody who means it.

/// After which status which may come. An order begins with nothing.
const AFTER: &[(&str, &[&str])] = &[
    ("", &["checking", "rejected"]),
    ("checking", &["credit_hold", "awaiting_payment", "confirmed", "backordered", "cancelled"]),
    ("credit_hold", &["checking", "awaiting_payment", "confirmed", "backordered", "cancelled"]),
    ("awaiting_payment", &["confirmed", "backordered", "expired", "cancelled"]),
    ("confirmed", &["backordered", "released", "picking", "cancelled"]),
    ("backordered", &["confirmed", "picking", "cancelled"]),
    ("released", &["picking", "cancelled"]),
    ("picking", &["confirmed", "backordered", "released", "packed", "partially_shipped"]),
    ("packed", &["partially_shipped", "shipped"]),
    (
        "partially_shipped",
        &[
            "confirmed",
            "backordered",
            "released",
            "picking",
            "packed",
            "shipped",
            "partially_delivered",
            "delivered",
        ],
    ),
    ("shipped", &["partially_delivered", "delivered", "cancelled"]),
    ("partially_delivered", &["delivered"]),
    ("delivered", &["completed"]),
    ("rejected", &["checking", "rejected"]),
];

/// Whether an order may show this after that; nothing is `""`.
pub(crate) fn may_follow(before: &str, shown: &str) -> bool {
    AFTER.iter().any(|(it, after)| *it == before && after.contains(&shown))
}

/// Never left again.
pub(crate) fn is_end(process: &str) -> bool {
    ["completed", "cancelled", "expired"].contains(&process)
}

#[cfg(test)]
mod tests {
    use super::AFTER;

    /// The table here is the one that is published.
    #[test]
    fn it_is_the_published_one() -> anyhow::Result<()> {
        let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../services/intake/README.md");
        let readme = std::fs::read_to_string(readme)?.replace('`', "");
        let table = readme.split("| after | may come |").nth(1).unwrap_or_default();
        let rows = table.lines().skip(2).map_while(|it| it.strip_prefix("| ")?.strip_suffix(" |"));
        let mut published = Vec::new();
        for (before, after) in rows.filter_map(|it| it.split_once(" | ")) {
            let before = before.split(' ').next().unwrap_or_default().replace("nothing", "");
            published.push((before, after.split(", ").map(str::to_owned).collect::<Vec<_>>()));
        }
        let own = AFTER.iter().map(|(before, after)| {
            ((*before).to_owned(), after.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
        });
        assert_eq!(published, own.collect::<Vec<_>>());
        Ok(())
    }
}
