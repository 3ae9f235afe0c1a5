//! Who may do what: one table and one function. Nothing that is not in the table is allowed.

use std::fmt::{self, Display};
use std::str::FromStr;

use contracts::{ChannelId, WarehouseId};

use super::principal::{Kind, Principal, Role};
use act::Act as _;

/// How far a role reaches with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Not at all.
    Nothing,
    /// What belongs to the channel or the warehouse that it is bound to.
    Own,
    /// Everything.
    All,
}

const NO: Reach = Reach::Nothing;
const OWN: Reach = Reach::Own;
const ALL: Reach = Reach::All;

macro_rules! table {
    ($($(#[$doc:meta])* $action:ident $name:literal $($reach:ident)+;)+) => {
        /// Something that can be done, or seen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Action { $($(#[$doc])* $action,)+ }

        impl Action {
            pub(crate) const ALL: &[Self] = &[$(Self::$action,)+];

            /// As it stands in documents and in keys: `orders.read`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$action => $name,)+ }
            }

            /// The row of the table, in the order of [`Role::ALL`].
            pub(crate) fn reaches(self) -> [Reach; 7] {
                match self { $(Self::$action => [$($reach),+],)+ }
            }
        }

        /// Each action as a type, for permits.
        pub(crate) mod act {
            use super::Action;

            /// One action.
            pub(crate) trait Act: Send + Sync + 'static {
                const ACTION: Action;
            }

            $(
                #[derive(Debug, Clone, Copy)]
                pub(crate) enum $action {}

                impl Act for $action {
                    const ACTION: Action = Action::$action;
                }
            )+
        }
    };
}

table! {
    // What is done              storefront warehouse clerk credit finance ops viewer
    /// Orders: lists and rows.
    ListOrders "orders.list"            OWN OWN ALL ALL ALL ALL ALL;
    /// One order, its timeline, its page.
    ReadOrder "orders.read"             OWN OWN ALL ALL ALL ALL ALL;
    /// Why credit and sourcing decided as they did.
    ExplainOrder "orders.explain"       NO  NO  ALL ALL ALL ALL NO;
    /// The journal of an order.
    ReadBooks "orders.books"            NO  NO  NO  ALL ALL ALL NO;
    PlaceOrder "orders.place"           OWN NO  ALL NO  NO  ALL NO;
    CancelOrder "orders.cancel"         OWN NO  ALL NO  NO  ALL NO;
    /// The statuses of a channel as they come.
    FollowStatuses "statuses.follow"    OWN NO  ALL ALL ALL ALL ALL;
    /// Where a channel is called, and what came of it.
    ManageWebhooks "webhooks.manage"    OWN NO  NO  NO  NO  ALL NO;
    /// Orders that wait for a person's decision about credit.
    ReadHolds "credit.holds"            NO  NO  ALL ALL ALL ALL NO;
    /// To release or to refuse what credit holds.
    DecideCredit "credit.decide"        NO  NO  NO  ALL NO  NO  NO;
    ReadAccount "credit.account"        NO  NO  ALL ALL ALL ALL NO;
    SetLimit "credit.limit"             NO  NO  NO  ALL NO  NO  NO;
    /// To take the process table along as a file.
    ExportOrders "orders.export"        OWN NO  ALL ALL ALL ALL NO;
    /// To bring orders as a file.
    ImportOrders "orders.import"        NO  NO  ALL NO  NO  ALL NO;
    /// Orders that wait for supply or for a person, and how many there are.
    ReadWork "work.read"                NO  NO  ALL ALL ALL ALL ALL;
    /// What services set aside: to look at it, to have it decided again, to put it away.
    TendParked "parked.tend"            NO  NO  NO  NO  NO  ALL NO;
    /// Names for choices of orders.
    SaveViews "views.save"              NO  NO  ALL ALL ALL ALL ALL;
    ExportStock "stock.export"          NO  NO  ALL ALL ALL ALL ALL;
    ReadStock "stock.read"              OWN OWN ALL ALL ALL ALL ALL;
    ReadMoves "stock.movements"         NO  OWN ALL ALL ALL ALL ALL;
    /// To say what came in, and what was counted.
    BookStock "stock.book"              NO  OWN ALL NO  NO  ALL NO;
    PutItem "catalogue.put"             NO  NO  ALL NO  NO  ALL NO;
    PutCustomer "customers.put"         NO  NO  ALL NO  NO  ALL NO;
    PutWarehouse "warehouses.put"       NO  NO  NO  NO  NO  ALL NO;
    PutRuleset "rules.put"              NO  NO  NO  NO  NO  ALL NO;
    ManageKeys "keys.manage"            NO  NO  NO  NO  NO  ALL NO;
    ManagePeople "people.manage"        NO  NO  NO  NO  NO  ALL NO;
    /// Who changed keys and people.
    ReadAccessLog "access.log"          NO  NO  NO  NO  NO  ALL NO;
    /// Who am I?
    ReadSelf "self.read"                ALL ALL ALL ALL ALL ALL ALL;
    /// To change one's own password: people only, for a key has none.
    ChangePassword "self.password"      ALL ALL ALL ALL ALL ALL ALL;
    // What is seen of it.
    /// Prices, totals, invoices and payments.
    SeePrices "see.prices"              OWN NO  ALL ALL ALL ALL ALL;
    /// Credit's decision: class, amount, and why.
    SeeCredit "see.credit"              NO  NO  ALL ALL ALL ALL NO;
}

