use contracts::{Key, Timestamp, Uuid};

/// One partition of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    pub number: u32,
    pub of: u32,
}

impl Partition {
    /// Where everything about this key is heard: 32-bit FNV-1a, as the broker does it.
    pub fn about(key: &Key, of: u32) -> Self {
        let hash = key
            .0
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self { number: hash % of, of }
    }

    /// Mints an id (a `UUIDv7`) that falls into this partition. The same time and seed give the
    /// same id; other seeds give others.
    pub fn mint(self, now: Timestamp, seed: &str) -> Uuid {
        let millis = now.as_millisecond().unsigned_abs().to_be_bytes();
        let mut random = Uuid::new_v5(&Uuid::NAMESPACE_OID, seed.as_bytes());
        loop {
            let mut bytes = *random.as_bytes();
            bytes[..6].copy_from_slice(&millis[2..]);
            bytes[6] = bytes[6] & 0x0f | 0x70;
            bytes[8] = bytes[8] & 0x3f | 0x80;
            let id = Uuid::from_bytes(bytes);
            if Self::about(&Key(id.hyphenated().to_string()), self.of) == self {
                return id;
            }
            random = Uuid::new_v5(&random, b"again");
        }
    }

    /// A key that falls into this partition, for what is about the partition itself.
    pub fn own_key(self) -> Key {
        let candidates = (0_u32..).map(|it| Key(format!("partition-{}-{it}", self.number)));
        let mut own = candidates.filter(|it| Self::about(it, self.of) == self);
        own.next().unwrap_or_default() // There is one in any few dozen.
    }

    pub(crate) fn column(self) -> i32 {
        self.number.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_falls_into_the_partition_that_minted_it() {
        for number in 0..5 {
            let partition = Partition { number, of: 5 };
            let id = partition.mint(Timestamp::from_second(1_800_000_000).unwrap(), "shop 1001");
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(Partition::about(&Key(id.to_string()), 5), partition);
            assert_eq!(Partition::about(&partition.own_key(), 5), partition);
        }
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // The reference vectors of FNV-1a, 32 bit: of "", "a" and "foobar".
        let hash = |text: &str| Partition::about(&Key(text.to_owned()), u32::MAX).number;
        assert_eq!([hash(""), hash("a"), hash("foobar")], [0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968]);
    }
}
