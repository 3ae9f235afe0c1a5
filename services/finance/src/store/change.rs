//! What a batch changed: the rows to write, wherever the books are kept.

use std::collections::BTreeMap;

use chassis::Partition;
use contracts::finance::OrderSettled;
use contracts::{OrderId, ShipmentId, Timestamp, Uuid};

use crate::books::Books;
use crate::invoice::Numbering;
use crate::journal::Entry;
use crate::payment::{OddReport, Payment};
use crate::sale::{Deposit, File, Parcel, PaymentKey, Sale};

/// The difference between the books before a batch and after it.
#[derive(Debug)]
pub struct Change {
    pub(crate) partition: Partition,
    pub(crate) sales: Vec<(OrderId, Sale)>,
    pub(crate) parcels: Vec<(OrderId, ShipmentId, Parcel)>,
    pub(crate) deposits: Vec<(OrderId, PaymentKey, Deposit)>,
    pub(crate) settlements: Vec<(Timestamp, OrderSettled)>,
    pub(crate) payments: Vec<(PaymentKey, Payment)>,
    pub(crate) odd_reports: BTreeMap<Uuid, OddReport>,
    /// The series that were read, and the numbers that were given in them by this batch.
    pub(crate) numbering: Numbering,
    pub(crate) entries: Vec<Entry>,
}

impl Change {
    pub(crate) fn between(partition: Partition, before: &Books, after: Books) -> Self {
        let mut change = Self {
            partition,
            sales: vec![],
            parcels: vec![],
            deposits: vec![],
            settlements: after.settlements,
            payments: vec![],
            odd_reports: after.odd_reports,
            numbering: after.numbering,
            entries: after.journal.into_entries(),
        };
        let nothing = File::default();
        for (order, file) in after.files {
            change.file(order, before.files.get(&order).unwrap_or(&nothing), file);
        }
        let changed = |it: &(PaymentKey, Payment)| before.payments.get(&it.0) != Some(&it.1);
        change.payments = after.payments.into_iter().filter(changed).collect();
        change.numbering.given.retain(|it, _| !before.numbering.given.contains_key(it));
        change
    }

    fn file(&mut self, order: OrderId, before: &File, file: File) {
        if let Some(sale) = file.sale.filter(|it| Some(it) != before.sale.as_ref()) {
            self.sales.push((order, sale));
        }
        for (shipment, parcel) in file.parcels {
            if before.parcels.get(&shipment) != Some(&parcel) {
                self.parcels.push((order, shipment, parcel));
            }
        }
        for (key, deposit) in file.deposits {
            if before.deposits.get(&key) != Some(&deposit) {
                self.deposits.push((order, key, deposit));
            }
        }
    }
}
