//! The matrix: everybody, with every operation, on what is theirs, on what is another's, and on what
//! is not there; against a server that listens. What is expected is read off the policy's table.

mod cells;
mod crowd;
mod house;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::Value;
use tokio::net::TcpListener;

use super::http::Shop;
use crate::access::guard::Peer;
use crate::access::operations::{OPERATIONS, Takes};
use crate::access::policy::Reach;
use crate::access::{Action, Role};
use cells::{Cell, Object, cells};
use crowd::{Guest, Proof, crowd};

/// What a cell comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// It is done, with this status.
    Done(u16),
    /// Nobody knows who asks.
    Unknown,
    /// They may never do this.
    Never,
    /// To them it is not there.
    Missing,
    /// They are sent to sign in.
    SignIn,
}

type Table = fn(Action) -> [Reach; 7];

/// What the policy's table says of a cell.
fn expected(table: Table, guest: &Guest, takes: Takes, cell: &Cell) -> Outcome {
    let Takes::Leave(action) = takes else { return Outcome::Done(cell.done) };
    match guest.proof {
        Proof::Good => {}
        Proof::None if cell.is_page() => return Outcome::SignIn,
        Proof::Bad | Proof::None => return Outcome::Unknown,
    }
    let is_narrowed = guest.only.is_some_and(|only| action != only && action != Action::ReadSelf);
    if is_narrowed || (action == Action::ChangePassword && !guest.is_person) {
        return Outcome::Never;
    }
    match (reach(table, guest, action), cell.object) {
        (Reach::Nothing, _) => Outcome::Never,
        (_, Object::Missing) if cell.missing != 200 => Outcome::Missing,
        // Whom a channel's own system acts for is refused, for it names another channel.
        (Reach::Own, Object::Foreign) if action == Action::PlaceOrder => Outcome::Never,
        // Items belong to no channel.
        (Reach::Own, Object::Foreign)
            if action == Action::ReadStock && guest.role == Role::Storefront =>
        {
            Outcome::Done(cell.done)
        }
        (Reach::Own, Object::Foreign | Object::Missing) => Outcome::Missing,
        (Reach::Own | Reach::All, _) => Outcome::Done(cell.done),
    }
}

fn reach(table: Table, guest: &Guest, action: Action) -> Reach {
    table(action)[Role::ALL.iter().position(|it| *it == guest.role).unwrap()]
}

fn outcome(status: u16, location: &str) -> Outcome {
    match status {
        401 => Outcome::Unknown,
        403 => Outcome::Never,
        404 => Outcome::Missing,
        303 if location.starts_with("/sign-in?back=") => Outcome::SignIn,
        other => Outcome::Done(other),
    }
}

/// What came of asking all: each cell that is not as the table says, and how many were asked.
struct Walked {
    wrong: Vec<String>,
    asked: usize,
}

async fn walk(shop: &Shop, table: Table, guests: &[Guest], cells: &[Cell]) -> Walked {
    let base = listening(shop).await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let http = http.build().unwrap();
    let mut walked = Walked { wrong: vec![], asked: 0 };
    for guest in guests {
        let mut bodies: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
        for cell in cells {
            let takes = OPERATIONS.iter().find(|it| (it.0, it.1) == cell.operation).unwrap().2;
            crowd::prepare(shop, cell, walked.asked).await;
            let (found, body) = ask(&http, &base, guest, cell, walked.asked).await;
            let wanted = expected(table, guest, takes, cell);
            walked.asked += 1;
            if found != wanted {
                let (name, object) = (&guest.name, cell.object);
                let operation = format!("{} {}", cell.operation.0, cell.operation.1);
                let told = format!("{name}: {operation}, {object:?}: {found:?}, not {wanted:?}");
                walked.wrong.push(told);
            }
            let is_own = matches!(takes, Takes::Leave(it) if reach(table, guest, it) == Reach::Own);
            if found == Outcome::Missing && is_own && !cell.is_page() {
                bodies.entry(cell.operation).or_default().insert(body);
            }
        }
        // A foreign object looks exactly like a missing one.
        let told_apart = bodies.into_iter().filter(|it| it.1.len() > 1);
        walked
            .wrong
            .extend(told_apart.map(|(it, bodies)| format!("{}: {it:?}: {bodies:?}", guest.name)));
    }
    walked
}

