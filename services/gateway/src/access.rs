//! Who asks, and what they may do. An operation is carried out when it stands in [`operations`], who
//! asks has proved who they are ([`directory`]), and [`policy::authorize`] says so; else it is not.
//! What handlers read they read within the [`Scope`] of their permit.

pub(crate) mod directory;
pub(crate) mod document;
pub(crate) mod guard;
mod lasting;
mod limits;
mod may;
pub(crate) mod operations;
pub(crate) mod password;
pub(crate) mod policy;
mod principal;
pub(crate) mod secret;
mod settings;
mod sight;

pub(crate) use directory::Access;
pub(crate) use lasting::as_long_as_known;
pub(crate) use may::{Asks, May};
pub(crate) use policy::{Action, Resource, Scope, Sight, act};
pub(crate) use principal::{Kind, Principal, Role};
pub use secret::fingerprint;
pub(crate) use secret::{Hashed, Secret};
pub use settings::AccessSettings;
