//! What must never happen, looked for in the books: of one service after each of its transactions, as
//! far as it touched them; of all, and of one against the other, when a story is over.

use std::collections::BTreeMap;

use chassis::Database;
use chassis::simulation::House;
use contracts::Timestamp;
use finance::Finance;
use intake::Intake;
use inventory::Inventory;

use super::world::World;

/// The databases of the simulated services.
pub(super) struct Services {
    intake: Database,
    inventory: Database,
    finance: Database,
    /// How often an order ended like this.
    ends: BTreeMap<String, u64>,
}

impl Services {
    pub(super) fn install(house: &mut House) -> Self {
        Self {
            intake: house.install(Intake),
            inventory: house.install(Inventory),
            finance: house.install(Finance),
            ends: BTreeMap::new(),
        }
    }

    /// What is wrong in a service's books since its last transaction, if something is.
    pub(super) fn after(&mut self, service: &str) -> Option<String> {
        let wrong = match service {
            "intake" => {
                self.intake.look::<Intake, _>(|it| intake::memory::audit_of(it, it.touched()))
            }
            "inventory" => self.inventory.look::<Inventory, _>(inventory::memory::audit_last),
            _ => vec![],
        };
        first(service, wrong)
    }

    /// What is wrong when all is quiet.
    pub(super) fn at_rest(&mut self, world: &World, now: Timestamp) -> Option<String> {
        let audits = [
            ("intake", self.intake.look::<Intake, _>(intake::memory::audit)),
            ("inventory", self.inventory.look::<Inventory, _>(inventory::memory::audit)),
            ("inventory", self.inventory.look::<Inventory, _>(|it| inventory::memory::at_rest(it, now))),
            ("finance", self.finance.look::<Finance, _>(finance::memory::audit_at_rest)),
        ];
        audits.into_iter().find_map(|(service, wrong)| first(service, wrong))
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = (String, u64)> {
        self.ends.clone().into_iter()
    }
}

fn first(service: &str, wrong: Vec<String>) -> Option<String> {
    wrong.into_iter().next().map(|it| format!("{service}: {it}"))
}
