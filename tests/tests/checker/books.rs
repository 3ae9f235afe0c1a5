//! Damages in the databases.

mod goods;
mod log;
mod money;
mod orders;

use crate::Damage;

/// All of them.
pub(crate) fn damages() -> impl Iterator<Item = &'static Damage> {
    [log::DAMAGES, orders::DAMAGES, goods::DAMAGES, money::DAMAGES].into_iter().flatten()
}
