//! All that the gateway can tell a service and ask one. A test puts something else in the place of
//! the house.

use std::pin::Pin;

use chassis::{Client, ParkedInput, Told, Unanswered};
use contracts::allocation::{SaveRuleset, SetNode, WhySource};
use contracts::credit::{AccountOf, RefuseHold, ReleaseHold, SetCreditLimit, WhyCredit};
use contracts::finance::BooksOf;
use contracts::intake::{CancelOrder, CarryOver, ListItem, PlaceOrder, RegisterCustomer, UnitsOf};
use contracts::inventory::{CountStock, MovesOf, ReceiveStock, StockOf};
use contracts::webhook::{CallsOf, EndpointsOf, Replay, RotateSecret, SetEndpoint, TestEndpoint};
use contracts::{Command, Contract, Key, Question};
use uuid::Uuid;

/// What comes of telling a service something.
pub(crate) type Telling<'a, C> =
    Pin<Box<dyn Future<Output = Result<Told<<C as Command>::Answer>, Unanswered>> + Send + 'a>>;

/// What comes of asking one.
pub(crate) type Asking<'a, Q> =
    Pin<Box<dyn Future<Output = Result<<Q as Question>::Answer, Unanswered>> + Send + 'a>>;

/// Carries commands of one kind to whoever decides about them.
pub(crate) trait Tells<C: Command>: Send + Sync {
    /// The same id gets the same answer.
    fn tell(&self, id: Uuid, command: C) -> Telling<'_, C>;
}

/// Carries questions of one kind to whoever knows.
pub(crate) trait Asks<Q: Question>: Send + Sync {
    fn ask(&self, question: Q) -> Asking<'_, Q>;
}

/// What comes of asking a service what it set aside.
pub(crate) type Parking<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<ParkedInput>, Unanswered>> + Send + 'a>>;

/// Looks after what services set aside: each owner is asked, and does it. All give what is set aside
/// then.
pub(crate) trait Tends: Send + Sync {
    fn parked<'a>(&'a self, service: &'a str) -> Parking<'a>;
    fn replay<'a>(&'a self, service: &'a str, key: &'a Key) -> Parking<'a>;
    fn discard<'a>(&'a self, service: &'a str, id: Uuid, reason: &'a str) -> Parking<'a>;
}

/// Everything that is carried: the one list of it.
pub(crate) trait Commands:
    Tells<PlaceOrder>
    + Tells<CancelOrder>
    + Tells<CarryOver>
    + Tells<ListItem>
    + Tells<RegisterCustomer>
    + Tells<SetCreditLimit>
    + Tells<ReleaseHold>
    + Tells<RefuseHold>
    + Tells<SetNode>
    + Tells<SaveRuleset>
    + Tells<ReceiveStock>
    + Tells<CountStock>
    + Tells<SetEndpoint>
    + Tells<RotateSecret>
    + Tells<TestEndpoint>
    + Tells<Replay>
    + Asks<WhySource>
    + Asks<WhyCredit>
    + Asks<AccountOf>
    + Asks<BooksOf>
    + Asks<StockOf>
    + Asks<MovesOf>
    + Asks<UnitsOf>
    + Asks<EndpointsOf>
    + Asks<CallsOf>
    + Tends
    + 'static
{
}

/// The same list, for whoever grants the rights to it.
pub(crate) const ALL: [Contract; 25] = [
    Contract::of::<PlaceOrder>(),
    Contract::of::<CancelOrder>(),
    Contract::of::<CarryOver>(),
    Contract::of::<ListItem>(),
    Contract::of::<RegisterCustomer>(),
    Contract::of::<SetCreditLimit>(),
    Contract::of::<ReleaseHold>(),
    Contract::of::<RefuseHold>(),
    Contract::of::<SetNode>(),
    Contract::of::<SaveRuleset>(),
    Contract::of::<ReceiveStock>(),
    Contract::of::<CountStock>(),
    Contract::of::<SetEndpoint>(),
    Contract::of::<RotateSecret>(),
    Contract::of::<TestEndpoint>(),
    Contract::of::<Replay>(),
    Contract::of::<WhySource>(),
    Contract::of::<WhyCredit>(),
    Contract::of::<AccountOf>(),
    Contract::of::<BooksOf>(),
    Contract::of::<StockOf>(),
    Contract::of::<MovesOf>(),
    Contract::of::<UnitsOf>(),
    Contract::of::<EndpointsOf>(),
    Contract::of::<CallsOf>(),
];

impl Commands for Client {}

impl<C: Command> Tells<C> for Client {
    fn tell(&self, id: Uuid, command: C) -> Telling<'_, C> {
        Box::pin(async move { Client::tell(self, id, &command).await })
    }
}

impl<Q: Question> Asks<Q> for Client {
    fn ask(&self, question: Q) -> Asking<'_, Q> {
        Box::pin(async move { Client::ask(self, &question).await })
    }
}

impl Tends for Client {
    fn parked<'a>(&'a self, service: &'a str) -> Parking<'a> {
        Box::pin(Client::parked(self, service))
    }

    fn replay<'a>(&'a self, service: &'a str, key: &'a Key) -> Parking<'a> {
        Box::pin(Client::replay(self, service, key))
    }

    fn discard<'a>(&'a self, service: &'a str, id: Uuid, reason: &'a str) -> Parking<'a> {
        Box::pin(Client::discard(self, service, id, reason))
    }
}
