//! What the list of features says: every feature that works has a test that is there, and the sum at
//! its head is right.

use crate::{Tree, is_code};

const LIST: &str = "services/FEATURES.md";

/// Behind this, rows point at the features above, which answer them.
const ASKED: &str = "## What was asked for";

/// `INT-01`, `works`, and what shows it: tests, or another row.
type Row<'a> = (&'a str, &'a str, &'a str);

pub(crate) fn are_shown(tree: &Tree) -> Vec<String> {
    let Some(list) = tree.get(LIST) else { return vec![] };
    let rows: Vec<Row<'_>> = list.lines().filter_map(row).collect();
    let mut wrong: Vec<String> = rows.iter().filter_map(|it| lacks(tree, &rows, *it)).collect();
    let own = list.split(ASKED).next().unwrap_or_default();
    let own: Vec<Row<'_>> = own.lines().filter_map(row).collect();
    let count = |state| own.iter().filter(|it| it.1 == state).count();
    let (works, partly, not_yet) = (count("works"), count("partly"), count("not yet"));
    let all = own.len();
    let sum = format!("Of {all} features {works} work, {partly} partly, {not_yet} not yet.");
    if !list.contains(&sum) {
        wrong.push(format!("{LIST} does not say: {sum}"));
    }
    wrong
}

fn row(line: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
    match cells[..] {
        [id, _, state @ ("works" | "partly" | "not yet"), shown] => Some((id, state, shown)),
        _ => None,
    }
}

/// What is wrong with a row, if anything is.
fn lacks(tree: &Tree, rows: &[Row<'_>], (id, state, shown): Row<'_>) -> Option<String> {
    if state == "not yet" || shown.starts_with("`make ") {
        return None;
    }
    if let Some(answer) = rows.iter().find(|it| it.0 == shown) {
        let says = || format!("{LIST}: {id} {state}, but {shown}, which answers it, {}", answer.1);
        return (answer.1 != state).then(says);
    }
    let named: Vec<(&str, &str)> = shown.split('`').filter_map(test).collect();
    if named.is_empty() {
        return Some(format!("{LIST}: {id} {state}, and no test is named"));
    }
    let missing = named.into_iter().find(|(home, name)| !exists(tree, home, name));
    missing.map(|(home, name)| format!("{LIST}: {id} names {home} …::{name}, which is not there"))
}

/// `intake stories::x` names the test `x` in the crate `intake`.
fn test(quoted: &str) -> Option<(&str, &str)> {
    let (home, path) = quoted.split_once(' ')?;
    let (_, name) = path.rsplit_once("::")?;
    Some((home, name)).filter(|_| !path.contains(' '))
}

fn exists(tree: &Tree, home: &str, name: &str) -> bool {
    let folders = match home {
        "whole-house" => vec!["tests/".to_owned()],
        home => vec![format!("services/{home}/"), format!("shared/{home}/")],
    };
    let function = format!("fn {name}(");
    tree.iter().any(|(path, text)| {
        is_code(path) && folders.iter().any(|it| path.starts_with(it)) && text.contains(&function)
    })
}
