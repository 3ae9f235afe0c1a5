//! Shelves: what comes in, what is counted, what is spoilt, and what of it all can be sold.

use chassis::unreadable;
use contracts::Cents;
use contracts::intake::Problem;
use contracts::inventory::{
    CountStock, ReceiveStock, StockBooked, StockLevel, StockReceived, StockRefused, StockReport,
    StockReported, WarehouseLevel,
};
use serde::Deserialize;
use tracing::warn;
use uuid::Uuid;

use crate::Outbound;
use crate::books::{Books, Cause, Document, Figures, Kind, Level, Shelf};

/// The most that one document receives, in units; and the most that one unit costs.
const MOST_AT_ONCE: i64 = 1_000_000_000;

/// The most that is believed to lie on one shelf.
const MOST_ON_A_SHELF: i64 = 1_000_000_000_000;

/// The longest name of a document.
const LONGEST_NAME: usize = 100;

/// What a document leads to, or why it is not booked.
type Booked = Result<(Vec<Outbound>, Figures), Vec<Problem>>;

impl Books {
    pub(crate) fn receive_on_command(&mut self, it: &ReceiveStock) -> Vec<Outbound> {
        let place = Shelf::of(&it.sku, &it.warehouse);
        let booked = self.receive(place.clone(), &it.document, it.quantity, it.unit_cost);
        answer(place, booked)
    }

    pub(crate) fn count_on_command(&mut self, it: &CountStock) -> Vec<Outbound> {
        let place = Shelf::of(&it.sku, &it.warehouse);
        let booked = self.count(place.clone(), &it.document, it.counted, "/counted");
        answer(place, booked)
    }

    /// A warehouse system reports. It waits for no answer, and may repeat itself.
    pub(crate) fn report(&mut self, it: &StockReported) -> Vec<Outbound> {
        let StockReported { sku, warehouse, what, body } = it;
        let place = Shelf::of(sku, warehouse);
        let report = match StockReport::deserialize(body) {
            Ok(report) => report,
            Err(error) => {
                unreadable("inventory", "report");
                warn!(%sku, %warehouse, %error, "a report on {sku} from {warehouse} is unreadable");
                return vec![];
            }
        };
        let StockReport { quantity, document, unit_cost } = report;
        let booked = match what.as_str() {
            "received" => self.receive(place, &document, quantity, unit_cost),
            "counted" => self.count(place, &document, quantity, "/quantity"),
            "damaged" => self.damage(place, &document, quantity),
            other => {
                unreadable("inventory", "report");
                warn!(%sku, %warehouse, "{warehouse} reports {other:?} on {sku}, which means nothing");
                return vec![];
            }
        };
        match booked {
            Ok((said, _)) => said,
            Err(problems) => {
                unreadable("inventory", "report");
                warn!(%sku, %warehouse, ?problems, "a report on {sku} from {warehouse} is not booked");
                vec![]
            }
        }
    }

    /// Goods come in. Whoever waits for them is served at once.
    fn receive(&mut self, place: Shelf, document: &str, quantity: i64, unit_cost: Cents) -> Booked {
        let mut problems = within("/quantity", quantity, 1, MOST_AT_ONCE);
        problems.extend(within("/unit_cost", unit_cost.0, 0, MOST_AT_ONCE));
        let document = name(place, "receive", document, problems)?;
        if let Some(before) = self.documents.get(&document) {
            return Ok((vec![], *before));
        }
        let Document { place, name, .. } = &document;
        self.post(place, Kind::Receipt, Kind::Receipt.delta(quantity), cause(&document));
        let Shelf { sku, warehouse } = place.clone();
        let received =
            StockReceived { sku, warehouse, quantity, unit_cost, document: name.clone() };
        let mut said = vec![received.into()];
        said.extend(self.serve(place, Some(name)));
        self.go_on(&place.sku);
        Ok((said, self.book(document)))
    }

    /// So much is there, whatever the books say. What is claimed beyond it is withdrawn first, so
    /// that no more is claimed than there is at any position of the ledger.
    fn count(
        &mut self,
        place: Shelf,
        document: &str,
        counted: i64,
        pointer: &'static str,
    ) -> Booked {
        let problems = within(pointer, counted, 0, MOST_ON_A_SHELF);
        let document = name(place, "count", document, problems)?;
        if let Some(before) = self.documents.get(&document) {
            return Ok((vec![], *before));
        }
        let mut said = self.withdraw(&document, counted);
        let place = &document.place;
        let found = counted - self.figures(place).good;
        self.post(place, Kind::CountAdjust, Kind::CountAdjust.delta(found), cause(&document));
        said.extend(self.serve(place, Some(&document.name)));
        self.go_on(&place.sku);
        Ok((said, self.book(document)))
    }

