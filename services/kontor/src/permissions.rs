//! Who may say and hear what on NATS: generated from the contracts, so that it is neither more nor
//! less than what is declared.

use std::collections::BTreeSet;

use chassis::{Desk, House};
use contracts::Kind;
use serde::Serialize;

use crate::clients::{KINDS, Outsider};

/// A user of the NATS server, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    pub user: String,
    #[serde(skip)]
    pub password: String,
    pub publish: Vec<String>,
    pub subscribe: Vec<String>,
    /// Whether it may answer whoever asks it.
    pub answers: bool,
}

/// What one service may do.
pub fn service(desk: &dyn Desk, password: &str) -> User {
    let name = desk.name();
    let (mut publish, mut subscribe) = (BTreeSet::new(), BTreeSet::new());
    let speakers = desk.hears().iter().filter(|it| matches!(it.kind, Kind::Event | Kind::Public));
    for speaker in speakers.map(contracts::Contract::owner) {
        subscribe.insert(format!("log.*.{speaker}"));
        subscribe.insert(format!("log.*.{speaker}.head"));
        publish.insert(format!("log.read.{speaker}"));
    }
    publish.insert(format!("log.*.{name}"));
    publish.insert(format!("log.*.{name}.head"));
    subscribe.insert(format!("log.read.{name}"));
    for both in [format!("beat.{name}"), format!("wake.*.{name}")] {
        publish.insert(both.clone());
        subscribe.insert(both);
    }
    publish.insert(format!("own.*.{name}"));
    subscribe.insert(format!("own.*.{name}"));
    subscribe.insert(format!("parked.*.{name}"));
    subscribe.insert("$SRV.>".to_owned());
    subscribe.insert(format!("_INBOX_{name}.>"));
    let commands = desk.hears().iter().filter(|it| it.kind == Kind::Command);
    subscribe.extend(commands.chain(desk.is_asked()).map(|it| it.subject.to_owned()));
    subscribe.extend(desk.counters().iter().map(chassis::Counter::filter));
    for call in desk.calls() {
        publish.insert(match call.kind {
            Kind::Command => format!("own.*.{}", call.owner()),
            _ => call.subject.to_owned(),
        });
    }
    for contract in desk.hears().iter().chain(desk.says()) {
        let Some(door) = contract.door else { continue };
        match contract.kind {
            Kind::Report => {
                publish.insert(format!("$JS.API.STREAM.INFO.{}", door.stream));
                publish.insert(format!("$JS.API.CONSUMER.INFO.{}.*", door.stream));
                publish.insert(format!("$JS.API.CONSUMER.MSG.NEXT.{}.*", door.stream));
                publish.insert(format!("$JS.ACK.{}.>", door.stream));
            }
            _ if contract.owner() == name => {
                publish.insert(format!("$JS.API.STREAM.INFO.{}", door.stream));
                publish.insert(door.filter());
            }
            // Heard of another service, in its pages.
            _ => drop(publish.insert(format!("$JS.API.STREAM.INFO.{}", door.stream))),
        }
    }
    User {
        user: name.to_owned(),
        password: password.to_owned(),
        publish: publish.into_iter().collect(),
        subscribe: subscribe.into_iter().collect(),
        answers: true,
    }
}

/// What somebody outside may do.
pub fn outsider(house: &House, it: &Outsider) -> User {
    let contracts = house.contracts();
    let counters: Vec<_> = house.counters().into_iter().map(|it| it.1).collect();
    let mut publish = it.speaks(&contracts, &counters);
    let mut subscribe = vec![format!("_INBOX_{}.>", it.user())];
    for reading in it.reads(&contracts) {
        let (stream, consumer) = (reading.stream, reading.consumer);
        publish.push(format!("$JS.API.CONSUMER.INFO.{stream}.{consumer}"));
        publish.push(format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"));
        publish.push(format!("$JS.ACK.{stream}.{consumer}.>"));
        subscribe.push(reading.filter);
    }
    User { user: it.user(), password: it.password.clone(), publish, subscribe, answers: false }
}

/// What every service and every kind of client may do, a placeholder in the place of their names:
/// what is committed as `shared/contracts/permissions.json`.
pub fn all(house: &House) -> Vec<User> {
    let services = house.desks().map(|it| service(it, ""));
    let placeholder =
        |kind: &'static str| Outsider { kind, name: format!("<{kind}>"), password: String::new() };
    services.chain(KINDS.map(|kind| outsider(house, &placeholder(kind)))).collect()
}

/// The `authorization` block of the server's configuration: these users, and one who may do
/// everything, to set the house up.
pub fn authorization(users: &[User], admin_password: &str) -> String {
    let list = |subjects: &[String]| {
        let quoted: Vec<String> = subjects.iter().map(|it| format!("{it:?}")).collect();
        quoted.join(", ")
    };
    let mut text = String::from("authorization {\n  users = [\n");
    text += &format!("    {{ user: \"admin\", password: {admin_password:?} }}\n");
    for it in users {
        let answers =
            if it.answers { "      allow_responses: { max: 1, expires: \"1m\" }\n" } else { "" };
        text += &format!(
            "    {{ user: {:?}, password: {:?}, permissions: {{\n      publish: {{ allow: [{}] }}\n      \
             subscribe: {{ allow: [{}] }}\n{answers}    }} }}\n",
            it.user,
            it.password,
            list(&it.publish),
            list(&it.subscribe),
        );
    }
    text + "  ]\n}\n"
}
