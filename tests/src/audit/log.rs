//! The log: pages without gaps, nothing set aside. That all is heard, [`Shop::is_quiet`] has seen.

use super::{Faults, Promise};
use crate::Shop;

const EVERYONE: &[Promise] = &[
    ("nothing is parked", "select format('%s of %s is: %s', subject, key, cause) from parked"),
    (
        "nothing is put away",
        "select format('%s of %s was: %s', subject, key, reason) from discarded",
    ),
];

pub(super) async fn audit(shop: &Shop, faults: &mut Faults) -> anyhow::Result<()> {
    for ((service, partition), (count, last)) in shop.ledgers.log().await?.pages {
        faults.compare(format!("pages of {service}/{partition}, and the last one"), count, last);
    }
    for service in shop.suite.accounts.keys() {
        faults.look(&shop.ledgers, service, EVERYONE).await?;
    }
    Ok(())
}
