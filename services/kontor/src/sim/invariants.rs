//! What must never happen, looked for in the books: of one service after each of its transactions, as
//! far as it touched them; of all, and of one against the other, when a story is over.

use std::collections::BTreeMap;

use chassis::Database;
use chassis::simulation::House;
use contracts::{Status, Timestamp};
use intake::Intake;

use super::world::World;

/// The databases of the simulated services.
pub(super) struct Services {
    intake: Database,
    /// How often an order went from one status to another.
    ways: BTreeMap<String, u64>,
}

impl Services {
    pub(super) fn install(house: &mut House) -> Self {
        Self { intake: house.install(Intake), ways: BTreeMap::new() }
    }

    /// What is wrong in a service's books since its last transaction, if something is.
    pub(super) fn after(&mut self, service: &str) -> Option<String> {
        let wrong = match service {
            "intake" => self.intake.look::<Intake, _>(|it| intake::memory::audit_of(it, it.touched())),
            _ => vec![],
        };
        named(service, wrong)
    }

    pub(super) fn at_rest(&mut self, world: &World, now: Timestamp) -> Option<String> {
        None
    }

    pub(super) fn ways(&self) -> impl Iterator<Item = (String, u64)> {
        self.ways.clone().into_iter()
    }
}

fn named(service: &str, wrong: Vec<String>) -> Option<String> {
    wrong.into_iter().next().map(|it| format!("{service}: {it}"))
}
