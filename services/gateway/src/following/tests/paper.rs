//! In the place of the stream: one in memory, whose servers may lag behind each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chassis::{Kept, StreamState};

use crate::following::{Reading, Statuses, TOGETHER};

/// In the place of the stream.
pub(crate) struct Paper {
    pub(super) inner: Mutex<Sheet>,
    /// How many bodies that were read are still held by anyone.
    pub(super) held: Arc<AtomicUsize>,
}

pub(super) struct Sheet {
    made: u64,
    first: u64,
    /// Channel, external id, number.
    pub(super) written: Vec<(String, String, u64)>,
    /// How many of the last ones the nearest server does not have yet.
    pub(super) lag: u64,
    /// How many are read at once.
    pub(super) together: usize,
    gone: bool,
}

impl Default for Paper {
    fn default() -> Self {
        let sheet = Sheet {
            made: 0xA1,
            first: 1,
            written: vec![],
            lag: 0,
            together: TOGETHER,
            gone: false,
        };
        Self { inner: Mutex::new(sheet), held: Arc::default() }
    }
}

/// A body that is counted for as long as anyone holds it.
struct Counted(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Paper {
    /// A status of this order of this channel: its number.
    pub(crate) fn write(&self, channel: &str, order: &str) -> u64 {
        let mut sheet = self.inner.lock().unwrap();
        let of = |it: &&(String, String, u64)| it.0 == channel && it.1 == order;
        let number = 1 + sheet.written.iter().filter(of).count() as u64;
        sheet.written.push((channel.to_owned(), order.to_owned(), number));
        number
    }

    /// The stream is lost, and made anew.
    pub(crate) fn lose(&self) {
        let mut sheet = self.inner.lock().unwrap();
        *sheet = Sheet { made: sheet.made + 1, written: vec![], first: 1, lag: 0, ..*sheet };
    }

    /// Puts all before this sequence away.
    pub(super) fn expire(&self, first: u64) {
        self.inner.lock().unwrap().first = first;
    }

    /// Whether it can be read.
    pub(crate) fn set_gone(&self, gone: bool) {
        self.inner.lock().unwrap().gone = gone;
    }

    fn find(&self, filter: &str, after: u64, lag: u64, most: usize) -> Vec<Kept> {
        let sheet = self.inner.lock().unwrap();
        let prefix = filter.split('*').next().unwrap();
        let last = (sheet.written.len() as u64).saturating_sub(lag);
        let kept = (sheet.first.max(after + 1)..=last).map(|sequence| {
            let (channel, order, number) = &sheet.written[usize::try_from(sequence).unwrap() - 1];
            self.held.fetch_add(1, Ordering::Relaxed);
            let body = format!(r#"{{"external_id":"{order}","number":{number}}}"#);
            let body = Bytes::from_owner(Counted(body.into_bytes(), self.held.clone()));
            Kept { sequence, subject: format!("orders.status.{channel}.{order}.checking"), body }
        });
        kept.filter(|it| it.subject.starts_with(prefix)).take(most).collect()
    }
}

impl Statuses for Paper {
    fn state(&self) -> Reading<'_, StreamState> {
        let sheet = self.inner.lock().unwrap();
        let (made, first, gone) = (sheet.made, sheet.first, sheet.gone);
        let last = sheet.written.len() as u64;
        Box::pin(async move {
            anyhow::ensure!(!gone, "nobody is there");
            Ok(StreamState { made, first, last })
        })
    }

    fn read<'a>(&'a self, filter: &'a str, after: u64) -> Reading<'a, Vec<Kept>> {
        let (lag, together) = {
            let sheet = self.inner.lock().unwrap();
            (sheet.lag, sheet.together)
        };
        Box::pin(async move { Ok(self.find(filter, after, lag, together)) })
    }

    fn next<'a>(&'a self, filter: &'a str, after: u64) -> Reading<'a, Option<Kept>> {
        Box::pin(async move { Ok(self.find(filter, after, 0, 1).pop()) })
    }
}
