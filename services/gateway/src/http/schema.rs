//! Words of the house that clients get to read as they are. They know their JSON Schema already,
//! which is that of `OpenAPI` 3.1; here they get a name in the document.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use utoipa::openapi::{Object, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($name:ident = $type:ty),+ $(,)?) => {
        $(
            /// Stands for the word of the same name.
            pub(crate) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    RefOr::T(Schema::Object(Object::new())) // Put in its place by `enter`.
                }
            }

            impl ToSchema for $name {}
        )+

        /// Has all words written down; returns their names.
        fn generate(generator: &mut SchemaGenerator) -> Vec<&'static str> {
            $(generator.subschema_for::<$type>();)+
            vec![$(stringify!($name)),+]
        }
    };
}

words! {
    AccountView = contracts::credit::AccountView,
    CallView = contracts::webhook::CallView,
    ChannelId = contracts::ChannelId,
    CreditDecision = contracts::credit::CreditDecision,
    Currency = contracts::Currency,
    CustomerId = contracts::CustomerId,
    EndpointId = contracts::EndpointId,
    EndpointView = contracts::webhook::EndpointView,
    HookEvent = contracts::webhook::HookEvent,
    JournalEntry = contracts::finance::JournalEntry,
    Language = contracts::Language,
    LineBuckets = contracts::intake::LineBuckets,
    NodeKind = contracts::allocation::NodeKind,
    Problem = contracts::intake::Problem,
    Sku = contracts::Sku,
    SourcingRecord = contracts::allocation::SourcingRecord,
    Status = contracts::Status,
    StockBooked = contracts::inventory::StockBooked,
    StockMove = contracts::inventory::StockMove,
    StockView = contracts::inventory::StockView,
    Submission = contracts::intake::Submission,
    Tier = contracts::Tier,
    WarehouseId = contracts::WarehouseId,
}

/// Puts the words into the document's schemas, with whatever they are made of.
pub(super) fn enter(schemas: &mut Map<String, Value>) {
    let settings = SchemaSettings::draft2020_12()
        .with(|it| it.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let words = generate(&mut generator);
    for word in words {
        schemas.remove(word);
    }
    for (name, schema) in generator.take_definitions(true) {
        let before = schemas.insert(name, schema);
        debug_assert!(before.is_none(), "two words of one name: {before:?}");
    }
}
