//! Who may say and hear what on NATS: generated from the contracts, so that it is neither more nor
//! less than what is declared.

use std::collections::BTreeSet;

use anyhow::ensure;
use chassis::{Desk, House};
use contracts::Kind;
use serde::Serialize;

use crate::clients::{KINDS, Outsider};
use crate::{Configuration, house};

/// The user who may do everything: it sets the house up.
const ADMIN: &str = "admin";

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
        let command = call.kind == Kind::Command;
        let owner = || format!("own.*.{}", call.owner());
        publish.insert(if command { owner() } else { call.subject.to_owned() });
    }
    if desk.tends_parked() {
        publish.insert("parked.*.*".to_owned());
    }
    for door in desk.follows().into_iter().filter_map(|it| it.door) {
        for asked in ["STREAM.INFO", "DIRECT.GET", "STREAM.MSG.GET"] {
            publish.insert(format!("$JS.API.{asked}.{}", door.stream));
        }
    }
    for contract in desk.hears().iter().chain(desk.says()) {
        let Some(door) = contract.door else { continue };
        publish.insert(format!("$JS.API.STREAM.INFO.{}", door.stream));
        match contract.kind {
            Kind::Report => {
                publish.insert(format!("$JS.API.CONSUMER.INFO.{}.*", door.stream));
                publish.insert(format!("$JS.API.CONSUMER.MSG.NEXT.{}.*", door.stream));
                publish.insert(format!("$JS.API.CONSUMER.RESET.{}.*", door.stream));
                publish.insert(format!("$JS.API.STREAM.MSG.GET.{}", door.stream));
                publish.insert(format!("$JS.ACK.{}.>", door.stream));
            }
            Kind::Public if contract.owner() == name => drop(publish.insert(door.filter())),
            // Heard of another service, in its pages; or on no stream.
            Kind::Public
            | Kind::Event
            | Kind::Command
            | Kind::Reply
            | Kind::Timer
            | Kind::Question => {}
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

/// The `authorization` block for a deployment: the services as they log in by this configuration,
/// so that the two cannot differ, and these clients.
pub fn of_deployment(
    configuration: &Configuration,
    clients: &[Outsider],
) -> anyhow::Result<String> {
    let (house, mut users, mut wrong) = (house::plain(), Vec::new(), Vec::new());
    for desk in house.desks() {
        let name = desk.name();
        match configuration.services.get(name) {
            Some(it) if it.nats_user.as_deref() == Some(name) && !it.nats_password.is_empty() => {
                users.push(service(desk, &it.nats_password));
            }
            _ => wrong.push(format!("services.{name}.nats_user is {name}, with a nats_password")),
        }
    }
    let nats = &configuration.nats;
    if nats.admin_user.as_deref() != Some(ADMIN) || nats.admin_password.is_empty() {
        wrong.push(format!("nats.admin_user is {ADMIN}, with an admin_password"));
    }
    ensure!(wrong.is_empty(), "these settings are not as they must be: {}", wrong.join("; "));
    users.extend(clients.iter().map(|it| outsider(&house, it)));
    Ok(authorization(&users, &nats.admin_password))
}

/// The `authorization` block of the server's configuration: these users, and one who may do
/// everything, to set the house up.
pub fn authorization(users: &[User], admin_password: &str) -> String {
    let list = |subjects: &[String]| {
        let quoted: Vec<String> = subjects.iter().map(|it| format!("{it:?}")).collect();
        quoted.join(", ")
    };
    let user = |it: &User| {
        let answers =
            if it.answers { "      allow_responses: { max: 1, expires: \"1m\" }\n" } else { "" };
        format!(
            "    {{ user: {:?}, password: {:?}, permissions: {{\n      publish: {{ allow: [{}] }}\n      \
             subscribe: {{ allow: [{}] }}\n{answers}    }} }}\n",
            it.user,
            it.password,
            list(&it.publish),
            list(&it.subscribe),
        )
    };
    let users: String = users.iter().map(user).collect();
    format!(
        "authorization {{\n  users = [\n    {{ user: {ADMIN:?}, password: {admin_password:?} }}\n\
         {users}  ]\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::ServiceSettings;

    fn deployment() -> Configuration {
        let settings = |name: &str| ServiceSettings {
            database: "postgres://localhost/x".to_owned(),
            nats_user: Some(name.to_owned()),
            nats_password: format!("{name}'s"),
        };
        let services = house::plain().names().map(|it| (it.to_owned(), settings(it))).collect();
        let mut configuration = Configuration { services, ..Configuration::default() };
        configuration.nats.admin_user = Some(ADMIN.to_owned());
        configuration.nats.admin_password = "admin's".to_owned();
        configuration
    }

    #[test]
    fn a_deployment_lets_in_its_services_and_clients_with_their_passwords() {
        let north = Outsider { kind: "warehouse", name: "north".into(), password: "$2a$1".into() };
        let block = of_deployment(&deployment(), &[north]).unwrap();
        for user in [
            r#"{ user: "admin", password: "admin's" }"#,
            r#"{ user: "credit", password: "credit's", permissions"#,
            r#"{ user: "warehouse-north", password: "$2a$1", permissions"#,
        ] {
            assert!(block.contains(user), "{user} is not in\n{block}");
        }
    }

    #[test]
    fn nobody_is_let_in_without_a_password() {
        let mut configuration = deployment();
        configuration.services.get_mut("credit").unwrap().nats_password.clear();
        configuration.services.remove("intake");
        configuration.nats.admin_user = None;
        let error = of_deployment(&configuration, &[]).unwrap_err().to_string();
        let expected = "these settings are not as they must be: \
                        services.intake.nats_user is intake, with a nats_password; \
                        services.credit.nats_user is credit, with a nats_password; \
                        nats.admin_user is admin, with an admin_password";
        assert_eq!(error, expected);
    }
}
