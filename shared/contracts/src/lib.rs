//! Every message in the house, one module a speaker. No I/O.

pub mod allocation;
mod buckets;
mod carried;
pub mod credit;
pub mod finance;
pub mod fulfilment;
mod ids;
pub mod intake;
pub mod inventory;
mod message;
mod money;
pub mod notification;
mod order;
mod reception;
mod submission;
pub mod webhook;
mod whereabouts;

pub use buckets::{BadMove, Bucket, Buckets, roll_up};
pub use ids::{
    BadToken, CarrierId, ChannelId, CustomerId, DeliveryId, EndpointId, ExternalId, InvoiceId,
    LetterId, OrderId, PaymentId, ProviderId, ShipmentId, Sku, TrackingNo, WarehouseId,
};
pub use jiff::Timestamp;
pub use message::{
    Command, Contract, Door, Key, Kind, Message, MessageSet, Question, SchemaOf, Silence,
    Undecodable, answer, append, decode, encode, schema_of,
};
pub use money::{Cents, Currency, NoCurrency, half_even};
pub use order::{
    Actor, Consignee, ItemUnits, Language, LineUnits, OrderKind, OrderLine, Place, Status, Terms,
    Tier,
};
pub use serde_json::value::RawValue;
pub use uuid::Uuid;
