//! The invariants of the house, most of them absences. Each check is a function over the files, and
//! each is shown a house that breaks it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "tidy/features.rs"]
mod features;

use std::collections::BTreeMap;
use std::path::Path;

/// The files of the repository that matter here: path from the root, text.
type Tree = BTreeMap<String, String>;

const SERVICES: [&str; 9] = [
    "intake",
    "credit",
    "allocation",
    "inventory",
    "fulfilment",
    "notification",
    "finance",
    "webhook",
    "gateway",
];

/// What talks to the world beside a service's rules, by the start of its path in `services/`.
const EDGES: [&str; 23] = [
    "gateway/src/access/directory",
    "gateway/src/access/guard",
    "gateway/src/access/lasting",
    "gateway/src/access/limits",
    "gateway/src/access/may",
    "gateway/src/access/password",
    "gateway/src/console",
    "gateway/src/export",
    "gateway/src/following.rs",
    "gateway/src/following/viewer",
    "gateway/src/http",
    "gateway/src/import.rs",
    "gateway/src/import/carrying_out",
    "gateway/src/commands",
    "gateway/src/settings",
    "intake/src/counter",
    "notification/src/mail",
    "notification/src/postman",
    "notification/src/smtp",
    "notification/src/settings",
    "webhook/src/caller",
    "webhook/src/courier",
    "webhook/src/settings",
];

type Check = fn(&Tree) -> Vec<String>;

const CHECKS: [Check; 9] = [
    services_do_not_know_each_other,
    services_end_no_transaction_and_see_no_broker,
    rules_have_no_clock_and_no_chance,
    rules_wait_for_nothing_and_know_no_sql,
    sql_is_in_the_store,
    nothing_is_published_but_pages,
    money_is_whole,
    files_keep_to_their_size,
    features::are_shown,
];

#[test]
fn the_house_is_tidy() {
    let tree = tree();
    let wrong: Vec<String> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// No service depends on another service's crate.
fn services_do_not_know_each_other(tree: &Tree) -> Vec<String> {
    let manifests = SERVICES.iter().filter_map(|it| {
        let path = format!("services/{it}/Cargo.toml");
        Some((*it, tree.get(&path)?))
    });
    let mut wrong = Vec::new();
    for (service, manifest) in manifests {
        for line in manifest.lines() {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if SERVICES.contains(&name) && name != service {
                wrong.push(format!("{service} depends on {name}"));
            }
        }
    }
    wrong
}

/// No service begins or ends a transaction, acknowledges a message, or sees a broker's header.
fn services_end_no_transaction_and_see_no_broker(tree: &Tree) -> Vec<String> {
    let words = [".begin(", ".commit(", ".rollback(", ".ack(", "async_nats"];
    find(tree, of_services, &words, "has no business with")
}

/// No rule reads the clock, the environment or a random number.
fn rules_have_no_clock_and_no_chance(tree: &Tree) -> Vec<String> {
    let words = ["::now()", "clock::", "std::env", "new_v4", "now_v7", "rand::", "elapsed()"];
    find(tree, is_rule, &words, "is a rule and reads")
}

/// Rules contain no `async` and no `sqlx`.
fn rules_wait_for_nothing_and_know_no_sql(tree: &Tree) -> Vec<String> {
    find(tree, is_rule, &["async ", ".await", "sqlx", "tokio"], "is a rule and contains")
}

/// SQL is only in stores and migrations.
fn sql_is_in_the_store(tree: &Tree) -> Vec<String> {
    let outside = |path: &str| of_services(path) && !is_store(path);
    let words = ["sqlx::query", "insert into", "select "];
    find(tree, outside, &words, "is no store and says")
}

/// Nothing is published except through the page.
fn nothing_is_published_but_pages(tree: &Tree) -> Vec<String> {
    let words = [".publish(", ".publish_with", "send_publish("];
    find(tree, of_services, &words, "publishes by")
}

/// No float touches money, neither by its type nor as a suffix. A spreadsheet has no other numbers:
/// whole ones are written there as far as they are exact, and nothing is reckoned.
fn money_is_whole(tree: &Tree) -> Vec<String> {
    let houses = |path: &str| {
        (of_services(path) || path.starts_with("shared/contracts/src/"))
            && path != "services/gateway/src/export/xlsx.rs"
    };
    find(tree, houses, &["f64", "_f64", "f32", "_f32"], "has a float:")
}

/// A file of code has no more than 400 lines: past that, a noun is missing.
fn files_keep_to_their_size(tree: &Tree) -> Vec<String> {
    let code = tree.iter().filter(|it| is_code(it.0));
    code.filter(|it| it.1.lines().count() > 400)
        .map(|(path, text)| format!("{path} has {} lines", text.lines().count()))
        .collect()
}

/// Lines of code, comments left out, in which one of the words stands.
fn find(tree: &Tree, which: impl Fn(&str) -> bool, words: &[&str], verb: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in tree.iter().filter(|it| is_code(it.0) && which(it.0)) {
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or_default();
            for word in words.iter().filter(|it| says(code, it)) {
                wrong.push(format!("{path}:{number} {verb} {word}"));
            }
        }
    }
    wrong
}

