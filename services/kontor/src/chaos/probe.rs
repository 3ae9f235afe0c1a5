//! Whether the house does all of its work: new orders are taken in in every partition, and every
//! service that an order passes through on its way to a warehouse says pages there.

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::Client;
use contracts::intake::PlaceOrder;
use contracts::{Actor, ChannelId, ExternalId, Message, Timestamp};
use serde_json::Value;

use super::faults::Pages;
use super::journal::now;
use super::outside::{Course, Outside};
use super::premises::PARTITIONS;

/// How long the house may take to recover from anything.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// Whom every order passes through on its way to a warehouse.
const PATH: [&str; 5] = ["intake", "credit", "allocation", "inventory", "fulfilment"];

/// How long the pages of orders that were taken in may take, before others are placed.
const SOON: Duration = Duration::from_secs(2);

/// Places orders to see whether they get on.
pub(super) struct Probe {
    client: Client,
    /// How many names were thought of.
    nth: u64,
}

impl Probe {
    pub(super) fn new(client: Client) -> Self {
        Self { client, nth: 0 }
    }

    /// Waits until the house does all of its work, and tells since when; nothing, if it never does.
    pub(super) async fn recovers(
        &mut self,
        outside: &Outside,
        pages: &Pages,
    ) -> anyhow::Result<Option<Timestamp>> {
        let before = pages.heads();
        let recovering = async {
            loop {
                let courses = self.courses(outside.common.seed)?;
                let web = &outside.web;
                let placing = courses.iter().map(|it| web.hands_in_probe(it));
                futures::future::join_all(placing).await;
                let moving = async {
                    while !moved(&before, &pages.heads()) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                };
                if tokio::time::timeout(SOON, moving).await.is_ok() {
                    return anyhow::Ok(now());
                }
            }
        };
        tokio::time::timeout(PATIENCE, recovering).await.ok().transpose()
    }

    /// An order for each partition, each under a new name.
    fn courses(&mut self, seed: u64) -> anyhow::Result<Vec<Course>> {
        let mut courses: BTreeMap<u32, Course> = BTreeMap::new();
        while courses.len() < PARTITIONS as usize {
            let course = Course::probe(seed, self.nth);
            self.nth += 1;
            let command = PlaceOrder {
                channel: ChannelId::new(course.channel)?,
                external_id: ExternalId::new(course.external_id.clone())?,
                idempotency_key: None,
                entered_by: Actor(String::new()),
                order: Value::Null,
            };
            courses.entry(self.client.partition_of(&command.key())).or_insert(course);
        }
        Ok(courses.into_values().collect())
    }
}

/// Whether everyone on the path said something in every partition since.
fn moved(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> bool {
    let count =
        |heads: &BTreeMap<String, u64>, it: &str| heads.get(it).copied().unwrap_or_default();
    subjects().all(|it| count(after, &it) > count(before, &it))
}

fn subjects() -> impl Iterator<Item = String> {
    let of = |it: &'static str| (0..PARTITIONS).map(move |part| format!("log.{part}.{it}"));
    PATH.into_iter().flat_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_has_to_move_everywhere() {
        let all = |count| -> BTreeMap<String, u64> { subjects().map(|it| (it, count)).collect() };
        assert!(moved(&BTreeMap::new(), &all(1)) && moved(&all(1), &all(2)));
        let mut one_stands = all(2);
        one_stands.insert("log.3.credit".to_owned(), 1);
        assert!(!moved(&all(1), &one_stands));
    }
}
