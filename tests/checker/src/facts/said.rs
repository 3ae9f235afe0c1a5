//! What the services said: their pages from the first to the last, read once.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Context;
use futures::TryStreamExt;
use serde::Deserialize;
use uuid::Uuid;

use super::{Desk, Traces};
use crate::books::Books;
use crate::page::{Envelope, Page};
use crate::report::{Check, Missing, Report};

/// What is said at most once of an order, or of one shipment or invoice of it: the subject, and the
/// field that tells which.
const ONCE: [(&str, &str); 20] = [
    ("intake.placed.v1", ""),
    ("intake.confirmed.v1", ""),
    ("intake.cancelled.v1", ""),
    ("intake.expired.v1", ""),
    ("intake.completed.v1", ""),
    ("intake.carried-over.v1", ""),
    ("credit.approved.v1", ""),
    ("credit.held.v1", ""),
    ("fulfilment.pick-requested.v1", "shipment"),
    ("fulfilment.pick-withdrawn.v1", "shipment"),
    ("fulfilment.pick-started.v1", "shipment"),
    ("fulfilment.picked.v1", "shipment"),
    ("fulfilment.packed.v1", "shipment"),
    ("fulfilment.shipped.v1", "shipment"),
    ("fulfilment.delivered.v1", "shipment"),
    ("fulfilment.refused.v1", "shipment"),
    ("fulfilment.returned.v1", "shipment"),
    ("finance.invoiced.v1", "invoice"),
    ("finance.captured.v1", ""),
    ("finance.settled.v1", ""),
];

/// What was said, as far as something is checked by it.
#[derive(Default)]
pub(crate) struct Said {
    /// Services of which the pages were read.
    speakers: HashSet<String>,
    /// The last page of each speaker and partition.
    pub(crate) heads: BTreeMap<Desk, i64>,
    /// How often each of [`ONCE`] was said: subject, order, and which of it (nil: of the order).
    pub(crate) events: HashMap<(&'static str, Uuid, Uuid), u64>,
    /// Statuses by channel and external id, as they were said.
    pub(crate) statuses: BTreeMap<(String, String), Vec<Status>>,
    /// Receipts by item, warehouse and document: units and what each cost.
    pub(crate) receipts: BTreeMap<(String, String, String), (i64, i64)>,
    /// What was invoiced, by invoice.
    pub(crate) invoices: BTreeMap<Uuid, Invoiced>,
    /// What was told of payments: order and invoice.
    pub(crate) payments: Vec<(Uuid, Uuid)>,
    /// Orders for whose units there is no source.
    pub(crate) unsourceable: HashSet<Uuid>,
    pub(crate) traces: Traces,
}

/// A status, as it was told.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Status {
    channel: String,
    external_id: String,
    pub(crate) number: i64,
    #[serde(rename = "status")]
    pub(crate) shown: String,
    pub(crate) order: Option<Uuid>,
}

/// An invoice, as it was told.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Invoiced {
    pub(crate) order: Uuid,
    pub(crate) invoice: Uuid,
    pub(crate) shipment: Uuid,
    pub(crate) number: String,
    pub(crate) gross: i64,
}

#[derive(Deserialize)]
struct About {
    order: Uuid,
    #[serde(default)]
    shipment: Uuid,
    #[serde(default)]
    invoice: Uuid,
}

#[derive(Deserialize)]
struct Receipt {
    sku: String,
    warehouse: String,
    quantity: i64,
    unit_cost: i64,
    document: String,
}

/// What is wrong with the pages themselves.
struct Pages {
    gapless: Check,
    sound: Check,
    causal: Check,
    unique: Check,
}

impl Said {
    /// The pages of this service were read.
    pub(crate) fn by(&self, speaker: &str) -> Result<(), Missing> {
        let missing = || Missing(format!("no pages of {speaker}"));
        if self.speakers.contains(speaker) { Ok(()) } else { Err(missing()) }
    }

    /// All that this was said of: the order, and the shipment or invoice.
    pub(crate) fn all(&self, subject: &str) -> impl Iterator<Item = (Uuid, Uuid)> {
        self.events.keys().filter(move |it| it.0 == subject).map(|it| (it.1, it.2))
    }

    /// Whether this was said of the order itself.
    pub(crate) fn has(&self, subject: &'static str, order: Uuid) -> bool {
        self.events.contains_key(&(subject, order, Uuid::nil()))
    }