/// Whether the word stands there, not as the end of another: `rand::`, but not `Operand::`.
fn says(code: &str, word: &str) -> bool {
    let whole = |at: usize| !code[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_');
    let named = word.starts_with(char::is_alphabetic);
    code.match_indices(word).any(|(at, _)| !named || whole(at))
}

/// Whether the file holds Rust.
fn is_code(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|it| it == "rs")
}

fn of_services(path: &str) -> bool {
    SERVICES.iter().any(|it| path.starts_with(&format!("services/{it}/src/"))) && !is_test(path)
}

fn is_rule(path: &str) -> bool {
    let edge = EDGES.iter().any(|it| path.starts_with(&format!("services/{it}")));
    of_services(path) && !is_store(path) && !edge && !path.ends_with("/src/lib.rs")
}

fn is_store(path: &str) -> bool {
    path.ends_with("/src/store.rs") || path.contains("/src/store/")
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs")
}

fn tree() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tree = Tree::new();
    for folder in ["services", "shared", "tests"] {
        read(&root, &root.join(folder), &mut tree);
    }
    assert!(tree.len() > 100, "too little was read to judge by: {} files", tree.len());
    tree
}

fn read(root: &Path, folder: &Path, tree: &mut Tree) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(root, &path, tree);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("below the root");
            tree.insert(path.to_string_lossy().into_owned(), text);
        }
    }
}

/// Every message has a sentence of documentation. (That every message has one speaker, and that
/// everything heard is said by someone, is a test of the binary's crate.)
#[test]
fn every_message_is_explained() {
    for contract in kontor::house::plain().contracts() {
        let mut generator = schemars::SchemaGenerator::default();
        let schema = (contract.schema)(&mut generator);
        let reference = schema.get("$ref").and_then(|it| it.as_str()).unwrap_or_default();
        let name = reference.rsplit('/').next().unwrap_or_default();
        let about = generator.definitions().get(name).and_then(|it| it.get("description"));
        assert!(about.is_some(), "{} is not explained", contract.subject);
    }
}

/// What is committed is what is generated from the contracts.
#[test]
fn the_documents_are_those_of_the_contracts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    kontor::documents::check(&root).expect("the documents");
    assert!(kontor::documents::check(&root.join("tests")).is_err(), "the check can fail");
}

const UNSHOWN: &str = "Of 1 features 1 work, 0 partly, 0 not yet.
| INT-01 | Orders | works | `intake stories::nobody_wrote_it` |";
const MISCOUNTED: &str = "Of 2 features 0 work, 0 partly, 2 not yet.
| INT-01 | Orders | not yet |  |";

/// Each check finds what it is for.
#[test]
fn each_breach_is_found() {
    let long = "let a = 1;\n".repeat(401);
    let breaches: [(Check, &str, &str); 11] = [
        (services_do_not_know_each_other, "services/credit/Cargo.toml", "intake.workspace = true"),
        (
            services_end_no_transaction_and_see_no_broker,
            "services/credit/src/store.rs",
            "tx.commit().await?;",
        ),
        (services_end_no_transaction_and_see_no_broker, "services/credit/src/lib.rs", "it.ack();"),
        (rules_have_no_clock_and_no_chance, "services/credit/src/ledger.rs", "Timestamp::now()"),
        (
            rules_wait_for_nothing_and_know_no_sql,
            "services/credit/src/ledger.rs",
            "async fn a() {}",
        ),
        (sql_is_in_the_store, "services/credit/src/lib.rs", "\"select 1\""),
        (nothing_is_published_but_pages, "services/credit/src/store.rs", "nats.publish(a, b)"),
        (money_is_whole, "shared/contracts/src/money.rs", "let half = 0.5_f64;"),
        (files_keep_to_their_size, "shared/contracts/src/money.rs", &long),
        (features::are_shown, "services/FEATURES.md", UNSHOWN),
        (features::are_shown, "services/FEATURES.md", MISCOUNTED),
    ];
    for (check, path, text) in breaches {
        let broken = Tree::from([(path.to_owned(), text.to_owned())]);
        assert_eq!(check(&broken).len(), 1, "{text:?} in {path} is not found");
    }
    let comment = Tree::from([("services/credit/src/lib.rs".to_owned(), "// select 1".to_owned())]);
    assert!(sql_is_in_the_store(&comment).is_empty(), "a comment is no breach");
}
