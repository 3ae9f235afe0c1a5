use anyhow::Context;
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

/// Reads a page as it is stored and published.
pub(crate) fn unpack(bytes: &[u8]) -> anyhow::Result<Page> {
    let json = lz4_flex::decompress_size_prepended(bytes).context("a page is compressed by lz4")?;
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
