//! The log: pages without gaps, nothing set aside. That all is heard, [`Shop::is_quiet`] has seen.

use super::{Faults, Premises, Promise};

const EVERYONE: &[Promise] = &[
    ("nothing is parked", "select format('%s of %s is: %s', subject, key, cause) from parked"),
    (
        "nothing is put away",
        "select format('%s of %s was: %s', subject, key, reason) from discarded",
    ),
];

pub(super) async fn audit(house: &Premises<'_>, faults: &mut Faults) -> anyhow::Result<()> {
    for ((service, partition), (count, last)) in house.ledgers.log().await?.pages {
        faults.compare(format!("pages of {service}/{partition}, and the last one"), count, last);
    }
    for service in house.suite.accounts.keys() {
        faults.look(house.ledgers, service, EVERYONE).await?;
    }
    Ok(())
}