    /// Goods are spoilt. More than the books know of cannot be.
    fn damage(&mut self, place: Shelf, document: &str, quantity: i64) -> Booked {
        let problems = within("/quantity", quantity, 1, MOST_AT_ONCE);
        let document = name(place, "damage", document, problems)?;
        if let Some(before) = self.documents.get(&document) {
            return Ok((vec![], *before));
        }
        let good = self.figures(&document.place).good;
        let quantity = quantity.min(good);
        let said = self.withdraw(&document, good - quantity);
        self.post(&document.place, Kind::Damage, Kind::Damage.delta(quantity), cause(&document));
        Ok((said, self.book(document)))
    }

    /// Keeps the document, and how the shelf stands now: the answer to it, for good.
    fn book(&mut self, document: Document) -> Figures {
        let figures = self.figures(&document.place);
        self.booked.push(document.clone());
        self.documents.insert(document, figures);
        figures
    }

    fn figures(&self, place: &Shelf) -> Figures {
        let level = self.items.get(&place.sku).and_then(|it| it.levels.get(&place.warehouse));
        level.map_or_else(Figures::default, Level::figures)
    }

    /// Tells the levels that this partition marked. The number is counted under the item's latch,
    /// and so is what it is told of: the highest number is the latest.
    pub(crate) fn tell_levels(&mut self) -> Vec<Outbound> {
        (self.bell.due, self.bell.changed) = (None, true);
        let (at, partition) = (self.now, self.partition);
        let mut told = Vec::new();
        for (sku, item) in &mut self.items {
            let mut marked = false;
            for level in item.levels.values_mut().filter(|it| it.untold == Some(partition)) {
                (level.untold, level.changed, marked) = (None, true, true);
            }
            if !marked {
                continue; // Unchanged, or another worker is going to tell.
            }
            item.number += 1;
            item.changed = true;
            let warehouses: Vec<WarehouseLevel> = item
                .levels
                .iter()
                .map(|(warehouse, level)| WarehouseLevel {
                    warehouse: warehouse.clone(),
                    sellable: level.sellable(),
                })
                .collect();
            let sellable = warehouses.iter().map(|it| it.sellable).sum();
            let (sku, number) = (sku.clone(), item.number);
            told.push(StockLevel { sku, number, sellable, warehouses, at }.into());
        }
        self.bell.wanted |= self.bell.more;
        told
    }
}

fn answer(place: Shelf, booked: Booked) -> Vec<Outbound> {
    let Shelf { sku, warehouse } = place;
    match booked {
        Ok((mut said, Figures { good, reserved, allocated })) => {
            said.push(StockBooked { sku, warehouse, good, reserved, allocated }.into());
            said
        }
        Err(problems) => vec![StockRefused { sku, warehouse, problems }.into()],
    }
}

/// What books a document: the same document is the same cause.
fn cause(document: &Document) -> Cause {
    let Document { place: Shelf { sku, warehouse }, kind, name } = document;
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{sku} {warehouse} {name}").as_bytes());
    Cause { id, rule: (*kind).into(), order: None, document: Some(name.clone()) }
}

/// The document, if its name and all else is in order.
fn name(
    place: Shelf,
    kind: &'static str,
    name: &str,
    mut problems: Vec<Problem>,
) -> Result<Document, Vec<Problem>> {
    let length = name.chars().count();
    if !(1..=LONGEST_NAME).contains(&length) || name.chars().any(char::is_control) {
        problems.push(Problem {
            code: "document.format".to_owned(),
            pointer: "/document".to_owned(),
            found: name.chars().take(100).collect(),
            expected: format!("1 to {LONGEST_NAME} characters, no control characters"),
        });
    }
    let name = name.to_owned();
    if problems.is_empty() { Ok(Document { place, kind, name }) } else { Err(problems) }
}

fn within(pointer: &str, found: i64, least: i64, most: i64) -> Vec<Problem> {
    if (least..=most).contains(&found) {
        return vec![];
    }
    vec![Problem {
        code: "range".to_owned(),
        pointer: pointer.to_owned(),
        found: found.to_string(),
        expected: format!("{least} to {most}"),
    }]
}