async fn listening(shop: &Shop) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let listener = crate::http::patiently(listener, std::time::Duration::from_secs(5));
    let router = shop.router.clone().into_make_service_with_connect_info::<Peer>();
    drop(chassis::task::spawn("server", async move { axum::serve(listener, router).await }));
    base
}

async fn ask(
    http: &reqwest::Client,
    base: &str,
    guest: &Guest,
    cell: &Cell,
    nth: usize,
) -> (Outcome, String) {
    let method = Method::from_bytes(cell.operation.0.as_bytes()).unwrap();
    let url = format!("{base}{}", cell.path.replace("{nth}", &nth.to_string()));
    let mut request = http.request(method, url).header("sec-fetch-site", "same-origin");
    for (name, value) in guest.headers.iter().chain(&cell.headers) {
        request = request.header(*name, &**value);
    }
    let body = cell.body.replace("{nth}", &nth.to_string());
    let kind = if cell.path.starts_with("/v1/") {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    if !body.is_empty() {
        request = request.header("content-type", kind).body(body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let location = response.headers().get("location").map_or("", |it| it.to_str().unwrap());
    let outcome = outcome(status, location);
    // What is followed never ends.
    let body =
        if outcome == Outcome::Missing { response.text().await.unwrap() } else { String::new() };
    (outcome, body)
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "how much was tried is worth knowing")]
async fn everybody_may_what_the_table_says_and_nothing_else() {
    let shop = crowd::opened().await;
    let (guests, cells) = (crowd(), cells());
    let walked = walk(&shop, Action::reaches, &guests, &cells).await;
    assert!(walked.wrong.is_empty(), "\n{}", walked.wrong.join("\n"));
    eprintln!("{} cells: {} guests, {} requests", walked.asked, guests.len(), cells.len());
    assert!(walked.asked >= 900, "{} cells", walked.asked);
}

/// The matrix finds a table of which one cell is wrong: here viewers may place orders.
#[tokio::test]
async fn a_wrong_cell_is_found() {
    fn wrong(action: Action) -> [Reach; 7] {
        let mut row = action.reaches();
        if action == Action::PlaceOrder {
            row[6] = Reach::All;
        }
        row
    }
    let shop = crowd::opened().await;
    let walked = walk(&shop, wrong, &crowd(), &cells()).await;
    // A viewer's key and a viewer who signed in, with either channel.
    assert_eq!(walked.wrong.len(), 4, "{:#?}", walked.wrong);
    assert!(walked.wrong.iter().all(|it| it.contains("viewer") && it.contains("POST /v1/orders")));
}

/// Every operation of the document says what it takes, as it is listed, and is in the matrix; and so
/// is every page.
#[test]
fn no_operation_is_left_out() {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let asked: BTreeSet<(&str, &str)> = cells().iter().map(|it| it.operation).collect();
    let mut left_out = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let listed = OPERATIONS.iter().find(|it| it.0 == method && it.1 == path);
            let said = operation["x-action"].as_str();
            let is_as_listed = match listed.map(|it| it.2) {
                Some(Takes::Leave(action)) => said == Some(action.name()),
                Some(Takes::Nothing) => operation["security"] == serde_json::json!([]),
                None => false,
            };
            if !is_as_listed {
                left_out.push(format!("{method} {path} does not say what it takes"));
            }
        }
    }
    for (method, path, _) in OPERATIONS {
        if !asked.contains(&(*method, *path)) {
            left_out.push(format!("{method} {path} is not in the matrix"));
        }
    }
    assert_eq!(left_out, [""; 0]);
}
