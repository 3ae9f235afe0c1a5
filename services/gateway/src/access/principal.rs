//! Who asks.

use std::fmt::{self, Display};
use std::str::FromStr;

use contracts::{Actor, ChannelId, WarehouseId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::policy::Action;

/// What somebody is to the house. What each may do stands in [`super::policy`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// A channel's own system: bound to that channel.
    Storefront,
    /// A warehouse's own system or people: bound to that warehouse.
    Warehouse,
    /// Places and cancels for customers, and keeps what the house knows of them.
    Clerk,
    /// Decides about credit.
    Credit,
    /// Reads the books.
    Finance,
    /// Runs the house: master data, rules, keys, people.
    Ops,
    /// Looks on.
    Viewer,
}

impl Role {
    pub(crate) const ALL: [Self; 7] = [
        Self::Storefront,
        Self::Warehouse,
        Self::Clerk,
        Self::Credit,
        Self::Finance,
        Self::Ops,
        Self::Viewer,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::Warehouse => "warehouse",
            Self::Clerk => "clerk",
            Self::Credit => "credit",
            Self::Finance => "finance",
            Self::Ops => "ops",
            Self::Viewer => "viewer",
        }
    }

    /// Whether it is nothing without the channel or the warehouse that it is bound to.
    pub(crate) fn is_bound(self) -> bool {
        matches!(self, Self::Storefront | Self::Warehouse)
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|it| it.name() == text).ok_or(())
    }
}

/// What somebody proved who they are with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A machine, with a key.
    Key,
    /// A person who signed in.
    Person,
}

/// Who asks, as their credential says it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Principal {
    pub(crate) kind: Kind,
    /// What the credential is called in the books: the key's id, the person's name. No secret.
    pub(crate) id: String,
    /// In whose name things are done.
    pub(crate) name: String,
    pub(crate) roles: Vec<Role>,
    /// The channel that a storefront is bound to.
    pub(crate) channel: Option<ChannelId>,
    /// The warehouse that a warehouse is bound to.
    pub(crate) warehouse: Option<WarehouseId>,
    /// What they may decide: 1 clerk, 2 manager, 3 finance director. A machine is 1.
    pub(crate) tier: u8,
    /// What a key is narrowed to; all that its roles may do, if nothing is said.
    pub(crate) only: Option<Vec<Action>>,
}

impl Principal {
    pub(crate) fn actor(&self) -> Actor {
        Actor(self.name.clone())
    }
}