impl Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Action {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|it| it.name() == text).ok_or(())
    }
}

/// What an action is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resource<'a> {
    /// Not known yet: whether the action is possible at all. What is found is to be within the
    /// permit's [`Scope`].
    Some,
    /// What belongs to a channel: its orders, its statuses.
    Of(&'a ChannelId),
    /// What belongs to a warehouse: its stock.
    At(&'a WarehouseId),
}

/// Within which bounds something is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    Channel(ChannelId),
    Warehouse(WarehouseId),
}

/// What is seen of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) prices: bool,
    pub(crate) credit: bool,
}

/// Leave to do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permit {
    pub(crate) scope: Scope,
    pub(crate) sight: Sight,
}

/// Why something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// They may never do this.
    Never,
    /// It is not theirs: to them it is as if it were not there.
    Foreign,
}

/// Decides whether somebody may do this to that.
///
/// # Errors
///
/// Why not.
pub(crate) fn authorize(
    who: &Principal,
    action: Action,
    what: &Resource<'_>,
) -> Result<Permit, Denied> {
    if action == Action::ChangePassword && who.kind != Kind::Person {
        return Err(Denied::Never);
    }
    let scope = match reach(who, action) {
        Reach::Nothing => return Err(Denied::Never),
        Reach::Own => own(who).ok_or(Denied::Never)?,
        Reach::All => Scope::All,
    };
    let is_theirs = match (&scope, what) {
        (Scope::All, _) | (_, Resource::Some) => true,
        (Scope::Channel(own), Resource::Of(channel)) => own == *channel,
        (Scope::Warehouse(own), Resource::At(warehouse)) => own == *warehouse,
        (Scope::Channel(_), Resource::At(_)) | (Scope::Warehouse(_), Resource::Of(_)) => false,
    };
    if !is_theirs {
        return Err(Denied::Foreign);
    }
    let sees = |action| reach(who, action) > Reach::Nothing;
    let sight =
        Sight { prices: sees(act::SeePrices::ACTION), credit: sees(act::SeeCredit::ACTION) };
    Ok(Permit { scope, sight })
}

/// How far somebody reaches: as far as any of their roles does, if their key is not narrowed to
/// something else. What is seen goes with what is read, and who they are with every key.
pub(crate) fn reach(who: &Principal, action: Action) -> Reach {
    let is_sight = matches!(action, Action::SeePrices | Action::SeeCredit | Action::ReadSelf);
    let is_left = who.only.as_ref().is_none_or(|only| is_sight || only.contains(&action));
    if !is_left {
        return Reach::Nothing;
    }
    let of = |role: &Role| {
        let at = Role::ALL.iter().position(|it| it == role);
        at.and_then(|at| action.reaches().get(at).copied()).unwrap_or(Reach::Nothing)
    };
    who.roles.iter().map(of).max().unwrap_or(Reach::Nothing)
}

/// What belongs to somebody who is bound.
fn own(who: &Principal) -> Option<Scope> {
    match (&who.channel, &who.warehouse) {
        (Some(channel), None) => Some(Scope::Channel(channel.clone())),
        (None, Some(warehouse)) => Some(Scope::Warehouse(warehouse.clone())),
        _ => None,
    }
}
