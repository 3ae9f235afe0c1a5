use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use contracts::{Contract, Kind};

use crate::{Desk, Service};

/// Every service there is.
#[derive(Default)]
pub struct House(Vec<Arc<dyn Desk>>);

impl House {
    #[must_use]
    pub fn with(mut self, service: impl Service) -> Self {
        self.0.push(Arc::new(service));
        self
    }

    /// The service of this name.
    pub fn desk(&self, name: &str) -> anyhow::Result<Arc<dyn Desk>> {
        self.0.iter().find(|it| it.name() == name).cloned().with_context(|| {
            let known: Vec<&str> = self.0.iter().map(|it| it.name()).collect();
            format!("there is no service {name}; there are {}", known.join(", "))
        })
    }

    /// Says what is wrong with who hears and who says what, one line each: everything that is heard
    /// is said by exactly one service, whose name it bears; every timer comes back to whoever set
    /// it; every answer that a client may expect can be given.
    pub fn miswired(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut speakers = BTreeMap::new();
        for desk in &self.0 {
            for said in desk.says() {
                if speakers.insert(said.subject, desk.name()).is_some() {
                    wrong.push(format!("{} is said by two", said.subject));
                }
                if !may_say(&**desk, said) {
                    wrong.push(format!("{} has no reason to say {}", desk.name(), said.subject));
                }
            }
        }
        for desk in &self.0 {
            for heard in desk.hears() {
                let right = match heard.kind {
                    Kind::Event | Kind::Public => speakers.contains_key(heard.subject),
                    Kind::Report => is_named_after(&**desk, heard) && heard.door.is_some(),
                    Kind::Timer => desk.says().contains(heard),
                    Kind::Command => is_named_after(&**desk, heard) && can_answer(&**desk, heard),
                    Kind::Reply => false,    // Replies go to clients.
                    Kind::Question => false, // Questions are asked, not heard.
                };
                if !right {
                    wrong.push(format!("{} cannot hear {}", desk.name(), heard.subject));
                }
            }
        }
        wrong
    }
}

fn may_say(desk: &dyn Desk, said: &Contract) -> bool {
    is_named_after(desk, said)
        && match said.kind {
            Kind::Event | Kind::Public => true,
            // Services say what is so, not what others shall do.
            Kind::Command | Kind::Question | Kind::Report => false,
            Kind::Reply => desk.hears().iter().any(|it| it.answers.contains(said)),
            Kind::Timer => desk.hears().contains(said),
        }
}

fn can_answer(desk: &dyn Desk, command: &Contract) -> bool {
    command.answers.iter().all(|it| desk.says().contains(it))
}

fn is_named_after(desk: &dyn Desk, message: &Contract) -> bool {
    message.subject.split('.').next() == Some(desk.name())
}
