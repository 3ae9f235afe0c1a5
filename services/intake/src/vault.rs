//! Who gets the goods, and whom we write to: personal data, kept apart from the order, and told only
//! to who needs it.

use contracts::intake::{Recipient, ShipTo};
use contracts::{Consignee, Language, Place};

/// What is known of the people behind an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) consignee: Consignee,
    pub(crate) place: Place,
    pub(crate) email: Option<String>,
    pub(crate) language: Language,
}

impl Entry {
    pub(crate) fn new(ship_to: ShipTo, language: Language) -> Self {
        let ShipTo { name, phone, email, country, province, city, district, street, postcode } =
            ship_to;
        Self {
            consignee: Consignee { name, phone, street },
            place: Place { country, province, city, district, postcode },
            email,
            language,
        }
    }

    /// Whom we write to.
    pub(crate) fn recipient(self) -> Recipient {
        Recipient { name: self.consignee.name, email: self.email, language: self.language }
    }
}
