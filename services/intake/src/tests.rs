mod anything;
mod auditing;
mod bench;
mod carrying;
mod counting;
mod differential;
mod goods;
mod handing_in;
mod properties;
mod reading;
mod shipping;
mod stories;
mod telling;
mod ways;

use contracts::Status;
use expect_test::Expect;

use self::telling::{books, read, tell};
use crate::machine;
use crate::tests::telling::START;

/// Tells the books a story, one message per `;`, and compares all that they say.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a story reads as one call")]
fn check(story: &str, expected: Expect) {
    let mut books = books();
    let said: String =
        story.split(';').flat_map(|it| books.decide(START, read(it))).map(|it| tell(&it)).collect();
    expected.assert_eq(&said);
}

/// What the README publishes is what the rules are held to.
#[test]
fn the_published_machine_is_the_one_in_force() {
    let readme = include_str!("../README.md").replace('`', "");
    let published = readme.lines().filter_map(|it| {
        let (after, next) = it.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        let after = after.split(" (").next()?;
        let known = after == "nothing" || Status::named(after).is_some();
        known.then(|| format!("{after}: {next}\n"))
    });
    let in_force = machine::AFTER.iter().filter(|it| !it.1.is_empty()).map(|(after, next)| {
        let next: Vec<&str> = next.iter().map(|it| it.name()).collect();
        format!("{}: {}\n", after.map_or("nothing", Status::name), next.join(", "))
    });
    assert_eq!(published.collect::<String>(), in_force.collect::<String>());
}