    fn hear(&mut self, it: &Envelope) -> anyhow::Result<()> {
        let body = it.body.get();
        if let Some((subject, field)) = ONCE.iter().find(|(subject, _)| *subject == it.subject) {
            let about: About = serde_json::from_str(body)?;
            let which = match *field {
                "shipment" => about.shipment,
                "invoice" => about.invoice,
                _ => Uuid::nil(),
            };
            *self.events.entry((subject, about.order, which)).or_default() += 1;
        }
        match it.subject.as_str() {
            "intake.status.v1" => {
                let status: Status = serde_json::from_str(body)?;
                let name = (status.channel.clone(), status.external_id.clone());
                self.statuses.entry(name).or_default().push(status);
            }
            "inventory.received.v1" => {
                let it: Receipt = serde_json::from_str(body)?;
                let name = (it.sku, it.warehouse, it.document);
                self.receipts.insert(name, (it.quantity, it.unit_cost));
            }
            "finance.invoiced.v1" => {
                let it: Invoiced = serde_json::from_str(body)?;
                self.invoices.insert(it.invoice, it);
            }
            "finance.received.v1" => {
                let it: About = serde_json::from_str(body)?;
                self.payments.push((it.order, it.invoice));
            }
            "allocation.failed.v1" => {
                let it: About = serde_json::from_str(body)?;
                self.unsourceable.insert(it.order);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads all pages, and looks at them on the way.
pub(super) async fn read(books: &mut Books, report: &mut Report) -> anyhow::Result<Said> {
    let mut said = Said::default();
    let mut pages = Pages {
        gapless: Check::new("V3", "gapless", "pages of a service and partition are 1, 2, 3 …"),
        sound: Check::new("V3", "sound", "a page reads, and says itself where it stands"),
        causal: Check::new("V3", "causal", "what a page's speaker had heard never goes back"),
        unique: Check::new("V4", "ids", "no two messages bear the same id, whoever said them"),
    };
    let mut ids = HashSet::new();
    for service in books.services() {
        read_service(books, &service, &mut said, &mut pages, &mut ids).await?;
        said.speakers.insert(service);
    }
    let Pages { gapless, sound, causal, unique } = pages;
    report.checks.extend([gapless, sound, causal, unique]);
    Ok(said)
}

async fn read_service(
    books: &mut Books,
    service: &str,
    said: &mut Said,
    pages: &mut Pages,
    ids: &mut HashSet<Uuid>,
) -> anyhow::Result<()> {
    let mut at: (Desk, BTreeMap<String, i64>) = Default::default();
    let db = books.connection(service)?;
    let mut rows = sqlx::query_as::<_, (i32, i64, Vec<u8>)>(
        "select partition, number, body from page order by partition, number",
    )
    .fetch(db);
    while let Some((partition, number, body)) = rows.try_next().await.context("reading pages")? {
        let desk = (service.to_owned(), partition);
        if at.0 != desk {
            at = (desk.clone(), BTreeMap::new());
        }
        let last = said.heads.insert(desk, number).unwrap_or_default();
        pages.gapless.holds(number == last + 1, || {
            format!("{service}/{partition}: page {number} stands after page {last}")
        });
        let page = match Page::read(&body) {
            Ok(page) => page,
            Err(error) => {
                let wrong = format!("{service}/{partition}: page {number}: {error:#}");
                pages.sound.holds(false, || wrong);
                continue;
            }
        };
        let says = (&*page.speaker, page.partition, page.number);
        let what = format!("page {number} of {service}/{partition} says it is, and is");
        pages.sound.same(what, says, (service, partition, number));
        for (speaker, heard) in &page.heard {
            let before = at.1.insert(speaker.clone(), *heard).unwrap_or_default();
            pages.causal.holds(before <= *heard, || {
                format!(
                    "{service}/{partition}: page {number} had heard {heard} pages of {speaker}, \
                     the one before {before}"
                )
            });
        }
        for it in &page.said {
            pages.unique.holds(ids.insert(it.id), || {
                format!("{service} said {}, which was said: {} about {}", it.id, it.subject, it.key)
            });
            said.traces.note(it);
            if let Err(error) = said.hear(it) {
                let what = format!("{} in page {number} of {service}", it.subject);
                pages.sound.wrong(format!("{what} does not read: {error:#}"));
            }
        }
    }
    Ok(())
}
