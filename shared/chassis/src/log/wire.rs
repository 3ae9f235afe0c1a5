use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::Page;

/// The subject on which pages of a speaker are published in a partition.
pub(crate) fn page_subject(partition: u32, speaker: &str) -> String {
    format!("log.{partition}.{speaker}")
}

/// The subject on which a speaker announces the number of its last page.
pub(crate) fn head_subject(partition: u32, speaker: &str) -> String {
    format!("log.{partition}.{speaker}.head")
}

/// The subject on which pages of a speaker are asked for.
pub(crate) fn read_subject(speaker: &str) -> String {
    format!("log.read.{speaker}")
}

/// About how large an envelope is, in bytes, its body aside.
const ENVELOPE: usize = 512;

/// A page as it is stored and published: JSON, compressed (lz4 block with its size before it).
pub fn pack(page: &Page) -> anyhow::Result<Vec<u8>> {
    let size = page.said.iter().map(|it| ENVELOPE + it.body.get().len()).sum::<usize>();
    let mut json = Vec::with_capacity(ENVELOPE + size); // Grown by and by, it is copied again and again.
    serde_json::to_writer(&mut json, page).context("a page is a plain struct")?;
    Ok(lz4_flex::compress_prepend_size(&json))
}

/// What lz4 makes of one byte at most.
const GROWTH: usize = 255;

/// Reads a page as it is stored and published.
pub(crate) fn unpack(bytes: &[u8]) -> anyhow::Result<Page> {
    let (size, packed) = lz4_flex::block::uncompressed_size(bytes).context("a page has a size")?;
    // So much is set aside for it: four bytes of nonsense would ask for gigabytes.
    let most = packed.len().saturating_mul(GROWTH);
    ensure!(size <= most, "a page of {} bytes cannot be one of {size}", packed.len());
    let json = lz4_flex::decompress(packed, size).context("a page is compressed by lz4")?;
    serde_json::from_slice(&json).context("a page is JSON")
}

/// Asks for the pages of one partition from a number on; within the first, from a byte on, for a
/// page may be larger than a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Read {
    pub(crate) partition: u32,
    pub(crate) from: i64,
    #[serde(default)]
    pub(crate) offset: usize,
}

/// A portion of the log: the head, and some pages or a piece of one.
///
/// On the wire: the head's number, then for each page its number, its whole length, and how much of
/// it follows, all big-endian 64-bit; then that much of it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Portion {
    pub(crate) head: i64,
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) number: i64,
    pub(crate) of: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Portion {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.to_be_bytes().to_vec();
        for piece in &self.pieces {
            bytes.extend(piece.number.to_be_bytes());
            bytes.extend((piece.of as u64).to_be_bytes());
            bytes.extend((piece.bytes.len() as u64).to_be_bytes());
            bytes.extend(&piece.bytes);
        }
        bytes
    }

    pub(crate) fn from_bytes(mut bytes: &[u8]) -> anyhow::Result<Self> {
        let head = i64::from_be_bytes(word(&mut bytes)?);
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let number = i64::from_be_bytes(word(&mut bytes)?);
            let of = usize::try_from(u64::from_be_bytes(word(&mut bytes)?))?;
            let length = usize::try_from(u64::from_be_bytes(word(&mut bytes)?))?;
            let (piece, rest) = bytes.split_at_checked(length).context("a portion is cut off")?;
            pieces.push(Piece { number, of, bytes: piece.to_vec() });
            bytes = rest;
        }
        Ok(Self { head, pieces })
    }
}

fn word(bytes: &mut &[u8]) -> anyhow::Result<[u8; 8]> {
    let (word, rest) = bytes.split_first_chunk().context("a portion is cut off")?;
    *bytes = rest;
    Ok(*word)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn page(said: usize) -> Page {
        let text = r#"{"speaker": "intake", "partition": 1, "number": 7, "said": [],
                       "at": "1970-01-01T00:00:00Z", "heard": {"credit": 3}}"#;
        let mut page: Page = serde_json::from_str(text).unwrap();
        let envelope = r#"{"id": "00000000-0000-7000-8000-000000000000", "subject": "a.b.v1",
                           "key": "k", "body": {"a": [1, 2]}}"#;
        page.said = (0..said).map(|_| serde_json::from_str(envelope).unwrap()).collect();
        page
    }

    #[test]
    fn a_page_that_claims_to_be_huge_is_refused_before_room_is_made_for_it() {
        let mut bytes = pack(&page(3)).unwrap();
        bytes[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        let error = unpack(&bytes).unwrap_err().to_string();
        assert!(error.contains("cannot be one of 4294967295"), "{error}");
        // The most that lz4 can make of something is let through.
        let dense = lz4_flex::compress_prepend_size(&vec![b' '; 1_000_000]);
        let error = unpack(&dense).unwrap_err().to_string();
        assert_eq!(error, "a page is JSON");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever bytes come: they are read, or refused.
        #[test]
        fn no_bytes_are_too_much_for_a_page_or_a_portion(bytes in vec(any::<u8>(), 0..600)) {
            unpack(&bytes).map(drop).ok();
            unpack(&lz4_flex::compress_prepend_size(&bytes)).map(drop).ok();
            if let Ok(portion) = Portion::from_bytes(&bytes) {
                prop_assert_eq!(portion.to_bytes(), bytes);
            }
        }

        /// A page with a broken byte, or cut off, is another page or none.
        #[test]
        fn a_broken_page_is_refused_or_read(said in 0_usize..4, at: usize, byte: u8, cut: bool) {
            let whole = pack(&page(said)).unwrap();
            prop_assert_eq!(unpack(&whole).unwrap().said.len(), said);
            let (mut broken, at) = (whole.clone(), at % whole.len());
            if cut { broken.truncate(at) } else { broken[at] = byte }
            unpack(&broken).map(drop).ok();
        }

        #[test]
        fn a_portion_is_read_as_it_was_written(
            head: i64,
            pieces in vec((any::<i64>(), any::<u32>(), vec(any::<u8>(), 0..40)), 0..5),
        ) {
            let piece = |(number, of, bytes)| Piece { number, of: of as usize, bytes };
            let portion = Portion { head, pieces: pieces.into_iter().map(piece).collect() };
            prop_assert_eq!(Portion::from_bytes(&portion.to_bytes()).unwrap(), portion);
        }
    }
}
