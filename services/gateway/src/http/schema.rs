//! Words of the house that clients get to read as they are. They know their JSON Schema already,
//! which is that of OpenAPI 3.1; here they get a name in the document.

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

        fn generate(generator: &mut SchemaGenerator) -> Vec<(&'static str, schemars::Schema)> {
            vec![$((stringify!($name), generator.subschema_for::<$type>())),+]
        }
    };
}

words! {
    AccountView = contracts::credit::AccountView,
    CreditDecision = contracts::credit::CreditDecision,
    Currency = contracts::Currency,
    Fault = contracts::intake::Problem,
    JournalEntry = contracts::finance::JournalEntry,
    Language = contracts::Language,
    NodeKind = contracts::allocation::NodeKind,
    Sku = contracts::Sku,
    SourcingRecord = contracts::allocation::SourcingRecord,
    Status = contracts::Status,
    StockBooked = contracts::inventory::StockBooked,
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
    let definitions = generator.take_definitions(true);
    for (name, schema) in words {
        // A word of another name in the house points there.
        if !definitions.contains_key(name) {
            schemas.insert(name.to_owned(), schema.to_value());
        }
    }
    schemas.extend(definitions);
}
